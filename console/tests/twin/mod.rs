//! The flawed twin: a small tasks API whose hardened form is secure, and which has one named switch for each flaw.
//!
//! It exists so that every check of the catalogue is shown to fail on a service with exactly that flaw, and on nothing else. It shares no
//! code with the real server: a mistake in one cannot hide in the other. Each concern has a file of its own where its switches act
//! ([`cors`], [`verifier`], [`store`], [`trespass`], [`tasks`], [`health`], [`headers`], [`docs`]) and a table of its own that declares them
//! ([`flaws`]). What the checks conclude belongs to `matrix.rs`.
#![allow(dead_code, reason = "each test binary that includes the twin uses another part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "test support: what cannot be set up stops the test")]

pub(crate) mod app;
pub(crate) mod configuration;
pub(crate) mod cors;
pub(crate) mod docs;
pub(crate) mod flaws;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod house;
pub(crate) mod problem;
pub(crate) mod store;
pub(crate) mod strict_json;
pub(crate) mod tasks;
pub(crate) mod trespass;
pub(crate) mod verifier;

use std::sync::Arc;

use console::target::{
    Algorithm, BaseUrl, Carrier, HeaderPolicy, Mint, Origin, Paths, Policy, Resource, Target, Tokens, Transport,
};
use console::verify::Inputs;
use serde_json::json;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use flaws::Flaws;
pub(crate) use house::House;

/// Origins that the twin lets in.
pub(crate) const ORIGINS: [&str; 3] =
    ["https://tasks-twin.vercel.app", "https://tasks-twin-admin.vercel.app", "https://app.tasks-twin.example"];
/// The HS256 secret.
pub(crate) const SECRET: &str = "k8Qz-twin-only-Vb41xJr9TnWm6Yd2Lc7Hs0Pf";
/// Required issuer.
pub(crate) const ISSUER: &str = "https://login.tasks-twin.example";
/// Required audience.
pub(crate) const AUDIENCE: &str = "tasks-twin";
/// Longest life of a token that the twin accepts, in seconds.
pub(crate) const MAX_LIFETIME_SECS: i64 = 3_600;
/// The commit that the twin says it was built from.
pub(crate) const COMMIT: &str = "3f9d1c2ab47e5068d1f0c9e8b7a6d5c4e3f2a1b0";

/// A running twin. Dropping it stops it.
pub(crate) struct Twin {
    house: Arc<House>,
    base: String,
    _stop: DropGuard,
}

impl Twin {
    /// Starts a twin with exactly these flaws on a free loopback port. Must be called inside a tokio runtime.
    ///
    /// # Panics
    /// When a name is in no table, or no port can be had.
    pub(crate) async fn start(flaws: &[&str]) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let flaws = Flaws::of(flaws);
        let front = if flaws.has("cors.dangling-origin") { Some(vacant().await) } else { None };
        let house = Arc::new(House::new(flaws, front));
        let stop = CancellationToken::new();
        let service = axum::serve(listener, app::router(Arc::clone(&house))).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(service.into_future());
        Self { house, base, _stop: stop.drop_guard() }
    }

    /// Base URL: `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What goes on inside, for assertions behind the back of the checks.
    pub(crate) fn house(&self) -> &House {
        &self.house
    }

    /// The target as an operator would declare it: minted tokens, writes allowed, the full policy.
    pub(crate) fn target(&self) -> Target {
        Target {
            name: "twin".into(),
            base: BaseUrl::parse(&self.base).expect("a loopback URL"),
            origins: self.origins(),
            paths: Paths::default(),
            resource: Resource::default(),
            tokens: Tokens::Mint(Box::new(mint(&self.house))),
            carrier: Carrier::Bearer,
            policy: policy(),
            allow_writes: true,
            ask_origins: self.house.front.is_some(),
            transport: Transport::default(),
            allow_intrusive: true,
            limits: console::target::TargetLimits::default(),
            app_header: Some("x-request-id".into()),
            headers: Vec::new(),
            declared_secrets: Vec::new(),
            repository: None,
            configuration: Some(configuration::report(&self.house)),
            accepted: Vec::new(),
        }
    }

    /// The declared origins. One that may be looked at stands alone: the others are not on this machine.
    fn origins(&self) -> Vec<Origin> {
        let parsed = |origin: &str| Origin::parse(origin).expect("a canonical origin");
        self.house.front.as_deref().map_or_else(|| ORIGINS.map(parsed).into(), |front| vec![parsed(front)])
    }

    /// What the operator says beside the target: the release that was deployed.
    pub(crate) fn inputs(&self) -> Inputs {
        Inputs {
            commit: Some(COMMIT.into()),
            deployed_at: Some(self.house.started - time::Duration::seconds(20)),
            waited: Some(std::time::Duration::from_secs(if self.house.has("release.late") { 420 } else { 20 })),
            ..Inputs::default()
        }
    }
}

/// Serves what Vercel answers for a name that nobody has; its origin.
async fn vacant() -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
    let answer =
        (axum::http::StatusCode::NOT_FOUND, [("x-vercel-error", "DEPLOYMENT_NOT_FOUND")], "The deployment could not be found");
    let router = axum::Router::new().fallback(move || std::future::ready(answer));
    tokio::spawn(axum::serve(listener, router).into_future());
    origin
}

fn mint(house: &House) -> Mint {
    let claims = json!({ "iss": ISSUER, "aud": AUDIENCE });
    Mint {
        secret: verifier::secret(house).into(),
        variable: "TWIN_JWT_SECRET".into(),
        algorithm: Algorithm::Hs256,
        kid: None,
        subjects: None,
        claims: claims.as_object().cloned().unwrap_or_default(),
        lifetime_secs: 900,
    }
}

fn policy() -> Policy {
    let required = ["x-content-type-options", "content-security-policy", "referrer-policy", "cross-origin-resource-policy"];
    Policy {
        max_lifetime_secs: u64::try_from(MAX_LIFETIME_SECS).ok(),
        issuer: Some(ISSUER.into()),
        audience: Some(AUDIENCE.into()),
        request_headers: ["authorization", "content-type", "if-match", "if-none-match"].map(str::to_owned).into(),
        headers: HeaderPolicy { required: required.map(str::to_owned).into() },
        ..Policy::default()
    }
}

/// A temporary directory whose writes wait for no disk, where the system has such: every run syncs a journal for everything it makes.
pub(crate) fn in_memory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    directory.expect("a temporary directory")
}
