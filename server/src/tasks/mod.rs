//! The resource: tasks, each owned by one verified subject.
//!
//! `model` says what a task is, `cursor` and `precondition` how it is listed and guarded, `routes` how HTTP reaches it,
//! `store` what an engine must promise, `postgres` and `sqlite` how each engine keeps the promise. No query in here can be
//! written without an [`Owner`](crate::auth::Owner).

mod cursor;
mod model;
mod postgres;
mod precondition;
pub(crate) mod routes;
#[cfg(feature = "embedded")]
mod sqlite;
mod store;

pub(crate) use self::postgres::PostgresTasks;
#[cfg(feature = "embedded")]
pub(crate) use self::sqlite::SqliteTasks;
pub(crate) use self::store::{StoreError, TaskStore};

#[cfg(all(test, feature = "embedded"))]
pub(crate) use self::{
    model::{Change, NewTask, Task},
    store::{Answer, Guard, Page},
};
