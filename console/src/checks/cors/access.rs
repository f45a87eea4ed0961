//! Whether an answer lets an origin in: the CORS check of the Fetch standard, as a browser makes it.

use super::super::Judgement;
use crate::http::{Answer, Headers, Probe, clean};
use crate::target::Origin;

/// What `Access-Control-Allow-Origin` means for the origin that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// No such header: the browser keeps the answer from the page.
    None,
    /// Exactly the serialised origin: the page may read the answer.
    Granted,
    /// `*`: any page may read an answer that was asked for without cookies. A bearer token in `Authorization` travels without cookies.
    Anyone,
    /// Something else, such as another origin or a list: no use to this origin.
    Useless(String),
}

impl Access {
    /// The CORS check (Fetch standard, "CORS check"): all values are combined with `, ` and the result is compared by bytes.
    pub(super) fn of(headers: &Headers, origin: &[u8]) -> Self {
        match combined(headers) {
            None => Self::None,
            Some(value) if value == b"*" => Self::Anyone,
            Some(value) if value == origin => Self::Granted,
            Some(value) => Self::Useless(clean(&String::from_utf8_lossy(&value))),
        }
    }

    /// Whether a page of this origin could read the answer.
    pub(super) const fn is_usable(&self) -> bool {
        matches!(self, Self::Granted | Self::Anyone)
    }
}

/// All values of `Access-Control-Allow-Origin` as a browser combines them; `None` without any.
pub(super) fn combined(headers: &Headers) -> Option<Vec<u8>> {
    let all: Vec<_> = headers.all("access-control-allow-origin").collect();
    (!all.is_empty()).then(|| all.join(b", ".as_slice()))
}

/// Whether caches are told that the answer depends on `Origin` (RFC 9110, 12.5.5).
pub(super) fn varies_by_origin(headers: &Headers) -> bool {
    headers.list("vary").iter().any(|name| name == "origin" || name == "*")
}

/// Judges an answer to `sent` values of `Origin`, none of which is on the allowlist (those that are, in a pair, are left out by the
/// caller). What counts is a header that the foreign page can *use*: leftovers such as `Access-Control-Allow-Credentials` alone, or the
/// name of another origin, are information. A `preflight` that is not 2xx stops the browser whatever its headers say.
pub(super) fn refused(preflight: bool, sent: &[&[u8]], answer: &Answer) -> Judgement {
    let granted = sent.iter().map(|origin| Access::of(&answer.headers, origin)).find(Access::is_usable);
    match granted {
        Some(_) if preflight && !answer.is_success() => {
            Judgement::weak(format!("{}, but the refused preflight still names the origin", answer.status))
        }
        Some(Access::Anyone) => Judgement::broken(format!("{}: any origin may read it (*)", answer.status)),
        Some(_) => Judgement::broken(format!("{}: the origin is let in{}", answer.status, with_cookies(answer))),
        None => refusal(answer),
    }
}

/// Whether a request is a preflight: OPTIONS that asks for a method.
pub(super) fn is_preflight(probe: &Probe) -> bool {
    probe.method() == "OPTIONS" && probe.sent("access-control-request-method").next().is_some()
}

fn with_cookies(answer: &Answer) -> &'static str {
    let credentials = answer.headers.single("access-control-allow-credentials") == Some(b"true");
    if credentials { ", with cookies" } else { "" }
}

fn refusal(answer: &Answer) -> Judgement {
    match (answer.status, combined(&answer.headers)) {
        (502..=504, None) => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        (500 | 502.., _) => Judgement::weak(format!("{}: the origin made the service fail", answer.status)),
        (status, None) => Judgement::held(format!("{status}, not let in")),
        (status, Some(other)) => {
            let other = clean(&String::from_utf8_lossy(&other));
            Judgement::held(format!("{status}, let in is only {other:?}"))
        }
    }
}

/// Judges whether an allowed origin is let in. `success` asks for a 2xx as well; `else_finding` says how bad a missing grant is.
pub(super) fn admitted(origin: &Origin, answer: &Answer, success: bool, missing: fn(String) -> Judgement) -> Judgement {
    let status = answer.status;
    match Access::of(&answer.headers, origin.as_str().as_bytes()) {
        access if access.is_usable() && (!success || answer.is_success()) => Judgement::held(format!("{status}, let in")),
        _ if status >= 502 => Judgement::unclear(format!("{status}: the service did not answer")),
        access if access.is_usable() && (300..400).contains(&status) => missing(format!("{status}: let in, but redirected")),
        access if access.is_usable() => Judgement::unclear(format!("let in, but {status} is no success")),
        Access::Useless(other) => missing(format!("{status}, let in is {other:?}")),
        _ => missing(format!("{status} without Access-Control-Allow-Origin")),
    }
}
