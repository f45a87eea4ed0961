//! The files of one commit: what a builder that clones the repository gets.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::{Repository, RepositoryError};

/// A file longer than this is not read into memory by [`Snapshot::read`].
const MOST_BYTES: u64 = 4 << 20;

/// The tracked files of HEAD, by path.
pub struct Snapshot<'a> {
    repository: &'a Repository,
    files: BTreeMap<String, ObjectId>,
}

impl Repository {
    /// The files of HEAD; empty before the first commit.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, RepositoryError> {
        let mut files = BTreeMap::new();
        if let Ok(tree) = self.git.head_tree() {
            let entries = tree.traverse().breadthfirst.files().map_err(RepositoryError::read("the tree of HEAD"))?;
            let blobs = entries.into_iter().filter(|entry| entry.mode.is_blob());
            files.extend(blobs.map(|entry| (entry.filepath.to_str_lossy().into_owned(), entry.oid)));
        }
        Ok(Snapshot { repository: self, files })
    }
}

impl Snapshot<'_> {
    /// Every path, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether anything lies below this directory.
    pub fn has_directory(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        self.files.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// The bytes of a file; `None` where there is none, or it is longer than 4 MiB.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let id = *self.files.get(path)?;
        let git = &self.repository.git;
        git.find_header(id).ok().filter(|header| header.size() <= MOST_BYTES)?;
        git.find_object(id).ok().map(|object| object.detach().data)
    }

    /// The text of a file, with what is not UTF-8 replaced.
    pub fn text(&self, path: &str) -> Option<String> {
        self.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}
