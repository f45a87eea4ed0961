//! What to verify: a target of `postflight.toml`, with its secrets taken from the environment.
//!
//! Owns the configuration format, its errors, and the newtypes for origins, base URLs and secrets. Sends nothing.

mod accept;
mod base;
pub mod configuration;
pub mod file;
mod limits;
mod mistake;
mod origin;
mod policy;
mod resource;
mod secrets;
mod select;
mod tokens;
mod transport;

pub use accept::{AcceptEntry, Acceptance};
pub use base::{BaseUrl, BaseUrlError};
pub use configuration::{Configuration, ConfigurationError};
pub use file::{Entry, File, FileError};
pub use limits::TargetLimits;
pub use origin::{Origin, OriginError};
pub use policy::{HeaderPolicy, Policy, Statuses};
pub use resource::{Fields, Paths, Resource, Update};
pub use secrets::{Environment, MissingVariable};
pub use select::{SelectError, select};
pub use tokens::{Algorithm, Carrier, Login, Mint, NamedUser, Tokens};
pub use transport::{Transport, TransportError};

/// Everything that the checks may know about the service under verification.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name in `postflight.toml`, or the host of a bare URL.
    pub name: String,
    /// Where it answers.
    pub base: BaseUrl,
    /// Origins that must be let in; all others must not.
    pub origins: Vec<Origin>,
    /// How it is reached beside its URL.
    pub transport: Transport,
    /// Where its routes are.
    pub paths: Paths,
    /// How its objects are made and read.
    pub resource: Resource,
    /// Where tokens come from.
    pub tokens: Tokens,
    /// How a token travels.
    pub carrier: Carrier,
    /// What counts as secure where that is a matter of policy.
    pub policy: Policy,
    /// Whether objects may be created on it. Loopback targets always allow it.
    pub allow_writes: bool,
    /// Whether the declared origins may be looked at, which are other hosts than the target.
    pub ask_origins: bool,
    /// Whether intrusive checks may run.
    pub allow_intrusive: bool,
    /// How much traffic it bears.
    pub limits: TargetLimits,
    /// Response header that only the application sets, such as `x-request-id`; tells app from edge.
    pub app_header: Option<String>,
    /// Extra request headers (name, value); the values may be secrets (protection bypass) and are redacted.
    pub headers: Vec<(String, secrecy::SecretString)>,
    /// Names of environment variables that hold secrets of this service; their values must not be in the tree or its history.
    pub declared_secrets: Vec<String>,
    /// Directory of the repository that the release was built from, when known.
    pub repository: Option<std::path::PathBuf>,
    /// What the service says of its own configuration, when given.
    pub configuration: Option<Configuration>,
    /// Known findings that somebody answers for.
    pub accepted: Vec<Acceptance>,
}

impl Target {
    /// A target at `base` of which nothing else is known: no origins, no tokens, default paths and policy.
    pub fn new(base: BaseUrl) -> Self {
        Self {
            name: base.host().to_owned(),
            base,
            origins: Vec::new(),
            transport: Transport::default(),
            paths: Paths::default(),
            resource: Resource::default(),
            tokens: Tokens::None,
            carrier: Carrier::Bearer,
            policy: Policy::default(),
            allow_writes: false,
            ask_origins: false,
            allow_intrusive: false,
            limits: TargetLimits::default(),
            app_header: None,
            headers: Vec::new(),
            declared_secrets: Vec::new(),
            repository: None,
            configuration: None,
            accepted: Vec::new(),
        }
    }

    /// Whether the target is on this machine, where writing needs no consent.
    pub fn is_loopback(&self) -> bool {
        self.base.is_loopback()
    }

    /// Whether the run may create objects.
    pub fn may_write(&self) -> bool {
        self.allow_writes || self.is_loopback()
    }
}
