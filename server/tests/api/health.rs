//! GET /livez and GET /health.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::Request;
use crate::support::postgres::Postgres;
use crate::support::{Engine, TestServer, names};

#[rstest]
fn health_says_what_runs_and_since_when(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let reply = server.get("/health");
    let body = reply.json();
    assert_eq!((reply.status, &body["status"], &body["database"]), (200, &"ok".into(), &"connected".into()));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        names(&body),
        [
            "commit",
            "database",
            "database_latency_ms",
            "deployment",
            "environment",
            "replica",
            "schema",
            "started_at",
            "status",
            "timestamp",
            "version"
        ]
    );
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["schema"].as_i64() >= Some(20_261_123_000_001), "{body}");
    assert!(body["database_latency_ms"].as_f64().unwrap() > 0.0);
    assert!(body["started_at"].as_str() <= body["timestamp"].as_str());
    assert_eq!(server.send(&Request::new("HEAD", "/health")).body, "");
}

#[test]
fn health_repeats_what_the_platform_told() {
    let server = TestServer::sqlite(|options| {
        options.commit = Some("0123abc".into());
        options.deployment = Some("dep-1".into());
        options.replica = Some("rep-1".into());
    });
    let body = server.get("/health").json();
    assert_eq!((&body["commit"], &body["deployment"], &body["replica"]), (&"0123abc".into(), &"dep-1".into(), &"rep-1".into()));
    assert_eq!(body["environment"], "production");
}

#[test]
fn liveness_is_small() {
    let server = TestServer::on(Engine::Sqlite);
    assert_snapshot!(server.get("/livez"), @r#"
    200 application/json
    {"status":"ok"}
    "#);
}

#[test]
fn a_flood_of_health_requests_is_one_probe_a_second() {
    let server = TestServer::on(Engine::Postgres);
    let stamps: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..40).map(|_| scope.spawn(|| server.get("/health").json()["timestamp"].to_string())).collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let mut probes = stamps.clone();
    probes.sort();
    probes.dedup();
    assert!(probes.len() <= 3, "{} probes for {} requests", probes.len(), stamps.len());
}

#[test]
fn without_the_schema_the_process_lives_and_health_says_what_is_missing() {
    let postgres = Postgres::start();
    let server = TestServer::at(&postgres.url(), &[]);
    let health = server.get("/health");
    assert_eq!((health.status, health.json()["database"].as_str()), (503, Some("migrations_pending")));
    assert_eq!(server.get("/livez").status, 200);
    let list = server.as_user("ann", "GET", "/api/tasks");
    assert_eq!((list.status, list.header("retry-after")), (503, Some("5")));
    crate::support::migrate(&postgres.url());
    let server = TestServer::at(&postgres.url(), &[]);
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.as_user("ann", "GET", "/api/tasks").status, 200);
}

#[test]
fn a_schema_of_a_later_release_is_fine_and_one_of_an_earlier_is_not() {
    let postgres = Postgres::start();
    crate::support::migrate(&postgres.url());
    postgres.query(
        "INSERT INTO _sqlx_migrations SELECT 99991231235959, 'later', now(), true, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    );
    assert_eq!(TestServer::at(&postgres.url(), &[]).get("/health").status, 200);
    postgres.query("UPDATE _sqlx_migrations SET version = version - 99990000000000 WHERE version > 99990000000000; UPDATE _sqlx_migrations SET version = 1 WHERE version > 20260000000000");
    assert_eq!(TestServer::at(&postgres.url(), &[]).get("/health").status, 503);
}
