//! From the bytes of a document to one of version 3: JSON or YAML, OpenAPI 3 or Swagger 2.0.
//!
//! The bytes are a stranger's: their number, what they hold and what YAML aliases make of it are bounded, so that no document takes more than
//! some tens of MiB of memory.

use serde_json::Value;
use thiserror::Error;

use super::swagger;

/// Bytes of a document that are read at most.
pub const LARGEST: usize = 4 << 20;
/// Values of a document that are held at most, one of them some 80 bytes.
const MOST_VALUES: usize = 300_000;
/// Longest reason of a parser that is told.
const LONGEST_REASON: usize = 160;

/// Why a document gives no routes.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OpenApiError {
    /// Larger than [`LARGEST`], or of more values than are held.
    #[error("it has more than {} MiB or {MOST_VALUES} values", LARGEST >> 20)]
    TooLarge,
    /// A page for people, such as Swagger UI.
    #[error("it is a page, not the document: give the URL that the page reads it from, such as /openapi.json")]
    Page,
    /// Starts as JSON does and is none.
    #[error("it is not JSON ({0})")]
    NotJson(String),
    /// Neither of the two formats.
    #[error("it is neither JSON nor YAML ({0})")]
    NotYaml(String),
    /// Another format or version.
    #[error("it is no OpenAPI document of version 3 or Swagger 2.0: {0}")]
    Version(String),
    /// No paths.
    #[error("it lists no path")]
    NoPaths,
}

/// A document that lists paths, as version 3 writes it.
pub fn parse(bytes: &[u8]) -> Result<Value, OpenApiError> {
    let document = versioned(value(bytes)?)?;
    if super::listed(&document).next().is_none() {
        return Err(OpenApiError::NoPaths);
    }
    Ok(document)
}

/// Raised to version 3, where it is Swagger 2.0.
fn versioned(document: Value) -> Result<Value, OpenApiError> {
    let version = |name: &str| match document.get(name)? {
        Value::String(version) => Some(version.clone()),
        Value::Number(version) => Some(version.to_string()),
        _ => None,
    };
    match (version("openapi"), version("swagger")) {
        (Some(openapi), _) if openapi.starts_with("3.") => Ok(document),
        (_, Some(swagger)) if swagger.starts_with('2') => Ok(swagger::raised(document)),
        (None, None) => Err(OpenApiError::Version("it has neither of the members `openapi` and `swagger`".to_owned())),
        (openapi, swagger) => {
            let (name, version) = openapi.map_or(("swagger", swagger), |version| ("openapi", Some(version)));
            let version = version.filter(|version| version.len() < 20).unwrap_or_else(|| "something long".to_owned());
            Err(OpenApiError::Version(format!("its member `{name}` is {version:?}")))
        }
    }
}

fn value(bytes: &[u8]) -> Result<Value, OpenApiError> {
    let marks = bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if bytes.len() > LARGEST || marks > MOST_VALUES {
        return Err(OpenApiError::TooLarge);
    }
    match bytes.trim_ascii_start().first() {
        Some(b'<') => Err(OpenApiError::Page),
        Some(b'{' | b'[') => serde_json::from_slice(bytes).map_err(|error| OpenApiError::NotJson(error.to_string())),
        _ => yaml(bytes),
    }
}

fn yaml(bytes: &[u8]) -> Result<Value, OpenApiError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: MOST_VALUES, max_events: 2 * MOST_VALUES, max_documents: 1 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_VALUES },
        with_snippet: false,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| {
        let said = error.without_snippet().to_string();
        OpenApiError::NotYaml(said.lines().next().unwrap_or_default().chars().take(LONGEST_REASON).collect())
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::json(r#"{ "openapi": "3.0.3", "paths": { "/a": {} } }"#)]
    #[case::yaml("# ours\nopenapi: 3.0.3\npaths:\n  /a: {}\n")]
    #[case::yaml_behind_a_mark("---\nopenapi: '3.1.0'\npaths: { /a: {} }\n")]
    #[case::number("openapi: 3.1\npaths: { /a: {} }\n")]
    #[case::old(r#"{ "swagger": "2.0", "paths": { "/a": {} } }"#)]
    #[case::old_number("swagger: 2.0\npaths:\n  /a: {}\n")]
    fn every_format_is_read(#[case] text: &str) {
        let document = parse(text.as_bytes()).unwrap();
        assert_eq!(document["paths"], json!({ "/a": {} }));
    }

    #[rstest]
    #[case::cut(r#"{"openapi": "3.0"#, "it is not JSON (EOF")]
    #[case::neither("openapi: [3.0.0", "it is neither JSON nor YAML (")]
    #[case::page(" <!DOCTYPE html>", "it is a page, not the document: give the URL")]
    #[case::text("just a sentence", "it has neither of the members `openapi` and `swagger`")]
    #[case::oldest(r#"{"swagger": "1.2"}"#, "its member `swagger` is \"1.2\"")]
    #[case::newer(r#"{"openapi": "4.0.0"}"#, "its member `openapi` is \"4.0.0\"")]
    #[case::no_version(r#"{"openapi": {}, "paths": {}}"#, "it has neither")]
    #[case::empty(r#"{"openapi": "3.1.0", "paths": {}}"#, "it lists no path")]
    #[case::deep(&"[".repeat(100_000), "it is not JSON (recursion limit exceeded")]
    #[case::deep_yaml(&format!("a: {}", "[".repeat(100_000)), "it is neither JSON nor YAML (")]
    #[case::many(&format!("[{}0]", "0,".repeat(400_000)), "it has more than 4 MiB or 300000 values")]
    #[case::many_of_yaml(&"- 0\n".repeat(400_000), "it is neither JSON nor YAML (")]
    #[case::long(&" ".repeat(5 << 20), "it has more than 4 MiB")]
    fn what_is_no_such_document_says_why(#[case] text: &str, #[case] why: &str) {
        let error = parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(error.len() < 250, "{error}");
    }

    #[test]
    fn aliases_that_stand_for_aliases_are_cut_short() {
        let levels = (1..9).map(|level| format!("l{level}: &l{level} [{}]\n", vec![format!("*l{}", level - 1); 10].join(", ")));
        let text = format!("openapi: 3.0.0\nl0: &l0 [lol, lol]\n{}paths: {{ /a: {{}} }}\n", levels.collect::<String>());
        assert!(matches!(parse(text.as_bytes()), Err(OpenApiError::NotYaml(_))));
    }

    #[test]
    fn statuses_that_yaml_reads_as_numbers_stay_names() {
        let text = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        200: { description: fine }\n";
        assert_eq!(parse(text.as_bytes()).unwrap()["paths"]["/a"]["get"]["responses"], json!({ "200": { "description": "fine" } }));
    }
}
