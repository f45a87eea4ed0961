//! What a token is for: its kind, where a claim names one, how often it may be shown, and whether its account still stands.

use serde_json::Value;

use super::{Minter, now};
use crate::checks::jwt::ask::{Forgery, refusal, refused};
use crate::checks::{Checked, Context, Judgement, Need, Outcome, User};
use crate::http::{Answer, Credential, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::Disabled;
use crate::token::Compact;

/// Claims by which services tell access tokens from others: flask-jwt-extended and Keycloak, djangorestframework-simplejwt, Cognito, and what
/// people write by hand.
const NAMES: [&str; 7] = ["type", "typ", "token_type", "token_use", "tokenType", "kind", "purpose"];
/// What other tokens are for.
const OTHERS: [&str; 6] = ["refresh", "resetPassword", "verifyEmail", "reset_password", "verify_email", "id"];

/// Tokens that say they are for something else than access. A refresh token under the same key is one that everybody holds. Whether anybody can
/// come to hold one for something else is not known: flask-jwt-extended refuses its refresh tokens and takes every other kind.
pub(in crate::checks::jwt) async fn kind(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let claims = minter.claims();
    let says_access = |value: &Value| value.as_str().is_some_and(|value| value.to_ascii_lowercase().contains("access"));
    let named = NAMES.into_iter().find_map(|name| Some((name, claims.get(name).filter(|value| says_access(value))?.as_str()?)));
    let Some((name, own)) = named else {
        return Ok(Outcome::skip("no claim of this service's tokens says that they are for access"));
    };
    let shared = refreshes_under(&cx).await?;
    let forged = |other: &str| {
        let value = in_the_manner_of(own, other);
        let accepted = if shared && other == OTHERS[0] { Finding::Broken } else { Finding::Weak };
        Forgery { accepted, ..Forgery::fatal(format!("{name} {value}"), minter.with(name, value)) }
    };
    refused(&cx, "kinds of tokens", cx.telling(OTHERS, 3).into_iter().map(forged).collect()).await
}

/// Another kind in the spelling of the own one: `ACCESS` has `REFRESH` beside it, `access_token` has `refresh_token`.
fn in_the_manner_of(own: &str, other: &str) -> String {
    if own.chars().any(char::is_lowercase) { own.to_ascii_lowercase().replace("access", other) } else { other.to_uppercase() }
}

/// Whether the service signs its refresh tokens with the key that is at hand: by a signature that comes out the same once more.
async fn refreshes_under(cx: &Context) -> Result<bool, Trouble> {
    if cx.target.accounts.refresh.is_none() {
        return Ok(false);
    }
    let _turn = cx.registry.among_others().await;
    let Some(refresh) = cx.registry.shared().await?.and_then(|session| session.refresh) else { return Ok(false) };
    let Some(token) = Compact::parse(refresh.expose()) else { return Ok(false) };
    Ok(crate::token::encode(cx.forge()?.mint().key.sign(token.signing_input().as_bytes())) == token.signature)
}

/// A token that is good for one request, shown twice (RFC 7519, 4.1.7).
pub(in crate::checks::jwt) async fn single_use(cx: Context) -> Checked {
    if !cx.target.policy.single_use {
        let reason =
            "tokens may be shown again; set `policy.single_use` in postflight.toml if one with a `jti` is good for one request";
        return Ok(Outcome::skip(reason));
    }
    let minter = Minter::of(&cx).await?;
    let once = Credential::new("<a token with a jti>", minter.with("jti", cx.random("jwt.replay")));
    let user = User { token: once, ..cx.a()?.clone() };
    let first = cx.send(&cx.read(&user)).await?;
    if !first.is_success() {
        let summary = "a token with a `jti` is not let in at all";
        return Ok(Outcome::inconclusive(summary).seen(&first, "the first time", first.status.to_string()));
    }
    let second = cx.send(&cx.read(&user)).await?;
    let pieces = vec![
        Judgement::held(format!("let in: {}", first.status)).seen(&first, "the first time"),
        refusal(&cx.target.policy.refused_token, Finding::Broken, &second).seen(&second, "the same token once more"),
    ];
    Ok(Outcome::of("a token with a `jti` is good for one request", pieces))
}

/// A token of an account that was disabled: the operator names one, or its subject.
pub(in crate::checks::jwt) async fn disabled(cx: Context) -> Checked {
    let Some(disabled) = &cx.target.accounts.disabled else {
        return Ok(Outcome::skip("no disabled account is declared; name one under `tokens.disabled` in postflight.toml"));
    };
    let user = match disabled {
        Disabled::Token(token) => {
            let token = Credential::new("<token of a disabled account>", token.clone());
            let subject = Compact::parse(token.expose()).and_then(|token| token.subject());
            User { name: "D", token, subject, email: None, cookies: None }
        }
        Disabled::Subject(subject) => {
            let Some(forge) = &cx.forge else { return Ok(Outcome::skip(Need::SigningKey.reason())) };
            let token = forge.good(subject, now());
            let token = Credential::new("<token of a disabled account>", token);
            User { name: "D", token, subject: Some(subject.clone()), email: None, cookies: None }
        }
    };
    if has_ended(&user) {
        return Ok(Outcome::inconclusive(
            "the token of the disabled account has ended by itself, so that its refusal says nothing",
        ));
    }
    let answer = cx.send(&cx.read(&user)).await?;
    let piece = of_disabled(&cx, &answer);
    Ok(Outcome::of(format!("a disabled account: {}", piece.observed), vec![piece]))
}

/// Who is gone may also be called missing, or inactive in the service's own words.
fn of_disabled(cx: &Context, answer: &Answer) -> Evidence {
    let judgement = match answer.status {
        404 => Judgement::held("refused: 404"),
        _ => refusal(&cx.target.policy.refused_token, Finding::Broken, answer),
    };
    judgement.seen(answer, "the token of a disabled account")
}

fn has_ended(user: &User) -> bool {
    let claims = Compact::parse(user.token.expose()).and_then(|token| token.claims());
    let end = claims.and_then(|claims| claims.get("exp")?.as_f64());
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    end.is_some_and(|end| end <= now().unix_timestamp() as f64)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("access", "refresh", "refresh")]
    #[case("ACCESS", "refresh", "REFRESH")]
    #[case("access_token", "refresh", "refresh_token")]
    #[case("Access", "verifyEmail", "verifyEmail")]
    fn another_kind_is_spelt_like_the_own_one(#[case] own: &str, #[case] other: &str, #[case] expected: &str) {
        assert_eq!(in_the_manner_of(own, other), expected);
    }
}
