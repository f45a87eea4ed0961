//! Reads a git work tree and its whole history, without a git program.
//!
//! Owns what "the repository" means to a check: the files of HEAD ([`Repository::snapshot`]), the state of the work tree
//! ([`Repository::state`]) and every text that any ref can reach ([`Repository::read_all`]). Judges nothing, and writes nothing.
//! Everything here blocks: call it through `spawn_blocking`.

mod history;
mod snapshot;
mod state;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use history::{Coverage, Place};
pub use snapshot::Snapshot;
pub use state::State;

/// Why a repository could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RepositoryError {
    /// There is none.
    #[error("{} is not a git repository ({why}); run from the checkout that was deployed", path.display())]
    Open {
        /// Where it was looked for.
        path: PathBuf,
        /// What git says.
        why: String,
    },
    /// Something in it is broken or missing.
    #[error("cannot read {what}: {why}")]
    Read {
        /// What was to be read.
        what: String,
        /// What git says.
        why: String,
    },
}

impl RepositoryError {
    fn read(what: impl Into<String>) -> impl FnOnce(gix::Error) -> Self {
        let what = what.into();
        move |error| Self::Read { what, why: format!("{error:#}") }
    }
}

/// An open repository.
pub struct Repository {
    git: gix::Repository,
    root: PathBuf,
}

impl Repository {
    /// Opens the repository whose work tree `path` lies in.
    pub fn open(path: &Path) -> Result<Self, RepositoryError> {
        let refused = |why: &dyn Display| RepositoryError::Open { path: path.to_owned(), why: why.to_string() };
        let git = gix::discover(path).map_err(|error| refused(&format!("{error:#}")))?;
        let root = git.workdir().ok_or_else(|| refused(&"it is bare"))?.to_owned();
        Ok(Self { git, root })
    }

    /// The root of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that HEAD names, in 40 hexadecimal digits; `None` before the first commit.
    pub fn head(&self) -> Option<String> {
        self.git.head_id().ok().map(|id| id.to_string())
    }
}
