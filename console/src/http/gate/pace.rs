//! How fast requests may follow each other: evenly so many a second, or at most so many in any window of time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// One request in so many may be a pulse.
const PULSE_SHARE: u32 = 20;

/// At most so many requests in any `per`, as a service's own rate limit counts them: preflights included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Requests at most.
    pub requests: u32,
    /// Length of the window.
    pub per: Duration,
}

impl Window {
    /// Requests that fit into `time` whatever the phase of the service's own windows; at least one window's worth.
    pub fn within(self, time: Duration) -> u64 {
        let whole = time.as_millis() / self.per.as_millis().max(1);
        let windows = u64::try_from(whole).unwrap_or(u64::MAX).max(1);
        u64::from(self.requests).saturating_mul(windows)
    }
}

/// The pace of one client.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<u32>,
    window: Option<Window>,
    /// When the next request may go, where they go evenly.
    next: Mutex<Instant>,
    /// The requests of the last window, shared with whoever sends beside or afterwards.
    recent: Arc<Sent>,
}

impl Pace {
    /// At most `rate` a second, evenly, and what `window` allows.
    pub(super) fn new(rate: Option<u32>, window: Option<Window>) -> Self {
        Self { rate: rate.filter(|rate| *rate > 0), window, next: Mutex::new(Instant::now()), recent: Arc::default() }
    }

    /// A pace of another client into the same window.
    pub(super) fn beside(&self, rate: Option<u32>, window: Option<Window>) -> Self {
        Self { recent: Arc::clone(&self.recent), ..Self::new(rate, window) }
    }

    /// Waits for the turn of one request, and counts it.
    pub(super) async fn turn(&self) {
        if let Some(rate) = self.rate {
            let mine = {
                let mut next = self.next.lock().await;
                let mine = (*next).max(Instant::now());
                *next = mine + Duration::from_secs(1) * PULSE_SHARE / (PULSE_SHARE - 1) / rate;
                mine
            };
            tokio::time::sleep_until(mine).await;
        }
        if let Some(window) = self.window {
            self.recent.turn(window).await;
        }
    }

    /// How often a request may go out of turn; `None` where a window counts them.
    pub(super) fn pulse_every(&self) -> Option<Duration> {
        let every = self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) * PULSE_SHARE / rate);
        self.window.is_none().then_some(every)
    }
}

/// The requests of the last window.
#[derive(Debug, Default)]
struct Sent(Mutex<VecDeque<Instant>>);

impl Sent {
    /// Waits until one more request fits into `window`, and counts it. Those who wait are served in order.
    async fn turn(&self, window: Window) {
        let mut sent = self.0.lock().await;
        while sent.len() >= usize::try_from(window.requests.max(1)).unwrap_or(usize::MAX) {
            let Some(first) = sent.pop_front() else { break };
            tokio::time::sleep_until(first + window.per).await;
        }
        sent.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_window_ever_holds_more_than_it_may() {
        let (sent, window) = (Sent::default(), Window { requests: 10, per: Duration::from_millis(80) });
        let mut moments = Vec::new();
        for _ in 0..35 {
            sent.turn(window).await;
            moments.push(Instant::now());
        }
        let apart: Vec<_> = moments.iter().zip(moments.iter().skip(10)).map(|(one, tenth_after)| *tenth_after - *one).collect();
        // The moment that is counted comes just before the one that is looked at here.
        assert!(apart.iter().all(|apart| *apart > Duration::from_millis(70)), "{apart:?}");
    }

    #[rstest::rstest]
    #[case(100, 60, 60, 100)]
    #[case(100, 60, 30, 100)]
    #[case(100, 60, 150, 200)]
    #[case(100, 3600, 60, 100)]
    fn what_fits_into_a_run_is_counted_in_whole_windows(
        #[case] requests: u32,
        #[case] per: u64,
        #[case] time: u64,
        #[case] fit: u64,
    ) {
        let window = Window { requests, per: Duration::from_secs(per) };
        assert_eq!(window.within(Duration::from_secs(time)), fit);
    }
}
