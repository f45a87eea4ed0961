//! The answer to a sign-in: where it puts the token, and what else it tells.

use secrecy::ExposeSecret as _;

use super::accounts::NO_ACCOUNT;
use crate::checks::passwords::member_of;
use crate::checks::{Checked, Context, Outcome, Session};
use crate::http::{Answer, clean, evidence, hash_in};
use crate::run::{Evidence, Finding};
use crate::target::Carrier;

/// Where the answer to a sign-in puts the token: not into an address, not into a cache, and into a cookie only a guarded one.
pub(super) async fn answer(cx: Context) -> Checked {
    let Some(session) = cx.registry.shared().await? else { return Ok(Outcome::skip(NO_ACCOUNT)) };
    let mut pieces = vec![in_address(&session), cached(&session.answer), told(&session, &session.answer, "sign-in")];
    pieces.extend(session.signed_up.as_deref().map(|answer| told(&session, answer, "sign-up")));
    // Where the sign-up brings the token, the sign-in is another answer.
    if session.disposable
        && session.signed_up.is_none()
        && let Some(login) = cx.registry.login_probe(&session.login)
    {
        let answer = cx.send(&login).await?;
        if answer.is_success() {
            pieces.push(told(&session, &answer, "later sign-in"));
            pieces.extend(further_cookies(&cx, &session, &answer));
        }
    }
    pieces.extend(cookie(&cx, &session));
    pieces.extend(further_cookies(&cx, &session, &session.answer));
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone()).unwrap_or_default();
    Ok(Outcome::of(format!("{held} of {} as expected: {worst}", pieces.len()), pieces))
}

fn in_address(session: &Session) -> Evidence {
    let (answer, token) = (&session.answer, session.user.token.expose());
    let fields = ["location", "refresh", "link", "content-location"];
    let named =
        fields.into_iter().find(|name| answer.headers.all(name).any(|value| String::from_utf8_lossy(value).contains(token)));
    let linked = addresses(&answer.json().unwrap_or_default()).iter().any(|address| address.contains(token));
    let (finding, observed) = match (named, linked) {
        (Some(name), _) => (Finding::Broken, format!("the token stands in the address of the header {name}")),
        (None, true) => (Finding::Broken, "the token stands in an address in the body".to_owned()),
        (None, false) => (Finding::Held, "no address holds the token".to_owned()),
    };
    evidence(answer, "addresses in the answer to a sign-in", finding, observed)
}

/// Every address in a JSON body.
fn addresses(body: &serde_json::Value) -> Vec<String> {
    match body {
        serde_json::Value::String(text) if text.contains("://") || text.starts_with('/') => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(addresses).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(addresses).collect(),
        _ => Vec::new(),
    }
}

/// RFC 6749, 5.1: an answer with a token says `Cache-Control: no-store`.
fn cached(answer: &Answer) -> Evidence {
    let rules = answer.headers.list("cache-control");
    let (finding, observed) = match rules.iter().any(|rule| rule == "no-store") {
        true => (Finding::Held, "Cache-Control: no-store"),
        false if rules.iter().any(|rule| rule == "public") => {
            (Finding::Broken, "an answer with a token may be kept by shared caches")
        }
        false => (Finding::Weak, "an answer with a token does not say Cache-Control: no-store"),
    };
    evidence(answer, "caching of the answer to a sign-in", finding, observed)
}

/// Further names that only secrets bear in the answer to a sign-in.
const FURTHER: [&str; 2] = ["hash", "salt"];

/// The answer repeats neither the password nor its hash (OWASP API3:2023).
fn told(session: &Session, answer: &Answer, to: &str) -> Evidence {
    let text = answer.raw_text();
    let password = session.login.password.expose_secret();
    let hash = hash_in(&text);
    let member = answer.json().and_then(|json| member_of(&json, &FURTHER));
    let (finding, observed) = match (hash, member) {
        _ if !password.is_empty() && text.contains(password) => (Finding::Broken, "it repeats the password".to_owned()),
        (Some(mark), _) => (Finding::Broken, format!("it holds what looks like the hash of a password ({mark}…)")),
        (None, Some(name)) => (Finding::Broken, format!("its member `{}` is nobody's to see", clean(&name))),
        (None, None) => (Finding::Held, "neither the password nor a hash".to_owned()),
    };
    evidence(answer, format!("what the answer to a {to} tells"), finding, observed)
}

/// Cookies beside the carrier that hold a token, such as the one for refreshing. They may be meant for another site, so `SameSite=None` is
/// the operator's affair.
fn further_cookies(cx: &Context, session: &Session, answer: &Answer) -> Vec<Evidence> {
    let carrier = if let Carrier::Cookie(name) = &cx.target.carrier { name.as_str() } else { "" };
    let tokens = [Some(&session.user.token), session.refresh.as_ref()].into_iter().flatten().map(|token| token.expose().to_owned());
    let tokens: Vec<_> = tokens.collect();
    let fields = answer.headers.all("set-cookie").map(|value| String::from_utf8_lossy(value).into_owned());
    let held = fields.filter_map(|field| {
        let (name, rest) = field.split_once('=')?;
        let value = rest.split(';').next().unwrap_or_default();
        let word = ["token", "refresh", "jwt", "session"].iter().any(|word| name.to_ascii_lowercase().contains(word));
        let csrf = name.to_ascii_lowercase().contains("csrf") || name.to_ascii_lowercase().contains("xsrf");
        let tells = !csrf && value.len() >= 16 && (word || tokens.iter().any(|token| token == value));
        (name.trim() != carrier && tells)
            .then(|| (name.trim().to_owned(), guarded(&field.to_ascii_lowercase(), cx.target.base.is_https(), true)))
    });
    held.map(|(name, (finding, observed))| evidence(answer, format!("the cookie {}", clean(&name)), finding, observed)).collect()
}

/// The cookie that carries the token, where one does (RFC 6265, 4.1.2).
fn cookie(cx: &Context, session: &Session) -> Option<Evidence> {
    let Carrier::Cookie(name) = &cx.target.carrier else { return None };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let own = |field: &String| field.split('=').next().is_some_and(|key| key.trim() == name);
    let field = session.answer.headers.all("set-cookie").map(text).find(own)?;
    let (finding, observed) = guarded(&field.to_ascii_lowercase(), cx.target.base.is_https(), cx.target.policy.credentials);
    Some(evidence(&session.answer, format!("the cookie {name}"), finding, observed))
}

fn guarded(field: &str, https: bool, across_origins: bool) -> (Finding, &'static str) {
    let has = |attribute: &str| field.split(';').skip(1).any(|part| part.trim().replace(' ', "") == attribute);
    match () {
        () if !has("httponly") => (Finding::Broken, "without HttpOnly: any script of the page can take the token"),
        () if https && !has("secure") => (Finding::Broken, "without Secure: the token also travels over plain HTTP"),
        () if has("samesite=none") && !across_origins => {
            (Finding::Broken, "SameSite=None: browsers send the token from foreign pages")
        }
        () if has("samesite=none") && !has("secure") => {
            (Finding::Weak, "SameSite=None without Secure: browsers drop the cookie, or send it in the clear")
        }
        () if !(has("samesite=strict") || has("samesite=lax") || has("samesite=none")) => {
            (Finding::Weak, "without SameSite: how it travels is left to the browser")
        }
        () if field.split(';').skip(1).any(|part| part.trim().starts_with("domain=")) => {
            (Finding::Weak, "with Domain: every host below it is sent the token, and may set it")
        }
        () if !has("secure") => (Finding::Held, "HttpOnly and SameSite; whether Secure, plain HTTP does not tell"),
        () => (Finding::Held, "HttpOnly, Secure and SameSite"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({ "user": { "id": 1, "passwordHash": "9f86d081884c7d65" } }), Some("passwordHash"))]
    #[case(json!([{ "pwd": "9f86d081884c7d65" }]), Some("pwd"))]
    #[case(json!({ "password": true, "passwordChangedAt": "2026-11-28T00:00:00Z", "hash": "" }), None)]
    fn members_that_hold_a_password_are_known_by_their_names(#[case] body: serde_json::Value, #[case] name: Option<&str>) {
        assert_eq!(member_of(&body, &FURTHER).as_deref(), name);
    }

    #[rstest]
    #[case("session=t; HttpOnly; SameSite=Strict; Path=/", false, Finding::Held)]
    #[case("session=t; HttpOnly; SameSite=Strict", true, Finding::Broken)]
    #[case("session=t; SameSite=Lax", false, Finding::Broken)]
    #[case("session=t; HttpOnly", false, Finding::Weak)]
    #[case("session=t; HttpOnly; Secure; SameSite=None", true, Finding::Broken)]
    #[case("httponly=t; Path=/", false, Finding::Broken)]
    #[case("session=t; HttpOnly; SameSite=Lax; Domain=.example.com", false, Finding::Weak)]
    fn a_cookie_with_a_token_is_guarded(#[case] field: &str, #[case] https: bool, #[case] finding: Finding) {
        assert_eq!(guarded(&field.to_ascii_lowercase(), https, false).0, finding);
    }

    #[rstest]
    #[case("session=t; HttpOnly; SameSite=None", Finding::Weak)]
    #[case("session=t; HttpOnly; Secure; SameSite=None", Finding::Held)]
    fn a_cookie_for_other_origins_needs_secure_even_where_this_one_is_plain_http(#[case] field: &str, #[case] finding: Finding) {
        assert_eq!(guarded(&field.to_ascii_lowercase(), false, true).0, finding);
    }
}
