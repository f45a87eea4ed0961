//! How checks begin a request for the raw wire, and how they show what came of it.

use std::time::Duration;

use super::Context;
use crate::http::{Raw, Reply, evidence};
use crate::run::{Evidence, EvidenceClass, Finding};

/// How long an answer to a malformed request may take: servers that wait for the rest of one say nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long an answer to a well-formed request may take that a suite's judgement hangs on: services are slow beside a run.
pub(super) const UNHURRIED: Duration = Duration::from_secs(10);

/// The request target of `path`: with the prefix of the base URL.
pub(super) fn at(cx: &Context, path: &str) -> String {
    cx.target.base.path(path)
}

/// The beginning of a well-formed request: its line, `Host`, and the usual header lines.
pub(super) fn begun(cx: &Context, method: &str, target: impl AsRef<[u8]>) -> Raw {
    Raw::line(method, target).header("host", cx.target.base.authority()).usual().within(PATIENCE)
}

/// The same with A's token, when there is one.
pub(super) fn begun_as_a(cx: &Context, method: &str, target: impl AsRef<[u8]>) -> Raw {
    let raw = begun(cx, method, target);
    match &cx.users.a {
        Some(user) => raw.bearer(&user.token, cx.client.csrf_of(&user.token)),
        None => raw,
    }
}

/// Evidence of one reply.
pub(super) fn shown(reply: &Reply, label: impl Into<String>, finding: Finding, observed: impl Into<String>) -> Evidence {
    match &reply.answer {
        Some(answer) => evidence(answer, label, finding, observed),
        None => Evidence { exchange: Some(reply.exchange.clone()), ..Evidence::of(EvidenceClass::Live, label, finding, observed) },
    }
}
