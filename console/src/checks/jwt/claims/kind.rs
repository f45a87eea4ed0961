//! What a token is for: its kind, where a claim names one, and how often it may be shown.

use serde_json::Value;

use super::Minter;
use crate::checks::jwt::ask::{Forgery, refusal, refused};
use crate::checks::{Checked, Context, Judgement, Outcome, User};
use crate::http::{Credential, Trouble};
use crate::run::Finding;
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
