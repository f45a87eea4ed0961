//! The embedded default: a production-mode server on a SQLite file, without PostgreSQL.
//!
//! This is the only way to run SQLite in production mode; the environment never can. It is typed, so nothing of it can come
//! from a variable, and it goes through the same rules as the environment does.

#![cfg(feature = "embedded")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::reader::Mode;
use super::{Config, ConfigError, Environment, Host, Report};

/// What an embedding program decides. Start from [`EmbeddedOptions::new`] and change what differs.
///
/// ```
/// # use server::{Config, EmbeddedOptions};
/// let secret = "q7B4fYx0Zk2mVtR9wLhJ6cNsPaUe3gDi".into();
/// let mut options = EmbeddedOptions::new(std::env::temp_dir(), secret, ["https://app.example.com".to_owned()]);
/// options.port = 0; // any free port: read it from the start-up line's `address`
/// let config = Config::embedded(options)?;
/// # Ok::<(), server::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// An existing directory; the file `tasks.sqlite` in it is made and migrated at start-up.
    pub data_dir: PathBuf,
    /// The address to listen on; `127.0.0.1` unless changed.
    pub host: IpAddr,
    /// The port; 0 takes any free one.
    pub port: u16,
    /// Signs tokens with HS256; at least 32 random bytes, like `JWT_SECRET`.
    pub jwt_secret: SecretString,
    /// Verifies as well, like `JWT_SECRET_PREVIOUS`.
    pub jwt_secret_previous: Option<SecretString>,
    /// The exact `iss` that tokens must carry.
    pub jwt_issuer: Option<String>,
    /// The exact audience that tokens must carry.
    pub jwt_audience: Option<String>,
    /// How many seconds a token may still live, like `JWT_MAX_LIFETIME_SECS`.
    pub jwt_max_lifetime_secs: Option<u64>,
    /// Exact https origins, like `CORS_ORIGINS`.
    pub cors_origins: Vec<String>,
    /// [`Environment::Production`] unless changed.
    pub environment: Environment,
    /// Requests a second for each user or address; 100 unless changed.
    pub rate_limit_per_second: u32,
    /// Requests at once for each user or address; 200 unless changed.
    pub rate_limit_burst: u32,
    /// Serves Prometheus text on this port of the same host, if any.
    pub metrics_port: Option<u16>,
    /// The commit that `/health` reports; the one of the build if absent.
    pub commit: Option<String>,
    /// The deployment that `/health` reports.
    pub deployment: Option<String>,
    /// The replica that `/health` reports.
    pub replica: Option<String>,
    /// Log lines as JSON (the default) or as text.
    pub log_json: bool,
}

impl EmbeddedOptions {
    /// Production mode on a free port of `127.0.0.1`.
    pub fn new(data_dir: impl Into<PathBuf>, jwt_secret: SecretString, cors_origins: impl IntoIterator<Item = String>) -> Self {
        Self {
            data_dir: data_dir.into(),
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            jwt_secret,
            jwt_secret_previous: None,
            jwt_issuer: None,
            jwt_audience: None,
            jwt_max_lifetime_secs: None,
            cors_origins: cors_origins.into_iter().collect(),
            environment: Environment::Production,
            rate_limit_per_second: 100,
            rate_limit_burst: 200,
            metrics_port: None,
            commit: None,
            deployment: None,
            replica: None,
            log_json: true,
        }
    }

    /// What `check-config` would say of these options: which variables are present in effect, and what follows from them.
    pub fn report(&self) -> Report {
        // The file takes the place of the database's URL.
        let file = ("DATABASE_URL".to_owned(), String::new());
        let present = self.variables().into_iter().chain([file]).collect();
        Report::judged(&present, &Config::embedded(self.clone()))
    }

    /// The options as the variables that mean the same.
    fn variables(&self) -> BTreeMap<String, String> {
        let secret = |secret: &SecretString| secret.expose_secret().to_owned();
        let always = [
            ("ENVIRONMENT", self.environment.to_string()),
            ("PORT", self.port.to_string()),
            ("JWT_SECRET", secret(&self.jwt_secret)),
            ("CORS_ORIGINS", self.cors_origins.join(",")),
            ("RATE_LIMIT_PER_SECOND", self.rate_limit_per_second.to_string()),
            ("RATE_LIMIT_BURST", self.rate_limit_burst.to_string()),
            ("LOG_FORMAT", if self.log_json { "json" } else { "text" }.to_owned()),
        ];
        let sometimes = [
            ("JWT_SECRET_PREVIOUS", self.jwt_secret_previous.as_ref().map(secret)),
            ("JWT_ISSUER", self.jwt_issuer.clone()),
            ("JWT_AUDIENCE", self.jwt_audience.clone()),
            ("JWT_MAX_LIFETIME_SECS", self.jwt_max_lifetime_secs.map(|seconds| seconds.to_string())),
            ("METRICS_PORT", self.metrics_port.map(|port| port.to_string())),
        ];
        let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Config {
    /// A configuration for an embedding program: SQLite, everything else as strict as from the environment.
    ///
    /// # Errors
    /// The same problems under the same names as [`Config::from_env_map`]: a weak secret, an inexact origin, a rate of 0.
    pub fn embedded(options: EmbeddedOptions) -> Result<Self, ConfigError> {
        let file = options.data_dir.join("tasks.sqlite");
        let mut config = Self::parse(&options.variables(), Mode::Embedded { file })?;
        config.host = Host { ip: options.host, fallback: false };
        config.release.commit = options.commit.or(config.release.commit);
        config.release.deployment = options.deployment;
        config.release.replica = options.replica;
        Ok(config)
    }
}
