//! What an OpenAPI document suggests for a target: which of its paths are the collection, one object, the toggle and health. A proposal for a
//! person to look at, nothing that a check relies on.

use serde_json::{Map, Value};

use super::PARENT_ID;
use super::look::{self, Look};
use super::routes::{is_of_a_user, is_same};

/// Paths as a target would declare them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The collection, with `{user_id}` where the document has a placeholder there.
    pub list: Option<String>,
    /// One object, with `{id}`.
    pub item: Option<String>,
    /// The toggle route.
    pub toggle: Option<String>,
    /// Deep health.
    pub health: Option<String>,
    /// Liveness.
    pub live: Option<String>,
    /// `put`, `patch`, `both` or `none`.
    pub update: Option<&'static str>,
    /// How an object looks.
    pub look: Look,
    /// The collection of what objects live in, and how one of those looks.
    pub parents: Option<(String, Look)>,
}

/// Reads a proposal out of a document; what it does not have stays empty.
pub fn propose(document: &Value) -> Proposal {
    let Some(paths) = document.get("paths").and_then(Value::as_object) else { return Proposal::default() };
    let named_one_of = |words: &[&str]| {
        let ends = |path: &&String, word: &str| path.trim_end_matches('/').ends_with(&format!("/{word}"));
        words.iter().find_map(|word| paths.keys().find(|path| ends(path, word))).cloned()
    };
    // Beside a path that tells whether the service is ready, plain health only tells that it lives.
    let health = named_one_of(&["readyz", "ready", "readiness", "health", "healthz", "status"]);
    let live = named_one_of(&["livez", "live", "liveness", "alive", "ping", "healthz", "health"])
        .filter(|live| Some(live) != health.as_ref());
    let pairs = paths.keys().filter_map(|list| Some((list, object_of(paths, list)?)));
    let best = pairs.max_by_key(|(list, item)| (score(paths, list, item), std::cmp::Reverse(list.len())));
    let Some((list, item)) = best else { return Proposal { health, live, ..Proposal::default() } };
    let toggle = paths.keys().find(|path| is_toggle(paths, path, item));
    let look_of = |list: &String, item: Option<&String>| {
        let (list, item) = (paths.get(list), item.and_then(|item| paths.get(item)).unwrap_or(document));
        list.map(|list| look::of(document, list, item)).unwrap_or_default()
    };
    let mut look = look_of(list, Some(item));
    let parents = parents(paths, list).or_else(|| named_in(paths, &mut look.extra));
    let in_parents = parents.map(|(list, _)| list.trim_end_matches('/'));
    let named_item = named(item, in_parents, true);
    Proposal {
        list: Some(named(list, in_parents, false)),
        toggle: toggle.map(|path| path.replacen(item.trim_end_matches('/'), named_item.trim_end_matches('/'), 1)),
        item: Some(named_item),
        health,
        live,
        update: Some(match (has(paths, item, "put"), has(paths, item, "patch")) {
            (true, true) => "both",
            (true, false) => "put",
            (false, true) => "patch",
            (false, false) => "none",
        }),
        look,
        parents: parents.map(|(list, item)| (list.clone(), look_of(list, item))),
    }
}

impl Proposal {
    /// The same below the path of the service's own URL: documents write paths from the root, targets from there.
    #[must_use]
    pub fn below(self, url: &str) -> Self {
        let prefix = url::Url::parse(url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        let inner = |path: Option<String>| {
            path.map(|path| path.strip_prefix(&prefix).filter(|rest| rest.starts_with('/')).map_or(path.clone(), str::to_owned))
        };
        Self {
            list: inner(self.list),
            item: inner(self.item),
            toggle: inner(self.toggle),
            health: inner(self.health),
            live: inner(self.live),
            parents: self.parents.map(|(list, look)| (inner(Some(list)).unwrap_or_default(), look)),
            ..self
        }
    }
}

fn has(paths: &Map<String, Value>, path: &str, method: &str) -> bool {
    paths.get(path).is_some_and(|item| item.get(method).is_some())
}

/// The path of one object in a collection that can be added to.
fn object_of<'a>(paths: &'a Map<String, Value>, list: &str) -> Option<&'a String> {
    let below = format!("{}/{{", list.trim_end_matches('/'));
    let is_object = |path: &&String| {
        let rest = path.strip_prefix(&below).map(|rest| rest.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
    };
    paths.keys().find(is_object).filter(|_| has(paths, list, "post"))
}

/// How much of an ordinary resource a pair of paths is.
fn score(paths: &Map<String, Value>, list: &str, item: &str) -> usize {
    let methods = [(list, "get"), (item, "get"), (item, "delete"), (item, "put"), (item, "patch")];
    let people = ["user", "account", "auth", "token"]
        .iter()
        .any(|word| list.ends_with(&format!("/{word}s")) || list.ends_with(&format!("/{word}")));
    methods.iter().filter(|(path, method)| has(paths, path, method)).count() * 2 + usize::from(!people)
}

fn is_toggle(paths: &Map<String, Value>, path: &str, item: &str) -> bool {
    let rest = path.strip_prefix(item.trim_end_matches('/')).map(|rest| rest.trim_matches('/'));
    let known = ["complete", "toggle", "done", "completed", "finish"];
    rest.is_some_and(|rest| known.contains(&rest))
        && (has(paths, path, "patch") || has(paths, path, "post") || has(paths, path, "put"))
}

/// The last placeholder of an object is its id; one behind what objects live in is that one's, and any other names the user.
fn named(path: &str, parents: Option<&str>, of_object: bool) -> String {
    let last = path.matches('{').count();
    let (mut seen, mut before) = (0, String::new());
    let mut segment = |segment: &str| {
        let is_in = parents == Some(before.as_str());
        before = format!("{before}/{segment}").replace("//", "/");
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        seen += 1;
        match segment {
            _ if of_object && seen == last => "{id}".to_owned(),
            _ if is_in => PARENT_ID.to_owned(),
            _ => "{user_id}".to_owned(),
        }
    };
    path.split('/').map(&mut segment).collect::<Vec<_>>().join("/")
}

/// What the objects of a collection live in: the collection before the first placeholder, where one can be made there and it holds no users.
fn parents<'a>(paths: &'a Map<String, Value>, list: &str) -> Option<(&'a String, Option<&'a String>)> {
    let (before, rest) = list.split_once("/{")?;
    let (name, _) = rest.split_once('}')?;
    let of_users = is_of_a_user(name, before.rsplit('/').next().unwrap_or_default());
    let collection = paths.keys().find(|path| is_same(path, before)).filter(|path| !of_users && has(paths, path, "post"))?;
    Some((collection, object_of(paths, collection)))
}

/// The same where a body names it: what a creation needs is called like a collection that one can be made in. The member then holds its id.
fn named_in<'a>(paths: &'a Map<String, Value>, needed: &mut Map<String, Value>) -> Option<(&'a String, Option<&'a String>)> {
    let of_member = |member: &String| {
        let noun = ["_id", "Id", "_ID"].iter().find_map(|end| member.strip_suffix(end))?.to_ascii_lowercase();
        let is_of = |path: &&String| {
            let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            [noun.clone(), format!("{noun}s"), format!("{noun}es")].contains(&last)
                || last == format!("{}ies", noun.trim_end_matches('y'))
        };
        let collection = paths.keys().find(is_of).filter(|path| !is_of_a_user(member, "") && has(paths, path, "post"))?;
        (!is_of_a_user("", collection.trim_end_matches('/').rsplit('/').next()?)).then_some((member.clone(), collection))
    };
    let (member, collection) = needed.keys().find_map(of_member)?;
    needed.insert(member, PARENT_ID.into());
    Some((collection, object_of(paths, collection)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_paths_of_a_stock_fastapi_are_proposed() {
        let document: Value = serde_json::from_slice(include_bytes!("../../tests/openapi/fastapi.json")).unwrap();
        insta::assert_debug_snapshot!(propose(&document), @r#"
        Proposal {
            list: Some(
                "/api/{user_id}/tasks",
            ),
            item: Some(
                "/api/{user_id}/tasks/{id}",
            ),
            toggle: Some(
                "/api/{user_id}/tasks/{id}/complete",
            ),
            health: Some(
                "/health",
            ),
            live: None,
            update: Some(
                "put",
            ),
            look: Look {
                items: Some(
                    "",
                ),
                object: None,
                title: Some(
                    "title",
                ),
                done: Some(
                    "completed",
                ),
                envelope: None,
                extra: {},
                put: {},
            },
            parents: None,
        }
        "#);
    }

    #[test]
    fn a_resource_is_proposed_before_the_users_and_nothing_where_there_is_none() {
        let all = json!({ "get": {}, "put": {}, "delete": {} });
        let document = json!({ "paths": {
            "/users/": { "get": {}, "post": {} }, "/users/{id}/": all, "/notes/": { "get": {}, "post": {} }, "/notes/{note}/": all
        }});
        assert_eq!(propose(&document).list.as_deref(), Some("/notes/"));
        assert_eq!(propose(&document).item.as_deref(), Some("/notes/{id}/"));
        assert_eq!(propose(&json!({ "paths": { "/a": {} } })), Proposal::default());
        assert_eq!(propose(&json!({ "paths": { "/api/livez": {} } })).live.as_deref(), Some("/api/livez"));
    }

    #[test]
    fn what_objects_live_in_is_proposed_where_one_can_be_made() {
        let named = json!({ "properties": { "name": { "type": "string" } }, "required": ["name"] });
        let board = json!({ "requestBody": { "content": { "application/json": { "schema": named } } } });
        let all = json!({ "get": {}, "put": {}, "delete": {} });
        let document = json!({ "paths": {
            "/boards": { "post": board }, "/boards/{board_id}": { "delete": {} },
            "/boards/{board_id}/cards": { "get": {}, "post": {} }, "/boards/{board_id}/cards/{card_id}": all
        }});
        let proposal = propose(&document);
        assert_eq!(proposal.item.as_deref(), Some("/boards/{parent_id}/cards/{id}"));
        let (list, look) = proposal.parents.unwrap();
        assert_eq!((list.as_str(), look.title.as_deref()), ("/boards", Some("name")));
        let create = json!({ "properties": { "title": { "type": "string" }, "boardId": { "type": "integer" } }, "required": ["title", "boardId"] });
        let card = json!({ "requestBody": { "content": { "application/json": { "schema": create } } } });
        let flat =
            json!({ "paths": { "/boards": { "post": {} }, "/cards": { "get": {}, "post": card }, "/cards/{card_id}": all } });
        let proposal = propose(&flat);
        assert_eq!(
            (proposal.look.extra["boardId"].as_str(), proposal.parents.unwrap().0),
            (Some("{parent_id}"), "/boards".to_owned())
        );
        let unmade = json!({ "paths": { "/teams/{team}/notes": { "get": {}, "post": {} }, "/teams/{team}/notes/{note}": all } });
        assert_eq!(propose(&unmade).list.as_deref(), Some("/teams/{user_id}/notes"));
    }

    #[test]
    fn paths_are_written_below_the_path_of_the_url() {
        let list = |url: &str| {
            let proposal = Proposal { list: Some("/api/v2/todos".into()), ..Proposal::default() };
            proposal.below(url).list.unwrap_or_default()
        };
        assert_eq!(list("http://127.0.0.1:9101/api/v2"), "/todos");
        assert_eq!(list("http://127.0.0.1:9101/api/v"), "/api/v2/todos");
        assert_eq!(list("http://127.0.0.1:9101"), "/api/v2/todos");
    }

    #[test]
    fn readiness_is_the_deep_one_and_health_beside_it_the_other() {
        let proposal = propose(&json!({ "paths": { "/healthz": { "get": {} }, "/readyz": { "get": {} } } }));
        assert_eq!((proposal.health.as_deref(), proposal.live.as_deref()), (Some("/readyz"), Some("/healthz")));
        let proposal = propose(&json!({ "paths": { "/health": { "get": {} } } }));
        assert_eq!((proposal.health.as_deref(), proposal.live), (Some("/health"), None));
    }
}
