//! How HTTP reaches the tasks: one handler a method, each a list of what it demands and one question to the store.
//!
//! The arguments are extractors, judged from left to right: who (401), which query (422), which id (404), which guard,
//! which body (415, 413, 408, 400, 422). A handler that has run has all of them.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::cursor::{self, NoQuery, PageQuery};
use super::model::{Change, Completed, NewTask, Task, TaskList, TaskPatch};
use super::precondition::{Known, etag};
use super::store::{Guard, StoreError};
use crate::app::Shared;
use crate::auth::Owner;
use crate::json::{self, Json, OptionalJson};
use crate::problem::Problem;

/// The path of the collection.
pub(crate) const COLLECTION: &str = "/api/tasks";

/// The id in the path: a UUID in canonical form. Any other spelling names nothing, so it is the same 404 as a missing task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskId(Uuid);

impl<S: Sync> FromRequestParts<S> for TaskId {
    type Rejection = Problem;

    /// Reads the raw path: percent-encoding is another spelling too.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let rest = parts.uri.path().strip_prefix(COLLECTION).and_then(|rest| rest.strip_prefix('/'));
        let segment = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let id = Uuid::try_parse(segment).map_err(|_| Problem::NotFound)?;
        let canonical = id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == segment;
        if canonical { Ok(Self(id)) } else { Err(Problem::NotFound) }
    }
}

/// A task with its entity tag.
fn shown(status: StatusCode, task: &Task) -> Response {
    let mut response = json::answer(status, task);
    response.headers_mut().insert(ETAG, etag(task.version));
    response
}

/// The caller's tasks, newest first.
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", operation_id = "listTasks", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100, 20 if absent"), ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = TaskList), (status = 401), (status = 422), (status = 429), (status = 503)))]
pub(crate) async fn list(State(app): State<Arc<Shared>>, owner: Owner, query: PageQuery) -> Result<Response, Problem> {
    let page = query.for_owner(&owner)?;
    let mut items = app.tasks.list(&owner, page).await?;
    let more = items.len() > usize::from(page.limit);
    items.truncate(page.limit.into());
    let next_cursor = items.last().filter(|_| more).map(|last| cursor::after(&owner, last.id));
    Ok(json::answer(StatusCode::OK, &TaskList { items, next_cursor }))
}

/// Makes a task.
#[utoipa::path(post, path = "/api/tasks", tag = "tasks", operation_id = "createTask", security(("bearer" = [])), request_body = NewTask,
    responses((status = 201, body = Task, headers(("Location" = String), ("ETag" = String))), (status = 400), (status = 401), (status = 413), (status = 415), (status = 422), (status = 429), (status = 503)))]
pub(crate) async fn create(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    Json(new): Json<NewTask>,
) -> Result<Response, Problem> {
    let task = app.tasks.create(&owner, &new).await?;
    let mut response = shown(StatusCode::CREATED, &task);
    if let Ok(location) = HeaderValue::try_from(format!("{COLLECTION}/{}", task.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One task, or 304 if the client has this version.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks", operation_id = "readTask", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Task, headers(("ETag" = String))), (status = 304), (status = 401), (status = 404), (status = 429), (status = 503)))]
pub(crate) async fn read(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    id: TaskId,
    known: Known,
) -> Result<Response, Problem> {
    let task = app.tasks.get(&owner, id.0).await?;
    if known.covers(task.version) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag(task.version))]).into_response());
    }
    Ok(shown(StatusCode::OK, &task))
}

/// Replaces everything that a client decides about a task.
#[utoipa::path(put, path = "/api/tasks/{id}", tag = "tasks", operation_id = "replaceTask", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = NewTask,
    responses((status = 200, body = Task, headers(("ETag" = String))), (status = 400), (status = 401), (status = 404), (status = 412), (status = 413), (status = 415), (status = 422), (status = 429), (status = 503)))]
pub(crate) async fn replace(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    id: TaskId,
    guard: Guard,
    Json(task): Json<NewTask>,
) -> Result<Response, Problem> {
    write(&app, &owner, id, guard, task.into()).await
}

/// Changes what the body names.
#[utoipa::path(patch, path = "/api/tasks/{id}", tag = "tasks", operation_id = "amendTask", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = TaskPatch,
    responses((status = 200, body = Task, headers(("ETag" = String))), (status = 400), (status = 401), (status = 404), (status = 412), (status = 413), (status = 415), (status = 422), (status = 429), (status = 503)))]
pub(crate) async fn amend(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    id: TaskId,
    guard: Guard,
    Json(patch): Json<TaskPatch>,
) -> Result<Response, Problem> {
    if patch.is_empty() {
        return Err(Problem::Unprocessable("Name at least one of title, description, completed.".into()));
    }
    write(&app, &owner, id, guard, patch.into()).await
}

/// Sets the flag to what the body says, or toggles it if there is no body.
#[utoipa::path(patch, path = "/api/tasks/{id}/complete", tag = "tasks", operation_id = "completeTask", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = Option<Completed>,
    responses((status = 200, body = Task, headers(("ETag" = String))), (status = 400), (status = 401), (status = 404), (status = 412), (status = 413), (status = 415), (status = 422), (status = 429), (status = 503)))]
pub(crate) async fn complete(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    id: TaskId,
    guard: Guard,
    OptionalJson(body): OptionalJson<Completed>,
) -> Result<Response, Problem> {
    write(&app, &owner, id, guard, body.unwrap_or_default().into()).await
}

/// Deletes a task; a second time is 404, like any task that is not there.
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "tasks", operation_id = "deleteTask", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401), (status = 404), (status = 412), (status = 429), (status = 503)))]
pub(crate) async fn delete(
    State(app): State<Arc<Shared>>,
    owner: Owner,
    _: NoQuery,
    id: TaskId,
    guard: Guard,
) -> Result<StatusCode, Problem> {
    app.tasks.delete(&owner, id.0, &guard).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn write(app: &Shared, owner: &Owner, id: TaskId, guard: Guard, change: Change) -> Result<Response, Problem> {
    let task = app.tasks.update(owner, id.0, &change, &guard).await.map_err(|error: StoreError| Problem::from(error))?;
    Ok(shown(StatusCode::OK, &task))
}
