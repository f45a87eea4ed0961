//! The rate limit: who is counted, and what the refused are told.

use insta::assert_snapshot;

use crate::support::http::Request;
use crate::support::postgres::free_port;
use crate::support::{ORIGIN, TestServer, token};

fn tight() -> TestServer {
    TestServer::sqlite(|options| (options.rate_limit_per_second, options.rate_limit_burst) = (1, 3))
}

#[test]
fn the_fourth_request_waits_and_is_told_how_long() {
    let server = tight();
    let request = Request::new("GET", "/api/tasks").bearer(&token::of("ann")).with("Origin", ORIGIN);
    for _ in 0..3 {
        assert_eq!(server.send(&request).status, 200);
    }
    let refused = server.send(&request);
    assert_snapshot!(refused, @r#"
    429 application/problem+json
    {"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Too many requests; wait for Retry-After seconds."}
    "#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn users_have_buckets_of_their_own_and_a_bad_token_counts_for_the_address() {
    let server = tight();
    let ask = |user: &str| server.as_user(user, "GET", "/api/tasks").status;
    let bad = || server.send(&Request::new("GET", "/api/tasks").bearer("bad")).status;
    assert_eq!([ask("ann"), ask("ann"), ask("ann"), ask("ann")], [200, 200, 200, 429]);
    assert_eq!([ask("bob"), ask("bob"), ask("bob"), ask("bob")], [200, 200, 200, 429]);
    assert_eq!([bad(), bad(), bad(), bad()], [401, 401, 401, 429]);
    assert_eq!(server.get("/livez").status, 429, "the same address, the same bucket");
    assert_eq!(ask("cid"), 200, "a verified user is not held back by the address");
}

#[test]
fn a_forged_x_real_ip_does_not_buy_a_new_bucket_without_an_edge() {
    let server = tight();
    let ask = |ip: &str| server.send(&Request::new("GET", "/livez").with("X-Real-IP", ip)).status;
    let statuses: Vec<u16> = (0..6).map(|last| ask(&format!("192.0.2.{last}"))).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
}

#[test]
fn preflights_and_refused_origins_cost_nothing() {
    let server = tight();
    let preflight = Request::new("OPTIONS", "/api/tasks").with("Origin", ORIGIN).with("Access-Control-Request-Method", "GET");
    for _ in 0..10 {
        assert_eq!(server.send(&preflight).status, 204);
        assert_eq!(server.send(&Request::new("GET", "/livez").with("Origin", "null")).status, 403);
    }
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn behind_the_edge_each_client_address_has_its_own_bucket() {
    let url = format!("postgresql://postgres:x@127.0.0.1:{}/tasks", free_port());
    let rate = [("RATE_LIMIT_PER_SECOND", "1"), ("RATE_LIMIT_BURST", "2"), ("RAILWAY_SERVICE_ID", "s")];
    let server = TestServer::at(&url, &rate);
    let ask = |ip: &str| server.send(&Request::new("GET", "/livez").with("X-Real-IP", ip)).status;
    let one = ["192.0.2.1"; 3].map(ask);
    assert_eq!(one, [200, 200, 429]);
    assert_eq!(ask("192.0.2.2"), 200);
    assert_eq!(["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(ask), [200, 200, 429], "one /64 is one client");
}
