//! How a token that must be refused is asked about: sent on one cheap authenticated GET, which answers 2xx only to a good one.

use serde_json::{Map, Value};

use crate::checks::{Case, Checked, Context, Judgement, shared_battery};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::run::{Finding, Source};
use crate::target::{Carrier, Statuses};
use crate::token::Compact;

/// A token that is not as it should be, and what it means when the service takes it.
#[derive(Clone, Debug)]
pub(super) struct Forgery {
    /// What evidence calls it; it never contains anything of the token itself.
    pub(super) name: String,
    /// The token.
    pub(super) token: String,
    /// What accepting it comes to.
    pub(super) accepted: Finding,
}

impl Forgery {
    /// A token that nobody may get in with.
    pub(super) fn fatal(name: impl Into<String>, token: impl Into<String>) -> Self {
        Self { name: name.into(), token: token.into(), accepted: Finding::Broken }
    }

    /// A token that a strict service refuses, but that gives nobody more than its owner has.
    pub(super) fn lenient(name: impl Into<String>, token: impl Into<String>) -> Self {
        Self { accepted: Finding::Weak, ..Self::fatal(name, token) }
    }

    /// A token that may be taken or refused, as long as the service survives it.
    pub(super) fn harmless(name: impl Into<String>, token: impl Into<String>) -> Self {
        Self { accepted: Finding::Held, ..Self::fatal(name, token) }
    }

    /// The credential, named for evidence.
    pub(super) fn credential(&self) -> Credential {
        Credential::new(format!("<{}>", self.name), self.token.as_str())
    }
}

/// Sends every forgery on the list route of A and expects each to be refused.
pub(super) async fn refused(cx: &Context, noun: &str, forgeries: Vec<Forgery>) -> Checked {
    let path = cx.read_path(cx.a()?);
    refused_at(cx, noun, &path, forgeries).await
}

/// Sends every forgery on `path` and expects each to be refused.
pub(super) async fn refused_at(cx: &Context, noun: &str, path: &str, forgeries: Vec<Forgery>) -> Checked {
    let case = |forgery: &Forgery| Case::new(&forgery.name, Probe::get(path).bearer(&forgery.credential()));
    let cases = forgeries.iter().map(case).collect();
    shared_battery(cx, noun, cases, |case, answer| {
        let forgery = forgeries.iter().find(|forgery| forgery.name == case.name);
        refusal(&cx.target.policy.refused_token, forgery.map_or(Finding::Broken, |forgery| forgery.accepted), answer)
    })
    .await
}

/// Judges an answer to something that must be refused. A malformed request may also be called malformed (Flask answers 422 to a token
/// that is none); a server error is a refusal, but not as it should be.
pub(super) fn refusal(expected: &Statuses, accepted: Finding, answer: &Answer) -> Judgement {
    let status = answer.status;
    match status {
        200..=299 if answer.refuses_in_words() => Judgement::weak(refused_in_words(status)),
        200..=299 => Judgement { finding: accepted, observed: format!("accepted: {status}") },
        _ if expected.contains(status) => Judgement::held(format!("refused: {status}")),
        400..=499 if accepted == Finding::Held => Judgement::held(format!("answered {status}")),
        400 | 413 | 414 | 422 | 431 => Judgement::held(format!("called malformed: {status}")),
        500..=599 if answer.source == Source::Edge => Judgement::unclear(format!("the edge answered {status}")),
        500..=599 => Judgement::weak(format!("refused by falling over: {status}")),
        _ => Judgement::weak(format!("answered {status} where {} is expected", expected.words())),
    }
}

/// What is said of a success whose body tells of a refusal.
pub(super) fn refused_in_words(status: u16) -> String {
    format!("{status}, though the body says that it is refused")
}

/// A's token, taken apart.
pub(super) fn of_a(cx: &Context) -> Result<Compact, Trouble> {
    Compact::parse(cx.a()?.token.expose()).ok_or_else(|| Trouble::NotGiven("the token of A is not a JWT".into()))
}

/// The algorithm that a token's header names; empty where it names none.
pub(super) fn algorithm_of(token: &Compact) -> String {
    token.header_json().and_then(|header| header.get("alg")?.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The header of A's token with one member set.
pub(super) fn header_with(token: &Compact, name: &str, value: impl Into<Value>) -> Value {
    with(&token.header_json().unwrap_or_default(), name, value)
}

/// The claims of A's token with one claim set.
pub(super) fn claims_with(token: &Compact, name: &str, value: impl Into<Value>) -> Value {
    with(&token.claims().unwrap_or_default(), name, value)
}

/// An object with one member set.
pub(super) fn with(object: &Map<String, Value>, name: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    object.insert(name.to_owned(), value.into());
    Value::Object(object)
}

/// An object with one member taken out.
pub(super) fn without(object: &Map<String, Value>, name: &str) -> Value {
    let mut object = object.clone();
    object.shift_remove(name);
    Value::Object(object)
}

/// Why checks of the `Authorization` header itself are not asked, where the service carries its tokens otherwise.
pub(super) fn not_bearer(cx: &Context) -> Option<&'static str> {
    match cx.target.carrier {
        Carrier::Bearer => None,
        Carrier::Scheme(_) => Some("this service carries its tokens under a scheme of its own, not under Bearer"),
        Carrier::Cookie(_) => Some("this service carries its tokens in a cookie, not in the Authorization header"),
        Carrier::Header(_) => Some("this service carries its tokens in a header of its own, not in Authorization"),
    }
}
