//! `/livez` and `/health`: is the process there, and can it do its work.
//!
//! Liveness never touches the database, so polling it neither wakes a sleeping compute nor turns a database outage into a restart
//! loop. Health is deep: a real round trip. Only one probe is in flight at a time and its answer is shared for up to a second,
//! so a flood of health requests is not a flood on the database (OWASP API4:2023).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::config::{Environment, Release};
use crate::database::Database;
use crate::json;
use crate::tasks::StoreError;

/// How long an answer is shared.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// How long a probe may take: a suspended compute needs seconds to wake, a health check has minutes.
const PROBE: Duration = Duration::from_secs(8);

/// The deep check and what it says about the release.
pub(crate) struct Health {
    database: Database,
    environment: Environment,
    release: Release,
    started_at: OffsetDateTime,
    last: Mutex<Option<(Instant, Probe)>>,
}

/// What a probe found.
#[derive(Debug, Clone, Copy)]
struct Probe {
    database: Reach,
    /// The last migration applied, where the database answered with a schema that will do.
    schema: Option<i64>,
    at: OffsetDateTime,
    latency: Duration,
}

/// The database, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// It answers and has the schema.
    Connected,
    /// It does not answer in time.
    Disconnected,
    /// It answers, but `server migrate` has not run.
    MigrationsPending,
}

/// The body of `/health`. What it says about the release is self-reported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthBody<'a> {
    /// `ok` or `unhealthy`.
    status: &'static str,
    database: Reach,
    /// Version of the last migration applied; null where the database does not answer or lacks the schema.
    schema: Option<i64>,
    environment: String,
    /// When the probe ended, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    /// The round trip, waiting for a connection included; milliseconds with microseconds after the point.
    database_latency_ms: f64,
    version: &'static str,
    commit: Option<&'a str>,
    deployment: Option<&'a str>,
    replica: Option<&'a str>,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
}

/// The body of `/livez`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveBody {
    /// Always `ok`: a process that could not say so would not answer.
    status: &'static str,
}

impl Health {
    /// The process starts now.
    pub(crate) fn new(database: Database, environment: Environment, release: Release) -> Self {
        Self { database, environment, release, started_at: OffsetDateTime::now_utc(), last: Mutex::new(None) }
    }

    /// The latest probe, if it is young enough, else a new one. Whoever comes while it runs waits for it and shares it.
    async fn probe(&self) -> Probe {
        let mut last = self.last.lock().await;
        if let Some((at, probe)) = *last
            && at.elapsed() < SHARED_FOR
        {
            return probe;
        }
        let probe = self.ask().await;
        *last = Some((Instant::now(), probe));
        probe
    }

    /// Asks the database and tells the log what an operator can do.
    pub(crate) async fn check(&self) -> bool {
        self.probe().await.database == Reach::Connected
    }

    /// One probe. The log gets the cause and what to do about it; the answer never does.
    async fn ask(&self) -> Probe {
        let began = Instant::now();
        let mut schema = None;
        let database = match timeout(PROBE, self.database.probe()).await {
            Ok(Ok(version)) => {
                schema = Some(version);
                Reach::Connected
            }
            Ok(Err(error @ StoreError::Schema(_))) => {
                tracing::error!(%error, "the database has no schema for this release: run `server migrate`");
                Reach::MigrationsPending
            }
            Ok(Err(error)) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, source, "the database does not answer");
                Reach::Disconnected
            }
            Err(_) => {
                tracing::warn!(seconds = PROBE.as_secs(), "the database does not answer in time");
                Reach::Disconnected
            }
        };
        Probe { database, schema, at: OffsetDateTime::now_utc(), latency: began.elapsed() }
    }

    /// The answer for a probe, with what the platform said about the release.
    fn body(&self, probe: Probe) -> HealthBody<'_> {
        HealthBody {
            status: if probe.database == Reach::Connected { "ok" } else { "unhealthy" },
            database: probe.database,
            schema: probe.schema,
            environment: self.environment.to_string(),
            timestamp: probe.at,
            database_latency_ms: (probe.latency.as_secs_f64() * 1e6).round() / 1e3,
            version: env!("CARGO_PKG_VERSION"),
            commit: self.release.commit.as_deref(),
            deployment: self.release.deployment.as_deref(),
            replica: self.release.replica.as_deref(),
            started_at: self.started_at,
        }
    }
}

/// Liveness: the process serves.
#[utoipa::path(get, path = "/livez", tag = "health", operation_id = "livez", responses((status = 200, body = LiveBody)))]
pub(crate) async fn livez() -> Response {
    json::answer(StatusCode::OK, &LiveBody { status: "ok" })
}

/// Deep health: the database answers and has the schema.
#[utoipa::path(get, path = "/health", tag = "health", operation_id = "health",
    responses((status = 200, body = HealthBody), (status = 503, body = HealthBody)))]
pub(crate) async fn health(State(app): State<Arc<Shared>>) -> Response {
    let probe = app.health.probe().await;
    let fine = probe.database == Reach::Connected;
    json::answer(if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &app.health.body(probe))
}
