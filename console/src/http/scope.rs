//! What one check, one suite or one run sent, how long its longest chain of requests was, and whether a limit met it or the budget ran out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    chain: AtomicU64,
    limited: AtomicBool,
    unpaid: AtomicBool,
    around: Option<Scope>,
}

/// Counts requests. A scope inside another counts for both.
///
/// The chain is measured in round trips: a request that is asked for after an answer came to the same scope is a link further than that
/// answer. Requests asked for side by side are one link. Two chains that run beside each other in one scope would lengthen each other, so
/// each gets a scope of its own.
#[derive(Clone, Debug, Default)]
pub struct Scope(Arc<Counts>);

impl Scope {
    /// A scope inside this one; its chain begins where this one's has got to.
    #[must_use]
    pub fn within(&self) -> Self {
        Self(Arc::new(Counts { chain: AtomicU64::new(self.chain()), around: Some(self.clone()), ..Counts::default() }))
    }

    /// Requests sent.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Round trips of the longest chain so far.
    pub fn chain(&self) -> u64 {
        self.0.chain.load(Ordering::Relaxed)
    }

    /// Whether one of its requests got nothing better than 429: what was judged by that says nothing of the service.
    pub fn was_limited(&self) -> bool {
        self.0.limited.load(Ordering::Relaxed)
    }

    /// Whether the budget of the run had nothing left for one of its requests.
    pub fn ran_out(&self) -> bool {
        self.0.unpaid.load(Ordering::Relaxed)
    }

    pub(super) fn run_out(&self) {
        self.up(|counts| counts.unpaid.store(true, Ordering::Relaxed));
    }

    pub(super) fn limit(&self) {
        self.up(|counts| counts.limited.store(true, Ordering::Relaxed));
    }

    pub(super) fn count(&self) {
        self.up(|counts| {
            counts.sent.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// An answer came that stands so far down its chain.
    pub(super) fn came(&self, link: u64) {
        self.up(|counts| {
            counts.chain.fetch_max(link, Ordering::Relaxed);
        });
    }

    fn up(&self, each: impl Fn(&Counts)) {
        let mut next = Some(self);
        while let Some(scope) = next {
            each(&scope.0);
            next = scope.0.around.as_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_beside_each_other_do_not_add_up_and_what_comes_after_them_does() {
        let run = Scope::default();
        for length in [2, 3] {
            let suite = run.within();
            for _ in 0..length {
                suite.count();
                suite.came(suite.chain() + 1);
            }
        }
        // The second began when the first had ended.
        assert_eq!((run.sent(), run.chain()), (5, 5));
        let (one, other) = (run.within(), run.within());
        one.came(one.chain() + 1);
        other.came(other.chain() + 1);
        assert_eq!(run.chain(), 6);
    }
}
