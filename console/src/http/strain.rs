//! A target that got worse under the run: the reason to stop, and what it was busy with.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use super::trouble::is_refused;
use super::{Answer, Probe, Trouble};

/// Whether the target got worse during the run, and how.
#[derive(Debug, Default)]
pub(super) struct Strain {
    stop: CancellationToken,
    reason: OnceLock<String>,
    /// The last requests whose connection broke before an answer came: what a service that went down was busy with.
    unanswered: Mutex<VecDeque<String>>,
    /// Requests in a row that went wrong, and whether one went well before.
    went_wrong: Mutex<(usize, bool)>,
}

impl Strain {
    /// Stops everything with this reason, and with what was left unanswered just before. The first reason stays.
    pub(super) fn stop(&self, reason: &str) {
        if self.reason.set(format!("{reason}{}", self.busy_with())).is_ok() {
            self.stop.cancel();
        }
    }

    /// Takes notice of how a request went, where nobody looks at the target beside the checks: what goes wrong so often in a row is no oddity of
    /// what is asked.
    pub(super) fn feel(&self, sent: &Result<Answer, Trouble>) {
        let wrong = match sent {
            Ok(answer) if answer.status == 429 || (answer.status == 503 && answer.headers.has("retry-after")) => return,
            Ok(answer) => answer.is_server_error().then(|| answer.status.to_string()),
            Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => Some(trouble.to_string()),
            Err(_) => return,
        };
        let mut felt = self.went_wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(wrong) = wrong else {
            *felt = (0, true);
            return;
        };
        felt.0 += 1;
        if *felt == (IN_A_ROW, true) {
            self.stop(&format!("{IN_A_ROW} requests in a row went wrong, at last: {wrong}"));
        }
    }

    /// Waits until it was stopped.
    pub(super) async fn stopped(&self) -> Trouble {
        self.stop.cancelled().await;
        Trouble::Degraded(self.reason.get().cloned().unwrap_or_default())
    }

    /// Notes that this request was left without an answer. One that was refused a connection never reached the service.
    pub(super) fn left_unanswered(&self, probe: &Probe, cause: &str) {
        if is_refused(cause) {
            return;
        }
        let token = probe.bearer.as_ref().map(|bearer| format!(" with {}", bearer.name())).unwrap_or_default();
        let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.push_back(super::clean(&format!("{} {}{token}", probe.method(), probe.shown_path())));
        while unanswered.len() > MOST_UNANSWERED {
            unanswered.pop_front();
        }
    }

    /// For the end of a reason.
    fn busy_with(&self) -> String {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        if unanswered.is_empty() {
            return String::new();
        }
        let named: std::collections::BTreeSet<_> = unanswered.iter().map(String::as_str).collect();
        format!("; left unanswered just before: {}", named.into_iter().collect::<Vec<_>>().join(", "))
    }
}

/// Requests in a row that go wrong before that is the target's state: more than one check asks of odd ones.
const IN_A_ROW: usize = 30;
/// Unanswered requests that are remembered.
const MOST_UNANSWERED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_often_enough_in_a_row_after_it_went_well_stops_the_run() {
        let answered = |status| Ok(Answer::canned(status, &[], ""));
        let stopped = |statuses: &[(u16, usize)]| {
            let strain = Strain::default();
            let all = statuses.iter().flat_map(|(status, times)| std::iter::repeat_n(*status, *times));
            all.for_each(|status| strain.feel(&answered(status)));
            strain.reason.get().is_some()
        };
        assert!(stopped(&[(200, 1), (500, IN_A_ROW)]));
        assert!(!stopped(&[(200, 1), (500, IN_A_ROW - 1), (404, 1), (500, IN_A_ROW - 1)]), "it answered in between");
        assert!(!stopped(&[(500, 3 * IN_A_ROW)]), "it never worked");
        assert!(!stopped(&[(200, 1), (429, 2 * IN_A_ROW)]), "it asks to wait");
    }
}
