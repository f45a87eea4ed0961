//! What changed between two runs: verdicts, declared origins, routes, headers. An audit is read for what is new in it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::run::{Endpoint, Run, Verdict};

/// The differences between an earlier run and a later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// When the earlier run began (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The id of the earlier run.
    pub run: String,
    /// The name of its target, where that is another one: then the differences are between targets, not in time.
    pub other_target: Option<String>,
    /// Checks whose verdict differs, in the order of the later run; those that only the earlier one has come last.
    pub verdicts: Vec<Change>,
    /// Declared origins, routes and headers that came or went.
    pub lists: Vec<ListChange>,
}

/// A check whose verdict differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The earlier verdict; `None` where that run did not have the check.
    pub from: Option<Verdict>,
    /// The later verdict; `None` where that run does not have the check.
    pub to: Option<Verdict>,
}

/// Members that a list gained or lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChange {
    /// What the list holds.
    pub what: String,
    /// What only the later run has.
    pub added: Vec<String>,
    /// What only the earlier run has.
    pub removed: Vec<String>,
}

/// A kind of change: its name, and whether a change is of it.
type Kind = (&'static str, fn(&Change) -> bool);

/// The kinds of change, in the order in which they matter.
const DIRECTIONS: [Kind; 4] = [
    ("Worse", |change| change.from.is_some() && change.from < change.to),
    ("Better", |change| change.to.is_some() && change.from > change.to),
    ("New", |change| change.from.is_none()),
    ("No longer asked", |change| change.to.is_none()),
];

impl Changes {
    /// Compares two runs.
    pub fn between(earlier: &Run, later: &Run) -> Self {
        let lists = [
            list("Allowed origins", &earlier.target.origins, &later.target.origins),
            list("Endpoints", &routes(earlier), &routes(later)),
            list("Headers of an ordinary answer", &headers(earlier), &headers(later)),
        ];
        Self {
            since: earlier.started_at,
            run: earlier.id.clone(),
            other_target: (earlier.target.name != later.target.name).then(|| earlier.target.name.clone()),
            verdicts: verdicts(earlier, later),
            lists: lists.into_iter().filter(|list| !(list.added.is_empty() && list.removed.is_empty())).collect(),
        }
    }

    /// The verdicts that differ, by what that means to a reader; kinds of which there are none are left out.
    pub fn by_direction(&self) -> Vec<(&'static str, Vec<&Change>)> {
        let of = |(name, fits): Kind| (name, self.verdicts.iter().filter(|change| fits(change)).collect::<Vec<_>>());
        DIRECTIONS.into_iter().map(of).filter(|(_, changes)| !changes.is_empty()).collect()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty() && self.lists.is_empty()
    }
}

fn verdicts(earlier: &Run, later: &Run) -> Vec<Change> {
    let in_run = |run: &Run, id: &str| run.checks.iter().find(|check| check.id == id).map(|check| check.verdict);
    let gone = earlier.checks.iter().filter(|check| in_run(later, &check.id).is_none());
    let change = |check: &crate::run::CheckResult| Change {
        id: check.id.clone(),
        title: check.title.clone(),
        from: in_run(earlier, &check.id),
        to: in_run(later, &check.id),
    };
    later.checks.iter().chain(gone).map(change).filter(|change| change.from != change.to).collect()
}

fn list(what: &str, earlier: &[String], later: &[String]) -> ListChange {
    let only = |these: &[String], those: &[String]| these.iter().filter(|one| !those.contains(one)).cloned().collect();
    ListChange { what: what.to_owned(), added: only(later, earlier), removed: only(earlier, later) }
}

/// Headers that a service sets by what it is, not by what it was asked.
const STANDING: [&str; 20] = [
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "alt-svc",
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "server",
    "strict-transport-security",
    "timing-allow-origin",
    "vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
    "x-powered-by",
    "x-xss-protection",
];

/// What the good answer of the suite `headers` said of its service.
fn headers(run: &Run) -> Vec<String> {
    let control = run.checks.iter().find(|check| check.id == "headers.control");
    let answer = control.and_then(|check| check.evidence.iter().find_map(|piece| piece.exchange.as_ref()?.response.as_ref()));
    let standing = |(name, _): &&(String, String)| STANDING.contains(&name.to_ascii_lowercase().as_str());
    let lines = answer.iter().flat_map(|answer| &answer.headers).filter(standing);
    lines.map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase())).collect()
}

/// Every method of every route, so that a new method shows too.
fn routes(run: &Run) -> Vec<String> {
    let of = |route: &Endpoint| -> Vec<_> { route.methods.iter().map(|method| format!("{method} {}", route.path)).collect() };
    run.endpoints.iter().flat_map(of).collect()
}
