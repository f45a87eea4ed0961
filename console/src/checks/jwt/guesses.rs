//! What a signing secret is guessed to be: secrets of tutorials and frameworks, passwords and words that people choose, and words of the
//! target's own name.
//!
//! The long list is the passwords, English words and names of zxcvbn 4.5.0 (MIT, Daniel Lowe Wheeler and Dropbox) and the secret keys that
//! flask-unsign-wordlist 2024.1 collected from public code (MIT, Luke Paris), without what looks random or like somebody's live credential.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};

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

/// Every guess, one at a time: about a hundred and fifty thousand.
pub(super) fn all(target: &Target) -> impl Iterator<Item = Guess> {
    let words = WORDS.lines().flat_map(forms).map(|form| ("a common word", form));
    let own = own_words(target).into_iter().flat_map(dressed).map(|word| ("a word from the target's own name", word));
    let joined = joined().map(|words| ("joined words, as templates write them", words));
    let common = common().map(|word| ("in a public list of words, passwords and leaked keys", word));
    std::iter::once(("the empty secret", String::new())).chain(words).chain(own).chain(joined).chain(common)
}

/// A common word as people write it.
fn forms(word: &str) -> [String; 6] {
    let capital: String = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    [word.to_owned(), capital, word.to_uppercase(), format!("{word}1"), format!("{word}123"), format!("{word}!")]
}

/// A word of the target with what is put behind and before it.
fn dressed(word: String) -> impl Iterator<Item = String> {
    let started = ["secret-", "my-", "jwt-"].map(|start| format!("{start}{word}"));
    ENDS.iter().map(move |end| format!("{word}{end}")).chain(started)
}

/// The long list, unpacked line by line.
fn common() -> impl Iterator<Item = String> {
    BufReader::new(DeflateDecoder::new(COMMON)).lines().map_while(Result::ok)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::target::BaseUrl;

    fn guessed(secret: &str) -> bool {
        let base = BaseUrl::parse("https://todo-backend.up.example").unwrap();
        let target = Target { name: "production".into(), ..Target::new(base) };
        all(&target).any(|(_, guess)| guess == secret)
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
        assert!(common().count() > 90_000);
        assert!(!guessed("k8Qz-long-enough-Vb41xJr9TnWm6Yd2Lc7Hs0Pf"));
    }
}
