//! EC-1: the database goes away under a live server and comes back. Nothing crashes, nothing acknowledged is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::{Engine, TestServer};

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within half a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_lost_database_is_reported_and_a_returned_one_is_used_again() {
    let mut server = TestServer::on(Engine::Postgres);
    let path = server.task("ann", "before");
    let mut postgres = server.postgres.take().unwrap();
    postgres.crash();
    until("health sees the loss", || server.get("/health").status == 503);
    let mut health = server.get("/health").json();
    let told = health["database"].take();
    assert_eq!((told, &health["status"]), ("disconnected".into(), &"unhealthy".into()));
    let list = server.as_user("ann", "GET", "/api/tasks");
    assert_eq!(list.header("retry-after"), Some("5"));
    assert_snapshot!(list, @r#"
    503 application/problem+json
    {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The service cannot answer at the moment; try again."}
    "#);
    assert_eq!(server.write("ann", "POST", "/api/tasks", r#"{"title":"during"}"#).status, 503);
    assert_eq!(server.get("/livez").status, 200, "liveness does not depend on it");
    postgres.resume();
    until("health sees the return", || server.get("/health").status == 200);
    assert_eq!(server.as_user("ann", "GET", &path).json()["title"], "before");
    assert_eq!(server.write("ann", "POST", "/api/tasks", r#"{"title":"after"}"#).status, 201);
}

#[test]
fn a_read_over_a_connection_that_died_unseen_is_tried_again() {
    let server = TestServer::on(Engine::Postgres);
    let path = server.task("ann", "a");
    assert_eq!(server.as_user("ann", "GET", &path).status, 200);
    let postgres = server.postgres.as_ref().unwrap();
    for _ in 0..5 {
        postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'postflight-server'");
        assert_eq!(server.as_user("ann", "GET", &path).status, 200);
    }
}

/// Writes until told to stop; returns the paths of the writes that were acknowledged.
fn write_on(server: &TestServer, stop: &AtomicBool, count: &AtomicUsize) -> Vec<String> {
    let mut made = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let reply = server.write("ann", "POST", "/api/tasks", r#"{"title":"a"}"#);
        match reply.status {
            201 => made.push(reply.header("location").unwrap().to_owned()),
            503 => std::thread::sleep(Duration::from_millis(20)),
            _ => unreachable!("{reply:?}"),
        }
        count.store(count.load(Ordering::Relaxed).max(made.len()), Ordering::Relaxed);
    }
    made
}

#[test]
fn nothing_that_was_acknowledged_is_lost_in_a_crash() {
    let mut server = TestServer::on(Engine::Postgres);
    let mut postgres = server.postgres.take().unwrap();
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| write_on(&server, &stop, &count))).collect();
        until("there are writes", || count.load(Ordering::Relaxed) >= 20);
        postgres.crash();
        postgres.resume();
        let before = count.load(Ordering::Relaxed);
        until("there are writes again", || count.load(Ordering::Relaxed) >= before + 10);
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(acknowledged.len() >= 30, "only {} writes", acknowledged.len());
    for path in &acknowledged {
        assert_eq!(server.as_user("ann", "GET", path).status, 200, "{path} was acknowledged");
    }
}

#[test]
fn a_server_starts_without_its_database() {
    let port = crate::support::postgres::free_port();
    let server = TestServer::at(&format!("postgresql://postgres:x@127.0.0.1:{port}/tasks"), &[("DB_POOL_ACQUIRE_SECS", "1")]);
    assert_eq!(server.get("/livez").status, 200);
    let health = server.get("/health");
    assert_eq!(health.status, 503);
    for word in ["refused", "sqlx", "127.0.0.1", "postgres", &port.to_string()] {
        assert!(!health.body.contains(word), "{word} in {}", health.body);
    }
}
