//! Where waiting was in vain: nobody waits for the same a second time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is not waited for any more.
#[derive(Debug, Default)]
pub(super) struct InVain {
    outage: AtomicBool,
    /// Paths whose limit (429) says not when it ends, and did not end in a minute.
    limited: Mutex<BTreeSet<String>>,
}

impl InVain {
    /// Whether a 503 outlasted the waits that it asked for.
    pub(super) fn is_outage(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }

    /// Notes that one did.
    pub(super) fn note_outage(&self) {
        self.outage.store(true, Ordering::Relaxed);
    }

    /// Whether the limit of this path outlasted every wait.
    pub(super) fn is_limited(&self, path: &str) -> bool {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner).contains(bare(path))
    }

    /// Notes that it did.
    pub(super) fn note_limited(&self, path: &str) {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner).insert(bare(path).to_owned());
    }
}

fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_one_of_its_path_whatever_the_query_and_an_outage_is_everywhere() {
        let vain = InVain::default();
        vain.note_limited("/tasks?page=2");
        assert_eq!(["/tasks", "/tasks?q=1", "/tasks/7"].map(|path| vain.is_limited(path)), [true, true, false]);
        assert!(!vain.is_outage());
        vain.note_outage();
        assert!(vain.is_outage());
    }
}
