//! The journal: what the run is about to make, written and synced before it is sent, so that nothing can be left behind unseen.
//!
//! One file a run, locked while the run lives. A file that nobody holds belongs to a run that was killed.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::http::Trouble;

/// The journal cannot be kept, so nothing may be created.
#[derive(Debug, Error)]
#[error("cannot keep the clean-up journal in {}: {source}; name a writable directory with --journal", .path.display())]
pub struct JournalError {
    /// The directory or file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// An object of the resource.
    #[default]
    Object,
    /// What objects live in.
    Parent,
}

impl Kind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    fn is_object(&self) -> bool {
        *self == Self::Object
    }
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub(super) enum Entry {
    /// First line: which run, on which target.
    Run { run: Uuid, target: String },
    /// A creation is about to be sent.
    Announced { user: String, subject: Option<String>, marker: String },
    /// It succeeded, and this is where the object is.
    Created {
        marker: String,
        id: String,
        #[serde(default, skip_serializing_if = "Kind::is_object")]
        kind: Kind,
    },
    /// The object is gone.
    Deleted {
        id: String,
        #[serde(default, skip_serializing_if = "Kind::is_object")]
        kind: Kind,
    },
    /// An account is about to be signed up.
    Account { user: String, name: String },
    /// The account is gone, or was never made.
    AccountDeleted { name: String },
}

/// The journal of a living run.
#[derive(Debug)]
pub struct Journal {
    /// The file, and how many entries were written.
    file: Mutex<(File, u64)>,
    /// How many entries are on disk.
    synced: Mutex<u64>,
    path: PathBuf,
}

/// `$XDG_STATE_HOME/postflight`, else `~/.local/state/postflight`, else a folder in the temporary directory.
pub fn default_directory() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/state"));
    state.filter(|path| path.is_absolute()).or_else(home).unwrap_or_else(std::env::temp_dir).join("postflight")
}

impl Journal {
    /// Opens the journal of `run` on `target` in `directory`, and locks it.
    pub fn open(directory: &Path, run: Uuid, target: &str) -> Result<Self, JournalError> {
        let path = directory.join(format!("{}.jsonl", run.simple()));
        let open = || {
            fs::create_dir_all(directory)?;
            let file = File::options().create_new(true).append(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        let file = open().map_err(|source| JournalError { path: directory.to_owned(), source })?;
        let journal = Self { file: Mutex::new((file, 0)), synced: Mutex::new(0), path };
        journal.record(&Entry::Run { run, target: target.to_owned() })?;
        Ok(journal)
    }

    /// Appends `entry` and waits until it is on disk. Blocks; entries that several threads append meanwhile share one sync.
    pub(super) fn record(&self, entry: &Entry) -> Result<(), JournalError> {
        self.append(entry).and_then(|mine| self.sync(mine)).map_err(|source| JournalError { path: self.path.clone(), source })
    }

    /// The same for asynchronous code: syncing blocks, so it has a thread of its own.
    pub(super) async fn recorded(self: &Arc<Self>, entry: Entry) -> Result<(), Trouble> {
        let journal = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || journal.record(&entry)).await;
        written.map_err(|error| Trouble::Unexpected(error.to_string()))?.map_err(|error| Trouble::NotGiven(error.to_string()))
    }

    /// Writes a line; its number.
    fn append(&self, entry: &Entry) -> std::io::Result<u64> {
        let line = format!("{}\n", serde_json::to_string(entry)?);
        let mut file = held(&self.file)?;
        file.0.write_all(line.as_bytes())?;
        file.1 += 1;
        Ok(file.1)
    }

    /// Returns when line `mine` is on disk: by a sync of its own, or by one that began after it was written.
    fn sync(&self, mine: u64) -> std::io::Result<()> {
        let mut synced = held(&self.synced)?;
        if *synced >= mine {
            return Ok(());
        }
        let (file, written) = {
            let file = held(&self.file)?;
            (file.0.try_clone()?, file.1)
        };
        file.sync_data()?;
        *synced = written;
        Ok(())
    }

    /// Removes the journal: everything it names is gone, or nothing can remove it.
    pub(super) fn finish(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn held<T>(lock: &Mutex<T>) -> std::io::Result<MutexGuard<'_, T>> {
    lock.lock().map_err(|_| std::io::Error::other("a writer panicked"))
}

/// The journal of a run that was killed, locked by us so that no other console sweeps it at the same time.
#[derive(Debug)]
pub(super) struct Abandoned {
    pub(super) run: Uuid,
    pub(super) entries: Vec<Entry>,
    path: PathBuf,
    file: File,
}

impl Abandoned {
    /// How long ago the run wrote its last line; none where the system does not say.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        self.file.metadata().ok()?.modified().ok()?.elapsed().ok()
    }

    /// Removes the journal after everything in it was dealt with.
    pub(super) fn settle(self) {
        let _ = fs::remove_file(&self.path);
    }

    /// Ids of this kind that were made and not deleted.
    pub(super) fn undeleted(&self, of: Kind) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for entry in &self.entries {
            match entry {
                Entry::Created { id, kind, .. } if *kind == of => ids.insert(id.clone()),
                Entry::Deleted { id, kind } if *kind == of => ids.remove(id),
                _ => false,
            };
        }
        ids
    }

    /// Subjects and user names under which something was announced, each once.
    pub(super) fn owners(&self) -> Vec<(String, Option<String>)> {
        let mut owners: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Announced { user, subject, .. } => Some((user.clone(), subject.clone())),
                _ => None,
            })
            .collect();
        owners.sort();
        owners.dedup();
        owners
    }

    /// Whether something that was announced as this user may still be there: what was made and deleted is not, nor is what accounts held that
    /// were all deleted.
    pub(super) fn may_own(&self, name: &str, subject: Option<&str>) -> bool {
        let mut accounts = self.entries.iter().filter(|entry| matches!(entry, Entry::Account { user, .. } if user == name));
        if accounts.next().is_some() && self.accounts().iter().all(|(user, _)| user != name) {
            return false;
        }
        let is_gone = |marker: &str| {
            let made = self.entries.iter().find_map(|entry| match entry {
                Entry::Created { marker: of, id, kind } if of == marker => Some((id, *kind)),
                _ => None,
            });
            made.is_some_and(|(id, kind)| !self.undeleted(kind).contains(id))
        };
        self.entries.iter().any(|entry| match entry {
            Entry::Announced { user, subject: of, marker } => user == name && of.as_deref() == subject && !is_gone(marker),
            _ => false,
        })
    }

    /// Accounts that were signed up and not deleted: which user each was, and its name.
    pub(super) fn accounts(&self) -> Vec<(String, String)> {
        let mut accounts = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Account { user, name } => accounts.push((user.clone(), name.clone())),
                Entry::AccountDeleted { name: gone } => accounts.retain(|(_, name)| name != gone),
                _ => {}
            }
        }
        accounts
    }
}

/// Journals in `directory` about `target` whose runs are no longer alive. A torn last line is what a kill leaves, and is ignored.
pub(super) fn abandoned(directory: &Path, target: &str) -> Vec<Abandoned> {
    let Ok(listing) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<_> = listing.flatten().filter_map(|entry| read_abandoned(&entry.path(), target)).collect();
    found.sort_by_key(|journal| journal.run);
    found
}

fn read_abandoned(path: &Path, target: &str) -> Option<Abandoned> {
    let lock = File::options().read(true).append(true).open(path).ok()?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
    }
    let text = fs::read_to_string(path).ok()?;
    let mut entries = text.lines().map_while(|line| serde_json::from_str::<Entry>(line).ok());
    match entries.next()? {
        Entry::Run { run, target: about } if about == target => {
            Some(Abandoned { run, entries: entries.collect(), path: path.to_owned(), file: lock })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_what_they_live_in_may_have_the_same_id() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path(), Uuid::now_v7(), "t").unwrap();
        let made = |id: &str, kind| Entry::Created { marker: "m".into(), id: id.into(), kind };
        for entry in [made("1", Kind::Parent), made("1", Kind::Object), Entry::Deleted { id: "1".into(), kind: Kind::Object }] {
            journal.record(&entry).unwrap();
        }
        drop(journal);
        let found = abandoned(directory.path(), "t").pop().unwrap();
        assert_eq!((found.undeleted(Kind::Object).len(), found.undeleted(Kind::Parent)), (0, BTreeSet::from(["1".to_owned()])));
    }

    #[test]
    fn what_was_made_and_deleted_is_nobodys_any_more_nor_what_a_deleted_account_held() {
        let announced = |user: &str, marker: &str| Entry::Announced { user: user.into(), subject: None, marker: marker.into() };
        let made = |marker: &str, id: &str| Entry::Created { marker: marker.into(), id: id.into(), kind: Kind::Object };
        let gone = |id: &str| Entry::Deleted { id: id.into(), kind: Kind::Object };
        let account = |name: &str| Entry::Account { user: "C".into(), name: name.into() };
        let directory = tempfile::tempdir().unwrap();
        let owns = |entries: &[Entry], name: &str| {
            let journal = Journal::open(directory.path(), Uuid::now_v7(), "t").unwrap();
            for entry in entries {
                journal.record(entry).unwrap();
            }
            drop(journal);
            let found = abandoned(directory.path(), "t").pop().unwrap();
            let owns = found.may_own(name, None);
            found.settle();
            owns
        };
        assert!(!owns(&[announced("A", "m"), made("m", "1"), gone("1")], "A"));
        assert!(owns(&[announced("A", "m"), made("m", "1")], "A"), "it was not deleted");
        assert!(owns(&[announced("A", "m"), made("m", "1"), gone("1"), announced("A", "n")], "A"), "it may have been made");
        assert!(owns(&[account("c"), announced("C", "m")], "C"));
        assert!(!owns(&[account("c"), announced("C", "m"), Entry::AccountDeleted { name: "c".into() }], "C"));
    }

    #[test]
    fn a_journal_is_abandoned_only_once_its_run_is_gone_and_a_torn_line_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let run = Uuid::now_v7();
        let journal = Journal::open(directory.path(), run, "http://127.0.0.1:1").unwrap();
        journal.record(&Entry::Announced { user: "A".into(), subject: Some("a".into()), marker: "m".into() }).unwrap();
        assert!(abandoned(directory.path(), "http://127.0.0.1:1").is_empty(), "still alive");
        writeln!(journal.file.lock().unwrap().0, "{{\"entry\":\"crea").unwrap();
        drop(journal);
        assert!(abandoned(directory.path(), "http://127.0.0.1:2").is_empty(), "another target");
        let found = abandoned(directory.path(), "http://127.0.0.1:1");
        assert_eq!(
            found.iter().map(|journal| (journal.run, journal.owners())).collect::<Vec<_>>(),
            [(run, vec![("A".into(), Some("a".into()))])]
        );
        found.into_iter().for_each(Abandoned::settle);
        assert!(abandoned(directory.path(), "http://127.0.0.1:1").is_empty(), "settled");
    }
}
