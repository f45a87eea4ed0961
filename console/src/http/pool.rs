//! The connections of a client: one pool for all requests, and one apart for those that may cost their connection.

use std::net::SocketAddr;
use std::time::Duration;

use super::Limits;
use super::trust::{self, Protocols};
use super::{Probe, Trouble};
use crate::target::Target;

/// How long a connection may lie idle before it is used again: Node.js and uvicorn close theirs after five seconds.
const IDLE: Duration = Duration::from_secs(3);

/// What a client's connections differ in from those of other clients.
#[derive(Default)]
pub(super) struct Way {
    /// TLS other than what the target's trust asks for.
    pub(super) tls: Option<rustls::ClientConfig>,
    /// The address, whatever the name service says of the host.
    pub(super) address: Option<SocketAddr>,
    /// Requests at most in flight at once; at least one.
    pub(super) connections: usize,
}

/// Connections to one target.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    shared: reqwest::Client,
    /// HTTP/1.1, where each request has a connection of its own.
    apart: reqwest::Client,
    /// Keeps no connection for later. Application servers close connections when it suits them (uvicorn after every error), and one that
    /// lay idle may be gone: so what must not be sent twice, and what is sent again, goes over a connection of its own.
    alone: reqwest::Client,
    /// Whether a new connection is dear: over TLS, where an edge keeps them, only what is sent again gets one.
    is_dear: bool,
}

impl Pools {
    /// Pools that trust what `way` or else `target` says.
    pub(super) fn open(target: &Target, limits: Limits, agent: &str, way: Way) -> Result<Self, Trouble> {
        let tls = way.tls.map_or_else(|| trust::config(target, Protocols::Any), Ok)?;
        let mut lone = tls.clone();
        lone.alpn_protocols = Protocols::Http1.alpn();
        let pool = |tls, idle| connections(target, Limits { connections: Some(idle), ..limits }, agent, tls, way.address);
        let shared = pool(tls.clone(), limits.most())?;
        Ok(Self { shared, apart: pool(lone, limits.most())?, alone: pool(tls, 0)?, is_dear: target.base.is_https() })
    }

    /// The pool for `probe`, which may ask for a `fresh` connection: on HTTP/2 all requests share one, and a head that is too large takes
    /// the others down with it.
    pub(super) fn suited(&self, probe: &Probe, fresh: bool) -> &reqwest::Client {
        match () {
            () if probe.is_oversized() => &self.apart,
            () if fresh || (!self.is_dear && !probe.is_safe()) => &self.alone,
            () => &self.shared,
        }
    }
}

/// A pool of connections to `target`.
fn connections(
    target: &Target,
    limits: Limits,
    agent: &str,
    tls: rustls::ClientConfig,
    address: Option<SocketAddr>,
) -> Result<reqwest::Client, Trouble> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(agent)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(limits.most())
        .pool_idle_timeout(IDLE)
        .connect_timeout(limits.request_timeout);
    let builder = match address {
        Some(address) => builder.resolve(target.base.host(), address),
        None => builder,
    };
    builder.build().map_err(|error| Trouble::Transport(error.to_string()))
}
