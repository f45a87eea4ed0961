//! What the templates see: the audit turned into words, links and figures, ready to be written down.
//!
//! Owns every sentence that is computed rather than written in a template. Text stays unescaped here; the templates' escaping does that.

mod changes;
mod check;
mod decisions;
mod tables;
mod words;

use serde::Serialize;

use self::changes::ChangesView;
use self::check::CheckView;
use self::decisions::{DecisionView, decisions};
use self::tables::{MeasureView, RequirementView, VariableView};
use self::words::State;
use super::Audit;
use super::escape::anchor;
use crate::adr::{Skipped, Unreadable};
use crate::run::{CheckResult, Cleanup, Endpoint, ReleaseSeen, Run, Stats, TargetSummary, Tool, Verdict, reason};

/// A whole report.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    id: &'a str,
    /// Marks the whole report: a demonstration is never an audit.
    demo: bool,
    tool: &'a Tool,
    target: &'a TargetSummary,
    started: String,
    took: String,
    deadline: String,
    state: State,
    headline: &'a str,
    counts: Vec<Part>,
    total: usize,
    unjudged: Vec<Unjudged<'a>>,
    unjudged_count: usize,
    /// What failed or warned, worst first.
    attention: Vec<Attention<'a>>,
    /// What failed or warned and somebody answers for.
    accepted: Vec<AcceptedView<'a>>,
    changes: Option<ChangesView<'a>>,
    requirements: Vec<RequirementView<'a>>,
    suites: Vec<SuiteView<'a>>,
    measures: Vec<MeasureView<'a>>,
    releases: &'a [ReleaseSeen],
    endpoints: &'a [Endpoint],
    variables: Vec<VariableView<'a>>,
    cleanup: &'a Cleanup,
    /// What the operator was told on the way.
    notes: &'a [String],
    stats: &'a Stats,
    decisions: Vec<DecisionView<'a>>,
    unreadable: &'a [Unreadable],
    skipped: &'a [Skipped],
    /// Where the records were read, as it is shown.
    adr_directory: String,
    /// The way there from the folder of the report.
    adr_path: &'a str,
    /// The way to the table of what each check is shown to catch; absent where the tree of the release has none.
    detection: Option<&'a str>,
}

/// Where files lie, as seen from the folder of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ways {
    /// The ADR files.
    pub(super) adrs: String,
    /// The table of what each check is shown to catch, where the tree has it.
    pub(super) detection: Option<String>,
}

/// How many checks came out in one way; `before` counts those of the segments to the left in the bar.
#[derive(Debug, Serialize)]
struct Part {
    state: State,
    count: usize,
    before: usize,
}

/// A reference to a check, with its verdict.
#[derive(Debug, Serialize)]
struct CheckLink<'a> {
    id: &'a str,
    anchor: String,
    title: &'a str,
    state: State,
    /// Whether the report has the check.
    known: bool,
}

impl<'a> From<&'a CheckResult> for CheckLink<'a> {
    fn from(check: &'a CheckResult) -> Self {
        Self { id: &check.id, anchor: anchor(&check.id), title: &check.title, state: check.into(), known: true }
    }
}

/// A check that somebody should do something about.
#[derive(Debug, Serialize)]
struct Attention<'a> {
    #[serde(flatten)]
    link: CheckLink<'a>,
    severity: &'static str,
    summary: &'a str,
}

/// A finding that somebody answers for.
#[derive(Debug, Serialize)]
struct AcceptedView<'a> {
    #[serde(flatten)]
    link: CheckLink<'a>,
    severity: &'static str,
    summary: &'a str,
    reason: &'a str,
    owner: &'a str,
    until: String,
}

impl<'a> AcceptedView<'a> {
    fn new(check: &'a CheckResult) -> Option<Self> {
        let accepted = check.accepted.as_ref()?;
        Some(Self {
            link: check.into(),
            severity: check.severity.word(),
            summary: &check.summary,
            reason: &accepted.reason,
            owner: &accepted.owner,
            until: words::day(accepted.until),
        })
    }
}

/// References to checks that came out alike.
#[derive(Debug, Serialize)]
struct Group<'a> {
    state: State,
    checks: Vec<CheckLink<'a>>,
}

/// Groups references by state, worst first; what is not in the run comes last.
fn grouped<'a>(links: impl Iterator<Item = CheckLink<'a>>) -> Vec<Group<'a>> {
    let mut links: Vec<_> = links.collect();
    let states = Verdict::WORST_FIRST.into_iter().map(State::from);
    let states = states.chain([State::ACCEPTED_FAIL, State::ACCEPTED_WARN, State::ABSENT]);
    let group = |state| Group { state, checks: links.extract_if(.., |link| link.state == state).collect() };
    states.map(group).filter(|group| !group.checks.is_empty()).collect()
}

/// A link to the check with this id, or a mention of it where the run does not have it.
fn link<'a>(run: &'a Run, id: &'a str) -> CheckLink<'a> {
    let absent = || CheckLink { id, anchor: anchor(id), title: "", state: State::ABSENT, known: false };
    run.checks.iter().find(|check| check.id == id).map_or_else(absent, CheckLink::from)
}

/// Checks that came to no judgement for one and the same reason.
#[derive(Debug, Serialize)]
struct Unjudged<'a> {
    state: State,
    reason: &'a str,
    checks: Vec<CheckLink<'a>>,
}

/// A suite with its checks, worst first.
#[derive(Debug, Serialize)]
struct SuiteView<'a> {
    word: &'a str,
    name: &'a str,
    counts: Vec<Part>,
    total: usize,
    checks: Vec<CheckView<'a>>,
}

impl<'a> View<'a> {
    /// The view of an audit in a folder from which these `ways` lead on.
    pub(super) fn new(audit: &'a Audit, ways: &'a Ways) -> Self {
        let run = &audit.run;
        Self {
            id: &run.id,
            demo: run.demo,
            tool: &run.tool,
            target: &run.target,
            started: words::moment(run.started_at),
            took: words::duration(run.stats.wall_ms),
            deadline: words::duration(run.stats.deadline_ms),
            state: run.verdict.into(),
            headline: &run.headline,
            counts: counts(&run.checks.iter().collect::<Vec<_>>()),
            total: run.checks.len(),
            unjudged: unjudged(run),
            unjudged_count: run.checks.iter().filter(|check| !check.verdict.judged()).count(),
            attention: attention(run),
            accepted: run.checks.iter().filter_map(AcceptedView::new).collect(),
            changes: audit.changes.as_ref().map(|changes| ChangesView::new(changes, run)),
            requirements: audit.requirements.iter().map(|judged| RequirementView::new(judged, run)).collect(),
            suites: suites(audit),
            measures: audit.measures.iter().map(MeasureView::from).collect(),
            releases: &run.releases,
            endpoints: &run.endpoints,
            variables: run.variables.iter().map(VariableView::from).collect(),
            cleanup: &run.cleanup,
            notes: &run.notes,
            stats: &run.stats,
            decisions: decisions(audit, &ways.adrs),
            unreadable: &audit.decisions.unreadable,
            skipped: &audit.decisions.skipped,
            adr_directory: audit.adr_directory.display().to_string(),
            adr_path: &ways.adrs,
            detection: ways.detection.as_deref(),
        }
    }
}

/// What failed or warned and nobody answers for, worst first.
fn attention(run: &Run) -> Vec<Attention<'_>> {
    let mut checks: Vec<_> = run.checks.iter().filter(|check| check.is_open_finding()).collect();
    checks.sort_by_key(|check| std::cmp::Reverse((check.verdict, check.severity)));
    checks
        .into_iter()
        .map(|check| Attention { link: check.into(), severity: check.severity.word(), summary: &check.summary })
        .collect()
}

/// Groups what was not judged by verdict and reason, a control's being that of its suite; the largest groups first, inconclusive before
/// skipped.
fn unjudged(run: &Run) -> Vec<Unjudged<'_>> {
    let mut groups: Vec<(Verdict, &str, Vec<&CheckResult>)> = Vec::new();
    for check in run.checks.iter().filter(|check| !check.verdict.judged()) {
        let why = reason(check);
        match groups.iter_mut().find(|(verdict, reason, _)| *verdict == check.verdict && *reason == why) {
            Some((_, _, checks)) => checks.push(check),
            None => groups.push((check.verdict, why, vec![check])),
        }
    }
    groups.sort_by_key(|(verdict, _, checks)| std::cmp::Reverse((*verdict, checks.len())));
    let links = |checks: Vec<_>| checks.into_iter().map(CheckLink::from).collect();
    groups.into_iter().map(|(verdict, reason, checks)| Unjudged { state: verdict.into(), reason, checks: links(checks) }).collect()
}

/// How many checks came out in each of the five ways, worst first; none is left out.
fn counts(checks: &[&CheckResult]) -> Vec<Part> {
    let mut before = 0;
    let mut parts = Vec::new();
    for verdict in Verdict::WORST_FIRST {
        let count = checks.iter().filter(|check| check.verdict == verdict).count();
        parts.push(Part { state: verdict.into(), count, before });
        before += count;
    }
    parts
}

/// Suites in the order of the run, so that documents with suites unknown to this version keep them.
fn suites(audit: &Audit) -> Vec<SuiteView<'_>> {
    let mut words: Vec<&str> = Vec::new();
    for check in &audit.run.checks {
        if !words.contains(&check.suite.as_str()) {
            words.push(&check.suite);
        }
    }
    words.into_iter().map(|word| suite(audit, word)).collect()
}

/// One suite, its checks worst first and otherwise in the order of the run.
fn suite<'a>(audit: &'a Audit, word: &'a str) -> SuiteView<'a> {
    let mut checks: Vec<_> = audit.run.checks.iter().filter(|check| check.suite == word).collect();
    let counts = counts(&checks);
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    SuiteView {
        word,
        name: words::suite(word),
        counts,
        total: checks.len(),
        checks: checks.into_iter().map(|check| CheckView::new(audit, check)).collect(),
    }
}
