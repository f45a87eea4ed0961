//! What to verify: a target of `postflight.toml`, with its secrets taken from the environment.
//!
//! Owns the configuration format, its errors, and the newtypes for origins, base URLs and secrets. Sends nothing.

mod accept;
mod accounts;
mod base;
pub mod configuration;
mod credentials;
mod csrf;
pub mod entrance;
mod entries;
mod explain;
pub mod file;
mod grants;
mod limits;
pub mod look;
mod migrations;
mod observed;
pub mod openapi;
mod origin;
mod parent;
mod policy;
pub mod propose;
mod resource;
mod routes;
mod sample;
mod secrets;
mod select;
mod source;
mod tokens;
mod transport;
mod validate;

pub use accept::{AcceptEntry, Acceptance};
pub use accounts::{Accounts, Call, Disabled, Grant, NamedUser, Signup, TokenAt};
pub(crate) use accounts::{EXPIRED, password_of};
pub use base::{BaseUrl, BaseUrlError};
pub use configuration::{Configuration, ConfigurationError};
pub use csrf::Csrf;
pub use file::{Entry, File, FileError};
pub use limits::TargetLimits;
pub use observed::{HealthAt, Place, ReleaseAt};
pub use origin::{Origin, OriginError};
pub use parent::{PARENT_ID, Parent};
pub use policy::{Declared, HeaderPolicy, Policy, Statuses};
pub use resource::{Bulk, Fields, Offers, Paths, Resource, Update};
pub use routes::{Parameter, Route, RouteAuth, Routes};
pub use sample::SAMPLE;
pub use secrets::{Environment, MissingVariable};
pub use select::{SelectError, select};
pub use source::Source;
pub use tokens::{Carrier, Mint, OtherKeys, Tokens};
pub use transport::{Transport, TransportError};

pub use crate::token::Algorithm;

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
    /// Where it serves its OpenAPI document, to be read when the run begins.
    pub openapi: Option<String>,
    /// Routes beside the declared resource.
    pub routes: Routes,
    /// Whether unsafe methods may be sent to them.
    pub allow_unsafe_routes: bool,
    /// How its objects are made and read.
    pub resource: Resource,
    /// What they live in, where every user makes that first.
    pub parent: Option<Parent>,
    /// Where it names its release.
    pub release: ReleaseAt,
    /// How it says how its dependencies are.
    pub health: HealthAt,
    /// Where tokens come from.
    pub tokens: Tokens,
    /// The routes of accounts.
    pub accounts: Accounts,
    /// Keys beside the one that signs.
    pub other_keys: OtherKeys,
    /// The target that stands in where a check needs the signing key, which is not at hand for this one.
    pub stand_in: Option<Box<Target>>,
    /// How a token travels.
    pub carrier: Carrier,
    /// What goes beside a token in a cookie with every write.
    pub csrf: Option<Csrf>,
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
            openapi: None,
            routes: Routes::default(),
            allow_unsafe_routes: false,
            resource: Resource::default(),
            parent: None,
            release: ReleaseAt::default(),
            health: HealthAt::default(),
            tokens: Tokens::None,
            accounts: Accounts::default(),
            other_keys: OtherKeys::default(),
            stand_in: None,
            carrier: Carrier::Bearer,
            csrf: None,
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

    /// The signing key, where it was given: as the source of tokens, or beside it.
    pub fn mint(&self) -> Option<&Mint> {
        match &self.tokens {
            Tokens::Mint(mint) => Some(mint),
            _ => self.other_keys.signing.as_deref(),
        }
    }

    /// Every secret that was given for it, with the name that stands for it.
    pub(crate) fn secrets(&self) -> Vec<(String, secrecy::SecretString)> {
        let headers = self.headers.iter().map(|(name, value)| (format!("<{name} from postflight.toml>"), value.clone()));
        headers.chain(self.tokens.secrets()).chain(self.accounts.secrets()).chain(self.other_keys.secrets()).collect()
    }

    /// Whether the target is on this machine, where writing needs no consent.
    pub fn is_loopback(&self) -> bool {
        self.base.is_loopback()
    }

    /// Takes over the routes of an OpenAPI document, or why it gives none. What `policy.public` names is public.
    pub fn add_document(&mut self, document: &[u8]) {
        match openapi::read(document, &self.base, &self.paths) {
            Ok(read) => {
                self.routes.of_list = read.of_list;
                self.add_routes(read.routes);
            }
            Err(error) => self.routes.trouble = Some(error.to_string()),
        }
    }

    /// Adds further routes. What `policy.public` names is public.
    pub fn add_routes(&mut self, routes: Vec<Route>) {
        let public: Vec<_> = self.policy.public.iter().map(|path| routes::normalised(path, &self.paths)).collect();
        let auth = |route: &Route| if public.contains(&route.path) { RouteAuth::None } else { route.auth };
        self.routes.add(routes.into_iter().map(|route| Route { auth: auth(&route), ..route }));
    }

    /// Whether everybody may read the collection on purpose: `policy.public` names it, or an object of it.
    pub fn is_read_in_public(&self) -> bool {
        self.is_resource_in(&self.policy.public)
    }

    /// Whether users may read each other's objects on purpose: everybody may, or `policy.shared` names the collection or an object of it.
    pub fn is_read_by_others(&self) -> bool {
        self.is_read_in_public() || self.is_resource_in(&self.policy.shared)
    }

    /// Whether every signed-in user may read a further route on purpose.
    pub fn is_shared(&self, route: &Route) -> bool {
        let mut shared = self.policy.shared.iter().map(|path| routes::normalised(path, &self.paths));
        shared.any(|path| routes::is_same(&path, &route.path))
    }

    fn is_resource_in(&self, named: &[String]) -> bool {
        let mut named = named.iter().map(|path| routes::normalised(path, &self.paths));
        named.any(|path| routes::is_same(&path, &self.paths.list) || routes::is_same(&path, &self.paths.item))
    }

    /// Whether the read that tokens are tried on is one that everybody may have.
    pub fn tries_tokens_in_public(&self) -> bool {
        self.paths.read.is_none() && self.is_read_in_public()
    }

    /// Whether a further route must ask for a token: it is declared to, or lies below a collection whose own reads do.
    pub fn must_guard(&self, route: &Route) -> bool {
        route.auth == RouteAuth::Bearer || (route.is_below(&self.paths) && !self.is_read_in_public())
    }

    /// The path of the answer that names the release: the declared one, else deep health, else liveness.
    pub fn release_path(&self) -> Option<&str> {
        [&self.release.path, &self.paths.health, &self.paths.live].into_iter().find_map(Option::as_deref)
    }

    /// Whether the run may create objects.
    pub fn may_write(&self) -> bool {
        self.allow_writes || self.is_loopback()
    }
}
