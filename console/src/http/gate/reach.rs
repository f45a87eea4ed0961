//! How far away the service is, as the first answers tell.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What an answer takes at least where most of it is the way there and back.
const FAR: Duration = Duration::from_millis(20);
/// Answers after which it is known.
const KNOWN_AFTER: usize = 16;

/// What the first answers took.
#[derive(Debug)]
pub(super) struct Reach {
    /// Places that a service far away gets on top.
    reserve: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    near: bool,
}

impl Reach {
    /// Nothing is known yet; there are `reserve` places in reserve.
    pub(super) fn new(reserve: usize) -> Self {
        Self { reserve, seen: Mutex::default() }
    }

    /// Learns from one answer. How many places there are to add now: all of the reserve once, when none of the first answers was quick.
    pub(super) fn learn(&self, elapsed: Duration) -> usize {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.answers = seen.answers.saturating_add(1);
        seen.near |= elapsed < FAR;
        if seen.answers == KNOWN_AFTER && !seen.near { self.reserve } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::far_away(&[100; 40], 8)]
    #[case::one_quick_answer(&[100, 100, 3, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100], 0)]
    #[case::too_few(&[100; 15], 0)]
    fn a_service_far_away_gets_the_reserve_once(#[case] millis: &[u64], #[case] added: usize) {
        let reach = Reach::new(8);
        assert_eq!(millis.iter().map(|millis| reach.learn(Duration::from_millis(*millis))).sum::<usize>(), added);
    }
}
