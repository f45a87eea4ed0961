//! What changed between two runs: verdicts, declared origins, routes. An audit is read for what is new in it.

use time::OffsetDateTime;

use crate::run::{Endpoint, Run, Verdict};

/// The differences between an earlier run and a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// When the earlier run began.
    pub since: OffsetDateTime,
    /// The id of the earlier run.
    pub run: String,
    /// The name of its target, where that is another one: then the differences are between targets, not in time.
    pub other_target: Option<String>,
    /// Checks whose verdict differs, in the order of the later run; those that only the earlier one has come last.
    pub verdicts: Vec<Change>,
    /// Declared origins and routes that came or went.
    pub lists: Vec<ListChange>,
}

/// A check whose verdict differs.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListChange {
    /// What the list holds.
    pub what: &'static str,
    /// What only the later run has.
    pub added: Vec<String>,
    /// What only the earlier run has.
    pub removed: Vec<String>,
}

impl Changes {
    /// Compares two runs.
    pub fn between(earlier: &Run, later: &Run) -> Self {
        let lists = [
            list("Allowed origins", &earlier.target.origins, &later.target.origins),
            list("Endpoints", &routes(earlier), &routes(later)),
        ];
        Self {
            since: earlier.started_at,
            run: earlier.id.clone(),
            other_target: (earlier.target.name != later.target.name).then(|| earlier.target.name.clone()),
            verdicts: verdicts(earlier, later),
            lists: lists.into_iter().filter(|list| !(list.added.is_empty() && list.removed.is_empty())).collect(),
        }
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

fn list(what: &'static str, earlier: &[String], later: &[String]) -> ListChange {
    let only = |these: &[String], those: &[String]| these.iter().filter(|one| !those.contains(one)).cloned().collect();
    ListChange { what, added: only(later, earlier), removed: only(earlier, later) }
}

/// Every method of every route, so that a new method shows too.
fn routes(run: &Run) -> Vec<String> {
    let of = |route: &Endpoint| -> Vec<_> { route.methods.iter().map(|method| format!("{method} {}", route.path)).collect() };
    run.endpoints.iter().flat_map(of).collect()
}
