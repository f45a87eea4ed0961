//! Samples of what a schema takes (OpenAPI 3.0 and 3.1, JSON Schema 2020-12), as far as a service that validates bodies must see to read one.

use serde_json::{Map, Value, json};

/// The text that stands for any.
pub const SAMPLE: &str = "postflight";

/// How deep references and objects are followed: schemas may refer to themselves.
const DEEPEST: usize = 6;
/// Elements of an array at most, whatever a schema asks for.
const MOST: u64 = 3;

/// A value that `schema`, a part of `document`, takes: an example, a default or the first of its values, else one of its type. Objects hold what
/// is required of them and no more. `None` where the schema refers to itself without end, or to nothing.
pub(super) fn of(document: &Value, schema: &Value) -> Option<Value> {
    within(document, schema, DEEPEST)
}

fn within(document: &Value, schema: &Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let inner = |schema: &Value| within(document, schema, depth);
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#')) {
        return inner(document.pointer(pointer)?);
    }
    let given = ["/example", "/default", "/const", "/enum/0", "/examples/0"].into_iter().find_map(|at| schema.pointer(at));
    if let Some(given) = given.filter(|given| !given.is_null()) {
        return Some(given.clone());
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts = parts.iter().filter_map(inner).chain(object(schema, inner));
        let members: Map<_, _> = parts.filter_map(|part| part.as_object().cloned()).flatten().collect();
        return Some(Value::Object(members));
    }
    if let Some(choices) = ["anyOf", "oneOf"].into_iter().find_map(|name| schema.get(name)?.as_array()) {
        return choices.iter().filter(|choice| choice.get("type") != Some(&json!("null"))).find_map(inner);
    }
    let number = |name: &str| schema.get(name).and_then(Value::as_u64);
    // Without a type it takes anything.
    match kind(schema).unwrap_or("string") {
        "object" => object(schema, inner),
        "array" => {
            let count = number("minItems").unwrap_or(0).min(MOST);
            let item = if count > 0 { inner(schema.get("items")?) } else { None };
            Some(Value::Array((0..count).filter_map(|_| item.clone()).collect()))
        }
        "string" => Some(json!(text(schema))),
        "integer" | "number" => Some(schema.get("minimum").cloned().unwrap_or_else(|| json!(1))),
        "boolean" => Some(json!(false)),
        _ => Some(Value::Null),
    }
}

/// The type that a schema names, or gives away by what it says of its members. OpenAPI 3.1 lists several; what is not null counts.
fn kind(schema: &Value) -> Option<&str> {
    let said = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        other => other.and_then(Value::as_str),
    };
    said.or_else(|| schema.get("properties").map(|_| "object"))
}

fn object(schema: &Value, inner: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let member = |name: &str| {
        let sample = schema.pointer("/properties")?.get(name).map_or_else(|| Some(json!("postflight")), &inner)?;
        Some((name.to_owned(), sample))
    };
    required.map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
}

fn text(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => "01890a5d-ac96-774b-bcce-b302099a8057",
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("email") => "postflight@example.com",
        Some("uri" | "url") => "https://example.com/",
        _ => SAMPLE,
    };
    let least = schema.get("minLength").and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
    let most = schema.get("maxLength").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let long = format!("{text:x<width$}", width = least.min(256));
    long.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::fastapi(json!({ "$ref": "#/components/schemas/Comment" }), json!({ "text": "postflight" }))]
    #[case::formats(
        json!({ "type": "object", "required": ["mail", "at", "who"], "properties": {
            "mail": { "type": "string", "format": "email" }, "at": { "type": "string", "format": "date-time" },
            "who": { "anyOf": [{ "type": "null" }, { "type": "integer", "minimum": 5 }] }
        } }),
        json!({ "mail": "postflight@example.com", "at": "2026-01-31T12:00:00Z", "who": 5 })
    )]
    #[case::of_all(
        json!({ "allOf": [{ "$ref": "#/components/schemas/Comment" }, { "required": ["kind"], "properties": { "kind": { "enum": ["a", "b"] } } }] }),
        json!({ "text": "postflight", "kind": "a" })
    )]
    #[case::arrays(json!({ "type": "array", "minItems": 1, "items": { "type": "boolean" } }), json!([false]))]
    #[case::long(json!({ "type": ["string", "null"], "minLength": 12 }), json!("postflightxx"))]
    #[case::short(json!({ "type": "string", "maxLength": 4 }), json!("post"))]
    fn a_sample_is_what_the_schema_takes(#[case] schema: Value, #[case] sample: Value) {
        let comment =
            json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string" }, "pinned": {} } });
        let document = json!({ "components": { "schemas": { "Comment": comment } } });
        assert_eq!(of(&document, &schema), Some(sample));
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_no_sample() {
        let node = json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#/node" } } });
        assert_eq!(of(&json!({ "node": node }), &json!({ "$ref": "#/node" })), None);
    }

    proptest! {
        #[test]
        fn no_schema_makes_the_reader_stumble(least in any::<u64>(), kind in "\\PC{0,8}", reference in "\\PC{0,12}") {
            let schema = json!({ "type": kind, "minLength": least, "minItems": least, "items": { "$ref": reference }, "required": ["a"] });
            let _ = of(&json!({}), &schema);
        }
    }
}
