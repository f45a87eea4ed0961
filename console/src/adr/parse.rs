//! One file's text to one record. Total: every text gives a record, and what is missing is left to the lint.

use super::document::Document;
use super::links::{self, Direction, Mention};
use super::metadata::{FrontMatter, unbulleted, value_of_line};
use super::model::{Adr, AdrId, Status, VerifiedBy};
use super::status;
use crate::http::clean;

const VERIFIED: &[&str] = &["verified-by", "verified", "verification"];

/// A record whose links are not resolved yet, with what the lint wants to know of its text.
#[derive(Debug)]
pub(super) struct Draft {
    /// The record so far.
    pub(super) adr: Adr,
    /// Whether the text itself has a title.
    pub(super) titled: bool,
    /// The number in the title.
    pub(super) title_number: Option<u32>,
    /// A date that is not `YYYY-MM-DD`, as written.
    pub(super) odd_date: Option<String>,
    /// Whether bytes had to be replaced.
    pub(super) lossy: bool,
    /// Replacements that the text states.
    pub(super) replacements: Vec<(Direction, Mention)>,
    /// Destinations of all links.
    pub(super) destinations: Vec<String>,
    /// Which of the customary sections there are.
    pub(super) sections: Sections,
}

/// The sections that readers look for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sections {
    /// What called for the decision.
    pub(super) context: bool,
    /// What was decided.
    pub(super) decision: bool,
    /// What it costs.
    pub(super) consequences: bool,
    /// What else was considered.
    pub(super) alternatives: bool,
}

impl Sections {
    fn of(document: &Document<'_>) -> Self {
        let has = |words: &[&str]| {
            let text = document.section(|name| words.iter().any(|word| name.contains(word)));
            text.is_some_and(|text| !text.trim().is_empty())
        };
        Self {
            context: has(&["context", "problem", "background", "motivation", "why"]),
            decision: has(&["decision", "outcome", "solution"]),
            consequences: has(&["consequence", "trade-off", "tradeoff", "trade off", "impact", "pros and cons", "drawback"]),
            alternatives: has(&["alternative", "option", "considered", "rejected"]),
        }
    }
}

/// Reads a record from the bytes of the file `file_name` (relative, with `/`).
pub(super) fn parse(file_name: &str, bytes: &[u8]) -> Draft {
    let text = String::from_utf8_lossy(bytes);
    let lossy = matches!(text, std::borrow::Cow::Owned(_));
    let text = clean(&text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n"));
    let (matter, rest) = FrontMatter::split(&text);
    let document = Document::of(rest);
    let written = document.title().map(str::to_owned).or_else(|| matter.get(&["title"]));
    let (title_number, title) = written.as_deref().map_or((None, String::new()), split_title);
    let file = FileName::of(file_name);
    let state = status_text(&matter, &document);
    let (date, odd_date) = date(&matter, &document, &file);
    let adr = Adr {
        id: AdrId::of_file(file_name),
        number: file.number.or(title_number),
        title: if title.is_empty() { file.words.clone() } else { title.clone() },
        status: state.as_deref().and_then(status::parse).unwrap_or(Status::Unknown(String::new())),
        date,
        verified_by: verified_by(&matter, &document),
        supersedes: Vec::new(),
        superseded_by: Vec::new(),
        body_markdown: document.body().to_owned(),
        file_name: file_name.to_owned(),
        problems: Vec::new(),
    };
    Draft {
        adr,
        titled: !title.is_empty(),
        title_number,
        odd_date,
        lossy,
        replacements: replacements(&matter, state.as_deref().unwrap_or_default(), &document),
        destinations: document.references().iter().map(|reference| reference.destination.clone()).collect(),
        sections: Sections::of(&document),
    }
}

/// What a file name says: `0007-pooling.md`, `20200131-pooling.md`, `2020-01-31-pooling.md`, `adr-7-pooling.md`.
#[derive(Debug)]
struct FileName {
    number: Option<u32>,
    date: Option<String>,
    words: String,
}

impl FileName {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let (date, rest) = leading_date(stem).map_or((None, stem), |(date, rest)| (Some(date), rest));
        let number = date.is_none().then(|| links::number_in(rest)).flatten();
        let prefix = rest.get(..3).is_some_and(|start| number.is_some() && start.eq_ignore_ascii_case("adr"));
        let named = if prefix { rest.get(3..).unwrap_or_default() } else { rest };
        let words = named.trim_start_matches(|c: char| !c.is_alphanumeric() || number.is_some() && c.is_ascii_digit());
        Self { number, date, words: words.replace(['-', '_'], " ").trim().to_owned() }
    }
}

/// `20200131-rest` or `2020-01-31-rest` as an ISO date and the rest.
fn leading_date(stem: &str) -> Option<(String, &str)> {
    let dashed = stem.get(..10).and_then(iso_date).map(|date| (date, stem.get(10..).unwrap_or_default()));
    let compact = || {
        let digits = stem.get(..8).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let date = format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
        Some((iso_date(&date)?, stem.get(8..).unwrap_or_default()))
    };
    dashed.or_else(compact)
}

/// `text` if it is a date of the calendar as `YYYY-MM-DD`.
fn iso_date(text: &str) -> Option<String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).ok().map(|_| text.to_owned())
}

/// `12. Use X`, `ADR-0012: Use X`, `0012 - Use X`: the number and the words.
fn split_title(title: &str) -> (Option<u32>, String) {
    let named = title.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("adr"));
    let rest = if named { title.get(3..).unwrap_or_default().trim_start_matches(['-', '_', ' ', '#']) } else { title };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, words) = rest.split_at(end);
    let separated = named
        || words.starts_with(['.', ':', ')'])
        || words.starts_with(" -")
        || words.starts_with(" –")
        || words.starts_with(" —");
    let trimmed =
        words.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ':' | ')' | '-' | '–' | '—' | ']')).trim();
    match digits.parse() {
        Ok(number) if separated && !trimmed.is_empty() => (Some(number), trimmed.to_owned()),
        _ => (None, title.trim().to_owned()),
    }
}

/// The text that states the status: front matter, a `Status:` line before the first section, or the section of that name.
fn status_text(matter: &FrontMatter, document: &Document<'_>) -> Option<String> {
    let keys = &["status", "state"];
    let line = || document.preamble().lines().find_map(|line| value_of_line(line, keys)).map(str::to_owned);
    let section = || document.section(|name| keys.contains(&name.trim_end_matches(':'))).map(str::to_owned);
    let full = |text: &String| !text.trim().is_empty();
    matter.get(keys).or_else(line).filter(full).or_else(section).filter(full)
}

/// The date as ISO, or else what was written instead of one.
fn date(matter: &FrontMatter, document: &Document<'_>, file: &FileName) -> (Option<String>, Option<String>) {
    let keys = &["date", "decided-on", "decision-date", "created", "last-updated"];
    let line = || document.preamble().lines().find_map(|line| value_of_line(line, keys)).map(str::to_owned);
    let section = || document.section(|name| name == "date").and_then(|text| text.trim().lines().next()).map(str::to_owned);
    let written =
        matter.get(keys).or_else(line).or_else(section).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let iso = written.as_deref().and_then(|text| iso_date(text.get(..10)?));
    let odd = written.filter(|_| iso.is_none());
    (iso.or_else(|| file.date.clone()), odd)
}

/// Front matter, a `Verified-by:` line anywhere in the prose, or a section of that name.
fn verified_by(matter: &FrontMatter, document: &Document<'_>) -> VerifiedBy {
    let line = || document.prose_lines().find_map(|line| value_of_line(line, &["verified-by"])).map(str::to_owned);
    let section = || document.section(|name| name == "verified by" || name == "verified-by").map(str::to_owned);
    matter.get(VERIFIED).or_else(line).or_else(section).map_or(VerifiedBy::Missing, |text| verified_from(&text))
}

fn verified_from(text: &str) -> VerifiedBy {
    let text = text.trim();
    if let Some(reason) = reason_for_none(unbulleted(text)) {
        return VerifiedBy::None { reason };
    }
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '`' | '[' | ']' | '"' | '\'' | '(' | ')'));
    let ids: Vec<_> = words.filter(|word| is_check_id(word)).map(str::to_owned).collect();
    if ids.is_empty() { VerifiedBy::Missing } else { VerifiedBy::Ids { ids } }
}

/// What follows `none`, without the dash or colon between; empty where nothing does.
fn reason_for_none(text: &str) -> Option<String> {
    let rest = text.get(..4).filter(|word| word.eq_ignore_ascii_case("none")).and_then(|_| text.get(4..))?;
    let mark = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | ',' | ';' | '(' | ')');
    let whole_word = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
    whole_word.then(|| rest.trim_matches(mark).to_owned())
}

/// Words joined by dots, the last of which may be `*`: `cors.origin.null`, `cors.*`.
fn is_check_id(word: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    word.rsplit_once('.').is_some_and(|(family, last)| family.split('.').all(part) && (last == "*" || part(last)))
}

fn replacements(matter: &FrontMatter, state: &str, document: &Document<'_>) -> Vec<(Direction, Mention)> {
    let field = |keys: &[&str], direction| {
        let text = matter.get(keys).unwrap_or_default();
        links::mentions(&text, true).into_iter().map(move |mention| (direction, mention)).collect::<Vec<_>>()
    };
    let mut found = field(&["supersedes", "replaces"], Direction::Supersedes);
    found.extend(field(&["superseded-by", "replaced-by"], Direction::SupersededBy));
    found.extend(state.lines().flat_map(|line| links::replacements(line, true)));
    found.extend(document.prose_lines().flat_map(|line| links::replacements(line, false)));
    let mut unique: Vec<(Direction, Mention)> = Vec::new();
    for one in found {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique
}
