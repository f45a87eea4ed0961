//! What changed since an earlier run, as a report shows it.

use serde::Serialize;

use super::words::{self, State};
use super::{CheckLink, link};
use crate::audit::{Change, Changes};
use crate::run::{Run, Verdict};

/// The differences, sorted by what they mean to a reader.
#[derive(Debug, Serialize)]
pub(super) struct ChangesView<'a> {
    since: String,
    run: &'a str,
    other_target: Option<&'a str>,
    empty: bool,
    groups: Vec<Direction<'a>>,
    lists: Vec<ListView<'a>>,
}

/// Changes of one kind.
#[derive(Debug, Serialize)]
struct Direction<'a> {
    name: &'static str,
    changes: Vec<ChangeView<'a>>,
}

#[derive(Debug, Serialize)]
struct ChangeView<'a> {
    check: CheckLink<'a>,
    title: &'a str,
    from: State,
    to: State,
}

#[derive(Debug, Serialize)]
struct ListView<'a> {
    what: &'a str,
    added: &'a [String],
    removed: &'a [String],
}

impl<'a> ChangesView<'a> {
    pub(super) fn new(changes: &'a Changes, run: &'a Run) -> Self {
        let group = |(name, changes): (_, Vec<&'a Change>)| Direction {
            name,
            changes: changes.into_iter().map(|change| ChangeView::new(change, run)).collect(),
        };
        let list = |list: &'a crate::audit::ListChange| ListView { what: &list.what, added: &list.added, removed: &list.removed };
        Self {
            since: words::moment(changes.since),
            run: &changes.run,
            other_target: changes.other_target.as_deref(),
            empty: changes.is_empty(),
            groups: changes.by_direction().into_iter().map(group).collect(),
            lists: changes.lists.iter().map(list).collect(),
        }
    }
}

impl<'a> ChangeView<'a> {
    fn new(change: &'a Change, run: &'a Run) -> Self {
        let state = |verdict: Option<Verdict>| verdict.map_or(State::ABSENT, State::from);
        Self { check: link(run, &change.id), title: &change.title, from: state(change.from), to: state(change.to) }
    }
}
