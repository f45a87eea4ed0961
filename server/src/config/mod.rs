//! Configuration: from the environment, once, to types.
//!
//! This room owns every `NAME=value` that the server understands. Its parser reads an injected map and nothing else, so it
//! is pure; it never stops at the first problem, so an operator learns everything at once (EC-2); and a [`Config`] that
//! exists is valid, so no other room checks again. No variable has a secret default and nothing falls back silently.

mod embedded;
mod hygiene;
mod origins;
mod reader;
mod report;
mod secrets;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use secrecy::SecretString;

#[cfg(feature = "embedded")]
pub use self::embedded::EmbeddedOptions;
use self::reader::{Mode, Reader};
pub use self::report::Report;
pub use self::variables::{VARIABLES, Variable};
use crate::auth::Expectations;
use crate::database::{Engine, PoolSettings};
use crate::limits::{Patience, Rate};

/// Where the server runs, which decides how strict start-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Users depend on it.
    Production,
    /// As strict as production.
    Staging,
    /// A developer's machine: defaults for the port, documentation on, `http://localhost` origins allowed.
    Development,
}

/// Everything the server was told, valid as a whole. `Debug` shows no secret.
#[derive(Debug)]
pub struct Config {
    pub(crate) environment: Environment,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) metrics_port: Option<u16>,
    pub(crate) engine: Engine,
    pub(crate) pool: PoolSettings,
    pub(crate) secrets: Secrets,
    pub(crate) expectations: Expectations,
    pub(crate) origins: Vec<String>,
    pub(crate) docs: bool,
    pub(crate) rate: Rate,
    pub(crate) patience: Patience,
    pub(crate) log: Log,
    pub(crate) release: Release,
    /// The platform's edge is in front and overwrites `X-Real-IP`.
    pub(crate) behind_edge: bool,
}

/// The signing secrets; `secrecy` keeps them out of `Debug` and wipes them when dropped.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) current: SecretString,
    /// Verifies while tokens that were signed with it are still around.
    pub(crate) previous: Option<SecretString>,
}

/// Which address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) ip: IpAddr,
    /// `[::]` was not asked for: where there is no IPv6, `0.0.0.0` will do.
    pub(crate) fallback: bool,
}

impl Default for Host {
    fn default() -> Self {
        Self { ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED), fallback: true }
    }
}

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) json: bool,
    pub(crate) filter: String,
}

/// What is running, as far as anybody told us. All of it is self-reported in `/health`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Release {
    pub(crate) commit: Option<String>,
    pub(crate) deployment: Option<String>,
    pub(crate) replica: Option<String>,
    /// What the platform calls the environment that it runs in.
    pub(crate) environment: Option<String>,
    /// How long the platform waits between SIGTERM and SIGKILL.
    pub(crate) draining: Option<Duration>,
}

/// One thing that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub variable: String,
    /// What is wrong and what to do; never the value.
    pub message: String,
}

/// Everything that is wrong with the environment, in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        writeln!(f, "the configuration has {count} {}; nothing was started:", if count == 1 { "problem" } else { "problems" })?;
        let width = self.0.iter().map(|problem| problem.variable.len()).max().unwrap_or_default();
        self.0.iter().try_for_each(|problem| writeln!(f, "  {:width$}  {}", problem.variable, problem.message))
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
        })
    }
}

impl Environment {
    /// Production and staging are held to the same rules.
    pub(crate) fn is_deployed(self) -> bool {
        self != Self::Development
    }
}

impl Config {
    /// Reads the variables of [`VARIABLES`] from `vars`; nothing else is looked at, the process's environment least of all.
    ///
    /// # Errors
    /// All problems at once, each with the variable's name and the fix.
    pub fn from_env_map(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        Self::parse(&vars, Mode::Environment)
    }

    /// Reads everything, then fails if anything was wrong.
    fn parse(vars: &BTreeMap<String, String>, mode: Mode) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(vars, mode);
        reader.hygiene();
        let environment = reader.environment();
        let (host, port) = (reader.host(), reader.port(environment));
        let metrics_port = reader.metrics_port(port);
        let engine = reader.engine(environment);
        let pool = reader.pool();
        let secrets = reader.secrets(engine.as_ref());
        let expectations = reader.expectations();
        let origins = reader.origins(environment);
        let docs = reader.docs(environment);
        let rate = reader.rate();
        let log = reader.log(environment);
        let (release, behind_edge) = reader.release();
        let patience = patience(&release);
        match (reader.finish(), engine, secrets) {
            (problems, Some(engine), Some(secrets)) if problems.is_empty() => Ok(Self {
                environment,
                host,
                port,
                metrics_port,
                engine,
                pool,
                secrets,
                expectations,
                origins,
                docs,
                rate,
                patience,
                log,
                release,
                behind_edge,
            }),
            (problems, ..) => Err(ConfigError(problems)),
        }
    }
}

/// Ends a second before the platform kills, if it says when it will.
fn patience(release: &Release) -> Patience {
    let patience = Patience::default();
    let margin = Duration::from_secs(1);
    let drain = release.draining.map(|draining| draining.saturating_sub(margin).max(margin));
    Patience { drain: drain.unwrap_or(patience.drain), ..patience }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
