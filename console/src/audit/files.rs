//! The files of an audit: written whole or not at all, read only where their format is known.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::view::Ways;
use super::{Audit, Changes, templates};
use crate::run::{Run, SCHEMA};

/// Why an audit could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The folder or a file in it cannot be written.
    #[error("cannot write {}; check that the folder exists and may be written", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The document cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The file is not JSON, or lacks what its format promises.
    #[error("{} is not a whole audit document: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where it stops making sense.
        #[source]
        source: serde_json::Error,
    },
    /// The document has another format, or another version of it.
    #[error("{} has the format `{found}`, but this version reads only `{SCHEMA}`; use the version that wrote it", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The format that it names.
        found: String,
    },
    /// A template does not fit the audit: a mistake in this program.
    #[error("the report's template failed; please report this as a bug")]
    Template(#[from] tera::Error),
    /// The audit cannot be written as XML: a mistake in this program.
    #[error("the audit cannot be written as JUnit XML; please report this as a bug")]
    Xml(#[from] quick_junit::SerializeError),
    /// The run cannot be written as JSON: a mistake in this program.
    #[error("the run cannot be written as JSON; please report this as a bug")]
    Json(#[from] serde_json::Error),
}

/// The files that [`write()`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `audit.html`.
    pub html: PathBuf,
    /// `audit.md`.
    pub markdown: PathBuf,
    /// `audit.json`.
    pub json: PathBuf,
}

/// Writes `audit.html`, `audit.md` and `audit.json` into `dir`, which is made if need be. Everything is rendered and on disk under
/// another name before the first of the three is replaced, so that an earlier report survives any error.
pub fn write(audit: &Audit, dir: &Path) -> Result<Written, AuditError> {
    let ways = ways(dir, &audit.adr_directory);
    let contents = [
        ("audit.html", templates::html_beside(audit, &ways)?),
        ("audit.md", templates::markdown_beside(audit, &ways)?),
        ("audit.json", templates::json(audit)?),
    ];
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| AuditError::Write { path, source }
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let mut staged = Staged::default();
    for (name, content) in &contents {
        staged.add(&dir.join(name), content).map_err(failed(&dir.join(name)))?;
    }
    staged.commit().map_err(failed(dir))?;
    Ok(Written { html: dir.join("audit.html"), markdown: dir.join("audit.md"), json: dir.join("audit.json") })
}

/// Writes one report as `path`, whole or not at all; its folder is made if need be.
pub fn put(path: &Path, content: &str) -> Result<(), AuditError> {
    let failed = |source| AuditError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut staged = Staged::default();
    staged.add(path, content).map_err(failed)?;
    staged.commit().map_err(failed)
}

/// Reads the run of an `audit.json`.
pub fn load(path: &Path) -> Result<Run, AuditError> {
    read(path).map(|(run, _)| run)
}

/// Reads an `audit.json`: the run, and what had changed since an earlier one, where that was asked.
pub fn read(path: &Path) -> Result<(Run, Option<Changes>), AuditError> {
    let bytes = fs::read(path).map_err(|source| AuditError::Read { path: path.to_owned(), source })?;
    let malformed = |source| AuditError::Malformed { path: path.to_owned(), source };
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).map_err(malformed)?;
    let found = document.get("schema").and_then(serde_json::Value::as_str).unwrap_or("none");
    if found != SCHEMA {
        return Err(AuditError::Schema { path: path.to_owned(), found: crate::http::clean(found) });
    }
    let changes = document.get_mut("changes").map(serde_json::Value::take).unwrap_or_default();
    let changes = serde_json::from_value(changes).map_err(malformed)?;
    Ok((serde_json::from_value(document).map_err(malformed)?, changes))
}

/// Files that wait under other names; what was not renamed is removed when this is dropped.
#[derive(Default)]
struct Staged(Vec<(PathBuf, PathBuf)>);

impl Staged {
    fn add(&mut self, path: &Path, content: &str) -> std::io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let waiting = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let mut file = File::create(&waiting)?;
        self.0.push((waiting, path.to_owned()));
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }

    fn commit(mut self) -> std::io::Result<()> {
        self.0.drain(..).try_for_each(|(waiting, path)| fs::rename(waiting, path))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (waiting, _) in &self.0 {
            let _ = fs::remove_file(waiting);
        }
    }
}

/// The table of what each check is shown to catch, from the root of the tree that holds the ADR files as `history/adr`.
const DETECTION: &str = "docs/detection.md";

fn ways(dir: &Path, adrs: &Path) -> Ways {
    let root = absolute(adrs).ancestors().nth(2).map(Path::to_owned);
    let detection = root.map(|root| root.join(DETECTION)).filter(|table| table.is_file());
    Ways { adrs: way(dir, adrs), detection: detection.map(|table| way(dir, &table)) }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The way from `dir` to another place. Both are taken as relative to the same place unless absolute.
fn way(dir: &Path, to: &Path) -> String {
    let (from, to) = (absolute(dir), absolute(to));
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".into(), from.len().saturating_sub(shared));
    let down = to.iter().skip(shared).map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<std::borrow::Cow<'_, str>>>().join("/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("out", "history/adr", "../history/adr")]
    #[case("out/demo", "history/adr", "../../history/adr")]
    #[case("/a/b/out", "/a/history/adr", "../../history/adr")]
    #[case("/a", "/a/history/adr", "history/adr")]
    fn the_way_to_the_adrs_is_relative(#[case] dir: &str, #[case] adrs: &str, #[case] expected: &str) {
        assert_eq!(way(Path::new(dir), Path::new(adrs)), expected);
    }

    #[test]
    fn the_table_of_what_checks_catch_is_linked_where_the_tree_has_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let found = ways(&root.join("out/demo"), &root.join("history/adr"));
        assert_eq!(found.detection.as_deref(), Some("../../docs/detection.md"));
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(ways(elsewhere.path(), &elsewhere.path().join("history/adr")).detection, None);
    }
}
