//! A target that got worse under the run: the reason to stop, and what it was busy with.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use super::trouble::is_refused;
use super::{Probe, Trouble};

/// Whether the target got worse during the run, and how.
#[derive(Debug, Default)]
pub(super) struct Strain {
    stop: CancellationToken,
    reason: OnceLock<String>,
    /// The last requests whose connection broke before an answer came: what a service that went down was busy with.
    unanswered: Mutex<VecDeque<String>>,
}

impl Strain {
    /// Stops everything with this reason, and with what was left unanswered just before. The first reason stays.
    pub(super) fn stop(&self, reason: &str) {
        if self.reason.set(format!("{reason}{}", self.busy_with())).is_ok() {
            self.stop.cancel();
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

/// Unanswered requests that are remembered.
const MOST_UNANSWERED: usize = 8;
