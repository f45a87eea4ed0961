//! The meter of a run: how many requests were sent, and how long their answers took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts what was sent and how long answers took.
#[derive(Debug, Default)]
pub struct Meter {
    sent: AtomicU64,
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

    /// Counts one more request, unless `budget` of them were sent; whether it may be.
    pub(super) fn admit(&self, budget: Option<u64>) -> bool {
        let below = |sent: u64| budget.is_none_or(|budget| sent < budget).then_some(sent + 1);
        self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).is_ok()
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
