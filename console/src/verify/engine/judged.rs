//! From what a check saw to its place in the document: what stands, what a later control takes back, and what may be said of it.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::checks::{Check, Outcome, Suite};
use crate::http::clean;
use crate::run::{CheckResult, Event, Evidence, EvidenceClass, Finding, Source, Verdict};

impl Engine {
    pub(super) fn withdraw_all(&self, results: &mut [CheckResult], reason: &str) {
        for result in results {
            self.withdraw(result, reason);
        }
    }

    /// Takes a judgement back: what was seen cannot carry it any more.
    pub(super) fn withdraw(&self, result: &mut CheckResult, reason: &str) {
        if !result.verdict.judged() {
            return;
        }
        result.summary = format!("{reason}; it had come out as {}: {}", result.verdict, result.summary);
        (result.verdict, result.accepted) = (Verdict::Inconclusive, None);
        self.events.send(Event::CheckFinished { result: Box::new(result.clone()) });
    }
}

/// The result of `check`, asked since `started` with `probes` requests.
pub(super) fn concluded(check: &Check, outcome: Outcome, probes: u64, started: Instant) -> CheckResult {
    CheckResult {
        id: check.id.to_owned(),
        suite: check.suite.to_string(),
        title: check.title.to_owned(),
        severity: check.severity.of(outcome.verdict),
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

/// Cleans the words of a piece of evidence: a check may have put something into them that the target said.
fn harmless(evidence: Evidence) -> Evidence {
    Evidence { label: clean(&evidence.label), observed: clean(&evidence.observed), ..evidence }
}

/// Whether a control held.
pub(super) const fn holds(control: &CheckResult) -> bool {
    matches!(control.verdict, Verdict::Pass | Verdict::Warn)
}

/// Adds a later proof of the same control to the first one. A control that no longer holds leaves the suite open.
pub(super) fn merge(proof: &mut CheckResult, again: CheckResult, when: &str) {
    proof.probes += again.probes;
    if holds(&again) {
        proof.verdict = proof.verdict.max(again.verdict);
        return;
    }
    proof.verdict = Verdict::Inconclusive;
    proof.summary = format!("it no longer held {when}: {}", again.summary);
    proof.evidence.splice(..0, again.evidence);
}

/// Whether a suite asks what lets an attacker in, or keeps a declared front end out.
pub(super) const fn is_of_doors(suite: Suite) -> bool {
    matches!(suite, Suite::Cors | Suite::Jwt | Suite::Isolation)
}

/// Whether a judgement stands without a control: an open door is open, whatever else the service no longer does.
pub(super) fn speaks_for_itself(suite: Suite, result: &CheckResult) -> bool {
    // What is computed from a token that the service issued is as good as an answer.
    let computed = |piece: &Evidence| piece.class == EvidenceClass::SelfReported && piece.exchange.is_none();
    let shown = |piece: &Evidence| piece.finding == Finding::Broken && (told_by_the_service(piece) || computed(piece));
    is_of_doors(suite) && result.verdict == Verdict::Fail && result.evidence.iter().any(shown)
}

/// Whether a result was computed from what was given or issued, and the service was asked nothing: no control of its doors says anything of it.
pub(super) fn is_computed(suite: Suite, result: &CheckResult) -> bool {
    let computed = |piece: &Evidence| piece.class != EvidenceClass::Live && piece.exchange.is_none();
    is_of_doors(suite) && !result.evidence.is_empty() && result.evidence.iter().all(computed)
}

/// What asks whether a token is wanted at all.
const OF_NO_TOKEN: [&str; 2] = ["jwt.required.read", "jwt.required.write"];

/// The read that tokens are tried on, where it is answered to whoever comes without one.
pub(super) struct OpenDoor {
    /// Its URL.
    pub(super) url: String,
    /// The id of the run, which stands in whatever it made.
    pub(super) run: Arc<str>,
    /// Whether it shows nobody what the run made.
    pub(super) shows: bool,
}

impl OpenDoor {
    /// Whether a FAIL shows nothing but tokens that get in where nobody needs one, there and below, to see no more than nobody sees.
    pub(super) fn explains(&self, result: &CheckResult) -> bool {
        let mut broken = result.evidence.iter().filter(|piece| piece.finding == Finding::Broken);
        !OF_NO_TOKEN.contains(&result.id.as_str()) && broken.all(|piece| self.is_all_of(piece))
    }

    fn is_all_of(&self, piece: &Evidence) -> bool {
        let Some(exchange) = &piece.exchange else { return false };
        let url = exchange.request.url.split('?').next().unwrap_or_default();
        let below = url.strip_prefix(self.url.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let sees = exchange.response.as_ref().is_some_and(|response| response.body.contains(&*self.run));
        matches!(exchange.request.method.as_str(), "GET" | "HEAD") && below && (self.shows || !sees)
    }
}

/// Whether a piece of evidence is an answer that no edge gave in the service's place.
pub(super) fn told_by_the_service(piece: &Evidence) -> bool {
    piece.source != Some(Source::Edge) && piece.exchange.as_ref().is_some_and(|exchange| exchange.response.is_some())
}
