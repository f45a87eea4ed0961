//! Lists that come in pages: where the next one is, in the forms in which services say so. Reads answers, sends nothing.

use serde_json::Value;

use crate::http::Answer;

/// Members that hold an opaque cursor, and the parameter that takes it.
const CURSORS: [(&str, &str); 14] = [
    ("/next_cursor", "cursor"),
    ("/nextCursor", "cursor"),
    ("/cursor", "cursor"),
    ("/meta/next_cursor", "cursor"),
    ("/meta/nextCursor", "cursor"),
    ("/pagination/nextCursor", "cursor"),
    ("/paging/next_cursor", "cursor"),
    ("/data/next_cursor", "cursor"),
    ("/pagination/next_cursor", "cursor"),
    ("/page_info/end_cursor", "after"),
    ("/next_page_token", "page_token"),
    ("/nextPageToken", "pageToken"),
    ("/paging/cursors/after", "after"),
    ("/after", "after"),
];
/// Members that hold the address of the next page.
const LINKS: [&str; 5] = ["/next", "/links/next", "/_links/next/href", "/meta/next", "/pagination/next"];

/// `path?query`, or the path alone.
pub(crate) fn asking(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// The query of the page after `answer`, if the answer names one: a cursor, a link in the body (JSON:API, HAL, DRF), or `Link` (RFC 8288).
pub(crate) fn next_query(answer: &Answer) -> Option<String> {
    let json = answer.json();
    let from_body = json.as_ref().and_then(|json| by_cursor(json).or_else(|| by_link(json)));
    from_body.or_else(|| by_header(&answer.headers.text("link")?))
}

/// Whether `answer` says that no page comes after it: a cursor or link that is there and empty.
pub(crate) fn is_last(answer: &Answer) -> bool {
    let Some(json) = answer.json() else { return false };
    let pointers = CURSORS.iter().map(|(pointer, _)| *pointer).chain(LINKS);
    pointers.filter_map(|pointer| json.pointer(pointer)).any(Value::is_null)
}

/// Members that say how many pages there are.
const PAGES: [&str; 8] = [
    "/pages",
    "/total_pages",
    "/totalPages",
    "/last_page",
    "/page_count",
    "/meta/total_pages",
    "/meta/last_page",
    "/pagination/pages",
];

/// Whether `answer` says that there is more than one page.
pub(crate) fn has_more_pages(answer: &Answer) -> bool {
    let json = answer.json();
    let count = |pointer: &&str| json.as_ref().and_then(|json| json.pointer(pointer)?.as_u64());
    PAGES.iter().find_map(count).is_some_and(|pages| pages > 1)
}

fn by_cursor(json: &Value) -> Option<String> {
    CURSORS.iter().find_map(|(pointer, parameter)| {
        let cursor = json.pointer(pointer)?.as_str().filter(|cursor| !cursor.is_empty())?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        Some(query.append_pair("limit", "100").append_pair(parameter, cursor).finish())
    })
}

fn by_link(json: &Value) -> Option<String> {
    LINKS.iter().find_map(|pointer| query_of(json.pointer(pointer)?.as_str()?))
}

fn by_header(links: &str) -> Option<String> {
    let next = links.split(',').find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    query_of(next.split_once('<')?.1.split_once('>')?.0)
}

fn query_of(link: &str) -> Option<String> {
    link.split_once('?').map(|(_, query)| query.to_owned()).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::cursor(json!({"items": [], "next_cursor": "a+b="}), Some("limit=100&cursor=a%2Bb%3D"))]
    #[case::no_more(json!({"items": [], "next_cursor": null}), None)]
    #[case::django(json!({"next": "https://api.example/tasks/?page=2", "results": []}), Some("page=2"))]
    #[case::hal(json!({"_links": {"next": {"href": "/tasks?page=2"}}}), Some("page=2"))]
    #[case::bare(json!([]), None)]
    fn the_next_page_is_found_where_services_put_it(#[case] body: Value, #[case] query: Option<&str>) {
        assert_eq!(by_cursor(&body).or_else(|| by_link(&body)).as_deref(), query);
    }

    #[test]
    fn the_next_page_is_found_in_a_link_header() {
        let links = r#"<https://api.example/tasks?page=1>; rel="prev", <https://api.example/tasks?page=3>; rel="next""#;
        assert_eq!(by_header(links).as_deref(), Some("page=3"));
        assert_eq!(by_header(r#"<https://api.example/tasks?page=1>; rel="prev""#), None);
    }

    #[rstest]
    #[case("/tasks", "", "/tasks")]
    #[case("/tasks", "a=1", "/tasks?a=1")]
    #[case("/tasks?x=1", "a=1", "/tasks?x=1&a=1")]
    fn queries_are_appended_as_the_path_allows(#[case] path: &str, #[case] query: &str, #[case] whole: &str) {
        assert_eq!(asking(path, query), whole);
    }
}
