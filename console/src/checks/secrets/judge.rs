//! Whether a text is a credential at all: entropy and placeholders; and how it may be shown.

/// Words that make a value a placeholder wherever they stand in it (lower case).
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "your-",
    "your_",
    "yoursecret",
    "dummy",
    "sample",
    "redacted",
    "insert",
    "todo",
    "fixme",
    "xxxx",
    "****",
    "....",
    "1234567890",
    "abcdefgh",
    "not-a-",
    "not_a_",
    "notareal",
    "fake",
    "<",
    "${",
    "{{",
    "%(",
];

/// Whole values that are no secrets (lower case).
const TRIVIAL: &[&str] =
    &["password", "postgres", "secret", "test", "user", "admin", "root", "guest", "pass", "pass123", "hunter2", "none", "null"];

/// Whether a value only stands for one: `changeme`, `your-secret-here`, `<password>`, `${PASSWORD}`, `xxxxxxxx`, or nothing.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.trim().to_lowercase();
    lower.is_empty()
        || lower.starts_with(['$', '{'])
        || TRIVIAL.contains(&lower.as_str())
        || PLACEHOLDERS.iter().any(|word| lower.contains(word))
        || distinct(&lower) <= 2
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
    #[case("q8Zr1vT5mK0pX3wY", false)]
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
