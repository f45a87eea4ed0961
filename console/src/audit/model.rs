//! The one model that every renderer shows: a run, its decisions, and what both mean for each requirement and measure.

use std::path::PathBuf;

use super::{Carrier, Changes, MEASURES, Measure, REQUIREMENTS, Requirement};
use crate::adr::{Decisions, Level};
use crate::run::{CheckResult, EvidenceClass, Run, Verdict};

/// The time that SC-004 allows for the whole verification, in milliseconds.
const ALLOWED_MS: u64 = 60_000;

/// A run with everything that a report adds to it.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The run, unchanged.
    pub run: Run,
    /// Every ADR.
    pub decisions: Decisions,
    /// Where their files are, as seen from the working directory: `history/adr`.
    pub adr_directory: PathBuf,
    /// Every requirement with its standing, in the order of the table that was given.
    pub requirements: Vec<Judged>,
    /// Every security measure with its standing.
    pub measures: Vec<MeasureSeen>,
    /// What changed since an earlier run, where one was given.
    pub changes: Option<Changes>,
}

/// How a requirement or a measure stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The worst verdict of the checks that were asked; `None` where none came to a judgement.
    pub verdict: Option<Verdict>,
    /// Whether something remains that a pass does not speak for: checks that were not asked, or evidence of the kind that could carry
    /// the whole was not at hand.
    pub in_part: bool,
}

impl Standing {
    /// Skipped checks neither pass nor fail; they leave the rest standing in part.
    fn of(checks: &[&CheckResult]) -> Self {
        let judged = checks.iter().any(|check| check.verdict.judged());
        let asked = checks.iter().map(|check| check.verdict).filter(|verdict| *verdict != Verdict::Skip);
        Self { verdict: asked.max().filter(|_| judged), in_part: checks.iter().any(|check| check.verdict == Verdict::Skip) }
    }
}

/// A requirement and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The requirement.
    pub requirement: Requirement,
    /// How it stands.
    pub standing: Standing,
    /// What the verdict rests on, or why there is none.
    pub reason: String,
    /// The classes of the evidence seen, each once.
    pub classes: Vec<EvidenceClass>,
    /// Ids of the checks that name it, worst first.
    pub checks: Vec<String>,
}

/// A security measure and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureSeen {
    /// The measure.
    pub measure: Measure,
    /// How it stands.
    pub standing: Standing,
    /// How its checks came out: `12 PASS, 1 SKIP`.
    pub tally: String,
    /// The classes of the evidence seen, each once.
    pub classes: Vec<EvidenceClass>,
}

impl Audit {
    /// Puts a run, the decisions and a table of requirements ([`REQUIREMENTS`] for every report of this project) together.
    pub fn new(run: Run, decisions: Decisions, requirements: &[Requirement]) -> Self {
        let requirements = requirements.iter().map(|requirement| judge(*requirement, &run, &decisions)).collect();
        let measures = MEASURES.iter().map(|measure| seen(*measure, &run)).collect();
        Self { run, decisions, adr_directory: "history/adr".into(), requirements, measures, changes: None }
    }

    /// The audit with the requirements of this project.
    pub fn of(run: Run, decisions: Decisions) -> Self {
        Self::new(run, decisions, REQUIREMENTS)
    }

    /// Compares with an earlier run, such as one of `history/audits`.
    #[must_use]
    pub fn since(mut self, earlier: &Run) -> Self {
        self.changes = Some(Changes::between(earlier, &self.run));
        self
    }

    /// Takes over what changed, where a document says it.
    #[must_use]
    pub fn with_changes(mut self, changes: Option<Changes>) -> Self {
        self.changes = changes;
        self
    }

    /// Says where the ADR files are, if not in `history/adr`.
    #[must_use]
    pub fn with_adrs_in(mut self, directory: impl Into<PathBuf>) -> Self {
        self.adr_directory = directory.into();
        self
    }
}

/// How a measure stands: only checks whose ids begin with one of its prefixes speak for it.
fn seen(measure: Measure, run: &Run) -> MeasureSeen {
    let speaks = |check: &&CheckResult| measure.prefixes.iter().any(|prefix| check.id.starts_with(prefix));
    let checks: Vec<_> = run.checks.iter().filter(speaks).collect();
    MeasureSeen { measure, standing: Standing::of(&checks), tally: tally(&checks), classes: classes(&checks) }
}

/// How a requirement stands, by the checks that name it and by what the documents themselves show.
fn judge(requirement: Requirement, run: &Run, decisions: &Decisions) -> Judged {
    let mut checks: Vec<_> = run.checks.iter().filter(|check| check.requirements.iter().any(|id| id == requirement.id)).collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    let judged = Judged {
        requirement,
        standing: Standing::of(&checks),
        reason: reason(&checks, requirement.carrier),
        classes: classes(&checks),
        checks: checks.iter().map(|check| check.id.clone()).collect(),
    };
    match own_evidence(requirement.id, run, decisions) {
        Some(own) => judged.with(own),
        None => judged,
    }
    .carried()
}

impl Judged {
    /// Adds what the audit itself can see, which may make the verdict worse, never better.
    fn with(mut self, (verdict, reason, class): (Verdict, String, EvidenceClass)) -> Self {
        self.reason = if self.checks.is_empty() { reason } else { format!("{reason} {}", self.reason) };
        self.standing.verdict = self.standing.verdict.max(Some(verdict));
        if !self.classes.contains(&class) {
            self.classes.push(class);
        }
        self
    }

    /// Never claims more than the evidence can carry.
    fn carried(mut self) -> Self {
        self.standing.in_part |= !self.requirement.carrier.carries(&self.classes);
        self
    }
}

/// What the documents at hand show without a check: the duration of the run, and whether decisions are written down.
fn own_evidence(id: &str, run: &Run, decisions: &Decisions) -> Option<(Verdict, String, EvidenceClass)> {
    match id {
        "SC-004" => {
            let verdict = if run.stats.wall_ms < ALLOWED_MS { Verdict::Pass } else { Verdict::Fail };
            let took = std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64();
            Some((verdict, format!("The run took {took:.1} s of the 60 s allowed."), EvidenceClass::Live))
        }
        "FR-007" => reached(run),
        "SC-005" | "US3" if !(decisions.adrs.is_empty() && decisions.unreadable.is_empty()) => Some(written_down(decisions)),
        _ => None,
    }
}

/// Whether this run itself is the proof that a URL can be verified: answers of it were judged.
fn reached(run: &Run) -> Option<(Verdict, String, EvidenceClass)> {
    let live =
        |check: &&CheckResult| check.verdict.judged() && check.evidence.iter().any(|piece| piece.class == EvidenceClass::Live);
    let judged = run.checks.iter().filter(live).count();
    let text = format!("This run judged {judged} checks by what {} answered.", run.target.url);
    (judged > 0).then_some((Verdict::Pass, text, EvidenceClass::Live))
}

/// Whether the decisions are there to be read. Whether every decision has a record is for a reader to say.
fn written_down(decisions: &Decisions) -> (Verdict, String, EvidenceClass) {
    let (linked, unreadable) = (decisions.adrs.len(), decisions.unreadable.len());
    let lints = decisions.problems().filter(|(_, lint)| lint.level > Level::Note).count();
    let verdict = if lints + unreadable == 0 { Verdict::Pass } else { Verdict::Warn };
    let mut text = format!("{linked} decision records are linked and readable below");
    for (count, what) in [(unreadable, "could not be read"), (lints, "lint findings")] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    text.push('.');
    (verdict, text, EvidenceClass::Repository)
}

/// What a verdict rests on, in a sentence; for none, the reason that a check gave or that nobody asked.
fn reason(checks: &[&CheckResult], carrier: Carrier) -> String {
    let Some(first) = checks.first() else {
        return match carrier {
            Carrier::Live => "No check of this run speaks for it.".to_owned(),
            _ => "No check of this run speaks for it; no evidence of that kind was given.".to_owned(),
        };
    };
    match checks.iter().filter(|check| check.verdict.judged()).count() {
        0 => format!("{}: {}", tally(checks), first.summary),
        judged if judged == checks.len() => format!("{}.", tally(checks)),
        judged => format!("{}; {judged} of {} checks judged.", tally(checks), checks.len()),
    }
}

/// `1 FAIL, 12 PASS`, worst first; `no check` for none.
fn tally(checks: &[&CheckResult]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let words: Vec<_> = Verdict::WORST_FIRST
        .into_iter()
        .map(|verdict| (count(verdict), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    if words.is_empty() { "no check".to_owned() } else { words.join(", ") }
}

/// The classes of evidence in the order in which they are first met.
fn classes(checks: &[&CheckResult]) -> Vec<EvidenceClass> {
    let mut seen = Vec::new();
    for class in checks.iter().flat_map(|check| &check.evidence).map(|piece| piece.class) {
        if !seen.contains(&class) {
            seen.push(class);
        }
    }
    seen
}
