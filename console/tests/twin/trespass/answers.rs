//! Flaws that act on what is answered: what an error repeats, what a list counts, what a cache keeps, whose answer it is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::BODY_BYTES;
use super::asked::Asked;
use crate::twin::store::Task;
use crate::twin::{House, problem};

/// Requests in flight from which on users are mixed up.
const CROWD: usize = 4;

/// What detours keep between requests.
#[derive(Default)]
pub(crate) struct Memory {
    pages: Mutex<HashMap<String, (StatusCode, HeaderMap, Bytes)>>,
    current: Mutex<Option<HeaderValue>>,
    in_flight: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is remembered of a request until it is answered.
pub(super) struct Before {
    url: String,
    get: bool,
    list: bool,
    toggle: bool,
    caller: Option<String>,
    known: bool,
    foreign: Option<Task>,
    tag: Option<String>,
}

impl Before {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        Self {
            url: format!("{}?{:?}", asked.path, asked.query),
            get: asked.method == "GET",
            list: asked.is_list("GET"),
            toggle: asked.is_toggle() && asked.method == "PATCH",
            caller: asked.caller.clone(),
            known: asked.headers.contains_key("authorization"),
            foreign: asked.foreign(),
            tag: asked.header("if-none-match"),
        }
    }
}

/// Gets the answer and bends it.
pub(super) async fn answer(house: &House, before: &Before, mut request: Request, next: Next) -> Response {
    let queried = before.get && !before.url.ends_with("?[]");
    let file = before.get && before.url.contains(".css?");
    let cached = (house.has("isolation.cache-by-url") && queried) || (house.has("isolation.cache-by-extension") && file);
    if cached && let Some(page) = kept(house, &before.url) {
        return page;
    }
    if house.has("isolation.bleeds") && before.get {
        mix_up(house, &mut request).await;
    }
    let (mut parts, body) = next.run(request).await.into_parts();
    if house.has("isolation.toggle-late") && before.toggle && before.foreign.is_some() && parts.status.is_success() {
        return problem::NOT_FOUND.into_response();
    }
    let bytes = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let bytes = bend(house, before, &mut parts.status, &mut parts.headers, bytes);
    if cached && parts.status.is_success() {
        lock(&house.trespass.pages).insert(before.url.clone(), (parts.status, parts.headers.clone(), bytes.clone()));
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes))
}

fn kept(house: &House, url: &str) -> Option<Response> {
    lock(&house.trespass.pages).get(url).cloned().map(IntoResponse::into_response)
}

/// The current user is kept in a global while the request waits for something.
async fn mix_up(house: &House, request: &mut Request) {
    let memory = &house.trespass;
    (*lock(&memory.current)).clone_from(&request.headers().get(AUTHORIZATION).cloned());
    let crowded = memory.in_flight.fetch_add(1, Ordering::SeqCst) >= CROWD;
    tokio::time::sleep(Duration::from_millis(25)).await;
    memory.in_flight.fetch_sub(1, Ordering::SeqCst);
    let current = lock(&memory.current).clone();
    if let Some(current) = current.filter(|_| crowded && request.headers().contains_key(AUTHORIZATION)) {
        request.headers_mut().insert(AUTHORIZATION, current);
    }
}

fn bend(house: &House, before: &Before, status: &mut StatusCode, headers: &mut HeaderMap, bytes: Bytes) -> Bytes {
    let mut set = |name: &'static str, value: &str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header value"));
    };
    if house.has("isolation.cache-public") && before.known && before.get {
        set(CACHE_CONTROL.as_str(), "public, max-age=60");
    }
    if house.has("isolation.cache-shared-age") && before.known && before.get {
        set(CACHE_CONTROL.as_str(), "s-maxage=30");
    }
    if let Some(task) = before.foreign.as_ref().filter(|_| status.is_client_error()) {
        return refused(house, task, status, &mut set, bytes);
    }
    if before.list && status.is_success() { listed(house, before, status, &mut set, bytes) } else { bytes }
}

/// Flaws of the refusal of somebody else's task.
fn refused(house: &House, task: &Task, status: &mut StatusCode, set: &mut impl FnMut(&'static str, &str), bytes: Bytes) -> Bytes {
    if house.has("isolation.oracle-header") {
        set("x-resource-state", "exists");
    }
    if house.has("isolation.oracle-status") && *status == StatusCode::NOT_FOUND {
        *status = StatusCode::GONE;
    }
    match () {
        () if house.has("isolation.oracle-text") => json!({ "detail": "This task belongs to another user." }).to_string().into(),
        () if house.has("isolation.error-echo") && matches!(status.as_u16(), 400 | 415 | 422) => {
            json!({ "detail": "cannot change the task", "task": task.json() }).to_string().into()
        }
        () => bytes,
    }
}

/// Flaws of a list.
fn listed(
    house: &House,
    before: &Before,
    status: &mut StatusCode,
    set: &mut impl FnMut(&'static str, &str),
    bytes: Bytes,
) -> Bytes {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&bytes) else { return bytes };
    if house.has("isolation.total-of-all") {
        body.insert("total".into(), json!(house.store.len()));
    }
    if house.has("isolation.total-of-archived") {
        let own = |task: &&Task| before.caller.as_ref().is_some_and(|caller| task.owner.0 == *caller);
        body.insert("total".into(), json!(house.store.all().iter().filter(own).count() + 2));
    }
    if house.has("isolation.owner-embedded") {
        body.insert(
            "owner".into(),
            json!({ "name": "a", "password": "$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK" }),
        );
    }
    if house.has("isolation.total-with-pages") {
        body.insert("pagination".into(), json!({ "total": 500 + house.store.len(), "pages": 9 }));
    }
    if house.has("isolation.total-header") {
        set("x-total-count", &house.store.len().to_string());
    }
    if house.has("isolation.etag-of-all") {
        set(ETAG.as_str(), &format!("\"{}\"", house.store.ever()));
    }
    if house.has("isolation.etag-shared") {
        set(ETAG.as_str(), "\"tasks\"");
        *status = if before.tag.as_deref() == Some("\"tasks\"") { StatusCode::NOT_MODIFIED } else { *status };
    }
    if house.has("isolation.cursor-owner")
        && let Some(Value::String(cursor)) = body.get_mut("next_cursor")
    {
        *cursor = format!("{}~{cursor}", before.caller.as_deref().unwrap_or_default());
    }
    Value::Object(body).to_string().into()
}
