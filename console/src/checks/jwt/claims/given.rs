//! Tokens that the operator gives beside those of the users, and that must not work: they ask without the signing key what it asks otherwise.

use serde_json::{Map, Value};

use super::now;
use crate::checks::jwt::ask::{of_a, refusal};
use crate::checks::{Checked, Context, Judgement, Need, Outcome, User};
use crate::http::{Answer, Credential, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::{Disabled, EXPIRED};
use crate::token::Compact;

/// What evidence calls the token of a disabled account.
const OF_DISABLED: &str = "<token of a disabled account>";

/// A token of an account that was disabled: the operator names one, or its subject.
pub(in crate::checks::jwt) async fn disabled(cx: Context) -> Checked {
    let Some(disabled) = &cx.target.accounts.disabled else {
        return Ok(Outcome::skip("no disabled account is declared; name one under `tokens.disabled` in postflight.toml"));
    };
    let user = match disabled {
        Disabled::Token(token) => stranger(Credential::new(OF_DISABLED, token.clone())),
        Disabled::Subject(subject) => {
            let Some(forge) = &cx.forge else { return Ok(Outcome::skip(Need::SigningKey.reason())) };
            let token = Credential::new(OF_DISABLED, forge.good(subject, now()));
            User { subject: Some(subject.clone()), ..stranger(token) }
        }
    };
    if ended_for(&user).is_some_and(|secs| secs >= 0) {
        return Ok(Outcome::inconclusive(
            "the token of the disabled account has ended by itself, so that its refusal says nothing",
        ));
    }
    let answer = cx.send(&cx.read(&user)).await?;
    let piece = of_disabled(&cx, &answer);
    Ok(Outcome::of(format!("a disabled account: {}", piece.observed), vec![piece]))
}

/// A user of whom nothing but a token is known.
fn stranger(token: Credential) -> User {
    let subject = Compact::parse(token.expose()).and_then(|token| token.subject());
    User { name: "D", token, subject, username: None, email: None, parent: None, cookies: None }
}

/// Who is gone may also be called missing, or inactive in the service's own words.
fn of_disabled(cx: &Context, answer: &Answer) -> Evidence {
    let judgement = match answer.status {
        404 => Judgement::held("refused: 404"),
        _ => refusal(&cx.target.policy.refused_token, Finding::Broken, answer),
    };
    judgement.seen(answer, "the token of a disabled account")
}

/// For how many seconds a token has been at its end; less than none before it.
fn ended_for(user: &User) -> Option<i64> {
    Some(now().unix_timestamp() - Compact::parse(user.token.expose())?.end()?)
}

/// A token that the service issued, and that has ended.
pub(in crate::checks::jwt) async fn ended(cx: Context) -> Checked {
    let Some(token) = &cx.target.accounts.expired else {
        return Ok(Outcome::skip(
            "no token that has ended is declared; name its variable under `tokens.expired` in postflight.toml",
        ));
    };
    let user = stranger(Credential::new(EXPIRED, token.clone()));
    let leeway = i64::try_from(cx.target.policy.max_leeway_secs).unwrap_or(i64::MAX);
    let ago = ended_for(&user).unwrap_or(0);
    if ago <= leeway {
        return Ok(Outcome::inconclusive(format!("the declared token ended {ago} s ago, and clocks may differ by {leeway} s")));
    }
    let differing = differing(&of_a(&cx)?, &user)?;
    let answer = cx.send(&cx.read(&user)).await?;
    let judged = refusal(&cx.target.policy.refused_token, Finding::Broken, &answer);
    let judgement = match differing {
        Some(name) if judged.finding != Finding::Broken => {
            Judgement::unclear(format!("{}, but its `{name}` is not that of today's tokens, which may be why", judged.observed))
        }
        _ => judged,
    };
    let piece = judgement.seen(&answer, "the token that has ended");
    Ok(Outcome::of(format!("a token that ended {ago} s ago: {}", piece.observed), vec![piece]))
}

/// The first member, beside its times, for which a token that is otherwise like A's could be refused.
fn differing(of_a: &Compact, user: &User) -> Result<Option<&'static str>, Trouble> {
    let token =
        Compact::parse(user.token.expose()).ok_or_else(|| Trouble::NotGiven("the token that has ended is not a JWT".into()))?;
    let members = |token: &Compact| [token.header_json().unwrap_or_default(), token.claims().unwrap_or_default()];
    let ([header, claims], [old_header, old_claims]) = (members(of_a), members(&token));
    let other = |new: &Map<String, Value>, old: &Map<String, Value>, names: [&'static str; 2]| {
        names.into_iter().find(|name| new.get(*name) != old.get(*name))
    };
    Ok(other(&header, &old_header, ["alg", "kid"]).or_else(|| other(&claims, &old_claims, ["iss", "aud"])))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::the_same(json!({ "alg": "HS256" }), json!({ "sub": "a", "iss": "x", "exp": 1 }), None)]
    #[case::key(json!({ "alg": "HS256", "kid": "old" }), json!({ "iss": "x" }), Some("kid"))]
    #[case::issuer(json!({ "alg": "HS256" }), json!({ "iss": "y" }), Some("iss"))]
    fn what_else_an_old_token_could_be_refused_for_is_named(
        #[case] header: Value,
        #[case] claims: Value,
        #[case] expected: Option<&str>,
    ) {
        let token = |header: &Value, claims: &Value| {
            let part = |value: &Value| crate::token::encode(value.to_string());
            format!("{}.{}.c2ln", part(header), part(claims))
        };
        let of_a = Compact::parse(&token(&json!({ "alg": "HS256" }), &json!({ "sub": "a", "iss": "x", "exp": 9 }))).unwrap();
        let old = stranger(Credential::new(EXPIRED, token(&header, &claims)));
        assert_eq!(differing(&of_a, &old).unwrap(), expected);
    }
}
