//! The reader: typed access to the map, and a list of everything that was wrong.
//!
//! Each method reads one subject. After a problem it goes on with a harmless stand-in, so that the next subject is judged
//! too; the stand-ins never leave the room because [`Reader::finish`] then returns problems.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::variables::VARIABLES;
use super::{Environment, Host, Log, Problem, Release};
use crate::auth::Expectations;
use crate::database::{Address, Engine, PoolSettings};
use crate::limits::Rate;

const YEAR_SECS: u64 = 31_536_000;

/// Who is asking.
#[derive(Debug, Clone)]
pub(super) enum Mode {
    /// The process's environment: SQLite in production is refused.
    Environment,
    /// [`super::Config::embedded`]: the typed way to SQLite in any environment, on any port.
    #[cfg(feature = "embedded")]
    Embedded { file: std::path::PathBuf },
}

/// Reads variables and collects problems.
pub(super) struct Reader<'v> {
    pub(super) vars: &'v BTreeMap<String, String>,
    pub(super) mode: Mode,
    problems: Vec<Problem>,
}

impl<'v> Reader<'v> {
    pub(super) fn new(vars: &'v BTreeMap<String, String>, mode: Mode) -> Self {
        Self { vars, mode, problems: Vec::new() }
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, variable: &str, message: impl Into<String>) {
        self.problems.push(Problem { variable: variable.into(), message: message.into() });
    }

    /// The value, untouched; hygiene has been judged already.
    pub(super) fn get(&self, name: &str) -> Option<&'v str> {
        self.vars.get(name).map(String::as_str)
    }

    /// Whether any of the platform's own variables is there.
    fn on_railway(&self) -> bool {
        self.vars.keys().any(|name| name.starts_with("RAILWAY_"))
    }

    /// All problems, sorted by the table's order and without repetition.
    pub(super) fn finish(self) -> Vec<Problem> {
        let rank =
            |problem: &Problem| VARIABLES.iter().position(|variable| variable.name == problem.variable).unwrap_or(usize::MAX);
        let mut problems = self.problems;
        problems.sort_by_key(rank);
        problems.dedup();
        problems
    }

    /// `ENVIRONMENT`. On the platform it must be said: guessing development there would open the documentation and the
    /// localhost origins to everybody. What the platform calls production cannot be run as anything else.
    pub(super) fn environment(&mut self) -> Environment {
        let platform = self.get("RAILWAY_ENVIRONMENT_NAME");
        let environment = match self.get("ENVIRONMENT") {
            Some("production") => Environment::Production,
            Some("staging") => Environment::Staging,
            Some("development") => Environment::Development,
            None if !self.on_railway() => return Environment::Development,
            None => {
                self.wrong("ENVIRONMENT", "is missing while RAILWAY_* variables are set: say production, staging or development");
                return Environment::Production;
            }
            Some(_) => {
                self.wrong("ENVIRONMENT", "is not one of production, staging, development (lower case)");
                return Environment::Production;
            }
        };
        if platform == Some("production") && environment != Environment::Production {
            self.wrong("ENVIRONMENT", "is not production, but RAILWAY_ENVIRONMENT_NAME is: make them agree");
        }
        environment
    }

    /// `HOST`: one address, with or without brackets. Only the default may fall back to another address.
    pub(super) fn host(&mut self) -> Host {
        let Some(text) = self.get("HOST") else {
            return Host::default();
        };
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Host { ip, fallback: false };
        }
        self.wrong("HOST", "is not an IP address such as [::], 0.0.0.0 or 127.0.0.1");
        Host::default()
    }

    /// `PORT`. Deployed, it must be the one that the platform routes to; elsewhere 0 asks for any free port.
    pub(super) fn port(&mut self, environment: Environment) -> u16 {
        let free = !environment.is_deployed() || !matches!(self.mode, Mode::Environment);
        let lowest = u16::from(!free);
        if environment.is_deployed() && self.get("PORT").is_none() {
            self.wrong("PORT", "is missing: the platform sets it; the server must listen where it routes to");
        }
        self.number("PORT", lowest..=u16::MAX, 8080)
    }

    /// `METRICS_PORT`: no port, no metrics.
    pub(super) fn metrics_port(&mut self, port: u16) -> Option<u16> {
        self.get("METRICS_PORT")?;
        let metrics = self.number("METRICS_PORT", 0..=u16::MAX, 0);
        if metrics == port && port != 0 {
            self.wrong("METRICS_PORT", "is the same as PORT: metrics must not be public");
        }
        Some(metrics)
    }

    /// `DATABASE_URL` and `DATABASE_URL_UNPOOLED`. There is no default: a server that silently kept its data elsewhere would
    /// look healthy.
    pub(super) fn engine(&mut self, environment: Environment) -> Option<Engine> {
        #[cfg(feature = "embedded")]
        if let Mode::Embedded { file } = &self.mode {
            return Some(Engine::Sqlite { file: file.clone() });
        }
        let Some(text) = self.get("DATABASE_URL") else {
            self.wrong(
                "DATABASE_URL",
                "is missing: the pooled PostgreSQL URL, postgresql://user:password@host/database?sslmode=verify-full",
            );
            return None;
        };
        if let Some(path) = text.strip_prefix("sqlite:") {
            return self.sqlite(path, environment);
        }
        let pooled = self.address("DATABASE_URL");
        let direct = self.get("DATABASE_URL_UNPOOLED").and_then(|_| self.address("DATABASE_URL_UNPOOLED"));
        if direct.as_ref().is_some_and(Address::is_pooler) {
            self.wrong("DATABASE_URL_UNPOOLED", "is a pooled host: use the direct one (Neon: the host without `-pooler`)");
        }
        Some(Engine::Postgres { pooled: Box::new(pooled?), direct: direct.map(Box::new) })
    }

    /// One connection string; its problems never repeat it.
    fn address(&mut self, name: &str) -> Option<Address> {
        match Address::parse(self.get(name)?) {
            Ok(address) => Some(address),
            Err(error) => {
                self.wrong(name, error.to_string());
                None
            }
        }
    }

    /// SQLite by environment: a developer's choice, spelled out.
    #[cfg(feature = "embedded")]
    fn sqlite(&mut self, path: &str, environment: Environment) -> Option<Engine> {
        let file = path.trim_start_matches("//");
        if environment.is_deployed() {
            self.wrong("DATABASE_URL", "is SQLite, which only development may use: give a PostgreSQL URL");
        } else if file.is_empty() || file.starts_with(':') || file.contains('?') {
            self.wrong("DATABASE_URL", "does not name a file: write sqlite:path/to/tasks.sqlite");
        } else {
            return Some(Engine::Sqlite { file: file.into() });
        }
        None
    }

    #[cfg(not(feature = "embedded"))]
    fn sqlite(&mut self, _: &str, environment: Environment) -> Option<Engine> {
        let deployed = "is SQLite, which only development may use: give a PostgreSQL URL";
        let development = "is SQLite, which this build does not contain: build with `--features embedded` or give a PostgreSQL URL";
        self.wrong("DATABASE_URL", if environment.is_deployed() { deployed } else { development });
        None
    }

    /// `DB_POOL_*`. The ranges keep a pool from outliving Neon's suspension (300 s) or a health probe.
    pub(super) fn pool(&mut self) -> PoolSettings {
        let usual = PoolSettings::default();
        let max = self.number("DB_POOL_MAX", 1..=100, usual.max);
        let min = self.number("DB_POOL_MIN", 0..=max, usual.min);
        let idle = self.seconds("DB_POOL_IDLE_SECS", 10..=280, usual.idle);
        let lifetime = self.seconds("DB_POOL_LIFETIME_SECS", 60..=3600, usual.lifetime);
        let acquire = self.seconds("DB_POOL_ACQUIRE_SECS", 1..=15, usual.acquire);
        PoolSettings { max, min, idle, lifetime, acquire }
    }

    /// `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_LEEWAY_SECS`. More than a minute of leeway would be a longer life for stolen tokens.
    pub(super) fn expectations(&mut self) -> Expectations {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Expectations {
            issuer: owned(self.get("JWT_ISSUER")),
            audience: owned(self.get("JWT_AUDIENCE")),
            leeway: self.seconds("JWT_LEEWAY_SECS", 0..=60, Duration::from_secs(5)),
            max_lifetime: self
                .get("JWT_MAX_LIFETIME_SECS")
                .is_some()
                .then(|| self.seconds("JWT_MAX_LIFETIME_SECS", 60..=YEAR_SECS, Duration::from_secs(YEAR_SECS))),
        }
    }

    /// `API_DOCS`: a word rather than a flag, since `false` is a text that other stacks read as true.
    pub(super) fn docs(&mut self, environment: Environment) -> bool {
        match self.get("API_DOCS") {
            None => !environment.is_deployed(),
            Some("enabled") => true,
            Some("disabled") => false,
            Some(_) => {
                self.wrong("API_DOCS", "is neither enabled nor disabled");
                false
            }
        }
    }

    /// `RATE_LIMIT_PER_SECOND` and `RATE_LIMIT_BURST`. Off is not a value: the limit can be large, but there is one.
    pub(super) fn rate(&mut self) -> Rate {
        let mut rate = |name, usual: u32| {
            let number = self.number(name, 1..=100_000, usual);
            NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
        };
        Rate { per_second: rate("RATE_LIMIT_PER_SECOND", 100), burst: rate("RATE_LIMIT_BURST", 200) }
    }

    /// `LOG_FORMAT` and `RUST_LOG`.
    pub(super) fn log(&mut self, environment: Environment) -> Log {
        let json = match self.get("LOG_FORMAT") {
            None => environment.is_deployed(),
            Some("json") => true,
            Some("text") => false,
            Some(_) => {
                self.wrong("LOG_FORMAT", "is neither json nor text");
                true
            }
        };
        let filter = self.get("RUST_LOG").unwrap_or("info,sqlx=warn,hyper=warn");
        if tracing_subscriber::EnvFilter::try_new(filter).is_err() {
            self.wrong("RUST_LOG", "is not in tracing's syntax, for example info or server=debug,sqlx=warn");
        }
        Log { json, filter: filter.into() }
    }

    /// What the platform says about the release, and whether its edge is in front.
    pub(super) fn release(&mut self) -> (Release, bool) {
        let set = |name| self.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let commit = set("RAILWAY_GIT_COMMIT_SHA").or(option_env!("POSTFLIGHT_COMMIT").map(str::to_owned));
        let draining = set("RAILWAY_DEPLOYMENT_DRAINING_SECONDS").and_then(|secs| secs.parse().ok());
        let draining = draining.filter(|secs| *secs > 0).map(Duration::from_secs);
        let release = Release {
            commit,
            deployment: set("RAILWAY_DEPLOYMENT_ID"),
            replica: set("RAILWAY_REPLICA_ID"),
            environment: set("RAILWAY_ENVIRONMENT_NAME"),
            draining,
        };
        (release, self.on_railway())
    }

    /// A number of seconds.
    fn seconds(&mut self, name: &str, range: RangeInclusive<u64>, usual: Duration) -> Duration {
        Duration::from_secs(self.number(name, range, usual.as_secs()))
    }

    /// A whole number in plain digits.
    fn number<N>(&mut self, name: &str, range: RangeInclusive<N>, usual: N) -> N
    where
        N: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(text) = self.get(name) else {
            return usual;
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<N>() {
            Ok(number) if digits && range.contains(&number) => number,
            _ => {
                self.wrong(name, format!("is not a whole number from {} to {}", range.start(), range.end()));
                usual
            }
        }
    }
}
