//! Deletes what runs made: this one's objects at its end, and what killed runs left, by journal and by marker.

mod leftovers;
mod objects;
mod own;
mod parents;

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

pub use leftovers::cleanup;
pub(super) use leftovers::{Age, leftovers};
pub(super) use own::{early, own};

use crate::http::Trouble;
use crate::run::LeftBehind;
use crate::target::{Target, Tokens};

/// How long clean-up may take after a run ended.
pub(super) const GRACE: Duration = Duration::from_secs(20);

/// What a sweep removed and what it could not.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// Objects removed.
    pub removed: usize,
    /// Objects still there.
    pub left: Vec<LeftBehind>,
    /// What no later look can name any more: only the journal did, which is settled.
    lost: Vec<LeftBehind>,
    /// Users whose token is not let in at their own list, with the answer.
    pub(super) refused: Vec<(&'static str, Trouble)>,
    /// Users whose list was not asked for, since nothing takes a connection.
    closed: Vec<(&'static str, Trouble)>,
    /// Runs that are known to be dead.
    pub(super) dead: BTreeSet<Uuid>,
}

impl Swept {
    fn add(&mut self, more: Self) {
        self.removed += more.removed;
        // What its own run could not delete, a look at the list finds again.
        let unknown: Vec<_> = more.left.into_iter().filter(|left| self.left.iter().all(|known| known.what != left.what)).collect();
        self.left.extend(unknown);
        self.lost.extend(more.lost);
        self.refused.extend(more.refused);
        self.closed.extend(more.closed);
    }

    /// Counts what such users may have as left: nothing of theirs could be looked for.
    fn with_refused_left(mut self) -> Self {
        let unseen = self.refused.drain(..).chain(self.closed.drain(..));
        self.left.extend(unseen.map(|(user, trouble)| unlisted(user, &trouble)));
        self.with_lost_left()
    }

    /// Notes objects of a user whom nobody is in this run. Where each run signs up users of its own, nobody will be in a later one either.
    fn unowned(&mut self, what: String, target: &Target) {
        let fixed = target.accounts.signup.as_ref().is_some_and(|signup| signup.names.is_some() || signup.password.is_some());
        let (all, why) = if matches!(target.tokens, Tokens::Signup) && !fixed {
            (&mut self.lost, "their owner's password was known to that run alone: remove them by hand")
        } else {
            (&mut self.left, "no token for that user in this run")
        };
        all.push(left(what, why));
    }

    /// Counts what cannot be named any more as left.
    pub(super) fn with_lost_left(mut self) -> Self {
        self.left.append(&mut self.lost);
        self
    }

    /// What another look found, after this one.
    fn then(mut self, mut again: Self) -> Self {
        self.lost.append(&mut again.lost);
        Self { removed: self.removed + again.removed, lost: self.lost, ..again }
    }
}

fn unlisted(user: &str, trouble: &Trouble) -> LeftBehind {
    left(format!("objects of user {user}"), format!("cannot list them: {trouble}"))
}

fn left(what: impl Into<String>, why: impl Into<String>) -> LeftBehind {
    LeftBehind { what: what.into(), why: why.into() }
}
