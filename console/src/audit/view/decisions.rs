//! Decisions as a report shows them: whole, harmless, linked to each other and to the checks that verify them.

use serde::Serialize;

use super::check::DecisionLink;
use super::{CheckLink, Group, grouped, link};
use crate::adr::{Adr, Level, Link, Lint, VerifiedBy};
use crate::audit::Audit;
use crate::audit::escape::anchor;
use crate::audit::prose::{Anchors, adr_html};
use crate::run::Run;

/// A decision, with its text made harmless.
#[derive(Debug, Serialize)]
pub(super) struct DecisionView<'a> {
    #[serde(flatten)]
    link: DecisionLink<'a>,
    /// The word of the status, which is also its key in the stylesheet.
    word: &'static str,
    status: String,
    date: Option<&'a str>,
    file: &'a str,
    /// The way from the folder of the report to the file.
    path: String,
    verified_by: Vec<Group<'a>>,
    /// Said where no check is named.
    unverified: Option<String>,
    replaces: Vec<DecisionLink<'a>>,
    replaced_by: Vec<DecisionLink<'a>>,
    lints: &'a [Lint],
    /// How many of them are more than notes.
    faults: usize,
    html: String,
}

/// Every decision, in order.
pub(super) fn decisions<'a>(audit: &'a Audit, adr_path: &str) -> Vec<DecisionView<'a>> {
    let anchors = anchors(audit);
    audit.decisions.adrs.iter().map(|adr| view(audit, adr, adr_path, &anchors)).collect()
}

/// Where links inside an ADR may lead: other ADRs by path, file name or id, and checks by id.
fn anchors(audit: &Audit) -> Anchors {
    let mut anchors = Anchors::default();
    for check in &audit.run.checks {
        anchors.add(&check.id, &anchor(&check.id));
    }
    for adr in &audit.decisions.adrs {
        let name = adr.file_name.rsplit('/').next().unwrap_or_default();
        for known_as in [adr.file_name.as_str(), name, adr.id.as_str()] {
            anchors.add(known_as, &adr.id.anchor());
        }
    }
    anchors
}

fn view<'a>(audit: &'a Audit, adr: &'a Adr, adr_path: &str, anchors: &Anchors) -> DecisionView<'a> {
    DecisionView {
        link: adr.into(),
        word: adr.status.word(),
        status: adr.status.to_string(),
        date: adr.date.as_deref(),
        file: &adr.file_name,
        path: format!("{adr_path}/{}", adr.file_name),
        verified_by: verified_by(adr, &audit.run),
        unverified: unverified(&adr.verified_by),
        replaces: resolved(audit, &adr.supersedes),
        replaced_by: resolved(audit, &adr.superseded_by),
        lints: &adr.problems,
        faults: adr.problems.iter().filter(|lint| lint.level > Level::Note).count(),
        html: adr_html(&adr.body_markdown, anchors),
    }
}

/// The checks of the run that an ADR names, families (`cors.*`) spelled out; ids that the run does not have are mentioned.
fn verified_by<'a>(adr: &'a Adr, run: &'a Run) -> Vec<Group<'a>> {
    let VerifiedBy::Ids { ids } = &adr.verified_by else { return Vec::new() };
    let covered = run.checks.iter().filter(|check| adr.verified_by.covers(&check.id)).map(CheckLink::from);
    let means = |id: &str, check: &str| VerifiedBy::Ids { ids: vec![id.to_owned()] }.covers(check);
    let absent = ids.iter().filter(|id| !run.checks.iter().any(|check| means(id, &check.id))).map(|id| link(run, id));
    grouped(covered.chain(absent))
}

fn unverified(verified_by: &VerifiedBy) -> Option<String> {
    match verified_by {
        VerifiedBy::Ids { .. } => None,
        VerifiedBy::None { reason } if !reason.is_empty() => Some(format!("no check: {reason}")),
        VerifiedBy::None { .. } => Some("no check, and no reason is given".to_owned()),
        VerifiedBy::Missing => Some("nothing is said".to_owned()),
    }
}

fn resolved<'a>(audit: &'a Audit, links: &[Link]) -> Vec<DecisionLink<'a>> {
    let found = |link: &Link| link.to.as_ref().and_then(|id| audit.decisions.find(id)).map(DecisionLink::from);
    links.iter().filter_map(found).collect()
}
