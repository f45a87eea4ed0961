//! Tasks in PostgreSQL: one statement an operation, cached and named, no session state, so a transaction-mode PgBouncer
//! (Neon's `-pooler`) may give every statement another backend.
//!
//! Reads are tried a second time when the connection turns out to be dead (Neon suspended, a failover): they can be. Writes
//! are not: whether the first one happened is unknown.

use uuid::Uuid;

use super::model::{Change, NewTask, Task};
use super::store::{Answer, Guard, Page, StoreError, TaskStore};
use crate::auth::Owner;
use crate::database::Pool;

const LIST: &str = "SELECT id, title, description, completed, version, created_at, updated_at FROM tasks \
    WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const GET: &str =
    "SELECT id, title, description, completed, version, created_at, updated_at FROM tasks WHERE owner = $1 AND id = $2";
const INSERT: &str = "INSERT INTO tasks (owner, id, title, description, completed) VALUES ($1, $2, $3, $4, $5) \
    RETURNING id, title, description, completed, version, created_at, updated_at";
const UPDATE: &str = "UPDATE tasks SET title = COALESCE($3, title), description = CASE WHEN $4 THEN $5 ELSE description END, \
    completed = CASE WHEN $6 THEN NOT completed ELSE COALESCE($7, completed) END, version = version + 1, updated_at = now() \
    WHERE owner = $1 AND id = $2 AND ($8::bigint[] IS NULL OR version = ANY ($8)) AND version <> ALL ($9) \
    RETURNING id, title, description, completed, version, created_at, updated_at";
const DELETE: &str =
    "DELETE FROM tasks WHERE owner = $1 AND id = $2 AND ($3::bigint[] IS NULL OR version = ANY ($3)) AND version <> ALL ($4)";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM tasks WHERE owner = $1 AND id = $2)";

/// The tasks behind a pool.
#[derive(Debug, Clone)]
pub(crate) struct PostgresTasks(Pool);

impl PostgresTasks {
    /// Uses the pool as it is: tuning it is the database room's business.
    pub(crate) fn new(pool: Pool) -> Self {
        Self(pool)
    }

    /// A write touched no row: because of the guard, or because there is nothing?
    async fn why_not(&self, owner: &Owner, id: Uuid, guard: &Guard) -> StoreError {
        if guard.is_open() {
            return StoreError::NotFound;
        }
        let exists = || sqlx::query_scalar(EXISTS).bind(owner.as_str()).bind(id).fetch_one(&*self.0);
        match self.0.read(exists).await {
            Ok(true) => StoreError::Guarded,
            Ok(false) => StoreError::NotFound,
            Err(error) => error,
        }
    }
}

impl TaskStore for PostgresTasks {
    fn list<'a>(&'a self, owner: &'a Owner, page: Page) -> Answer<'a, Vec<Task>> {
        let query = move || {
            let list = sqlx::query_as(LIST).bind(owner.as_str()).bind(page.before);
            list.bind(i64::from(page.limit) + 1).fetch_all(&*self.0)
        };
        Box::pin(self.0.read(query))
    }

    fn get<'a>(&'a self, owner: &'a Owner, id: Uuid) -> Answer<'a, Task> {
        let query = move || sqlx::query_as(GET).bind(owner.as_str()).bind(id).fetch_optional(&*self.0);
        Box::pin(async move { self.0.read(query).await?.ok_or(StoreError::NotFound) })
    }

    fn create<'a>(&'a self, owner: &'a Owner, task: &'a NewTask) -> Answer<'a, Task> {
        Box::pin(async move {
            let (title, description) = task.texts();
            let insert = sqlx::query_as(INSERT).bind(owner.as_str()).bind(Uuid::now_v7());
            let insert = insert.bind(title).bind(description).bind(task.completed);
            insert.fetch_one(&*self.0).await.map_err(|error| self.0.failed(error))
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
            let update = update.bind(guard.only.as_deref()).bind(guard.never.as_slice());
            let row = update.fetch_optional(&*self.0).await;
            match row.map_err(|error| self.0.failed(error))? {
                Some(task) => Ok(task),
                None => Err(self.why_not(owner, id, guard).await),
            }
        })
    }

    fn delete<'a>(&'a self, owner: &'a Owner, id: Uuid, guard: &'a Guard) -> Answer<'a, ()> {
        Box::pin(async move {
            let delete = sqlx::query(DELETE).bind(owner.as_str()).bind(id);
            let delete = delete.bind(guard.only.as_deref()).bind(guard.never.as_slice());
            let done = delete.execute(&*self.0).await;
            match done.map_err(|error| self.0.failed(error))?.rows_affected() {
                0 => Err(self.why_not(owner, id, guard).await),
                _ => Ok(()),
            }
        })
    }
}
