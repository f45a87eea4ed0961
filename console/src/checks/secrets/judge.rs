//! Whether a text is a credential at all: entropy and placeholders; and how it may be shown.

/// Words that make a value a placeholder wherever they stand in it (lower case).
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "yoursecret",
    "redacted",
    "1234567890",
    "abcdefgh",
    "notareal",
    "${",
    "{{",
];

/// Words that are so short that a long random value may hold one by chance.
const SHORT: &[&str] =
    &["your-", "your_", "dummy", "sample", "insert", "todo", "fixme", "xxxx", "****", "....", "not-a-", "not_a_", "fake"];

/// Length and entropy, in bits a character, from which on a value is taken for a random one.
const RANDOM: (usize, f64) = (32, 4.2);

/// Whole values that are no secrets (lower case).
const TRIVIAL: &[&str] =
    &["password", "postgres", "secret", "test", "user", "admin", "root", "guest", "pass", "pass123", "hunter2", "none", "null"];

/// Whether a value only stands for one: `changeme`, `your-secret-here`, `<password>`, `${PASSWORD}`, `xxxxxxxx`, or nothing.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    if is_json(value) {
        return false;
    }
    let lower = value.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let random = value.len() >= RANDOM.0 && entropy(value.as_bytes()) >= RANDOM.1;
    lower.is_empty()
        || is_blank_to_fill(&lower)
        || TRIVIAL.contains(&lower.as_str())
        || holds(PLACEHOLDERS)
        || (!random && holds(SHORT))
        || distinct(&lower) <= 2
}

/// Whether a value is an object or a list of JSON: a private key (RFC 7517), or what a platform calls credentials.
pub(super) fn is_json(value: &str) -> bool {
    value.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(value).is_ok()
}

/// Whether a value, or what stands in it, names what belongs there: `$NAME`, `{name}`, `<name>`, `%(name)s`. A random
/// password may hold any of these signs.
fn is_blank_to_fill(value: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'));
    let between = |open: &str, close: char| {
        value.split(open).skip(1).any(|rest| rest.split_once(close).is_some_and(|(name, _)| is_name(name)))
    };
    let variable = value.strip_prefix('$').is_some_and(|name| name.len() < RANDOM.0 && is_name(name));
    variable || between("<", '>') || between("%(", ')') || (value.starts_with('{') && between("{", '}'))
}

fn distinct(text: &str) -> usize {
    text.chars().collect::<std::collections::BTreeSet<_>>().len()
}

/// Shannon entropy in bits a character; 0 for an empty text. Random base64 of 40 characters has about 4.8, English about 3.5.
pub(super) fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)).max(1.0);
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(share).map(|p| -p * p.log2()).sum()
}

/// A credential as it may be shown: at most the vendor's own prefix, and its length.
pub(super) fn masked(secret: &str, prefix: usize) -> String {
    let shown: String = secret.chars().take(prefix).collect();
    format!("{}… ({} characters)", crate::http::clean(&shown), secret.chars().count())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", true)]
    #[case("changeme", true)]
    #[case("your-secret-here", true)]
    #[case("<password>", true)]
    #[case("${DB_PASSWORD}", true)]
    #[case("{password}", true)]
    #[case("AKIAIOSFODNN7EXAMPLE", true)]
    #[case("aaaaaaaaaaaaaaaa", true)]
    #[case("%(password)s", true)]
    #[case("postgres://app:<password>@db/app", true)]
    #[case("$JWT_SECRET", true)]
    #[case("fake-key", true)]
    #[case("q8Zr1vT5mK0pX3wY", false)]
    #[case("q8Zr<1vT5m%K0pX3wY", false)]
    #[case("Zm9TodoFake8q1vT5mK0pX3wYxR7sLdN2bQh", false)]
    #[case(r#"{"kty":"OKP","crv":"Ed25519","d":"q8Zr1vT5mK0pX3wY"}"#, false)]
    #[case("correct horse battery", false)]
    fn placeholders_are_told_from_values(#[case] value: &str, #[case] placeholder: bool) {
        assert_eq!(is_placeholder(value), placeholder);
    }

    #[test]
    fn entropy_counts_bits_a_character() {
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
        assert!(entropy(b"").abs() < 1e-9);
    }

    #[test]
    fn a_masked_secret_shows_no_more_than_its_prefix() {
        assert_eq!(masked("ghp_abcdefgh", 4), "ghp_… (12 characters)");
        assert_eq!(masked("hush", 0), "… (4 characters)");
    }
}
