//! The suites side by side, each between two proofs of its control.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::join_all;
use tokio::sync::Semaphore;

use super::judged::{OpenDoor, concluded, holds, is_computed, is_of_doors, merge, speaks_for_itself, told_by_the_service};
use super::{Engine, is_selected};
use crate::checks::{Check, Context, EXHAUSTS, Moment, Need, Outcome, Suite};
use crate::http::{Probe, Trouble};
use crate::run::{CONTROL_FAILED, CONTROL_UNASKED, CheckResult, Event, Verdict};
use crate::verify::budget::{self, Allotment};
use crate::verify::needs::{Given, may_write};
use crate::verify::registrar::Whose;
use crate::verify::sentinel::Sentinel;
use crate::verify::workshop::Made;
use crate::verify::{accept, sweep};

/// How long the last proof of a suite may take after the deadline.
const OVERTIME: Duration = Duration::from_secs(3);

/// The read that tokens are tried on, where it needs none.
async fn open_door(cx: &Context) -> Option<OpenDoor> {
    let path = cx.read_path(cx.users.a.as_ref()?);
    let answer = cx.send(&Probe::get(&path)).await.ok()?;
    let (url, run) = (cx.target.base.join(&path), Arc::clone(&cx.seed));
    (answer.is_success() && !answer.refuses_in_words()).then(|| OpenDoor { url, shows: answer.contains(&run), run })
}

/// The proof that a suite's good case works. It must hold once more when the checks have ended.
struct Proof {
    control: &'static Check,
    result: CheckResult,
    /// Requests of a budget that are kept for the last time.
    set_aside: u64,
}

impl Engine {
    pub(super) async fn check_all(&self, cx: &Context) -> Vec<CheckResult> {
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

    /// A suite: its control, its checks, the control again. What nobody takes notice of any more is deleted beside that.
    async fn check_suite(&self, cx: &Context, suite: Suite) -> Vec<CheckResult> {
        let selected = suite.checks().iter().filter(|check| is_selected(&self.options, check));
        let (afforded, left_out): (Vec<_>, Vec<_>) =
            selected.partition(|check| self.is_planned(cx, check) || self.may_follow(check));
        let left_out = self.finish_all(left_out.into_iter().map(|check| self.left_out(check)));
        let cx = &cx.branch();
        let (proof, results) = self.opened(cx, suite, &afforded).await;
        // What the control makes from here on is in use.
        let unused = self.unused(suite);
        let tidied = sweep::early(&cx.client, &self.registrar, &self.workshop, self.run, unused);
        let (results, ()) = tokio::join!(self.closed(cx, suite, proof, results), tidied);
        self.stages.closed(suite);
        results.into_iter().chain(left_out).collect()
    }

    /// Whether the plan has room for `check`. What cannot be asked at all costs nothing and says so itself.
    fn is_planned(&self, cx: &Context, check: &Check) -> bool {
        let covered = self.allotment.as_ref().is_none_or(|allotment| allotment.covers(check));
        covered || self.unaskable(cx, check).is_some()
    }

    /// Whether `check` may be asked with what others leave.
    fn may_follow(&self, check: &Check) -> bool {
        !check.is_control() && self.allotment.as_ref().is_some_and(|allotment| allotment.in_an_open_suite(check).is_some())
    }

    /// Waits for the requests that `check` needs, where the plan has none for it; whether they are there.
    async fn is_paid(&self, cx: &Context, check: &'static Check) -> bool {
        let Some((allotment, purse)) = self.allotment.as_ref().zip(self.purse.as_ref()) else { return true };
        if self.is_planned(cx, check) {
            return true;
        }
        match allotment.in_an_open_suite(check) {
            Some(price) => purse.affords(check, price).await,
            None => false,
        }
    }

    /// Notes that what was kept for `id` is no longer needed.
    fn leaves(&self, id: &str) {
        if let Some(purse) = &self.purse {
            purse.ended(id, self.client.unspent());
        }
    }

    fn left_out(&self, check: &Check) -> CheckResult {
        let reason = self.allotment.as_ref().map(Allotment::reason).unwrap_or_default();
        concluded(check, Outcome::skip(reason), 0, Instant::now())
    }

    /// The control and what comes after it, with the control once more when half of the checks have ended.
    async fn opened(&self, cx: &Context, suite: Suite, afforded: &[&'static Check]) -> (Option<Proof>, Vec<CheckResult>) {
        let others: Vec<_> = afforded.iter().copied().filter(|check| !check.is_control()).collect();
        let control = suite.control().filter(|control| afforded.iter().any(|check| check.id == control.id));
        let Some(control) = control else { return (None, self.ask_all(cx, &others).await) };
        let mut result = self.ask(cx, control).await;
        if !holds(&result) {
            self.leaves(control.id);
            result.verdict = if result.verdict == Verdict::Skip { Verdict::Skip } else { Verdict::Inconclusive };
            return (None, self.without_control(cx, suite, result, &others).await);
        }
        // Without its last proof, nothing of the suite would count.
        let cost = budget::cost(control).max(result.probes + budget::OF_AN_OBJECT * budget::objects(control));
        let set_aside = self.client.set_aside(cost).map_or(0, |()| cost);
        self.leaves(control.id);
        let ended = Semaphore::new(0);
        let (results, between) =
            tokio::join!(self.ask_each(cx, &others, &ended), self.between(cx, suite, others.len() / 2, &ended));
        // A limit says nothing of what was answered before it; the last proof tells whether it has ended.
        if let Some(between) = between.filter(|between| holds(between) || !self.learned.limited.has(control.id)) {
            merge(&mut result, between, "between");
        }
        (Some(Proof { control, result, set_aside }), results)
    }

    /// The control when `half` of the checks have `ended`, while the others go on; a moment's trouble is given another chance. A run that counts
    /// its requests does without: there the first and the last proof have to do.
    async fn between(&self, cx: &Context, suite: Suite, half: usize, ended: &Semaphore) -> Option<CheckResult> {
        let control = suite.control_again(Moment::Between)?;
        let half = u32::try_from(half).ok().filter(|half| *half > 0 && self.allotment.is_none())?;
        let _half = ended.acquire_many(half).await.ok()?;
        let again = self.ask(cx, control).await;
        Some(if holds(&again) { again } else { self.ask(cx, control).await })
    }

    /// The control for the last time. Where it no longer holds, it takes back what does not speak for itself. A limit alone says so (429): what
    /// never met it was answered by the service.
    async fn closed(&self, cx: &Context, suite: Suite, proof: Option<Proof>, mut results: Vec<CheckResult>) -> Vec<CheckResult> {
        let Some(Proof { control, result: mut proof, set_aside }) = proof else { return results };
        self.client.release(set_aside);
        let held = proof.verdict != Verdict::Inconclusive;
        self.learned.limited.forget(control.id);
        let last = self.proven_again(cx, suite.control_again(Moment::Last).unwrap_or(control)).await;
        if holds(&last) || !self.learned.unpaid.has(control.id) {
            merge(&mut proof, last, "at the end");
        } else {
            proof.summary.push_str("; the budget had no room for its last proof");
        }
        if proof.verdict == Verdict::Inconclusive {
            let reason = format!("the control of this suite no longer held: {}", proof.summary);
            let only_limited = held && self.learned.limited.has(control.id);
            let spared = |result: &CheckResult| only_limited && !self.learned.limited.has(&result.id);
            let stands = |result: &CheckResult| speaks_for_itself(suite, result) || is_computed(suite, result) || spared(result);
            for result in results.iter_mut().filter(|result| !stands(result)) {
                self.withdraw(result, &reason);
            }
        }
        self.finish_all([proof]).into_iter().chain(results).collect()
    }

    /// The last proof of a suite. It has some time of its own: a deadline that passes while another suite is made to wait (429) says nothing of
    /// what this one has judged.
    async fn proven_again(&self, cx: &Context, control: &'static Check) -> CheckResult {
        let proof = self.ask(cx, control).await;
        if holds(&proof) || !cx.client.is_cut_off() {
            return proof;
        }
        self.ask(&Context { client: cx.client.successor(OVERTIME, false), ..cx.clone() }, control).await
    }

    /// What nobody takes notice of since the checks of `suite` have ended. A budget is spent on checks first.
    fn unused(&self, suite: Suite) -> Vec<Made> {
        let unused = self.stages.asked(suite);
        let early = self.allotment.is_none() && may_write(&self.target, &self.options);
        if early { self.workshop.left(|maker| unused.covers(maker)) } else { Vec::new() }
    }

    /// A suite whose control did not hold. Refusals prove nothing then, but what lets an attacker in, or keeps a declared front end out,
    /// speaks for itself: where the application answered, the checks of doors are asked all the same, and only their FAIL is kept.
    async fn without_control(&self, cx: &Context, suite: Suite, proof: CheckResult, others: &[&'static Check]) -> Vec<CheckResult> {
        let told = self.learned.contradicted.has(&proof.id) || proof.evidence.iter().any(told_by_the_service);
        let answered = proof.verdict == Verdict::Inconclusive && told;
        if !(answered && is_of_doors(suite)) {
            let of =
                |check: &Check| if self.is_planned(cx, check) { self.unasked(cx, check, &proof) } else { self.left_out(check) };
            let rest = others.iter().map(|check| of(check)).collect::<Vec<_>>();
            return self.finish_all(std::iter::once(proof).chain(rest));
        }
        let asked = join_all(others.iter().map(|check| self.ask_or_leave(cx, check))).await;
        // By now there is something that it could show.
        let open = if suite == Suite::Jwt { open_door(cx).await } else { None };
        let proves =
            |result: &CheckResult| speaks_for_itself(suite, result) && !open.as_ref().is_some_and(|door| door.explains(result));
        let rest = others.iter().zip(asked).map(|(check, result)| match result.verdict {
            Verdict::Skip => result,
            _ if proves(&result) => result,
            _ => CheckResult { probes: result.probes, ..self.unasked(cx, check, &proof) },
        });
        let rest: Vec<_> = rest.collect();
        self.finish_all(std::iter::once(proof).chain(rest))
    }

    /// What a check comes to that cannot be asked: SKIP for what was never given, INCONCLUSIVE for tokens that were to come and did not.
    fn unaskable(&self, cx: &Context, check: &Check) -> Option<Outcome> {
        let Some(need) = Given::obtained(&self.target, &self.options, &self.inputs, &cx.users).missing(check) else {
            let refused = self.learned.no_forge.get().filter(|_| check.needs.contains(&Need::SigningKey));
            return refused.map(|reason| Outcome::inconclusive(reason.clone()));
        };
        let of_tokens = matches!(need, Need::Token | Need::TwoUsers | Need::Jwt);
        let failed = self.learned.no_tokens.get().filter(|_| of_tokens).map(|trouble| Outcome::inconclusive(trouble.clone()));
        Some(failed.unwrap_or_else(|| Outcome::skip(need.reason())))
    }

    /// What a check comes to when its suite's control did not hold.
    fn unasked(&self, cx: &Context, check: &Check, control: &CheckResult) -> CheckResult {
        let outcome = match (self.unaskable(cx, check), control.verdict) {
            (Some(outcome), _) => outcome,
            (None, Verdict::Skip) => Outcome::skip(format!("{CONTROL_UNASKED}{}", control.summary)),
            (None, _) => Outcome::inconclusive(format!("{CONTROL_FAILED}{}", control.summary)),
        };
        concluded(check, outcome, 0, Instant::now())
    }

    async fn ask_all(&self, cx: &Context, checks: &[&'static Check]) -> Vec<CheckResult> {
        self.ask_each(cx, checks, &Semaphore::new(0)).await
    }

    /// Asks all checks side by side, and counts those that have `ended`.
    async fn ask_each(&self, cx: &Context, checks: &[&'static Check], ended: &Semaphore) -> Vec<CheckResult> {
        let asked = checks.iter().map(async |check| {
            let result = self.finish(self.ask_or_leave(cx, check).await);
            ended.add_permits(1);
            // A budget is spent on checks first.
            if self.allotment.is_none() {
                self.registrar.close(&cx.client, Whose::Check(check.id)).await;
            }
            result
        });
        join_all(asked).await
    }

    /// Asks `check`, if need be with what others leave of the budget.
    async fn ask_or_leave(&self, cx: &Context, check: &'static Check) -> CheckResult {
        if !self.is_paid(cx, check).await {
            return self.left_out(check);
        }
        let result = self.ask(cx, check).await;
        self.leaves(check.id);
        result
    }

    async fn ask(&self, cx: &Context, check: &'static Check) -> CheckResult {
        let started = Instant::now();
        if let Some(outcome) = self.unaskable(cx, check) {
            self.quiet.ended(check.id);
            return concluded(check, outcome, 0, started);
        }
        if check.id == EXHAUSTS {
            let _ = cx.client.until(self.quiet.turn_of(EXHAUSTS)).await;
        }
        self.events.send(Event::CheckStarted { id: check.id.to_owned() });
        let (client, scope) = cx.client.scoped();
        let client = if check.needs.contains(&Need::Writes) { client.for_chain() } else { client };
        let left_out = Arc::<AtomicUsize>::default();
        let cx = Context {
            objects: self.bench(&client, Some(check.suite)),
            registry: Arc::new(self.registrar.by(&client, check.id)),
            client,
            left_out: Arc::clone(&left_out),
            ..cx.clone()
        };
        let asked = AssertUnwindSafe((check.run)(cx)).catch_unwind().await;
        if let Ok(Err(Trouble::Unexpected(_) | Trouble::NoList { .. })) = &asked {
            self.learned.contradicted.set(check.id);
        }
        self.quiet.ended(check.id);
        let paced = self.allotment.as_ref().is_some_and(Allotment::is_paced);
        let unpaid = scope.ran_out()
            || matches!(&asked, Ok(Err(Trouble::Budget(_))))
            || (paced && matches!(&asked, Ok(Err(Trouble::Deadline))));
        if unpaid {
            self.learned.unpaid.set(check.id);
        }
        let outcome = match asked {
            Ok(Ok(outcome)) => says_what_was_left_out(outcome, left_out.load(Ordering::Relaxed)),
            Ok(Err(trouble)) => Outcome::inconclusive(trouble.to_string()),
            Err(_) => Outcome::inconclusive("the check itself failed; please report this as a bug"),
        };
        if scope.was_limited() {
            self.learned.limited.set(check.id);
        }
        let outcome = if unpaid { self.cut_off(check, outcome) } else { outcome };
        concluded(check, outcome, scope.sent(), started)
    }

    /// What a check comes to that the budget cut off: SKIP like one that was never begun, but for a control, without which nothing counts.
    fn cut_off(&self, check: &Check, outcome: Outcome) -> Outcome {
        let reason = self.allotment.as_ref().map(Allotment::cut_off).filter(|_| !check.is_control());
        reason.filter(|_| outcome.verdict == Verdict::Inconclusive).map_or(outcome, Outcome::skip)
    }

    fn finish_all(&self, results: impl IntoIterator<Item = CheckResult>) -> Vec<CheckResult> {
        results.into_iter().map(|result| self.finish(result)).collect()
    }

    fn finish(&self, result: CheckResult) -> CheckResult {
        let result = accept::applied(self.client.unsaid(result), &self.target.accepted, self.started.1.date());
        self.quiet.ended(&result.id);
        self.leaves(&result.id);
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.events.send(Event::CheckFinished { result: Box::new(result.clone()) });
        self.events.send(Event::Progress { probes: self.client.meter().sent(), done, total: self.selected().count() });
        result
    }
}

/// What holds for the variants that were asked is no word about the others.
fn says_what_was_left_out(outcome: Outcome, variants: usize) -> Outcome {
    match (outcome.verdict, variants) {
        (Verdict::Pass | Verdict::Warn, 1..) => outcome.and_says(&format!("; {variants} more with --exhaustive")),
        _ => outcome,
    }
}
