//! GET, PUT, PATCH, DELETE /api/tasks/{id} and PATCH /api/tasks/{id}/complete.

use rstest::rstest;

use crate::support::http::Request;
use crate::support::{Engine, TestServer, token};

#[rstest]
fn put_replaces_everything_that_a_client_decides(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let created = server.write("ann", "POST", "/api/tasks", r#"{"title":"a","description":"d","completed":true}"#);
    let path = created.header("location").unwrap();
    let put = server.write("ann", "PUT", path, r#"{"title":"b"}"#);
    assert_eq!((put.status, put.header("etag")), (200, Some("\"2\"")));
    let (before, after) = (created.json(), put.json());
    assert_eq!(after["title"], "b");
    assert_eq!(after["description"], serde_json::Value::Null);
    assert_eq!(after["completed"], false);
    assert_eq!((&after["id"], &after["created_at"]), (&before["id"], &before["created_at"]));
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(server.as_user("ann", "GET", path).json(), after);
}

#[rstest]
fn patch_changes_what_it_names_and_nothing_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let table = [
        (r#"{"title":"b"}"#, "b", Some("d"), false),
        (r#"{"description":"e"}"#, "a", Some("e"), false),
        (r#"{"description":null}"#, "a", None, false),
        (r#"{"completed":true}"#, "a", Some("d"), true),
        (r#"{"title":"b","description":"","completed":true}"#, "b", Some(""), true),
    ];
    for (patch, title, description, completed) in table {
        let created = server.write("ann", "POST", "/api/tasks", r#"{"title":"a","description":"d"}"#);
        let task = server.write("ann", "PATCH", created.header("location").unwrap(), patch).json();
        let seen = (task["title"].as_str(), task["description"].as_str(), task["completed"].as_bool());
        assert_eq!(seen, (Some(title), description, Some(completed)), "{patch}");
        assert_eq!(task["version"], 2, "{patch}");
    }
}

#[rstest]
#[case("{}")]
#[case(r#"["b"]"#)]
#[case(r#"{"title":null}"#)]
#[case(r#"{"completed":null}"#)]
#[case(r#"{"title":"b","owner":"bob"}"#)]
#[case(r#"{"id":"01890a5d-ac96-774b-bcce-b302099a8057"}"#)]
#[case(r#"{"version":9}"#)]
#[case(r#"{"created_at":"2020-01-01T00:00:00Z"}"#)]
fn a_patch_that_does_not_fit_changes_nothing(#[case] patch: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "a");
    let before = server.as_user("ann", "GET", &path);
    assert_eq!(server.write("ann", "PATCH", &path, patch).status, 422);
    assert_eq!(server.as_user("ann", "GET", &path).comparable(), before.comparable());
}

#[rstest]
fn complete_toggles_without_a_body_and_sets_with_one(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = format!("{}/complete", server.task("ann", "a"));
    let flag = |reply: crate::support::http::Reply| (reply.status, reply.json()["completed"].as_bool());
    assert_eq!(flag(server.as_user("ann", "PATCH", &path)), (200, Some(true)));
    assert_eq!(flag(server.as_user("ann", "PATCH", &path)), (200, Some(false)));
    assert_eq!(flag(server.write("ann", "PATCH", &path, r#"{"completed":true}"#)), (200, Some(true)));
    assert_eq!(flag(server.write("ann", "PATCH", &path, r#"{"completed":true}"#)), (200, Some(true)));
    assert_eq!(flag(server.write("ann", "PATCH", &path, "{}")), (200, Some(false)));
}

#[rstest]
#[case::text_with_body(Some("text/plain"), r#"{"completed":true}"#)]
#[case::no_type_with_body(None, r#"{"completed":true}"#)]
#[case::text_without_body(Some("text/plain"), "")]
fn complete_takes_json_or_nothing(#[case] media: Option<&str>, #[case] body: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "a");
    let mut request = Request::new("PATCH", &format!("{path}/complete")).bearer(&token::of("ann")).body(body);
    if let Some(media) = media {
        request = request.with("Content-Type", media);
    }
    assert_eq!(server.send(&request).status, 415);
    assert_eq!(server.as_user("ann", "GET", &path).json()["version"], 1);
}

#[rstest]
fn a_deleted_task_is_gone_for_every_method(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = server.task("ann", "a");
    let deleted = server.as_user("ann", "DELETE", &path);
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    let gone = server.as_user("ann", "GET", &path);
    assert_eq!(gone.status, 404);
    assert_eq!(server.as_user("ann", "DELETE", &path).comparable(), gone.comparable());
    assert_eq!(server.write("ann", "PUT", &path, r#"{"title":"b"}"#).comparable(), gone.comparable());
    assert_eq!(server.write("ann", "PATCH", &path, r#"{"title":"b"}"#).comparable(), gone.comparable());
    assert_eq!(server.as_user("ann", "PATCH", &format!("{path}/complete")).comparable(), gone.comparable());
}

#[test]
fn head_says_what_get_would_without_the_body() {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "a");
    for path in [path.as_str(), "/api/tasks", "/livez"] {
        let get = server.as_user("ann", "GET", path).comparable();
        let head = server.as_user("ann", "HEAD", path).comparable();
        assert_eq!((head.status, &head.headers, head.body.as_str()), (get.status, &get.headers, ""), "{path}");
    }
}
