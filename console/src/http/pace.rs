//! How fast requests may follow each other: evenly so many a second, or at most so many in any window of time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

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

/// The requests of the last window.
#[derive(Debug, Default)]
pub(super) struct Sent(Mutex<VecDeque<Instant>>);

impl Sent {
    /// Waits until one more request fits into `window`, and counts it. Those who wait are served in order.
    pub(super) async fn turn(&self, window: Window) {
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
