//! The finished document of a run: versioned, self-contained, the same bytes for the same run.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Accepted, Evidence, Severity, Verdict};

/// Name and version of the document's format. A reader refuses what it does not know.
pub const SCHEMA: &str = "postflight.audit/1";

/// Everything that one verification found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Always [`SCHEMA`] when written by this version.
    pub schema: String,
    /// The run's id (UUIDv7), as it stood in the user agent and in every marker.
    pub id: String,
    /// Whether this is the demonstration on the embedded server: never to be mistaken for an audit.
    pub demo: bool,
    /// What wrote the document.
    pub tool: Tool,
    /// What was verified.
    pub target: TargetSummary,
    /// When the run began (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// The verdict over all checks: fail, inconclusive or pass.
    pub verdict: Verdict,
    /// Why the verdict is what it is, in one sentence.
    pub headline: String,
    /// How many checks came out how.
    pub counts: Counts,
    /// Figures of the run itself.
    pub stats: Stats,
    /// What the service said of its release, each distinct answer once, in the order seen.
    pub releases: Vec<ReleaseSeen>,
    /// Every selected check, in the order of the catalogue.
    pub checks: Vec<CheckResult>,
    /// Every route that was declared or asked.
    pub endpoints: Vec<Endpoint>,
    /// Environment variables that the service is known to read; never a value.
    pub variables: Vec<VariableSeen>,
    /// What was made and whether all of it is gone.
    pub cleanup: Cleanup,
    /// What the operator was told on the way, one sentence each, in the order in which it was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The program that wrote a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `postflight`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was verified, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// Its name in `postflight.toml`, or the host of a bare URL.
    pub name: String,
    /// Base URL without credentials.
    pub url: String,
    /// Declared allowed origins.
    pub origins: Vec<String>,
    /// How tokens came: `none`, `environment`, `login`, `sign-up` or `minted`.
    pub tokens: String,
    /// Whether the run was allowed to create objects.
    pub writes: bool,
}

/// How many checks came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Checks in all.
    pub total: usize,
    /// PASS.
    pub pass: usize,
    /// WARN.
    pub warn: usize,
    /// SKIP.
    pub skip: usize,
    /// INCONCLUSIVE.
    pub inconclusive: usize,
    /// FAIL.
    pub fail: usize,
    /// FAIL or WARN that somebody answers for until a date; counted as FAIL or WARN too.
    #[serde(default)]
    pub accepted: usize,
}

impl Counts {
    /// Counts the verdicts of `checks`.
    pub fn of(checks: &[CheckResult]) -> Self {
        let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
        Self {
            total: checks.len(),
            pass: count(Verdict::Pass),
            warn: count(Verdict::Warn),
            skip: count(Verdict::Skip),
            inconclusive: count(Verdict::Inconclusive),
            fail: count(Verdict::Fail),
            accepted: checks.iter().filter(|check| check.accepted.is_some()).count(),
        }
    }

    /// Checks that came to no judgement: skipped or inconclusive.
    pub const fn unjudged(&self) -> usize {
        self.skip + self.inconclusive
    }
}

/// Figures of the run itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests sent, retries and clean-up included.
    pub probes: u64,
    /// Wall time of the whole run in milliseconds.
    pub wall_ms: u64,
    /// The deadline in milliseconds.
    pub deadline_ms: u64,
    /// Connections used at most at once.
    pub connections: usize,
    /// Median round trip in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile of the round trips in milliseconds.
    pub p95_ms: f64,
    /// Round trips of the longest chain of requests of which each was asked for after the answer to the one before.
    #[serde(default)]
    pub longest_chain: u64,
    /// The least time that the network allows, in milliseconds: the longest chain, or all requests over all connections, whichever takes
    /// longer, at the median round trip.
    #[serde(default)]
    pub bound_ms: f64,
    /// Wall time in multiples of that bound; 0 where nothing was sent.
    #[serde(default)]
    pub bound_ratio: f64,
}

impl Stats {
    /// Fills in [`Self::bound_ms`] and [`Self::bound_ratio`] from the other figures.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds of one run are far below 2^52")]
    pub fn bounded(self) -> Self {
        let side_by_side = self.probes as f64 / self.connections.max(1) as f64;
        let bound_ms = self.p50_ms * side_by_side.max(self.longest_chain as f64);
        let bound_ratio = if bound_ms > 0.0 { self.wall_ms as f64 / bound_ms } else { 0.0 };
        Self { bound_ms, bound_ratio, ..self }
    }
}

/// What the service said of the release that answers. All of it is self-reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReleaseSeen {
    /// Commit it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Version of the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Deployment of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// When the process started (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Replica that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
    /// Environment it believes to be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl ReleaseSeen {
    /// Whether two answers come from the same release: commit, version and deployment agree. Replicas may differ.
    pub fn same_release(&self, other: &Self) -> bool {
        (&self.commit, &self.version, &self.deployment) == (&other.commit, &other.version, &other.deployment)
    }
}

/// One concluded check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Stable id in words: `cors.origin.null`.
    pub id: String,
    /// Its suite: `cors`.
    pub suite: String,
    /// What is asked, in one line.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// What was concluded.
    pub verdict: Verdict,
    /// Who answers for the finding, where it is a known one; it stays FAIL or WARN, but does not fail the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The target that stood in, where the check could not be asked of the one under verification; it served the same commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_on: Option<String>,
    /// Why, in one or two sentences.
    pub summary: String,
    /// What the verdict rests on, worst first.
    pub evidence: Vec<Evidence>,
    /// Requirements that the check speaks for: `FR-004`.
    pub requirements: Vec<String>,
    /// Requests that the check sent.
    pub probes: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

impl CheckResult {
    /// The verdict as it is shown: `FAIL`, or `FAIL (accepted)`.
    pub const fn words(&self) -> &'static str {
        match (&self.accepted, self.verdict) {
            (Some(_), Verdict::Fail) => "FAIL (accepted)",
            (Some(_), Verdict::Warn) => "WARN (accepted)",
            _ => self.verdict.word(),
        }
    }

    /// Whether somebody has to act on it: a FAIL or WARN that nobody answers for.
    pub const fn is_open_finding(&self) -> bool {
        self.accepted.is_none() && matches!(self.verdict, Verdict::Fail | Verdict::Warn)
    }
}

/// A route of the target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Methods that the target declares for it.
    pub methods: Vec<String>,
    /// Path with placeholders: `/api/tasks/{id}`.
    pub path: String,
    /// Whether it asks for a token: `bearer` or `none`.
    pub auth: String,
    /// What it is for.
    pub purpose: String,
}

/// An environment variable of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableSeen {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Whether production needs it.
    pub required: bool,
    /// Whether it is set; `None` where nothing observed it ("declared, not observed").
    pub present: Option<bool>,
}

/// What the run made on the target, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleanup {
    /// Objects that the run created.
    pub created: usize,
    /// Objects that are gone again.
    pub deleted: usize,
    /// Objects of earlier, interrupted runs that were removed first.
    pub swept: usize,
    /// What could not be removed.
    pub left: Vec<LeftBehind>,
    /// Accounts that signing up made and that the target has no way to remove: a note, no failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<LeftBehind>,
}

impl Cleanup {
    /// Both in one.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        self.left.append(&mut other.left);
        self.accounts.append(&mut other.accounts);
        Self {
            created: self.created + other.created,
            deleted: self.deleted + other.deleted,
            swept: self.swept + other.swept,
            ..self
        }
    }
}

/// An object that is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Its path, or its marker where the id never became known.
    pub what: String,
    /// Why it could not be removed.
    pub why: String,
}

impl LeftBehind {
    /// One sentence a reason, with all that stays for it, in the order in which the reasons come up.
    pub fn by_reason<'a>(all: impl IntoIterator<Item = &'a Self>) -> Vec<String> {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for left in all {
            match reasons.iter_mut().find(|(why, _)| *why == left.why) {
                Some((_, whats)) => whats.push(&left.what),
                None => reasons.push((&left.why, vec![&left.what])),
            }
        }
        reasons.into_iter().map(|(why, whats)| format!("{} ({why})", whats.join(", "))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::bound_by_its_connections(800, 20, 5_000.0, 1.2)]
    #[case::bound_by_its_longest_chain(80, 60, 6_000.0, 1.0)]
    #[case::nothing_was_sent(0, 0, 0.0, 0.0)]
    fn a_run_is_held_against_what_the_network_allows(
        #[case] probes: u64,
        #[case] longest_chain: u64,
        #[case] bound_ms: f64,
        #[case] ratio: f64,
    ) {
        let stats = Stats { probes, longest_chain, wall_ms: 6_000, connections: 16, p50_ms: 100.0, ..Stats::default() }.bounded();
        assert!((stats.bound_ms - bound_ms).abs() < 1e-6 && (stats.bound_ratio - ratio).abs() < 1e-6, "{stats:?}");
    }

    #[test]
    fn what_stays_for_one_reason_is_told_once() {
        let left = |what: &str, why: &str| LeftBehind { what: what.into(), why: why.into() };
        let all = [left("account a", "no route"), left("/tasks/1", "409"), left("account b", "no route")];
        assert_eq!(LeftBehind::by_reason(&all), ["account a, account b (no route)", "/tasks/1 (409)"]);
    }

    #[test]
    fn figures_of_documents_from_before_the_bound_was_measured_are_read() {
        let old = r#"{"probes":1,"wall_ms":2,"deadline_ms":3,"connections":4,"p50_ms":5.0,"p95_ms":6.0}"#;
        assert_eq!(serde_json::from_str::<Stats>(old).unwrap().longest_chain, 0);
    }
}
