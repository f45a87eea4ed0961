//! Two users: what one has, the other cannot see, touch, guess or count.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::{Reply, Request};
use crate::support::{Engine, TestServer, token};

const MISSING: &str = "/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057";

fn every_method(server: &TestServer, user: &str, path: &str) -> Vec<Reply> {
    let complete = format!("{path}/complete");
    vec![
        server.as_user(user, "GET", path),
        server.as_user(user, "HEAD", path),
        server.write(user, "PUT", path, r#"{"title":"taken"}"#),
        server.write(user, "PATCH", path, r#"{"title":"taken"}"#),
        server.as_user(user, "PATCH", &complete),
        server.write(user, "PATCH", &complete, r#"{"completed":true}"#),
        server.as_user(user, "DELETE", path),
    ]
}

#[rstest]
fn a_foreign_task_and_a_missing_one_are_the_same_answer_byte_for_byte(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = server.task("ann", "canary");
    let before = server.as_user("ann", "GET", &path);
    let foreign = every_method(&server, "bob", &path);
    let missing = every_method(&server, "bob", MISSING);
    for (foreign, missing) in foreign.iter().zip(&missing) {
        assert_eq!(foreign.comparable(), missing.comparable());
        assert_eq!(foreign.status, 404);
    }
    assert_eq!(server.as_user("ann", "GET", &path).comparable(), before.comparable(), "nothing was touched");
    assert_snapshot!(foreign[0], @r#"
    404 application/problem+json
    {"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing here."}
    "#);
}

#[rstest]
fn lists_do_not_know_of_each_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    server.task("bob", "bob's");
    let before = server.as_user("bob", "GET", "/api/tasks");
    for number in 0..5 {
        server.task("ann", &format!("canary {number}"));
    }
    assert_eq!(server.as_user("bob", "GET", "/api/tasks").comparable(), before.comparable());
    assert_eq!(server.as_user("bo", "GET", "/api/tasks").json()["items"], serde_json::json!([]), "a prefix is somebody else");
    assert_eq!(server.as_user("BOB", "GET", "/api/tasks").json()["items"], serde_json::json!([]), "so is another case");
}

#[rstest]
#[case::x_user_id("X-User-Id", "ann")]
#[case::x_forwarded_user("X-Forwarded-User", "ann")]
#[case::method_override("X-HTTP-Method-Override", "DELETE")]
#[case::original_url("X-Original-URL", "/api/tasks")]
fn headers_that_other_stacks_trust_change_nothing(#[case] name: &str, #[case] value: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "canary");
    let request = |path: &str| Request::new("GET", path).bearer(&token::of("bob")).with(name, value);
    assert_eq!(server.send(&request(&path)).status, 404);
    assert_eq!(server.send(&request("/api/tasks")).json()["items"], serde_json::json!([]));
    assert_eq!(server.as_user("ann", "GET", &path).status, 200);
}

#[rstest]
#[case::upper(|id: &str| id.to_uppercase())]
#[case::no_dashes(|id: &str| id.replace('-', ""))]
#[case::braces(|id: &str| format!("%7B{id}%7D"))]
#[case::urn(|id: &str| format!("urn:uuid:{id}"))]
#[case::slash(|id: &str| format!("{id}/"))]
#[case::dot(|id: &str| format!("{id}."))]
#[case::space(|id: &str| format!("{id}%20"))]
#[case::nul(|id: &str| format!("{id}%00"))]
#[case::parameter(|id: &str| format!("{id};x"))]
#[case::extension(|id: &str| format!("{id}.json"))]
#[case::double_slash(|id: &str| format!("/{id}"))]
#[case::encoded_slash(|id: &str| format!("%2F{id}"))]
#[case::dot_segment(|id: &str| format!("./{id}"))]
#[case::parent(|id: &str| format!("x/../{id}"))]
#[case::encoded_digit(|id: &str| format!("%{:x}{}", id.as_bytes()[0], &id[1..]))]
#[case::bad_encoding(|id: &str| format!("{id}%ff%fe"))]
#[case::not_an_id(|_: &str| "1".to_owned())]
#[case::overlong(|_: &str| "a".repeat(5000))]
fn an_id_has_one_spelling(#[case] spell: fn(&str) -> String) {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "a");
    let missing = server.as_user("ann", "GET", MISSING);
    let id = path.rsplit('/').next().unwrap();
    let odd = server.as_user("ann", "GET", &format!("/api/tasks/{}", spell(id)));
    assert_eq!(odd.comparable(), missing.comparable());
}

#[rstest]
fn interleaved_users_never_get_each_others_answers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let users = ["ann", "bob", "cid", "dee"];
    std::thread::scope(|scope| {
        for user in users {
            let server = &server;
            scope.spawn(move || {
                for round in 0..15 {
                    let path = server.task(user, &format!("{user} {round}"));
                    assert_eq!(server.as_user(user, "GET", &path).json()["title"], format!("{user} {round}"));
                }
                let list = server.as_user(user, "GET", "/api/tasks?limit=100").json();
                let items = list["items"].as_array().unwrap();
                assert_eq!(items.len(), 15);
                assert!(items.iter().all(|task| task["title"].as_str().unwrap().starts_with(user)));
            });
        }
    });
}

#[test]
fn an_answer_is_for_its_caller_alone() {
    let server = TestServer::on(Engine::Sqlite);
    let path = server.task("ann", "a");
    let mine = server.as_user("ann", "GET", &path);
    assert_eq!(mine.header("cache-control"), Some("no-store"));
    assert_eq!(mine.header("vary"), Some("Origin, Authorization"));
    assert_eq!(server.get(&path).status, 401);
}
