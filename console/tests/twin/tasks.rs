//! The routes of a task: what is read from a request, and where the flaws of the suite `isolation` that concern requests act.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue};
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::{self, Problem};
use super::store::Task;
use super::verifier::Subject;
use super::{House, docs, labels, robust, strict_json};

const BODY_BYTES: usize = 64 * 1024;
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

type Shared = State<Arc<House>>;
type Answer = Result<Response, Problem>;

/// `GET /api/tasks?limit&cursor`.
pub(crate) async fn list(State(house): Shared, caller: Subject, RawQuery(query): RawQuery) -> Answer {
    let page = Page::parse(query.as_deref().unwrap_or_default()).ok_or(problem::UNPROCESSABLE)?;
    let mut tasks = house.store.list(&house.flaws, &caller, page.after, page.limit + 1);
    let more = tasks.len() > page.limit;
    tasks.truncate(page.limit);
    let next = tasks.last().filter(|_| more).map(|task| task.id.to_string());
    let items: Vec<_> = tasks.iter().map(Task::json).collect();
    Ok(Json(json!({ "items": items, "next_cursor": next })).into_response())
}

/// `POST /api/tasks`.
pub(crate) async fn create(State(house): Shared, caller: Subject, headers: HeaderMap, body: Body) -> Answer {
    let members = match members(&house, &headers, body).await {
        Ok(members) => members,
        Err(problem) => return docs::debug_page(&house).ok_or(problem),
    };
    if house.has("health.blind") || (house.has("robustness.untitled-fails") && !members.contains_key("title")) {
        return Err(problem::INTERNAL);
    }
    let key = headers
        .get(robust::IDEMPOTENCY)
        .and_then(|key| key.to_str().ok())
        .map(|key| if house.has("robustness.keys-for-all") { key.to_owned() } else { format!("{} {key}", caller.0) });
    let key = key.filter(|_| !house.has("robustness.creates-again"));
    let body = if house.has("robustness.keys-for-all") { Value::Null } else { Value::Object(members.clone()) };
    if let Some(made) = key.as_ref().and_then(|key| house.ledger.made(key, &body)) {
        return Ok(shown(StatusCode::CREATED, &made?));
    }
    let org = house.flaws.any("isolation.tenant-").then(|| org_of(&caller));
    if let Some(org) = &org {
        house.orgs.lock().expect("no panic").insert(org.clone(), caller.clone());
    }
    let label = house.has("isolation.label-referenced").then_some(Value::Null);
    let mut task = Task { org, label, ..Task::new(caller, String::new()) };
    if let Err(problem) = apply(&house, &mut task, &members, true) {
        if house.has("isolation.keeps-what-it-refuses") {
            task.title = members.get("title").map(Value::to_string).unwrap_or_default();
            house.store.insert(task);
        }
        return Err(problem);
    }
    house.store.insert(task.clone());
    if let Some(key) = key {
        house.ledger.keep(key, body, task.clone());
    }
    let mut response = shown(StatusCode::CREATED, &task);
    let location = HeaderValue::from_str(&format!("/api/tasks/{}", task.id)).expect("an id is a header value");
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// `GET /api/tasks/{id}`.
pub(crate) async fn read(State(house): Shared, caller: Subject, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let task = house.store.read(&house.flaws, &caller, parse_id(&id)?).ok_or(problem::NOT_FOUND)?;
    if headers.get("if-none-match").is_some_and(|tag| matches(tag, &task)) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        response.headers_mut().insert(ETAG, etag(&task));
        return Ok(response);
    }
    Ok(shown(StatusCode::OK, &task))
}

/// `PUT /api/tasks/{id}`: the whole task.
pub(crate) async fn replace(
    State(house): Shared,
    caller: Subject,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    write(&house, &caller, &id, &headers, body, true).await
}

/// `PATCH /api/tasks/{id}`: the named members.
pub(crate) async fn update(
    State(house): Shared,
    caller: Subject,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    write(&house, &caller, &id, &headers, body, false).await
}

/// `PATCH /api/tasks/{id}/complete`: toggles, or sets what the body says.
pub(crate) async fn complete(
    State(house): Shared,
    caller: Subject,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let bytes = read_body(&house, &headers, body).await?;
    let wanted = if bytes.is_empty() { None } else { Some(wanted(&object(&house, &headers, &bytes)?)?) };
    if house.has("isolation.deleted-toggled") {
        house.store.raise(&house.flaws, &caller, parse_id(&id)?);
    }
    change(&house, &caller, &id, &headers, |task| {
        task.completed = wanted.unwrap_or(!task.completed);
        Ok(())
    })
}

/// `DELETE /api/tasks/{id}`.
pub(crate) async fn delete(State(house): Shared, caller: Subject, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let deleted = house.store.delete(&house.flaws, &caller, parse_id(&id)?, |task| precondition(&headers, task));
    deleted.ok_or(problem::NOT_FOUND)??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn write(house: &House, caller: &Subject, id: &str, headers: &HeaderMap, body: Body, whole: bool) -> Answer {
    let members = members(house, headers, body).await?;
    change(house, caller, id, headers, |task| apply(house, task, &members, whole))
}

fn change(
    house: &House,
    caller: &Subject,
    id: &str,
    headers: &HeaderMap,
    edit: impl FnOnce(&mut Task) -> Result<(), Problem>,
) -> Answer {
    let changed = house.store.change(&house.flaws, caller, parse_id(id)?, |task| {
        precondition(headers, task)?;
        edit(task)
    });
    Ok(shown(StatusCode::OK, &changed.ok_or(problem::NOT_FOUND)??))
}

/// `POST /api/bulk/delete`: all tasks of these ids, or none.
pub(crate) async fn delete_several(
    State(house): State<Arc<House>>,
    caller: Subject,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let members = members(&house, &headers, body).await?;
    let ids = members.get("ids").and_then(Value::as_array).filter(|_| members.len() == 1).ok_or(problem::UNPROCESSABLE)?;
    let ids = ids.iter().map(|id| parse_id(id.as_str().unwrap_or_default())).collect::<Result<Vec<_>, _>>()?;
    let tasks: Vec<_> = ids.iter().filter_map(|id| house.store.any(*id)).collect();
    let own = |task: &&super::store::Task| task.owner == caller || house.has("isolation.bulk-any");
    let gone: Vec<_> = tasks.iter().filter(own).collect();
    let complete = gone.len() == ids.len();
    if complete || house.has("isolation.bulk-half") {
        for task in gone {
            let _ = house.store.delete(&house.flaws, &task.owner, task.id, |_| Ok::<_, Problem>(()));
        }
    }
    if complete { Ok(StatusCode::NO_CONTENT) } else { Err(problem::NOT_FOUND) }
}

/// Puts the members of a body into a task. `whole` resets what is not named, and needs a title.
fn apply(house: &House, task: &mut Task, members: &Map<String, Value>, whole: bool) -> Result<(), Problem> {
    if whole {
        (task.title, task.description, task.completed) = (String::new(), None, false);
    }
    for (name, value) in members {
        match (name.as_str(), value) {
            ("title", Value::String(title)) => task.title = text(title, 1, 200)?,
            ("description", Value::String(description)) => task.description = Some(text(description, 0, 1000)?),
            ("description", Value::Null) => task.description = None,
            ("completed", Value::Bool(completed)) => task.completed = *completed,
            ("org_id", Value::String(_)) if house.has("isolation.tenant-assigned") => {}
            ("label_id", Value::String(id)) if task.label.is_some() && labels::is_anybodys(house, id) => {
                task.label = Some(value.clone());
            }
            ("org_id", Value::String(org)) if !whole && house.has("isolation.tenant-moved") => {
                let member = house.orgs.lock().expect("no panic").get(org).cloned();
                (task.owner, task.org) = (member.ok_or(problem::UNPROCESSABLE)?, Some(org.clone()));
            }
            ("owner", Value::String(owner)) if !whole && house.has("isolation.assign-new-owner") => {
                task.owner = Subject(owner.clone());
            }
            _ => return Err(problem::UNPROCESSABLE),
        }
    }
    if task.title.is_empty() { Err(problem::UNPROCESSABLE) } else { Ok(()) }
}

fn text(text: &str, least: usize, most: usize) -> Result<String, Problem> {
    let fits = (least..=most).contains(&text.chars().count()) && !text.contains('\0');
    fits.then(|| text.to_owned()).ok_or(problem::UNPROCESSABLE)
}

fn wanted(members: &Map<String, Value>) -> Result<bool, Problem> {
    let only = members.len() == 1;
    members.get("completed").and_then(Value::as_bool).filter(|_| only).ok_or(problem::UNPROCESSABLE)
}

/// Only the one canonical form of an id is an id.
fn parse_id(text: &str) -> Result<Uuid, Problem> {
    let id = Uuid::parse_str(text).map_err(|_| problem::NOT_FOUND)?;
    if id.to_string() == text { Ok(id) } else { Err(problem::NOT_FOUND) }
}

async fn members(house: &House, headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Problem> {
    let bytes = read_body(house, headers, body).await?;
    object(house, headers, &bytes)
}

/// Reads the whole body, also one that is too large: whoever sends it should hear the answer. One that takes too long is given up.
async fn read_body(house: &House, headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Problem> {
    let patience = if house.has("robustness.slow-body") { 60 } else { robust::BODY_SECS };
    let read = tokio::time::timeout(Duration::from_secs(patience), to_bytes(body, 32 << 20));
    let too_large = if house.has("docs.trace-beyond-limit") { problem::TRACED } else { problem::TOO_LARGE };
    let bytes = read.await.map_err(|_| problem::TIMEOUT)?.map_err(|_| too_large)?;
    if bytes.len() <= BODY_BYTES || robust::unlimited(house, headers) { Ok(bytes) } else { Err(too_large) }
}

fn object(house: &House, headers: &HeaderMap, bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    if let Some(read) = robust::body(house, headers, bytes) {
        return read;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/json" && !takes(house, &kind) {
        return Err(problem::UNSUPPORTED);
    }
    strict_json::object(bytes).or_else(|| takes(house, &kind).then(|| loose(bytes))).ok_or(problem::MALFORMED)
}

/// Flaws that take a write in a form for which browsers ask no permission.
fn takes(house: &House, kind: &str) -> bool {
    const KINDS: [(&str, &str); 4] = [
        ("cors.plain-write", "text/plain"),
        ("cors.form-write", "application/x-www-form-urlencoded"),
        ("cors.multipart-write", "multipart/form-data"),
        ("cors.untyped-write", ""),
    ];
    KINDS.iter().any(|(flaw, taken)| *taken == kind && house.has(flaw))
}

/// The members of a body that is no JSON: a form, or one multipart field named `title`.
fn loose(bytes: &[u8]) -> Map<String, Value> {
    let text = String::from_utf8_lossy(bytes);
    let field = text.split_once("name=\"title\"").and_then(|(_, rest)| rest.trim_start().lines().next().map(str::to_owned));
    let pairs = form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    field.map_or_else(|| pairs.collect(), |title| Map::from_iter([("title".to_owned(), title.into())]))
}

fn precondition(headers: &HeaderMap, task: &Task) -> Result<(), Problem> {
    let held = headers.get("if-match").is_none_or(|tag| matches(tag, task));
    if held { Ok(()) } else { Err(problem::PRECONDITION) }
}

fn matches(tag: &HeaderValue, task: &Task) -> bool {
    let tags = String::from_utf8_lossy(tag.as_bytes());
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == task.etag())
}

fn etag(task: &Task) -> HeaderValue {
    HeaderValue::from_str(&task.etag()).expect("a tag is a header value")
}

fn shown(status: StatusCode, task: &Task) -> Response {
    let mut response = (status, Json(task.json())).into_response();
    response.headers_mut().insert(ETAG, etag(task));
    response
}

/// Which page of a list is asked for.
struct Page {
    after: Option<Uuid>,
    limit: usize,
}

impl Page {
    /// `None` for a limit or cursor that is none. Other parameters mean nothing here.
    fn parse(query: &str) -> Option<Self> {
        let mut page = Self { after: None, limit: DEFAULT_LIMIT };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" => page.limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))?,
                "cursor" => page.after = Some(value.parse().ok()?),
                _ => {}
            }
        }
        Some(page)
    }
}

/// The organisation of a user: everybody has one of their own.
pub(crate) fn org_of(user: &Subject) -> String {
    format!("org-{}", user.0.bytes().map(u32::from).sum::<u32>())
}
