//! The course of a run: sweep, users, suites, clean-up, conclusion.
//!
//! Owns what a run holds from its first request to its document. How suites are asked belongs to `suites`, what their results count for
//! to `judged`, and when what they made may go to `stages`.

mod judged;
mod learned;
mod stages;
mod suites;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use secrecy::ExposeSecret as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::learned::Learned;
use self::stages::Stages;
use super::budget::{Allotment, CLEANING};
use super::journal::{Journal, Kind};
use super::needs::{Given, may_write};
use super::parents::Parents;
use super::purse::Purse;
use super::registrar::{Registrar, Whose};
use super::releases::Releases;
use super::workshop::{Bench, Workshop};
use super::{Inputs, Options, VerifyError, accept, conclude, sweep, users};
use crate::checks::{Check, Context, Quiet, Suite, User, Users};
use crate::http::{Client, Limits, Trouble};
use crate::run::{CheckResult, Cleanup, Event, Events, LeftBehind, Phase, Run};
use crate::target::{Target, Tokens};

/// The checks that a run with these options asks.
fn selected(options: &Options) -> impl Iterator<Item = &'static Check> {
    options.suites.iter().flat_map(|suite| suite.checks()).filter(|check| is_selected(options, check))
}

fn is_selected(options: &Options, check: &Check) -> bool {
    options.only.as_ref().is_none_or(|only| check.is_control() || only.contains(&check.id))
}

/// One run under way.
pub(super) struct Engine {
    run: Uuid,
    started: (Instant, OffsetDateTime),
    target: Arc<Target>,
    options: Options,
    /// What is asked where requests are few.
    allotment: Option<Allotment>,
    /// What others leave of that.
    purse: Option<Purse>,
    inputs: Arc<Inputs>,
    client: Client,
    journal: Option<Arc<Journal>>,
    workshop: Arc<Workshop>,
    /// What its objects live in.
    parents: Option<Arc<Parents>>,
    registrar: Registrar,
    events: Events,
    done: AtomicUsize,
    /// Which checks have ended, for those that go last.
    quiet: Arc<Quiet>,
    stages: Stages,
    releases: Releases,
    learned: Learned,
}

impl Engine {
    pub(super) fn new(
        target: Arc<Target>,
        options: Options,
        inputs: Inputs,
        events: Events,
        stop: CancellationToken,
    ) -> Result<Self, VerifyError> {
        let run = Uuid::now_v7();
        let others = selected(&options).filter(|check| !check.is_control()).map(|check| check.id).collect();
        let allotment = Allotment::of(&options.suites, &options.limits, &Given::planned(&target, &options, &inputs));
        // What clean-up needs beside the objects themselves is not the checks' to spend.
        let budget = allotment.as_ref().map(|allotment| allotment.budget.saturating_sub(CLEANING));
        let client = Client::new(Arc::clone(&target), Limits { budget, ..options.limits }, &run.simple().to_string(), stop)
            .map_err(VerifyError::Client)?;
        let journal =
            may_write(&target, &options).then(|| Journal::open(&options.journal, run, &target.base.to_string())).transpose()?;
        let journal = journal.map(Arc::new);
        let workshop = Arc::new(Workshop::new(Kind::Object, Arc::clone(&target), journal.clone(), run));
        let parents = Parents::new(&target, journal.clone(), run).map(Arc::new);
        let started = (Instant::now(), OffsetDateTime::now_utc());
        let releases = Releases::new(&client, &events, started.1);
        let registrar = Registrar::new(Arc::clone(&target), client.clone(), journal.clone());
        Ok(Self {
            stages: Stages::new(&options.suites),
            run,
            started,
            target,
            purse: allotment.as_ref().map(|allotment| Purse::of(allotment, selected(&options))),
            options,
            allotment,
            inputs: Arc::new(inputs),
            client,
            journal,
            workshop,
            parents,
            registrar,
            events,
            done: AtomicUsize::new(0),
            quiet: Arc::new(Quiet::before(others)),
            releases,
            learned: Learned::default(),
        })
    }

    /// Everything, from the first request to the finished document.
    pub(super) async fn run(self) -> Result<Run, VerifyError> {
        self.announce();
        self.phase(Phase::Preparing);
        let context = self.context().await;
        // What killed runs left is found by its marker and disturbs no check, so that it is removed while the checks begin.
        self.phase(Phase::Sweeping);
        self.phase(Phase::Checking);
        let first = self.releases.observe(&self.target);
        let (_, swept, mut results) = tokio::join!(first, self.sweep(&context), self.check_all(&context));
        self.phase(Phase::Cleaning);
        let users = Arc::clone(&context.users);
        drop(context);
        let replicas = results.iter().find(|result| result.id == "release.replicas").map(|result| result.verdict);
        let (change, cleanup) = tokio::join!(self.releases.change(&self.target, replicas), self.clean_up(&users));
        if let Some(reason) = change {
            self.withdraw_all(&mut results, &reason);
        }
        let cleanup = Cleanup { swept: swept + cleanup.swept, ..cleanup };
        Ok(self.document(results, cleanup))
    }

    fn announce(&self) {
        self.events.send(Event::Started {
            run: self.run.simple().to_string(),
            target: self.target.name.clone(),
            url: self.target.base.to_string(),
            checks: self.selected().map(|check| check.id.to_owned()).collect(),
        });
    }

    fn selected(&self) -> impl Iterator<Item = &'static Check> {
        selected(&self.options)
    }

    fn phase(&self, phase: Phase) {
        self.events.send(Event::Phase { phase });
    }

    /// The users. Where they would have to be signed up and nothing may be made, there are none.
    async fn users(&self) -> Users {
        if matches!(self.target.tokens, Tokens::Signup) && self.journal.is_none() {
            return Users::default();
        }
        let obtained = async { self.housed(users::obtain(&self.registrar, &self.target).await?).await };
        obtained.await.unwrap_or_else(|trouble| {
            self.events.note(format!("no tokens: {trouble}"));
            let _ = self.learned.no_tokens.set(trouble.to_string());
            Users::default()
        })
    }

    /// The users with what their objects live in.
    async fn housed(&self, users: Users) -> Result<Users, Trouble> {
        let Some(parents) = &self.parents else { return Ok(users) };
        let housed = async |user: Option<User>| match user {
            Some(user) => parents.provide(&self.client, &user).await.map(Some),
            None => Ok(None),
        };
        let (a, b) = tokio::try_join!(housed(users.a), housed(users.b))?;
        Ok(Users { a, b })
    }

    /// Keeps what the run was given or has obtained out of everything that it says.
    fn keep_unsaid(&self, users: &Users) {
        for user in [&users.a, &users.b].into_iter().flatten() {
            self.client.keep_unsaid(user.token.name(), user.token.expose());
        }
        for (name, secret) in &self.inputs.secrets {
            self.client.keep_unsaid(&format!("${name}"), secret.expose_secret());
        }
    }

    async fn context(&self) -> Context {
        let users = self.users().await;
        self.keep_unsaid(&users);
        if let (Some(csrf), Some(a)) = (&self.target.csrf, &users.a)
            && self.client.csrf_of(&a.token).is_none()
        {
            self.events.note(format!("no CSRF token {} was handed out to A: writes go without one", csrf.token));
        }
        let forge = users::forge(&self.target, users.a.as_ref()).map(Arc::new);
        let within = users.a.as_ref().and_then(|a| a.parent.as_ref()).map(|parent| Arc::new(self.target.within(parent)));
        let context = Context {
            target: within.unwrap_or_else(|| Arc::clone(&self.target)),
            described: Arc::new(self.target.resource.clone()),
            client: self.client.clone(),
            users: Arc::new(users),
            forge,
            writes: may_write(&self.target, &self.options),
            objects: self.bench(&self.client, None),
            registry: Arc::new(self.registrar.clone()),
            exhaustive: self.options.exhaustive,
            left_out: Arc::default(),
            shared: Arc::default(),
            quiet: Arc::clone(&self.quiet),
            seed: self.run.simple().to_string().into(),
            inputs: Arc::clone(&self.inputs),
        };
        match users::key_is_refused(&context).await {
            Some(reason) => {
                let _ = self.learned.no_forge.set(reason);
                Context { forge: None, ..context }
            }
            None => context,
        }
    }

    fn bench(&self, client: &Client, suite: Option<Suite>) -> Arc<Bench> {
        Arc::new(Bench { workshop: Arc::clone(&self.workshop), parents: self.parents.clone(), client: client.clone(), suite })
    }

    async fn sweep(&self, cx: &Context) -> usize {
        if !may_write(&self.target, &self.options) {
            return 0;
        }
        let swept = sweep::leftovers(&self.client, &self.target, &cx.users, &self.options.journal, sweep::Age::Settled).await;
        let swept = swept.with_lost_left();
        for left in LeftBehind::by_reason(&self.client.unsaid(swept.left.clone())) {
            self.events.note(format!("not removed of what earlier runs left: {left}"));
        }
        for (user, trouble) in &swept.refused {
            self.events.note(format!("the token of user {user} is not let in ({trouble}): is it right, and has it not ended?"));
        }
        let _ = self.learned.dead.set(swept.dead);
        swept.removed
    }

    /// Deletes what the run made, over the same connections but on its own time: neither the deadline nor an interruption may keep it from that.
    /// What the run did not use of its time is there for the waits that limits ask for.
    async fn clean_up(&self, users: &Users) -> Cleanup {
        let of_parents = self.parents.as_ref().is_some_and(|parents| !parents.workshop.made().is_empty());
        let made = of_parents || !self.workshop.made().is_empty() || self.registrar.has_made();
        let client = self.client.successor(self.client.rest() + sweep::GRACE, made);
        let dead = self.learned.dead.get().cloned().unwrap_or_default();
        // What other accounts own goes with them, so that they need not wait.
        let own = self.tidied(&client, users, &dead);
        let (mut cleanup, mut accounts) = tokio::join!(own, self.registrar.close(&client, Whose::Spare));
        accounts.extend(self.registrar.close(&client, Whose::Users).await);
        if self.target.accounts.delete.is_some() {
            cleanup.left.extend(accounts);
        } else {
            cleanup.accounts = accounts;
        }
        let cleanup = self.client.unsaid(cleanup);
        for left in LeftBehind::by_reason(cleanup.left.iter().chain(&cleanup.accounts)) {
            self.events.note(format!("left behind: {left}"));
        }
        cleanup
    }

    /// Deletes the objects of this run, then what they lived in.
    async fn tidied(&self, client: &Client, users: &Users, dead: &BTreeSet<Uuid>) -> Cleanup {
        let of = async |workshop: &Workshop| sweep::own(client, &self.registrar, users, workshop, self.run, dead).await;
        let objects = of(&self.workshop).await;
        match &self.parents {
            Some(parents) => objects.and(of(&parents.workshop).await),
            None => objects,
        }
    }

    fn document(self, results: Vec<CheckResult>, cleanup: Cleanup) -> Run {
        let wall = self.started.0.elapsed();
        if self.options.read_only {
            self.events.note(conclude::unmade(&results));
        }
        for gone in accept::stale(&results, &self.target.accepted) {
            self.events.note(gone);
        }
        let run = conclude::Raw {
            id: self.run.simple().to_string(),
            started_at: self.started.1,
            wall,
            meter: self.client.meter().read(),
            longest_chain: self.client.scope().chain(),
            connections: self.client.places(),
            releases: self.releases.seen(),
            results,
            cleanup,
            notes: self.events.notes(),
        };
        if let Some(journal) = self.journal.filter(|_| run.cleanup.left.is_empty()) {
            journal.finish();
        }
        conclude::document(run, &self.target, &self.options)
    }
}
