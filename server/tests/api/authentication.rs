//! Who gets in. What makes a token bad is tested beside the verifier; here is what clients see of it.

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::json;

use crate::support::http::{Reply, Request};
use crate::support::{Engine, ORIGIN, TestServer, token};

const ID: &str = "/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn every_operation_of_the_document_but_health_is_closed_without_a_token() {
    let document: serde_json::Value = serde_json::from_str(&server::openapi().unwrap()).unwrap();
    let server = TestServer::on(Engine::Sqlite);
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let target = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let reply = server.send(&Request::new(&method.to_uppercase(), &target).json(r#"{"title":"a"}"#));
            let open = operation.get("security").is_none();
            assert_eq!(reply.status == 401, !open, "{method} {path}: {reply:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 9);
}

#[test]
fn all_rejections_look_alike() {
    let server = TestServer::on(Engine::Sqlite);
    let none = server.get("/api/tasks");
    assert_snapshot!(none, @r#"
    401 application/problem+json
    {"type":"about:blank","title":"Unauthorized","status":401,"detail":"A valid bearer token is required."}
    "#);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    let expired = token::with(&json!({ "sub": "ann", "exp": token::now() - 60 }));
    let foreign = token::signed(token::HEADER, &json!({ "sub": "ann", "exp": token::now() + 60 }).to_string(), &"x".repeat(40));
    let rejected: Vec<Reply> = ["garbage", "a.b.c", &expired, &foreign, &"a".repeat(5000), &format!("{}.", token::of("ann"))]
        .into_iter()
        .map(|token| server.send(&Request::new("GET", "/api/tasks").bearer(token)).comparable())
        .collect();
    assert!(rejected.iter().all(|reply| *reply == rejected[0]), "{rejected:?}");
    assert_eq!(rejected[0].header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    assert_eq!(rejected[0].body, none.body);
}

#[rstest]
#[case::lower("bearer {}", 200)]
#[case::upper("BEARER {}", 200)]
#[case::basic("Basic {}", 401)]
#[case::token("Token {}", 401)]
#[case::raw("{}", 401)]
#[case::two_spaces("Bearer  {}", 401)]
#[case::tab("Bearer\t{}", 401)]
#[case::comma("Bearer {}, Bearer {}", 401)]
#[case::parameter("Bearer token={}", 401)]
#[case::quoted("Bearer \"{}\"", 401)]
#[case::only_scheme("Bearer", 401)]
#[case::only_scheme_and_space("Bearer ", 401)]
#[case::null("Bearer null", 401)]
#[case::undefined("Bearer undefined", 401)]
#[case::empty("", 401)]
fn the_authorization_header_has_one_form(#[case] form: &str, #[case] status: u16) {
    let server = TestServer::on(Engine::Sqlite);
    let value = form.replace("{}", &token::of("ann"));
    let reply = server.send(&Request::new("GET", "/api/tasks").with("Authorization", &value));
    assert_eq!(reply.status, status, "{value}");
}

#[test]
fn two_authorization_headers_are_none() {
    let server = TestServer::on(Engine::Sqlite);
    let (good, bad) = (token::of("ann"), "bad".to_owned());
    for (first, second) in [(&good, &bad), (&bad, &good), (&good, &good)] {
        let request = Request::new("GET", "/api/tasks").bearer(first).bearer(second);
        assert_eq!(server.send(&request).status, 401);
    }
}

#[test]
fn a_token_anywhere_else_is_not_looked_at() {
    let server = TestServer::on(Engine::Sqlite);
    let token = token::of("ann");
    assert_eq!(server.get(&format!("/api/tasks?access_token={token}")).status, 401);
    for (name, value) in
        [("Cookie", format!("token={token}")), ("X-Auth-Token", token.clone()), ("Proxy-Authorization", format!("Bearer {token}"))]
    {
        assert_eq!(server.send(&Request::new("GET", "/api/tasks").with(name, &value)).status, 401, "{name}");
    }
    let form = Request::new("POST", "/api/tasks")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("access_token={token}"));
    assert_eq!(server.send(&form).status, 401);
}

#[test]
fn a_rejection_keeps_cors_so_that_a_page_can_read_it() {
    let server = TestServer::on(Engine::Sqlite);
    let reply = server.send(&Request::new("GET", "/api/tasks").bearer("bad").with("Origin", ORIGIN));
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (401, Some(ORIGIN)));
}

#[test]
fn who_you_are_is_asked_before_what_you_send() {
    let server = TestServer::on(Engine::Sqlite);
    for request in [
        Request::new("POST", "/api/tasks?user_id=1").with("Content-Type", "text/plain").body("x"),
        Request::new("PUT", ID).json("{"),
        Request::new("DELETE", "/api/tasks/not-an-id"),
    ] {
        assert_eq!(server.send(&request).status, 401);
    }
}

#[test]
fn a_very_long_token_is_refused_politely() {
    let server = TestServer::on(Engine::Sqlite);
    for (length, status) in [(20_000, 401), (200_000, 431)] {
        assert_eq!(server.send(&Request::new("GET", "/api/tasks").bearer(&"a".repeat(length))).status, status);
    }
}
