//! What a signing secret is guessed to be: secrets of tutorials and frameworks, passwords and words that people choose, and words of the
//! target's own name.
//!
//! The long list is the passwords, English words and names of zxcvbn 4.5.0 (MIT, Daniel Lowe Wheeler and Dropbox) and the secret keys that
//! flask-unsign-wordlist 2024.1 collected from public code (MIT, Luke Paris), without what looks random or like somebody's live credential.

use std::collections::BTreeSet;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

use crate::target::Target;

use super::joins::joined;

/// Secrets of tutorials, templates, defaults and the top of password lists; one a line.
const WORDS: &str = include_str!("words.txt");
/// The long list: one a line, raw DEFLATE (RFC 1951).
const COMMON: &[u8] = include_bytes!("common.deflate");

/// Something to try, with the class it belongs to.
pub(super) type Guess = (&'static str, String);

/// What is put behind a word of the target.
const ENDS: [&str; 24] = [
    "",
    "secret",
    "-secret",
    "_secret",
    "-jwt",
    "-jwt-secret",
    "_jwt_secret",
    "jwtsecret",
    "-key",
    "key",
    "-secret-key",
    "_secret_key",
    "secretkey",
    "123",
    "1234",
    "123456",
    "!",
    "2024",
    "2025",
    "2026",
    "-dev",
    "-prod",
    "-api",
    "-token",
];

/// Words that belong to this target: its name, its host and their labels, the segments of its paths, its repository, its origins.
fn own_words(target: &Target) -> BTreeSet<String> {
    let repository = target.repository.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let origins = target.origins.iter().map(|origin| origin.as_str().to_owned());
    let whole = [target.name.clone(), target.base.host().to_owned(), target.paths.list.clone()];
    let sources: Vec<_> = whole.into_iter().chain(repository).chain(origins).collect();
    let labels = sources.iter().flat_map(|source| source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')));
    let words = sources.iter().flat_map(|source| source.split(|c: char| !c.is_ascii_alphanumeric()));
    let mut all: BTreeSet<_> = words.chain(labels).filter(|word| word.len() >= 3).map(str::to_lowercase).collect();
    let singular: Vec<_> = all.iter().filter_map(|word| word.strip_suffix('s')).map(str::to_owned).collect();
    all.extend(singular);
    all.insert(target.base.host().to_owned());
    all.insert(target.name.clone());
    all
}

/// Every guess: about a hundred and fifty thousand.
pub(super) fn all(target: &Target) -> Vec<Guess> {
    let mut all = vec![("the empty secret", String::new())];
    for word in WORDS.lines() {
        let capital: String = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        let forms = [word.to_owned(), capital, word.to_uppercase(), format!("{word}1"), format!("{word}123"), format!("{word}!")];
        all.extend(forms.map(|form| ("a common word", form)));
    }
    for word in own_words(target) {
        all.extend(ENDS.iter().map(|end| ("a word from the target's own name", format!("{word}{end}"))));
        all.extend(["secret-", "my-", "jwt-"].map(|start| ("a word from the target's own name", format!("{start}{word}"))));
    }
    all.extend(joined().map(|words| ("joined words, as templates write them", words)));
    all.extend(common().lines().map(|word| ("in a public list of words, passwords and leaked keys", word.to_owned())));
    all
}

/// The long list, unpacked.
fn common() -> String {
    let mut text = String::new();
    let unpacked = DeflateDecoder::new(COMMON).read_to_string(&mut text);
    unpacked.map(|_| text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::target::BaseUrl;

    fn guessed(secret: &str) -> bool {
        let base = BaseUrl::parse("https://todo-backend.up.example").unwrap();
        let target = Target { name: "production".into(), ..Target::new(base) };
        all(&target).iter().any(|(_, guess)| guess == secret)
    }

    #[rstest]
    fn secrets_that_real_projects_use_are_guessed(
        #[values(
            "your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "shhhhh",
            "dev",
            "supersecret",
            "change-me",
            "banana",
            "hackathon2025",
            "superman",
            "todo-backend",
            "todo-backend-secret",
            "task",
            "django-insecure"
        )]
        secret: &str,
    ) {
        assert!(guessed(secret), "{secret}");
    }

    #[test]
    fn the_list_is_as_long_as_lists_of_this_kind_are_and_holds_no_secret_of_length() {
        assert!(common().lines().count() > 90_000);
        assert!(!guessed("k8Qz-long-enough-Vb41xJr9TnWm6Yd2Lc7Hs0Pf"));
    }
}
