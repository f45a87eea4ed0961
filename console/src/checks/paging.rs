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

/// The query of the page after `answer`, if the answer names one: a cursor, a link in the body (JSON:API, HAL, DRF), its number
/// (Flask-SQLAlchemy, Laravel), or `Link` (RFC 8288).
pub(crate) fn next_query(answer: &Answer) -> Option<String> {
    let json = answer.json();
    json.as_ref().and_then(in_body).or_else(|| by_header(&answer.headers.text("link")?))
}

fn in_body(json: &Value) -> Option<String> {
    by_cursor(json).or_else(|| by_link(json)).or_else(|| by_number(json)).or_else(|| by_total(json))
}

/// Whether `answer` says that no page comes after it: a cursor, link or number that is there and empty, or a plain no.
pub(crate) fn is_last(answer: &Answer) -> bool {
    let Some(json) = answer.json() else { return false };
    let pointers = CURSORS.iter().map(|(pointer, _)| *pointer).chain(LINKS);
    let empty = pointers.filter_map(|pointer| json.pointer(pointer)).any(Value::is_null);
    empty || said(&json, &NEXT).is_some_and(Value::is_null) || said(&json, &MORE) == Some(&Value::Bool(false))
}

/// Members that hold what an answer says of its pages, beside the answer itself.
const ABOUT_PAGES: [&str; 7] = ["meta", "pagination", "paging", "page_info", "pageInfo", "data", "result"];
/// Names of what is said there, in lower case and without what joins words: how many pages there are, the number of this one and of the next,
/// how many objects there are in all, on a page and before this page, and whether there is a next one.
const COUNT: [&str; 4] = ["pages", "totalpages", "lastpage", "pagecount"];
const THIS: [&str; 3] = ["page", "currentpage", "pagenumber"];
const NEXT: [&str; 2] = ["nextpage", "nextpagenumber"];
const TOTAL: [&str; 4] = ["total", "totalcount", "totalitems", "totalelements"];
const SIZE: [&str; 4] = ["pagesize", "perpage", "limit", "size"];
const OFFSET: [&str; 1] = ["offset"];
const MORE: [&str; 4] = ["hasnext", "hasmore", "hasnextpage", "hasmorepages"];

/// What an answer says of its pages under one of these names.
fn said<'a>(json: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let plain = |name: &str| name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_ascii_lowercase();
    let places = std::iter::once(json).chain(ABOUT_PAGES.iter().filter_map(|place| json.get(place)));
    let members = places.filter_map(Value::as_object).flatten();
    members.into_iter().find(|(name, _)| names.contains(&plain(name).as_str())).map(|(_, value)| value)
}

/// Whether `answer` says that there is more than one page.
pub(crate) fn has_more_pages(answer: &Answer) -> bool {
    let json = answer.json().unwrap_or_default();
    let counted = said(&json, &COUNT).and_then(Value::as_u64).is_some_and(|pages| pages > 1);
    counted || said(&json, &MORE) == Some(&Value::Bool(true)) || by_total(&json).is_some()
}

fn by_number(json: &Value) -> Option<String> {
    let count = said(json, &COUNT).and_then(Value::as_u64);
    let more = |this: &u64| said(json, &MORE) == Some(&Value::Bool(true)) || count.is_some_and(|count| *this < count);
    let this = || said(json, &THIS)?.as_u64().filter(more)?.checked_add(1);
    let next = said(json, &NEXT).and_then(Value::as_u64).or_else(this)?;
    Some(format!("page={next}"))
}

/// The next page where an answer says how many objects there are, and how many of them a page holds.
fn by_total(json: &Value) -> Option<String> {
    let number = |names: &[&str]| said(json, names)?.as_u64();
    let (total, size) = (number(&TOTAL)?, number(&SIZE).filter(|size| *size > 0)?);
    if let Some(offset) = number(&OFFSET) {
        let next = offset.checked_add(size).filter(|next| *next < total)?;
        return Some(format!("limit={size}&offset={next}"));
    }
    let this = number(&THIS)?;
    let next = this.checked_add(1).filter(|_| this.saturating_mul(size) < total)?;
    Some(format!("page={next}"))
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
    #[case::flask(json!({"data": [], "meta": {"page": 1, "pages": 2, "next_page": 2, "has_next": true}}), Some("page=2"))]
    #[case::by_flag(json!({"docs": [], "page": 2, "hasNextPage": true}), Some("page=3"))]
    #[case::by_count(json!({"data": [], "meta": {"current_page": 1, "last_page": 2}}), Some("page=2"))]
    #[case::the_last_by_count(json!({"data": [], "page": 2, "total_pages": 2}), None)]
    #[case::the_last_by_flag(json!({"docs": [], "page": 3, "hasNextPage": false, "nextPage": null}), None)]
    #[case::by_total(json!({"data": {"items": [], "page": 1, "pageSize": 25, "total": 40}}), Some("page=2"))]
    #[case::the_last_by_total(json!({"data": {"items": [], "page": 2, "pageSize": 25, "total": 40}}), None)]
    #[case::by_offset(json!({"items": [], "total": 40, "limit": 20, "offset": 0}), Some("limit=20&offset=20"))]
    #[case::the_last_by_offset(json!({"items": [], "total": 40, "limit": 20, "offset": 20}), None)]
    #[case::bare(json!([]), None)]
    fn the_next_page_is_found_where_services_put_it(#[case] body: Value, #[case] query: Option<&str>) {
        assert_eq!(in_body(&body).as_deref(), query);
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
