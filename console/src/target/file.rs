//! The file `postflight.toml`: its format, and errors that name the line.
//!
//! Secrets stand in it only as names of environment variables. Turning an entry into a [`Target`](super::Target) is `select`'s job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use time::{Date, OffsetDateTime};

use super::accept::{self, AcceptEntry, Acceptance};

/// What is wrong with the file.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}; name another file with --file", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not what it should be; the message shows the line.
    #[error("{} is not valid:\n{message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, excerpt and reason.
        message: String,
    },
}

/// A parsed `postflight.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Targets by name.
    #[serde(default)]
    pub targets: BTreeMap<String, Entry>,
    /// Known findings, as written.
    #[serde(default)]
    pub accept: Vec<AcceptEntry>,
    /// Known findings that are accepted.
    #[serde(skip)]
    pub accepted: Vec<Acceptance>,
    /// Where the file is: paths in it are relative to that.
    #[serde(skip)]
    pub directory: PathBuf,
}

impl File {
    /// Reads `path`.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        let file = Self::parse(&text).map_err(|message| FileError::Invalid { path: path.to_owned(), message })?;
        Ok(Self { directory: path.parent().map(Path::to_owned).unwrap_or_default(), ..file })
    }

    /// Parses the text of a file; the error shows line, column and excerpt.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_on(text, OffsetDateTime::now_utc().date())
    }

    /// [`parse`](Self::parse) as of `today`, which bounds how far ahead a finding may be accepted.
    pub fn parse_on(text: &str, today: Date) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let targets: Vec<_> = file.targets.keys().map(String::as_str).collect();
        let accepted = accept::read(&file.accept, text, &targets, today)?;
        Ok(Self { accepted, ..file })
    }
}

/// One `[targets.NAME]` table, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Base URL, with a path prefix if there is one.
    pub url: String,
    /// Certificates of private authorities, PEM.
    pub ca: Option<PathBuf>,
    /// Where plain HTTP would answer.
    pub plain_http: Option<String>,
    /// Address of the origin server behind a CDN.
    pub direct: Option<String>,
    /// Allowed origins, in the browser's form.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Consent to create objects on a host that is not this machine.
    #[serde(default)]
    pub allow_writes: bool,
    /// Consent to look at the declared origins.
    #[serde(default)]
    pub ask_origins: bool,
    /// Header that only the application sets.
    pub app_header: Option<String>,
    /// Extra request headers: header name to the name of the variable that holds its value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Variables of the service that hold secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Work tree that the release was built from.
    pub repository: Option<PathBuf>,
    /// Output of `check-config --format json`.
    pub configuration: Option<PathBuf>,
    /// How much traffic it bears.
    #[serde(default)]
    pub limits: super::TargetLimits,
    /// Where tokens come from.
    #[serde(default)]
    pub tokens: TokensEntry,
    /// Where the routes are.
    #[serde(default)]
    pub paths: PathsEntry,
    /// How the objects look.
    #[serde(default)]
    pub task: TaskEntry,
    /// What counts as secure.
    #[serde(default)]
    pub policy: PolicyEntry,
}

/// `[targets.NAME.tokens]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensEntry {
    /// Variable with the token of user A.
    pub a: Option<String>,
    /// Variable with the token of user B.
    pub b: Option<String>,
    /// Mint with the signing key.
    pub mint: Option<MintEntry>,
    /// Sign in.
    pub login: Option<LoginEntry>,
    /// How a token travels; bearer when absent.
    pub carrier: Option<CarrierEntry>,
}

/// `tokens.carrier`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CarrierEntry {
    /// `"bearer"`.
    Bearer,
    /// `{ cookie = "name" }`.
    Cookie(String),
    /// `{ header = "name" }`.
    Header(String),
}

/// `[targets.NAME.tokens.mint]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MintEntry {
    /// Variable with the shared secret.
    pub secret: String,
    /// `HS256` (default), `HS384` or `HS512`.
    #[serde(default)]
    pub algorithm: AlgorithmEntry,
    /// `kid` header.
    pub kid: Option<String>,
    /// Subjects of users A and B.
    pub subjects: Option<[String; 2]>,
    /// Further claims of every token.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Lifetime in seconds; 900 when absent.
    pub lifetime: Option<u64>,
}

/// `mint.algorithm`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub enum AlgorithmEntry {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

/// `[targets.NAME.tokens.login]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginEntry {
    /// Path of the login route.
    pub path: String,
    /// Body; `{username}` and `{password}` are filled in.
    pub body: Map<String, Value>,
    /// Send the body as a form.
    #[serde(default)]
    pub form: bool,
    /// JSON pointer to the token in the answer.
    pub token: String,
    /// The two users.
    pub users: [LoginUserEntry; 2],
}

/// A user of a login.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginUserEntry {
    /// User name or e-mail.
    pub username: String,
    /// Variable with the password.
    pub password: String,
}

/// `[targets.NAME.paths]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathsEntry {
    /// Collection.
    pub list: Option<String>,
    /// One object, with `{id}`.
    pub item: Option<String>,
    /// Toggle route.
    pub toggle: Option<String>,
    /// Deep health.
    pub health: Option<String>,
    /// Liveness.
    pub live: Option<String>,
    /// Further routes that need a token.
    #[serde(default)]
    pub protected: Vec<String>,
    /// Paths where docs would be, beside the well-known ones.
    #[serde(default)]
    pub docs: Vec<String>,
}

/// `[targets.NAME.task]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskEntry {
    /// JSON pointer to the id; `/id`.
    pub id: Option<String>,
    /// JSON pointer to the array of a list; `/items`, empty for a bare array.
    pub items: Option<String>,
    /// JSON pointer to the object in a single answer; empty.
    pub object: Option<String>,
    /// Name of the text field; `title`.
    pub title: Option<String>,
    /// Name of the boolean; empty where there is none.
    pub done: Option<String>,
    /// `put`, `patch` or `both`.
    pub update: Option<UpdateEntry>,
    /// Further fields of a create body.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// `task.update`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpdateEntry {
    /// Only PUT.
    Put,
    /// Only PATCH.
    Patch,
    /// Both.
    Both,
}

/// `[targets.NAME.policy]`; whatever is absent keeps its default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    /// Statuses without a token.
    pub unauthenticated: Option<Vec<u16>>,
    /// Statuses of a refused token.
    pub refused_token: Option<Vec<u16>>,
    /// Statuses of a foreign object.
    pub foreign: Option<Vec<u16>>,
    /// Whether foreign and missing must look alike.
    pub uniform_foreign: Option<bool>,
    /// Statuses of a write without preflight.
    pub plain_write: Option<Vec<u16>>,
    /// Seconds of clock skew tolerated at most.
    pub max_leeway: Option<u64>,
    /// Seconds that a token may live at most.
    pub max_lifetime: Option<u64>,
    /// Required issuer.
    pub issuer: Option<String>,
    /// Required audience.
    pub audience: Option<String>,
    /// Whether `sub` must be a known user.
    pub known_subjects: Option<bool>,
    /// Methods a preflight may grant.
    pub methods: Option<Vec<String>>,
    /// Request headers a preflight may grant.
    pub request_headers: Option<Vec<String>>,
    /// Response headers that may be exposed.
    pub exposed_headers: Option<Vec<String>>,
    /// Whether cookies are used across origins.
    pub credentials: Option<bool>,
    /// Whether docs are authorised in public.
    pub docs_public: Option<bool>,
    /// Paths that are public on purpose.
    pub public: Option<Vec<String>>,
    /// Security headers that must be there.
    pub required_headers: Option<Vec<String>>,
}
