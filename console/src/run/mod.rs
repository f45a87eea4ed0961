//! The record of one verification: the vocabulary that every other room shares.
//!
//! Owns the words (verdict, severity, evidence), the events of a run in progress and the finished, versioned document that
//! `--format json` prints and `audit.json` holds. Does no work: nothing here sends, judges or draws.

mod accepted;
mod document;
mod event;
mod evidence;
mod verdict;

pub use accepted::Accepted;
pub use document::{
    CheckResult, Cleanup, Counts, Endpoint, LeftBehind, ReleaseSeen, Run, SCHEMA, Stats, TargetSummary, Tool, VariableSeen,
};
pub use event::{Event, Events, Phase};
pub use evidence::{Evidence, EvidenceClass, Exchange, Finding, RequestRecord, ResponseRecord, Source};
pub use verdict::{Severity, Verdict};

/// What stands before the reason of a control, where the checks of its suite are not asked for the same one.
pub(crate) const CONTROL_UNASKED: &str = "its control could not be asked: ";
/// What stands before the reason of a control that failed, in each check of its suite.
pub(crate) const CONTROL_FAILED: &str = "its control failed: ";

/// Why a check came to no judgement: the first line of its summary, or that of its control.
pub(crate) fn reason(check: &CheckResult) -> &str {
    let line = check.summary.lines().next().unwrap_or_default();
    [CONTROL_UNASKED, CONTROL_FAILED].iter().find_map(|before| line.strip_prefix(before)).unwrap_or(line)
}
