//! Routes beside the declared resource: by hand or from an OpenAPI document, with what is needed to ask them. Sends nothing.

use serde_json::{Map, Value};

use super::{PARENT_ID, Paths};

/// Whether a route asks for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteAuth {
    /// It must.
    Bearer,
    /// It is public on purpose.
    None,
    /// Nobody said.
    Unsaid,
}

/// A further route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its path; `{id}` is an id of the declared resource, `{user_id}` a user, further placeholders have a sample.
    pub path: String,
    /// Its methods, in upper case.
    pub methods: Vec<String>,
    /// Whether it asks for a token.
    pub auth: RouteAuth,
    /// A value for each further placeholder.
    pub samples: Vec<(String, String)>,
    /// The query that its reads cannot do without, with sample values; empty for none.
    pub query: String,
    /// What else a document says that its query may hold, but for what names a page or an order.
    pub parameters: Vec<Parameter>,
    /// A body that each of its unsafe methods takes, where the document describes one.
    pub bodies: Vec<(String, Value)>,
    /// Whether the document says so; else a person did.
    pub from_document: bool,
}

/// A parameter of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether it takes any text; else a number, a flag or one of some words.
    pub is_text: bool,
    /// The words that it takes, where a document lists them; those of a flag.
    pub words: Vec<String>,
}

impl Route {
    /// A route as a person declares it.
    pub fn by_hand(path: &str, methods: Vec<String>, auth: RouteAuth, paths: &Paths) -> Self {
        Self::new(path, methods, auth, paths)
    }

    pub(super) fn new(path: &str, methods: Vec<String>, auth: RouteAuth, paths: &Paths) -> Self {
        let path = normalised(path, paths);
        Self {
            path,
            methods,
            auth,
            samples: Vec::new(),
            query: String::new(),
            parameters: Vec::new(),
            bodies: Vec::new(),
            from_document: false,
        }
    }

    /// Whether `GET` is among its methods.
    pub fn reads(&self) -> bool {
        self.methods.iter().any(|method| method == "GET")
    }

    /// Those of its methods that may change something (RFC 9110, 9.2.1).
    pub fn writes(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(String::as_str).filter(|method| !matches!(*method, "GET" | "HEAD" | "OPTIONS" | "TRACE"))
    }

    /// A body that `method` takes, as far as is known; else an empty object.
    pub fn body(&self, method: &str) -> Value {
        let known = self.bodies.iter().find(|(of, _)| of == method).map(|(_, body)| body.clone());
        known.unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// Whether it takes an id of the declared resource.
    pub fn takes_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// Whether it names a user.
    pub fn names_user(&self) -> bool {
        self.path.contains("{user_id}")
    }

    /// The same route with `value` for a placeholder `name`, in the place of a sample.
    #[must_use]
    pub fn with_sample(&self, name: &str, value: &str) -> Self {
        let mut route = self.clone();
        route.samples.retain(|(known, _)| known != name);
        route.samples.push((name.to_owned(), value.to_owned()));
        route
    }

    /// The names of its placeholders that stand for neither an object nor a user.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        let segment = |part: &'_ str| part.starts_with('{') && part.ends_with('}');
        let named = self.path.split('/').filter(move |part| segment(part)).map(|part| part.trim_matches(['{', '}']));
        named.filter(|name| !matches!(*name, "id" | "user_id"))
    }

    /// The path for the object `id` and the user `subject`.
    pub fn filled(&self, id: &str, subject: &str) -> String {
        let mut path = self.path.replace("{id}", id).replace("{user_id}", subject);
        for (name, value) in &self.samples {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let path = without_placeholders(&path);
        if self.query.is_empty() { path } else { format!("{path}?{}", self.query) }
    }

    /// The same with `value` for the parameter `name`, in the place of a sample. `value` stands there as it is.
    pub fn asking(&self, (id, subject): (&str, &str), name: &str, value: &str) -> String {
        let whole = self.filled(id, subject);
        let (path, query) = whole.split_once('?').unwrap_or((&whole, ""));
        let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
        let pairs: Vec<_> = others.map(str::to_owned).chain([format!("{name}={value}")]).collect();
        format!("{path}?{}", pairs.join("&"))
    }

    /// Whether it lies below the collection or one of its objects, and so belongs to what the collection's guard guards.
    pub fn is_below(&self, paths: &Paths) -> bool {
        let list = paths.list.trim_end_matches('/');
        self.path.strip_prefix(list).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
    }

    /// Whether it is a route of the declared resource itself, which other checks ask.
    pub(super) fn is_declared(&self, paths: &Paths) -> bool {
        let own = [Some(&paths.list), Some(&paths.item), paths.toggle.as_ref(), paths.health.as_ref(), paths.live.as_ref()];
        own.into_iter().flatten().any(|path| is_same(path, &self.path))
    }
}

/// What the run knows of further routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// All of them, without those of the declared resource.
    pub all: Vec<Route>,
    /// What a document says that the query of the collection's own list may hold, but for what names a page or an order.
    pub of_list: Vec<Parameter>,
    /// Why the document could not be read, where one was named.
    pub trouble: Option<String>,
}

impl Routes {
    /// Adds routes that are not there yet; those that were declared by hand stand.
    pub fn add(&mut self, routes: impl IntoIterator<Item = Route>) {
        for route in routes {
            if !self
                .all
                .iter()
                .any(|known| known.path == route.path && known.methods.iter().any(|method| route.methods.contains(method)))
            {
                self.all.push(route);
            }
        }
    }

    /// How many unsafe methods there are in all.
    pub fn unsafe_methods(&self) -> usize {
        self.all.iter().map(|route| route.writes().count()).sum()
    }
}

/// Names by which paths call a user.
const USERS: [&str; 12] =
    ["user_id", "userid", "user", "uid", "username", "owner", "owner_id", "account_id", "accountid", "member_id", "sub", "subject"];
/// Collections of users.
const PEOPLE: [&str; 5] = ["users", "user", "accounts", "members", "people"];

/// The path with the placeholders that are known under their own names: what stands in the place of `{id}` and `{user_id}` in the paths of
/// the resource, what follows its collection's name, and what is called like a user.
pub(super) fn normalised(path: &str, paths: &Paths) -> String {
    let noun = paths.list.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let of_parents =
        paths.list.split_once(PARENT_ID).map(|(before, _)| before.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    let mut before = "";
    let mut segments = Vec::new();
    for segment in path.split('/') {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let name = name.or_else(|| segment.strip_prefix(':')).filter(|name| !name.is_empty());
        segments.push(match name {
            Some(_) if Some(before) == of_parents => PARENT_ID.to_owned(),
            Some("id") if before == noun || !PEOPLE.contains(&before) => "{id}".to_owned(),
            Some(_) if before == noun => "{id}".to_owned(),
            Some(name) if is_of_a_user(name, before) => "{user_id}".to_owned(),
            Some(name) => format!("{{{name}}}"),
            None => segment.to_owned(),
        });
        before = segment;
    }
    segments.join("/")
}

/// Whether a placeholder of this name, behind this segment, means a user.
pub(super) fn is_of_a_user(name: &str, before: &str) -> bool {
    USERS.contains(&name.to_ascii_lowercase().as_str()) || PEOPLE.contains(&before)
}

/// Whether two paths differ by no more than a slash behind.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Whatever placeholder has no sample becomes `1`.
fn without_placeholders(path: &str) -> String {
    let (mut text, mut rest) = (String::new(), path);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        text.push_str(before);
        text.push('1');
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::id_of_the_resource("/api/tasks/{task_id}/history", "/api/tasks/{id}/history")]
    #[case::express("/api/tasks/:taskId/history", "/api/tasks/{id}/history")]
    #[case::user("/api/users/{user_id}/summary", "/api/users/{user_id}/summary")]
    #[case::user_by_place("/api/users/{id}/summary", "/api/users/{user_id}/summary")]
    #[case::user_by_name("/api/{userId}/tasks/{task_id}", "/api/{user_id}/tasks/{id}")]
    #[case::other("/api/projects/{project}/labels", "/api/projects/{project}/labels")]
    fn placeholders_get_the_names_that_the_checks_fill(#[case] path: &str, #[case] normal: &str) {
        assert_eq!(normalised(path, &Paths::default()), normal);
    }

    #[test]
    fn a_path_is_filled_with_ids_samples_and_ones() {
        let mut route =
            Route::new("/api/{user_id}/tasks/{id}/p/{page}/{x}", vec!["GET".into()], RouteAuth::Bearer, &Paths::default());
        route.samples = vec![("page".into(), "7".into())];
        route.query = "q=1".into();
        assert_eq!(route.filled("42", "ann"), "/api/ann/tasks/42/p/7/1?q=1");
    }

    #[test]
    fn what_is_below_the_collection_is_known() {
        let route = |path| Route::new(path, vec![], RouteAuth::Unsaid, &Paths::default());
        assert!(route("/api/tasks/{task}/history").is_below(&Paths::default()));
        assert!(route("/api/tasks/export").is_below(&Paths::default()));
        assert!(!route("/api/tasks-public").is_below(&Paths::default()));
        assert!(route("/api/tasks/{x}").is_declared(&Paths::default()));
    }
}
