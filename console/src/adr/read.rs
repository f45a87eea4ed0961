//! Reads a directory of records, to a bounded depth and size, in a fixed order.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::links::Index;
use super::model::{Decisions, Skipped, Unreadable};
use super::parse::{Draft, parse};
use super::{links, lint, model};
use crate::http::clean;

/// Directories are read to this depth: records are often filed by topic.
const DEPTH: usize = 4;
/// A record longer than this many bytes is reported instead of read.
const MOST_BYTES: u64 = 1 << 20;

/// Why a directory could not be read at all.
#[derive(Debug, Error)]
pub enum AdrError {
    /// The directory itself cannot be listed.
    #[error("cannot read the decision records in {}; name their directory with --adr-dir", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads every record below `directory`. Only a directory that cannot be listed is an error; see [`Decisions::unreadable`] for the rest.
pub fn read_dir(directory: &Path) -> Result<Decisions, AdrError> {
    let mut files = Vec::new();
    list(directory, "", DEPTH, &mut files).map_err(|source| AdrError::Directory { path: directory.to_owned(), source })?;
    files.sort();
    let mut decisions = Decisions::default();
    let mut drafts = Vec::new();
    for name in files {
        match read(directory, &name) {
            Read::Record(draft) => drafts.push(*draft),
            Read::Skip(why) => decisions.skipped.push(Skipped { file_name: clean(&name), why: why.into() }),
            Read::Failed(why) => decisions.unreadable.push(Unreadable { file_name: clean(&name), why }),
            Read::Nothing => {}
        }
    }
    drafts.sort_by(|a, b| {
        (a.adr.number.unwrap_or(u32::MAX), &a.adr.file_name).cmp(&(b.adr.number.unwrap_or(u32::MAX), &b.adr.file_name))
    });
    finish(drafts, &mut decisions);
    Ok(decisions)
}

/// Resolves links and lints, now that all records are known.
fn finish(mut drafts: Vec<Draft>, decisions: &mut Decisions) {
    let mut index = Index::default();
    for draft in &drafts {
        index.add(&draft.adr.file_name, &draft.adr.id, draft.adr.number);
    }
    let others =
        decisions.skipped.iter().map(|file| &file.file_name).chain(decisions.unreadable.iter().map(|file| &file.file_name));
    for file in others {
        index.add_file(file);
    }
    for draft in &mut drafts {
        for (direction, mention) in &draft.replacements {
            let to = index.resolve(&draft.adr.file_name, mention).cloned().filter(|id| *id != draft.adr.id);
            let link = model::Link { written: mention.written.clone(), to };
            match direction {
                links::Direction::Supersedes => draft.adr.supersedes.push(link),
                links::Direction::SupersededBy => draft.adr.superseded_by.push(link),
            }
        }
    }
    lint::lint(&mut drafts, &index);
    decisions.adrs = drafts.into_iter().map(|draft| draft.adr).collect();
}

/// Lists files below `directory` as relative paths with `/`. Symbolic links are not followed.
fn list(directory: &Path, prefix: &str, depth: usize, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && depth > 1 && !hidden {
            // A subdirectory that cannot be listed hides nothing that was promised: its name shows up as unreadable.
            if list(&entry.path(), &format!("{name}/"), depth - 1, files).is_err() {
                files.push(format!("{name}/"));
            }
        } else if kind.is_file() && !hidden {
            files.push(name);
        }
    }
    Ok(())
}

enum Read {
    Record(Box<Draft>),
    Skip(&'static str),
    Failed(String),
    Nothing,
}

fn read(directory: &Path, name: &str) -> Read {
    if name.ends_with('/') {
        return Read::Failed("the directory cannot be listed".into());
    }
    match Kind::of(name) {
        Kind::Record => record(directory, name),
        Kind::Index => Read::Skip("an index, not a record"),
        Kind::Template => Read::Skip("a template, not a record"),
        Kind::OtherFormat => Read::Skip("not Markdown"),
        Kind::Other => Read::Nothing,
    }
}

fn record(directory: &Path, name: &str) -> Read {
    let path = directory.join(name);
    let bytes =
        match fs::metadata(&path).and_then(|about| if about.len() > MOST_BYTES { Ok(None) } else { fs::read(&path).map(Some) }) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Read::Failed(format!("longer than {} KiB", MOST_BYTES / 1024)),
            Err(error) => return Read::Failed(error.to_string()),
        };
    if bytes.trim_ascii().is_empty() {
        return Read::Failed("the file is empty".into());
    }
    if bytes.contains(&0) {
        return Read::Failed("a binary file: it contains NUL".into());
    }
    Read::Record(Box::new(parse(name, &bytes)))
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Record,
    Index,
    Template,
    OtherFormat,
    Other,
}

impl Kind {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let Some((stem, extension)) = name.rsplit_once('.') else { return Self::Other };
        match (stem, extension) {
            ("readme" | "index" | "summary" | "changelog" | "contributing" | "toc", "md" | "markdown") => Self::Index,
            (stem, "md" | "markdown") if stem == "template" || stem.ends_with("-template") || stem.starts_with("adr-template") => {
                Self::Template
            }
            (_, "md" | "markdown") => Self::Record,
            (stem, "adoc" | "asciidoc" | "rst" | "org" | "txt") if stem.starts_with(|c: char| c.is_ascii_digit()) => {
                Self::OtherFormat
            }
            _ => Self::Other,
        }
    }
}

/// Records read from memory: file names and their bytes.
#[cfg(test)]
pub(super) fn from_memory(files: &[(&str, &str)]) -> Decisions {
    let mut drafts: Vec<_> = files.iter().map(|(name, text)| parse(name, text.as_bytes())).collect();
    drafts.sort_by_key(|draft| draft.adr.number);
    let mut decisions = Decisions::default();
    finish(drafts, &mut decisions);
    decisions
}
