//! What the value of a declared secret looks like: long enough, of the right form, used once.

use secrecy::{ExposeSecret as _, SecretString};

use super::judge::{entropy, is_json, is_placeholder};
use crate::run::{Evidence, EvidenceClass, Finding};

/// Shortest key for HMAC with SHA-256 (RFC 7518, 3.2).
const SHORTEST_KEY: usize = 32;

type Secrets = [(String, SecretString)];

/// Whether the name says that the value is a key somebody signs or encrypts with.
fn is_key(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let own = ["JWT", "AUTH", "SESSION", "COOKIE", "SIGN", "CSRF", "ENCRYPT", "HMAC"].iter().any(|word| upper.contains(word));
    own && ["SECRET", "KEY"].iter().any(|word| upper.contains(word)) && !upper.contains("PUBLIC")
}

fn observed(name: &str, finding: Finding, words: impl Into<String>) -> Evidence {
    Evidence::of(EvidenceClass::Configuration, name, finding, words)
}

/// Whether each value is a secret at all, and keys are long enough and hard to guess.
pub(super) fn strength(secrets: &Secrets) -> Vec<Evidence> {
    let judge = |(name, value): &(String, SecretString)| {
        let value = value.expose_secret().trim();
        let (length, bits) = (value.len(), entropy(value.as_bytes()));
        let password = url::Url::parse(value).ok().and_then(|url| url.password().map(str::to_owned));
        match () {
            () if password.is_none() && is_placeholder(value) => observed(name, Finding::Broken, "a placeholder, not a secret"),
            () if password.as_deref().is_some_and(is_placeholder) => {
                observed(name, Finding::Broken, "a URL with a placeholder as password")
            }
            () if is_key(name) && length < SHORTEST_KEY => {
                observed(name, Finding::Broken, format!("{length} bytes; a key for HS256 has at least {SHORTEST_KEY}"))
            }
            () if is_key(name) && bits < 3.0 => {
                observed(name, Finding::Broken, format!("{length} bytes, but of very few distinct characters"))
            }
            () if password.is_none() && !value.contains("://") && length < 16 => {
                observed(name, Finding::Weak, format!("only {length} bytes"))
            }
            () => observed(name, Finding::Held, format!("{length} bytes, no placeholder")),
        }
    };
    secrets.iter().map(judge).collect()
}

/// Whether values carry what a copy from somewhere left: blanks, quotes, line breaks, the name itself.
pub(super) fn form(secrets: &Secrets) -> Vec<Evidence> {
    let judge = |(name, value): &(String, SecretString)| {
        let value = value.expose_secret();
        let quoted = ['"', '\'', '`'].iter().any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote));
        // Line breaks belong to a key in PEM, and mean nothing in JSON.
        let in_lines = value.trim_start().starts_with("-----BEGIN") || is_json(value);
        let fault = match () {
            () if name.trim() != name => Some("has a name with a blank around it"),
            // RFC 7468, section 3.
            () if !in_lines && value.trim() != value => Some("begins or ends with a blank or a line break"),
            () if quoted => Some("stands in quotes, which are part of the value"),
            () if !in_lines && value.contains(['\n', '\r']) => Some("has a line break inside"),
            () if value.starts_with(&format!("{name}=")) => Some("begins with its own name and `=`"),
            () if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => Some("holds control characters"),
            () => None,
        };
        match fault {
            Some(fault) => observed(name, Finding::Broken, fault),
            None => observed(name, Finding::Held, "no blanks, quotes or line breaks around it"),
        }
    };
    secrets.iter().map(judge).collect()
}

/// Whether one value serves two purposes. Two names of one signing key (`JWT_SECRET` and `AUTH_SECRET`) are an alias, and only weak; a key
/// that equals its own predecessor, or something that is no key, is a flaw.
pub(super) fn reuse(secrets: &Secrets) -> Vec<Evidence> {
    let judge = |(index, (name, value)): (usize, &(String, SecretString))| {
        let same = |(_, other): &&(String, SecretString)| other.expose_secret().trim() == value.expose_secret().trim();
        match secrets.iter().take(index).find(same) {
            Some((other, _)) if is_previous(name) || is_previous(other) => {
                observed(name, Finding::Broken, format!("the same value as {other}: nothing was rotated"))
            }
            Some((other, _)) if is_key(name) != is_key(other) => {
                observed(name, Finding::Broken, format!("the same value as {other}, which serves another purpose"))
            }
            Some((other, _)) => observed(name, Finding::Weak, format!("the same value as {other}")),
            None => observed(name, Finding::Held, "used under no other name"),
        }
    };
    secrets.iter().enumerate().map(judge).collect()
}

fn is_previous(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["PREVIOUS", "OLD", "LAST"].iter().any(|word| upper.split('_').any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GOOD: &str = "q8Zr1vT5mK0pX3wY7uH2jN6bC9dF4gL1";

    fn one(name: &str, value: &str) -> Vec<(String, SecretString)> {
        vec![(name.to_owned(), value.into())]
    }

    #[rstest]
    #[case::good("JWT_SECRET", GOOD, Finding::Held)]
    #[case::short("JWT_SECRET", "q8Zr1vT5mK0pX3wY7uH2jN6b", Finding::Broken)]
    #[case::placeholder("JWT_SECRET", "your-secret-key-change-me-in-production", Finding::Broken)]
    #[case::monotonous("SESSION_KEY", "abababababababcababababababababab", Finding::Broken)]
    #[case::url("DATABASE_URL", "postgresql://app:q8Zr1vT5mK@db.example.com/app", Finding::Held)]
    #[case::url_placeholder("DATABASE_URL", "postgresql://app:password@db.prod/app", Finding::Broken)]
    #[case::short_token("SMTP_PASSWORD", "q8Zr1vT5mK", Finding::Weak)]
    #[case::third_party("MAIL_API_KEY", "q8Zr1vT5mK0pX3wY7u", Finding::Held)]
    fn strength_is_judged_by_name_and_value(#[case] name: &str, #[case] value: &str, #[case] finding: Finding) {
        assert_eq!(strength(&one(name, value))[0].finding, finding);
    }

    #[rstest]
    #[case::good(GOOD.to_owned(), Finding::Held)]
    #[case::newline(format!("{GOOD}\n"), Finding::Broken)]
    #[case::blank(format!(" {GOOD}"), Finding::Broken)]
    #[case::quoted(format!("\"{GOOD}\""), Finding::Broken)]
    #[case::named(format!("JWT_SECRET={GOOD}"), Finding::Broken)]
    #[case::folded(format!("{GOOD}\n{GOOD}"), Finding::Broken)]
    #[case::pem("-----BEGIN X-----\nabc\n-----END X-----".to_owned(), Finding::Held)]
    fn the_form_shows_careless_copies(#[case] value: String, #[case] finding: Finding) {
        assert_eq!(form(&one("JWT_SECRET", &value))[0].finding, finding);
    }

    #[rstest]
    #[case::distinct("JWT_SECRET", "API_TOKEN", "another", Finding::Held)]
    #[case::alias("JWT_SECRET", "BETTER_AUTH_SECRET", GOOD, Finding::Weak)]
    #[case::two_tokens("API_TOKEN", "MAIL_TOKEN", GOOD, Finding::Weak)]
    #[case::two_purposes("JWT_SECRET", "WEBHOOK_TOKEN", GOOD, Finding::Broken)]
    #[case::not_rotated("JWT_SECRET", "JWT_SECRET_PREVIOUS", GOOD, Finding::Broken)]
    fn a_value_under_two_names_is_judged_by_their_purposes(
        #[case] first: &str,
        #[case] second: &str,
        #[case] value: &str,
        #[case] finding: Finding,
    ) {
        let found = reuse(&[(first.to_owned(), GOOD.into()), (second.to_owned(), value.into())]);
        assert_eq!((found[0].finding, found[1].finding), (Finding::Held, finding));
    }
}
