//! The gate: may the next request go now?
//!
//! It goes when it has a place on the wire, when the time is over that the target asked to wait, and when the pace allows it. How many may be
//! sent in all is the meter's affair.

mod pace;
mod reach;
mod slots;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use pace::Window;
pub(super) use slots::{Rank, Slot};

use super::Limits;
use pace::Pace;
use reach::Reach;
use slots::Slots;

/// The gate of one client.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Slots,
    reach: Reach,
    closed_until: Mutex<Instant>,
    /// Until when the target asked somebody to wait, whether the run can do that or not.
    asked: Mutex<Instant>,
    pace: Pace,
}

impl Gate {
    /// A gate with as many places and such a pace as `limits` say.
    pub(super) fn new(limits: &Limits) -> Self {
        Self::with(limits, Pace::new(limits.rate, limits.window))
    }

    /// The gate of another client, whose requests a target counts into the same window as those of this one.
    pub(super) fn beside(&self, limits: &Limits) -> Self {
        Self::with(limits, self.pace.beside(limits.rate, limits.window))
    }

    fn with(limits: &Limits, pace: Pace) -> Self {
        let now = Instant::now();
        let reach = Reach::new(limits.most() - limits.at_first());
        Self { slots: Slots::new(limits.at_first()), reach, closed_until: Mutex::new(now), asked: Mutex::new(now), pace }
    }

    /// The same, closed for a while.
    pub(super) fn closed_until(self, until: Instant) -> Self {
        self.close(until);
        self
    }

    /// Notes that the target asked to wait until then.
    pub(super) fn note(&self, until: Instant) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = until.max(*asked);
    }

    /// Until when the target asked to wait.
    pub(super) fn asked(&self) -> Instant {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one request may go. It holds its place until the slot is dropped.
    pub(super) async fn pass(&self, rank: Rank) -> Slot {
        let slot = self.slots.acquire(rank).await;
        self.open().await;
        self.pace.turn().await;
        slot
    }

    /// Nobody passes before `until`, or before a later moment that was said earlier.
    pub(super) fn close(&self, until: Instant) {
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = until.max(*closed);
    }

    /// Waits until the gate is open.
    pub(super) async fn open(&self) {
        let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::time::sleep_until(until).await;
    }

    /// Learns from how long an answer took how far away the service is. Where it is far, there are more places.
    pub(super) fn learn(&self, elapsed: Duration) {
        (0..self.reach.learn(elapsed)).for_each(|_| self.slots.widen());
    }

    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.slots.all()
    }

    /// Takes one place away for good, as long as enough are left: the target counts what is under way at once.
    pub(super) fn narrow(&self) {
        self.slots.narrow();
    }

    /// How often one request may go past the queue within the pace; `None` where requests are counted by a window, which has none to spare.
    pub(super) fn pulse_every(&self) -> Option<Duration> {
        self.pace.pulse_every()
    }
}
