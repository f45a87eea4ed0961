//! Tasks in SQLite: the engine of the embedded default and of development without PostgreSQL.
//!
//! The same promises as [`super::postgres`], in SQLite's dialect: lists of versions travel as JSON, times are made here
//! because there is only one process, and nothing is retried because there is no network.

use sqlx::SqlitePool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{Change, NewTask, Task};
use super::store::{Answer, Guard, Page, StoreError, TaskStore};
use crate::auth::Owner;
use crate::database::failure;

const LIST: &str = "SELECT id, title, description, completed, version, created_at, updated_at FROM tasks \
    WHERE owner = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const GET: &str =
    "SELECT id, title, description, completed, version, created_at, updated_at FROM tasks WHERE owner = ?1 AND id = ?2";
const INSERT: &str = "INSERT INTO tasks (owner, id, title, description, completed, created_at, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING id, title, description, completed, version, created_at, updated_at";
const UPDATE: &str = "UPDATE tasks SET title = COALESCE(?3, title), description = CASE WHEN ?4 THEN ?5 ELSE description END, \
    completed = CASE WHEN ?6 THEN NOT completed ELSE COALESCE(?7, completed) END, version = version + 1, updated_at = ?10 \
    WHERE owner = ?1 AND id = ?2 AND (?8 IS NULL OR version IN (SELECT value FROM json_each(?8))) \
    AND version NOT IN (SELECT value FROM json_each(?9)) \
    RETURNING id, title, description, completed, version, created_at, updated_at";
const DELETE: &str = "DELETE FROM tasks WHERE owner = ?1 AND id = ?2 \
    AND (?3 IS NULL OR version IN (SELECT value FROM json_each(?3))) AND version NOT IN (SELECT value FROM json_each(?4))";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM tasks WHERE owner = ?1 AND id = ?2)";

/// The tasks in a file.
#[derive(Debug, Clone)]
pub(crate) struct SqliteTasks(SqlitePool);

impl SqliteTasks {
    /// Uses the pool as it is.
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// A write touched no row: because of the guard, or because there is nothing?
    async fn why_not(&self, owner: &Owner, id: Uuid, guard: &Guard) -> StoreError {
        if guard.is_open() {
            return StoreError::NotFound;
        }
        let exists = sqlx::query_scalar(EXISTS).bind(owner.as_str()).bind(id).fetch_one(&self.0).await.map_err(failure);
        exists.map_or_else(
            |error| error,
            |exists| {
                if exists { StoreError::Guarded } else { StoreError::NotFound }
            },
        )
    }
}

/// Microseconds, as PostgreSQL keeps them.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

/// A list of versions as SQLite can unfold it.
fn json(versions: &[i64]) -> String {
    format!("{versions:?}")
}

impl TaskStore for SqliteTasks {
    fn list<'a>(&'a self, owner: &'a Owner, page: Page) -> Answer<'a, Vec<Task>> {
        Box::pin(async move {
            let list = sqlx::query_as(LIST).bind(owner.as_str()).bind(page.before).bind(i64::from(page.limit) + 1);
            list.fetch_all(&self.0).await.map_err(failure)
        })
    }

    fn get<'a>(&'a self, owner: &'a Owner, id: Uuid) -> Answer<'a, Task> {
        Box::pin(async move {
            let get = sqlx::query_as(GET).bind(owner.as_str()).bind(id);
            get.fetch_optional(&self.0).await.map_err(failure)?.ok_or(StoreError::NotFound)
        })
    }

    fn create<'a>(&'a self, owner: &'a Owner, task: &'a NewTask) -> Answer<'a, Task> {
        Box::pin(async move {
            let (title, description) = task.texts();
            let insert = sqlx::query_as(INSERT).bind(owner.as_str()).bind(Uuid::now_v7()).bind(title).bind(description);
            insert.bind(task.completed).bind(now()).fetch_one(&self.0).await.map_err(failure)
        })
    }

    fn update<'a>(&'a self, owner: &'a Owner, id: Uuid, change: &'a Change, guard: &'a Guard) -> Answer<'a, Task> {
        Box::pin(async move {
            let (redescribed, description) = change.description.parts();
            let (toggled, completed) = change.completed.parts();
            let update = sqlx::query_as(UPDATE).bind(owner.as_str()).bind(id);
            let update = update.bind(change.title.as_deref());
            let update = update.bind(redescribed).bind(description);
            let update = update.bind(toggled).bind(completed);
            let update = update.bind(guard.only.as_deref().map(json)).bind(json(&guard.never)).bind(now());
            match update.fetch_optional(&self.0).await.map_err(failure)? {
                Some(task) => Ok(task),
                None => Err(self.why_not(owner, id, guard).await),
            }
        })
    }

    fn delete<'a>(&'a self, owner: &'a Owner, id: Uuid, guard: &'a Guard) -> Answer<'a, ()> {
        Box::pin(async move {
            let delete =
                sqlx::query(DELETE).bind(owner.as_str()).bind(id).bind(guard.only.as_deref().map(json)).bind(json(&guard.never));
            match delete.execute(&self.0).await.map_err(failure)?.rows_affected() {
                0 => Err(self.why_not(owner, id, guard).await),
                _ => Ok(()),
            }
        })
    }
}
