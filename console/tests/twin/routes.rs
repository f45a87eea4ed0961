//! Routes beside the tasks themselves, and the document that lists them: where the flaws act that hide in what nobody looks at.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use console::checks::Forge;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::{self, Problem};
use super::store::Task;
use super::verifier::{self, Subject};
use super::{COOKIE, House, mint};

/// The OpenAPI document of the twin; it says of every route that it needs a token. Some of the routes are there with their flaw alone.
pub(crate) async fn document(State(house): State<Arc<House>>) -> Json<Value> {
    let mut document = plain();
    let routes = [
        ("jwt.export-by-link", "/api/export", "get"),
        ("isolation.export-for-any", "/api/export", "get"),
        ("isolation.stats-of-all", "/api/stats", "get"),
        ("isolation.route-token", "/api/token", "get"),
        ("jwt.unguarded-elsewhere", "/api/reminders", "post"),
    ];
    for (flaw, path, method) in routes {
        if house.has(flaw) {
            add(&mut document, path, json!({ method: {} }));
        }
    }
    if house.has("isolation.route-comment") || house.has("isolation.route-comment-stays") {
        let task = in_path("task_id");
        let schema = json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string" } } });
        let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        let mut operations = json!({ "parameters": task, "post": { "requestBody": body } });
        if house.has("isolation.route-comment-stays") {
            operations.as_object_mut().expect("an object").insert("get".into(), json!({}));
        }
        add(&mut document, "/api/tasks/{task_id}/comments", operations);
    }
    if house.has("isolation.query-word") {
        let include = json!([{ "name": "include", "in": "query", "schema": { "type": "string", "enum": ["trash", "archive"] } }]);
        add(&mut document, "/api/tasks", json!({ "get": { "parameters": include } }));
    }
    if house.has("isolation.tenant-route") {
        let org = in_path("org_id");
        add(&mut document, "/api/orgs/{org_id}/tasks", json!({ "parameters": org, "get": {} }));
    }
    if house.flaws.any("isolation.label-") {
        let label = in_path("label_id");
        let schema = json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
        let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        let member = json!({ "parameters": label, "get": {}, "patch": { "requestBody": body }, "delete": {} });
        add(&mut document, "/api/labels", json!({ "get": {}, "post": { "requestBody": body } }));
        add(&mut document, "/api/labels/{label_id}", member);
        add(&mut document, "/api/labels/{label_id}/uses", json!({ "parameters": label, "get": {} }));
    }
    for (flaw, path, name) in [
        ("isolation.route-injected", "/api/find", "words"),
        ("isolation.tenant-parameter", "/api/find", "org_id"),
        ("robustness.file-by-name", "/api/download", "file"),
    ] {
        if house.has(flaw) {
            let needed = flaw != "isolation.tenant-parameter";
            let parameter = json!([{ "name": name, "in": "query", "required": needed, "schema": { "type": "string" } }]);
            add(&mut document, path, json!({ "get": { "parameters": parameter } }));
        }
    }
    if house.has("jwt.unguarded-look-up") || house.has("jwt.look-up-unverified") {
        let order = in_path("order_id");
        add(&mut document, "/api/orders/{order_id}", json!({ "parameters": order, "get": {} }));
    }
    if house.has("isolation.route-looks-up") {
        let task = in_path("task_id");
        add(&mut document, "/api/tasks/{task_id}/comments", json!({ "parameters": task, "post": {} }));
    }
    if house.has("isolation.route-title") {
        let title = in_path("title");
        add(&mut document, "/api/titles/{title}", json!({ "parameters": title, "get": {} }));
    }
    if house.profiles || house.flaws.any("isolation.account-") {
        let user = in_path("user_id");
        let operations = json!({ "parameters": user, "get": {}, "patch": {}, "delete": {} });
        add(&mut document, "/api/accounts/{user_id}", operations);
    }
    Json(document)
}

/// The parameters of an operation with one in its path.
fn in_path(name: &str) -> Value {
    json!([{ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }])
}

fn add(document: &mut Value, path: &str, operations: Value) {
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    paths.expect("an object").insert(path.into(), operations);
}

fn plain() -> Value {
    let task = in_path("task_id");
    let user = in_path("user_id");
    json!({
        "openapi": "3.1.0",
        "info": { "title": "tasks twin", "version": "1" },
        "security": [{ "bearer": [] }],
        "components": { "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } } },
        "paths": {
            "/api/tasks": { "get": {}, "post": {} },
            "/api/tasks/{task_id}": { "get": { "parameters": task }, "delete": { "parameters": task } },
            "/api/tasks/{task_id}/history": { "parameters": task, "get": {} },
            "/api/tasks/{task_id}/archive": { "parameters": task, "post": {} },
            "/api/users/{user_id}/summary": { "parameters": user, "get": {} },
            "/livez": { "get": { "security": [] } }
        }
    })
}

/// `GET /api/export`: the caller's own tasks, for whoever opens a link with a token in it.
pub(crate) async fn export(State(house): State<Arc<House>>, request: Request) -> Response {
    let for_any = house.has("isolation.export-for-any");
    if !for_any && !house.has("jwt.export-by-link") {
        return problem::NOT_FOUND.into_response();
    }
    let (mut parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if for_any {
        let caller = Subject::from_request_parts(&mut parts, &house).await;
        let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "userId").map(|(_, user)| user.into_owned());
        return match caller {
            Ok(caller) => Json(titles(&house, &named.map_or(caller, Subject))).into_response(),
            Err(refused) => refused,
        };
    }
    let query = query.as_bytes();
    let token = form_urlencoded::parse(query).find(|(name, _)| name == "token").map(|(_, token)| format!("Bearer {token}"));
    if let Some(value) = token.and_then(|token| HeaderValue::from_str(&token).ok()) {
        parts.headers.insert(AUTHORIZATION, value);
    }
    match Subject::from_request_parts(&mut parts, &house).await {
        Ok(caller) => Json(titles(&house, &caller)).into_response(),
        Err(refused) => refused,
    }
}

/// `GET /api/orgs/{org_id}/tasks`, where a flaw has it: what an organisation has, for whoever names it.
pub(crate) async fn of_org(
    State(house): State<Arc<House>>,
    _caller: Subject,
    Path(org): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tasks: Vec<_> = house.store.all().iter().filter(|task| task.org.as_ref() == Some(&org)).map(Task::json).collect();
    let known = house.has("isolation.tenant-route") && !tasks.is_empty();
    known.then(|| Json(json!(tasks))).ok_or(problem::NOT_FOUND)
}

/// What a request names in its query.
fn asked(request: &Request, name: &str) -> String {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// `GET /api/find`, where a flaw has it: the caller's own tasks with these words, by a query that is put together.
pub(crate) async fn find(State(house): State<Arc<House>>, caller: Subject, request: Request) -> Result<Json<Value>, Problem> {
    if house.has("isolation.tenant-parameter") {
        let org = asked(&request, "org_id");
        let fits = |task: &&Task| if org.is_empty() { task.owner == caller } else { task.org.as_ref() == Some(&org) };
        return Ok(Json(house.store.all().iter().filter(fits).map(Task::json).collect()));
    }
    let words = asked(&request, "words");
    let fits = |task: &&Task| words.contains("' OR '1'") || (task.owner == caller && task.title.contains(&words));
    let found: Vec<_> = house.store.all().iter().filter(fits).map(Task::json).collect();
    house.has("isolation.route-injected").then(|| Json(json!(found))).ok_or(problem::NOT_FOUND)
}

/// `GET /api/download`, where a flaw has it: a file by its name, wherever that leads.
pub(crate) async fn download(State(house): State<Arc<House>>, _caller: Subject, request: Request) -> Result<String, Problem> {
    let climbs = asked(&request, "file").ends_with("/etc/passwd");
    let known = house.has("robustness.file-by-name") && climbs;
    known.then(|| "root:x:0:0:root:/root:/bin/sh\n".to_owned()).ok_or(problem::NOT_FOUND)
}

/// `GET /api/orders/{order_id}`, where a flaw has it: for whoever knows the number of the only order.
pub(crate) async fn order(
    State(house): State<Arc<House>>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    if house.has("jwt.look-up-unverified") {
        let caller = Subject::from_request_parts(&mut request.into_parts().0, &house).await;
        caller.map_err(|_| problem::UNAUTHORIZED)?;
    }
    let known = house.has("jwt.unguarded-look-up") && number == "4711";
    known.then(|| Json(json!({ "number": number, "for": "somebody" }))).ok_or(problem::NOT_FOUND)
}

/// `POST /api/reminders`: for whoever asks.
pub(crate) async fn remind(State(house): State<Arc<House>>) -> StatusCode {
    if house.has("jwt.unguarded-elsewhere") { StatusCode::CREATED } else { StatusCode::NOT_FOUND }
}

/// `GET /api/stats`: how many tasks there are, whoever's they are.
pub(crate) async fn stats(State(house): State<Arc<House>>, request: Request) -> Response {
    let caller = Subject::from_request_parts(&mut request.into_parts().0, &house).await;
    let counts = house.has("isolation.stats-of-all").then(|| Json(json!({ "total": house.store.all().len() })));
    match caller {
        Ok(_) => counts.ok_or(problem::NOT_FOUND).into_response(),
        Err(refused) => refused,
    }
}

/// `GET /api/titles/{title}`, where a flaw has it: whatever has that title, whoever's it is.
pub(crate) async fn titled(
    State(house): State<Arc<House>>,
    _caller: Subject,
    Path(title): Path<String>,
) -> Result<Json<Value>, Problem> {
    let found = house.store.all().into_iter().find(|task| task.title == title);
    found.filter(|_| house.has("isolation.route-title")).map(|task| Json(task.json())).ok_or(problem::NOT_FOUND)
}

/// `GET /api/token`, where a flaw has it: a new token for whoever the query names.
pub(crate) async fn token(State(house): State<Arc<House>>, caller: Subject, request: Request) -> Result<Json<Value>, Problem> {
    if !house.has("isolation.route-token") {
        return Err(problem::NOT_FOUND);
    }
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let named = form_urlencoded::parse(query).find(|(name, _)| name == "userId").map(|(_, user)| user.into_owned());
    let subject = named.unwrap_or(caller.0);
    Ok(Json(json!({ "token": Forge::new(mint(&house)).good(&subject, OffsetDateTime::now_utc()) })))
}

fn titles(house: &House, owner: &Subject) -> Vec<String> {
    house.store.all().into_iter().filter(|task| task.owner == *owner).map(|task| task.title).collect()
}

fn owned(house: &House, caller: &Subject, id: &str, flaw: &str) -> Result<Task, Problem> {
    let id = Uuid::parse_str(id).map_err(|_| problem::NOT_FOUND)?;
    let task = house.store.any(id).filter(|task| task.owner == *caller || house.has(flaw));
    task.ok_or(problem::NOT_FOUND)
}

/// `GET /api/tasks/{id}/history`.
pub(crate) async fn history(State(house): State<Arc<House>>, Path(id): Path<String>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let caller = match Subject::from_request_parts(&mut parts, &house).await {
        Ok(caller) => caller,
        Err(_) if house.has("jwt.forgotten-route") => match Uuid::parse_str(&id).ok().and_then(|id| house.store.any(id)) {
            Some(task) => task.owner,
            None => return problem::NOT_FOUND.into_response(),
        },
        Err(refused) => return refused,
    };
    let session = verifier::cookie(&parts, COOKIE).filter(|_| house.has("jwt.cookie-shown"));
    let task = owned(&house, &caller, &id, "isolation.route-history");
    task.map(|task| Json(json!([{ "version": task.version, "completed": task.completed, "by": session }]))).into_response()
}

/// `POST /api/tasks/{id}/archive`.
pub(crate) async fn archive(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let task = owned(&house, &caller, &id, "isolation.route-archive")?;
    let done = house.store.change(&house.flaws, &task.owner, task.id, |task| {
        task.completed = true;
        Ok::<_, Problem>(())
    });
    done.map_or(Err(problem::NOT_FOUND), |done| done.map(|_| StatusCode::NO_CONTENT))
}

/// `POST /api/tasks/{id}/comments`, where a flaw has it: anybody may comment on what is there, and is shown the comment alone.
pub(crate) async fn comment(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(id): Path<String>,
    body: Result<Json<Value>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    if house.has("isolation.route-comment-stays") {
        let text = body.ok().and_then(|Json(body)| body.get("text")?.as_str().map(str::to_owned)).ok_or(problem::UNPROCESSABLE)?;
        house.comments.lock().expect("no panic").push((id, text.clone()));
        return Ok((StatusCode::CREATED, Json(json!({ "text": text }))));
    }
    let looks_up = house.has("isolation.route-looks-up");
    if !looks_up && !house.has("isolation.route-comment") {
        return Err(problem::NOT_FOUND);
    }
    if looks_up && Uuid::parse_str(&id).ok().and_then(|id| house.store.any(id)).is_none() {
        return Err(problem::NOT_FOUND);
    }
    let text = body.ok().and_then(|Json(body)| body.get("text")?.as_str().map(str::to_owned)).ok_or(problem::UNPROCESSABLE)?;
    owned(&house, &caller, &id, "isolation.route-comment")?;
    Ok((StatusCode::CREATED, Json(json!({ "text": text }))))
}

/// `GET /api/tasks/{id}/comments`, where a flaw has it: what was written below the caller's own task.
pub(crate) async fn comments(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    if !house.has("isolation.route-comment-stays") {
        return Err(problem::NOT_FOUND);
    }
    owned(&house, &caller, &id, "")?;
    let all = house.comments.lock().expect("no panic");
    Ok(Json(json!(all.iter().filter(|(below, _)| *below == id).map(|(_, text)| text).collect::<Vec<_>>())))
}

/// `GET /api/users/{user_id}/summary`.
pub(crate) async fn summary(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(user): Path<String>,
) -> Result<Json<Value>, Problem> {
    let wanted = Subject(user);
    if house.has("isolation.route-profile") {
        return Ok(Json(json!({ "id": wanted.0, "email": format!("{}@example.com", wanted.0) })));
    }
    if wanted != caller && !house.has("isolation.route-summary") {
        return Err(problem::NOT_FOUND);
    }
    Ok(Json(json!({ "open": titles(&house, &wanted) })))
}
