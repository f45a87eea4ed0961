//! How an object of the collection looks, as far as an OpenAPI document tells: its text, its state, what else a body needs, and where answers
//! have it. A proposal for a person to look at.

use serde_json::{Map, Value, json};

use super::openapi::resolved;
use super::sample;

/// An object as a target would declare it; what the document does not tell stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// JSON pointer to the array of a list.
    pub items: Option<String>,
    /// JSON pointer to the object in the answer that reads one.
    pub object: Option<String>,
    /// Name of the text field.
    pub title: Option<String>,
    /// Name of the boolean that says done; empty where no member is one.
    pub done: Option<String>,
    /// The member that wraps every body sent.
    pub envelope: Option<String>,
    /// What else a creation needs.
    pub extra: Map<String, Value>,
    /// What a full update needs beside that.
    pub put: Map<String, Value>,
}

/// Names of texts that a marker may stand in, the most telling first.
const TITLES: [&str; 12] =
    ["title", "name", "text", "task", "content", "subject", "label", "summary", "body", "message", "description", "note"];
/// Names of booleans that say done, in lower case and without what joins words.
const DONE: [&str; 8] = ["completed", "done", "isdone", "iscompleted", "complete", "finished", "checked", "iscomplete"];
/// How deep schemas are followed that are made of others.
const DEEPEST: usize = 6;

/// Members of an object by their schema, and the names of those that it needs.
#[derive(Default)]
struct Members<'d> {
    schemas: Vec<(&'d str, &'d Value)>,
    needed: Vec<&'d str>,
}

impl<'d> Members<'d> {
    fn of(document: &'d Value, schema: &'d Value) -> Self {
        let mut members = Self::default();
        members.take(document, schema, DEEPEST);
        members
    }

    fn take(&mut self, document: &'d Value, schema: &'d Value, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let schema = resolved(document, schema);
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        self.schemas.extend(properties.map(|(name, schema)| (name.as_str(), schema)));
        self.needed.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.take(document, part, depth);
        }
    }

    /// Those of one kind, by name.
    fn of_kind(&self, document: &'d Value, kind: &'d str) -> impl Iterator<Item = (&'d str, &'d Value)> {
        let resolved = move |(name, schema): &(&'d str, &'d Value)| (*name, resolved(document, schema));
        self.schemas.iter().map(resolved).filter(move |(_, schema)| is(schema, kind))
    }

    /// The text that a marker may stand in: one of a usual name, one that is needed before one that is not.
    fn title(&self, document: &'d Value) -> Option<&'d str> {
        let plain = |schema: &Value| schema.get("enum").is_none() && schema.get("format").is_none();
        let texts: Vec<_> = self.of_kind(document, "string").filter(|(_, schema)| plain(schema)).map(|(name, _)| name).collect();
        let usual = |needed: bool| TITLES.into_iter().find(|title| texts.contains(title) && self.needed.contains(title) == needed);
        usual(true).or_else(|| texts.iter().copied().find(|name| self.needed.contains(name))).or_else(|| usual(false))
    }

    fn done(&self, document: &'d Value) -> Option<&'d str> {
        let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let flags: Vec<_> = self.of_kind(document, "boolean").map(|(name, _)| name).collect();
        DONE.into_iter().find_map(|done| flags.iter().copied().find(|name| plain(name) == done))
    }

    /// Where an array stands: in the member of a usual name, or in the only one.
    fn array(&self, document: &'d Value) -> Option<&'d str> {
        let arrays: Vec<_> = self.of_kind(document, "array").map(|(name, _)| name).collect();
        let usual = ["items", "data", "results"].into_iter().find(|name| arrays.contains(name));
        usual.or_else(|| arrays.first().copied().filter(|_| arrays.len() == 1))
    }
}

/// Whether a schema is of this kind, or may be: OpenAPI 3.1 lists several kinds, or choices of which one is null.
fn is(schema: &Value, kind: &str) -> bool {
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
        None => choices.into_iter().any(|choice| is(choice, kind)),
    }
}

/// The schema of the first JSON body of a request or an answer.
fn schema_of<'d>(document: &'d Value, body: Option<&'d Value>) -> Option<&'d Value> {
    let contents = resolved(document, body?).get("content")?.as_object()?;
    let (_, content) = contents.iter().find(|(kind, _)| kind.contains("json"))?;
    Some(resolved(document, content.get("schema")?))
}

/// Reads how objects look out of the two routes of a resource.
pub(super) fn of<'d>(document: &'d Value, list: &'d Value, item: &'d Value) -> Look {
    let sent = |route: &'d Value, method: &str| schema_of(document, route.get(method)?.get("requestBody"));
    let told = |route: &'d Value, method: &str| schema_of(document, route.get(method)?.get("responses")?.get("200"));
    let (listed, read) = (told(list, "get"), told(item, "get"));
    let (envelope, created) = unwrapped(document, sent(list, "post"));
    let (_, replaced) = unwrapped(document, sent(item, "put"));
    let of_creation = created.map(|schema| Members::of(document, schema)).unwrap_or_default();
    let title = of_creation.title(document).map(str::to_owned);
    let whole = read.map(|schema| Members::of(document, schema)).unwrap_or_default();
    let (object, shown) = match inner(document, &whole, title.as_deref()) {
        Some((name, members)) => (Some(format!("/{name}")), members),
        None => (None, whole),
    };
    let seen: Vec<_> = [&of_creation, &shown].into_iter().filter(|members| !members.schemas.is_empty()).collect();
    let done = seen.iter().find_map(|members| members.done(document)).map(str::to_owned);
    let extra = needed(document, created, title.as_deref(), &Map::new());
    Look {
        items: listed.and_then(|schema| where_items_are(document, schema)),
        object,
        done: done.or_else(|| (!seen.is_empty()).then(String::new)),
        put: needed(document, replaced, title.as_deref(), &extra),
        envelope: envelope.map(str::to_owned),
        extra,
        title,
    }
}

/// What a body holds, and the member in which it does: the only one, where that is an object with a text of its own.
fn unwrapped<'d>(document: &'d Value, schema: Option<&'d Value>) -> (Option<&'d str>, Option<&'d Value>) {
    let members = schema.map(|schema| Members::of(document, schema)).unwrap_or_default();
    let [(name, inner)] = members.schemas.as_slice() else { return (None, schema) };
    let inner = resolved(document, inner);
    if Members::of(document, inner).title(document).is_some() { (Some(name), Some(inner)) } else { (None, schema) }
}

/// The member that holds the object, where the answer itself does not have its title.
fn inner<'d>(document: &'d Value, whole: &Members<'d>, title: Option<&str>) -> Option<(&'d str, Members<'d>)> {
    let has = |members: &Members<'_>| title.is_some_and(|title| members.schemas.iter().any(|(name, _)| *name == title));
    if has(whole) {
        return None;
    }
    let members = whole.schemas.iter().map(|(name, schema)| (*name, Members::of(document, schema)));
    members.into_iter().find(|(_, members)| has(members))
}

fn where_items_are(document: &Value, schema: &Value) -> Option<String> {
    if is(schema, "array") {
        return Some(String::new());
    }
    Members::of(document, schema).array(document).map(|name| format!("/{name}"))
}

/// Samples of what a body needs beside the title and what is `known`. What must be like no other's gets a text of its own.
fn needed(document: &Value, schema: Option<&Value>, title: Option<&str>, known: &Map<String, Value>) -> Map<String, Value> {
    let sampled = schema.and_then(|schema| sample::of(document, schema)).and_then(|sample| sample.as_object().cloned());
    let members = schema.map(|schema| Members::of(document, schema)).unwrap_or_default();
    let own = |name: &str| {
        let (_, schema) = members.schemas.iter().find(|(known, _)| *known == name)?;
        match resolved(document, schema).get("format").and_then(Value::as_str) {
            Some("uri" | "url") => Some(json!("https://example.com/{unique}")),
            Some("email") => Some(json!("{unique}@example.com")),
            _ => (name == "slug").then(|| json!("{unique}")),
        }
    };
    let wanted = sampled.unwrap_or_default().into_iter();
    let wanted = wanted.filter(|(name, value)| Some(name.as_str()) != title && !known.contains_key(name) && !value.is_null());
    wanted.map(|(name, value)| (name.clone(), own(&name).unwrap_or(value))).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn json_of(schema: &Value) -> Value {
        json!({ "content": { "application/json": { "schema": schema } } })
    }

    #[test]
    fn a_resource_is_described_by_its_schemas() {
        let create = json!({ "type": "object", "required": ["name", "url", "kind"], "properties": {
            "name": { "type": "string", "minLength": 1 }, "url": { "type": "string", "format": "uri" },
            "kind": { "enum": ["a", "b"], "type": "string" }, "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] }
        } });
        let object = json!({ "type": "object", "properties": { "id": { "type": "integer" }, "name": { "type": "string" }, "is_done": { "type": "boolean" } } });
        let replaced = json!({ "allOf": [{ "$ref": "#/create" }, { "required": ["position"], "properties": { "position": { "type": "integer" } } }] });
        let document = json!({ "create": create, "object": object });
        let list = json!({
            "post": { "requestBody": json_of(&json!({ "$ref": "#/create" })) },
            "get": { "responses": { "200": json_of(&json!({ "properties": { "data": { "type": "array" }, "tags": { "type": "array" } } })) } }
        });
        let item = json!({
            "put": { "requestBody": json_of(&replaced) },
            "get": { "responses": { "200": json_of(&json!({ "properties": { "note": { "$ref": "#/object" } } })) } }
        });
        let look = of(&document, &list, &item);
        assert_eq!((look.items.as_deref(), look.object.as_deref()), (Some("/data"), Some("/note")));
        assert_eq!((look.title.as_deref(), look.done.as_deref()), (Some("name"), Some("is_done")));
        assert_eq!(Value::Object(look.extra), json!({ "url": "https://example.com/{unique}", "kind": "a" }));
        assert_eq!(Value::Object(look.put), json!({ "position": 1 }));
    }

    #[test]
    fn a_body_in_a_member_is_described_by_what_is_in_it() {
        let article =
            json!({ "required": ["title", "body"], "properties": { "title": { "type": "string" }, "body": { "type": "string" } } });
        let list = json!({ "post": { "requestBody": json_of(&json!({ "properties": { "article": article } })) } });
        let document = json!({});
        let look = of(&document, &list, &document);
        assert_eq!((look.envelope.as_deref(), look.title.as_deref()), (Some("article"), Some("title")));
        assert_eq!(look.extra.keys().collect::<Vec<_>>(), ["body"]);
    }

    #[rstest]
    #[case::array(json!({ "type": "array", "items": {} }), Some(""))]
    #[case::the_only_one(json!({ "properties": { "notes": { "type": "array" }, "total": { "type": "integer" } } }), Some("/notes"))]
    #[case::one_of_two(json!({ "properties": { "notes": { "type": "array" }, "tags": { "type": "array" } } }), None)]
    #[case::anything(json!({}), None)]
    fn lists_are_found_where_there_is_no_doubt(#[case] schema: Value, #[case] items: Option<&str>) {
        assert_eq!(where_items_are(&json!({}), &schema).as_deref(), items);
    }

    #[test]
    fn nothing_is_proposed_where_a_document_describes_no_bodies() {
        assert_eq!(of(&json!({}), &json!({ "get": {}, "post": {} }), &json!({ "get": {} })), Look::default());
    }
}
