//! How the work tree stands to its commit: what was changed, what is untracked, what git would ignore.

use std::collections::BTreeSet;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::status::UntrackedFiles;
use gix::status::index_worktree::iter::Summary;

use super::{Repository, RepositoryError};

/// What targets are described in.
const DESCRIPTION: &str = "postflight.toml";

/// The work tree against HEAD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Tracked files that differ from HEAD, staged or not.
    pub changed: BTreeSet<String>,
    /// Files that are neither tracked nor ignored.
    pub untracked: BTreeSet<String>,
    /// Whether older commits were left out when it was cloned.
    pub shallow: bool,
}

impl State {
    /// Why the checkout cannot speak for a release, if it cannot: a shallow clone or changed files. The description of the target is no part of
    /// what was built from it.
    pub fn reservation(&self) -> Option<String> {
        if self.shallow {
            return Some("the clone is shallow, so its history is cut off; run `git fetch --unshallow`".into());
        }
        let is_built = |path: &&String| Path::new(path).file_name().is_none_or(|name| name != DESCRIPTION);
        let changed: Vec<_> = self.changed.iter().filter(is_built).collect();
        let differ = match changed.as_slice() {
            [] => return None,
            [one] => format!("{one} differs"),
            [first, more @ ..] => format!("{first} and {} more differ", more.len()),
        };
        Some(format!("the work tree is dirty ({differ} from HEAD); commit or stash, then run again"))
    }
}

impl Repository {
    /// Compares the work tree with HEAD, submodules left out.
    pub fn state(&self) -> Result<State, RepositoryError> {
        let failed = || RepositoryError::read("the state of the work tree");
        let shallow = self.git.is_shallow().map_err(failed())?;
        let status = self.git.status(gix::progress::Discard).map_err(failed())?;
        let status = status.untracked_files(UntrackedFiles::Files).index_worktree_submodules(None);
        let mut state = State { shallow, ..State::default() };
        for item in status.into_iter(None).map_err(failed())? {
            let item = item.map_err(failed())?;
            let path = item.location().to_str_lossy().into_owned();
            match item {
                gix::status::Item::IndexWorktree(change) => match change.summary() {
                    Some(Summary::Added | Summary::Copied | Summary::IntentToAdd) => drop(state.untracked.insert(path)),
                    Some(_) => drop(state.changed.insert(path)),
                    None => {}
                },
                gix::status::Item::TreeIndex(_) => drop(state.changed.insert(path)),
            }
        }
        Ok(state)
    }

    /// Whether git ignores this path (relative to the root), as `git check-ignore` would say.
    pub fn ignores(&self, path: &str) -> Result<bool, RepositoryError> {
        let failed = || RepositoryError::read("the ignore rules");
        let index = self.git.index_or_empty().map_err(failed())?;
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let mut rules = self.git.excludes(&index, None, source).map_err(failed())?;
        let at = rules.at_path(Path::new(path), None);
        at.map(|platform| platform.is_excluded())
            .map_err(|error| RepositoryError::Read { what: path.into(), why: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::clean(&[], None)]
    #[case::described_anew(&["api/postflight.toml", "postflight.toml"], None)]
    #[case::one(&["main.py", "postflight.toml"], Some("main.py differs"))]
    #[case::more(&["a.py", "b.py", "c.py"], Some("a.py and 2 more differ"))]
    fn changed_files_leave_it_open_whether_the_release_was_read(#[case] changed: &[&str], #[case] words: Option<&str>) {
        let state = State { changed: changed.iter().map(ToString::to_string).collect(), ..State::default() };
        let told = state.reservation();
        assert_eq!(told.is_some(), words.is_some());
        assert!(told.unwrap_or_default().contains(words.unwrap_or_default()));
    }
}
