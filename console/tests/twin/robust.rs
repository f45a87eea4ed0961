//! What a request may ask at most, and where those flaws of the suite `robustness` act that concern whole requests.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_ENCODING, HOST, LOCATION, RETRY_AFTER, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::headers::put;
use super::problem::{self, Problem};
use super::store::Task;
use super::{House, verifier};

/// Requests at once for each user but the two that the suites share.
pub(crate) const BURST: u32 = 10;
/// Seconds that a body may take; as for the header section.
pub(crate) const BODY_SECS: u64 = 5;
/// The header by which a repeated creation makes one object.
pub(crate) const IDEMPOTENCY: &str = "idempotency-key";

/// Who asked how often since when, and which keys made what.
#[derive(Default)]
pub(crate) struct Ledger {
    asked: Mutex<HashMap<String, (Instant, u32)>>,
    made: Mutex<HashMap<String, (Value, Task)>>,
}

impl Ledger {
    fn over_limit(&self, subject: &str) -> bool {
        let mut asked = self.asked.lock().expect("no writer panicked");
        let (since, count) = asked.entry(subject.to_owned()).or_insert_with(|| (Instant::now(), 0));
        if since.elapsed().as_secs() >= 60 {
            (*since, *count) = (Instant::now(), 0);
        }
        *count += 1;
        *count > BURST
    }

    /// What the key made before, if it made something else than `body` asks for: an error.
    pub(crate) fn made(&self, key: &str, body: &Value) -> Option<Result<Task, Problem>> {
        let made = self.made.lock().expect("no writer panicked");
        made.get(key).map(|(asked, task)| if asked == body { Ok(task.clone()) } else { Err(problem::UNPROCESSABLE) })
    }

    pub(crate) fn keep(&self, key: String, body: Value, task: Task) {
        self.made.lock().expect("no writer panicked").insert(key, (body, task));
    }
}

/// Looks at a request before any route does, and at its answer after.
pub(crate) async fn guard(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(answer) = stopped(&house, &parts) {
        return answer;
    }
    let seen = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if seen.headers.contains_key(TRANSFER_ENCODING) {
        // A length beside it was passed over: what follows is no request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    altered(&house, &seen, response)
}

fn stopped(house: &House, parts: &Parts) -> Option<Response> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    // Over HTTP/2 the host stands in `:authority` (RFC 9113, 8.3.1).
    let pseudo = parts.version == axum::http::Version::HTTP_2;
    if (host.is_none() && !pseudo) || hosts.next().is_some() {
        return Some(problem::MALFORMED.into_response());
    }
    if house.has("robustness.host-fails") && host.is_some_and(|host| host.ends_with(".invalid")) {
        return Some(problem::INTERNAL.into_response());
    }
    if let Some(answer) = strange_method(house, parts) {
        return Some(answer);
    }
    let odd = |id: &str| parts.uri.path().strip_prefix("/api/tasks/") == Some(id);
    let stumbles = [
        ("robustness.number-fails", "99999999999999999999"),
        ("robustness.small-number-fails", "2147483648"),
        ("robustness.utf8-fails", "%ff%fe"),
        ("robustness.emoji-fails", "%F0%9F%92%A9"),
        ("robustness.nul-id-fails", "%00"),
    ];
    if stumbles.iter().any(|(flaw, id)| house.has(flaw) && odd(id)) || breaks_a_statement(house, parts) {
        return Some(problem::INTERNAL.into_response());
    }
    if knows_no_column(house, parts) {
        return Some(problem::UNPROCESSABLE.into_response());
    }
    limited(house, parts).or_else(|| made_up_host(house, parts))
}

/// Flaws that put a text between quotes: one that has an odd number of them leaves a statement that cannot be read.
fn breaks_a_statement(house: &House, parts: &Parts) -> bool {
    let is_odd = |text: &str| text.matches("%27").count() % 2 == 1;
    let query = parts.uri.query().unwrap_or_default();
    let searched = query.split('&').find_map(|pair| pair.strip_prefix("term="));
    let id = parts.uri.path().strip_prefix("/api/tasks/");
    (house.has("robustness.quote-breaks") && searched.is_some_and(is_odd))
        || (house.has("robustness.quote-breaks-id") && id.is_some_and(is_odd))
}

/// A flaw that puts an order into its statement as it is: no column has this name.
fn knows_no_column(house: &House, parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    house.has("robustness.order-in-statement") && query.split('&').any(|pair| pair == "sort=pfnone")
}

/// Flaws around methods that no route has.
fn strange_method(house: &House, parts: &Parts) -> Option<Response> {
    let strange = matches!(parts.method.as_str(), "PROPFIND" | "POSTFLIGHT") && parts.uri.path() == "/api/tasks";
    let known = parts.headers.contains_key("authorization");
    let list = || axum::Json(json!({ "items": [], "next_cursor": null })).into_response();
    match () {
        () if strange && !known && house.has("robustness.method-skips-door") => Some(list()),
        () if strange && known && house.has("robustness.method-runs") => Some(list()),
        () if strange && house.has("robustness.method-fails") => Some(problem::INTERNAL.into_response()),
        () if parts.method == Method::HEAD && !known && house.has("robustness.head-skips-door") => Some(list()),
        () if parts.method == Method::HEAD && house.has("robustness.head-refused") => {
            Some(problem::METHOD_NOT_ALLOWED.into_response())
        }
        () => None,
    }
}

/// Whoever comes under a name of the check of limits has a bucket: the users of the other checks send more than anybody would.
fn limited(house: &House, parts: &Parts) -> Option<Response> {
    let subject = verifier::verify(house, parts).ok()?;
    let over = subject.0.starts_with("postflight-rate-") && house.ledger.over_limit(&subject.0);
    if !over || house.has("robustness.no-rate-limit") {
        return None;
    }
    let mut response = problem::TOO_MANY.into_response();
    if !house.has("robustness.no-retry-after") {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Some(response)
}

/// Flaws that build links with whatever host the client named.
fn made_up_host(house: &House, parts: &Parts) -> Option<Response> {
    let named = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
    let forwarded = [
        ("robustness.forwarded-host", "x-forwarded-host"),
        ("robustness.forwarded-host-private", "x-forwarded-host"),
        ("robustness.forwarded-host-direct", "x-forwarded-host"),
        ("robustness.forwarded-standard", "forwarded"),
        ("robustness.original-host", "x-original-host"),
        ("robustness.host-reflected", "host"),
    ];
    let (_, name) = forwarded.iter().find(|(flaw, name)| house.has(flaw) && parts.headers.contains_key(*name))?;
    let slash = parts.uri.path() == "/api/tasks/";
    let location = format!("https://{}/api/tasks", named(name)?.trim_start_matches("host="));
    let mut response = (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response();
    if house.has("robustness.forwarded-host") {
        put(response.headers_mut(), "x-served-by", "cache-ams-1");
    }
    slash.then_some(response)
}

/// Flaws that act on an answer.
fn altered(house: &House, seen: &Parts, mut response: Response) -> Response {
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED && house.has("robustness.allow-lies") {
        put(headers, "allow", "GET, HEAD, POST, TRACE");
    }
    if status == StatusCode::METHOD_NOT_ALLOWED && house.has("robustness.allow-short") {
        put(headers, "allow", "POST");
    }
    if status.is_client_error() && house.has("robustness.errors-as-html") {
        return told(response, "text/html", "<h1>Error</h1>".to_owned());
    }
    if status.is_client_error() && house.has("robustness.errors-of-another-form") {
        return told(response, "application/json", json!({ "error": seen.uri.path() }).to_string());
    }
    response
}

/// The same refusal in another body.
fn told(response: Response, kind: &'static str, text: String) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove("content-length");
    put(&mut parts.headers, "content-type", kind);
    Response::from_parts(parts, Body::from(text))
}

/// Flaws that act on the outside of everything: what the layers around the routes added is taken away again.
pub(crate) fn undress(house: &House, method: &Method, status: StatusCode, headers: &mut HeaderMap) {
    if house.has("robustness.errors-without-id") && status.is_client_error() {
        headers.remove("x-request-id");
    }
    if house.has("robustness.head-bare") && *method == Method::HEAD {
        headers.remove("cache-control");
    }
    if status.is_redirection() && house.flaws.any("robustness.") && !house.has("robustness.forwarded-host-private") {
        headers.remove("cache-control");
    }
    if house.has("robustness.limit-without-grant") && status == StatusCode::TOO_MANY_REQUESTS {
        headers.remove("access-control-allow-origin");
    }
}

/// Whether a flaw reads a body that is over the limit.
pub(crate) fn unlimited(house: &House, headers: &HeaderMap) -> bool {
    let chunked = headers.contains_key(TRANSFER_ENCODING);
    house.has("robustness.body-unlimited") && !chunked || house.has("robustness.chunks-unlimited") && chunked
}

/// The members of a body that is not what it should be, where a flaw takes or trips over it.
pub(crate) fn body(house: &House, headers: &HeaderMap, bytes: &[u8]) -> Option<Result<Map<String, Value>, Problem>> {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let parsed: Result<Value, _> = serde_json::from_slice(bytes);
    let text = String::from_utf8_lossy(bytes);
    let other = kind != "application/json";
    let title = parsed.as_ref().ok().and_then(|value| value.get("title"));
    match &parsed {
        _ if headers.contains_key(CONTENT_ENCODING) && house.has("robustness.swollen-bodies") => Some(swollen(bytes)),
        _ if other && house.has("robustness.media-type-fails") => Some(Err(problem::INTERNAL)),
        Ok(Value::Object(members)) if other && house.has("robustness.media-type-guessed") => Some(Ok(members.clone())),
        Err(_) if !other && house.has("robustness.malformed-fails") => Some(Err(problem::INTERNAL)),
        Err(_) if bytes.is_empty() && house.has("robustness.nothing-fails") => Some(Err(problem::INTERNAL)),
        Err(_) if house.has("robustness.half-object-taken") => object(&format!("{text}}}")),
        Err(_) if house.has("robustness.trailing-text-taken") => object(text.strip_suffix(" postflight")?),
        Err(_) if house.has("robustness.comma-taken") => object(&text.replace(",}", "}")),
        Ok(Value::Null | Value::Array(_)) if house.has("robustness.no-object-fails") => Some(Err(problem::INTERNAL)),
        Ok(_) if title.is_some_and(|title| !title.is_string()) && house.has("robustness.type-fails") => {
            Some(Err(problem::INTERNAL))
        }
        Ok(_) if text.contains("\\u0000") && house.has("robustness.nul-text-fails") => Some(Err(problem::INTERNAL)),
        _ => None,
    }
}

fn object(text: &str) -> Option<Result<Map<String, Value>, Problem>> {
    serde_json::from_str(text).ok().map(Ok)
}

/// Decompresses without a limit.
fn swollen(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).map_err(|_| problem::MALFORMED)?;
    serde_json::from_str(&text).map_err(|_| problem::MALFORMED)
}
