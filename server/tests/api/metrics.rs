//! The metrics port.

use crate::support::http::Request;
use crate::support::postgres::free_port;
use crate::support::{TestServer, token};

#[test]
fn metrics_are_on_their_own_port_and_only_there() {
    let port = free_port();
    let server = TestServer::sqlite(|options| options.metrics_port = Some(port));
    server.task("ann", "a");
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.send(&Request::new("INVENTED", "/secret-path").bearer(&token::of("ann"))).status, 404);
    let metrics = ([127, 0, 0, 1], port).into();
    let scraped = Request::new("GET", "/metrics").send(metrics);
    assert_eq!((scraped.status, scraped.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    for line in [
        r#"http_requests_total{method="POST",route="/api/tasks",status="201"} 1"#,
        r#"http_requests_total{method="GET",route="/livez",status="200"} 1"#,
        r#"http_requests_total{method="other",route="none",status="404"} 1"#,
        r#"database_connections{state="open"}"#,
    ] {
        assert!(scraped.body.contains(line), "{line} in\n{}", scraped.body);
    }
    assert!(!scraped.body.contains("secret-path") && !scraped.body.contains("INVENTED"), "labels are bounded");
    assert_eq!(Request::new("GET", "/livez").send(metrics).status, 404);
    assert_eq!(Request::new("GET", "/api/tasks").bearer(&token::of("ann")).send(metrics).status, 404);
    assert_eq!(server.get("/metrics").status, 404);
}
