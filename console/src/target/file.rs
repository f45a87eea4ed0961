//! The file `postflight.toml`: its format, and errors that name the line.
//!
//! Secrets stand in it only as names of environment variables. Turning an entry into a [`Target`](super::Target) is `select`'s job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use time::{Date, OffsetDateTime};

use super::Source;
use super::accept::{self, AcceptEntry, Acceptance};
use super::explain::explain;

pub use super::entries::TokensEntry;

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
    /// It is not what it should be; the message begins with file and line.
    #[error("{0}")]
    Invalid(String),
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
    /// Where it was read from.
    #[serde(skip)]
    pub source: Source,
}

impl File {
    /// Reads `path`.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Parses the text of the file at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        Self::parse_on(path, text, OffsetDateTime::now_utc().date())
    }

    /// [`parse`](Self::parse) as of `today`, which bounds how far ahead a finding may be accepted.
    pub fn parse_on(path: &Path, text: &str, today: Date) -> Result<Self, FileError> {
        let source = Source::new(path, text);
        let file: Self = toml::from_str(text).map_err(|error| FileError::Invalid(explain(&source, &error)))?;
        let targets: Vec<_> = file.targets.keys().map(String::as_str).collect();
        let accepted = accept::read(&file.accept, &source, &targets, today).map_err(FileError::Invalid)?;
        Ok(Self { accepted, source, ..file })
    }
}

/// One `[targets.NAME]` table, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Base URL, with a path prefix if there is one.
    pub url: String,
    /// The target that stands in where a check needs the signing key.
    pub stand_in: Option<String>,
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
    /// The document that lists all routes: a file, or a path or URL on the target's own host.
    pub openapi: Option<String>,
    /// Further routes, by hand.
    #[serde(default)]
    pub routes: Vec<RouteEntry>,
    /// Whether unsafe methods may be sent to routes other than the declared resource.
    #[serde(default)]
    pub allow_unsafe_routes: bool,
    /// Where it names its release.
    #[serde(default)]
    pub release: ReleaseEntry,
    /// How deep health says how its dependencies are.
    #[serde(default)]
    pub health: HealthEntry,
    /// How the objects look.
    #[serde(default)]
    pub task: TaskEntry,
    /// What they live in.
    pub parent: Option<ParentEntry>,
    /// What counts as secure.
    #[serde(default)]
    pub policy: PolicyEntry,
}

/// `[targets.NAME.paths]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathsEntry {
    /// Collection.
    pub list: Option<String>,
    /// A route whose GET works with a token, where the collection cannot be listed.
    pub read: Option<String>,
    /// One object, with `{id}`.
    pub item: Option<String>,
    /// Toggle route.
    pub toggle: Option<String>,
    /// Deep health.
    pub health: Option<String>,
    /// Liveness.
    pub live: Option<String>,
    /// Key set (RFC 7517, 5) that verifies tokens.
    pub jwks: Option<String>,
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
    /// JSON pointer to the id, `/id`; or `location` where a new id is only in that header.
    pub id: Option<String>,
    /// JSON pointer to the array of a list; `/items`, empty for a bare array.
    pub items: Option<String>,
    /// JSON pointer to the object in a single answer; empty.
    pub object: Option<String>,
    /// JSON pointer to the object in the answer to a creation; that of `object` when absent.
    pub created_object: Option<String>,
    /// Name of the text field; `title`.
    pub title: Option<String>,
    /// Name of the boolean; empty where there is none.
    pub done: Option<String>,
    /// `put`, `patch` or `both`.
    pub update: Option<UpdateEntry>,
    /// Further fields of a create body.
    #[serde(default)]
    pub extra: Map<String, Value>,
    /// Further fields of a full update, beside those of a create body.
    #[serde(default)]
    pub put: Map<String, Value>,
    /// Name of the member that wraps every body sent.
    pub envelope: Option<String>,
    /// Name of the member by which an update names what it changes.
    pub version: Option<String>,
    /// Whether one object can be read.
    pub get: Option<bool>,
    /// Whether the collection can be listed.
    pub list: Option<bool>,
    /// Whether objects can be deleted.
    pub delete: Option<bool>,
    /// Routes that act on several objects.
    #[serde(default)]
    pub bulk: Vec<BulkEntry>,
}

/// `[targets.NAME.parent]`: what objects live in. Pointers that are absent are as in `task`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentEntry {
    /// Collection.
    pub list: String,
    /// One of them, with `{id}`; the collection's path and the id when absent.
    pub item: Option<String>,
    /// JSON pointer to the id, or `location`.
    pub id: Option<String>,
    /// JSON pointer to the array of a list.
    pub items: Option<String>,
    /// JSON pointer to the object in a single answer.
    pub object: Option<String>,
    /// JSON pointer to the object in the answer to a creation.
    pub created_object: Option<String>,
    /// Name of the text field; `name`.
    pub title: Option<String>,
    /// Further fields of a create body.
    #[serde(default)]
    pub extra: Map<String, Value>,
    /// Name of the member that wraps the body; that of `task`, and empty for none.
    pub envelope: Option<String>,
    /// Whether one can be read.
    pub get: Option<bool>,
    /// Whether they can be listed.
    pub listed: Option<bool>,
    /// Whether one can be deleted.
    pub delete: Option<bool>,
}

/// `[[targets.NAME.task.bulk]]`: a route that acts on several objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkEntry {
    /// Its path; may hold `{ids}` and `{user_id}`.
    pub path: String,
    /// Its method; POST when absent.
    pub method: Option<String>,
    /// Its JSON body, in which `"{ids}"` stands for the array of ids.
    pub body: Option<Value>,
}

/// `[[targets.NAME.routes]]`: a route beside the declared resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteEntry {
    /// Its path; may hold `{id}`, `{user_id}` and further placeholders.
    pub path: String,
    /// Its methods; GET when absent.
    pub methods: Option<Vec<String>>,
    /// `bearer` (default) or `none`.
    pub auth: Option<RouteAuthEntry>,
}

/// `routes.auth`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RouteAuthEntry {
    /// A token is needed.
    Bearer,
    /// Public on purpose.
    None,
}

/// `[targets.NAME.release]`: JSON pointers or names of headers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseEntry {
    /// The route that names the release.
    pub path: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The deployment.
    pub deployment: Option<String>,
    /// When the process started.
    pub started_at: Option<String>,
    /// The replica.
    pub replica: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The version of the database's schema.
    pub schema: Option<String>,
    /// What that version must be.
    pub schema_head: Option<String>,
    /// Directory of the migrations, whose file names begin with their version: the greatest is what that version must be.
    pub migrations: Option<PathBuf>,
}

/// `[targets.NAME.health]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthEntry {
    /// JSON pointer to what is said of the database.
    pub database: Option<String>,
    /// JSON pointers to what is said of further dependencies.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Words that say a dependency works.
    #[serde(default)]
    pub ok: Vec<String>,
}

/// One value of `policy.headers`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderEntry {
    /// `"required"`: there, with a secure value.
    Required,
    /// `"optional"`: its absence is not even a remark.
    Optional,
    /// `"forbidden"`: never there.
    Forbidden,
    /// `{ value = "…" }`: there, with exactly this value.
    Value(String),
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
    /// Not at all.
    None,
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
    /// Statuses of an id that nothing has.
    pub missing: Option<Vec<u16>>,
    /// Statuses of the owner's own object after its deletion.
    pub deleted: Option<Vec<u16>>,
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
    /// Whether the secret before the last rotation still signs.
    pub previous_secret_valid: Option<bool>,
    /// Whether a token with a `jti` is good for one request.
    pub single_use: Option<bool>,
    /// Whether signing out and changing the password end tokens.
    pub revocation: Option<bool>,
    /// Failed sign-ins after which the service asks to wait.
    pub login_limit: Option<u32>,
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
    /// Paths that every signed-in user may read on purpose.
    pub shared: Option<Vec<String>>,
    /// Security headers that must be there.
    pub required_headers: Option<Vec<String>>,
    /// What is expected of single headers.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderEntry>,
    /// Requests that one user may send at once.
    pub rate_limit: Option<u32>,
    /// Bytes of a request body at most.
    pub max_body: Option<u64>,
    /// JSON pointers that every error body has.
    #[serde(default)]
    pub problem: Vec<String>,
    /// Response header with the id of the request.
    pub request_id: Option<String>,
    /// Request header that makes a creation repeatable.
    pub idempotency_header: Option<String>,
    /// Seconds that a header section may take.
    pub header_timeout: Option<u64>,
    /// Seconds that a body may take.
    pub body_timeout: Option<u64>,
}
