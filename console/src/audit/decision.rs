//! Decisions as the report shows them.

/// One ADR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Its id, which is its anchor in the report.
    pub id: String,
    /// Its title, without number.
    pub title: String,
    /// Its status in words.
    pub status: String,
    /// The date it was decided, where it says.
    pub date: Option<String>,
    /// Its file name: `0001-title.md`.
    pub file: String,
    /// The file as Markdown.
    pub markdown: String,
    /// Checks that verify it.
    pub verified_by: Vec<String>,
    /// What is wrong with the file.
    pub lints: Vec<String>,
}

/// Every ADR of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// In the order of their numbers.
    pub all: Vec<Decision>,
    /// The directory, relative to the repository.
    pub directory: String,
}
