//! What a decision record is once it is read, whatever dialect it was written in.

use std::fmt;

use serde::Serialize;

use super::Lint;

/// Identifies one record within its directory: the path relative to it, without the extension (`0007-pooling-for-neon`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AdrId(String);

impl AdrId {
    /// The id of the record in this file, given relative to its directory.
    pub(super) fn of_file(file_name: &str) -> Self {
        let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
        Self(stem.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as an HTML anchor: `adr-` and only `a-z`, `0-9` and `-`.
    pub fn anchor(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        format!("adr-{}", self.0.chars().map(safe).collect::<String>())
    }
}

impl fmt::Display for AdrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a decision stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "word", content = "text")]
pub enum Status {
    /// In force.
    Accepted,
    /// Not decided yet.
    Proposed,
    /// Replaced; the text names the successor as it was written, if it was.
    Superseded {
        /// `ADR-0012`, or the text of the link.
        by: Option<String>,
    },
    /// No longer in force, without a successor.
    Deprecated,
    /// Decided against.
    Rejected,
    /// Something else, as it was written; empty where no status was found.
    Unknown(String),
}

impl Status {
    /// The word for a badge.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Proposed => "proposed",
            Self::Superseded { .. } => "superseded",
            Self::Deprecated => "deprecated",
            Self::Rejected => "rejected",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether the decision is in force.
    pub const fn in_force(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superseded { by: Some(by) } => write!(f, "superseded by {by}"),
            Self::Unknown(text) if !text.is_empty() => f.write_str(text),
            _ => f.write_str(self.word()),
        }
    }
}

/// Which checks show that the decision holds on the live service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum VerifiedBy {
    /// Ids of checks; one that ends in `.*` stands for all that begin so (`cors.*`).
    Ids {
        /// As written, in order.
        ids: Vec<String>,
    },
    /// Expressly by none.
    None {
        /// Why; empty where no reason was given.
        reason: String,
    },
    /// Nothing is said.
    Missing,
}

impl VerifiedBy {
    /// Whether the check with this id verifies the decision.
    pub fn covers(&self, check: &str) -> bool {
        matches!(self, Self::Ids { ids } if ids.iter().any(|id| id_covers(id, check)))
    }
}

/// Whether `id` (an id, or a family `cors.*`) means `check`.
pub(super) fn id_covers(id: &str, check: &str) -> bool {
    id.strip_suffix('*').map_or(id == check, |family| family.ends_with('.') && check.starts_with(family))
}

/// A reference from one record to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// As it was written: the text of the link, or `ADR-0012`.
    pub written: String,
    /// The record that is meant; `None` where there is none (`adr.dangling-link`).
    pub to: Option<AdrId>,
}

/// One decision record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adr {
    /// Its id within the directory.
    pub id: AdrId,
    /// The number in the file name or, failing that, in the title; `None` for dated and free names.
    pub number: Option<u32>,
    /// The title without its number; made from the file name where the text has none.
    pub title: String,
    /// Where the decision stands.
    pub status: Status,
    /// The date in the text or the file name, as `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Which checks verify it.
    pub verified_by: VerifiedBy,
    /// Records that this one replaces.
    pub supersedes: Vec<Link>,
    /// Records that replace this one.
    pub superseded_by: Vec<Link>,
    /// The text after front matter and title: Markdown as written, with control and direction characters made visible. Untrusted.
    pub body_markdown: String,
    /// Path relative to the directory, with `/`.
    pub file_name: String,
    /// What the lint rules found, in the order of [`super::RULES`].
    pub problems: Vec<Lint>,
}

impl Adr {
    /// `ADR-0007`, or the id where there is no number.
    pub fn label(&self) -> String {
        self.number.map_or_else(|| self.id.to_string(), |number| format!("ADR-{number:04}"))
    }
}

/// A file that could not be read as a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Path relative to the directory.
    pub file_name: String,
    /// Why, in one sentence.
    pub why: String,
}

/// A file that is no record: an index, a template, another format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Path relative to the directory.
    pub file_name: String,
    /// What it was taken for.
    pub why: String,
}

/// Everything that one directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decisions {
    /// The records, by number, then by path.
    pub adrs: Vec<Adr>,
    /// Files that should be records but could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Files that are no records.
    pub skipped: Vec<Skipped>,
}

impl Decisions {
    /// The record with this id.
    pub fn find(&self, id: &AdrId) -> Option<&Adr> {
        self.adrs.iter().find(|adr| adr.id == *id)
    }

    /// Records that name this check in `verified-by`, those in force first.
    pub fn for_check<'a>(&'a self, check: &'a str) -> impl Iterator<Item = &'a Adr> {
        let naming = move |adr: &&Adr| adr.verified_by.covers(check);
        let (in_force, others): (Vec<_>, Vec<_>) = self.adrs.iter().filter(naming).partition(|adr| adr.status.in_force());
        in_force.into_iter().chain(others)
    }

    /// Every problem with the record that has it.
    pub fn problems(&self) -> impl Iterator<Item = (&Adr, &Lint)> {
        self.adrs.iter().flat_map(|adr| adr.problems.iter().map(move |lint| (adr, lint)))
    }
}
