//! Places on the wire: how many requests may be in flight, and who goes next when one comes back.
//!
//! A check that waits for one answer before it can ask the next thing goes before those that ask many things at once: what is independent
//! fills the places that long chains leave free, and no chain waits behind a queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// How much waits for an answer. The first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Rank {
    /// One request, which its check waits for.
    Step,
    /// One of many, after which its check has more to ask.
    Deep,
    /// One of many, after which its check is done.
    Broad,
}

/// Places that are left however often one is taken away.
const FEWEST: usize = 4;

#[derive(Debug, Default)]
struct State {
    /// All places, taken or not.
    all: usize,
    free: usize,
    /// Places that go when they come back.
    surplus: usize,
    waiting: [VecDeque<oneshot::Sender<Slot>>; 3],
}

/// The places of one client. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Mutex<State>>);

/// A place that is taken; dropping it hands it on. Empty once it was handed on.
#[derive(Debug)]
pub(in crate::http) struct Slot(Option<Slots>);

impl Slots {
    /// So many places, at least one.
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Mutex::new(State { all: count.max(1), free: count.max(1), ..State::default() })))
    }

    /// Waits for a place: behind those who wait with the same rank, before those with a later one.
    pub(super) async fn acquire(&self, rank: Rank) -> Slot {
        let mine = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.free > 0 {
                state.free -= 1;
                return Slot(Some(self.clone()));
            }
            let (hand, mine) = oneshot::channel();
            let [steps, deep, broad] = &mut state.waiting;
            match rank {
                Rank::Step => steps.push_back(hand),
                Rank::Deep => deep.push_back(hand),
                Rank::Broad => broad.push_back(hand),
            }
            mine
        };
        // The sender stays in the queue until it hands a place over, so there is always one to come.
        mine.await.unwrap_or(Slot(None))
    }

    /// How many places there are, taken or not.
    pub(super) fn all(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Adds one place.
    pub(super) fn widen(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all += 1;
        drop(Slot(Some(self.clone())));
    }

    /// Takes one place away, unless there are few already: a free one, or the next that comes back.
    pub(super) fn narrow(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.all <= FEWEST {
            return;
        }
        state.all -= 1;
        if state.free > 0 {
            state.free -= 1;
        } else {
            state.surplus += 1;
        }
    }

    /// Whoever goes next; without anybody, the place becomes free, or goes where it is one too many.
    fn next(&self) -> Option<oneshot::Sender<Slot>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.surplus > 0 {
            state.surplus -= 1;
            return None;
        }
        let next = state.waiting.iter_mut().find_map(VecDeque::pop_front);
        state.free += usize::from(next.is_none());
        next
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(slots) = self.0.take() else { return };
        while let Some(next) = slots.next() {
            match next.send(Self(Some(slots.clone()))) {
                Ok(()) => return,
                // It waits no longer; the place goes to the one after it.
                Err(mut unwanted) => unwanted.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn a_step_goes_before_many_and_who_waits_no_longer_holds_no_place() {
        let slots = Slots::new(1);
        let held = slots.acquire(Rank::Broad).await;
        let mut broad = Box::pin(slots.acquire(Rank::Broad));
        let mut gone = Box::pin(slots.acquire(Rank::Step));
        let mut step = Box::pin(slots.acquire(Rank::Step));
        for waiting in [&mut broad, &mut gone, &mut step] {
            assert!(waiting.now_or_never().is_none());
        }
        drop(gone);
        drop(held);
        let taken = step.now_or_never().expect("the step goes first");
        assert!((&mut broad).now_or_never().is_none(), "one place only");
        drop(taken);
        assert!(broad.now_or_never().is_some());
        assert!(slots.acquire(Rank::Broad).now_or_never().is_some(), "and it is free again");
    }

    #[tokio::test]
    async fn places_are_taken_away_until_few_are_left() {
        let slots = Slots::new(6);
        let held: Vec<_> = futures::future::join_all((0..6).map(|_| slots.acquire(Rank::Broad))).await;
        (0..9).for_each(|_| slots.narrow());
        drop(held);
        let taken: Vec<_> = std::iter::from_fn(|| slots.acquire(Rank::Broad).now_or_never()).collect();
        assert_eq!(taken.len(), FEWEST);
    }

    #[tokio::test]
    async fn a_new_place_goes_to_whoever_waits() {
        let slots = Slots::new(1);
        let _held = slots.acquire(Rank::Step).await;
        let mut waiting = Box::pin(slots.acquire(Rank::Broad));
        assert!((&mut waiting).now_or_never().is_none());
        slots.widen();
        assert!(waiting.now_or_never().is_some());
        assert_eq!(slots.all(), 2);
    }
}
