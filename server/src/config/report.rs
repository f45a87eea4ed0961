//! `server check-config`: the configuration as evidence, without a secret in it.
//!
//! The report says which variables there are, which are present, what they are for, and, if the configuration is valid,
//! what follows from it: sizes, times, the token policy, the allowlist. It is made from the same parse as start-up, so it
//! cannot disagree with the running server.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::variables::{Required, VARIABLES};
use super::{Config, ConfigError};
use crate::database::Engine;

/// The version of the JSON's shape; it changes when a field is removed or means something else.
const SCHEMA: &str = "postflight.check-config/1";

/// What `check-config` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The shape of this document.
    schema: &'static str,
    version: &'static str,
    /// Whether the server would start.
    ok: bool,
    /// Every problem, in the order of the table.
    problems: Vec<Line>,
    /// Every variable that the server understands.
    variables: Vec<Row>,
    /// What follows from valid variables; `null` if there is a problem.
    settings: Option<Settings>,
}

/// One thing that is wrong; the message never contains the value.
#[derive(Debug, Serialize)]
struct Line {
    variable: String,
    message: String,
}

/// One row of the table of variables.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    present: bool,
    /// `always`, `deployed` (production and staging), `one of these` or `optional`.
    required: &'static str,
    /// Its value is never shown, here or anywhere.
    secret: bool,
    purpose: &'static str,
}

/// What follows from a valid environment: evidence for an audit, so no secret and no host name.
#[derive(Debug, Serialize)]
struct Settings {
    environment: String,
    listen: Listen,
    database: DatabaseSettings,
    auth: Auth,
    cors: Cors,
    api_docs: bool,
    rate_limit: RateLimit,
    limits: Limits,
    logs: &'static str,
    release: Release,
}

/// Where requests come in.
#[derive(Debug, Serialize)]
struct Listen {
    host: String,
    port: u16,
    metrics_port: Option<u16>,
    /// `X-Real-IP` is believed, because a platform variable says that the edge is in front.
    behind_edge: bool,
}

/// How the database is reached.
#[derive(Debug, Serialize)]
struct DatabaseSettings {
    /// `postgresql` or `sqlite`.
    engine: &'static str,
    /// In libpq's words, from `disable` to `verify-full`; `null` for a file.
    tls: Option<String>,
    /// The host is a transaction-mode pooler, by its name.
    pooler: bool,
    /// The host is Neon's.
    neon: bool,
    /// Migrations have a connection of their own.
    direct_url: bool,
    pool_max: u32,
    pool_min: u32,
    pool_idle_secs: u64,
    pool_lifetime_secs: u64,
    pool_acquire_secs: u64,
    /// How statements are prepared; what is safe behind a transaction-mode pooler.
    statements: &'static str,
}

/// Which tokens are accepted.
#[derive(Debug, Serialize)]
struct Auth {
    /// The algorithm family, fixed by configuration and never by a token.
    mode: &'static str,
    algorithms: [&'static str; 1],
    /// A rotation is going on: two secrets verify.
    previous_secret: bool,
    issuer_required: bool,
    audience_required: bool,
    /// Claims without which a token is refused.
    required_claims: Vec<&'static str>,
    /// Tolerated clock difference.
    leeway_secs: u64,
    max_lifetime_secs: Option<u64>,
}

/// What pages of other origins may do.
#[derive(Debug, Serialize)]
struct Cors {
    /// The allowlist, exactly as it is compared.
    origins: Vec<String>,
    methods: [&'static str; 5],
    headers: [&'static str; 4],
    exposed: [&'static str; 4],
    /// Whether `Access-Control-Allow-Credentials` is ever sent.
    credentials: bool,
    max_age_secs: u32,
}

/// How much one caller may ask.
#[derive(Debug, Serialize)]
struct RateLimit {
    /// Tokens that come back each second, for each user or address.
    per_second: u32,
    /// The size of the bucket.
    burst: u32,
}

/// How long and how large a request may be.
#[derive(Debug, Serialize)]
struct Limits {
    /// Larger bodies are 413.
    body_bytes: usize,
    /// Slower headers, and idle connections, are closed.
    header_secs: u64,
    /// Slower bodies are 408.
    body_secs: u64,
    /// Slower answers are 504.
    answer_secs: u64,
    /// How long requests in flight may go on after SIGTERM.
    drain_secs: u64,
}

/// What the platform says about itself.
#[derive(Debug, Serialize)]
struct Release {
    commit: Option<String>,
    deployment: Option<String>,
    replica: Option<String>,
    /// What the platform calls the environment that the process runs in.
    platform_environment: Option<String>,
    /// How long the platform waits before it kills, as it says; `null` is not at all.
    platform_draining_secs: Option<u64>,
}

impl Report {
    /// Judges `vars` as start-up would.
    pub fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        Self::judged(&vars, &Config::from_env_map(vars.clone()))
    }

    /// The report on `vars`, which came to `config`.
    pub(super) fn judged(vars: &BTreeMap<String, String>, config: &Result<Config, ConfigError>) -> Self {
        let variables = VARIABLES.iter().map(|variable| Row {
            name: variable.name,
            present: vars.contains_key(variable.name),
            required: variable.required.word(),
            secret: variable.secret,
            purpose: variable.purpose,
        });
        let problems = config.as_ref().err().into_iter().flat_map(|ConfigError(problems)| problems);
        let problems =
            problems.map(|problem| Line { variable: problem.variable.clone(), message: problem.message.clone() }).collect();
        let settings = config.as_ref().ok().map(Settings::of);
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            ok: settings.is_some(),
            problems,
            variables: variables.collect(),
            settings,
        }
    }

    /// Whether the server would start.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// The report for programs.
    ///
    /// # Errors
    /// None that is known: every value is a string, number or boolean.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl fmt::Display for Report {
    /// The report for people: what is wrong, or that nothing is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.variables {
            let mark = if row.present { "set" } else { "-" };
            writeln!(f, "{:<24} {:<4} {:<14} {}", row.name, mark, row.required, row.purpose)?;
        }
        writeln!(f)?;
        for line in &self.problems {
            writeln!(f, "{}: {}", line.variable, line.message)?;
        }
        f.write_str(if self.ok {
            "the configuration is valid"
        } else {
            "the configuration is not valid: the server would not start"
        })
    }
}

impl Required {
    /// The word in the report.
    fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Deployed => "deployed",
            Self::OneOfSecrets => "one of these",
            Self::Optional => "optional",
        }
    }
}

impl Settings {
    fn of(config: &Config) -> Self {
        Self {
            environment: config.environment.to_string(),
            listen: Listen {
                host: config.host.ip.to_string(),
                port: config.port,
                metrics_port: config.metrics_port,
                behind_edge: config.behind_edge,
            },
            database: DatabaseSettings::of(config),
            auth: Auth::of(config),
            cors: Cors::of(config),
            api_docs: config.docs,
            rate_limit: RateLimit { per_second: config.rate.per_second.get(), burst: config.rate.burst.get() },
            limits: Limits::of(config),
            logs: if config.log.json { "json" } else { "text" },
            release: Release::of(config),
        }
    }
}

impl DatabaseSettings {
    fn of(config: &Config) -> Self {
        let (engine, address, direct_url) = match &config.engine {
            Engine::Postgres { pooled, direct } => ("postgresql", Some(pooled), direct.is_some()),
            #[cfg(feature = "embedded")]
            Engine::Sqlite { .. } => ("sqlite", None, false),
        };
        Self {
            engine,
            tls: address.map(|address| address.tls().to_string()),
            pooler: address.is_some_and(|address| address.is_pooler()),
            neon: address.is_some_and(|address| address.is_neon()),
            direct_url,
            pool_max: config.pool.max,
            pool_min: config.pool.min,
            pool_idle_secs: config.pool.idle.as_secs(),
            pool_lifetime_secs: config.pool.lifetime.as_secs(),
            pool_acquire_secs: config.pool.acquire.as_secs(),
            statements: "named, cached",
        }
    }
}

impl Auth {
    fn of(config: &Config) -> Self {
        let expected = &config.expectations;
        let (issuer, audience) = (expected.issuer.is_some(), expected.audience.is_some());
        let claims = [("exp", true), ("sub", true), ("iss", issuer), ("aud", audience)];
        Self {
            mode: "hs256",
            algorithms: ["HS256"],
            previous_secret: config.secrets.previous.is_some(),
            issuer_required: issuer,
            audience_required: audience,
            required_claims: claims.into_iter().filter_map(|(claim, required)| required.then_some(claim)).collect(),
            leeway_secs: expected.leeway.as_secs(),
            max_lifetime_secs: expected.max_lifetime.map(|longest| longest.as_secs()),
        }
    }
}

impl Cors {
    fn of(config: &Config) -> Self {
        Self {
            origins: config.origins.clone(),
            methods: crate::origin::METHODS,
            headers: crate::origin::HEADERS,
            exposed: crate::origin::EXPOSED,
            credentials: false,
            max_age_secs: crate::origin::MAX_AGE_SECS,
        }
    }
}

impl Limits {
    fn of(config: &Config) -> Self {
        let patience = config.patience;
        Self {
            body_bytes: crate::limits::BODY_BYTES,
            header_secs: patience.headers.as_secs(),
            body_secs: patience.body.as_secs(),
            answer_secs: patience.answer.as_secs(),
            drain_secs: patience.drain.as_secs(),
        }
    }
}

impl Release {
    fn of(config: &Config) -> Self {
        let release = config.release.clone();
        let draining = release.draining.map(|draining| draining.as_secs());
        Self {
            commit: release.commit,
            deployment: release.deployment,
            replica: release.replica,
            platform_environment: release.environment,
            platform_draining_secs: draining,
        }
    }
}
