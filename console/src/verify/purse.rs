//! What a run that counts its requests has left while its checks are asked.
//!
//! A plan keeps for each check what it may need at most, and most need less: answers are shared, and what a service does not have is not
//! asked. What a check leaves pays for those that the plan had no room for, the most telling first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::budget::Allotment;
use crate::checks::{Check, Suite, waits_its_turn};

/// A check and the requests that it may need.
type Priced = (&'static Check, u64);

/// Requests kept for the release, which is asked once more at the end.
const BESIDE: u64 = 5;

/// The requests that are kept for checks under way, and the checks that wait for what those leave.
#[derive(Default)]
pub(super) struct Purse {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Default)]
struct Held {
    /// Who is asked and has not ended, with the requests that are kept for it.
    kept: Vec<Priced>,
    /// Requests kept for accounts, while checks are asked that sign them up.
    accounts: u64,
    /// Requests that are handed out to nobody: those under way may need more than they cost elsewhere.
    slack: u64,
    /// Who waits, in no order, each with its price.
    waiting: Vec<Priced>,
    /// Nothing more comes in: whoever waits goes without.
    closed: bool,
}

impl Purse {
    /// A purse that keeps what `allotment` planned for each of `asked`.
    pub(super) fn of(allotment: &Allotment, asked: impl Iterator<Item = &'static Check>) -> Self {
        let kept = asked.filter(|check| allotment.covers(check)).map(|check| (check, allotment.keeps(check)));
        let held = Held { kept: kept.collect(), accounts: allotment.accounts(), slack: allotment.slack(), ..Held::default() };
        let purse = Self { held: Mutex::new(held), changed: Notify::new() };
        purse.settle(0);
        purse
    }

    /// Waits until others have left what `check` costs; whether they have.
    pub(super) async fn affords(&self, check: &'static Check, price: u64) -> bool {
        {
            let mut held = self.held();
            if held.closed {
                return false;
            }
            held.waiting.push((check, price));
        }
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let held = self.held();
                if held.keeps(check.id) || held.closed {
                    return held.keeps(check.id);
                }
            }
            changed.await;
        }
    }

    /// Notes that the check of this `id` needs nothing more, where the run has `unspent` requests that nothing is set aside for.
    pub(super) fn ended(&self, id: &str, unspent: u64) {
        let kept = self.held().keeps(id);
        if kept {
            self.held().kept.retain(|(check, _)| check.id != id);
            self.settle(unspent);
        }
    }

    /// Hands out what is left; closes where nothing can come in any more.
    fn settle(&self, unspent: u64) {
        let mut held = self.held();
        while let Some(best) = held.best(unspent) {
            held.waiting.retain(|(check, _)| check.id != best.0.id);
            held.kept.push(best);
        }
        held.closed = held.kept.iter().all(|(check, _)| waits_its_turn(check.id));
        drop(held);
        self.changed.notify_waiters();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn keeps(&self, id: &str) -> bool {
        self.kept.iter().any(|(check, _)| check.id == id)
    }

    /// The most telling of those who wait, for its price, that `unspent` pays for beside what is kept.
    fn best(&self, unspent: u64) -> Option<Priced> {
        let of_accounts = self.kept.iter().any(|(check, _)| check.suite == Suite::Jwt);
        let accounts = if of_accounts { self.accounts } else { 0 };
        let kept = BESIDE + self.slack + accounts + self.kept.iter().map(|(_, price)| price).sum::<u64>();
        let free = unspent.saturating_sub(kept);
        let fit = self.waiting.iter().filter(|(_, price)| *price <= free);
        fit.max_by(|(one, of_one), (other, of_other)| {
            Allotment::worth(one, *of_one).total_cmp(&Allotment::worth(other, *of_other)).then_with(|| other.id.cmp(one.id))
        })
        .copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::checks::find;

    fn purse(kept: &[(&'static str, u64)]) -> Arc<Purse> {
        let kept = kept.iter().map(|(id, price)| (find(id).unwrap(), *price)).collect();
        let held = Held { kept, ..Held::default() };
        Arc::new(Purse { held: Mutex::new(held), changed: Notify::new() })
    }

    /// A check that waits in `purse` for its price.
    async fn waiting(purse: &Arc<Purse>, id: &'static str, price: u64) -> tokio::task::JoinHandle<bool> {
        let (own, check) = (Arc::clone(purse), find(id).unwrap());
        let waits = tokio::spawn(async move { own.affords(check, price).await });
        tokio::time::sleep(Duration::from_millis(5)).await;
        waits
    }

    async fn told(waits: tokio::task::JoinHandle<bool>) -> bool {
        tokio::time::timeout(Duration::from_secs(5), waits).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_a_check_leaves_pays_for_the_most_telling_that_waits() {
        let purse = purse(&[("jwt.none", 20), ("jwt.aud", 10)]);
        let low = waiting(&purse, "cors.origin.case", 8).await;
        let critical = waiting(&purse, "isolation.foreign.read", 8).await;
        // 20 unspent, of which 5 and 10 are kept: five are free, and nobody's price.
        purse.ended("jwt.none", 20);
        assert!(!critical.is_finished() && !low.is_finished());
        purse.ended("jwt.aud", 14);
        assert!(told(critical).await, "nine are free");
        assert!(!low.is_finished(), "one is left");
        purse.ended("isolation.foreign.read", 12);
        assert!(!told(low).await, "seven are free, and nothing more comes in");
    }

    #[tokio::test]
    async fn whoever_comes_when_nothing_more_comes_in_goes_without() {
        let purse = purse(&[("jwt.none", 20), ("docs.errors", 20)]);
        purse.ended("jwt.none", 0);
        assert!(!told(waiting(&purse, "jwt.aud", 1).await).await, "what goes last leaves nothing in time");
    }
}
