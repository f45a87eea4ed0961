//! The client: one pool of connections to the target's own host, with a deadline, a budget, a pace and honest counting.
//!
//! Owns what a run's requests share; how one is let out is told in `admission`.

mod admission;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::http::answer::Headers;
use crate::http::csrf::CsrfTokens;
use crate::http::gate::{Gate, Rank};
use crate::http::in_vain::InVain;
use crate::http::manner::Manner;
use crate::http::overheard::Overheard;
use crate::http::pool::{Pools, Way};
use crate::http::preconditions::Tags;
use crate::http::scope::Scope;
use crate::http::strain::Strain;
use crate::http::trust::{self, Protocols};
use crate::http::unsaid::Unsaid;
use crate::http::vault::Vault;
use crate::http::{Answer, Credential, Limits, Meter, Trouble, edge};
use crate::run::Source;
use crate::target::Target;

#[derive(Debug)]
struct Inner {
    pools: Pools,
    agent: String,
    tls: OnceLock<Arc<rustls::ClientConfig>>,
    target: Arc<Target>,
    limits: Limits,
    deadline: Instant,
    gate: Gate,
    stop: CancellationToken,
    meter: Arc<Meter>,
    vault: Arc<Vault>,
    strain: Arc<Strain>,
    /// How the application answers.
    manner: Arc<Manner>,
    /// Errors that gave something away.
    overheard: Arc<Overheard>,
    /// What is not waited for any more.
    in_vain: Arc<InVain>,
    /// What was shown where, by its tag.
    tags: Arc<Tags>,
    /// What goes beside tokens in cookies.
    csrf: Arc<CsrfTokens>,
    /// Held while a connection may be open without a whole request on it: servers with few threads give one to each.
    unfinished: Arc<tokio::sync::RwLock<()>>,
}

/// Sends probes to one target and to nothing else. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
    scope: Scope,
    rank: Rank,
    /// The rank of one of many.
    many: Rank,
    /// Whether paths are those of the host, not of the target's URL.
    rooted: bool,
}

impl Client {
    /// What it sends to.
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// A client for `target`. `run` goes into the user agent; `stop` interrupts whatever is under way.
    pub fn new(target: Arc<Target>, limits: Limits, run: &str, stop: CancellationToken) -> Result<Self, Trouble> {
        Self::open(target, limits, run, stop, Way::default())
    }

    fn open(target: Arc<Target>, limits: Limits, run: &str, stop: CancellationToken, way: Way) -> Result<Self, Trouble> {
        let agent = format!("postflight/{} run/{run}", env!("CARGO_PKG_VERSION"));
        let pools = Pools::open(&target, limits, &agent, way)?;
        let inner = Inner {
            pools,
            agent,
            tls: OnceLock::new(),
            target,
            deadline: Instant::now() + limits.deadline,
            gate: Gate::new(&limits),
            stop,
            meter: Arc::default(),
            vault: Arc::default(),
            strain: Arc::default(),
            manner: Arc::default(),
            overheard: Arc::default(),
            in_vain: Arc::default(),
            tags: Arc::default(),
            csrf: Arc::default(),
            unfinished: Arc::default(),
            limits,
        };
        let client = Self { inner: Arc::new(inner), scope: Scope::default(), rank: Rank::Step, many: Rank::Broad, rooted: false };
        client.keep_target_unsaid();
        Ok(client)
    }

    /// A client over the same connections, into the same counts, that no deadline, budget or interruption of this one binds: for
    /// clean-up, which has `time` of its own. A `patient` one first waits as long as a 429 asked the run to.
    #[must_use]
    pub fn successor(&self, time: Duration, patient: bool) -> Self {
        // Whoever was asked to wait would only be refused before.
        let asked = self.inner.gate.asked().saturating_duration_since(Instant::now());
        let wait = if patient { asked } else { Duration::ZERO };
        let limits = Limits { deadline: time + wait, budget: None, ..self.inner.limits };
        let inner = Inner {
            pools: self.inner.pools.clone(),
            agent: self.inner.agent.clone(),
            tls: self.inner.tls.clone(),
            target: Arc::clone(&self.inner.target),
            deadline: Instant::now() + limits.deadline,
            gate: self.inner.gate.beside(&limits).closed_until(Instant::now() + wait),
            stop: CancellationToken::new(),
            meter: Arc::clone(&self.inner.meter),
            vault: Arc::clone(&self.inner.vault),
            strain: Arc::default(),
            manner: Arc::clone(&self.inner.manner),
            overheard: Arc::clone(&self.inner.overheard),
            in_vain: Arc::clone(&self.inner.in_vain),
            tags: Arc::clone(&self.inner.tags),
            csrf: Arc::clone(&self.inner.csrf),
            unfinished: Arc::clone(&self.inner.unfinished),
            limits,
        };
        Self { inner: Arc::new(inner), ..self.clone() }
    }

    /// The same client for what lies on the target's host beside the path of its URL.
    #[must_use]
    pub fn at_root(&self) -> Self {
        Self { rooted: true, ..self.clone() }
    }

    /// The absolute URL of a path, byte for byte.
    pub(in crate::http) fn url_of(&self, path: &str) -> String {
        let base = &self.inner.target.base;
        if self.rooted { format!("{}{path}", base.origin()) } else { base.join(path) }
    }

    /// The same client counting into a scope of its own, within this one's.
    #[must_use]
    pub fn scoped(&self) -> (Self, Scope) {
        let scope = self.scope.within();
        (Self { scope: scope.clone(), ..self.clone() }, scope)
    }

    /// The same client for a check that asks one thing after another: what it asks at once goes before what others ask at once.
    #[must_use]
    pub fn for_chain(self) -> Self {
        Self { many: Rank::Deep, ..self }
    }

    /// The same client for one of many requests that are asked at once: those go after what a check waits for alone.
    #[must_use]
    pub fn one_of_many(&self) -> Self {
        Self { rank: self.many, ..self.clone() }
    }

    /// What this client counts into.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Notes that an answer was waited for which another scope asked for, `link` round trips down its chain.
    pub fn waited_for(&self, link: u64) {
        self.scope.came(link);
    }

    /// Notes where nothing better than 429 came of a request.
    pub fn note_limit(&self, answer: &Answer) {
        if answer.status == 429 {
            self.scope.limit();
        }
    }

    /// A client for another target, of which it knows nothing else: no credential and no extra header of this one goes there. It shares
    /// the deadline, the interruption, the pace and the count of this client.
    pub(in crate::http) fn towards(&self, target: Target, request_timeout: Duration) -> Result<Self, Trouble> {
        self.derived(Arc::new(target), request_timeout, Way::default())
    }

    /// A client with connections of its own that shares the deadline, the interruption, the pace, the count and the secrets of this one.
    pub(in crate::http) fn derived(&self, target: Arc<Target>, request_timeout: Duration, way: Way) -> Result<Self, Trouble> {
        let inner = &self.inner;
        let limits = Limits {
            request_timeout,
            connections: Some(way.connections),
            deadline: inner.deadline - Instant::now(),
            ..inner.limits
        };
        let mut other = Self::open(target, limits, "elsewhere", inner.stop.clone(), way)?;
        if let Some(other) = Arc::get_mut(&mut other.inner) {
            other.meter = Arc::clone(&inner.meter);
            other.gate = inner.gate.beside(&limits);
            other.vault = Arc::clone(&inner.vault);
            other.csrf = Arc::clone(&inner.csrf);
            other.strain = Arc::clone(&inner.strain);
            other.unfinished = Arc::clone(&inner.unfinished);
        }
        other.scope = self.scope.clone();
        Ok(other)
    }

    /// How many requests may be in flight at once, as far as the run knows by now.
    pub fn places(&self) -> usize {
        self.inner.gate.places()
    }

    /// Notes how long an answer took.
    pub(in crate::http) fn answered_after(&self, elapsed: Duration) {
        self.meter().answered(elapsed);
        self.inner.gate.learn(elapsed);
    }

    /// The gate that every request passes.
    pub(in crate::http) fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    /// When the run ends at the latest.
    pub(in crate::http) fn deadline(&self) -> Instant {
        self.inner.deadline
    }

    /// How long the run may still go on; no time once it was interrupted.
    pub(crate) fn rest(&self) -> Duration {
        let stopped = self.inner.stop.is_cancelled();
        if stopped { Duration::ZERO } else { self.inner.deadline.saturating_duration_since(Instant::now()) }
    }

    /// Whether the deadline cut the run off; not so where it was interrupted.
    pub(crate) fn is_cut_off(&self) -> bool {
        Instant::now() >= self.inner.deadline && !self.inner.stop.is_cancelled()
    }

    /// What is not waited for any more.
    pub(in crate::http) fn in_vain(&self) -> &InVain {
        &self.inner.in_vain
    }

    /// What was shown where, by its tag.
    pub(in crate::http) fn tags(&self) -> &Tags {
        &self.inner.tags
    }

    /// What goes beside tokens in cookies.
    pub(in crate::http) fn csrf_tokens(&self) -> &CsrfTokens {
        &self.inner.csrf
    }

    /// Held while a connection may be open without a whole request on it.
    pub(in crate::http) async fn unfinished(&self) -> tokio::sync::OwnedRwLockReadGuard<()> {
        Arc::clone(&self.inner.unfinished).read_owned().await
    }

    /// As long as this is held, the run keeps no connection open without a whole request on it.
    pub async fn quiet(&self) -> tokio::sync::OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.inner.unfinished).write_owned().await
    }

    /// The target.
    pub(in crate::http) fn shared_target(&self) -> &Arc<Target> {
        &self.inner.target
    }

    /// The connections.
    pub(in crate::http) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    /// What bounds the run.
    pub(in crate::http) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Keeps `secret` out of everything that is recorded or shown from now on; `name` stands for it.
    pub(crate) fn keep_unsaid(&self, name: &str, secret: &str) {
        self.inner.vault.keep(name, secret);
    }

    /// `value` without any secret of the run in its texts.
    pub(crate) fn unsaid<T: serde::Serialize + serde::de::DeserializeOwned>(&self, value: T) -> T {
        self.inner.vault.without(value)
    }

    /// What an answer to a request with these `credentials` may say back: them, and every secret of the run.
    pub(in crate::http) fn unsaid_beside<'a>(&self, credentials: impl Iterator<Item = &'a Credential>) -> Unsaid {
        Unsaid::new(credentials, self.inner.vault.known())
    }

    fn keep_target_unsaid(&self) {
        for (name, value) in self.inner.target.secrets() {
            self.keep_unsaid(&name, value.expose_secret());
        }
    }

    /// Stops everything that is under way or to come with this reason: the target got worse.
    pub(crate) fn stop_degraded(&self, reason: &str) {
        self.inner.strain.stop(reason);
    }

    /// How often a pulse may be felt within the pace of the run; `None` where requests are too few for it.
    pub(crate) fn pulse_every(&self) -> Option<Duration> {
        self.inner.gate.pulse_every().filter(|_| self.inner.limits.budget.is_none())
    }

    /// Takes notice of what an answer gives away.
    pub(in crate::http) fn overhear(&self, answer: &Answer) {
        self.inner.overheard.note(answer);
    }

    /// Errors of the run so far that gave a program's inside away: the first of each status and kind.
    pub(crate) fn overheard(&self) -> Vec<Answer> {
        self.inner.overheard.all()
    }

    /// Who wrote an answer, by what is known of the application so far.
    pub(in crate::http) fn source_of(&self, status: u16, headers: &Headers, body: &[u8]) -> Source {
        let out_of_manner = self.inner.manner.is_strange(status, headers, body);
        let speaks_json = self.inner.manner.speaks_json();
        let app_header = self.inner.target.app_header.as_deref();
        edge::source_of(status, headers, body, edge::Habits { app_header, speaks_json, out_of_manner })
    }

    /// Requests a second that this run sends at most, where it has such a pace.
    pub(crate) fn rate(&self) -> Option<u32> {
        self.inner.limits.rate
    }

    /// How long the run may live at most, from its beginning.
    pub(crate) fn lifetime(&self) -> Duration {
        self.inner.limits.deadline
    }

    /// The run's meter.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.inner.meter
    }

    /// TLS with the trust of the main client, but HTTP/1.1 alone; made once.
    pub(in crate::http) fn tls(&self) -> Result<Arc<rustls::ClientConfig>, Trouble> {
        if let Some(config) = self.inner.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = trust::config(self.target(), Protocols::Http1)?;
        Ok(Arc::clone(self.inner.tls.get_or_init(|| Arc::new(config))))
    }

    /// The `User-Agent` of every request of the run.
    pub(in crate::http) fn agent(&self) -> &str {
        &self.inner.agent
    }
}
