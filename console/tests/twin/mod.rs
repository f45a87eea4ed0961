//! The flawed twin: a small tasks API whose hardened form is secure, and which has one named switch for each flaw.
//!
//! It exists so that every check of the catalogue is shown to fail on a service with exactly that flaw, and on nothing else. It shares no
//! code with the real server: a mistake in one cannot hide in the other. Each concern has a file of its own where its switches act
//! ([`cors`], [`verifier`], [`store`], [`trespass`], [`tasks`], [`health`], [`headers`], [`docs`], [`robust`], [`wire`]) and a table of its own that declares them
//! ([`flaws`]). What the checks conclude belongs to `matrix.rs`.
#![allow(dead_code, reason = "each test binary that includes the twin uses another part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "test support: what cannot be set up stops the test")]

pub(crate) mod accounts;
pub(crate) mod app;
pub(crate) mod configuration;
pub(crate) mod cors;
pub(crate) mod csrf;
pub(crate) mod docs;
pub(crate) mod flaws;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod house;
pub(crate) mod labels;
pub(crate) mod problem;
pub(crate) mod robust;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod strict_json;
pub(crate) mod tasks;
pub(crate) mod tls;
pub(crate) mod trespass;
pub(crate) mod verifier;
pub(crate) mod wire;

use std::sync::Arc;

use console::checks::Forge;
use console::target::{
    Accounts, BaseUrl, Bulk, Call, Carrier, Declared, Disabled, Grant, HeaderPolicy, HealthAt, Mint, Origin, OtherKeys, Paths,
    Policy, ReleaseAt, Resource, Routes, Signup, Target, TokenAt, Tokens, Transport,
};
use console::verify::Inputs;
use secrecy::SecretString;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use flaws::Flaws;
pub(crate) use house::House;
pub(crate) use verifier::Kind;

/// Origins that the twin lets in.
pub(crate) const ORIGINS: [&str; 3] =
    ["https://tasks-twin.vercel.app", "https://tasks-twin-admin.vercel.app", "https://app.tasks-twin.example"];
/// The HS256 secret.
pub(crate) const SECRET: &str = "k8Qz-twin-only-Vb41xJr9TnWm6Yd2Lc7Hs0Pf";
/// The secret before the last rotation.
pub(crate) const PREVIOUS_SECRET: &str = "w3Rt-twin-before-Kd81pLr5SnQm2Zc7Jy4Fx9Ga";
/// The secret of another stage.
pub(crate) const STAGING_SECRET: &str = "m6Hn-twin-staging-Bq27vTe4UoXc9Ws1Rz8Lk3";
/// The cookie that carries tokens, where a cookie does.
pub(crate) const COOKIE: &str = "session";
/// The header that carries tokens, where another header does.
pub(crate) const HEADER: &str = "x-auth-token";
/// Required issuer.
pub(crate) const ISSUER: &str = "https://login.tasks-twin.example";
/// Required audience.
pub(crate) const AUDIENCE: &str = "tasks-twin";
/// Longest life of a token that the twin accepts, in seconds.
pub(crate) const MAX_LIFETIME_SECS: i64 = 3_600;
/// The commit that the twin says it was built from.
pub(crate) const COMMIT: &str = "3f9d1c2ab47e5068d1f0c9e8b7a6d5c4e3f2a1b0";

/// Reasons for which a check may be skipped on the hardened twin: what a service on plain HTTP without a repository cannot be asked.
pub(crate) const UNASKED: [&str; 8] = [
    "https",
    "git repository",
    "secret is declared",
    "leaves the target",
    "sets no cookie beside the token",
    "no route that changes an account",
    "no CSRF token is declared",
    "no session is there before the sign-in",
];

/// A running twin. Dropping it stops it.
pub(crate) struct Twin {
    house: Arc<House>,
    base: String,
    transport: Transport,
    _stop: DropGuard,
}

impl Twin {
    /// Starts a twin with exactly these flaws on a free loopback port. Must be called inside a tokio runtime.
    ///
    /// # Panics
    /// When a name is in no table, or no port can be had.
    pub(crate) async fn start(flaws: &[&str]) -> Self {
        let (kind, carrier) = manner(&Flaws::of(flaws));
        Self::start_as(kind, carrier, flaws).await
    }

    /// Starts a twin whose accounts have routes of their own.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) async fn start_with_profiles() -> Self {
        Self::start_in(House::new(Kind::Shared, Carrier::Bearer, Flaws::of(&[]), None).with_profiles()).await
    }

    /// Starts a twin with this front end alone, which may be looked at.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) async fn start_with_front(front: String) -> Self {
        Self::start_in(House::new(Kind::Shared, Carrier::Bearer, Flaws::of(&[]), Some(front))).await
    }

    /// Starts a twin whose tokens are of this kind and travel so.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) async fn start_as(kind: Kind, carrier: Carrier, flaws: &[&str]) -> Self {
        let flaws = Flaws::of(flaws);
        let front = if flaws.has("cors.dangling-origin") { Some(vacant().await) } else { None };
        Self::start_in(House::new(kind, carrier, flaws, front)).await
    }

    async fn start_in(house: House) -> Self {
        let house = Arc::new(house);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let stop = CancellationToken::new();
        tokio::spawn(wire::serve(listener, app::router(Arc::clone(&house)), Arc::clone(&house), stop.clone()));
        Self { house, base, transport: Transport::default(), _stop: stop.drop_guard() }
    }

    /// The same behind TLS, under a name that a private authority vouches for.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) async fn start_secure(flaws: &[&str]) -> Self {
        let house = Arc::new(House::new(Kind::Shared, Carrier::Bearer, Flaws::of(flaws), None).behind_tls());
        let stop = CancellationToken::new();
        let tls::Front { base, transport } = tls::open(&house, &stop).await;
        Self { house, base, transport, _stop: stop.drop_guard() }
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
            release: ReleaseAt { schema_head: Some("0007".into()), ..ReleaseAt::default() },
            health: HealthAt::default(),
            openapi: Some("/twin.openapi.json".into()),
            routes: Routes::default(),
            allow_unsafe_routes: true,
            resource: Resource { bulk: vec![bulk()], ..Resource::default() },
            parent: None,
            tokens: match self.house.kind {
                Kind::Opaque => Tokens::Signup,
                Kind::Shared if self.signs_up() => Tokens::Signup,
                Kind::Shared | Kind::KeyPair => Tokens::Mint(Box::new(mint(&self.house))),
            },
            accounts: Accounts { expired: Some(ended(&self.house)), ..routes(&self.house.carrier) },
            stand_in: None,
            other_keys: OtherKeys {
                signing: self.signs_up().then(|| Box::new(mint(&self.house))),
                previous: Some(("TWIN_PREVIOUS_SECRET".into(), PREVIOUS_SECRET.into())),
                foreign: vec![("TWIN_STAGING_SECRET".into(), STAGING_SECRET.into())],
                public: None,
            },
            carrier: self.house.carrier.clone(),
            csrf: csrf::declared(&self.house),
            policy: policy(&self.house.carrier),
            allow_writes: true,
            ask_origins: self.house.front.is_some(),
            transport: self.transport.clone(),
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

    /// Whether its users sign up, since the flaw is in what a sign-in sets, or in what is made in accounts of a run alone.
    fn signs_up(&self) -> bool {
        ["isolation.session-", "isolation.label-"].iter().any(|flaws| self.house.flaws.any(flaws))
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

/// What the tokens of a twin are and how they travel, by the names of its flaws.
fn manner(flaws: &Flaws) -> (Kind, Carrier) {
    match () {
        () if flaws.any("jwt.keypair-") => (Kind::KeyPair, Carrier::Bearer),
        () if flaws.any("jwt.opaque-cookie-") => (Kind::Opaque, Carrier::Cookie(COOKIE.to_owned())),
        () if flaws.any("jwt.opaque-") => (Kind::Opaque, Carrier::Bearer),
        () if flaws.any("jwt.cookie-") => (Kind::Shared, Carrier::Cookie(COOKIE.to_owned())),
        () if flaws.any("jwt.header-or-") => (Kind::Shared, Carrier::Header(HEADER.to_owned())),
        () => (Kind::Shared, Carrier::Bearer),
    }
}

pub(crate) fn mint(house: &House) -> Mint {
    let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "token_use": "access" });
    let kid = (house.kind == Kind::KeyPair).then(|| verifier::KEY_ID.to_owned());
    let claims = claims.as_object().cloned().unwrap_or_default();
    Mint { claims, kid, ..Mint::new(verifier::key(house), "TWIN_JWT_SECRET") }
}

/// A token of A that ended some time ago.
fn ended(house: &House) -> SecretString {
    let hours_ago = OffsetDateTime::now_utc() - time::Duration::hours(3);
    Forge::new(mint(house)).good("postflight-of-old", hours_ago).into()
}

/// The route that deletes several tasks.
fn bulk() -> Bulk {
    Bulk { method: "POST".into(), path: "/api/bulk/delete".into(), body: json!({ "ids": "{ids}" }) }
}

/// The routes of accounts, as an operator would declare them.
fn routes(carrier: &Carrier) -> Accounts {
    let call = |method: &str, path: &str, body: Value| Call {
        method: method.into(),
        path: path.into(),
        body,
        form: false,
        headers: Vec::new(),
    };
    let token = match carrier {
        Carrier::Bearer | Carrier::Scheme(_) => TokenAt::Body("/access_token".into()),
        Carrier::Cookie(name) => TokenAt::Cookie(name.clone()),
        Carrier::Header(name) => TokenAt::Header(name.clone()),
    };
    let in_cookie = matches!(carrier, Carrier::Cookie(_));
    let refresh = if in_cookie { TokenAt::Cookie(accounts::REFRESH_COOKIE.into()) } else { TokenAt::Body("/refresh_token".into()) };
    let grant = |call: Call| Grant {
        call,
        token: Some(token.clone()),
        subject: Some("/user/id".into()),
        refresh_token: Some(refresh.clone()),
    };
    // Where the refresh token is, and nothing else.
    let with_refresh = |path: &str| {
        if in_cookie {
            let headers = vec![("cookie".into(), format!("{}={{refresh_token}}", accounts::REFRESH_COOKIE))];
            return Call { headers, ..call("POST", path, Value::Null) };
        }
        call("POST", path, json!({ "refresh_token": "{refresh_token}" }))
    };
    let known = json!({ "username": "{username}", "password": "{password}" });
    let signup = grant(call("POST", "/auth/signup", known.clone()));
    Accounts {
        signup: Some(Signup { grant: signup, names: None, domain: "example.com".into(), password: None }),
        login: Some(grant(call("POST", "/auth/login", known))),
        users: None,
        delete: Some(call("DELETE", "/auth/me", Value::Null)),
        logout: Some(with_refresh("/auth/logout")),
        refresh: Some(grant(with_refresh("/auth/refresh"))),
        password: Some(call("POST", "/auth/password", json!({ "old": "{password}", "new": "{new_password}" }))),
        disabled: Some(Disabled::Subject(verifier::DISABLED.into())),
        expired: None,
    }
}

fn policy(carrier: &Carrier) -> Policy {
    let required = ["x-content-type-options", "content-security-policy", "referrer-policy", "cross-origin-resource-policy"];
    let granted = ["authorization", "content-type", "if-match", "if-none-match"];
    let own = matches!(carrier, Carrier::Header(_)).then_some(HEADER);
    Policy {
        max_lifetime_secs: u64::try_from(MAX_LIFETIME_SECS).ok(),
        issuer: Some(ISSUER.into()),
        audience: Some(AUDIENCE.into()),
        revocation: true,
        single_use: true,
        login_limit: Some(accounts::LIMIT),
        request_headers: granted.into_iter().chain(own).map(str::to_owned).collect(),
        headers: HeaderPolicy {
            required: required.map(str::to_owned).into(),
            forbidden: vec!["x-node-name".into()],
            exact: vec![("permissions-policy".into(), "camera=(), geolocation=(), microphone=()".into())],
            ..HeaderPolicy::default()
        },
        declared: declared(),
        ..Policy::default()
    }
}

fn declared() -> Declared {
    Declared {
        rate_limit: Some(robust::BURST),
        max_body: Some(64 * 1024),
        problem: ["/type", "/title", "/status", "/detail"].map(str::to_owned).into(),
        request_id: Some("x-request-id".into()),
        idempotency_header: Some(robust::IDEMPOTENCY.into()),
        header_timeout: Some(wire::HEADER_SECS),
        body_timeout: Some(robust::BODY_SECS),
    }
}

/// A temporary directory whose writes wait for no disk, where the system has such: every run syncs a journal for everything it makes.
pub(crate) fn in_memory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    directory.expect("a temporary directory")
}
