//! The sentinel: one plain request again and again while the checks ask, so that a target which cannot bear the run is left alone.
//!
//! It compares the service with itself: the first answers under the load of this very run are the measure. A service that is slow all the
//! time is steady, and one that answers 500 to what a check sends is not asked that here.

use std::time::Duration;

use crate::checks::Users;
use crate::http::{Answer, Client, Probe, Trouble};
use crate::target::Target;

/// Time between two of the looks that make the measure: a run may be half over in a second.
const AT_FIRST: Duration = Duration::from_millis(80);
/// Time between two looks.
const BETWEEN: Duration = Duration::from_secs(1);
/// Time between two looks once one was bad.
const AFTER_BAD: Duration = Duration::from_millis(300);
/// Good answers that make the measure.
const MEASURED: usize = 3;
/// Bad looks in a row that stop the run.
const STRIKES: usize = 5;
/// How many times slower than the measure is bad, and from which time on.
const SLOWER: u32 = 5;
const SLOW: Duration = Duration::from_secs(1);

/// Watches the target of a client.
pub(super) struct Sentinel {
    client: Client,
    probe: Probe,
    /// Shortest time between two looks that the pace of the run allows.
    pace: Duration,
}

impl Sentinel {
    /// A sentinel that asks the cheapest thing that is known to be there. None where every request counts: a run with a budget bounds its own
    /// harm.
    pub(super) fn new(client: &Client, target: &Target, users: &Users) -> Option<Self> {
        let paths = &target.paths;
        let list = users.a.as_ref().map(|a| Probe::get(a.path(&paths.list)).bearer(&a.token));
        let probe = paths.live.as_ref().or(paths.health.as_ref()).map(Probe::get).or(list)?;
        Some(Self { client: client.clone(), probe: probe.impatient(), pace: client.pulse_every()? })
    }

    /// Looks until the end of time, and stops the client when the target got worse.
    pub(super) async fn watch(self) -> std::convert::Infallible {
        let mut pulse = Pulse::default();
        loop {
            let beat = Beat::of(&self.client.pulse(&self.probe).await);
            pulse.feel(beat);
            if let Some(reason) = pulse.failing() {
                self.client.stop_degraded(&reason);
                return std::future::pending().await;
            }
            tokio::time::sleep(pulse.rest().max(self.pace)).await;
        }
    }
}

/// What one look brought.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Beat {
    /// An answer, after this time.
    Answered(Duration),
    /// None, or one that says that the service is in trouble.
    Failed(String),
    /// Nothing that tells of its health, such as a 429.
    Nothing,
}

impl Beat {
    fn of(asked: &Result<Answer, Trouble>) -> Self {
        match asked {
            Ok(answer) if answer.status == 429 => Self::Nothing,
            Ok(answer) if answer.is_server_error() => Self::Failed(answer.status.to_string()),
            Ok(answer) => Self::Answered(answer.elapsed),
            Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => Self::Failed(trouble.to_string()),
            Err(_) => Self::Nothing,
        }
    }
}

/// The beats so far.
#[derive(Debug, Default)]
struct Pulse {
    /// The slowest of the first good answers.
    measure: Duration,
    measured: usize,
    /// Bad beats in a row, in words.
    bad: Vec<String>,
}

impl Pulse {
    /// Takes a beat.
    fn feel(&mut self, beat: Beat) {
        let bad = match beat {
            Beat::Nothing => return,
            Beat::Failed(why) => Some(why),
            Beat::Answered(elapsed) if self.measured < MEASURED => {
                (self.measure, self.measured) = (self.measure.max(elapsed), self.measured + 1);
                None
            }
            Beat::Answered(elapsed) => {
                let late = elapsed > SLOW && elapsed > self.measure * SLOWER;
                late.then(|| format!("{:.1} s instead of {:.2} s", elapsed.as_secs_f64(), self.measure.as_secs_f64()))
            }
        };
        match bad {
            Some(why) => self.bad.push(why),
            None => self.bad.clear(),
        }
    }

    /// How long to wait for the next one.
    fn rest(&self) -> Duration {
        match () {
            () if self.measured < MEASURED => AT_FIRST,
            () if self.bad.is_empty() => BETWEEN,
            () => AFTER_BAD,
        }
    }

    /// What is wrong, once it has been wrong for long enough and was right before.
    fn failing(&self) -> Option<String> {
        let last = self.bad.last().filter(|_| self.measured > 0 && self.bad.len() >= STRIKES)?;
        Some(format!("a plain request went wrong {STRIKES} times in a row, at last: {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn answered(seconds: &[f64]) -> Vec<Beat> {
        seconds.iter().map(|seconds| Beat::Answered(Duration::from_secs_f64(*seconds))).collect()
    }

    fn failed(times: usize) -> Vec<Beat> {
        vec![Beat::Failed("503".into()); times]
    }

    #[rstest]
    #[case::steady_and_slow(answered(&[4.0; 20]), false)]
    #[case::slow_and_faster(answered(&[9.0, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]), false)]
    #[case::cold_at_first(answered(&[6.0, 0.02, 0.02, 0.02, 1.5, 1.6, 1.5, 1.4, 1.5]), false)]
    #[case::busy_but_quick(answered(&[0.01, 0.01, 0.01, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]), false)]
    #[case::slower_and_slower(answered(&[0.1, 0.1, 0.1, 1.1, 1.5, 2.0, 3.0, 4.0]), true)]
    #[case::a_hiccup([answered(&[0.1; 4]), failed(4), answered(&[0.1; 3]), failed(4)].concat(), false)]
    #[case::down([answered(&[0.1; 4]), failed(5)].concat(), true)]
    #[case::never_up(failed(30), false)]
    #[case::limited([answered(&[0.1; 4]), vec![Beat::Nothing; 30]].concat(), false)]
    fn only_what_got_worse_and_stays_so_is_failing(#[case] beats: Vec<Beat>, #[case] failing: bool) {
        let mut pulse = Pulse::default();
        let failed = beats.into_iter().any(|beat| {
            pulse.feel(beat);
            pulse.failing().is_some()
        });
        assert_eq!(failed, failing);
    }
}
