//! The declared resource: where its routes are and what its objects look like.

use serde_json::{Map, Value, json};

/// Routes of the target. A path may hold `{id}` and `{user_id}`; `None` where the target has no such route.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Collection: GET lists, POST creates. `/api/tasks` or `/api/{user_id}/tasks`.
    pub list: String,
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
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            list: "/api/tasks".into(),
            item: "/api/tasks/{id}".into(),
            toggle: Some("/api/tasks/{id}/complete".into()),
            health: Some("/health".into()),
            live: Some("/livez".into()),
            jwks: None,
            protected: Vec::new(),
            docs: Vec::new(),
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

/// How objects are made, changed and recognised.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Where the fields are.
    pub fields: Fields,
    /// Extra fields of a create body beside the title.
    pub extra: Map<String, Value>,
    /// How the target changes an object.
    pub update: Update,
    /// JSON pointer to the canonical object in a single-object answer; empty where the answer is the object.
    pub object: String,
}

impl Default for Resource {
    fn default() -> Self {
        Self {
            fields: Fields { id: "/id".into(), items: "/items".into(), title: "title".into(), done: Some("completed".into()) },
            extra: Map::new(),
            update: Update::Both,
            object: String::new(),
        }
    }
}

impl Resource {
    /// A create (or full update) body whose title is `title`.
    pub fn body(&self, title: &str) -> Value {
        let mut body = self.extra.clone();
        body.insert(self.fields.title.clone(), json!(title));
        Value::Object(body)
    }

    /// A partial update that sets only the title.
    pub fn patch(&self, title: &str) -> Value {
        json!({ (self.fields.title.clone()): title })
    }

    /// The object inside a single-object answer.
    pub fn object<'a>(&self, answer: &'a Value) -> Option<&'a Value> {
        answer.pointer(&self.object)
    }

    /// The id of the object in a single-object answer; see [`Self::id_of`].
    pub fn id(&self, answer: &Value) -> Option<String> {
        self.id_of(self.object(answer)?)
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

    /// The objects of a list answer.
    pub fn items<'a>(&self, answer: &'a Value) -> Option<&'a Vec<Value>> {
        answer.pointer(&self.fields.items)?.as_array()
    }
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
