//! What the Watch screen knows: the polls of late, the figures over all of them, and what changed between them.

use std::collections::VecDeque;
use std::time::Duration;

use time::OffsetDateTime;

use crate::run::ReleaseSeen;
use crate::watch::{Condition, Poll};

/// Polls kept for the history.
const HISTORY: usize = 512;
/// Changes kept.
const CHANGES: usize = 64;

/// Something that was different from the poll before.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The condition became another; `after` is how long the one before had lasted.
    Condition {
        /// When it was first seen.
        at: OffsetDateTime,
        /// What it became.
        to: Condition,
        /// How long the condition before had lasted; nothing at the first poll.
        after: Option<Duration>,
    },
    /// Another release answered.
    Release {
        /// When it was first seen.
        at: OffsetDateTime,
        /// What answers now.
        to: Box<ReleaseSeen>,
    },
}

/// Round trips in milliseconds: the median, the 95th and the 99th of a hundred, and the longest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Half of the polls were no slower.
    pub p50: f64,
    /// 95 of 100 polls were no slower.
    pub p95: f64,
    /// 99 of 100 polls were no slower.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

/// The Watch screen.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Recent polls, oldest first.
    pub polls: VecDeque<Poll>,
    /// Polls that came in while the screen stands still.
    pub held: VecDeque<Poll>,
    /// Whether the screen stands still.
    pub paused: bool,
    /// The release that answered last.
    pub release: Option<ReleaseSeen>,
    /// What changed, oldest first.
    pub changes: VecDeque<Change>,
    /// Since when the condition is what it is.
    pub since: Option<OffsetDateTime>,
    /// All polls so far.
    pub total: u64,
    /// Those that found the service up.
    pub up: u64,
    /// How long the service was down in all, until it was seen up or degraded again.
    pub downtime: Duration,
}

impl Watch {
    /// Takes a poll in, or keeps it for later while the screen stands still.
    pub(in crate::tui) fn take(&mut self, poll: Poll) {
        if self.paused {
            keep(&mut self.held, poll, HISTORY);
        } else {
            self.show(poll);
        }
    }

    /// Stops the screen, or shows what came in meanwhile.
    pub(in crate::tui) fn pause(&mut self) {
        self.paused = !self.paused;
        if !self.paused {
            std::mem::take(&mut self.held).into_iter().for_each(|poll| self.show(poll));
        }
    }

    fn show(&mut self, poll: Poll) {
        self.total += 1;
        self.up += u64::from(poll.condition == Condition::Up);
        self.compare(&poll);
        keep(&mut self.polls, poll, HISTORY);
    }

    fn compare(&mut self, poll: &Poll) {
        let before = self.condition();
        if before != Some(poll.condition) {
            let after = self.since.map(|since| elapsed(since, poll.at));
            if before == Some(Condition::Down) {
                self.downtime += after.unwrap_or_default();
            }
            keep(&mut self.changes, Change::Condition { at: poll.at, to: poll.condition, after }, CHANGES);
            self.since = Some(poll.at);
        }
        self.identify(poll.at, &poll.release);
    }

    /// Notes the release that answers, and that it is another one than before.
    pub(in crate::tui) fn identify(&mut self, at: OffsetDateTime, release: &ReleaseSeen) {
        if *release == ReleaseSeen::default() {
            return;
        }
        if self.release.as_ref().is_some_and(|before| !before.same_release(release)) {
            keep(&mut self.changes, Change::Release { at, to: Box::new(release.clone()) }, CHANGES);
        }
        self.release = Some(release.clone());
    }

    /// What the last poll found.
    pub fn condition(&self) -> Option<Condition> {
        self.polls.back().map(|poll| poll.condition)
    }

    /// How long the condition has been what it is, at the last poll.
    pub fn lasting(&self) -> Option<Duration> {
        Some(elapsed(self.since?, self.polls.back()?.at))
    }

    /// How long the service was down in all, an outage that still lasts included.
    pub fn down_for(&self) -> Duration {
        let now = if self.condition() == Some(Condition::Down) { self.lasting() } else { None };
        self.downtime + now.unwrap_or_default()
    }

    /// Share of all polls that found the service up, in percent; `None` before the first.
    #[expect(clippy::cast_precision_loss, reason = "polls are counted in thousands")]
    pub fn availability(&self) -> Option<f64> {
        (self.total > 0).then(|| self.up as f64 * 100.0 / self.total as f64)
    }

    /// The round trips of the polls in the history (nearest rank); `None` while nothing answered.
    pub fn latency(&self) -> Option<Latency> {
        let mut times: Vec<_> = self.polls.iter().filter_map(Poll::latency_ms).collect();
        times.sort_by(f64::total_cmp);
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Latency { p50: rank(50)?, p95: rank(95)?, p99: rank(99)?, max: rank(100)? })
    }
}

fn elapsed(from: OffsetDateTime, to: OffsetDateTime) -> Duration {
    (to - from).try_into().unwrap_or_default()
}

fn keep<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    queue.push_back(item);
    if queue.len() > most {
        queue.pop_front();
    }
}
