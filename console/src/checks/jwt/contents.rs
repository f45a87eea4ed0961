//! What an issued token says about itself: read, not sent.

use serde_json::{Map, Value};

use crate::checks::Context;
use crate::http::Trouble;
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::Tokens;

use super::ask::of_a;

/// Longest life where the target declares none: 30 days.
const LONGEST_SECS: u64 = 30 * 86_400;
/// Parts of names that only secrets bear.
const SECRET_NAMES: [&str; 9] =
    ["password", "passwd", "secret", "api_key", "apikey", "private_key", "hash", "credit_card", "card_number"];

/// Reads the token of A; nothing where the console minted it itself, since that says nothing about the issuer.
pub(super) fn of_issued(cx: &Context) -> Result<Vec<Evidence>, Trouble> {
    if matches!(cx.target.tokens, Tokens::Mint(_)) {
        return Ok(Vec::new());
    }
    let claims = of_a(cx)?.claims().unwrap_or_default();
    Ok(vec![end(&claims, cx.target.policy.max_lifetime_secs), secrets(&claims)])
}

fn piece(label: &str, finding: Finding, observed: String) -> Evidence {
    Evidence::of(EvidenceClass::Live, label, finding, observed)
}

fn end(claims: &Map<String, Value>, longest: Option<u64>) -> Evidence {
    let label = "the lifetime of A's token";
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (Some(exp), beginning) = (number("exp"), number("iat").or_else(|| number("nbf"))) else {
        let finding = if longest.is_some() { Finding::Broken } else { Finding::Weak };
        return piece(label, finding, "it never ends: there is no exp".into());
    };
    let Some(beginning) = beginning else {
        return piece(label, Finding::Weak, "it has an end, but nothing says when it began".into());
    };
    let (life, bound) = (exp - beginning, longest.unwrap_or(LONGEST_SECS));
    #[expect(clippy::cast_precision_loss, reason = "seconds of a lifetime are far below 2^52")]
    let within = life <= bound as f64;
    let finding = match (within, longest) {
        (true, _) => Finding::Held,
        (false, Some(_)) => Finding::Broken,
        (false, None) => Finding::Weak,
    };
    piece(label, finding, format!("it lives {life:.0} s, at most {bound} s are fine"))
}

fn secrets(claims: &Map<String, Value>) -> Evidence {
    let suspicious =
        |name: &&String| SECRET_NAMES.iter().any(|part| name.to_lowercase().contains(part)) && !name.ends_with("_hash");
    let nested = claims.values().filter_map(Value::as_object).flat_map(Map::keys);
    let found: Vec<_> = claims.keys().chain(nested).filter(suspicious).map(|name| format!("`{name}`")).collect();
    let label = "the claims of A's token";
    if found.is_empty() {
        piece(label, Finding::Held, "no claim is a secret by its name".into())
    } else {
        piece(label, Finding::Broken, format!("it carries {}", found.join(", ")))
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
        assert_eq!(end(claims.as_object().unwrap(), longest).finding, finding);
    }

    #[rstest::rstest]
    #[case(json!({ "sub": "a", "at_hash": "x" }), Finding::Held)]
    #[case(json!({ "user": { "passwordHash": "x" } }), Finding::Broken)]
    fn a_claim_is_a_secret_by_its_name(#[case] claims: Value, #[case] finding: Finding) {
        assert_eq!(secrets(claims.as_object().unwrap()).finding, finding);
    }
}
