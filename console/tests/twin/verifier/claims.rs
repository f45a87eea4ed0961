//! Steps 7 to 14: the claims.

use console::token::{self, Compact};
use serde_json::Value;
use time::OffsetDateTime;

use super::{DISABLED, Members, Refused, Step, Subject, holds};
use crate::twin::{AUDIENCE, House, ISSUER, MAX_LIFETIME_SECS, accounts, strict_json};

/// Clock skew tolerated, in seconds.
const LEEWAY_SECS: i64 = 5;

/// Reads and judges the claims; what is left is the subject.
pub(super) fn subject_of(house: &House, payload: &[u8], endless: bool) -> Step<Subject> {
    let no_object = serde_json::from_slice::<Value>(payload).is_ok_and(|value| !value.is_object() && !value.is_string());
    if house.has("jwt.claims-not-an-object") && no_object {
        return Ok(Subject::first());
    }
    let claims = claims(house, payload)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    if !endless {
        expiry(house, &claims, now)?;
    }
    beginning(house, &claims, now)?;
    issuer(house, &claims)?;
    audience(house, &claims)?;
    kind(house, &claims)?;
    sitting(house, &claims)?;
    let subject = subject(house, &claims)?;
    holds(subject.0 != DISABLED || house.has("jwt.disabled-lives"))?;
    Ok(subject)
}

/// Step 12: a token that says what it is for is for access.
fn kind(house: &House, claims: &Members) -> Step<()> {
    let other = claims.get("token_use").is_some_and(|kind| kind != "access");
    holds(!other || house.has("jwt.ignores-kind") || house.has("jwt.kinds-mixed"))
}

/// Step 13: a token of a session ends with it.
fn sitting(house: &House, claims: &Members) -> Step<()> {
    let Some(sid) = claims.get("sid").and_then(Value::as_str) else { return Ok(()) };
    accounts::subject_of(house, sid).map(drop).ok_or(Refused)
}

/// Step 7: the claims are one JSON object without repeated names.
fn claims(house: &House, payload: &[u8]) -> Step<Members> {
    if house.has("jwt.nested-token")
        && let Some(inner) = std::str::from_utf8(payload).ok().and_then(Compact::parse)
    {
        return strict_json::object(&token::decode(&inner.payload).unwrap_or_default()).ok_or(Refused);
    }
    if house.has("jwt.first-of-repeated-names") {
        return first_of_repeated(payload).ok_or(Refused);
    }
    if house.has("jwt.garbage-after-claims") {
        let first = serde_json::Deserializer::from_slice(payload).into_iter::<Members>().next();
        return first.and_then(Result::ok).ok_or(Refused);
    }
    if house.has("jwt.exp-not-a-number")
        && let Ok(text) = std::str::from_utf8(payload)
    {
        let ends = OffsetDateTime::now_utc().unix_timestamp() + 60;
        return strict_json::object(text.replace("\"exp\":NaN", &format!("\"exp\":{ends}")).as_bytes()).ok_or(Refused);
    }
    strict_json::object(payload).ok_or(Refused)
}

/// The last of each repeated name, but for `exp` the first.
fn first_of_repeated(payload: &[u8]) -> Option<Members> {
    let mut claims: Members = serde_json::from_slice(payload).ok()?;
    let text = std::str::from_utf8(payload).ok()?;
    let first = text.split_once("\"exp\":")?.1.split([',', '}']).next()?;
    claims.insert("exp".into(), serde_json::from_str(first).ok()?);
    Some(claims)
}

/// Step 8: `exp` is there, an integer, not past, and not further off than a token may live.
fn expiry(house: &House, claims: &Members, now: i64) -> Step<()> {
    let exp = claims.get("exp");
    let meaningless = exp.is_some_and(|exp| !exp.is_number() && !exp.is_null());
    let absent = exp.is_none_or(Value::is_null);
    let unchecked = house.has("jwt.expiry-not-checked")
        || house.has("jwt.keypair-endless")
        || (house.has("jwt.exp-optional") && absent)
        || (house.has("jwt.odd-exp-ignored") && meaningless);
    if unchecked {
        return Ok(());
    }
    let leeway = if house.has("jwt.long-leeway") { 1_900 } else { LEEWAY_SECS };
    let exp = exp.and_then(Value::as_i64).ok_or(Refused)?;
    holds(exp > now - leeway)?;
    let since = claims.get("iat").and_then(Value::as_i64).filter(|_| house.has("jwt.life-counted-from-iat")).unwrap_or(now);
    let own = (house.has("jwt.issues-endless") || house.has("jwt.refresh-endless")) && claims.contains_key("sid");
    holds(own || house.has("jwt.any-lifetime") || exp <= since.saturating_add(MAX_LIFETIME_SECS + LEEWAY_SECS))
}

/// Step 9: `iat` is there and `nbf` may be; both integers, neither in the future.
fn beginning(house: &House, claims: &Members, now: i64) -> Step<()> {
    let past = |value: &Value| value.as_i64().is_some_and(|at| (0..=now + LEEWAY_SECS).contains(&at));
    holds(house.has("jwt.life-counted-from-iat") || house.has("jwt.iat-not-checked") || claims.get("iat").is_some_and(past))?;
    holds(house.has("jwt.nbf-not-checked") || claims.get("nbf").is_none_or(past))
}

/// Step 10: `iss` is exactly the configured one.
fn issuer(house: &House, claims: &Members) -> Step<()> {
    let Some(issuer) = claims.get("iss") else {
        return holds(house.has("jwt.issuer-not-checked") || house.has("jwt.issuer-optional"));
    };
    let near = |issuer: &str| {
        (house.has("jwt.issuer-prefix") && issuer.starts_with(ISSUER))
            || (house.has("jwt.issuer-trailing-slash") && issuer.trim_end_matches('/') == ISSUER)
            || (house.has("jwt.issuer-any-case") && issuer.eq_ignore_ascii_case(ISSUER))
    };
    holds(issuer == ISSUER || house.has("jwt.issuer-not-checked") || issuer.as_str().is_some_and(near))
}

/// Step 11: `aud` is the configured one, or a list that contains it (RFC 7519, 4.1.3).
fn audience(house: &House, claims: &Members) -> Step<()> {
    let Some(audience) = claims.get("aud") else {
        return holds(house.has("jwt.audience-not-checked") || house.has("jwt.audience-optional"));
    };
    let near = |audience: &str| {
        (house.has("jwt.audience-part") && AUDIENCE.starts_with(audience) && !audience.is_empty())
            || (house.has("jwt.audience-contains") && audience.contains(AUDIENCE))
    };
    let ours = |value: &Value| value.as_str().is_some_and(|audience| audience == AUDIENCE || near(audience));
    let listed =
        audience.as_array().is_some_and(|list| list.iter().any(ours) || (house.has("jwt.audience-any-list") && !list.is_empty()));
    holds(ours(audience) || listed || house.has("jwt.audience-not-checked"))
}

/// Step 14: `sub` is a short string of visible characters; it is compared by bytes ever after.
fn subject(house: &House, claims: &Members) -> Step<Subject> {
    let given = claims.get("sub");
    if let Some(coerced) = coerced(house, given) {
        return Ok(Subject(coerced));
    }
    let mut subject = given.and_then(Value::as_str).ok_or(Refused)?.to_owned();
    if house.has("jwt.subject-trimmed") {
        subject = subject.trim().to_owned();
    }
    if house.has("jwt.subject-any-case") {
        subject = subject.to_lowercase();
    }
    let plain = !subject.is_empty() && subject.len() <= 255 && !subject.chars().any(|c| c.is_control() || c.is_whitespace());
    holds(plain)?;
    Ok(Subject(subject))
}

/// Subjects that are none, where a flaw makes something of them.
fn coerced(house: &House, given: Option<&Value>) -> Option<String> {
    match given {
        None | Some(Value::Null) if house.has("jwt.subject-optional") => Some("undefined".to_owned()),
        Some(Value::String(text)) if text.is_empty() && house.has("jwt.empty-subject-matches-all") => {
            Some(super::FIRST_USER.to_owned())
        }
        Some(Value::Number(number)) if house.has("jwt.numeric-subject") => Some(number.to_string()),
        Some(Value::Array(list)) if house.has("jwt.first-of-subjects") => list.first()?.as_str().map(str::to_owned),
        Some(Value::Object(query)) if house.has("jwt.subject-as-query") && query.contains_key("$ne") => {
            Some(super::FIRST_USER.to_owned())
        }
        _ => None,
    }
}
