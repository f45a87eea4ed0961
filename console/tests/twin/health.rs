//! Liveness and deep health, and where the flaws of the suites `health` and `release` act.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::headers::put;
use super::house::timestamp;
use super::{COMMIT, House, problem};

/// Another commit than the one that was deployed.
const OLD_COMMIT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";

/// `GET /livez`.
pub(crate) async fn live(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    if house.has("health.live-needs-token") && !headers.contains_key("authorization") {
        return problem::UNAUTHORIZED.into_response();
    }
    if house.has("health.live-fails") {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "starting" }))).into_response();
    }
    if house.has("health.live-is-html") {
        return ([("content-type", "text/html")], "<html><body>It works!</body></html>").into_response();
    }
    Json(json!({ "status": "ok" })).into_response()
}

/// `GET /health`: really asks the store.
pub(crate) async fn deep(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    if house.has("health.needs-token") && !headers.contains_key("authorization") {
        return problem::UNAUTHORIZED.into_response();
    }
    if house.has("health.is-text") {
        return "OK".into_response();
    }
    if house.has("health.slow") {
        tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    }
    let Some(_turn) = house.probes.enter(&house) else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unhealthy", "database": "disconnected" })))
            .into_response();
    };
    if house.has("health.connection-for-each") {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }
    let started = std::time::Instant::now();
    house.store.ping();
    let mut body = json!({
        "status": "ok",
        "database": "connected",
        "schema": if house.has("release.schema-behind") { 6 } else { 7 },
        "environment": "production",
        "timestamp": timestamp(OffsetDateTime::now_utc()),
        "database_latency_ms": started.elapsed().as_secs_f64() * 1e3,
        "version": "0.1.0",
        "commit": COMMIT,
        "deployment": "twin-deployment-1",
        "replica": "twin-replica-1",
        "started_at": timestamp(house.started),
    });
    bend(&house, &mut body);
    (status(&house), Json(body)).into_response()
}

/// Connections that health has for itself, where a flaw takes one for each request.
const CONNECTIONS: usize = 6;

/// Requests of deep health under way.
#[derive(Debug, Default)]
pub(crate) struct Probes(Arc<std::sync::atomic::AtomicUsize>);

/// One of them; it ends when this is dropped.
pub(crate) struct Turn(Arc<std::sync::atomic::AtomicUsize>);

impl Probes {
    /// Lets a request in, unless a flaw has run out of connections.
    fn enter(&self, house: &House) -> Option<Turn> {
        let under_way = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let turn = Turn(Arc::clone(&self.0));
        (under_way < CONNECTIONS || !house.has("health.connection-for-each")).then_some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Flaws of the status.
fn status(house: &House) -> StatusCode {
    let down = house.has("health.down") || (house.has("health.one-replica-down") && house.looked().is_multiple_of(3));
    if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

/// Flaws of the body: members that are added, changed or (`null`) taken away.
fn bend(house: &House, body: &mut Value) {
    let now = OffsetDateTime::now_utc();
    let titles = || house.store.all().into_iter().map(|task| json!(task.title)).collect();
    let changes: [(&str, &str, Value); 24] = [
        ("isolation.health-shows-tasks", "titles", titles()),
        ("health.down", "database", json!("disconnected")),
        ("health.down", "status", json!("unhealthy")),
        ("health.lies", "database", json!("disconnected")),
        ("health.degraded-but-200", "status", json!("degraded")),
        ("health.shallow", "database", Value::Null),
        ("health.shallow", "database_latency_ms", Value::Null),
        ("health.no-latency", "database_latency_ms", Value::Null),
        (
            "health.driver-text",
            "detail",
            json!("asyncpg.exceptions.ConnectionDoesNotExistError: connection was closed in the middle of operation"),
        ),
        ("health.database-host", "database_host", json!("ep-cool-darkness-123456-pooler.eu-central-1.aws.neon.tech")),
        ("health.database-url", "database_url", json!("postgresql://app:not-a-real-password@db.internal:5432/app")),
        ("health.environment-dump", "env", json!({ "JWT_SECRET": "not-a-real-secret", "PATH": "/usr/bin" })),
        ("health.frozen-timestamp", "timestamp", json!(timestamp(house.started - Duration::days(1)))),
        ("health.database-url-cut", "database_url", json!("postgresql://app:not-a-re...")),
        ("health.debug-on", "debug", json!(true)),
        ("health.runtime", "python_version", json!("3.11.4")),
        ("health.development", "environment", json!("development")),
        ("release.other-commit", "commit", json!(OLD_COMMIT)),
        ("release.unnamed", "commit", Value::Null),
        ("release.unnamed", "version", Value::Null),
        ("release.unnamed", "deployment", Value::Null),
        ("release.started-before-deploy", "started_at", json!(timestamp(now - Duration::days(3)))),
        ("release.starts-in-the-future", "started_at", json!(timestamp(now + Duration::days(3)))),
        ("release.restarts", "started_at", json!(timestamp(now))),
    ];
    for (_, name, value) in changes.into_iter().filter(|(flaw, ..)| house.has(flaw)) {
        body[name] = value;
    }
    if house.has("release.replicas-disagree") && house.looked() % 3 == 2 {
        (body["commit"], body["replica"]) = (json!(OLD_COMMIT), json!("twin-replica-2"));
    }
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
}

/// Flaws of the headers of the health routes; called last.
pub(crate) fn dress(house: &House, path: &str, headers: &mut HeaderMap) {
    if !matches!(path, "/health" | "/livez") {
        return;
    }
    let changes: [(&str, &'static str, &str); 4] = [
        ("health.cacheable", "cache-control", "public, max-age=60"),
        ("health.cached", "age", "37"),
        ("health.cached", "x-cache", "HIT"),
        ("health.uncontrolled-cache", "cache-control", ""),
    ];
    for (_, name, value) in changes.into_iter().filter(|(flaw, ..)| house.has(flaw)) {
        put(headers, name, value);
    }
}

/// Flaws of the clock, on every answer.
pub(crate) fn clock(house: &House, headers: &mut HeaderMap) {
    const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let skews = [
        ("health.clock-ahead", Duration::minutes(5)),
        ("health.clock-behind", Duration::minutes(-5)),
        ("health.clock-drifts", Duration::seconds(-5)),
    ];
    for (flaw, skew) in skews {
        if house.has(flaw) {
            let date = (OffsetDateTime::now_utc() + skew).format(FORMAT).expect("a date");
            put(headers, "date", &date);
        }
    }
}
