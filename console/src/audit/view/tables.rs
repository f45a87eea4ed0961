//! The tables of a report: requirements, measures, environment variables.

use serde::Serialize;

use super::words::{self, State};
use super::{Group, grouped, link};
use crate::audit::{Judged, MeasureSeen};
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
    groups: Vec<Group<'a>>,
}

impl<'a> RequirementView<'a> {
    pub(super) fn new(judged: &'a Judged, run: &'a Run) -> Self {
        Self {
            id: judged.requirement.id,
            text: judged.requirement.text,
            state: judged.standing.into(),
            reason: &judged.reason,
            classes: judged.classes.iter().copied().map(words::class).collect(),
            caveat: judged.requirement.carrier.caveat(),
            groups: grouped(judged.checks.iter().map(|id| link(run, id))),
        }
    }
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
            state: seen.standing.into(),
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
