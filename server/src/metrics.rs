//! `/metrics` in Prometheus text, on a port of its own that the platform's edge does not route to.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Request};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::database::Database;
use crate::problem::Problem;

/// How often histograms are folded; without it they grow while nobody scrapes.
pub(crate) const UPKEEP: Duration = Duration::from_secs(5);
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What the metrics port serves: one route.
pub(crate) struct Metrics {
    pub(crate) recorded: PrometheusHandle,
    pub(crate) database: Database,
}

impl Metrics {
    /// `GET /metrics`, everything else is 404.
    pub(crate) fn answer(&self, request: &Request<Body>) -> Response {
        if request.uri().path() != "/metrics" || request.method() != Method::GET {
            return Problem::NotFound.into_response();
        }
        let (open, idle) = self.database.size();
        ::metrics::gauge!("database_connections", "state" => "open").set(open);
        ::metrics::gauge!("database_connections", "state" => "idle").set(u32::try_from(idle).unwrap_or(u32::MAX));
        ([(CONTENT_TYPE, TEXT)], self.recorded.render()).into_response()
    }
}
