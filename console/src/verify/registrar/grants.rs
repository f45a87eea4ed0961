//! What the answer to a sign-up or a sign-in brought: a token, whose it is, and what renews it.

use secrecy::SecretString;
use serde_json::Value;

use crate::checks::{Login, Session, User};
use crate::http::{Answer, Credential, Trouble, clean};
use crate::target::Grant;
use crate::verify::calls::{cookies_in, refresh_in, subject_in, token_in};

/// What an answer to a sign-up or sign-in brought.
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) subject: Option<String>,
    pub(super) refresh: Option<Credential>,
    pub(super) answer: Answer,
}

/// What a grant's answer brought; the answer itself when it brought no token.
pub(super) fn read(grant: &Grant, answer: Answer) -> Result<Granted, Box<Answer>> {
    let token = grant.token.as_ref().filter(|_| answer.is_success()).and_then(|at| token_in(&answer, at));
    let Some(token) = token else { return Err(Box::new(answer)) };
    Ok(Granted {
        subject: subject_in(&answer, grant, Some(&token)),
        refresh: refresh_in(&answer, grant.refresh_token.as_ref()),
        token,
        answer,
    })
}

/// Why a sign-up or sign-in brought nothing.
pub(super) fn refused(doing: &str, login: &Login, grant: &Grant, answer: &Answer) -> Trouble {
    let place = grant.token.as_ref().map_or_else(String::new, |at| format!(" without a token {at}"));
    let others = others_that_hold_a_token(answer);
    Trouble::NotGiven(format!(
        "{doing} as `{}` at {} was answered {}{place}{others}{}",
        login.username,
        grant.call.path,
        answer.status,
        locked(answer)
    ))
}

/// What to do about a lock, for the end of a sentence.
fn locked(answer: &Answer) -> String {
    let wait = answer.headers.text("retry-after").map(|wait| format!(" (Retry-After: {})", clean(&wait)));
    if matches!(answer.status, 423 | 429) {
        format!("{}: the account or this address is locked for now; wait, or unlock it", wait.unwrap_or_default())
    } else {
        String::new()
    }
}

/// Shortest text that may be a token.
const SHORTEST_TOKEN: usize = 20;

/// Where else a successful answer has what may be a token, for the end of a sentence.
fn others_that_hold_a_token(answer: &Answer) -> String {
    let Some(json) = answer.json().filter(|_| answer.is_success()) else { return String::new() };
    let is_token = |value: &Value| value.as_str().is_some_and(|text| text.len() >= SHORTEST_TOKEN && !text.contains([' ', '@']));
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let below = |(name, value): (&String, &Value)| {
        let deeper: Vec<_> =
            members(value).iter().filter(|(_, value)| is_token(value)).map(|(inner, _)| format!("{name}/{inner}")).collect();
        if is_token(value) { vec![name.clone()] } else { deeper }
    };
    let places: Vec<_> = members(&json).iter().flat_map(below).map(|place| format!("`/{place}`")).collect();
    if places.is_empty() { String::new() } else { format!(", though {} may hold one", clean(&places.join(", "))) }
}

/// A session by what was granted.
pub(super) fn session(name: &'static str, login: Login, granted: Granted, disposable: bool) -> Session {
    let token = Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), granted.token);
    let email = Some(login.email.clone()).filter(|email| email.contains('@'));
    let cookies =
        cookies_in(&granted.answer, token.expose()).map(|cookies| Credential::new(format!("<cookies of {name}>"), cookies));
    let username = Some(login.username.clone()).filter(|name| !name.contains('@'));
    let user = User { name, token, subject: granted.subject, username, email, parent: None, cookies };
    Session { user, login, refresh: granted.refresh, answer: granted.answer, signed_up: None, disposable }
}
