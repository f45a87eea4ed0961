//! What a service says of its own configuration: the output of `server check-config --format json`, or the same written by hand.
//!
//! Owns the format and its reading. Every part of it may be absent, so that other services can report what they know; what the parts must
//! say belongs to the suite `configuration`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// Name and version of the format.
const SCHEMA: &str = "postflight.check-config/1";

/// Why a report of a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    /// It cannot be read.
    #[error("cannot read {}: {source}; write it with `server check-config --format json`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no such report.
    #[error("{} is not the output of `server check-config --format json`: {message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        message: String,
    },
}

/// A report of a configuration. It holds no secret: only the names of the variables that do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    /// Always `postflight.check-config/1`.
    pub schema: String,
    /// Whether the service would start.
    pub ok: bool,
    /// What is wrong with the environment.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// Every variable that the service understands.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// What follows from the variables; absent where they are not valid.
    #[serde(default)]
    pub settings: Option<Settings>,
}

/// Something that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The variable.
    pub variable: String,
    /// What is wrong; never the value.
    pub message: String,
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether it is set.
    pub present: bool,
    /// When it is needed: `always`, `deployed`, `one of these` or `optional`.
    pub required: String,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
}

/// What follows from the variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `production`, `staging` or `development`.
    pub environment: Option<String>,
    /// Where requests come in.
    pub listen: Option<Listen>,
    /// How the database is reached.
    pub database: Option<Database>,
    /// Which tokens are accepted.
    pub auth: Option<Auth>,
    /// Who may ask from a browser.
    pub cors: Option<Cors>,
    /// Whether interactive documentation is served.
    pub api_docs: Option<bool>,
    /// How much one caller may ask.
    pub rate_limit: Option<RateLimit>,
    /// How long and how large a request may be.
    pub limits: Option<Limits>,
    /// What the platform says of the release.
    pub release: Option<Release>,
}

/// Where requests come in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listen {
    /// Address.
    pub host: String,
    /// Port of the service.
    pub port: u16,
    /// Port of the metrics, where they have one.
    pub metrics_port: Option<u16>,
}

/// How the database is reached. Times in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Database {
    /// `postgresql` or `sqlite`.
    pub engine: String,
    /// In libpq's words, from `disable` to `verify-full`.
    pub tls: Option<String>,
    /// Whether a transaction-mode pooler stands between.
    pub pooler: bool,
    /// Whether the host is Neon's.
    pub neon: bool,
    /// Whether migrations have a direct connection of their own.
    pub direct_url: bool,
    /// Connections at most.
    pub pool_max: Option<u32>,
    /// Connections kept without need.
    pub pool_min: Option<u32>,
    /// After how long an unused connection closes.
    pub pool_idle_secs: Option<u64>,
    /// After how long any connection closes.
    pub pool_lifetime_secs: Option<u64>,
    /// How long a request waits for a connection.
    pub pool_acquire_secs: Option<u64>,
}

/// Which tokens are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Auth {
    /// Names of RFC 7518.
    pub algorithms: Vec<String>,
    /// Whether a second secret verifies.
    pub previous_secret: bool,
    /// Claims without which a token is refused.
    pub required_claims: Vec<String>,
    /// Tolerated clock difference, in seconds.
    pub leeway_secs: Option<u64>,
    /// Longest life of a token, in seconds.
    pub max_lifetime_secs: Option<u64>,
}

/// Who may ask from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cors {
    /// The allowlist, as it is compared.
    pub origins: Vec<String>,
}

/// How much one caller may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RateLimit {
    /// Requests a second.
    pub per_second: Option<u32>,
    /// Requests at once.
    pub burst: Option<u32>,
}

/// How long (in seconds) and how large (in bytes) a request may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Largest body.
    pub body_bytes: Option<u64>,
    /// Longest time for the head of a request.
    pub header_secs: Option<u64>,
    /// Longest time for an answer.
    pub answer_secs: Option<u64>,
    /// How long requests in flight may go on after SIGTERM.
    pub drain_secs: Option<u64>,
}

/// What the platform says of the release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Release {
    /// Commit.
    pub commit: Option<String>,
    /// Deployment: there is one only where a platform runs the service.
    pub deployment: Option<String>,
    /// What the platform calls the environment.
    pub platform_environment: Option<String>,
    /// How long the platform waits between SIGTERM and SIGKILL, in seconds; absent is not at all.
    pub platform_draining_secs: Option<u64>,
}

impl Configuration {
    /// Reads the file `path`.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigurationError::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|message| ConfigurationError::Invalid { path: path.to_owned(), message })
    }

    /// Parses the text of a report.
    pub fn parse(text: &str) -> Result<Self, String> {
        let report: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if report.schema == SCHEMA { Ok(report) } else { Err(format!("its `schema` is `{}`, not `{SCHEMA}`", report.schema)) }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("", "EOF while parsing a value at line 1 column 0")]
    #[case::another("{\"schema\": \"x/2\", \"ok\": true}", "its `schema` is `x/2`, not `postflight.check-config/1`")]
    #[case::no_verdict("{\"schema\": \"postflight.check-config/1\"}", "missing field `ok` at line 1 column 39")]
    fn what_is_no_report_says_why(#[case] text: &str, #[case] why: &str) {
        assert_eq!(Configuration::parse(text).unwrap_err(), why);
    }

    #[test]
    fn a_report_may_know_little() {
        let text = r#"{ "schema": "postflight.check-config/1", "ok": true, "settings": { "api_docs": false } }"#;
        let settings = Configuration::parse(text).unwrap().settings.unwrap();
        assert_eq!((settings.api_docs, settings.database), (Some(false), None));
    }

    #[test]
    fn the_documented_example_is_a_report() {
        let document = include_str!("../../../docs/target.md");
        let example = document.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert!(Configuration::parse(example).unwrap().settings.unwrap().release.is_some());
    }
}
