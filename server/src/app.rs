//! The map of the house: every route, and the order in which a request meets the rules.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Method, Request, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::auth::Verifier;
use crate::config::Config;
use crate::database::Database;
use crate::docs;
use crate::headers::Dress;
use crate::health::{self, Health};
use crate::limits::{Limiter, Patience};
use crate::origin::Allowlist;
use crate::problem::{self, Problem};
use crate::tasks::{TaskStore, routes as tasks};
use crate::telemetry::Visit;

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) tasks: Arc<dyn TaskStore>,
    pub(crate) health: Health,
}

/// The whole application: one request in, one answer out, nothing else.
pub(crate) struct App {
    origins: Allowlist,
    verifier: Verifier,
    limiter: Limiter,
    patience: Patience,
    docs: bool,
    shared: Arc<Shared>,
    router: Router,
}

/// About how many headers the rules add; reserved at once.
const RESPONSE_HEADERS: usize = 14;

/// Every route there is.
fn router(docs: bool) -> Router<Arc<Shared>> {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/health", get(health::health))
        .route("/api/tasks", get(tasks::list).post(tasks::create))
        .route("/api/tasks/{id}", get(tasks::read).put(tasks::replace).patch(tasks::amend).delete(tasks::delete))
        .route("/api/tasks/{id}/complete", patch(tasks::complete))
        .merge(if docs { docs::routes() } else { Router::new() })
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(CatchPanicLayer::custom(Problem::from_panic))
}

impl App {
    /// Builds the application over an open database.
    pub(crate) fn new(config: &Config, database: &Database) -> Self {
        Self::over(config, database.tasks(), database)
    }

    fn over(config: &Config, tasks: Arc<dyn TaskStore>, database: &Database) -> Self {
        let secrets = [Some(&config.secrets.current), config.secrets.previous.as_ref()];
        let health = Health::new(database.clone(), config.environment, config.release.clone());
        let shared = Arc::new(Shared { tasks, health });
        Self {
            origins: Allowlist::new(config.origins.iter().map(String::as_str)),
            verifier: Verifier::new(secrets.into_iter().flatten(), config.expectations.clone()),
            limiter: Limiter::new(config.rate, config.behind_edge),
            patience: config.patience,
            docs: config.docs,
            router: router(config.docs).with_state(Arc::clone(&shared)),
            shared,
        }
    }

    /// Answers one request. From the outside in: id and log line, security headers, the origin rule, then everything else.
    /// What is made further in, errors and panics included, passes back through all of them.
    pub(crate) async fn answer(&self, peer: IpAddr, request: Request<Body>) -> Response {
        let visit = Visit::begin(&request);
        let page = self.docs && docs::is_page(request.uri().path());
        let dress = Dress::of(request.headers(), page);
        let chunked = request.headers().contains_key(TRANSFER_ENCODING);
        let verdict = self.origins.judge(request.method(), request.headers());
        let mut response = match verdict.answer() {
            Some(answer) => answer,
            None => self.admitted(peer, request).await,
        };
        if chunked {
            // A length beside it was dropped by the parser unseen (RFC 9112 section 6.1): what follows on this connection
            // must not be read as a request.
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response.headers_mut().reserve(RESPONSE_HEADERS);
        verdict.mark(response.headers_mut());
        dress.put_on(response.headers_mut());
        visit.end(&mut response);
        response
    }

    /// Past the origin rule: who is it, are they within their limits, and then the router, for a bounded time.
    async fn admitted(&self, peer: IpAddr, mut request: Request<Body>) -> Response {
        let identity = self.verifier.identify(request.headers());
        let owner = identity.as_ref().ok();
        if let Err(problem) = self.limiter.admit(owner, peer, request.headers()) {
            return problem.into_response();
        }
        if let Some(problem) = unroutable(&request) {
            return problem.into_response();
        }
        request.extensions_mut().insert(identity);
        request.extensions_mut().insert(self.patience);
        let answer = self.router.clone().oneshot(request);
        match tokio::time::timeout(self.patience.answer, answer).await {
            Ok(Ok(response)) => response,
            Err(_) => Problem::GatewayTimeout.into_response(),
        }
    }

    /// The deep check, for the start-up log.
    pub(crate) fn health(&self) -> &Health {
        &self.shared.health
    }

    /// The rate limiter, for its sweeper.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }
}

/// What no route should have to look at: a tunnel, or a request without exactly one `Host` (RFC 9112 section 3.2).
fn unroutable(request: &Request<Body>) -> Option<Problem> {
    if request.method() == Method::CONNECT {
        return Some(Problem::NotImplemented);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next(), request.version()) {
        (Some(_), None, _) | (None, _, Version::HTTP_10) => None,
        _ => Some(Problem::Malformed("Send exactly one Host header.".into())),
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
