//! What a well-formed entry of `postflight.toml` may still have wrong, each with its key and what to write instead.

use std::fmt;

use super::file::{BulkEntry, Entry, PathsEntry, PolicyEntry, TaskEntry};
use super::select::LOCATION;
use super::{BaseUrl, Origin, PARENT_ID, grants};

/// A value that cannot be used, at its key below the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    key: Vec<String>,
    why: String,
}

impl Mistake {
    /// A mistake at the key of these parts.
    pub fn at<const N: usize>(key: [&str; N], why: impl Into<String>) -> Self {
        Self { key: key.map(str::to_owned).into(), why: why.into() }
    }

    /// The key below the target; a number is the place in an array.
    pub fn key(&self) -> Vec<&str> {
        self.key.iter().map(String::as_str).collect()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<_> = self.key.iter().filter(|part| part.parse::<usize>().is_err()).cloned().collect();
        write!(f, "`{}`: {}", named.join("."), self.why)
    }
}

type Checked = Result<(), Mistake>;

/// The first mistake of an entry.
pub(super) fn entry(entry: &Entry) -> Checked {
    BaseUrl::parse(&entry.url).map_err(|error| Mistake::at(["url"], error.to_string()))?;
    origins(entry)?;
    paths(&entry.paths, entry.parent.is_some())?;
    task(&entry.task)?;
    parent(entry)?;
    policy(&entry.policy)?;
    observed(entry)?;
    routes(entry)?;
    grants::check(&entry.tokens)?;
    names(entry)
}

fn origins(entry: &Entry) -> Checked {
    for (index, text) in entry.origins.iter().enumerate() {
        Origin::parse(text).map_err(|error| Mistake::at(["origins", &index.to_string()], error.to_string()))?;
        if entry.origins.iter().take(index).any(|other| other == text) {
            return Err(Mistake::at(["origins", &index.to_string()], format!("`{text}` is there twice; remove one")));
        }
    }
    Ok(())
}

fn paths(paths: &PathsEntry, in_parents: bool) -> Checked {
    let single = [
        ("list", &paths.list),
        ("read", &paths.read),
        ("item", &paths.item),
        ("toggle", &paths.toggle),
        ("health", &paths.health),
        ("live", &paths.live),
        ("jwks", &paths.jwks),
    ];
    for (key, path) in single.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?))) {
        is_path(path).map_err(|why| Mistake::at(["paths", key], why))?;
        let known: &[&str] = if in_parents { &["id", "user_id", "parent_id"] } else { &["id", "user_id"] };
        placeholders(path, known, matches!(key, "item" | "toggle")).map_err(|why| Mistake::at(["paths", key], why))?;
    }
    for (key, list) in [("protected", &paths.protected), ("docs", &paths.docs)] {
        for (index, path) in list.iter().enumerate() {
            is_path(path).map_err(|why| Mistake::at(["paths", key, &index.to_string()], why))?;
        }
    }
    Ok(())
}

pub(super) fn is_path(path: &str) -> Result<(), String> {
    if path.contains("://") {
        return Err(format!("write only the path of `{path}`; scheme and host belong into `url`"));
    }
    if !path.starts_with('/') {
        return Err(format!("must begin with `/`: write \"/{path}\"; a prefix of all paths belongs into `url`"));
    }
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err("must be a path as it goes on the wire: no spaces, no fragment".to_owned());
    }
    Ok(())
}

/// A resource's own paths know these placeholders, and `{id}` stands exactly where one object is meant.
fn placeholders(path: &str, known: &[&str], of_object: bool) -> Result<(), String> {
    if let Some(name) = path.split('/').find_map(|part| part.strip_prefix(':')) {
        let meant = if name.to_ascii_lowercase().contains("user") { "{user_id}" } else { "{id}" };
        return Err(format!("`:{name}` means nothing here; write `{meant}`"));
    }
    for name in named(path) {
        if !known.contains(&name) {
            return Err(format!("`{{{name}}}` means nothing here; {}", meant(path, name, of_object)));
        }
    }
    match (of_object, path.contains("{id}")) {
        (true, false) => Err(format!("must contain `{{id}}`, as in \"{}/{{id}}\"", path.trim_end_matches('/'))),
        (false, true) => Err("is no path of one object, so `{id}` means nothing here".to_owned()),
        _ => Ok(()),
    }
}

/// What to write for a placeholder that nothing is known of.
fn meant(path: &str, name: &str, of_object: bool) -> &'static str {
    let is_last = path.trim_end_matches('/').ends_with(&format!("{{{name}}}"));
    match name {
        _ if name.contains("user") || name.contains("owner") => "write `{user_id}`",
        "parent_id" => "it is the id of what `[targets.NAME.parent]` describes; add that table",
        _ if of_object && is_last => "write `{id}`",
        _ => {
            "write `{user_id}` where it names the user; where it names what objects live in, describe that in `[targets.NAME.parent]` and \
             write `{parent_id}`"
        }
    }
}

/// What objects live in: its own paths, and that something of theirs names it.
fn parent(entry: &Entry) -> Checked {
    let Some(parent) = &entry.parent else { return Ok(()) };
    for (key, path) in [("list", Some(&parent.list)), ("item", parent.item.as_ref())] {
        let Some(path) = path else { continue };
        let fits = is_path(path).and_then(|()| placeholders(path, &["id", "user_id"], key == "item"));
        fits.map_err(|why| Mistake::at(["parent", key], why))?;
    }
    let pointers =
        [("id", &parent.id), ("items", &parent.items), ("object", &parent.object), ("created_object", &parent.created_object)];
    for (key, pointer) in pointers.into_iter().filter_map(|(key, pointer)| Some((key, pointer.as_ref()?))) {
        if !(key == "id" && pointer == LOCATION) {
            is_pointer(pointer).map_err(|why| Mistake::at(["parent", key], why))?;
        }
    }
    let in_bodies = || entry.task.extra.values().any(|value| value.to_string().contains(PARENT_ID));
    let list = entry.paths.list.as_deref().unwrap_or_default();
    let item = entry.paths.item.as_deref().unwrap_or_default();
    if list.contains(PARENT_ID) || item.contains(PARENT_ID) || in_bodies() {
        return Ok(());
    }
    let why = "nothing says where its id goes: write `{parent_id}` in `paths.list` and `paths.item`, or in a field of `task.extra`";
    Err(Mistake::at(["parent", "list"], why))
}

/// Names of the placeholders of a path.
fn named(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
}

fn task(task: &TaskEntry) -> Checked {
    let pointers = [
        ("id", task.id.as_ref().filter(|id| *id != LOCATION)),
        ("items", task.items.as_ref()),
        ("object", task.object.as_ref()),
        ("created_object", task.created_object.as_ref()),
    ];
    for (key, pointer) in pointers.into_iter().filter_map(|(key, pointer)| Some((key, pointer?))) {
        is_pointer(pointer).map_err(|why| Mistake::at(["task", key], why))?;
    }
    for (key, name) in [("title", &task.title), ("done", &task.done), ("envelope", &task.envelope), ("version", &task.version)] {
        if name.as_ref().is_some_and(|name| name.contains('/') || (name.is_empty() && key != "done")) {
            return Err(Mistake::at(["task", key], "must be the plain name of a field, not a pointer: write it like \"title\""));
        }
    }
    for (index, bulk) in task.bulk.iter().enumerate() {
        self::bulk(bulk).map_err(|(key, why)| Mistake::at(["task", "bulk", &index.to_string(), key], why))?;
    }
    if task.get == Some(false) && task.list == Some(false) {
        return Err(Mistake::at(
            ["task", "list"],
            "without a route that reads or lists objects, nothing can be judged; leave `get` or `list` on",
        ));
    }
    Ok(())
}

/// A route for several objects names them somewhere.
fn bulk(entry: &BulkEntry) -> Result<(), (&'static str, String)> {
    is_path(&entry.path).map_err(|why| ("path", why))?;
    let method = entry.method.as_deref().unwrap_or("POST");
    if http::Method::from_bytes(method.to_ascii_uppercase().as_bytes()).is_err() {
        return Err(("method", format!("`{method}` is no method")));
    }
    let in_body = entry.body.as_ref().is_some_and(|body| body.to_string().contains("\"{ids}\""));
    if !in_body && !entry.path.contains("{ids}") {
        return Err(("body", "say where the ids go: `\"{ids}\"` in the body, or `{ids}` in the path".to_owned()));
    }
    Ok(())
}

pub(super) fn is_pointer(pointer: &str) -> Result<(), String> {
    let fits = pointer.is_empty() || pointer.starts_with('/');
    let dotted = pointer.trim_start_matches("$.").replace('.', "/");
    fits.then_some(()).ok_or_else(|| format!("must be a JSON pointer (RFC 6901): write \"/{dotted}\""))
}

fn policy(policy: &PolicyEntry) -> Checked {
    let sets = [
        ("unauthenticated", &policy.unauthenticated),
        ("refused_token", &policy.refused_token),
        ("foreign", &policy.foreign),
        ("missing", &policy.missing),
        ("deleted", &policy.deleted),
        ("plain_write", &policy.plain_write),
    ];
    for (key, codes) in sets.into_iter().filter_map(|(key, codes)| Some((key, codes.as_ref()?))) {
        if codes.is_empty() {
            return Err(Mistake::at(["policy", key], "an empty set accepts nothing; leave the key out for its default"));
        }
        if let Some(index) = codes.iter().position(|code| !(100..=599).contains(code)) {
            let why = "a status is a number from 100 to 599 (RFC 9110, 15)";
            return Err(Mistake::at(["policy", key, &index.to_string()], why));
        }
        let accepts_success = codes.iter().position(|code| (200..=299).contains(code)).filter(|_| key != "deleted");
        if let Some(index) = accepts_success {
            return Err(Mistake::at(
                ["policy", key, &index.to_string()],
                "a success is no refusal; with it the check could not fail",
            ));
        }
    }
    for name in policy.headers.keys().chain(policy.required_headers.iter().flatten()) {
        is_header(name).map_err(|why| Mistake::at(["policy", "headers", name], why))?;
    }
    Ok(())
}

pub(super) fn is_header(name: &str) -> Result<(), String> {
    let valid = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
    valid.then_some(()).ok_or_else(|| format!("`{name}` is no name of a header"))
}

fn observed(entry: &Entry) -> Checked {
    let release = &entry.release;
    if let Some(path) = &release.path {
        is_path(path).map_err(|why| Mistake::at(["release", "path"], why))?;
    }
    let places = [
        ("commit", &release.commit),
        ("version", &release.version),
        ("deployment", &release.deployment),
        ("started_at", &release.started_at),
        ("replica", &release.replica),
        ("environment", &release.environment),
        ("schema", &release.schema),
    ];
    for (key, place) in places.into_iter().filter_map(|(key, place)| Some((key, place.as_ref()?))) {
        if !place.starts_with('/') {
            is_header(place).map_err(|why| Mistake::at(["release", key], format!("{why}, and no JSON pointer either")))?;
        }
    }
    for (key, pointers) in [("database", entry.health.database.as_slice()), ("dependencies", &entry.health.dependencies)] {
        if let Some(why) = pointers.iter().find_map(|pointer| is_pointer(pointer).err()) {
            return Err(Mistake::at(["health", key], why));
        }
    }
    Ok(())
}

fn routes(entry: &Entry) -> Checked {
    for (index, route) in entry.routes.iter().enumerate() {
        let at = index.to_string();
        is_path(&route.path).map_err(|why| Mistake::at(["routes", &at, "path"], why))?;
        for method in route.methods.iter().flatten() {
            if http::Method::from_bytes(method.to_ascii_uppercase().as_bytes()).is_err() {
                return Err(Mistake::at(["routes", &at, "methods"], format!("`{method}` is no method")));
            }
        }
    }
    Ok(())
}

/// Headers are valid, and variables are named, not quoted: a secret in the file must not be repeated by the error about it.
fn names(entry: &Entry) -> Checked {
    if let Some(name) = &entry.app_header {
        is_header(name).map_err(|why| Mistake::at(["app_header"], why))?;
    }
    for (name, variable) in &entry.headers {
        is_header(name).map_err(|why| Mistake::at(["headers", name], why))?;
        is_variable(variable).map_err(|why| Mistake::at(["headers", name], why))?;
    }
    for (key, variable) in [("a", &entry.tokens.a), ("b", &entry.tokens.b)] {
        is_variable(variable.as_deref().unwrap_or("X")).map_err(|why| Mistake::at(["tokens", key], why))?;
    }
    for (index, variable) in entry.secrets.iter().enumerate() {
        is_variable(variable).map_err(|why| Mistake::at(["secrets", &index.to_string()], why))?;
    }
    Ok(())
}

fn is_variable(name: &str) -> Result<(), String> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.is_empty();
    let short = name.len() <= 64 && !name.starts_with("eyJ") && !name.starts_with(|c: char| c.is_ascii_digit());
    let why = "takes the name of an environment variable, such as \"POSTFLIGHT_TOKEN_A\", never the secret itself";
    (plain && short).then_some(()).ok_or_else(|| why.to_owned())
}
