//! The meter of a run: how many requests were sent, and how long their answers took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts what was sent and how long answers took.
#[derive(Debug, Default)]
pub struct Meter {
    sent: AtomicU64,
    /// Requests set aside for what must still be deleted.
    owed: AtomicU64,
    micros: std::sync::Mutex<Vec<u32>>,
}

/// A reading of the [`Meter`].
#[derive(Clone, Copy, Debug, Default)]
pub struct MeterReading {
    /// Requests sent.
    pub probes: u64,
    /// Median round trip in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile in milliseconds.
    pub p95_ms: f64,
}

impl Meter {
    /// Requests sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Counts one more request, unless `budget` of them were sent or set aside; whether it may be.
    pub(super) fn admit(&self, budget: Option<u64>) -> bool {
        let owed = self.owed.load(Ordering::Relaxed);
        let below = |sent: u64| budget.is_none_or(|budget| sent + owed < budget).then_some(sent + 1);
        self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).is_ok()
    }

    /// Sets `requests` of `budget` aside for later; whether they are there.
    pub(super) fn set_aside(&self, requests: u64, budget: Option<u64>) -> bool {
        let sent = self.sent();
        let fits = |owed: u64| budget.is_none_or(|budget| sent + owed + requests <= budget).then_some(owed + requests);
        self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// Makes what was set aside ready to be sent.
    pub(super) fn release(&self, requests: u64) {
        let fewer = |owed: u64| Some(owed.saturating_sub(requests));
        let _ = self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Requests of `budget` that were neither sent nor set aside.
    pub(super) fn unspent(&self, budget: u64) -> u64 {
        budget.saturating_sub(self.sent() + self.owed.load(Ordering::Relaxed))
    }

    pub(super) fn answered(&self, elapsed: Duration) {
        if let Ok(mut micros) = self.micros.lock() {
            micros.push(u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Count and percentiles.
    pub fn read(&self) -> MeterReading {
        let mut micros = self.micros.lock().map(|micros| micros.clone()).unwrap_or_default();
        micros.sort_unstable();
        let at = |share: usize| {
            micros.get((micros.len() * share / 100).min(micros.len().saturating_sub(1))).map_or(0.0, |us| f64::from(*us) / 1e3)
        };
        MeterReading { probes: self.sent(), p50_ms: at(50), p95_ms: at(95) }
    }
}
