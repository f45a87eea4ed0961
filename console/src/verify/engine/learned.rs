//! What a run learned on its way that decides how later results are judged.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use uuid::Uuid;

/// What was learned so far; empty at the beginning.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Why tokens that were to come did not.
    pub(super) no_tokens: OnceLock<String>,
    /// Why nothing is asked with the signing key that was given.
    pub(super) no_forge: OnceLock<String>,
    /// Checks that a limit of the service met.
    pub(super) limited: Marks,
    /// Checks for which the budget, or the pace within the deadline, had nothing left.
    pub(super) unpaid: Marks,
    /// Checks that the service answered otherwise than the next step needs.
    pub(super) contradicted: Marks,
    /// Killed runs whose objects were swept.
    pub(super) dead: OnceLock<BTreeSet<Uuid>>,
}

/// Ids of checks of which something is remembered until their suite ends.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<BTreeSet<&'static str>>);

impl Marks {
    pub(super) fn set(&self, id: &'static str) {
        self.open().insert(id);
    }

    pub(super) fn forget(&self, id: &str) {
        self.open().remove(id);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.open().contains(id)
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
