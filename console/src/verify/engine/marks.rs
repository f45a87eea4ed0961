//! Checks of which something is remembered until their suite ends.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ids of checks.
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
