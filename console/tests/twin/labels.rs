//! Labels: a second resource of each user's, which is there with its flaws alone.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::House;
use super::problem::{self, Problem};
use super::verifier::Subject;

type Body = Result<Json<Value>, axum::extract::rejection::JsonRejection>;

/// A label and whose it is.
pub(crate) struct Label {
    id: Uuid,
    owner: Subject,
    name: String,
}

impl Label {
    fn json(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }
}

fn name_of(body: Body) -> Result<String, Problem> {
    let name = body.ok().and_then(|Json(body)| body.get("name")?.as_str().map(str::to_owned));
    name.filter(|name| !name.is_empty()).ok_or(problem::UNPROCESSABLE)
}

fn there(house: &House) -> Result<(), Problem> {
    if house.flaws.any("isolation.label-") { Ok(()) } else { Err(problem::NOT_FOUND) }
}

/// Whether anybody has a label with this id.
pub(crate) fn is_anybodys(house: &House, id: &str) -> bool {
    house.labels.lock().expect("no panic").iter().any(|label| label.id.to_string() == id)
}

/// The caller's label; anybody's where `flaw` is on.
fn found<'a>(house: &House, labels: &'a mut [Label], caller: &Subject, id: &str, flaw: &str) -> Result<&'a mut Label, Problem> {
    there(house)?;
    let found = labels.iter_mut().find(|label| label.id.to_string() == id && (label.owner == *caller || house.has(flaw)));
    found.ok_or(problem::NOT_FOUND)
}

/// `GET /api/labels`.
pub(crate) async fn list(State(house): State<Arc<House>>, caller: Subject) -> Result<Json<Value>, Problem> {
    there(&house)?;
    let labels = house.labels.lock().expect("no panic");
    Ok(Json(json!({ "labels": labels.iter().filter(|label| label.owner == caller).map(Label::json).collect::<Vec<_>>() })))
}

/// `POST /api/labels`.
pub(crate) async fn create(
    State(house): State<Arc<House>>,
    caller: Subject,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    there(&house)?;
    let label = Label { id: Uuid::now_v7(), owner: caller, name: name_of(body)? };
    let shown = Json(label.json());
    house.labels.lock().expect("no panic").push(label);
    Ok((StatusCode::CREATED, shown))
}

/// `GET /api/labels/{label_id}`.
pub(crate) async fn read(State(house): State<Arc<House>>, caller: Subject, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let mut labels = house.labels.lock().expect("no panic");
    let label = found(&house, &mut labels, &caller, &id, "isolation.label-read")?;
    Ok(Json(label.json()))
}

/// `GET /api/labels/{label_id}/uses`.
pub(crate) async fn uses(State(house): State<Arc<House>>, caller: Subject, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let mut labels = house.labels.lock().expect("no panic");
    let label = found(&house, &mut labels, &caller, &id, "isolation.label-uses")?;
    Ok(Json(json!({ "name": label.name, "uses": 0 })))
}

/// `PATCH /api/labels/{label_id}`.
pub(crate) async fn change(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let name = name_of(body)?;
    let mut labels = house.labels.lock().expect("no panic");
    let label = found(&house, &mut labels, &caller, &id, "isolation.label-changed")?;
    label.name = name;
    Ok(Json(label.json()))
}

/// `DELETE /api/labels/{label_id}`.
pub(crate) async fn delete(
    State(house): State<Arc<House>>,
    caller: Subject,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut labels = house.labels.lock().expect("no panic");
    let label = found(&house, &mut labels, &caller, &id, "isolation.label-deleted")?;
    let gone = label.id;
    labels.retain(|label| label.id != gone);
    Ok(StatusCode::NO_CONTENT)
}
