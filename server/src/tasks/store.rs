//! What an engine must promise to hold tasks.
//!
//! The contract, which one test suite asks of both engines: every method sees and touches the owner's tasks only; a foreign
//! task and a missing one are the same [`StoreError::NotFound`]; a guard is judged after ownership and in the same statement
//! as the write; a write happens wholly or not at all, and adds one to the version; lists are newest first.

use std::future::Future;
use std::pin::Pin;

use uuid::Uuid;

use super::model::{Change, NewTask, Task};
use crate::auth::Owner;
use crate::problem::Problem;

/// What a store's methods return: boxed, so that one `dyn TaskStore` stands for every engine.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The versions that a write may meet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guard {
    /// The version must be one of these; `None` is any.
    pub(crate) only: Option<Vec<i64>>,
    /// The version must be none of these.
    pub(crate) never: Vec<i64>,
}

impl Guard {
    /// Whether there is any condition at all: without one, no row means no task.
    pub(crate) fn is_open(&self) -> bool {
        self.only.is_none() && self.never.is_empty()
    }
}

/// One page of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Only ids below this one; the largest UUID for the first page.
    pub(crate) before: Uuid,
    /// At most this many.
    pub(crate) limit: u8,
}

/// Why a store has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The owner has no such task; somebody else might.
    #[error("no such task")]
    NotFound,
    /// The task is there, the guard does not hold.
    #[error("the version does not match")]
    Guarded,
    /// The engine cannot be reached, or dropped the connection.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// The tables are not the ones that this release was built for.
    #[error("the schema is not as expected: run `server migrate`")]
    Schema(#[source] sqlx::Error),
    /// A bug of ours, or a state that the engine should not be in.
    #[error("unexpected database error")]
    Internal(#[source] sqlx::Error),
}

/// A place that holds tasks.
pub(crate) trait TaskStore: Send + Sync + 'static {
    /// One page, newest first, with one task more than asked for if there are more.
    fn list<'a>(&'a self, owner: &'a Owner, page: Page) -> Answer<'a, Vec<Task>>;
    /// One task.
    fn get<'a>(&'a self, owner: &'a Owner, id: Uuid) -> Answer<'a, Task>;
    /// Makes a task; never tried twice.
    fn create<'a>(&'a self, owner: &'a Owner, task: &'a NewTask) -> Answer<'a, Task>;
    /// Changes a task if the guard holds; never tried twice.
    fn update<'a>(&'a self, owner: &'a Owner, id: Uuid, change: &'a Change, guard: &'a Guard) -> Answer<'a, Task>;
    /// Deletes a task if the guard holds.
    fn delete<'a>(&'a self, owner: &'a Owner, id: Uuid, guard: &'a Guard) -> Answer<'a, ()>;
}

impl From<StoreError> for Problem {
    /// The driver's words go to the log, never to the client.
    fn from(error: StoreError) -> Self {
        use std::error::Error as _;
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        match &error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Guarded => Self::PreconditionFailed,
            StoreError::Unavailable(_) | StoreError::Schema(_) => {
                tracing::warn!(%error, source, "a request found no database");
                Self::Unavailable
            }
            StoreError::Internal(_) => {
                tracing::error!(%error, source, "a query failed");
                Self::Internal
            }
        }
    }
}
