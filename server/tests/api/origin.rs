//! The origin rule, with tokens that work: what is refused here is refused for its origin alone.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::{Reply, Request};
use crate::support::{Engine, ORIGIN, TestServer, token};

fn from(server: &TestServer, origins: &[&str], method: &str, path: &str) -> Reply {
    let mut request = Request::new(method, path).bearer(&token::of("ann"));
    for origin in origins {
        request = request.with("Origin", origin);
    }
    server.send(&request)
}

fn preflight(server: &TestServer, origin: &str, method: &str, headers: &str) -> Reply {
    let request = Request::new("OPTIONS", "/api/tasks").with("Origin", origin);
    let request = request.with("Access-Control-Request-Method", method).with("Access-Control-Request-Headers", headers);
    server.send(&request)
}

#[rstest]
#[case("https://evil.example")]
#[case("null")]
#[case("http://app.example.com")]
#[case("https://app.example.com.evil.example")]
#[case("https://app.example.comevil.example")]
#[case("https://evilapp.example.com")]
#[case("https://evil-app.example.com")]
#[case("https://sub.app.example.com")]
#[case("https://example.com")]
#[case("https://appxexample.com")]
#[case("https://app.examplexcom")]
#[case("https://app.example.com:443")]
#[case("https://app.example.com:8443")]
#[case("https://app.example.com:0")]
#[case("https://app.example.com.")]
#[case("https://APP.example.com")]
#[case("HTTPS://app.example.com")]
#[case("https://app.example.com/")]
#[case("https://app.example.com/path")]
#[case("https://app.example.com?")]
#[case("https://app.example.com#")]
#[case("https://user@app.example.com")]
#[case("https://app.example.com@evil.example")]
#[case("https://app.example.com\\.evil.example")]
#[case("https://app.example.com_.evil.example")]
#[case("https://app.example.com%60.evil.example")]
#[case("https://app.example.com, https://evil.example")]
#[case("https://app.example.com https://evil.example")]
#[case("https://evil.example, https://app.example.com")]
#[case("https://app.example.com,")]
#[case("")]
#[case("*")]
#[case("app.example.com")]
#[case("//app.example.com")]
#[case("http://localhost:3000")]
#[case("http://127.0.0.1")]
#[case("http://[::1]")]
#[case("file://")]
#[case("capacitor://localhost")]
#[case("chrome-extension://abcdefghijklmnop")]
#[case("https://xn--pp-example-h4a.com")]
#[case("https://аpp.example.com")]
#[case("https://project-git-main-team.vercel.app")]
fn an_origin_off_the_allowlist_reaches_no_handler(#[case] origin: &str) {
    let server = TestServer::on(Engine::Sqlite);
    for (method, path) in [("GET", "/api/tasks"), ("GET", "/health"), ("GET", "/nowhere"), ("DELETE", "/api/tasks/x")] {
        let reply = from(&server, &[origin], method, path);
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (403, None), "{method} {path}");
    }
    assert_eq!(preflight(&server, origin, "POST", "authorization").status, 403);
    let write = Request::new("POST", "/api/tasks").bearer(&token::of("ann")).with("Origin", origin).json(r#"{"title":"a"}"#);
    assert_eq!(server.send(&write).status, 403);
    assert_eq!(server.as_user("ann", "GET", "/api/tasks").json()["items"], serde_json::json!([]), "nothing was written");
}

#[test]
fn a_refusal_reads_well_and_leaks_nothing() {
    let server = TestServer::on(Engine::Sqlite);
    let reply = from(&server, &["https://evil.example"], "GET", "/api/tasks");
    assert_snapshot!(reply, @r#"
    403 application/problem+json
    {"type":"about:blank","title":"Forbidden","status":403,"detail":"This origin may not use the API."}
    "#);
    assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{reply:?}");
    assert_eq!(reply.header("vary"), Some("Origin, Authorization"));
}

#[test]
fn more_than_one_origin_is_nobodys() {
    let server = TestServer::on(Engine::Sqlite);
    for origins in [[ORIGIN, "https://evil.example"], ["https://evil.example", ORIGIN], [ORIGIN, ORIGIN]] {
        assert_eq!(from(&server, &origins, "GET", "/api/tasks").status, 403);
    }
}

#[test]
fn a_very_long_origin_and_odd_bytes_are_refused() {
    let server = TestServer::on(Engine::Sqlite);
    assert_eq!(from(&server, &[&format!("https://{}.example", "a".repeat(8192))], "GET", "/api/tasks").status, 403);
    let odd = b"GET /api/tasks HTTP/1.1\r\nHost: test\r\nConnection: close\r\nOrigin: https://\xe4pp.example.com\r\n\r\n";
    assert_eq!(crate::support::http::raw(server.address, odd).status, 403);
}

#[rstest]
#[case("GET", "/api/tasks", 200)]
#[case("HEAD", "/api/tasks", 200)]
#[case("GET", "/api/tasks/x", 404)]
#[case("GET", "/nowhere", 404)]
#[case("POST", "/health", 405)]
#[case("OPTIONS", "/api/tasks", 405)]
#[case("POST", "/api/tasks", 415)]
#[case("GET", "/api/tasks?x=1", 422)]
#[case("GET", "/livez", 200)]
#[case("GET", "/health", 200)]
fn every_answer_to_an_allowed_origin_can_be_read(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let server = TestServer::on(Engine::Sqlite);
    let reply = from(&server, &[ORIGIN], method, path);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (status, Some(ORIGIN)));
    assert_eq!(reply.header("vary"), Some("Origin, Authorization"));
    assert_eq!(reply.header("access-control-expose-headers"), Some("ETag, Location, Retry-After, X-Request-Id"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    assert_eq!(reply.header("access-control-allow-methods"), None);
}

#[test]
fn an_allowed_preflight_gets_the_policy_and_needs_no_token() {
    let server = TestServer::on(Engine::Sqlite);
    let reply = preflight(&server, ORIGIN, "PATCH", "authorization,content-type,if-match");
    let mut cors: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("access-control") || name == "vary")
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    cors.sort();
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_snapshot!(cors.join("\n"), @r"
    access-control-allow-headers: Authorization, Content-Type, If-Match, If-None-Match
    access-control-allow-methods: GET, POST, PUT, PATCH, DELETE
    access-control-allow-origin: https://app.example.com
    access-control-max-age: 7200
    vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers
    ");
}

#[rstest]
#[case::canary_header("GET", "x-canary")]
#[case::many_headers("GET", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z")]
#[case::empty_headers("GET", "")]
#[case::lower_case_method("patch", "authorization")]
#[case::trace("TRACE", "authorization")]
#[case::connect("CONNECT", "authorization")]
#[case::invented("FOO", "authorization")]
fn a_preflight_grants_nothing_beyond_the_policy(#[case] method: &str, #[case] headers: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let reply = preflight(&server, ORIGIN, method, headers);
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST, PUT, PATCH, DELETE"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, Content-Type, If-Match, If-None-Match"));
}

#[test]
fn private_networks_are_never_granted() {
    let server = TestServer::on(Engine::Sqlite);
    let request = Request::new("OPTIONS", "/api/tasks").with("Origin", ORIGIN).with("Access-Control-Request-Method", "GET");
    let reply = server.send(&request.with("Access-Control-Request-Private-Network", "true"));
    assert_eq!(reply.header("access-control-allow-private-network"), None);
}

#[test]
fn the_verdict_follows_each_request_and_never_the_one_before() {
    let server = TestServer::on(Engine::Sqlite);
    let acao =
        |origins: &[&str]| from(&server, origins, "GET", "/api/tasks").header("access-control-allow-origin").map(str::to_owned);
    for _ in 0..3 {
        assert_eq!(acao(&[]), None);
        assert_eq!(acao(&[ORIGIN]).as_deref(), Some(ORIGIN));
        assert_eq!(acao(&["https://evil.example"]), None);
    }
}

#[rstest]
#[case("X-Forwarded-Host", "evil.example")]
#[case("Forwarded", "host=app.example.com")]
#[case("X-Origin", "https://app.example.com")]
#[case("Referer", "https://app.example.com/")]
fn other_headers_do_not_change_the_verdict(#[case] name: &str, #[case] value: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let request = Request::new("GET", "/api/tasks").bearer(&token::of("ann")).with("Origin", "https://evil.example");
    assert_eq!(server.send(&request.with(name, value)).status, 403);
}

#[test]
fn without_an_origin_nothing_is_granted_and_nothing_refused() {
    let server = TestServer::on(Engine::Sqlite);
    let reply = server.as_user("ann", "GET", "/api/tasks");
    assert_eq!(reply.status, 200);
    assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{reply:?}");
    assert_eq!(reply.header("vary"), Some("Origin, Authorization"));
}
