//! References between records: how they are written and which record they mean.

use std::collections::{BTreeMap, BTreeSet};

use super::metadata::unbulleted;
use super::model::AdrId;

/// A reference as written, not yet resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// Words of the link, or the bare reference.
    pub(super) written: String,
    /// Where the link leads, for links.
    pub(super) destination: Option<String>,
}

/// Which way a replacement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// This record replaces the other.
    Supersedes,
    /// The other replaces this one.
    SupersededBy,
}

const PHRASES: &[(&str, Direction)] = &[
    ("superseded by", Direction::SupersededBy),
    ("superceded by", Direction::SupersededBy),
    ("superseded-by", Direction::SupersededBy),
    ("replaced by", Direction::SupersededBy),
    ("supersedes", Direction::Supersedes),
    ("supercedes", Direction::Supersedes),
    ("replaces", Direction::Supersedes),
];

/// The replacements that a line states: `Supersedes [1. A](0001-a.md)`, `- Status: superseded by ADR-0005`. In `status` text the phrase
/// may stand anywhere and a bare number counts; elsewhere the line must begin with it and name a link or `ADR-n`, since prose "replaces"
/// all sorts of things.
pub(super) fn replacements(line: &str, status: bool) -> Vec<(Direction, Mention)> {
    let line = unbulleted(line);
    let first = line.chars().find(|c| c.is_alphanumeric());
    // Every phrase begins with one of these letters, and most lines of a record do not.
    if !status && !matches!(first, Some('s' | 'S' | 'r' | 'R')) {
        return Vec::new();
    }
    let lower = line.to_ascii_lowercase();
    let Some((at, phrase, direction)) = PHRASES.iter().find_map(|(phrase, way)| Some((lower.find(phrase)?, *phrase, *way))) else {
        return Vec::new();
    };
    let begins = lower.get(..at).is_some_and(|before| before.chars().all(|c| !c.is_alphanumeric()));
    if !status && !begins {
        return Vec::new();
    }
    let rest = line.get(at + phrase.len()..).unwrap_or_default();
    mentions(rest, status).into_iter().map(|mention| (direction, mention)).collect()
}

/// Every record that `text` mentions: Markdown links, `[[wiki-links]]`, `ADR-12`, and with `bare` also `#12` and `0012-title`.
pub(super) fn mentions(text: &str, bare: bool) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        found.extend(words(before, bare));
        rest = linked(after, &mut found);
    }
    found.extend(words(rest, bare));
    found
}

/// Reads what follows `[` of a link, adds it, and returns what comes after it.
fn linked<'a>(after: &'a str, found: &mut Vec<Mention>) -> &'a str {
    let Some((label, tail)) = after.trim_start_matches('[').split_once(']') else { return after };
    let (destination, tail) = match tail.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
        Some((destination, tail)) => (Some(destination.split_whitespace().next().unwrap_or_default().to_owned()), tail),
        None => (None, tail.trim_start_matches(']')),
    };
    found.push(Mention { written: label.to_owned(), destination });
    tail
}

/// Bare references in running words.
fn words(text: &str, bare: bool) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut pieces =
        text.split([' ', ',', ';', '(', ')', '\t']).map(|word| word.trim_matches(['.', ':', '*', '`', '"'])).peekable();
    while let Some(word) = pieces.next() {
        let lower = word.to_ascii_lowercase();
        let spaced = lower == "adr" && pieces.peek().is_some_and(|next| is_number(next));
        let written = match pieces.next_if(|_| spaced) {
            Some(number) => format!("{word} {number}"),
            None => word.to_owned(),
        };
        let named = lower.strip_prefix("adr").is_some_and(|rest| is_number(rest.trim_start_matches(['-', '_', '#'])));
        let numbered = bare && lower.trim_start_matches('#').starts_with(|c: char| c.is_ascii_digit());
        if spaced || named || numbered {
            found.push(Mention { written, destination: None });
        }
    }
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// Finds records by path and by number.
#[derive(Debug, Default)]
pub(super) struct Index {
    files: BTreeSet<String>,
    ids: BTreeMap<String, AdrId>,
    numbers: BTreeMap<u32, AdrId>,
}

impl Index {
    /// Adds a record.
    pub(super) fn add(&mut self, file_name: &str, id: &AdrId, number: Option<u32>) {
        self.add_file(file_name);
        self.ids.insert(file_name.to_owned(), id.clone());
        if let Some(number) = number {
            self.numbers.entry(number).or_insert_with(|| id.clone());
        }
    }

    /// Adds a file that is no record, so that a link to it is not dangling.
    pub(super) fn add_file(&mut self, file_name: &str) {
        self.files.insert(file_name.to_owned());
    }

    /// The record that a mention in the file `from` means.
    pub(super) fn resolve(&self, from: &str, mention: &Mention) -> Option<&AdrId> {
        let by_path = || self.ids.get(&relative(from, mention.destination.as_deref()?)?);
        let by_stem = || {
            self.ids.values().find(|id| id.as_str() == mention.written || id.as_str().ends_with(&format!("/{}", mention.written)))
        };
        let by_number = || self.numbers.get(&number_in(&mention.written)?);
        by_path().or_else(by_number).or_else(by_stem)
    }

    /// Whether a relative link to a Markdown file leads nowhere within the directory. Links that leave it, or go elsewhere on the web,
    /// are not judged.
    pub(super) fn is_dangling(&self, from: &str, destination: &str) -> bool {
        let path = destination.split(['#', '?']).next().unwrap_or_default();
        let markdown = [".md", ".markdown"].iter().any(|end| path.to_ascii_lowercase().ends_with(end));
        let local = markdown && !path.contains(':') && !path.starts_with('/');
        local && relative(from, destination).is_some_and(|path| !self.files.contains(&path))
    }
}

/// The path that `destination` means in the file `from`, both relative to the directory; `None` where it leaves the directory.
fn relative(from: &str, destination: &str) -> Option<String> {
    let path = decoded(destination.split(['#', '?']).next()?);
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Percent-decodes a link destination; what is no escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match escape {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The number in `ADR-0012`, `#12`, `0012-title`, `12. Title`.
pub(super) fn number_in(text: &str) -> Option<u32> {
    let text = text.trim().trim_start_matches(['[', '#', '(']);
    let named = text.get(..3).filter(|start| start.eq_ignore_ascii_case("adr")).and_then(|_| text.get(3..));
    let digits: &str = named.unwrap_or(text).trim_start_matches(['-', '_', ' ', '#']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, after) = digits.split_at(end);
    let bounded = !after.starts_with(char::is_alphanumeric) && number.len() <= 6;
    number.parse().ok().filter(|_| bounded)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn index() -> Index {
        let mut index = Index::default();
        for (file, number) in [("0001-a.md", Some(1)), ("sub/0002-b c.md", Some(2)), ("20200101-dated.md", None)] {
            index.add(file, &AdrId::of_file(file), number);
        }
        index.add_file("README.md");
        index
    }

    #[rstest]
    #[case::link("Supersedes [1. A](0001-a.md)", "1. A")]
    #[case::bullet("- superseded by [A](0001-a.md)", "A")]
    #[case::named("Superseded by ADR-0001.", "ADR-0001")]
    #[case::spaced("Replaces ADR 1", "ADR 1")]
    #[case::wiki("Supersedes [[0001-a]]", "0001-a")]
    fn replacements_are_found_and_resolved(#[case] line: &str, #[case] written: &str) {
        let found = replacements(line, false);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1.written, written);
        assert_eq!(index().resolve("x.md", &found[0].1).map(AdrId::as_str), Some("0001-a"));
    }

    #[rstest]
    #[case::prose("This replaces ADR-1 in spirit")]
    #[case::a_thing("Replaces 3 servers by one")]
    fn prose_replaces_nothing(#[case] line: &str) {
        assert_eq!(replacements(line, false), []);
    }

    #[test]
    fn a_status_may_name_a_bare_number_anywhere() {
        assert_eq!(replacements("accepted, superseded by 0001-a", true)[0].1.written, "0001-a");
    }

    #[rstest]
    #[case::missing("x.md", "0009-no.md", true)]
    #[case::present("x.md", "0001-a.md", false)]
    #[case::fragment("x.md", "./0001-a.md#status", false)]
    #[case::encoded("x.md", "sub/0002-b%20c.md", false)]
    #[case::upwards("sub/x.md", "../0001-a.md", false)]
    #[case::no_record("x.md", "README.md", false)]
    #[case::leaves("x.md", "../README.md", false)]
    #[case::web("x.md", "https://example.com/a.md", false)]
    #[case::other_kind("x.md", "diagram.png", false)]
    fn only_links_within_the_directory_can_dangle(#[case] from: &str, #[case] to: &str, #[case] dangling: bool) {
        assert_eq!(index().is_dangling(from, to), dangling);
    }

    #[rstest]
    #[case("ADR-0012", Some(12))]
    #[case("adr 12: x", Some(12))]
    #[case("#12", Some(12))]
    #[case("0012-title", Some(12))]
    #[case("12. Title", Some(12))]
    #[case("20200101-title", None)]
    #[case("12factor", None)]
    #[case("Title", None)]
    fn numbers_are_read_from_every_spelling(#[case] text: &str, #[case] number: Option<u32>) {
        assert_eq!(number_in(text), number);
    }
}
