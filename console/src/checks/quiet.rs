//! The end of the run, when nothing else is asked any more: the limit of the service is met then, so that no other check is made to wait for it,
//! and times are taken then that the run's own load would drown.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// What sends until it is refused. It goes behind everything else, and nobody waits for it.
pub(crate) const EXHAUSTS: &str = "robustness.rate-limit";

/// Which checks have ended.
#[derive(Debug, Default)]
pub struct Quiet {
    /// All that are asked in this run, without the controls.
    all: Vec<&'static str>,
    ended: Mutex<HashSet<String>>,
    changed: Notify,
}

impl Quiet {
    /// None of `all` has ended yet.
    pub(crate) fn before(all: Vec<&'static str>) -> Self {
        Self { all, ..Self::default() }
    }

    /// Notes that a check has ended, or is not asked.
    pub(crate) fn ended(&self, id: &str) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        self.changed.notify_waiters();
    }

    /// Waits until all have ended but `these`, of which none may wait for another.
    pub(crate) async fn but_for(&self, these: &[&str]) {
        let over = || {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            self.all.iter().all(|id| *id == EXHAUSTS || these.contains(id) || ended.contains(*id))
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
        let quiet = Arc::new(Quiet::before(vec!["a", "b", "waiting", EXHAUSTS]));
        let waiting = tokio::spawn({
            let quiet = Arc::clone(&quiet);
            async move { quiet.but_for(&["waiting"]).await }
        });
        quiet.ended("a");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        quiet.ended("b");
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
