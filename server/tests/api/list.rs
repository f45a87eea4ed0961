//! GET /api/tasks.

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::Value;

use crate::support::{Engine, TestServer};

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap()).collect()
}

#[rstest]
fn pages_follow_each_other_newest_first_without_gap_or_repetition(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    for number in 1..=7 {
        server.task("ann", &number.to_string());
        server.task("bob", "not ann's");
    }
    let first = server.as_user("ann", "GET", "/api/tasks?limit=3").json();
    assert_eq!(titles(&first), ["7", "6", "5"]);
    // A task that is made meanwhile belongs before the first page, so it does not shift the next one.
    server.task("ann", "8");
    let next = |page: &Value| format!("/api/tasks?limit=3&cursor={}", page["next_cursor"].as_str().unwrap());
    let second = server.as_user("ann", "GET", &next(&first)).json();
    assert_eq!(titles(&second), ["4", "3", "2"]);
    let third = server.as_user("ann", "GET", &next(&second)).json();
    assert_eq!(titles(&third), ["1"]);
    assert_eq!(third["next_cursor"], Value::Null);
}

#[test]
fn a_page_that_ends_exactly_at_the_end_has_no_next() {
    let server = TestServer::on(Engine::Sqlite);
    server.task("ann", "1");
    server.task("ann", "2");
    assert_eq!(server.as_user("ann", "GET", "/api/tasks?limit=2").json()["next_cursor"], Value::Null);
    assert_snapshot!(server.as_user("bob", "GET", "/api/tasks"), @r#"
    200 application/json
    {"items":[],"next_cursor":null}
    "#);
}

#[rstest]
#[case("limit=0")]
#[case("limit=101")]
#[case("limit=-1")]
#[case("limit=%2B5")]
#[case("limit=1e1")]
#[case("limit=")]
#[case("limit=1&limit=2")]
#[case("limit=99999999999999999999")]
#[case("cursor=")]
#[case("cursor=AAAA")]
#[case("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
#[case("cursor=a&cursor=b")]
#[case("user_id=bob")]
#[case("owner=bob&limit=1")]
#[case("offset=1")]
#[case("sort=owner")]
#[case("limit[]=1")]
#[case("_=1")]
fn a_query_that_is_not_understood_is_refused(#[case] query: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let reply = server.as_user("ann", "GET", &format!("/api/tasks?{query}"));
    assert_eq!(reply.status, 422, "{reply:?}");
}

#[rstest]
fn a_cursor_of_somebody_else_is_nonsense(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    for number in 1..=3 {
        server.task("ann", &number.to_string());
        server.task("bob", "bob's");
    }
    let page = server.as_user("ann", "GET", "/api/tasks?limit=1").json();
    let with_cursor = format!("/api/tasks?cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(server.as_user("ann", "GET", &with_cursor).status, 200);
    let nonsense = server.as_user("bob", "GET", "/api/tasks?cursor=nonsense");
    assert_eq!(server.as_user("bob", "GET", &with_cursor).comparable(), nonsense.comparable());
    assert_snapshot!(nonsense, @r#"
    422 application/problem+json
    {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"cursor is not one that this list gave you; start again without it."}
    "#);
}
