//! Preconditions that a service demands (RFC 6585, 3): a change that is answered 428 is sent again with the `ETag` of what it changes, and where
//! the target declares a member that counts changes, one that is refused without it is sent again with its value.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Answer, Client, Probe};
use crate::target::Resource;

/// What an object was seen to be.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Its `ETag`.
    tag: Option<String>,
    /// The member that counts its changes.
    version: Option<Value>,
}

impl Seen {
    fn of(resource: &Resource, answer: &Answer) -> Self {
        let json = resource.version.as_ref().and_then(|_| answer.json());
        Self { tag: answer.headers.text("etag"), version: json.and_then(|json| resource.version_in(&json)) }
    }
}

/// What each path showed last, whoever saw it: who attacks an object may know what it looked like.
#[derive(Debug, Default)]
pub(super) struct Tags(Mutex<BTreeMap<String, Seen>>);

impl Tags {
    /// Notes what was shown.
    pub(super) fn note(&self, resource: &Resource, probe: &Probe, answer: &Answer) {
        let shows = answer.is_success() && !probe.path().contains('?') && matches!(probe.method(), "GET" | "PUT" | "PATCH");
        let seen = if shows { Seen::of(resource, answer) } else { Seen::default() };
        if seen.tag.is_some() || seen.version.is_some() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(probe.path().to_owned(), seen);
        }
    }

    /// What `path` showed last.
    fn of(&self, path: &str) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned().unwrap_or_default()
    }

    /// A tag that some path showed.
    fn any(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().find_map(|seen| seen.tag.clone())
    }
}

/// Whether an answer to a change may mean that the change must name what it changes, or named what is no longer so.
pub(super) fn demands(resource: &Resource, answer: &Answer) -> bool {
    answer.status == 428 || (resource.version.is_some() && matches!(answer.status, 400 | 409 | 412 | 422))
}

impl Client {
    /// The same request with the `ETag` (where the target declares a member that counts changes, with that) which whoever sends it sees now, else
    /// with the last one that anybody saw. What nothing has is asked for with one of something else, so that its refusal may be compared with
    /// others. A 428 wants the tag in either case, and a deletion has no body that could hold a version. `None` where nobody saw any, where it has a
    /// precondition of its own, and for what changes nothing.
    pub(super) async fn on_condition(&self, probe: &Probe, refused: u16) -> Option<Probe> {
        let own = ["if-match", "if-unmodified-since", "if-none-match"].iter().any(|name| probe.sent(name).next().is_some());
        let resource = &self.target().resource;
        let versioned = resource.version.is_some();
        if own || probe.is_safe() || (versioned && probe.method() == "POST") {
            return None;
        }
        let look = Probe::get(probe.path());
        let look = probe.bearer.iter().fold(look, Probe::bearer);
        let seen = self.send_once(&look, false).await.ok().filter(Answer::is_success);
        let now = seen.map(|answer| Seen::of(resource, &answer)).unwrap_or_default();
        let last = self.tags().of(probe.path());
        // What nothing has is asked for with the version that most objects begin with.
        let version = now.version.or(last.version).unwrap_or_else(|| json!(1));
        let of_version = if versioned { of_version(resource, probe, version) } else { None };
        let tag = now.tag.or(last.tag).or_else(|| self.tags().any()).filter(|_| refused == 428 || !versioned);
        match (of_version, tag) {
            (None, None) => None,
            (conditional, tag) => {
                let conditional = conditional.unwrap_or_else(|| probe.clone());
                Some(tag.into_iter().fold(conditional, |probe, tag| probe.header("if-match", tag)))
            }
        }
    }
}

/// The same change of a JSON object with the version in its body.
fn of_version(resource: &Resource, probe: &Probe, version: Value) -> Option<Probe> {
    let body = probe.body.as_ref().filter(|body| body.content_type.as_deref().is_some_and(|kind| kind.contains("json")))?;
    let versioned = resource.of_version(&serde_json::from_slice(&body.bytes).ok()?, version)?;
    Some(probe.clone().body(body.content_type.as_deref(), versioned.to_string()))
}
