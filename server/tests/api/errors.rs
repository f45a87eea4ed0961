//! Every error is a problem, with the right status and a body that says no more than it should.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::{Request, raw};
use crate::support::{Engine, TestServer, token};

const ID: &str = "/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057";

#[rstest]
#[case("/")]
#[case("/api")]
#[case("/api/tasks/")]
#[case("/api//tasks")]
#[case("//api/tasks")]
#[case("/API/tasks")]
#[case("/api/%74asks")]
#[case("/api/tasks%2f")]
#[case("/api/./tasks")]
#[case("/api/v1/tasks")]
#[case("/v1/api/tasks")]
#[case("/internal/tasks")]
#[case("/api/tasks/x/y")]
#[case("/health/")]
#[case("/healthz")]
#[case("/livez%00")]
#[case("/metrics")]
#[case("/admin")]
#[case("/.env")]
#[case("/.git/HEAD")]
#[case("/debug/pprof")]
#[case("/actuator/health")]
#[case("/graphql")]
#[case("/%ff%fe")]
#[case("/%2e%2e/%2e%2e/etc/passwd")]
fn a_path_that_is_not_a_route_is_the_same_404(#[case] path: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let random = server.get("/q7f3k9");
    assert_snapshot!(random, @r#"
    404 application/problem+json
    {"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing here."}
    "#);
    for method in ["GET", "POST", "DELETE"] {
        assert_eq!(server.send(&Request::new(method, path)).comparable(), random.comparable(), "{method}");
    }
}

#[rstest]
#[case("/livez", "GET,HEAD")]
#[case("/health", "GET,HEAD")]
#[case("/api/tasks", "GET,HEAD,POST")]
#[case(ID, "DELETE,GET,HEAD,PATCH,PUT")]
#[case("/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057/complete", "PATCH")]
fn allow_is_the_truth(#[case] path: &str, #[case] allowed: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "TRACK", "PROPFIND", "get", "FOO"];
    for method in methods {
        let reply = server.send(&Request::new(method, path).bearer(&token::of("ann")));
        let listed = allowed.split(',').any(|known| known == method);
        assert_eq!(reply.status != 405, listed, "{method}: {reply:?}");
        if !listed {
            let mut allow: Vec<&str> = reply.header("allow").unwrap().split(',').collect();
            allow.sort_unstable();
            assert_eq!(allow.join(","), allowed, "{method}");
            assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        }
    }
}

#[test]
fn connect_is_not_implemented_and_opens_no_tunnel() {
    let server = TestServer::on(Engine::Sqlite);
    let reply = raw(server.address, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n");
    assert_snapshot!(reply, @r#"
    501 application/problem+json
    {"type":"about:blank","title":"Not Implemented","status":501,"detail":"No resource here supports this method."}
    "#);
}

#[test]
fn a_body_that_is_announced_too_large_is_refused_unread() {
    let server = TestServer::on(Engine::Sqlite);
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n",
        token::of("ann")
    );
    let reply = raw(server.address, head.as_bytes());
    assert_snapshot!(reply, @r#"
    413 application/problem+json
    {"type":"about:blank","title":"Payload Too Large","status":413,"detail":"The body is larger than 65536 bytes."}
    "#);
}

#[test]
fn a_body_that_grows_too_large_in_chunks_is_refused() {
    let server = TestServer::on(Engine::Sqlite);
    let mut request = format!("POST /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", token::of("ann")).into_bytes();
    for _ in 0..20 {
        request.extend(format!("1000\r\n{}\r\n", " ".repeat(0x1000)).as_bytes());
    }
    request.extend(b"0\r\n\r\n");
    assert_eq!(raw(server.address, &request).status, 413);
}

#[test]
fn a_chunked_body_of_the_right_size_is_read() {
    let server = TestServer::on(Engine::Sqlite);
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        token::of("ann")
    );
    let body = "6\r\n{\"titl\r\n7\r\ne\":\"a\"}\r\n0\r\n\r\n";
    assert_eq!(raw(server.address, format!("{head}{body}").as_bytes()).status, 201);
}

#[rstest]
#[case::two_lengths("Content-Length: 5\r\nContent-Length: 6\r\n")]
#[case::bad_length("Content-Length: 5x\r\n")]
#[case::negative_length("Content-Length: -1\r\n")]
#[case::bad_coding("Transfer-Encoding: gzip, identity\r\n")]
#[case::folded("X-A: a\r\n b\r\n")]
#[case::space_before_colon("X-A : a\r\n")]
#[case::nul_in_header("X-A: a\0b\r\n")]
fn ambiguous_framing_is_a_bad_request(#[case] headers: &str) {
    let server = TestServer::on(Engine::Sqlite);
    let head = format!("POST /api/tasks HTTP/1.1\r\nHost: test\r\n{headers}\r\nhello");
    assert_eq!(raw(server.address, head.as_bytes()).status, 400);
}

#[rstest]
#[case::none("GET /livez HTTP/1.1\r\n", 400)]
#[case::two("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400)]
#[case::old_protocol("GET /livez HTTP/1.0\r\n", 200)]
#[case::absolute("GET http://evil.example/livez HTTP/1.1\r\nHost: test\r\n", 200)]
fn a_request_has_one_host(#[case] head: &str, #[case] status: u16) {
    let server = TestServer::on(Engine::Sqlite);
    let request = format!("{head}Connection: close\r\n\r\n");
    assert_eq!(raw(server.address, request.as_bytes()).status, status);
}

#[rstest]
#[case("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")]
#[case("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")]
fn a_second_request_hidden_in_a_body_is_not_answered(#[case] framing: &str) {
    let server = TestServer::on(Engine::Sqlite);
    for path in ["/livez", "/api/tasks"] {
        let token = token::of("ann");
        let outer = format!("POST {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n");
        let outer = format!("{outer}Content-Type: application/json\r\n{framing}\r\n");
        let body = "b\r\n{\"title\":\"\"\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: test\r\n\r\n";
        let reply = raw(server.address, format!("{outer}{body}").as_bytes());
        assert_eq!(reply.header("connection"), Some("close"), "{reply:?}");
        assert!(!reply.body.contains("HTTP/1.1"), "{reply:?}");
    }
}

#[test]
fn too_many_headers_are_431() {
    let server = TestServer::on(Engine::Sqlite);
    let mut request = Request::new("GET", "/livez");
    for number in 0..200 {
        request = request.with(&format!("X-{number}"), "a");
    }
    assert_eq!(server.send(&request).status, 431);
}

#[test]
fn the_host_header_is_reflected_nowhere() {
    let server = TestServer::on(Engine::Sqlite);
    let request = Request::new("POST", "/api/tasks")
        .bearer(&token::of("ann"))
        .with("X-Forwarded-Host", "evil.example")
        .json(r#"{"title":"a"}"#);
    let reply = server.send(&request);
    assert!(!format!("{reply:?}").contains("evil.example"));
    assert!(reply.header("location").unwrap().starts_with("/api/tasks/"));
}
