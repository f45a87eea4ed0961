//! What operators see: log lines, request ids and metrics. Never tokens, query strings, bodies or ids of objects.
//!
//! One line a request, with the route's template instead of the path: bounded, and nothing that a client put into a path
//! reaches the log. Metrics are recorded only where a `METRICS_PORT` will serve them.

use std::sync::OnceLock;
use std::time::Instant;

use axum::http::{HeaderName, HeaderValue, Method, Request, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::auth::Refusal;
use crate::config::Log;

/// On every answer; ours alone. A client's own value is neither used nor echoed.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 25.0];

/// Starts logging to standard output, unless the process logs already.
pub(crate) fn init(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    let started = if log.json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).finish().try_init()
    } else {
        lines.with_ansi(false).finish().try_init()
    };
    drop(started);
}

/// Starts recording metrics, once for the process.
pub(crate) fn record() -> PrometheusHandle {
    let start = || {
        let builder = PrometheusBuilder::new();
        let recorder = builder.set_buckets(&BUCKETS).unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        drop(metrics::set_global_recorder(recorder));
        handle
    };
    METRICS.get_or_init(start).clone()
}

/// One request, from its first sight to its answer.
#[derive(Debug)]
pub(crate) struct Visit {
    id: HeaderValue,
    began: Instant,
    method: &'static str,
    route: &'static str,
}

impl Visit {
    /// Notes what will be said about the request.
    pub(crate) fn begin<B>(request: &Request<B>) -> Self {
        let id = HeaderValue::try_from(format!("{:032x}", rand::random::<u128>()));
        Self {
            id: id.unwrap_or(HeaderValue::from_static("none")),
            began: Instant::now(),
            method: name(request.method()),
            route: route(request.uri().path()),
        }
    }

    /// Puts the id on the answer, writes the line and counts.
    pub(crate) fn end<B>(self, response: &mut Response<B>) {
        let (status, took) = (response.status().as_u16(), self.began.elapsed());
        let refused = response.extensions().get::<Refusal>().map(tracing::field::display);
        let id = self.id.to_str().unwrap_or_default();
        tracing::info!(target: "server::access", request_id = id, method = self.method, route = self.route, status,
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), refused, "request");
        if METRICS.get().is_some() {
            let labels = [("method", self.method.to_owned()), ("route", self.route.to_owned()), ("status", status.to_string())];
            metrics::counter!("http_requests_total", &labels).increment(1);
            metrics::histogram!("http_request_duration_seconds", "route" => self.route).record(took.as_secs_f64());
        }
        response.headers_mut().insert(X_REQUEST_ID, self.id);
    }
}

/// A bounded set of method names, whatever clients invent.
fn name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The template of the route that a path belongs to; the same templates as in [`crate::app`].
fn route(path: &str) -> &'static str {
    let fixed = ["/api/tasks", "/health", "/livez"];
    if let Some(fixed) = fixed.into_iter().find(|route| *route == path) {
        return fixed;
    }
    let mut segments = path.strip_prefix("/api/tasks/").unwrap_or_default().split('/');
    match (segments.next(), segments.next(), segments.next()) {
        (Some(id), None, None) if !id.is_empty() => "/api/tasks/{id}",
        (Some(id), Some("complete"), None) if !id.is_empty() => "/api/tasks/{id}/complete",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case("/api/tasks", "/api/tasks")]
    #[case("/api/tasks/1", "/api/tasks/{id}")]
    #[case("/api/tasks/1/complete", "/api/tasks/{id}/complete")]
    #[case("/api/tasks/", "none")]
    #[case("/api/tasks//complete", "none")]
    #[case("/api/tasks/1/", "none")]
    #[case("/api/tasks/1/complete/", "none")]
    #[case("/eyJhbGciOiJIUzI1NiJ9.secret", "none")]
    fn a_path_is_logged_as_its_route(#[case] path: &str, #[case] route: &str) {
        assert_eq!(super::route(path), route);
    }
}
