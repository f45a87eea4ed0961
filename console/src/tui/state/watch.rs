//! What the Watch screen knows beside the history of polls: what was held back, what changed when, how long it has been as it is.

use std::collections::VecDeque;
use std::time::Duration;

use time::OffsetDateTime;

use crate::run::ReleaseSeen;
use crate::watch::{Asked, Change, Condition, History, Poll};

/// Polls kept for the sparkline and the list.
const WINDOW: usize = 512;
/// Changes kept, and polls held back at most.
const KEPT: usize = 512;

/// The Watch screen.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What the polls add up to.
    pub history: History,
    /// Polls that came in while the screen stands still.
    pub held: VecDeque<Poll>,
    /// Whether the screen stands still.
    pub paused: bool,
    /// The release that answered last, a poll or a run.
    pub release: Option<ReleaseSeen>,
    /// What changed and when, oldest first.
    pub changes: VecDeque<(OffsetDateTime, Change)>,
    /// Polls that found users served.
    pub served: u64,
    /// Since when the condition is what it is.
    pub since: Option<OffsetDateTime>,
    /// The last poll of either question: liveness, deep health.
    last: [Option<Poll>; 2],
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            history: History::new(WINDOW),
            held: VecDeque::new(),
            paused: false,
            release: None,
            changes: VecDeque::new(),
            served: 0,
            since: None,
            last: [None, None],
        }
    }
}

impl Watch {
    /// Takes a poll in, or keeps it for later while the screen stands still.
    pub(in crate::tui) fn take(&mut self, poll: Poll) {
        if self.paused {
            keep(&mut self.held, poll);
        } else {
            self.show(poll);
        }
    }

    /// Stops the screen, or shows what came in meanwhile.
    pub(in crate::tui) fn pause(&mut self) {
        self.paused = !self.paused;
        if !self.paused {
            for poll in std::mem::take(&mut self.held) {
                self.show(poll);
            }
        }
    }

    fn show(&mut self, poll: Poll) {
        let (at, before) = (poll.at, self.condition());
        self.served += u64::from(poll.condition.serves());
        let [live, health] = &mut self.last;
        *(if poll.asked == Asked::Live { live } else { health }) = Some(poll.clone());
        if self.condition() != before {
            self.since = Some(at);
        }
        for change in self.history.record(poll) {
            keep(&mut self.changes, (at, change));
        }
        if let Some(release) = self.history.release() {
            self.release = Some(release.clone());
        }
    }

    /// The poll that says how the service is: the worse of the last liveness and the last deep health.
    pub fn telling(&self) -> Option<&Poll> {
        self.last.iter().flatten().max_by_key(|poll| poll.condition)
    }

    /// How the service is.
    pub fn condition(&self) -> Option<Condition> {
        self.telling().map(|poll| poll.condition)
    }

    fn now(&self) -> Option<OffsetDateTime> {
        self.history.recent().next_back().map(|poll| poll.at)
    }

    /// How long the service has been as it is, at the last poll.
    pub fn lasting(&self) -> Option<Duration> {
        Some((self.now()? - self.since?).unsigned_abs())
    }

    /// Time without service so far, at the last poll.
    pub fn downtime(&self) -> Duration {
        self.now().map_or(Duration::ZERO, |now| self.history.downtime(now))
    }

    /// Share of all polls that found users served, in percent; `None` before the first.
    #[expect(clippy::cast_precision_loss, reason = "polls are counted in thousands")]
    pub fn availability(&self) -> Option<f64> {
        let polls = self.history.polls();
        (polls > 0).then(|| self.served as f64 * 100.0 / polls as f64)
    }
}

fn keep<T>(queue: &mut VecDeque<T>, item: T) {
    queue.push_back(item);
    if queue.len() > KEPT {
        queue.pop_front();
    }
}
