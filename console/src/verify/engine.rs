//! The schedule of a run: sweep, users, suites side by side with their controls, clean-up, conclusion.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::join_all;
use secrecy::ExposeSecret as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::budget::{self, Allotment, CLEANING};
use super::journal::Journal;
use super::needs::{Given, may_write};
use super::registrar::{Registrar, Whose};
use super::releases::Releases;
use super::sentinel::Sentinel;
use super::workshop::{Bench, Workshop};
use super::{Inputs, Options, VerifyError, accept, conclude, sweep, users};
use crate::checks::{Check, Context, Need, Outcome, Suite, Users};
use crate::http::{Client, Limits, clean};
use crate::run::{CheckResult, Cleanup, Event, Events, Evidence, Finding, Phase, Run, Source, Verdict};
use crate::target::{Target, Tokens};

/// One run under way.
pub(super) struct Engine {
    run: Uuid,
    started: (Instant, OffsetDateTime),
    target: Arc<Target>,
    options: Options,
    /// What is asked where requests are few.
    allotment: Option<Allotment>,
    inputs: Arc<Inputs>,
    client: Client,
    journal: Option<Arc<Journal>>,
    workshop: Arc<Workshop>,
    registrar: Registrar,
    events: Events,
    done: AtomicUsize,
    releases: Releases,
    /// Why tokens that were to come did not.
    no_tokens: OnceLock<String>,
    /// Killed runs whose objects were swept.
    dead: OnceLock<BTreeSet<Uuid>>,
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
        let allotment = Allotment::of(&options.suites, &options.limits, &Given::planned(&target, &options, &inputs));
        // What clean-up needs beside the objects themselves is not the checks' to spend.
        let budget = allotment.as_ref().map(|allotment| allotment.budget.saturating_sub(CLEANING));
        let client = Client::new(Arc::clone(&target), Limits { budget, ..options.limits }, &run.simple().to_string(), stop)
            .map_err(VerifyError::Client)?;
        let journal =
            may_write(&target, &options).then(|| Journal::open(&options.journal, run, &target.base.to_string())).transpose()?;
        let journal = journal.map(Arc::new);
        let workshop = Arc::new(Workshop::new(Arc::clone(&target), journal.clone(), run));
        let started = (Instant::now(), OffsetDateTime::now_utc());
        let releases = Releases::new(&client, &events, started.1);
        let registrar = Registrar::new(Arc::clone(&target), client.clone(), journal.clone());
        Ok(Self {
            run,
            started,
            target,
            options,
            allotment,
            inputs: Arc::new(inputs),
            client,
            journal,
            workshop,
            registrar,
            events,
            done: AtomicUsize::new(0),
            releases,
            no_tokens: OnceLock::new(),
            dead: OnceLock::new(),
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
        self.options.suites.iter().flat_map(|suite| suite.checks()).filter(|check| self.is_selected(check))
    }

    fn is_selected(&self, check: &Check) -> bool {
        self.options.only.as_ref().is_none_or(|only| check.is_control() || only.contains(&check.id))
    }

    fn phase(&self, phase: Phase) {
        self.events.send(Event::Phase { phase });
    }

    /// The users. Where they would have to be signed up and nothing may be made, there are none.
    async fn users(&self) -> Users {
        if matches!(self.target.tokens, Tokens::Signup) && self.journal.is_none() {
            return Users::default();
        }
        users::obtain(&self.registrar, &self.target).await.unwrap_or_else(|trouble| {
            self.events.note(format!("no tokens: {trouble}"));
            let _ = self.no_tokens.set(trouble.to_string());
            Users::default()
        })
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
        let forge = users::forge(&self.target, users.a.as_ref()).map(Arc::new);
        Context {
            target: Arc::clone(&self.target),
            client: self.client.clone(),
            users: Arc::new(users),
            forge,
            writes: may_write(&self.target, &self.options),
            objects: self.bench(&self.client, None),
            registry: Arc::new(self.registrar.clone()),
            exhaustive: self.options.exhaustive,
            shared: Arc::default(),
            seed: self.run.simple().to_string().into(),
            inputs: Arc::clone(&self.inputs),
        }
    }

    fn bench(&self, client: &Client, suite: Option<Suite>) -> Arc<Bench> {
        Arc::new(Bench { workshop: Arc::clone(&self.workshop), client: client.clone(), suite })
    }

    async fn sweep(&self, cx: &Context) -> usize {
        if !may_write(&self.target, &self.options) {
            return 0;
        }
        let swept = sweep::leftovers(&self.client, &self.target, &cx.users, &self.options.journal, sweep::Age::Settled).await;
        for left in self.client.unsaid(swept.left.clone()) {
            self.events.note(format!("left by an earlier run: {} ({})", left.what, left.why));
        }
        for (user, trouble) in &swept.refused {
            self.events.note(format!("the token of user {user} is not let in ({trouble}): is it right, and has it not ended?"));
        }
        let _ = self.dead.set(swept.dead);
        swept.removed
    }

    async fn check_all(&self, cx: &Context) -> Vec<CheckResult> {
        let suites = self.options.suites.iter().map(|suite| self.check_suite(cx, *suite));
        let asked = join_all(suites);
        let sentinel = Sentinel::new(&self.client, &self.target, &cx.users);
        let watched = async {
            match sentinel {
                Some(sentinel) => sentinel.watch().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            results = asked => results.into_iter().flatten().collect(),
            never = watched => match never {},
        }
    }

    /// A suite: its control, its checks, the control again; an exhaustive run, which takes longer, asks the control after half of them too.
    async fn check_suite(&self, cx: &Context, suite: Suite) -> Vec<CheckResult> {
        let (all, left_out): (Vec<_>, Vec<_>) =
            suite.checks().iter().filter(|check| self.is_selected(check)).partition(|check| self.is_afforded(cx, check));
        let mut left_out = self.finish_all(left_out.into_iter().map(|check| self.left_out(check)));
        let mut results = self.check_afforded(cx, suite, &all).await;
        results.append(&mut left_out);
        // Nobody else looks at what other suites make, so that only this one can tell when its own may go. A budget is spent on checks first.
        if suite == Suite::Isolation && self.allotment.is_none() && may_write(&self.target, &self.options) {
            sweep::of_suite(&cx.client, &self.target, &self.workshop, self.run, suite).await;
        }
        results
    }

    /// Whether the budget has room for `check`. What cannot be asked at all costs nothing and says so itself.
    fn is_afforded(&self, cx: &Context, check: &Check) -> bool {
        let covered = self.allotment.as_ref().is_none_or(|allotment| allotment.covers(check));
        covered || self.unaskable(cx, check).is_some()
    }

    fn left_out(&self, check: &Check) -> CheckResult {
        let reason = self.allotment.as_ref().map(Allotment::reason).unwrap_or_default();
        concluded(check, Outcome::skip(reason), 0, Instant::now())
    }

    async fn check_afforded(&self, cx: &Context, suite: Suite, afforded: &[&'static Check]) -> Vec<CheckResult> {
        let cx = &cx.branch();
        let others: Vec<_> = afforded.iter().copied().filter(|check| !check.is_control()).collect();
        let control = suite.control().filter(|control| afforded.iter().any(|check| check.id == control.id));
        let Some(control) = control else { return self.ask_all(cx, &others).await };
        let mut proof = self.ask(cx, control).await;
        if proof.verdict != Verdict::Pass && proof.verdict != Verdict::Warn {
            proof.verdict = if proof.verdict == Verdict::Skip { Verdict::Skip } else { Verdict::Inconclusive };
            return self.without_control(cx, suite, proof, &others).await;
        }
        // Without its last proof, nothing of the suite would count.
        let last = self.client.set_aside(budget::requests(control)).map_or(0, |()| budget::requests(control));
        let between = if self.options.exhaustive && self.allotment.is_none() { others.len() / 2 } else { 0 };
        let (first, second) = others.split_at(between);
        let mut results = self.ask_all(cx, first).await;
        if between > 0 {
            merge(&mut proof, self.ask(cx, control).await, "between");
        }
        results.extend(self.ask_all(cx, second).await);
        self.client.release(last);
        merge(&mut proof, self.ask(cx, control).await, "at the end");
        if proof.verdict == Verdict::Inconclusive {
            let reason = format!("the control of this suite no longer held: {}", proof.summary);
            for result in results.iter_mut().filter(|result| !speaks_for_itself(suite, result)) {
                self.withdraw(result, &reason);
            }
        }
        self.finish_all([proof]).into_iter().chain(results).collect()
    }

    /// A suite whose control did not hold. Refusals prove nothing then, but what lets an attacker in, or keeps a declared front end out,
    /// speaks for itself: where the application answered, the checks of doors are asked all the same, and only their FAIL is kept.
    async fn without_control(&self, cx: &Context, suite: Suite, proof: CheckResult, others: &[&'static Check]) -> Vec<CheckResult> {
        let answered = proof.verdict == Verdict::Inconclusive && proof.evidence.iter().any(told_by_the_service);
        if !(answered && is_of_doors(suite)) {
            let rest = others.iter().map(|check| self.unasked(cx, check, &proof)).collect::<Vec<_>>();
            return self.finish_all(std::iter::once(proof).chain(rest));
        }
        let asked = join_all(others.iter().map(|check| self.ask(cx, check))).await;
        let rest = others.iter().zip(asked).map(|(check, result)| match result.verdict {
            Verdict::Skip => result,
            _ if speaks_for_itself(suite, &result) => result,
            _ => CheckResult { probes: result.probes, ..self.unasked(cx, check, &proof) },
        });
        let rest: Vec<_> = rest.collect();
        self.finish_all(std::iter::once(proof).chain(rest))
    }

    /// What a check comes to that cannot be asked: SKIP for what was never given, INCONCLUSIVE for tokens that were to come and did not.
    fn unaskable(&self, cx: &Context, check: &Check) -> Option<Outcome> {
        let need = Given::obtained(&self.target, &self.options, &self.inputs, &cx.users).missing(check)?;
        let of_tokens = matches!(need, Need::Token | Need::TwoUsers | Need::Jwt);
        let failed = self.no_tokens.get().filter(|_| of_tokens).map(|trouble| Outcome::inconclusive(trouble.clone()));
        Some(failed.unwrap_or_else(|| Outcome::skip(need.reason())))
    }

    /// What a check comes to when its suite's control did not hold.
    fn unasked(&self, cx: &Context, check: &Check, control: &CheckResult) -> CheckResult {
        let outcome = match (self.unaskable(cx, check), control.verdict) {
            (Some(outcome), _) => outcome,
            (None, Verdict::Skip) => Outcome::skip(format!("its control could not be asked: {}", control.summary)),
            (None, _) => Outcome::inconclusive(format!("its control failed: {}", control.summary)),
        };
        concluded(check, outcome, 0, Instant::now())
    }

    async fn ask_all(&self, cx: &Context, checks: &[&'static Check]) -> Vec<CheckResult> {
        let asked = checks.iter().map(async |check| {
            let result = self.finish(self.ask(cx, check).await);
            // A budget is spent on checks first.
            if self.allotment.is_none() {
                self.registrar.close(&cx.client, Whose::Check(check.id)).await;
            }
            result
        });
        join_all(asked).await
    }

    async fn ask(&self, cx: &Context, check: &'static Check) -> CheckResult {
        let started = Instant::now();
        if let Some(outcome) = self.unaskable(cx, check) {
            return concluded(check, outcome, 0, started);
        }
        self.events.send(Event::CheckStarted { id: check.id.to_owned() });
        let (client, scope) = cx.client.scoped();
        let client = if check.needs.contains(&Need::Writes) { client.for_chain() } else { client };
        let cx = Context {
            objects: self.bench(&client, Some(check.suite)),
            registry: Arc::new(self.registrar.by(&client, check.id)),
            client,
            ..cx.clone()
        };
        let asked = AssertUnwindSafe((check.run)(cx)).catch_unwind().await;
        let outcome = match asked {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(trouble)) => Outcome::inconclusive(trouble.to_string()),
            Err(_) => Outcome::inconclusive("the check itself failed; please report this as a bug"),
        };
        concluded(check, outcome, scope.sent(), started)
    }

    fn finish_all(&self, results: impl IntoIterator<Item = CheckResult>) -> Vec<CheckResult> {
        results.into_iter().map(|result| self.finish(result)).collect()
    }

    fn finish(&self, result: CheckResult) -> CheckResult {
        let result = accept::applied(self.client.unsaid(result), &self.target.accepted, self.started.1.date());
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.events.send(Event::CheckFinished { result: Box::new(result.clone()) });
        self.events.send(Event::Progress { probes: self.client.meter().sent(), done, total: self.selected().count() });
        result
    }

    fn withdraw_all(&self, results: &mut [CheckResult], reason: &str) {
        for result in results {
            self.withdraw(result, reason);
        }
    }

    /// Takes a judgement back: what was seen cannot carry it any more.
    fn withdraw(&self, result: &mut CheckResult, reason: &str) {
        if !result.verdict.judged() {
            return;
        }
        result.summary = format!("{reason}; it had come out as {}: {}", result.verdict, result.summary);
        (result.verdict, result.accepted) = (Verdict::Inconclusive, None);
        self.events.send(Event::CheckFinished { result: Box::new(result.clone()) });
    }

    /// Deletes what the run made, over the same connections but on its own time: neither the deadline nor an interruption may keep it from that.
    async fn clean_up(&self, users: &Users) -> Cleanup {
        let made = !self.workshop.made().is_empty() || self.registrar.has_made();
        let client = self.client.successor(sweep::GRACE, made);
        let dead = self.dead.get().cloned().unwrap_or_default();
        // Nobody but A and B owns what checks made, so the other accounts need not wait.
        let own = sweep::own(&client, &self.target, users, &self.workshop, self.run, &dead);
        let (mut cleanup, mut accounts) = tokio::join!(own, self.registrar.close(&client, Whose::Spare));
        accounts.extend(self.registrar.close(&client, Whose::Users).await);
        if self.target.accounts.delete.is_some() {
            cleanup.left.extend(accounts);
        } else {
            cleanup.accounts = accounts;
        }
        let cleanup = self.client.unsaid(cleanup);
        for left in cleanup.left.iter().chain(&cleanup.accounts) {
            self.events.note(format!("left behind: {} ({})", left.what, left.why));
        }
        cleanup
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

/// Cleans the words of a piece of evidence: a check may have put something into them that the target said.
fn harmless(evidence: Evidence) -> Evidence {
    Evidence { label: clean(&evidence.label), observed: clean(&evidence.observed), ..evidence }
}

/// Whether a piece of evidence is an answer that no edge gave in the service's place.
/// Whether a suite asks what lets an attacker in, or keeps a declared front end out.
const fn is_of_doors(suite: Suite) -> bool {
    matches!(suite, Suite::Cors | Suite::Jwt | Suite::Isolation)
}

/// Whether a judgement stands without a control: an open door is open, whatever else the service no longer does.
fn speaks_for_itself(suite: Suite, result: &CheckResult) -> bool {
    let shown = |piece: &Evidence| piece.finding == Finding::Broken && told_by_the_service(piece);
    is_of_doors(suite) && result.verdict == Verdict::Fail && result.evidence.iter().any(shown)
}

fn told_by_the_service(piece: &Evidence) -> bool {
    piece.source != Some(Source::Edge) && piece.exchange.as_ref().is_some_and(|exchange| exchange.response.is_some())
}

fn concluded(check: &Check, outcome: Outcome, probes: u64, started: Instant) -> CheckResult {
    CheckResult {
        id: check.id.to_owned(),
        suite: check.suite.to_string(),
        title: check.title.to_owned(),
        severity: check.severity,
        verdict: outcome.verdict,
        accepted: None,
        judged_on: None,
        summary: clean(&outcome.summary),
        evidence: outcome.evidence.into_iter().map(harmless).collect(),
        requirements: check.requirements.iter().map(|id| (*id).to_owned()).collect(),
        probes,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// Adds a later proof of the same control to the first one. A control that no longer holds leaves the suite open.
fn merge(proof: &mut CheckResult, again: CheckResult, when: &str) {
    proof.probes += again.probes;
    if matches!(again.verdict, Verdict::Pass | Verdict::Warn) {
        proof.verdict = proof.verdict.max(again.verdict);
        return;
    }
    proof.verdict = Verdict::Inconclusive;
    proof.summary = format!("it no longer held {when}: {}", again.summary);
    proof.evidence.splice(..0, again.evidence);
}
