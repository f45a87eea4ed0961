//! What polls add up to: percentiles, a window of recent points, changes of release, time without service.

use std::collections::VecDeque;
use std::time::Duration;

use hdrhistogram::Histogram;
use time::OffsetDateTime;

use super::{Asked, Poll};
use crate::run::ReleaseSeen;

/// Highest latency that is told apart, in microseconds: a minute.
const HIGHEST_MICROS: u64 = 60_000_000;
/// Significant digits of the histogram.
const DIGITS: u8 = 3;

/// Something that a poll changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another release answers than before.
    Release {
        /// The one before.
        from: ReleaseSeen,
        /// The one that answers now.
        to: ReleaseSeen,
    },
    /// The same release was started anew, on a replica that named its start before.
    Restarted {
        /// The release with its new start.
        release: ReleaseSeen,
    },
    /// Users are no longer served.
    WentDown {
        /// Since when.
        at: OffsetDateTime,
    },
    /// Users are served again.
    CameBack {
        /// How long they were not, from the first bad poll to the first good one.
        after: Duration,
    },
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

/// The history of one watch. Pure: it knows the time only from the polls.
#[derive(Clone, Debug)]
pub struct History {
    latencies: Option<Histogram<u64>>,
    recent: VecDeque<Poll>,
    window: usize,
    release: Option<ReleaseSeen>,
    down_since: Option<OffsetDateTime>,
    downtime: Duration,
    polls: u64,
    cold_ms: Option<f64>,
    live: bool,
}

impl History {
    /// A history that keeps the last `window` polls.
    pub fn new(window: usize) -> Self {
        Self {
            latencies: Histogram::new_with_max(HIGHEST_MICROS, DIGITS).ok(),
            recent: VecDeque::with_capacity(window),
            window,
            release: None,
            down_since: None,
            downtime: Duration::ZERO,
            polls: 0,
            cold_ms: None,
            live: false,
        }
    }

    /// Takes a poll in, and says what it changed.
    pub fn record(&mut self, poll: Poll) -> Vec<Change> {
        self.polls += 1;
        self.measure(&poll);
        let changes = [self.served(&poll), self.released(&poll)].into_iter().flatten().collect();
        self.recent.push_back(poll);
        if self.recent.len() > self.window {
            self.recent.pop_front();
        }
        changes
    }

    /// The first answer of a watch may wake a sleeping service: it is kept apart. Deep health measures the database as well, so it
    /// counts only where liveness is not asked.
    fn measure(&mut self, poll: &Poll) {
        let Some(latency) = poll.latency_ms.filter(|_| poll.condition.serves()) else { return };
        self.live |= poll.asked == Asked::Live;
        if self.cold_ms.is_none() {
            self.cold_ms = Some(latency);
        } else if (poll.asked == Asked::Live || !self.live)
            && let Some(latencies) = &mut self.latencies
        {
            latencies.saturating_record(micros(latency));
        }
    }

    fn served(&mut self, poll: &Poll) -> Option<Change> {
        match (poll.condition.serves(), self.down_since) {
            (false, None) => {
                self.down_since = Some(poll.at);
                Some(Change::WentDown { at: poll.at })
            }
            (true, Some(since)) => {
                let after = (poll.at - since).unsigned_abs();
                self.down_since = None;
                self.downtime += after;
                Some(Change::CameBack { after })
            }
            _ => None,
        }
    }

    fn released(&mut self, poll: &Poll) -> Option<Change> {
        if poll.release == ReleaseSeen::default() {
            return None;
        }
        let before = self.release.replace(poll.release.clone())?;
        let now = poll.release.clone();
        if !before.same_release(&now) {
            return Some(Change::Release { from: before, to: now });
        }
        let again = before.replica == now.replica && before.started_at != now.started_at;
        again.then_some(Change::Restarted { release: now })
    }

    /// Polls in all.
    pub const fn polls(&self) -> u64 {
        self.polls
    }

    /// The last polls, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Poll> + ExactSizeIterator {
        self.recent.iter()
    }

    /// The release that answered last, if any named itself.
    pub const fn release(&self) -> Option<&ReleaseSeen> {
        self.release.as_ref()
    }

    /// The latency of the very first answer in milliseconds.
    pub const fn cold_ms(&self) -> Option<f64> {
        self.cold_ms
    }

    /// Time without service so far; an outage that lasts counts up to `now`.
    pub fn downtime(&self, now: OffsetDateTime) -> Duration {
        self.downtime + self.down_since.map_or(Duration::ZERO, |since| (now - since).unsigned_abs())
    }

    /// Percentiles of warm answers; `None` before there is one.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let latencies = self.latencies.as_ref().filter(|latencies| !latencies.is_empty())?;
        let at = |share: f64| Duration::from_micros(latencies.value_at_quantile(share)).as_secs_f64() * 1e3;
        Some(Percentiles { p50_ms: at(0.50), p95_ms: at(0.95), p99_ms: at(0.99) })
    }
}

fn micros(latency_ms: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(latency_ms.max(0.0) / 1e3).as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Source;
    use crate::watch::Condition;

    fn poll(second: i64, condition: Condition, latency_ms: f64) -> Poll {
        Poll {
            at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second),
            asked: Asked::Live,
            status: Some(200),
            latency_ms: Some(latency_ms),
            source: Source::App,
            release: ReleaseSeen::default(),
            condition,
            note: String::new(),
        }
    }

    fn release(commit: &str, started: &str) -> ReleaseSeen {
        ReleaseSeen { commit: Some(commit.into()), started_at: Some(started.into()), ..ReleaseSeen::default() }
    }

    #[test]
    fn downtime_lasts_from_the_first_bad_poll_to_the_first_good_one() {
        let mut history = History::new(10);
        let conditions = [Condition::Up, Condition::Down, Condition::Edge, Condition::Degraded, Condition::Down];
        let changes: Vec<_> =
            (0..).zip(conditions).flat_map(|(second, condition)| history.record(poll(second, condition, 1.0))).collect();
        let at = |second| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second);
        let after = Duration::from_secs(2);
        assert_eq!(changes, [Change::WentDown { at: at(1) }, Change::CameBack { after }, Change::WentDown { at: at(4) }]);
        assert_eq!((history.downtime(at(4)), history.downtime(at(9))), (after, Duration::from_secs(7)));
    }

    #[test]
    fn another_release_and_a_restart_are_told_apart() {
        let mut history = History::new(10);
        let mut see = |release: ReleaseSeen| history.record(Poll { release, ..poll(0, Condition::Up, 1.0) });
        assert_eq!(see(release("aaaaaaa", "1")), []);
        assert_eq!(see(ReleaseSeen::default()), []);
        assert_eq!(see(release("aaaaaaa", "2")), [Change::Restarted { release: release("aaaaaaa", "2") }]);
        let change = Change::Release { from: release("aaaaaaa", "2"), to: release("bbbbbbb", "3") };
        assert_eq!(see(release("bbbbbbb", "3")), [change]);
    }

    #[test]
    fn deep_health_counts_only_where_liveness_is_not_asked() {
        let mut history = History::new(3);
        let health = |latency| Poll { asked: Asked::Health, ..poll(0, Condition::Up, latency) };
        history.record(health(500.0));
        history.record(poll(1, Condition::Up, 2.0));
        history.record(health(500.0));
        assert!(history.percentiles().unwrap().p99_ms < 3.0);
        let mut alone = History::new(3);
        alone.record(health(500.0));
        alone.record(health(30.0));
        assert!((29.0..31.0).contains(&alone.percentiles().unwrap().p50_ms));
    }

    #[test]
    fn the_first_answer_is_cold_and_only_the_window_is_kept() {
        let mut history = History::new(3);
        for (second, latency) in [900.0, 10.0, 10.0, 10.0, 40.0].into_iter().enumerate() {
            history.record(poll(i64::try_from(second).unwrap(), Condition::Up, latency));
        }
        let percentiles = history.percentiles().unwrap();
        assert_eq!((history.cold_ms(), history.polls(), history.recent().len()), (Some(900.0), 5, 3));
        assert!((9.9..10.1).contains(&percentiles.p50_ms) && (39.9..40.1).contains(&percentiles.p99_ms), "{percentiles:?}");
        assert_eq!(History::new(3).percentiles(), None);
    }
}
