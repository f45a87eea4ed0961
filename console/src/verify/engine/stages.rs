//! How far the suites of a run have come, and so what of what they made nobody takes notice of any more.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::checks::Suite;

/// How far a suite has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its checks are asked.
    Asking,
    /// They have ended; its control is asked for the last time.
    Closing,
    /// Nothing more is asked for it.
    Closed,
}

/// The stage of every suite of a run.
pub(super) struct Stages(Mutex<HashMap<Suite, Stage>>);

impl Stages {
    pub(super) fn new(suites: &[Suite]) -> Self {
        Self(Mutex::new(suites.iter().map(|suite| (*suite, Stage::Asking)).collect()))
    }

    /// Notes that the checks of `suite` have ended; what nobody takes notice of since then.
    pub(super) fn asked(&self, suite: Suite) -> Unused {
        self.enter(suite, Stage::Closing);
        let asking = |stage: &Stage| *stage == Stage::Asking;
        Unused {
            of_isolation: suite == Suite::Isolation || self.isolation_is_closed(),
            of_others: self.0.lock().is_ok_and(|stages| !stages.values().any(asking)),
        }
    }

    /// Notes that the control of `suite` was asked for the last time.
    pub(super) fn closed(&self, suite: Suite) {
        self.enter(suite, Stage::Closed);
    }

    fn enter(&self, suite: Suite, stage: Stage) {
        if let Ok(mut stages) = self.0.lock() {
            stages.insert(suite, stage);
        }
    }

    fn isolation_is_closed(&self) -> bool {
        self.0.lock().is_ok_and(|stages| stages.get(&Suite::Isolation) == Some(&Stage::Closed))
    }
}

/// Whose objects nobody takes notice of any more, so that they may be deleted while the rest of the run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unused {
    /// What isolation made, only isolation looks at.
    of_isolation: bool,
    /// Isolation counts and pages through whatever its users own, so what other suites made stays until no check asks.
    of_others: bool,
}

impl Unused {
    /// Whether what the checks of `maker` made is unused; `None` for what checks of several suites share.
    pub(super) fn covers(self, maker: Option<Suite>) -> bool {
        if maker == Some(Suite::Isolation) { self.of_isolation } else { self.of_others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISOLATION: Option<Suite> = Some(Suite::Isolation);
    const JWT: Option<Suite> = Some(Suite::Jwt);

    /// What is unused of isolation's, of another suite's and of what all share.
    fn covered(unused: Unused) -> [bool; 3] {
        [ISOLATION, JWT, None].map(|maker| unused.covers(maker))
    }

    #[test]
    fn what_isolation_made_goes_when_its_checks_have_ended_and_the_rest_when_all_have() {
        let stages = Stages::new(&[Suite::Jwt, Suite::Isolation, Suite::Cors]);
        assert_eq!(covered(stages.asked(Suite::Isolation)), [true, false, false]);
        stages.closed(Suite::Isolation);
        assert_eq!(covered(stages.asked(Suite::Cors)), [true, false, false], "what its control made at the end goes as well");
        assert_eq!(covered(stages.asked(Suite::Jwt)), [true, true, true]);
    }

    #[test]
    fn what_the_last_control_of_isolation_makes_stays_while_it_is_asked() {
        let stages = Stages::new(&[Suite::Jwt, Suite::Isolation]);
        stages.asked(Suite::Isolation);
        assert_eq!(covered(stages.asked(Suite::Jwt)), [false, true, true]);
    }

    #[test]
    fn what_other_suites_made_stays_while_isolation_counts() {
        let stages = Stages::new(&[Suite::Jwt, Suite::Isolation]);
        assert_eq!(covered(stages.asked(Suite::Jwt)), [false, false, false]);
        stages.closed(Suite::Jwt);
        assert_eq!(covered(stages.asked(Suite::Isolation)), [true, true, true]);
    }
}
