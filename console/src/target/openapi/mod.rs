//! Reads the routes out of an OpenAPI document (OpenAPI Specification 3.0 and 3.1, Swagger 2.0, in JSON or YAML): paths, methods, parameters
//! and security.
//!
//! The document is the target's word and may be hostile: its size is bounded, references are followed one step and inside the document only,
//! and nothing of it is sent but paths on the target's own host. Whether a route keeps what the document says is for the checks.

mod swagger;
mod text;

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::routes::{Parameter, Route, RouteAuth, is_same};
use super::{BaseUrl, Paths, sample};
use crate::token::as_text;

pub use text::{LARGEST, OpenApiError, parse};

/// Routes that are taken over at most.
const MOST: usize = 500;
/// Longest path that is taken over.
const LONGEST: usize = 512;
/// Longest name of a parameter that is taken over.
const LONGEST_NAME: usize = 64;
/// Parameters that name a page, in small letters.
const PAGING: [&str; 11] =
    ["limit", "offset", "page", "per_page", "perpage", "page_size", "pagesize", "size", "skip", "cursor", "take"];
const METHODS: [&str; 8] = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// The service itself serves it, at this path of its host: frameworks serve it at the root, wherever their routers are mounted.
    Served(String),
    /// A file, named relative to whatever named it.
    File(PathBuf),
}

impl Document {
    /// What `named` means for a service at `base`: a path below that, a URL on its host, or a file.
    pub fn of(named: &str, base: &BaseUrl) -> Result<Self, String> {
        if named.starts_with('/') {
            return Ok(Self::Served(base.path(named)));
        }
        if !named.contains("://") {
            return Ok(Self::File(named.into()));
        }
        let origin = base.origin();
        let path = named.strip_prefix(&origin).filter(|path| path.starts_with('/'));
        let path = path.ok_or_else(|| format!("must be on {origin}, the target's own host; else save it and name the file"))?;
        Ok(Self::Served(path.to_owned()))
    }
}

/// What a document says of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The routes beside those of the declared resource, in its order.
    pub routes: Vec<Route>,
    /// What the query of the collection's list may hold.
    pub of_list: Vec<Parameter>,
}

/// Reads a document.
pub fn read(bytes: &[u8], base: &BaseUrl, paths: &Paths) -> Result<Read, OpenApiError> {
    let document = parse(bytes)?;
    let reader = Reader { document: &document, prefix: prefix(&document), base, paths };
    let routes = listed(&document).filter_map(|(path, item)| reader.routes(path, item.as_object()?)).flatten();
    let (own, further): (Vec<_>, Vec<_>) = routes.partition(|route| route.is_declared(paths));
    let list = own.into_iter().find(|route| route.reads() && is_same(&route.path, &paths.list));
    let routes = further.into_iter().take(MOST).collect();
    Ok(Read { routes, of_list: list.map(|list| list.parameters).unwrap_or_default() })
}

fn listed(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document.get("paths").and_then(Value::as_object).into_iter().flatten()
}

/// The path of the first server, which stands before every path.
fn prefix(document: &Value) -> String {
    let url = document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let path = url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().to_owned());
    if path.contains('{') { String::new() } else { path.trim_end_matches('/').to_owned() }
}

struct Reader<'a> {
    document: &'a Value,
    prefix: String,
    base: &'a BaseUrl,
    paths: &'a Paths,
}

impl Reader<'_> {
    /// The routes of one path: one for each kind of security.
    fn routes(&self, path: &str, item: &Map<String, Value>) -> Option<Vec<Route>> {
        let path = self.below_base(path)?;
        let mut routes: Vec<Route> = Vec::new();
        for method in METHODS {
            let Some(operation) = item.get(method).and_then(Value::as_object) else { continue };
            let auth = self.auth(operation);
            let upper = method.to_ascii_uppercase();
            let body = self.body(operation).map(|body| (upper.clone(), body));
            if let Some(same) = routes.iter_mut().find(|route| route.auth == auth) {
                same.methods.push(upper);
                same.bodies.extend(body);
                continue;
            }
            let mut route = Route::new(&path, vec![upper], auth, self.paths);
            route.bodies.extend(body);
            route.from_document = true;
            self.fill(&mut route, &path, item, operation);
            routes.push(route);
        }
        Some(routes)
    }

    /// The path as the target's base URL takes it; `None` for what is no plain path on its host.
    fn below_base(&self, path: &str) -> Option<String> {
        let whole = format!("{}{path}", self.prefix);
        let prefix = self.base.path("");
        let below = whole.strip_prefix(&prefix).filter(|rest| rest.starts_with('/')).map_or(path, |rest| rest);
        let plain = below.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\'));
        let stays = !below.contains("//") && !below.split('/').any(|segment| matches!(segment, "." | ".."));
        (below.starts_with('/') && below.len() <= LONGEST && plain && stays).then(|| below.to_owned())
    }

    /// OpenAPI 3.1, 4.8.10 and 4.8.30: an operation's `security` replaces that of the document; an empty list or an empty requirement in it
    /// make it public.
    fn auth(&self, operation: &Map<String, Value>) -> RouteAuth {
        let security = operation.get("security").or_else(|| self.document.get("security"));
        match security.and_then(Value::as_array) {
            None => RouteAuth::Unsaid,
            Some(required)
                if required.iter().all(|one| one.as_object().is_some_and(|one| !one.is_empty())) && !required.is_empty() =>
            {
                RouteAuth::Bearer
            }
            Some(_) => RouteAuth::None,
        }
    }

    /// Samples for the parameters of the path, the query that is required, and what else that may hold.
    fn fill(&self, route: &mut Route, path: &str, item: &Map<String, Value>, operation: &Map<String, Value>) {
        let lists = [item.get("parameters"), operation.get("parameters")];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            let parameter = self.resolved(parameter);
            let (Some(name), place) = (parameter.get("name").and_then(Value::as_str), parameter.get("in").and_then(Value::as_str))
            else {
                continue;
            };
            match place {
                Some("path") if path.contains(&format!("{{{name}}}")) => {
                    route.samples.push((name.to_owned(), self.sample(parameter)));
                }
                Some("query") => {
                    if parameter.get("required") == Some(&Value::Bool(true)) {
                        query.append_pair(name, &self.sample(parameter));
                    }
                    route.parameters.extend(self.parameter(name, parameter));
                }
                _ => {}
            }
        }
        route.query = query.finish();
    }

    /// A parameter of a query that names neither a page nor an order.
    fn parameter(&self, name: &str, parameter: &Value) -> Option<Parameter> {
        let plain = name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte));
        let lower = name.to_ascii_lowercase();
        let other = !PAGING.iter().any(|word| lower == *word || lower.starts_with("sort") || lower.starts_with("order"));
        let schema = parameter.get("schema").map_or(&Value::Null, |schema| self.resolved(schema));
        let choices = ["anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word)?.as_array()).flatten();
        let kinds: Vec<_> = choices.chain([schema]).filter_map(|schema| schema.get("type")?.as_str()).collect();
        let is_text =
            (kinds.is_empty() || kinds.contains(&"string")) && schema.get("enum").is_none() && schema.get("format").is_none();
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(as_text);
        let listed = listed.filter(|word| {
            word.len() <= LONGEST_NAME && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        });
        let flag = kinds.contains(&"boolean").then_some(["true", "false"]).into_iter().flatten().map(str::to_owned);
        let words = listed.chain(flag).collect();
        (plain && other).then(|| Parameter { name: name.to_owned(), is_text, words })
    }

    /// A JSON body that the operation takes.
    fn body(&self, operation: &Map<String, Value>) -> Option<Value> {
        let content = self.resolved(operation.get("requestBody")?).get("content")?.as_object()?;
        let json = content.iter().find(|(kind, _)| kind.starts_with("application/json"))?.1;
        json.get("example").cloned().or_else(|| sample::of(self.document, json.get("schema")?))
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        resolved(self.document, value)
    }

    /// A value that the parameter takes: an example, a default, the first of its values, else one of its type.
    fn sample(&self, parameter: &Value) -> String {
        let schema = parameter.get("schema").map_or(&Value::Null, |schema| self.resolved(schema));
        let given = [
            parameter.get("example"),
            schema.get("example"),
            schema.get("default"),
            schema.pointer("/enum/0"),
            schema.pointer("/examples/0"),
        ];
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        let given = given.into_iter().flatten().find_map(text).filter(|text| is_plain(text));
        given.unwrap_or_else(|| match (schema.get("type").and_then(Value::as_str), schema.get("format").and_then(Value::as_str)) {
            (_, Some("uuid")) => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            (_, Some("date")) => "2026-01-31".to_owned(),
            (Some("string"), _) => "postflight".to_owned(),
            (Some("boolean"), _) => "true".to_owned(),
            _ => "1".to_owned(),
        })
    }
}

/// What a reference into the document means, one step far.
pub(super) fn resolved<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let pointer = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// Whether a sample can stand in a path as one segment.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '@' | ':');
    !matches!(text, "" | "." | "..") && text.len() <= 128 && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    fn base() -> BaseUrl {
        BaseUrl::parse("http://127.0.0.1:8000/v1").unwrap()
    }

    fn told(document: &Value) -> String {
        let routes = read(document.to_string().as_bytes(), &base(), &Paths::default()).unwrap().routes;
        let line =
            |route: &Route| format!("{:?} {} {} {}", route.auth, route.methods.join("+"), route.path, route.filled("42", "ann"));
        routes.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn methods_parameters_and_security_are_read() {
        let document = json!({
            "openapi": "3.0.3",
            "servers": [{ "url": "/v1" }],
            "security": [{ "bearer": [] }],
            "components": { "parameters": { "Page": { "name": "page", "in": "path", "schema": { "type": "integer" } } } },
            "paths": {
                "/api/tasks": { "get": {} },
                "/api/tasks/{task_id}/history": { "parameters": [{ "name": "task_id", "in": "path" }], "get": {}, "post": {} },
                "/api/pages/{page}": { "get": { "parameters": [{ "$ref": "#/components/parameters/Page" }] } },
                "/api/search": { "get": { "parameters": [{ "name": "q", "in": "query", "required": true, "schema": { "enum": ["all"] } }] } },
                "/status": { "get": { "security": [] }, "head": { "security": [{}, { "bearer": [] }] } },
                "/api/files/{key}": { "get": { "parameters": [{ "name": "key", "in": "path", "example": "../../x", "schema": { "type": "string" } }] } }
            }
        });
        insta::assert_snapshot!(told(&document), @"
        Bearer GET+POST /api/tasks/{id}/history /api/tasks/42/history
        Bearer GET /api/pages/{page} /api/pages/1
        Bearer GET /api/search /api/search?q=all
        None GET+HEAD /status /status
        Bearer GET /api/files/{key} /api/files/postflight
        ");
    }

    #[test]
    fn what_a_query_may_hold_is_read_but_for_pages_and_orders() {
        let text = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] });
        let parameters = json!([
            { "name": "q", "in": "query", "required": true, "schema": text }, { "name": "done", "in": "query", "schema": { "type": "boolean" } },
            { "name": "limit", "in": "query" }, { "name": "sort_by", "in": "query" }, { "name": "x y", "in": "query" }, { "name": "file", "in": "query" },
            { "name": "include", "in": "query", "schema": { "type": "string", "enum": ["trash", "all", "a b"] } }
        ]);
        let document = json!({ "openapi": "3.1.0", "paths": {
            "/api/tasks": { "get": { "parameters": parameters } }, "/api/find": { "get": { "parameters": parameters } }
        } });
        let read = read(document.to_string().as_bytes(), &base(), &Paths::default()).unwrap();
        let told: Vec<_> =
            read.of_list.iter().map(|parameter| (parameter.name.as_str(), parameter.is_text, parameter.words.join(" "))).collect();
        let told: Vec<_> = told.iter().map(|(name, is_text, words)| format!("{name} {is_text} {words}")).collect();
        assert_eq!(told, ["q true ", "done false true false", "file true ", "include false trash all"]);
        assert_eq!(read.routes[0].parameters, read.of_list);
        assert_eq!(read.routes[0].asking(("1", "me"), "q", "%27"), "/api/find?q=%27");
        assert_eq!(read.routes[0].asking(("1", "me"), "file", "x"), "/api/find?q=1&file=x");
    }

    #[test]
    fn the_document_of_a_stock_fastapi_is_read_and_its_own_routes_are_left_to_their_checks() {
        let bytes = include_bytes!("../../../tests/openapi/fastapi.json");
        let paths = Paths {
            list: "/api/{user_id}/tasks".into(),
            item: "/api/{user_id}/tasks/{id}".into(),
            toggle: None,
            ..Paths::default()
        };
        let routes = read(bytes, &base(), &paths).unwrap().routes;
        let lines: Vec<_> =
            routes.iter().map(|route| format!("{:?} {} {}", route.auth, route.methods.join("+"), route.path)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"Bearer PATCH /api/{user_id}/tasks/{id}/complete");
    }

    #[rstest]
    #[case("/../admin")]
    #[case("//evil.example/x")]
    #[case("http://evil.example/x")]
    #[case("/x?y=1")]
    #[case("/x\r\nhost: evil")]
    #[case("/\u{202e}x")]
    #[case("relative")]
    fn a_path_that_leads_elsewhere_is_none(#[case] path: &str) {
        let document = json!({ "openapi": "3.1.0", "paths": { (path): { "get": {} } } });
        assert_eq!(read(document.to_string().as_bytes(), &base(), &Paths::default()).unwrap().routes, []);
    }

    proptest! {
        #[test]
        fn no_document_makes_the_reader_stumble(text in "\\PC*", path in "\\PC{0,40}", reference in "\\PC{0,20}") {
            let document = json!({
                "openapi": "3.1.0", "servers": [{ "url": text }],
                "paths": { (path): { "get": { "parameters": [{ "$ref": reference }], "security": [text] }, "parameters": {} } }
            });
            for route in read(document.to_string().as_bytes(), &base(), &Paths::default()).unwrap().routes {
                prop_assert!(route.filled("1", "a").starts_with('/'));
            }
            let _ = read(text.as_bytes(), &base(), &Paths::default());
        }
    }
}
