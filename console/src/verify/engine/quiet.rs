//! The end of the run, when nothing else is asked any more: the limit of the service is met then, so that no other check is made to wait for it.
//! (Who exhausts the sign-in waits for those who sign in alone.)

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// What sends until it is refused.
const EXHAUSTS: &str = "robustness.rate-limit";

/// Whether a check goes to the limit of the service.
pub(super) fn exhausts(id: &str) -> bool {
    id == EXHAUSTS
}

/// Which checks have ended.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    ended: Mutex<HashSet<String>>,
    changed: Notify,
}

impl Quiet {
    /// Notes that a check has ended, or is not asked.
    pub(super) fn ended(&self, id: &str) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        self.changed.notify_waiters();
    }

    /// Waits until all of these have, but those that go last as well.
    pub(super) async fn after(&self, others: &[&str]) {
        let over = || {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            others.iter().all(|id| exhausts(id) || ended.contains(*id))
        };
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if over() {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::checks::find;

    #[test]
    fn the_check_that_goes_last_is_in_the_catalogue() {
        assert!(find(EXHAUSTS).is_some());
    }

    #[tokio::test]
    async fn whoever_waits_goes_on_when_the_last_of_the_others_has_ended() {
        let quiet = Arc::new(Quiet::default());
        let waiting = tokio::spawn({
            let quiet = Arc::clone(&quiet);
            async move { quiet.after(&["a", "b", EXHAUSTS]).await }
        });
        quiet.ended("a");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        quiet.ended("b");
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
