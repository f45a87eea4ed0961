//! What a run would do, said before it does anything.

use serde::Serialize;

use super::Options;
use super::needs::{Given, may_write};
use crate::target::Target;

/// The plan of a run: nothing was sent to make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Name of the target.
    pub target: String,
    /// Base URL.
    pub url: String,
    /// How tokens come.
    pub tokens: String,
    /// Whether objects will be created (and deleted again).
    pub creates: bool,
    /// What is never called.
    pub never: Vec<String>,
    /// Each check that would be asked or skipped, with the reason.
    pub checks: Vec<Planned>,
}

/// One check of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why it would be skipped; `None` when it would be asked.
    pub skipped: Option<String>,
}

/// Plans a run on `target` without sending anything. What only an answer can tell (whether tokens are JWTs) is assumed to be so.
pub fn plan(target: &Target, options: &Options, inputs: &super::Inputs) -> Plan {
    let given = Given::planned(target, options, inputs);
    let planned = |check: &'static crate::checks::Check| Planned {
        id: check.id.to_owned(),
        title: check.title.to_owned(),
        skipped: given.missing(check).map(|need| need.reason().to_owned()),
    };
    Plan {
        target: target.name.clone(),
        url: target.base.to_string(),
        tokens: target.tokens.word().to_owned(),
        creates: may_write(target, options),
        never: never(target),
        checks: options.suites.iter().flat_map(|suite| suite.checks()).map(planned).collect(),
    }
}

fn never(target: &Target) -> Vec<String> {
    let unsafe_routes = match target.routes.unsafe_methods() {
        _ if target.allow_unsafe_routes => "unsafe methods on any route that is not declared".to_owned(),
        0 => "unsafe methods on any route but those of the declared resource".to_owned(),
        count => format!("the {count} unsafe methods of further routes"),
    };
    vec![unsafe_routes, "any host but the target's own".into()]
}
