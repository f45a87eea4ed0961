//! Liveness and deep health, and where the flaws of the suites `health` and `release` act.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use time::OffsetDateTime;

use super::house::timestamp;
use super::{COMMIT, House};

/// `GET /livez`.
pub(crate) async fn live() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// `GET /health`: really asks the store.
pub(crate) async fn deep(State(house): State<Arc<House>>) -> Response {
    let started = std::time::Instant::now();
    house.store.ping();
    let body = json!({
        "status": "ok",
        "database": "connected",
        "environment": "production",
        "timestamp": timestamp(OffsetDateTime::now_utc()),
        "database_latency_ms": started.elapsed().as_secs_f64() * 1e3,
        "version": "0.1.0",
        "commit": COMMIT,
        "deployment": "twin-deployment-1",
        "replica": "twin-replica-1",
        "started_at": timestamp(house.started),
    });
    Json(body).into_response()
}
