//! Every text that a ref can reach: each blob of each commit once, the messages of commits and tags, and the work tree itself.

use std::collections::{BTreeSet, HashSet};
use std::fs;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice as _};
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::{Repository, RepositoryError, State};

/// A blob longer than this many bytes is listed as unread.
const MOST_BYTES: u64 = 64 << 20;

/// Where a text was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file of the work tree that git does not have in this form: changed or untracked.
    WorkTree {
        /// Its path.
        path: String,
    },
    /// A blob.
    Blob {
        /// Its path in that commit.
        path: String,
        /// The newest commit that has it.
        commit: String,
        /// Whether HEAD has it; otherwise it is only in the history.
        at_head: bool,
    },
    /// The message of a commit.
    Message {
        /// The commit.
        commit: String,
    },
    /// The message of an annotated tag.
    Tag {
        /// Its ref.
        name: String,
    },
}

impl Place {
    /// The path, for texts that have one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::WorkTree { path } | Self::Blob { path, .. } => Some(path),
            Self::Message { .. } | Self::Tag { .. } => None,
        }
    }

    /// In words: `src/main.rs in the tree (commit 1234567)`.
    pub fn words(&self) -> String {
        let short = |commit: &str| commit.get(..10).unwrap_or(commit).to_owned();
        match self {
            Self::WorkTree { path } => format!("{path} in the work tree"),
            Self::Blob { path, commit, at_head: true } => format!("{path} in the tree (commit {})", short(commit)),
            Self::Blob { path, commit, at_head: false } => format!("{path} in the history (commit {})", short(commit)),
            Self::Message { commit } => format!("the message of commit {}", short(commit)),
            Self::Tag { name } => format!("the message of {name}"),
        }
    }
}

/// How much was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Refs whose history was read, HEAD included.
    pub refs: usize,
    /// Commits.
    pub commits: usize,
    /// Distinct blobs.
    pub blobs: usize,
    /// Changed and untracked files of the work tree.
    pub files: usize,
    /// Bytes of all of these.
    pub bytes: u64,
    /// What could not be read, with the reason.
    pub unread: Vec<String>,
    /// Whether reading was stopped before the end.
    pub stopped: bool,
}

impl Coverage {
    /// In words: `214 commits and 1,032 blobs of 9 refs`.
    pub fn words(&self) -> String {
        let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let files = if self.files > 0 { format!(" and {} of the work tree", plural(self.files, "file")) } else { String::new() };
        format!("{} and {} of {}{files}", plural(self.commits, "commit"), plural(self.blobs, "blob"), plural(self.refs, "ref"))
    }

    /// Why an absence cannot be concluded from this, if it cannot.
    pub fn reservation(&self) -> Option<String> {
        match self.unread.first() {
            _ if self.stopped => Some(format!("reading stopped early, after {}", self.words())),
            Some(first) => Some(format!("{} could not be read: {first}", self.unread.len())),
            None => None,
        }
    }
}

/// What a reader does with each text, and when it stops.
pub(super) trait Visit: FnMut(&Place, &[u8]) {}

impl<F: FnMut(&Place, &[u8])> Visit for F {}

impl Repository {
    /// Shows every text to `visit`: HEAD's commits first, then those of all other refs, newest first; then the files that `state` says
    /// are changed or untracked. Each blob once. Stops between two commits when `stop` says so. What is broken is listed, not fatal.
    pub fn read_all(
        &self,
        state: &State,
        stop: impl Fn() -> bool,
        mut visit: impl FnMut(&Place, &[u8]),
    ) -> Result<Coverage, RepositoryError> {
        let mut reader = Reader { repository: self, visit: &mut visit, seen: HashSet::new(), coverage: Coverage::default() };
        let tips = reader.tips()?;
        reader.coverage.refs = tips.len();
        let head = self.git.head_id().ok().map(gix::Id::detach);
        if let Some(head) = head {
            let commit = self.git.find_object(head).map_err(RepositoryError::read("HEAD"))?.detach();
            reader.commit(head, &commit.data, true);
        }
        reader.commits(tips.into_iter().chain(head), head, stop)?;
        reader.work_tree(state);
        Ok(reader.coverage)
    }
}

struct Reader<'a, V> {
    repository: &'a Repository,
    visit: &'a mut V,
    /// Trees and blobs that were read.
    seen: HashSet<ObjectId>,
    coverage: Coverage,
}

impl<V: Visit> Reader<'_, V> {
    /// The commits that refs name, annotated tags peeled and their messages shown.
    fn tips(&mut self) -> Result<Vec<ObjectId>, RepositoryError> {
        let failed = || RepositoryError::read("the refs");
        let refs = self.repository.git.references().map_err(failed())?;
        let mut tips = BTreeSet::new();
        for reference in refs.all().map_err(failed())?.flatten() {
            let name = reference.name().as_bstr().to_str_lossy().into_owned();
            let Some(id) = reference.try_id() else { continue };
            match self.peeled(id.detach(), &name) {
                Some(tip) => drop(tips.insert(tip)),
                None => self.coverage.unread.push(format!("{name} names no commit")),
            }
        }
        Ok(tips.into_iter().collect())
    }

    /// Follows annotated tags to a commit; trees and blobs that are tagged themselves are read here.
    fn peeled(&mut self, mut id: ObjectId, name: &str) -> Option<ObjectId> {
        loop {
            let object = self.repository.git.find_object(id).ok()?;
            if object.kind != gix::object::Kind::Tag {
                return (object.kind == gix::object::Kind::Commit).then_some(id);
            }
            (self.visit)(&Place::Tag { name: name.to_owned() }, &object.data);
            id = object.try_into_tag().ok()?.target_id().ok()?.detach();
        }
    }

    /// Reads every commit that `tips` reach, except the one that was read `already`.
    fn commits(
        &mut self,
        tips: impl IntoIterator<Item = ObjectId>,
        already: Option<ObjectId>,
        stop: impl Fn() -> bool,
    ) -> Result<(), RepositoryError> {
        let git = &self.repository.git;
        let walk = git.rev_walk(tips).sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst));
        for info in walk.all().map_err(RepositoryError::read("the commits"))? {
            if stop() {
                self.coverage.stopped = true;
                return Ok(());
            }
            match info.and_then(|info| Ok((info.id, info.object()?.detach()))) {
                Ok((id, _)) if already == Some(id) => {}
                Ok((id, commit)) => self.commit(id, &commit.data, false),
                Err(error) => self.coverage.unread.push(format!("a commit ({error})")),
            }
        }
        Ok(())
    }

    fn commit(&mut self, id: ObjectId, data: &[u8], at_head: bool) {
        self.coverage.commits += 1;
        self.coverage.bytes += data.len() as u64;
        let commit = id.to_string();
        (self.visit)(&Place::Message { commit: commit.clone() }, data);
        match gix::objs::CommitRef::from_bytes(data, gix::hash::Kind::Sha1) {
            Ok(decoded) => self.tree(decoded.tree(), "", &commit, at_head),
            Err(error) => self.coverage.unread.push(format!("commit {id} ({error})")),
        }
    }

    fn tree(&mut self, id: ObjectId, prefix: &str, commit: &str, at_head: bool) {
        if !self.seen.insert(id) {
            return;
        }
        let tree = match self.repository.git.find_object(id) {
            Ok(tree) => tree.detach().data,
            Err(error) => return self.coverage.unread.push(format!("tree {id} ({error})")),
        };
        for entry in gix::objs::TreeRefIter::from_bytes(&tree, gix::hash::Kind::Sha1) {
            let Ok(entry) = entry else {
                self.coverage.unread.push(format!("an entry of tree {id}"));
                continue;
            };
            let path = joined(prefix, entry.filename);
            if entry.mode.is_tree() {
                self.tree(entry.oid.to_owned(), &path, commit, at_head);
            } else if entry.mode.is_blob_or_symlink() {
                self.blob(entry.oid.to_owned(), path, commit, at_head);
            }
        }
    }

    fn blob(&mut self, id: ObjectId, path: String, commit: &str, at_head: bool) {
        if !self.seen.insert(id) {
            return;
        }
        let git = &self.repository.git;
        match git.find_header(id) {
            Ok(header) if header.size() > MOST_BYTES => {
                return self.coverage.unread.push(format!("{path} ({} bytes)", header.size()));
            }
            Err(error) => return self.coverage.unread.push(format!("{path} ({error})")),
            Ok(_) => {}
        }
        match git.find_object(id) {
            Ok(object) => {
                self.coverage.blobs += 1;
                self.coverage.bytes += object.data.len() as u64;
                (self.visit)(&Place::Blob { path, commit: commit.to_owned(), at_head }, &object.data);
            }
            Err(error) => self.coverage.unread.push(format!("{path} ({error})")),
        }
    }

    fn work_tree(&mut self, state: &State) {
        for path in state.changed.iter().chain(&state.untracked) {
            let full = self.repository.root.join(path);
            // A file that was removed, or is a link, has no text of its own.
            if !fs::symlink_metadata(&full).is_ok_and(|about| about.is_file() && about.len() <= MOST_BYTES) {
                continue;
            }
            match fs::read(&full) {
                Ok(bytes) => {
                    self.coverage.files += 1;
                    self.coverage.bytes += bytes.len() as u64;
                    (self.visit)(&Place::WorkTree { path: path.clone() }, &bytes);
                }
                Err(error) => self.coverage.unread.push(format!("{path} ({error})")),
            }
        }
    }
}

fn joined(prefix: &str, name: &BStr) -> String {
    let name = name.to_str_lossy();
    if prefix.is_empty() { name.into_owned() } else { format!("{prefix}/{name}") }
}
