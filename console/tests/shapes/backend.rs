//! A tasks API in another shape than the twin's: paths, ids, bodies and statuses as real backends have them.
//!
//! Token, origin and headers are the twin's own rooms, so that their flaws can be switched on as well. What is here is only the resource.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use console::checks::Forge;
use console::token::Compact;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::twin::verifier::{self, Subject};
use crate::twin::{Flaws, House, cors, headers, problem};

/// How ids look.
#[derive(Clone, Copy, Default)]
pub(crate) enum Ids {
    /// 1, 2, 3 …
    #[default]
    Numbers,
    /// Random UUIDs.
    Uuids,
    /// `note_…`.
    Texts,
}

/// Where the answer to a creation has the object.
#[derive(Clone, Copy, Default)]
pub(crate) enum Created {
    /// As every other answer.
    #[default]
    Alike,
    /// Under this member.
    Under(&'static str),
    /// Nowhere: there is only `Location`.
    Location,
    /// Nowhere at all: the list shows it.
    Unsaid,
}

/// One shape.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) list: &'static str,
    pub(crate) item: &'static str,
    pub(crate) ids: Ids,
    /// Member of a list answer that holds the array; empty for a bare array.
    pub(crate) items: &'static str,
    /// Objects on a page; the address of the next page stands in `next`.
    pub(crate) page: Option<usize>,
    /// Pages are told by their number and how many there are, beside the total (Flask-SQLAlchemy); by a link otherwise.
    pub(crate) numbered: bool,
    /// Member that holds the object in single answers; empty where the answer is the object.
    pub(crate) object: &'static str,
    pub(crate) created: Created,
    /// Statuses of a creation, a deletion and an object that is not there.
    pub(crate) statuses: [u16; 3],
    pub(crate) methods: &'static [&'static str],
    pub(crate) listed: bool,
    pub(crate) title: &'static str,
    /// Fields that a creation needs, and those that PUT needs beside.
    pub(crate) needs: [&'static [&'static str]; 2],
    /// Member that wraps every body received.
    pub(crate) envelope: &'static str,
    /// Objects are only marked as deleted.
    pub(crate) marks: bool,
    /// A path with one slash too many or too few is redirected.
    pub(crate) redirects: bool,
    /// A change needs `If-Match` (RFC 6585, 3).
    pub(crate) preconditions: bool,
    /// A change names in its body the version that it changes.
    pub(crate) versions: bool,
    /// The user in the path is passed over: the token alone says whose objects are asked for.
    pub(crate) passes_over_user: bool,
    /// Whoever may read sees everything.
    pub(crate) open: Open,
}

/// For whom reads are open.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Open {
    /// Each user reads the own objects.
    #[default]
    Nobody,
    /// Whoever is signed in.
    Users,
    /// Whoever asks, without a token.
    Everybody,
}

/// What is wrong with the resource.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing.
    #[default]
    Nothing,
    /// Objects are looked up by id alone.
    ById,
    /// The user in the path is believed.
    ByPath,
    /// An object is deleted for whoever knows its id.
    DeletesAny,
    /// Anybody may mark an object as done, where a change names nothing else.
    MarksAny,
    /// Whose an object is, the body says.
    OwnerFromBody,
    /// A read without a token is not refused, it fails.
    FailsWithoutToken,
    /// Only the tokens that it has issued, which are [`ISSUED`], are let in.
    KeepsTokens,
    /// Conditions and versions are looked at before the owner.
    ConditionFirst,
    /// Routes know no case, and the guard does: in capitals, the collection needs no token.
    AnyCase,
    /// A token is let in for an hour after its issue, whatever it says of its end: not wrong, with any end.
    EndsByAge,
    /// What is refused for want of a good token is answered with 200 and says so in its body: no flaw, but not as it should be.
    RefusesInWords,
}

/// The tokens of A and B that a backend which keeps them has issued.
pub(crate) static ISSUED: LazyLock<[String; 2]> = LazyLock::new(|| {
    let house = House::new(crate::twin::verifier::Kind::Shared, console::target::Carrier::Bearer, Flaws::of(&[]), None);
    ["ann", "bob"].map(|name| Forge::new(crate::twin::mint(&house)).good(name, OffsetDateTime::now_utc()))
});

struct Record {
    owner: String,
    fields: Map<String, Value>,
    deleted: bool,
    version: u32,
}

impl Record {
    fn tag(&self) -> String {
        format!("\"{}-{}\"", self.owner.len(), self.version)
    }
}

/// Who owns what everybody reads.
const EVERYBODY: &str = "*";

struct Backend {
    shape: Shape,
    wrong: Wrong,
    house: Arc<House>,
    records: Mutex<BTreeMap<String, Record>>,
}

/// A running backend; dropping it stops it.
pub(crate) struct Running {
    pub(crate) base: String,
    backend: Arc<Backend>,
    _stop: DropGuard,
}

impl Running {
    /// Starts a backend of this shape.
    pub(crate) async fn start(shape: Shape, wrong: Wrong, flaws: &[&str]) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let house =
            Arc::new(House::new(crate::twin::verifier::Kind::Shared, console::target::Carrier::Bearer, Flaws::of(flaws), None));
        let backend = Arc::new(Backend { shape, wrong, house: Arc::clone(&house), records: Mutex::default() });
        let router = Router::new()
            .fallback(answer)
            .layer(from_fn_with_state(Arc::clone(&backend), in_words))
            .layer(from_fn_with_state(Arc::clone(&house), verifier::lift))
            .layer(from_fn_with_state(Arc::clone(&house), cors::gate))
            .layer(from_fn_with_state(Arc::clone(&house), headers::dress))
            .with_state(Arc::clone(&backend));
        let stop = CancellationToken::new();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        Self { base, backend, _stop: stop.drop_guard() }
    }

    /// Objects that are still there.
    pub(crate) fn left(&self) -> usize {
        self.backend.records.lock().expect("no panic").values().filter(|record| !record.deleted).count()
    }
}

/// The values of the placeholders, where `path` is of the form of `template`.
fn matched(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let mut values = BTreeMap::new();
    if template.len() != path.len() {
        return None;
    }
    for (wanted, seen) in template.iter().zip(&path) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !seen.is_empty() => values.insert(name.to_owned(), (*seen).to_owned()),
            _ if wanted == seen => None,
            _ => return None,
        };
    }
    Some(values)
}

async fn answer(State(backend): State<Arc<Backend>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let shape = backend.shape;
    if path == "/health" {
        return axum::Json(json!({ "state": { "database": "fine", "took_ms": 1 }, "build": { "rev": "3f9d1c2ab4" } }))
            .into_response();
    }
    if path == "/api/me" {
        let (mut parts, _) = request.into_parts();
        return match Subject::from_request_parts(&mut parts, &backend.house).await {
            Ok(Subject(subject)) => axum::Json(json!({ "user": subject })).into_response(),
            Err(refused) => refused,
        };
    }
    if let Some(values) = matched(shape.list, &path) {
        return backend.collection(&values, request).await;
    }
    if backend.wrong == Wrong::AnyCase
        && let Some(values) = matched(&shape.list.to_uppercase().replace("{USER_ID}", "{user_id}"), &path)
    {
        return backend.list(values.get("user_id").map_or("ann", String::as_str), &path, "");
    }
    if let Some(values) = matched(shape.item, &path) {
        return backend.item(&values, request).await;
    }
    let other = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
    if shape.redirects && [shape.list, shape.item].iter().any(|template| matched(template, &other).is_some()) {
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, other)]).into_response();
    }
    problem::NOT_FOUND.into_response()
}

/// An envelope around refusals, where the backend has such a manner.
async fn in_words(State(backend): State<Arc<Backend>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if backend.wrong != Wrong::RefusesInWords || response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    axum::Json(json!({ "success": false, "code": 401, "message": "sign in first", "data": null })).into_response()
}

const HOUR: i64 = 3_600;

/// How long ago a token says that it was issued, in seconds; none at all where it does not say.
fn age_of(token: &str) -> i64 {
    let claims = Compact::parse(token).and_then(|token| token.claims()).unwrap_or_default();
    claims.get("iat").and_then(Value::as_i64).map_or(0, |issued| OffsetDateTime::now_utc().unix_timestamp() - issued)
}

impl Backend {
    /// Who may act for whom: the verified subject, who must be the user of the path where that names one.
    async fn owner(
        &self,
        values: &BTreeMap<String, String>,
        request: Request,
    ) -> Result<(String, Method, String, Vec<u8>), Response> {
        let (mut parts, body) = request.into_parts();
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        match self.wrong {
            _ if reads && self.shape.open == Open::Everybody => {
                return Ok((EVERYBODY.into(), parts.method, String::new(), Vec::new()));
            }
            Wrong::FailsWithoutToken if reads && token.is_none() => return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            Wrong::KeepsTokens if !ISSUED.iter().any(|issued| Some(issued.as_str()) == token) => {
                return Err(problem::UNAUTHORIZED.into_response());
            }
            Wrong::EndsByAge if token.is_some_and(|token| age_of(token) > HOUR) => {
                return Err(problem::UNAUTHORIZED.into_response());
            }
            _ => {}
        }
        let Subject(subject) = Subject::from_request_parts(&mut parts, &self.house).await?;
        let owner = match values.get("user_id") {
            _ if reads && self.shape.open == Open::Users => EVERYBODY.to_owned(),
            Some(user) if self.wrong == Wrong::ByPath => user.clone(),
            Some(user) if *user != subject && !self.shape.passes_over_user => return Err(problem::NOT_FOUND.into_response()),
            _ => subject,
        };
        let typed = parts.headers.get("content-type").is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
        let bytes = to_bytes(body, 1 << 16).await.map_err(|_| problem::TOO_LARGE.into_response())?;
        if !typed || (!bytes.is_empty() && !parts.headers.contains_key("content-type")) {
            return Err(problem::UNSUPPORTED.into_response());
        }
        Ok((owner, parts.method, parts.uri.query().unwrap_or_default().to_owned(), bytes.into()))
    }

    async fn collection(&self, values: &BTreeMap<String, String>, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        match self.owner(values, request).await {
            Err(refused) => refused,
            Ok((owner, Method::POST, _, body)) => self.create(owner, &path, &body),
            Ok((owner, Method::GET, query, _)) if self.shape.listed => self.list(&owner, &path, &query),
            Ok(_) => problem::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    fn fields(&self, body: &[u8], needs: &[&[&str]]) -> Option<Map<String, Value>> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        if !self.shape.envelope.is_empty() {
            body = body.get(self.shape.envelope)?.clone();
        }
        let fields = body.as_object()?.clone();
        let title = fields.get(self.shape.title).is_none_or(|title| {
            title.as_str().is_some_and(|title| (1..=200).contains(&title.chars().count()) && !title.contains('\0'))
        });
        let all = needs.iter().copied().flatten().all(|pointer| body.pointer(pointer).is_some());
        (title && all).then_some(fields)
    }

    fn create(&self, owner: String, path: &str, body: &[u8]) -> Response {
        let Some(fields) = self.fields(body, &[self.shape.needs[0]]).filter(|fields| fields.contains_key(self.shape.title)) else {
            return problem::UNPROCESSABLE.into_response();
        };
        let mut records = self.records.lock().expect("no panic");
        let id = match self.shape.ids {
            Ids::Numbers => (records.len() + 1).to_string(),
            Ids::Uuids => Uuid::new_v4().to_string(),
            Ids::Texts => format!("note_{}", Uuid::new_v4().simple()),
        };
        let owner = self.named(&fields).unwrap_or(owner);
        let fields = fields.into_iter().filter(|(name, _)| *name == self.shape.title || name == "done").collect();
        let record = Record { owner, fields, deleted: false, version: 0 };
        let shown = self.shown(&id, &record);
        records.insert(id.clone(), record);
        let location = self.shape.item.replace("{id}", &id);
        let location = if location.contains('{') { format!("{path}/{id}") } else { location };
        let status = StatusCode::from_u16(self.shape.statuses[0]).expect("a status");
        let location = [(header::LOCATION, location)];
        match self.shape.created {
            Created::Alike => (status, location, axum::Json(self.wrapped(shown))).into_response(),
            Created::Under(name) => (status, location, axum::Json(json!({ (name): shown, "ok": true }))).into_response(),
            Created::Location => (status, location).into_response(),
            Created::Unsaid => (status, axum::Json(json!({ "ok": true }))).into_response(),
        }
    }

    /// The owner that a body names, where that is believed.
    fn named(&self, fields: &Map<String, Value>) -> Option<String> {
        fields.get("user_id").filter(|_| self.wrong == Wrong::OwnerFromBody)?.as_str().map(str::to_owned)
    }

    fn shown(&self, id: &str, record: &Record) -> Value {
        let mut fields = record.fields.clone();
        let id = id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number));
        fields.insert("id".to_owned(), id);
        if self.shape.versions {
            fields.insert("version".to_owned(), json!(record.version));
        }
        if self.shape.marks {
            fields.insert("deleted".to_owned(), json!(record.deleted));
        }
        Value::Object(fields)
    }

    fn wrapped(&self, object: Value) -> Value {
        if self.shape.object.is_empty() { object } else { json!({ (self.shape.object): object }) }
    }

    fn list(&self, owner: &str, path: &str, query: &str) -> Response {
        let records = self.records.lock().expect("no panic");
        let own = records.iter().filter(|(_, record)| (record.owner == owner || owner == EVERYBODY) && !record.deleted);
        let all: Vec<_> = own.map(|(id, record)| self.shown(id, record)).collect();
        if self.shape.items.is_empty() {
            return axum::Json(all).into_response();
        }
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse::<usize>().ok()).unwrap_or(1);
        let size = self.shape.page.unwrap_or(usize::MAX);
        let shown: Vec<_> = all.iter().skip(page.saturating_sub(1).saturating_mul(size)).take(size).collect();
        if self.shape.numbered {
            let about = json!({ "page": page, "pages": all.len().div_ceil(size), "total_count": all.len() });
            return axum::Json(json!({ (self.shape.items): shown, "meta": about })).into_response();
        }
        let next = (page.saturating_mul(size) < all.len()).then(|| format!("{path}?page={}", page + 1));
        axum::Json(json!({ (self.shape.items): shown, "next": next })).into_response()
    }

    async fn item(&self, values: &BTreeMap<String, String>, request: Request) -> Response {
        let condition = request.headers().get(header::IF_MATCH).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let unless = request.headers().contains_key(header::IF_NONE_MATCH);
        let (owner, method, _, body) = match self.owner(values, request).await {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        let reads = method == Method::HEAD && self.shape.methods.contains(&"GET");
        if !reads && !self.shape.methods.contains(&method.as_str()) {
            return problem::METHOD_NOT_ALLOWED.into_response();
        }
        let conditional = self.shape.preconditions && !matches!(method, Method::GET | Method::HEAD);
        // The header, then the body, then the object: the order of flask-smorest.
        if conditional && condition.is_none() {
            return StatusCode::PRECONDITION_REQUIRED.into_response();
        }
        if conditional && method != Method::DELETE && self.fields(&body, &[]).is_none() {
            return problem::UNPROCESSABLE.into_response();
        }
        let missing = || (StatusCode::from_u16(self.shape.statuses[2]).expect("a status"), "no such task").into_response();
        let mut records = self.records.lock().expect("no panic");
        let deletes = self.wrong == Wrong::DeletesAny && method == Method::DELETE;
        let marks_done = || self.fields(&body, &[]).is_some_and(|fields| fields.len() == 1 && fields.contains_key("done"));
        let marks = self.wrong == Wrong::MarksAny && method == Method::PATCH && marks_done();
        let (shape, by_id) = (self.shape, self.wrong == Wrong::ById || deletes || marks || owner == EVERYBODY);
        let id = values.get("id").cloned().unwrap_or_default();
        if self.wrong == Wrong::ConditionFirst && records.get(&id).is_some_and(|record| record.owner != owner) {
            match method {
                Method::GET if unless => return StatusCode::NOT_MODIFIED.into_response(),
                Method::PUT | Method::PATCH => return StatusCode::CONFLICT.into_response(),
                _ => {}
            }
        }
        let found = records.get_mut(&id).filter(|record| record.owner == owner || by_id);
        let Some(record) = found.filter(|record| shape.marks || !record.deleted) else { return missing() };
        if conditional && condition != Some(record.tag()) {
            return StatusCode::PRECONDITION_FAILED.into_response();
        }
        let before = record.version;
        record.version += u32::from(conditional);
        match method {
            Method::DELETE => record.deleted = true,
            Method::PUT | Method::PATCH => {
                let needs: &[&[&str]] = if method == Method::PUT { &shape.needs } else { &[] };
                let Some(fields) = self.fields(&body, needs) else { return problem::UNPROCESSABLE.into_response() };
                match fields.get("version").map(Value::as_u64) {
                    _ if !shape.versions => {}
                    None => return problem::UNPROCESSABLE.into_response(),
                    Some(version) if version != Some(before.into()) => return StatusCode::CONFLICT.into_response(),
                    Some(_) => record.version = before + 1,
                }
                if let Some(owner) = self.named(&fields) {
                    record.owner = owner;
                }
                let known = fields.into_iter().filter(|(name, _)| *name == shape.title || name == "done");
                record.fields.extend(known);
            }
            _ => {}
        }
        let status = if method == Method::DELETE { shape.statuses[1] } else { 200 };
        let status = StatusCode::from_u16(status).expect("a status");
        if status == StatusCode::NO_CONTENT {
            return status.into_response();
        }
        let tag = shape.preconditions.then(|| [(header::ETAG, record.tag())]);
        let shown = self.wrapped(self.shown(&id, record));
        match tag {
            Some(tag) => (status, tag, axum::Json(shown)).into_response(),
            None => (status, axum::Json(shown)).into_response(),
        }
    }
}
