//! The secret behind HMAC signatures: guessed offline, tried where a forgotten default would be, and measured where it was given.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;

use crate::checks::{Checked, Context, Outcome};
use crate::http::Trouble;
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::{Algorithm, Target};
use crate::token::{Compact, decode, hmac};

use super::ask::{Forgery, header_with, of_a, refused};

/// Secrets of tutorials, templates, defaults and the top of password lists; one a line.
const WORDS: &str = include_str!("words.txt");

/// Secrets that were found in code beside a forgotten environment variable; tried on the live service.
const DEFAULTS: [&str; 22] = [
    "",
    "secret",
    "dev-secret",
    "changeme",
    "undefined",
    "your-secret-key",
    "your-256-bit-secret",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "better-auth-secret-123456789",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "None",
    "supersecretkey",
    "null",
    "your_jwt_secret",
    "password",
    "change-me",
    "default",
    "test",
    "dev",
    "development",
    " ",
    "better-auth-secret-12345678901234567890",
];

fn algorithm_of(token: &Compact) -> Option<Algorithm> {
    let header = token.header_json()?;
    let name = header.get("alg")?.as_str()?;
    [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512].into_iter().find(|algorithm| algorithm.name() == name)
}

/// Words that belong to this target: its name, the labels of its host, the segments of its paths.
fn own_words(target: &Target) -> BTreeSet<String> {
    let sources = [target.name.as_str(), target.base.host(), &target.paths.list];
    let words = sources.iter().flat_map(|source| source.split(|c: char| !c.is_ascii_alphanumeric()));
    let mut all: BTreeSet<_> = words.filter(|word| word.len() >= 3).map(str::to_lowercase).collect();
    all.insert(target.base.host().to_owned());
    all.insert(target.name.clone());
    all
}

/// What is put behind a word of the target.
const ENDS: [&str; 16] = [
    "",
    "secret",
    "-secret",
    "_secret",
    "-jwt",
    "-jwt-secret",
    "_jwt_secret",
    "-key",
    "-secret-key",
    "_secret_key",
    "123",
    "2025",
    "2026",
    "-dev",
    "-prod",
    "-api",
];

/// Every guess, with the class it belongs to. Bounded: a few thousand.
fn guesses(target: &Target) -> Vec<(&'static str, String)> {
    let mut all = vec![("the empty secret", String::new())];
    for word in WORDS.lines() {
        let capital: String = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        let forms = [word.to_owned(), capital, word.to_uppercase(), format!("{word}1"), format!("{word}123"), format!("{word}!")];
        all.extend(forms.map(|form| ("a common word", form)));
    }
    for word in own_words(target) {
        all.extend(ENDS.iter().map(|end| ("a word from the target's own name", format!("{word}{end}"))));
        all.push(("a word from the target's own name", format!("secret-{word}")));
    }
    all
}

/// The class of the guess that signed `token`, and how many were tried.
fn crack(token: &Compact, algorithm: Algorithm, guesses: &[(&'static str, String)]) -> Option<&'static str> {
    let (input, signature) = (token.signing_input(), decode(&token.signature)?);
    guesses.iter().find(|(_, guess)| hmac(algorithm, guess.as_bytes(), input.as_bytes()) == signature).map(|(class, _)| *class)
}

/// Guesses the secret from A's token alone: nothing is sent.
pub(super) async fn guessed(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let Some(algorithm) = algorithm_of(&token) else {
        return Ok(Outcome::skip("the token of A is not signed by an HMAC, so there is no secret to guess"));
    };
    let guesses = guesses(&cx.target);
    let count = guesses.len();
    let found = tokio::task::spawn_blocking(move || crack(&token, algorithm, &guesses)).await;
    let found = found.map_err(|error| Trouble::Unexpected(format!("guessing was cut off: {error}")))?;
    let (finding, observed) = match found {
        Some(class) => (Finding::Broken, format!("the secret is {class}; anybody can sign tokens")),
        None => (Finding::Held, format!("none of {count} common and target-derived secrets signed the token of A")),
    };
    let piece = Evidence::of(EvidenceClass::Live, "offline, against the signature of A's token", finding, &observed);
    Ok(Outcome::of(observed, vec![piece]))
}

/// Tokens signed with secrets that code falls back to.
pub(super) async fn default(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let algorithm = algorithm_of(&token).unwrap_or(Algorithm::Hs256);
    let forged = token.with_header(&header_with(&token, "alg", algorithm.name()));
    let mut secrets: Vec<_> = cx.telling(DEFAULTS, 10).into_iter().map(str::to_owned).collect();
    secrets.push(format!("{}-secret", cx.target.name.to_lowercase()));
    let forgeries = secrets
        .iter()
        .map(|secret| Forgery::fatal(format!("signed with {secret:?}"), forged.signed(algorithm, secret.as_bytes()).token()));
    refused(&cx, "tokens signed with default secrets", forgeries.collect()).await
}

/// The secret that was given, measured (RFC 7518, 3.2). Nothing of it is shown.
pub(super) fn length(cx: &Context) -> Checked {
    let mint = cx.forge()?.mint();
    let secret = mint.secret.expose_secret();
    let full = match mint.algorithm {
        Algorithm::Hs256 => 32,
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
    };
    let distinct = secret.bytes().collect::<BTreeSet<_>>().len();
    let placeholder = ["changeme", "change-me", "change_me", "your-", "your_", "example", "placeholder", "replace"];
    let lower = secret.to_lowercase();
    let (finding, observed) = if secret.len() < 32 {
        (Finding::Broken, "shorter than 32 bytes".to_owned())
    } else if placeholder.iter().any(|word| lower.contains(word)) {
        (Finding::Broken, "a placeholder".to_owned())
    } else if distinct < 10 {
        (Finding::Broken, "made of fewer than ten different characters".to_owned())
    } else if secret.len() < full {
        (Finding::Weak, format!("shorter than the {full} bytes of {}'s hash", mint.algorithm.name()))
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
        let guesses: Vec<_> = [("the empty secret", String::new()), ("a common word", "secret123".to_owned())].into();
        assert_eq!(crack(&token(secret), Algorithm::Hs256, &guesses), class);
    }
}
