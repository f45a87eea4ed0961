//! The end of the run, when nothing else is asked any more: the limit of the service is met then, so that no other check is made to wait for it,
//! and times are taken then that the run's own load would drown.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// What sends until it is refused. It goes behind everything else, and nobody waits for it.
pub(crate) const EXHAUSTS: &str = "robustness.rate-limit";

/// Those who may wait until the others have ended, in the order in which they then go: none waits for one that comes later.
const IN_TURN: [&str; 6] =
    ["docs.errors", "health.latency", "isolation.list.totals", "jwt.login.uniform", "jwt.login.limit", EXHAUSTS];

/// Whether the check of this `id` may wait until the others have ended.
pub(crate) fn waits_its_turn(id: &str) -> bool {
    IN_TURN.contains(&id)
}

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

    /// Waits until it is the turn of `own`, which is one of those who may wait: all have ended but those who come later.
    pub(crate) async fn turn_of(&self, own: &str) {
        let later = IN_TURN.iter().skip_while(|id| **id != own).collect::<Vec<_>>();
        let over = || {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            self.all.iter().all(|id| later.contains(&id) || ended.contains(*id))
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
    fn those_who_wait_are_in_the_catalogue() {
        assert!(IN_TURN.iter().all(|id| find(id).is_some()), "{IN_TURN:?}");
    }

    #[tokio::test]
    async fn whoever_waits_goes_on_when_the_last_of_the_others_has_ended() {
        let [first, second, ..] = IN_TURN;
        let quiet = Arc::new(Quiet::before([&["a", "b"], &IN_TURN[..]].concat()));
        let waiting = [first, second].map(|own| {
            let quiet = Arc::clone(&quiet);
            tokio::spawn(async move { quiet.turn_of(own).await })
        });
        let [one, other] = waiting;
        quiet.ended("a");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!one.is_finished());
        quiet.ended("b");
        tokio::time::timeout(Duration::from_secs(5), one).await.unwrap().unwrap();
        assert!(!other.is_finished());
        quiet.ended(first);
        tokio::time::timeout(Duration::from_secs(5), other).await.unwrap().unwrap();
    }
}
