//! The table of variables: what the server understands, and what each one is for.
//!
//! `check-config` prints it, the documentation is written from it, and the parser refuses names that look like one of these
//! but are not.

/// A variable of the environment.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its exact name.
    pub name: &'static str,
    /// When it must be there.
    pub required: Required,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What it is for, in a sentence.
    pub purpose: &'static str,
}

/// When a variable must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// Always.
    Always,
    /// In production and staging.
    Deployed,
    /// One of the variables with the same requirement.
    OneOfSecrets,
    /// Never.
    Optional,
}

const fn plain(name: &'static str, required: Required, purpose: &'static str) -> Variable {
    Variable { name, required, secret: false, purpose }
}

const fn secret(name: &'static str, required: Required, purpose: &'static str) -> Variable {
    Variable { name, required, secret: true, purpose }
}

use Required::{Always, Deployed, OneOfSecrets, Optional};

/// Every variable, in the order in which an operator thinks of them.
pub const VARIABLES: &[Variable] = &[
    plain("ENVIRONMENT", Deployed, "production, staging or development; no default while any RAILWAY_* variable is set"),
    plain("PORT", Deployed, "the port that the platform routes to; 8080 in development"),
    plain("HOST", Optional, "the address to listen on; [::] for both IP versions if absent"),
    plain("METRICS_PORT", Optional, "a second port that serves /metrics to the private network"),
    secret("DATABASE_URL", Always, "the pooled PostgreSQL URL that requests use"),
    secret("DATABASE_URL_UNPOOLED", Optional, "the direct PostgreSQL URL that migrations use"),
    plain("DB_POOL_MAX", Optional, "most connections at once, 1 to 100; 10 if absent"),
    plain("DB_POOL_MIN", Optional, "connections kept without need, 0 to DB_POOL_MAX; 0 if absent, so that the compute may suspend"),
    plain("DB_POOL_IDLE_SECS", Optional, "seconds after which an unused connection closes, 10 to 280; 90 if absent"),
    plain("DB_POOL_LIFETIME_SECS", Optional, "seconds after which any connection closes, 60 to 3600; 840 if absent"),
    plain("DB_POOL_ACQUIRE_SECS", Optional, "seconds that a request waits for a connection, 1 to 15; 5 if absent"),
    secret("JWT_SECRET", OneOfSecrets, "the secret that signs tokens (HS256), at least 32 random bytes"),
    secret("BETTER_AUTH_SECRET", OneOfSecrets, "the same under Better Auth's name, for set-ups that sign HS256 with it"),
    secret("JWT_SECRET_PREVIOUS", Optional, "the secret before the current one; verifies while rotating"),
    plain("JWT_ISSUER", Optional, "the exact `iss` that tokens must carry"),
    plain("JWT_AUDIENCE", Optional, "the exact audience that tokens must carry in `aud`; without it tokens must not have `aud`"),
    plain("JWT_LEEWAY_SECS", Optional, "tolerated clock difference, 0 to 60; 5 if absent"),
    plain("JWT_MAX_LIFETIME_SECS", Optional, "how long a token may still live, 60 to 31536000; unbounded if absent"),
    plain("JWT_MODE", Optional, "hs256, to say so where JWKS variables are set as well"),
    plain("JWKS_URL", Optional, "not supported yet"),
    plain("BETTER_AUTH_URL", Optional, "not supported yet as a source of keys"),
    plain("CORS_ORIGINS", Deployed, "the exact https origins that may use the API from a browser, separated by commas"),
    plain("API_DOCS", Optional, "enabled or disabled; documentation is on in development only if absent"),
    plain("RATE_LIMIT_PER_SECOND", Optional, "requests a second for each user or address, 1 to 100000; 100 if absent"),
    plain("RATE_LIMIT_BURST", Optional, "requests at once for each user or address, 1 to 100000; 200 if absent"),
    plain("LOG_FORMAT", Optional, "json or text; json when deployed"),
    plain("RUST_LOG", Optional, "which log lines to write, in tracing's syntax; info if absent"),
];
