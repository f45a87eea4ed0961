//! Finds the audit of an earlier run, which a later one is compared with.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::{AuditError, load};
use crate::run::Run;

/// The run of the audit document `path`; or, where `path` is a folder, of the newest audit of `target` in it that began before `before`.
/// `None` where the folder has none: a first run has nothing to be compared with. JSON files of another format are passed over.
pub fn earlier(path: &Path, target: &str, before: OffsetDateTime) -> Result<Option<Run>, AuditError> {
    if !path.is_dir() {
        return load(path).map(Some);
    }
    let mut newest: Option<Run> = None;
    for file in documents(path)? {
        let run = match load(&file) {
            Err(AuditError::Schema { .. }) => continue,
            read => read?,
        };
        let newer = newest.as_ref().is_none_or(|newest| newest.started_at < run.started_at);
        if newer && run.target.name == target && run.started_at < before {
            newest = Some(run);
        }
    }
    Ok(newest)
}

/// The JSON files of a folder, by name.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let failed = |source| AuditError::Read { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut files = entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect::<Result<Vec<_>, AuditError>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}
