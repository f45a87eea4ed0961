//! Reading lists: which query shows A's new object to A, where the next page is, and what a page counts.

use futures::future::try_join_all;
use serde_json::Value;

use crate::checks::{Context, Object, User};
use crate::http::{Answer, Probe, Trouble};

/// Page sizes and orders that services commonly know; unknown parameters are ignored by most.
const SIZES: [&str; 8] = [
    "",
    "limit=100",
    "per_page=100",
    "page_size=100",
    "size=100",
    "limit=100&sort=-created_at",
    "limit=100&order=desc",
    "limit=1000",
];
/// The first of them, which are enough nearly always.
const USUAL: usize = 2;
/// Pages followed at most when none of the above shows the object.
const PAGES: usize = 4;

/// A query that shows A's object in A's own list: the positive control of everything that is asked of B's list.
pub(super) struct Page {
    /// The query, without `?`; may be empty.
    pub(super) query: String,
    /// A's answer to it.
    pub(super) answer: Answer,
}

impl Page {
    /// Finds it. Trouble when A's own list never shows the object: then B's list not showing it proves nothing.
    pub(super) async fn showing(cx: &Context, object: &Object) -> Result<Self, Trouble> {
        let (usual, others) = SIZES.split_at(USUAL);
        if let (Some(page), _) = Self::among(cx, object, usual).await? {
            return Ok(page);
        }
        match Self::among(cx, object, others).await? {
            (Some(page), _) => Ok(page),
            (None, longest) => Self::further(cx, object, longest).await,
        }
    }

    /// The page of one of these queries that shows the object; else the longest answer.
    async fn among(cx: &Context, object: &Object, queries: &[&str]) -> Result<(Option<Self>, Option<Answer>), Trouble> {
        let a = cx.a()?;
        let asked = queries.iter().map(|query| async move { Ok::<_, Trouble>((*query, cx.send(&list(cx, a, query)).await?)) });
        let answers = try_join_all(asked).await?;
        let longest = answers.iter().map(|(_, answer)| answer.clone()).max_by_key(|answer| answer.body.len());
        let found = answers.into_iter().find(|(_, answer)| shows(answer, &object.canary));
        Ok((found.map(|(query, answer)| Self { query: query.to_owned(), answer }), longest))
    }

    async fn further(cx: &Context, object: &Object, mut page: Option<Answer>) -> Result<Self, Trouble> {
        for _ in 0..PAGES {
            let Some(query) = page.as_ref().and_then(next_query) else { break };
            let answer = cx.send(&list(cx, cx.a()?, &query)).await?;
            if shows(&answer, &object.canary) {
                return Ok(Self { query, answer });
            }
            page = Some(answer);
        }
        Err(Trouble::Unexpected("A's own list does not show the object that A just made, so lists cannot be judged".into()))
    }

    /// The query with more in it.
    pub(super) fn with(&self, more: &str) -> String {
        joined(&self.query, more)
    }
}

fn shows(answer: &Answer, canary: &str) -> bool {
    answer.is_success() && answer.contains(canary)
}

/// GET of `user`'s list with a query.
pub(super) fn list(cx: &Context, user: &User, query: &str) -> Probe {
    Probe::get(asking(&cx.list_path(user), query)).bearer(&user.token)
}

/// `path?query`, or the path alone.
pub(crate) fn asking(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// Two queries as one.
pub(super) fn joined(one: &str, other: &str) -> String {
    [one, other].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&")
}

/// Members that hold an opaque cursor, and the parameter that takes it.
const CURSORS: [(&str, &str); 10] = [
    ("/next_cursor", "cursor"),
    ("/nextCursor", "cursor"),
    ("/cursor", "cursor"),
    ("/meta/next_cursor", "cursor"),
    ("/pagination/next_cursor", "cursor"),
    ("/page_info/end_cursor", "after"),
    ("/next_page_token", "page_token"),
    ("/nextPageToken", "pageToken"),
    ("/paging/cursors/after", "after"),
    ("/after", "after"),
];
/// Members that hold the address of the next page.
const LINKS: [&str; 5] = ["/next", "/links/next", "/_links/next/href", "/meta/next", "/pagination/next"];

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

/// Members and headers that count what a list holds in all.
const TOTALS: [&str; 10] = [
    "/total",
    "/total_count",
    "/totalCount",
    "/count",
    "/totalElements",
    "/meta/total",
    "/meta/total_count",
    "/pagination/total",
    "/page/totalElements",
    "/total_items",
];
const TOTAL_HEADERS: [&str; 4] = ["x-total-count", "x-total", "x-count", "x-pagination-total-count"];

/// What a list answer says it holds in all, by the name under which it says so.
pub(super) fn totals(answer: &Answer) -> Vec<(&'static str, u64)> {
    let json = answer.json().unwrap_or_default();
    let body = TOTALS.iter().filter_map(|pointer| Some((*pointer, json.pointer(pointer)?.as_u64()?)));
    let header = |name: &'static str| Some((name, answer.headers.text(name)?.trim().parse().ok()?));
    body.chain(TOTAL_HEADERS.iter().filter_map(|name| header(name))).collect()
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
