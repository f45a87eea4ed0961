//! Security headers, by value, on every kind of answer.

use rstest::rstest;

use crate::support::http::Request;
use crate::support::{Engine, ORIGIN, TestServer, token};

const EXPECTED: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
    ("cache-control", "no-store"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];
const NEVER: [&str; 7] =
    ["server", "x-powered-by", "set-cookie", "via", "server-timing", "timing-allow-origin", "x-xss-protection"];

#[rstest]
#[case::ok("GET", "/livez", 200)]
#[case::health("GET", "/health", 200)]
#[case::list("GET", "/api/tasks", 200)]
#[case::not_found("GET", "/nowhere", 404)]
#[case::no_task("GET", "/api/tasks/x", 404)]
#[case::no_method("POST", "/livez", 405)]
#[case::no_type("POST", "/api/tasks", 415)]
#[case::bad_query("GET", "/api/tasks?x", 422)]
fn every_answer_carries_them_once(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let server = TestServer::on(Engine::Sqlite);
    let reply = server.as_user("ann", method, path);
    assert_eq!(reply.status, status);
    for (name, value) in EXPECTED {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    for name in NEVER {
        assert_eq!(reply.header(name), None, "{name}");
    }
    assert_eq!(reply.header("x-request-id").map(str::len), Some(32));
}

#[test]
fn refusals_and_preflights_carry_them_too() {
    let server = TestServer::on(Engine::Sqlite);
    let preflight = Request::new("OPTIONS", "/api/tasks").with("Access-Control-Request-Method", "GET");
    for request in [
        Request::new("GET", "/api/tasks"),
        Request::new("GET", "/livez").with("Origin", "https://evil.example"),
        preflight.with("Origin", ORIGIN),
    ] {
        let reply = server.send(&request);
        for (name, value) in EXPECTED {
            assert_eq!(reply.header(name), Some(value), "{name} {reply:?}");
        }
    }
}

#[rstest]
#[case(&["https"], true)]
#[case(&["http"], false)]
#[case(&[], false)]
#[case(&["HTTPS"], false)]
#[case(&["https,http"], false)]
#[case(&["https", "http"], false)]
#[case(&["http", "https"], false)]
fn hsts_is_sent_over_https_only(#[case] protos: &[&str], #[case] sent: bool) {
    let server = TestServer::on(Engine::Sqlite);
    let mut request = Request::new("GET", "/livez");
    for proto in protos {
        request = request.with("X-Forwarded-Proto", proto);
    }
    let expected = sent.then_some("max-age=31536000; includeSubDomains");
    assert_eq!(server.send(&request).header("strict-transport-security"), expected);
}

#[test]
fn the_request_id_is_ours_and_new_each_time() {
    let server = TestServer::on(Engine::Sqlite);
    let ask = || server.send(&Request::new("GET", "/livez").bearer(&token::of("ann")).with("X-Request-Id", "mine"));
    let (first, second) = (ask(), ask());
    let id = first.header("x-request-id").unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
