//! The secret behind HMAC signatures: guessed offline, tried where a forgotten default would be, and measured where it was given.

use std::collections::BTreeSet;
use std::sync::Arc;

use ring::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};

use secrecy::{ExposeSecret as _, SecretString};

use crate::checks::{Checked, Context, Outcome};
use crate::http::Trouble;
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::Algorithm;
use crate::token::{Compact, decode};

use super::ask::{Forgery, header_with, of_a, refused};
use super::guesses::{self, Guess};

/// Secrets that were found in code beside a forgotten environment variable; tried on the live service.
const DEFAULTS: &[&str] = &[
    "",
    "secret",
    "dev-secret",
    "undefined",
    "your-secret-key",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "supersecretkey",
    "changeme",
    "better-auth-secret-123456789",
    "your-256-bit-secret",
    "SECRET",
    "dev",
    "dev-secret-change-me",
    "your_jwt_secret",
    "your-secret-key-change-in-production",
    "fallback-secret",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "change-me-in-production",
    "change-this-in-production",
    "changethis",
    "your-secret-key-here",
    "your_secret_key",
    "mysecret",
    "mysecretkey",
    "my-secret-key",
    "secretkey",
    "secret-key",
    "jwt-secret",
    "jwt_secret",
    "JWT_SECRET",
    "supersecret",
    "super-secret-key",
    "dev-secret-key",
    "default-secret",
    "test-secret",
    "keyboard cat",
    "shhhhh",
    "better-auth-secret",
    "None",
    "null",
    "password",
    "change-me",
    "default",
    "test",
    "development",
    " ",
    "better-auth-secret-12345678901234567890",
];

/// Why there is nothing to ask about secrets.
const NO_SECRET: &str = "tokens are signed with a private key, so there is no shared secret";

/// The HMAC that signed `token`; `None` for other algorithms.
fn algorithm_of(token: &Compact) -> Option<Algorithm> {
    let header = token.header_json()?;
    let name = header.get("alg")?.as_str()?;
    [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512].into_iter().find(|algorithm| algorithm.name() == name)
}

/// The class of the guess that signed `token`, and how many were tried. Tried with ring, whose HMAC is fast enough for a hundred thousand in
/// any build.
fn crack(token: &Compact, algorithm: Algorithm, guesses: impl Iterator<Item = Guess>) -> (Option<&'static str>, usize) {
    let (input, signature) = (token.signing_input(), decode(&token.signature).unwrap_or_default());
    let kind = match algorithm {
        Algorithm::Hs384 => HMAC_SHA384,
        Algorithm::Hs512 => HMAC_SHA512,
        _ => HMAC_SHA256,
    };
    let signs = |guess: &str| hmac::verify(&hmac::Key::new(kind, guess.as_bytes()), input.as_bytes(), &signature).is_ok();
    let mut tried = 0;
    let found = guesses.inspect(|_| tried += 1).find(|(_, guess)| signs(guess));
    (found.map(|(class, _)| class), tried)
}

/// Guesses the secret from A's token alone: nothing is sent.
pub(super) async fn guessed(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let Some(algorithm) = algorithm_of(&token) else {
        return Ok(Outcome::skip(NO_SECRET));
    };
    let target = Arc::clone(&cx.target);
    let tried = tokio::task::spawn_blocking(move || crack(&token, algorithm, guesses::all(&target)));
    let (found, count) = tried.await.map_err(|error| Trouble::Unexpected(format!("guessing was cut off: {error}")))?;
    let (finding, observed) = match found {
        Some(class) => (Finding::Broken, format!("the secret is {class}; anybody can sign tokens")),
        None => (Finding::Held, format!("none of {count} common and target-derived secrets signed the token of A")),
    };
    let piece = Evidence::of(EvidenceClass::SelfReported, "offline, against the signature of A's token", finding, &observed);
    Ok(Outcome::of(observed, vec![piece]))
}

/// Tokens signed with secrets that code falls back to. A service that signs with a private key may still take what its development signed.
pub(super) async fn default(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let algorithm = algorithm_of(&token).unwrap_or(Algorithm::Hs256);
    let forged = token.with_header(&header_with(&token, "alg", algorithm.name()));
    // The secret that signs is guessed offline; a second one beside it is rarer than one beside a key pair, which nothing else finds.
    let most = if algorithm_of(&token).is_some() { 7 } else { 14 };
    let mut secrets: Vec<_> = cx.telling(DEFAULTS.iter().copied(), most).into_iter().map(str::to_owned).collect();
    secrets.push(format!("{}-secret", cx.target.name.to_lowercase()));
    let forgeries = secrets
        .iter()
        .map(|secret| Forgery::fatal(format!("signed with {secret:?}"), forged.signed(algorithm, secret.as_bytes()).token()));
    refused(&cx, "tokens signed with default secrets", forgeries.collect()).await
}

/// Tokens signed with the secret before the last rotation, and with those of other stages.
pub(super) async fn foreign(cx: Context) -> Checked {
    let keys = &cx.target.other_keys;
    if keys.previous.is_none() && keys.foreign.is_empty() {
        return Ok(Outcome::skip(
            "no other secret is declared; name variables under `tokens.previous_secret` and `tokens.foreign_secrets` in postflight.toml",
        ));
    }
    let token = of_a(&cx)?;
    let Some(algorithm) = algorithm_of(&token) else { return Ok(Outcome::skip(NO_SECRET)) };
    let signed = |secret: &SecretString| token.signed(algorithm, secret.expose_secret().as_bytes()).token();
    let fatal = |(variable, secret): &(String, SecretString)| Forgery::fatal(format!("signed with {variable}"), signed(secret));
    let rotating = cx.target.policy.previous_secret_valid;
    let mut forgeries: Vec<_> = keys.foreign.iter().map(fatal).collect();
    forgeries.extend(
        keys.previous
            .iter()
            .map(fatal)
            .map(|forgery| Forgery { accepted: if rotating { Finding::Held } else { Finding::Broken }, ..forgery }),
    );
    refused(&cx, "tokens signed with other secrets of the same owner", forgeries).await
}

/// The secret that was given, measured (RFC 7518, 3.2). Nothing of it is shown.
pub(super) fn length(cx: &Context) -> Checked {
    let mint = cx.forge()?.mint();
    let Some(secret) = mint.key.shared() else { return Ok(Outcome::skip(NO_SECRET)) };
    let algorithm = mint.key.algorithm();
    let full = match algorithm {
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        _ => 32,
    };
    let distinct = secret.iter().collect::<BTreeSet<_>>().len();
    let placeholder = ["changeme", "change-me", "change_me", "your-", "your_", "example", "placeholder", "replace"];
    let lower = String::from_utf8_lossy(secret).to_lowercase();
    let (finding, observed) = if secret.len() < 32 {
        (Finding::Broken, "shorter than 32 bytes".to_owned())
    } else if placeholder.iter().any(|word| lower.contains(word)) {
        (Finding::Broken, "a placeholder".to_owned())
    } else if distinct < 10 {
        (Finding::Broken, "made of fewer than ten different characters".to_owned())
    } else if secret.len() < full {
        (Finding::Weak, format!("shorter than the {full} bytes of {}'s hash", algorithm.name()))
    } else {
        (Finding::Held, format!("at least {full} bytes"))
    };
    let label = format!("the value of {}", mint.variable);
    let piece = Evidence::of(EvidenceClass::Configuration, label, finding, &observed);
    Ok(Outcome::of(format!("the signing secret is {observed}"), vec![piece]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::encode;

    fn token(secret: &str) -> Compact {
        let unsigned = Compact { header: encode(r#"{"alg":"HS256"}"#), payload: encode("{}"), signature: String::new() };
        unsigned.signed(Algorithm::Hs256, secret.as_bytes())
    }

    #[rstest::rstest]
    #[case("", Some("the empty secret"))]
    #[case("Secret123", None)]
    #[case("secret123", Some("a common word"))]
    #[case("k8Qz-long-enough-Vb41xJr9TnWm6Yd2Lc7Hs0Pf", None)]
    fn a_guessable_secret_is_guessed_and_a_good_one_is_not(#[case] secret: &str, #[case] class: Option<&str>) {
        let guesses = [("the empty secret", String::new()), ("a common word", "secret123".to_owned())].into_iter();
        assert_eq!(crack(&token(secret), Algorithm::Hs256, guesses).0, class);
    }
}
