//! The tables of a report: requirements, measures, environment variables, decisions.

use serde::Serialize;

use super::CheckLink;
use super::words::{self, State};
use crate::audit::escape::anchor;
use crate::audit::prose::{Anchors, adr_html};
use crate::audit::{Audit, Decision, Judged, MeasureSeen};
use crate::run::{Run, VariableSeen};

/// A requirement, how it stands and the checks that say so.
#[derive(Debug, Serialize)]
pub(super) struct RequirementView<'a> {
    id: &'a str,
    text: &'a str,
    state: State,
    reason: &'a str,
    classes: Vec<&'static str>,
    caveat: Option<&'static str>,
    checks: Vec<CheckLink<'a>>,
}

impl<'a> RequirementView<'a> {
    pub(super) fn new(judged: &'a Judged, run: &'a Run) -> Self {
        Self {
            id: judged.requirement.id,
            text: judged.requirement.text,
            state: judged.verdict.into(),
            reason: &judged.reason,
            classes: judged.classes.iter().copied().map(words::class).collect(),
            caveat: judged.requirement.carrier.caveat(),
            checks: judged.checks.iter().map(|id| link(run, id)).collect(),
        }
    }
}

/// A link to the check with this id, or a mention of it where the run does not have it.
fn link<'a>(run: &'a Run, id: &'a str) -> CheckLink<'a> {
    let absent = || CheckLink { id, anchor: anchor(id), title: "", state: State::ABSENT, known: false };
    run.checks.iter().find(|check| check.id == id).map_or_else(absent, CheckLink::from)
}

/// A security measure and how it stands.
#[derive(Debug, Serialize)]
pub(super) struct MeasureView<'a> {
    name: &'a str,
    defends: &'a str,
    state: State,
    tally: &'a str,
    classes: Vec<&'static str>,
}

impl<'a> From<&'a MeasureSeen> for MeasureView<'a> {
    fn from(seen: &'a MeasureSeen) -> Self {
        Self {
            name: seen.measure.name,
            defends: seen.measure.defends,
            state: seen.verdict.into(),
            tally: &seen.tally,
            classes: seen.classes.iter().copied().map(words::class).collect(),
        }
    }
}

/// An environment variable; never its value.
#[derive(Debug, Serialize)]
pub(super) struct VariableView<'a> {
    name: &'a str,
    purpose: &'a str,
    required: &'static str,
    present: &'static str,
}

impl<'a> From<&'a VariableSeen> for VariableView<'a> {
    fn from(variable: &'a VariableSeen) -> Self {
        Self {
            name: &variable.name,
            purpose: &variable.purpose,
            required: if variable.required { "yes" } else { "no" },
            present: match variable.present {
                Some(true) => "yes",
                Some(false) => "no",
                None => "declared, not observed",
            },
        }
    }
}

/// A decision, with its text made harmless.
#[derive(Debug, Serialize)]
pub(super) struct DecisionView<'a> {
    id: &'a str,
    anchor: String,
    title: &'a str,
    status: &'a str,
    date: Option<&'a str>,
    file: &'a str,
    /// The way from the folder of the report to the file.
    path: String,
    verified_by: Vec<CheckLink<'a>>,
    lints: &'a [String],
    html: String,
}

/// Every decision, in order.
pub(super) fn decisions<'a>(audit: &'a Audit, adr_path: &str) -> Vec<DecisionView<'a>> {
    let anchors = anchors(audit);
    audit.decisions.all.iter().map(|decision| view(decision, &audit.run, adr_path, &anchors)).collect()
}

fn anchors(audit: &Audit) -> Anchors {
    let mut anchors = Anchors::default();
    for decision in &audit.decisions.all {
        anchors.add(&decision.file, &anchor(&decision.id));
        anchors.add(&decision.id, &anchor(&decision.id));
    }
    for check in &audit.run.checks {
        anchors.add(&check.id, &anchor(&check.id));
    }
    anchors
}

fn view<'a>(decision: &'a Decision, run: &'a Run, adr_path: &str, anchors: &Anchors) -> DecisionView<'a> {
    DecisionView {
        id: &decision.id,
        anchor: anchor(&decision.id),
        title: &decision.title,
        status: &decision.status,
        date: decision.date.as_deref(),
        file: &decision.file,
        path: format!("{adr_path}/{}", decision.file),
        verified_by: decision.verified_by.iter().map(|id| link(run, id)).collect(),
        lints: &decision.lints,
        html: adr_html(&decision.markdown, anchors),
    }
}
