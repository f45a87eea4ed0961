//! What an issued token says about itself: read, not sent.

use serde_json::{Map, Value};

use crate::checks::passwords::member_of;
use crate::checks::{Checked, Context, Outcome};
use crate::http::{Trouble, hash_in};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::token::Compact;

use super::issued;

/// Longest life where the target declares none: 30 days.
const LONGEST_SECS: u64 = 30 * 86_400;
/// What the clocks of the service and of the console may be apart.
const CLOCK_SKEW_SECS: u64 = 60;
/// Parts of names that only secrets bear.
const SECRET_NAMES: [&str; 9] =
    ["password", "passwd", "secret", "api_key", "apikey", "private_key", "hash", "credit_card", "card_number"];

/// The claim by which Simple JWT for Django ends tokens with a change of the password (`CHECK_REVOKE_TOKEN`).
const REVOKING: &str = "`hash_password`";

/// Parts of names that only personal data bear.
const PERSONAL_NAMES: [&str; 7] = ["email", "e-mail", "phone", "birth", "ssn", "street", "address"];

/// The lifetime of an issued token; nothing where none can be had.
pub(super) async fn lifetime_of_issued(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let longest = cx.target.policy.max_lifetime_secs;
    let Some(claims) = issued::token(cx).await?.and_then(|token| token.claims()) else { return Ok(None) };
    if tells_its_beginning(&claims) {
        return Ok(Some(end(&claims, None, longest)));
    }
    // The run saw another begin, when it signed in.
    let session = cx.registry.shared().await?;
    let fresh = session.as_ref().and_then(|session| Compact::parse(session.user.token.expose())?.claims());
    let issued = session.as_ref().filter(|_| fresh.is_some()).map(|session| session.answer.received_at.unix_timestamp());
    Ok(Some(end(&fresh.unwrap_or(claims), issued, longest)))
}

fn tells_its_beginning(claims: &Map<String, Value>) -> bool {
    ["iat", "nbf"].iter().any(|name| claims.get(*name).is_some_and(Value::is_number))
}

/// What the claims of an issued token tell everybody who sees it: the payload is encoded, not encrypted.
pub(super) async fn contents(cx: Context) -> Checked {
    let Some(claims) = issued::token(&cx).await?.and_then(|token| token.claims()) else {
        return Ok(Outcome::skip("no token that the service itself issued can be had; declare `tokens.login` or `tokens.signup`"));
    };
    let pieces = vec![secrets(&claims), personal(&claims)];
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone()).unwrap_or_default();
    Ok(Outcome::of(worst, pieces))
}

fn piece(label: &str, finding: Finding, observed: String) -> Evidence {
    Evidence::of(EvidenceClass::Live, label, finding, observed)
}

/// Judges how long a token lives by its own claims, or from when it was `issued` (seconds since 1970) where they do not say.
fn end(claims: &Map<String, Value>, issued: Option<i64>, longest: Option<u64>) -> Evidence {
    let label = "the lifetime of an issued token";
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let issued = issued.map(|at| at as f64);
    let (Some(exp), beginning) = (number("exp"), number("iat").or_else(|| number("nbf")).or(issued)) else {
        let finding = if longest.is_some() { Finding::Broken } else { Finding::Weak };
        return piece(label, finding, "it never ends: there is no exp".into());
    };
    let Some(beginning) = beginning else {
        return piece(label, Finding::Weak, "it has an end, but nothing says when it began".into());
    };
    // Two clocks need not agree on a beginning that was seen.
    let skew = if number("iat").or_else(|| number("nbf")).is_none() { CLOCK_SKEW_SECS } else { 0 };
    let (life, bound) = (exp - beginning, longest.unwrap_or(LONGEST_SECS) + skew);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a lifetime are far below 2^52")]
    // Times may have fractions, of which the beginning is cut off.
    let within = life.floor() <= bound as f64;
    let finding = match (within, longest) {
        (true, _) => Finding::Held,
        (false, Some(_)) => Finding::Broken,
        (false, None) => Finding::Weak,
    };
    piece(label, finding, format!("what the service issues lives {life:.0} s, at most {bound} s are fine"))
}

fn secrets(claims: &Map<String, Value>) -> Evidence {
    let named = |name: &str| SECRET_NAMES.iter().any(|part| name.to_lowercase().contains(part)) && !name.ends_with("_hash");
    let suspicious = |name: &str, value: &Value| named(name) && !matches!(value, Value::Bool(_) | Value::Number(_) | Value::Null);
    let hashed = |value: &Value| value.as_str().is_some_and(|text| hash_in(text).is_some());
    let all = all(claims);
    let found: Vec<_> =
        all.iter().filter(|(name, value)| suspicious(name, value) || hashed(value)).map(|(name, _)| format!("`{name}`")).collect();
    let label = "secrets in the claims";
    // A password, or its hash, by a name of its own.
    let member = member_of(&Value::Object(claims.clone()), &[]).map(|name| format!("`{name}`"));
    match (found.as_slice(), member) {
        ([], None) => piece(label, Finding::Held, "no claim is a secret by its name or form".into()),
        ([], Some(name)) => piece(label, Finding::Broken, format!("it carries {name}")),
        ([only], None) if only == REVOKING => {
            piece(label, Finding::Weak, format!("it carries {only}: a digest of the stored hash of the password"))
        }
        (several, _) => piece(label, Finding::Broken, format!("it carries {}", several.join(", "))),
    }
}

/// Every claim, and every member of claims that are objects.
fn all(claims: &Map<String, Value>) -> Vec<(&String, &Value)> {
    claims.iter().chain(claims.values().filter_map(Value::as_object).flatten()).collect()
}

fn personal(claims: &Map<String, Value>) -> Evidence {
    let by_name = |name: &str| PERSONAL_NAMES.iter().any(|part| name.to_lowercase().contains(part)) && !name.contains("verified");
    let address =
        |value: &Value| value.as_str().is_some_and(|text| text.split_once('@').is_some_and(|(_, host)| host.contains('.')));
    let all = all(claims);
    let found: Vec<_> =
        all.iter().filter(|(name, value)| by_name(name) || address(value)).map(|(name, _)| format!("`{name}`")).collect();
    let label = "personal data in the claims";
    if found.is_empty() {
        piece(label, Finding::Held, "no claim is personal data by its name or form".into())
    } else {
        piece(label, Finding::Weak, format!("{} can be read by everybody who sees the token", found.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[rstest::rstest]
    #[case(json!({ "exp": 1_000, "iat": 100 }), Some(900), Finding::Held)]
    #[case(json!({ "exp": 1_000, "iat": 99 }), Some(900), Finding::Broken)]
    #[case(json!({ "exp": 1_000 }), None, Finding::Weak)]
    #[case(json!({ "iat": 1_000 }), Some(900), Finding::Broken)]
    #[case(json!({ "iat": 1_000 }), None, Finding::Weak)]
    #[case(json!({ "iat": 0, "exp": 99_999_999 }), None, Finding::Weak)]
    fn a_lifetime_is_judged_by_the_policy(#[case] claims: Value, #[case] longest: Option<u64>, #[case] finding: Finding) {
        assert_eq!(end(claims.as_object().unwrap(), None, longest).finding, finding);
    }

    #[rstest::rstest]
    #[case::as_declared(1_900, Finding::Held)]
    #[case::longer(1_000 + 900 + 61, Finding::Broken)]
    fn a_token_without_a_beginning_is_judged_by_when_it_was_issued(#[case] exp: i64, #[case] finding: Finding) {
        let claims = json!({ "exp": exp });
        assert_eq!(end(claims.as_object().unwrap(), Some(1_000), Some(900)).finding, finding);
    }

    #[rstest::rstest]
    #[case(json!({ "sub": "a", "at_hash": "x" }), Finding::Held)]
    #[case(json!({ "user": { "passwordHash": "x" } }), Finding::Broken)]
    #[case(json!({ "hash_password": "9C2E4D6F8B0A1C3E5D7F9B1A2C4E6D8F" }), Finding::Weak)]
    #[case(json!({ "pwd": "8b1f02aa$9c2e4d6f8b0a1c3e5d7f9b1a2c4e6d8f9c2e4d6f8b0a1c3e5d7f9b1a2c4e6d8f" }), Finding::Broken)]
    #[case(json!({ "pw": "$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK" }), Finding::Broken)]
    fn a_claim_is_a_secret_by_its_name(#[case] claims: Value, #[case] finding: Finding) {
        assert_eq!(secrets(claims.as_object().unwrap()).finding, finding);
    }

    #[rstest::rstest]
    #[case(json!({ "sub": "a", "email_verified": true }), Finding::Held)]
    #[case(json!({ "email": "a" }), Finding::Weak)]
    #[case(json!({ "sub": "ann@example.com" }), Finding::Weak)]
    #[case(json!({ "user": { "phone": "1" } }), Finding::Weak)]
    fn a_claim_is_personal_by_its_name_or_form(#[case] claims: Value, #[case] finding: Finding) {
        assert_eq!(personal(claims.as_object().unwrap()).finding, finding);
    }
}
