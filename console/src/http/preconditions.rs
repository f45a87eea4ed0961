//! Preconditions that a service demands (RFC 6585, 3): a change that is answered 428 is sent again with the `ETag` of what it changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Answer, Client, Probe};

/// The last `ETag` of each path, whoever saw it: who attacks an object may know what it looked like.
#[derive(Debug, Default)]
pub(super) struct Tags(Mutex<HashMap<String, String>>);

impl Tags {
    /// Notes the tag of what was shown.
    pub(super) fn note(&self, probe: &Probe, answer: &Answer) {
        let tag = answer.headers.text("etag").filter(|_| answer.is_success() && !probe.path().contains('?'));
        if let Some(tag) = tag.filter(|_| matches!(probe.method(), "GET" | "PUT" | "PATCH")) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(probe.path().to_owned(), tag);
        }
    }

    fn of(&self, path: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

impl Client {
    /// The same request with the `ETag` that whoever sends it sees now, else with the last one that anybody saw. `None` where nobody saw one,
    /// where it has a precondition of its own, and for what changes nothing.
    pub(super) async fn on_condition(&self, probe: &Probe) -> Option<Probe> {
        let own = ["if-match", "if-unmodified-since", "if-none-match"].iter().any(|name| probe.sent(name).next().is_some());
        if own || probe.is_safe() {
            return None;
        }
        let look = Probe::get(probe.path());
        let look = probe.bearer.iter().fold(look, Probe::bearer);
        let seen = self.send_once(&look, false).await.ok().filter(Answer::is_success);
        let tag = seen.and_then(|answer| answer.headers.text("etag")).or_else(|| self.tags().of(probe.path()))?;
        Some(probe.clone().header("if-match", tag))
    }
}
