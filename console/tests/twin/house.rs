//! What every request handler of the twin may touch: its flaws, its store, its start time and a count of requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use console::target::Carrier;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Flaws;
use super::accounts::{self, Accounts};
use super::cors::Cache;
use super::health::Probes;
use super::labels::Label;
use super::robust::Ledger;
use super::store::Store;
use super::trespass::Memory;
use super::verifier::{Kind, Subject};

/// The state of one twin.
pub(crate) struct House {
    /// The switches that are on.
    pub(crate) flaws: Flaws,
    /// A further origin that it lets in: one on this machine, that may be looked at.
    pub(crate) front: Option<String>,
    /// Whether its front speaks TLS.
    pub(crate) secure: bool,
    /// Whether accounts have routes of their own.
    pub(crate) profiles: bool,
    /// The tasks.
    pub(crate) store: Store,
    /// What a shared cache in front of it keeps, where a flaw has one.
    pub(crate) cache: Cache,
    /// Requests of deep health under way.
    pub(crate) probes: Probes,
    /// Who is of which organisation, where a flaw knows organisations.
    pub(crate) orgs: Mutex<BTreeMap<String, Subject>>,
    /// What was written below tasks, by their ids.
    pub(crate) comments: Mutex<Vec<(String, String)>>,
    /// The labels of all, where a flaw has any.
    pub(crate) labels: Mutex<Vec<Label>>,
    /// What detours around isolation keep between requests.
    pub(crate) trespass: Memory,
    /// Who has an account, and who is signed in.
    pub(crate) accounts: Mutex<Accounts>,
    /// What its tokens are.
    pub(crate) kind: Kind,
    /// How they travel.
    pub(crate) carrier: Carrier,
    /// Who asked how often, and which keys made what.
    pub(crate) ledger: Ledger,
    /// When it started.
    pub(crate) started: OffsetDateTime,
    /// Ids of tokens that were shown.
    spent: Mutex<BTreeSet<String>>,
    requests: AtomicU64,
    /// Answers of the health routes so far.
    looked: AtomicU64,
    /// Requests under way, and the most of them at one time.
    at_once: Mutex<(usize, usize)>,
    methods: Mutex<BTreeSet<String>>,
    /// How often each origin asked for each path.
    turns: Mutex<BTreeMap<(String, String), u64>>,
}

impl House {
    /// An empty house; `front` is let in beside the others.
    pub(crate) fn new(kind: Kind, carrier: Carrier, flaws: Flaws, front: Option<String>) -> Self {
        let (store, cache, trespass) = (Store::default(), Cache::default(), Memory::default());
        Self {
            flaws,
            front,
            secure: false,
            profiles: false,
            store,
            cache,
            probes: Probes::default(),
            orgs: Mutex::default(),
            comments: Mutex::default(),
            labels: Mutex::default(),
            trespass,
            accounts: accounts::nobody(),
            kind,
            carrier,
            ledger: Ledger::default(),
            started: OffsetDateTime::now_utc(),
            spent: Mutex::default(),
            requests: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            at_once: Mutex::default(),
            methods: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// Whether a token of this id is shown for the first time.
    pub(crate) fn spend(&self, jti: &str) -> bool {
        self.spent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(jti.to_owned())
    }

    /// The same with routes for accounts.
    pub(crate) fn with_profiles(mut self) -> Self {
        self.profiles = true;
        self
    }

    /// The same behind a front that speaks TLS.
    pub(crate) fn behind_tls(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Whether the flaw is switched on. `name` must stand in a table.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.flaws.has(name)
    }

    /// How many have an account.
    pub(crate) fn people(&self) -> usize {
        self.accounts.lock().map(|accounts| accounts.people()).unwrap_or_default()
    }

    /// Notes the method of the first request on a connection, if that begins with a request line, or of one that reached a route.
    pub(crate) fn note(&self, method: &str) {
        if let Ok(mut methods) = self.methods.lock() {
            methods.insert(method.to_owned());
        }
    }

    /// The methods of all requests so far.
    pub(crate) fn methods(&self) -> BTreeSet<String> {
        self.methods.lock().map(|methods| methods.clone()).unwrap_or_default()
    }

    /// Counts a request in and returns its number, from 0.
    pub(crate) fn count(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// How often this origin asked for this path before: stands for three replicas that take turns, of which whoever asks
    /// three times in a row has seen each, whatever others ask.
    pub(crate) fn turn(&self, path: &str, origin: &str) -> u64 {
        let mut turns = self.turns.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let turn = turns.entry((path.to_owned(), origin.to_owned())).or_default();
        *turn += 1;
        *turn - 1
    }

    /// Counts a request that begins.
    pub(crate) fn begin(&self) {
        if let Ok(mut at_once) = self.at_once.lock() {
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
    }

    /// Counts a request that was answered.
    pub(crate) fn end(&self) {
        if let Ok(mut at_once) = self.at_once.lock() {
            at_once.0 -= 1;
        }
    }

    /// The most requests that were under way at one time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.at_once.lock().map(|at_once| at_once.1).unwrap_or_default()
    }

    /// The number of this answer of a health route.
    pub(crate) fn looked(&self) -> u64 {
        self.looked.fetch_add(1, Ordering::Relaxed)
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// RFC 3339, UTC.
pub(crate) fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
