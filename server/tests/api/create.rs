//! POST /api/tasks.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::Request;
use crate::support::{Engine, TestServer, names, token};

#[rstest]
fn a_created_task_reads_back_as_it_was_answered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let body = r#"{"title":"Größe 📏","description":"line\nbreak","completed":true}"#;
    let created = server.write("ann", "POST", "/api/tasks", body);
    assert_eq!(created.status, 201);
    assert_eq!(created.header("etag"), Some("\"1\""));
    let task = created.json();
    assert_eq!(task["title"], "Größe 📏");
    assert_eq!(task["description"], "line\nbreak");
    assert_eq!(task["completed"], true);
    assert_eq!(task["version"], 1);
    assert_eq!(task["created_at"], task["updated_at"]);
    assert_eq!(names(&task), ["completed", "created_at", "description", "id", "title", "updated_at", "version"]);
    let id = task["id"].as_str().unwrap();
    assert_eq!(id.as_bytes()[14], b'7', "{id} is a UUID of version 7");
    assert_eq!(created.header("location"), Some(format!("/api/tasks/{id}").as_str()));
    let read = server.as_user("ann", "GET", created.header("location").unwrap());
    assert_eq!((read.status, read.json()), (200, task));
}

#[rstest]
#[case::empty("", "400")]
#[case::not_json("{", "400")]
#[case::two_documents(r#"{"title":"a"}{"title":"b"}"#, "400")]
#[case::nan(r#"{"title":NaN}"#, "400")]
#[case::byte_order_mark("\u{feff}{\"title\":\"a\"}", "400")]
#[case::lone_surrogate(r#"{"title":"\ud800"}"#, "400")]
#[case::list("[]", "422")]
#[case::fields_in_order(r#"["a",null,true]"#, "422")]
#[case::string(r#""a""#, "422")]
#[case::no_title("{}", "422")]
#[case::null_title(r#"{"title":null}"#, "422")]
#[case::number_title(r#"{"title":1e400}"#, "4")]
#[case::huge_integer(r#"{"title":123456789012345678901234567890}"#, "422")]
#[case::blank_title(r#"{"title":"  "}"#, "422")]
#[case::nul_title(r#"{"title":"a\u0000b"}"#, "422")]
#[case::nul_description(r#"{"title":"a","description":"\u0000"}"#, "422")]
#[case::duplicate_key(r#"{"title":"a","title":"b"}"#, "422")]
#[case::duplicate_escaped_key(r#"{"title":"a","\u0074itle":"b"}"#, "422")]
#[case::owner(r#"{"title":"a","owner":"bob"}"#, "422")]
#[case::user_id(r#"{"title":"a","user_id":"bob"}"#, "422")]
#[case::own_id(r#"{"title":"a","id":"01890a5d-ac96-774b-bcce-b302099a8057"}"#, "422")]
#[case::own_version(r#"{"title":"a","version":7}"#, "422")]
#[case::text_flag(r#"{"title":"a","completed":"yes"}"#, "422")]
fn a_body_that_does_not_fit_is_refused_and_nothing_is_made(#[case] body: &str, #[case] status: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let reply = server.write("ann", "POST", "/api/tasks", body);
    assert!(reply.status.to_string().starts_with(status), "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(server.as_user("ann", "GET", "/api/tasks").json()["items"], serde_json::json!([]));
}

#[test]
fn problems_with_a_body_read_well() {
    let server = TestServer::on(Engine::Sqlite);
    let ask = |body: &str| server.write("ann", "POST", "/api/tasks", body).to_string();
    assert_snapshot!(ask("{"), @r#"
    400 application/problem+json
    {"type":"about:blank","title":"Bad Request","status":400,"detail":"The body is not valid JSON (line 1, column 1)."}
    "#);
    assert_snapshot!(ask(r#"{"title":""}"#), @r#"
    422 application/problem+json
    {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"title must have 1 to 200 characters, not all of them white space"}
    "#);
    assert_snapshot!(ask(r#"{"title":"a","role":"admin"}"#), @r#"
    422 application/problem+json
    {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"unknown field `role`, expected one of `title`, `description`, `completed`"}
    "#);
    assert_snapshot!(ask(&format!(r#"{{"{}":1}}"#, "x".repeat(5000))).len() < 400, @"true");
}

#[rstest]
fn the_longest_texts_fit_in_characters_not_bytes(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let body = |title: usize, description: usize| {
        serde_json::json!({ "title": "é".repeat(title), "description": "😀".repeat(description) }).to_string()
    };
    assert_eq!(server.write("ann", "POST", "/api/tasks", &body(200, 1000)).status, 201);
    assert_eq!(server.write("ann", "POST", "/api/tasks", &body(201, 0)).status, 422);
    assert_eq!(server.write("ann", "POST", "/api/tasks", &body(1, 1001)).status, 422);
}

#[test]
fn ten_thousand_levels_of_nesting_are_a_bad_request() {
    let server = TestServer::on(Engine::Sqlite);
    let deep = format!(r#"{{"title":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let reply = server.write("ann", "POST", "/api/tasks", &deep);
    assert!((400..500).contains(&reply.status), "{reply:?}");
}

#[rstest]
#[case::absent(&[])]
#[case::text(&["text/plain"])]
#[case::form(&["application/x-www-form-urlencoded"])]
#[case::multipart(&["multipart/form-data; boundary=x"])]
#[case::empty(&[""])]
#[case::twice(&["application/json", "application/json"])]
#[case::both(&["text/plain", "application/json"])]
#[case::list(&["application/json, text/plain"])]
#[case::other_charset(&["application/json; charset=utf-16"])]
#[case::suffix(&["application/problem+json"])]
#[case::smuggled(&["text/plain; application/json"])]
fn a_write_that_is_not_json_by_type_is_415_before_any_effect(#[case] types: &[&str]) {
    let server = TestServer::on(Engine::Sqlite);
    let mut request = Request::new("POST", "/api/tasks").bearer(&token::of("ann")).body(r#"{"title":"a"}"#);
    for value in types {
        request = request.with("Content-Type", value);
    }
    assert_eq!(server.send(&request).status, 415);
    assert_eq!(server.as_user("ann", "GET", "/api/tasks").json()["items"], serde_json::json!([]));
}

#[rstest]
#[case("application/json")]
#[case("Application/JSON")]
#[case("application/json; charset=utf-8")]
#[case("application/json;charset=UTF-8")]
fn json_may_be_spelled_as_clients_spell_it(#[case] value: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let request = Request::new("POST", "/api/tasks").bearer(&token::of("ann")).with("Content-Type", value).body(r#"{"title":"a"}"#);
    assert_eq!(server.send(&request).status, 201);
}

#[test]
fn an_encoded_body_is_not_unpacked() {
    let server = TestServer::on(Engine::Sqlite);
    let request =
        Request::new("POST", "/api/tasks").bearer(&token::of("ann")).with("Content-Encoding", "gzip").json(r#"{"title":"a"}"#);
    assert_eq!(server.send(&request).status, 415);
}

#[test]
fn a_query_on_a_write_is_refused() {
    let server = TestServer::on(Engine::Sqlite);
    assert_eq!(server.write("ann", "POST", "/api/tasks?user_id=bob", r#"{"title":"a"}"#).status, 422);
    assert_eq!(server.as_user("bob", "GET", "/api/tasks").json()["items"], serde_json::json!([]));
}
