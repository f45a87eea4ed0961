//! The declared resource: where its routes are and what its objects look like.

use serde_json::{Map, Value, json};

/// Routes of the target. A path may hold `{id}` and `{user_id}`; `None` where the target has no such route.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Collection: GET lists, POST creates. `/api/tasks` or `/api/{user_id}/tasks`.
    pub list: String,
    /// A route whose GET works with a token, where the collection cannot be listed.
    pub read: Option<String>,
    /// One object: GET, HEAD, PUT, PATCH, DELETE. `/api/tasks/{id}`.
    pub item: String,
    /// Toggle route, such as `/api/tasks/{id}/complete`.
    pub toggle: Option<String>,
    /// Deep health.
    pub health: Option<String>,
    /// Shallow health.
    pub live: Option<String>,
    /// Key set (RFC 7517, 5) that verifies tokens, where it is not in a usual place.
    pub jwks: Option<String>,
    /// Further routes that need a token, asked with safe methods only.
    pub protected: Vec<String>,
    /// Paths where interactive docs or a schema would be.
    pub docs: Vec<String>,
    /// Whether nobody declared where health is, so that the usual paths are looked at first.
    pub guessed: bool,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            list: "/api/tasks".into(),
            read: None,
            item: "/api/tasks/{id}".into(),
            toggle: Some("/api/tasks/{id}/complete".into()),
            health: Some("/health".into()),
            live: Some("/livez".into()),
            jwks: None,
            protected: Vec::new(),
            docs: Vec::new(),
            guessed: false,
        }
    }
}

/// How the target changes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Only `PUT` with the full object.
    Put,
    /// Only `PATCH` with the changed fields.
    Patch,
    /// Both.
    Both,
    /// Not at all.
    None,
}

impl Update {
    /// Whether the target declares `PUT`.
    pub const fn puts(self) -> bool {
        matches!(self, Self::Put | Self::Both)
    }

    /// Whether the target declares `PATCH`.
    pub const fn patches(self) -> bool {
        matches!(self, Self::Patch | Self::Both)
    }

    /// The methods.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Put => &["PUT"],
            Self::Patch => &["PATCH"],
            Self::Both => &["PUT", "PATCH"],
            Self::None => &[],
        }
    }
}

/// Names of the fields in the target's JSON, as JSON pointers (RFC 6901) into an object, and the list's own pointer.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The id of an object: `/id`.
    pub id: String,
    /// The array in a list answer: `/items`; empty for a bare array.
    pub items: String,
    /// The text field that carries the canary: `title`. A plain top-level name.
    pub title: String,
    /// The boolean that says done: `completed`. A plain top-level name.
    pub done: Option<String>,
}

/// Which of the ordinary routes the target has, beside the creation that every judgement of isolation begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// GET of one object.
    pub get: bool,
    /// GET of the collection.
    pub list: bool,
    /// DELETE of one object.
    pub delete: bool,
}

/// How objects are made, changed and recognised.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Where the fields are.
    pub fields: Fields,
    /// Extra fields of a create body beside the title.
    pub extra: Map<String, Value>,
    /// Extra fields of a full update beside those of a create body.
    pub put: Map<String, Value>,
    /// Name of the member that wraps every body sent: `task` where the target takes `{"task": {"title": …}}`.
    pub envelope: Option<String>,
    /// Name of the member that counts the changes of an object, where an update must name the one that it changes (optimistic locking).
    pub version: Option<String>,
    /// How the target changes an object.
    pub update: Update,
    /// JSON pointer to the canonical object in a single-object answer; empty where the answer is the object.
    pub object: String,
    /// JSON pointer to the object in the answer to a creation, where that differs from [`Self::object`].
    pub created: Option<String>,
    /// Whether the id of a new object is only in the `Location` of the answer (RFC 9110, 10.2.2).
    pub id_in_location: bool,
    /// Which routes there are.
    pub offers: Offers,
    /// Routes that act on several objects at once.
    pub bulk: Vec<Bulk>,
}

/// A route that acts on several objects, named by their ids: where `{ids}` stands alone in the body, an array of them goes; in the path, they
/// are joined by commas.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulk {
    /// Method.
    pub method: String,
    /// Path; may hold `{ids}` and `{user_id}`.
    pub path: String,
    /// JSON body; `Null` for none.
    pub body: Value,
}

impl Default for Resource {
    fn default() -> Self {
        Self {
            fields: Fields { id: "/id".into(), items: "/items".into(), title: "title".into(), done: Some("completed".into()) },
            extra: Map::new(),
            put: Map::new(),
            envelope: None,
            version: None,
            update: Update::Both,
            object: String::new(),
            created: None,
            id_in_location: false,
            offers: Offers { get: true, list: true, delete: true },
            bulk: Vec::new(),
        }
    }
}

impl Resource {
    /// A create body whose title is `title`.
    pub fn body(&self, title: &str) -> Value {
        let mut body = filled(&self.extra, title);
        body.insert(self.fields.title.clone(), json!(title));
        self.wrapped(body)
    }

    /// A create body without the title; its description, or what comes next to one, is `text`.
    pub fn untitled(&self, text: &str) -> Value {
        let mut body = filled(&self.extra, text);
        body.remove(&self.fields.title);
        let other = if self.fields.title == "description" { "title" } else { "description" };
        body.insert(other.to_owned(), json!(text));
        self.wrapped(body)
    }

    /// A full update whose title is `title`.
    pub fn full(&self, title: &str) -> Value {
        let mut body = filled(&self.extra, title);
        body.extend(filled(&self.put, title));
        body.insert(self.fields.title.clone(), json!(title));
        self.wrapped(body)
    }

    /// A full body, or a partial update, whose top-level field `name` is `value`.
    pub fn holding(&self, name: &str, value: Value) -> Value {
        let mut body = if self.update == Update::Put { filled(&self.extra, name) } else { Map::new() };
        body.insert(name.to_owned(), value);
        self.wrapped(body)
    }

    /// A partial update that sets only the title.
    pub fn patch(&self, title: &str) -> Value {
        self.wrapped(Map::from_iter([(self.fields.title.clone(), json!(title))]))
    }

    /// A partial update that sets only the done field; one of nothing where there is none.
    pub fn marked(&self) -> Value {
        self.fields.done.as_ref().map_or_else(|| json!({}), |done| self.wrapped(Map::from_iter([(done.clone(), json!(true))])))
    }

    fn wrapped(&self, body: Map<String, Value>) -> Value {
        match &self.envelope {
            Some(name) => json!({ (name.clone()): body }),
            None => Value::Object(body),
        }
    }

    /// A body of this resource with one more field, beside the title.
    pub fn with(&self, mut body: Value, field: &str, value: Value) -> Value {
        let place = match &self.envelope {
            Some(name) => body.get_mut(name),
            None => Some(&mut body),
        };
        if let Some(object) = place.and_then(Value::as_object_mut) {
            object.insert(field.to_owned(), value);
        }
        body
    }

    /// What counts the changes of the object in a single-object answer, where that is declared.
    pub fn version_in(&self, answer: &Value) -> Option<Value> {
        self.object(answer)?.get(self.version.as_ref()?).cloned()
    }

    /// An update that names the version which it changes; `None` where no member for it is declared, or `body` holds no object.
    pub fn of_version(&self, body: &Value, version: Value) -> Option<Value> {
        let name = self.version.as_ref()?;
        let versioned = self.with(body.clone(), name, version);
        (versioned != *body).then_some(versioned)
    }

    /// The object inside a single-object answer.
    pub fn object<'a>(&self, answer: &'a Value) -> Option<&'a Value> {
        answer.pointer(&self.object)
    }

    /// The id of the object in a single-object answer; see [`Self::id_of`].
    pub fn id(&self, answer: &Value) -> Option<String> {
        self.id_of(self.object(answer)?)
    }

    /// The id of the object in the answer to a creation: in the body, else the last segment of `location`, the value of that header.
    pub fn created_id(&self, answer: Option<&Value>, location: Option<&str>) -> Option<String> {
        let pointer = self.created.as_ref().unwrap_or(&self.object);
        let in_body = || self.id_of(answer?.pointer(pointer)?);
        if self.id_in_location { last_segment(location?) } else { in_body().or_else(|| last_segment(location?)) }
    }

    /// The id of a new object as the answer to its creation writes it: a number or a text.
    pub fn written_id(&self, answer: &Value, id: &str) -> Option<Value> {
        let object = answer.pointer(self.created.as_ref().unwrap_or(&self.object))?;
        let written = object.pointer(&self.fields.id).filter(|_| self.id_of(object).as_deref() == Some(id));
        written.cloned()
    }

    /// The id of `object` as it goes into a path: strings as they are, numbers in decimal. The target chooses it, so one that is not a
    /// single plain path segment is none: it could lead a DELETE astray, or carry escapes to the terminal.
    pub fn id_of(&self, object: &Value) -> Option<String> {
        let id = match object.pointer(&self.fields.id)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        is_segment(&id).then_some(id)
    }

    /// The title of an object.
    pub fn title<'a>(&self, answer: &'a Value) -> Option<&'a str> {
        self.object(answer)?.get(&self.fields.title)?.as_str()
    }

    /// The objects of a list answer. Where there are none, some languages write `null` (a nil slice of Go, `None` of Python).
    pub fn items<'a>(&self, answer: &'a Value) -> Option<&'a [Value]> {
        match answer.pointer(&self.fields.items)? {
            Value::Array(items) => Some(items),
            Value::Null => Some(&[]),
            _ => None,
        }
    }

    /// The object with this id in a list answer.
    pub fn listed<'a>(&self, answer: &'a Value, id: &str) -> Option<&'a Value> {
        self.items(answer)?.iter().find(|item| self.id_of(item).as_deref() == Some(id))
    }
}

/// What stands for a text of its own in every object: services want some fields to be like no other's.
const OWN_TEXT: &str = "{unique}";

/// The fields with a text of their own where they ask for one: what of `title` can stand in an address.
fn filled(fields: &Map<String, Value>, title: &str) -> Map<String, Value> {
    let plain: String = title.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    fields.iter().map(|(name, value)| (name.clone(), with_own_text(value, &plain))).collect()
}

fn with_own_text(value: &Value, text: &str) -> Value {
    match value {
        Value::String(written) => Value::String(written.replace(OWN_TEXT, text)),
        Value::Array(items) => items.iter().map(|item| with_own_text(item, text)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), with_own_text(value, text))).collect(),
        other => other.clone(),
    }
}

/// The last segment of an address, where it can be an id: `/api/tasks/42/` names 42.
fn last_segment(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?.trim_end_matches('/');
    let segment = path.rsplit('/').next()?;
    (path.contains('/') && is_segment(segment)).then(|| segment.to_owned())
}

/// Whether `id` stands in a path as one segment that no URL parser changes (RFC 3986, 3.3; URL standard, "path state").
fn is_segment(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '\\' | '?' | '#' | '%');
    !matches!(id, "" | "." | "..") && id.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_the_body(json!({"data": {"id": 7}}), None, Some("7"))]
    #[case::body_first(json!({"data": {"id": 7}}), Some("/api/tasks/8"), Some("7"))]
    #[case::location_where_the_body_has_none(json!({"ok": true}), Some("https://api.example/api/tasks/8"), Some("8"))]
    #[case::with_a_slash_behind(json!(null), Some("/api/tasks/8/?x=1"), Some("8"))]
    #[case::no_path(json!(null), Some("8"), None)]
    #[case::climbing(json!(null), Some("/api/tasks/.."), None)]
    #[case::nowhere(json!({"id": 7}), None, None)]
    fn the_id_of_a_new_object_is_in_the_body_or_in_location(
        #[case] body: Value,
        #[case] location: Option<&str>,
        #[case] id: Option<&str>,
    ) {
        let resource = Resource { created: Some("/data".into()), ..Resource::default() };
        assert_eq!(resource.created_id(Some(&body), location).as_deref(), id);
        let by_header = Resource { id_in_location: true, ..resource };
        assert_eq!(by_header.created_id(Some(&body), None), None);
    }

    #[test]
    fn bodies_are_wrapped_and_filled_as_the_target_takes_them() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let resource = Resource {
            extra: map(json!({"list": {"name": "inbox"}})),
            put: map(json!({"completed": false})),
            envelope: Some("task".into()),
            ..Resource::default()
        };
        assert_eq!(resource.body("t"), json!({"task": {"list": {"name": "inbox"}, "title": "t"}}));
        assert_eq!(resource.untitled("t"), json!({"task": {"list": {"name": "inbox"}, "description": "t"}}));
        assert_eq!(resource.full("t"), json!({"task": {"list": {"name": "inbox"}, "completed": false, "title": "t"}}));
        assert_eq!(resource.with(resource.patch("t"), "owner", json!(1)), json!({"task": {"title": "t", "owner": 1}}));
    }

    #[test]
    fn a_field_that_must_be_like_no_other_has_a_part_of_the_title() {
        let extra = json!({"url": "https://example.com/{unique}", "tags": ["{unique}", 1]});
        let resource = Resource { extra: extra.as_object().cloned().unwrap(), ..Resource::default() };
        let body = resource.body("postflight-01a2-60-a0001 of B's");
        assert_eq!(body["url"], "https://example.com/postflight-01a2-60-a0001ofBs");
        assert_eq!(body["tags"], json!(["postflight-01a2-60-a0001ofBs", 1]));
    }

    #[rstest]
    #[case::objects(json!({"items": [{"id": 1}, {"id": 2}]}), Some(2))]
    #[case::none(json!({"items": []}), Some(0))]
    #[case::null(json!({"items": null}), Some(0))]
    #[case::elsewhere(json!({"data": []}), None)]
    #[case::no_list(json!({"items": {"id": 1}}), None)]
    fn a_list_is_an_array_or_null_where_it_should_be(#[case] answer: Value, #[case] count: Option<usize>) {
        assert_eq!(Resource::default().items(&answer).map(<[Value]>::len), count);
    }

    #[rstest]
    #[case::uuid(json!("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), true)]
    #[case::number(json!(42), true)]
    #[case::parent(json!(".."), false)]
    #[case::climbing(json!("../users/1"), false)]
    #[case::query(json!("1?all=true"), false)]
    #[case::encoded_slash(json!("1%2f.."), false)]
    #[case::escape(json!("1\u{1b}[2J"), false)]
    #[case::direction(json!("1\u{202e}"), false)]
    #[case::empty(json!(""), false)]
    fn an_id_is_one_plain_segment_of_a_path_or_none(#[case] id: Value, #[case] usable: bool) {
        assert_eq!(Resource::default().id(&json!({ "id": id })).is_some(), usable);
    }
}
