//! What names an owner: who A is to the service, and the fields and parameters by which objects and requests say whose they are. Beside
//! them the other fields that are no caller's to set.

use serde_json::{Value, json};

use crate::checks::json_id::json_id;
use crate::checks::{Context, User};

use super::stage::Victim;

/// Fields in which services keep the owner of an object.
pub(super) const OWNER_FIELDS: [&str; 12] = [
    "user_id",
    "owner_id",
    "owner",
    "userId",
    "uid",
    "created_by",
    "createdBy",
    "ownerId",
    "user",
    "author_id",
    "tenant_id",
    "account_id",
];

/// Further parameters that name whose objects are meant; the most usual first.
pub(super) const WHOSE: [&str; 18] = [
    "owner_id",
    "ownerId",
    "uid",
    "assigned_to",
    "created_by",
    "as",
    "sub",
    "username",
    "author",
    "author_id",
    "tenant_id",
    "tenant",
    "account_id",
    "impersonate",
    "on_behalf_of",
    "assignee",
    "act_as",
    "actAs",
];

/// A moment that no clock of a service shows.
pub(super) const LONG_AGO: &str = "1999-01-01T00:00:00Z";

/// Who A is to the service: the subject of the token, or what the object itself names as its owner.
pub(super) fn subject(user: &User, victim: &Victim) -> Option<String> {
    let said = victim.read.json().and_then(|json| {
        let value = OWNER_FIELDS.iter().find_map(|field| json.get(field).cloned())?;
        value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
    });
    said.or_else(|| user.subject.clone())
}

/// Names of the owner that follow from a path: `/workspaces/{user_id}/items` knows a `workspace_id`.
pub(super) fn named_by_path(template: &str) -> Vec<String> {
    let before = template.split("/{user_id}").next().filter(|before| *before != template);
    let word = before.and_then(|before| before.rsplit('/').next()).map(|word| word.strip_suffix('s').unwrap_or(word));
    let word = word.filter(|word| !matches!(*word, "" | "api" | "user" | "v1" | "v2"));
    word.map(|word| vec![format!("{word}_id"), format!("{word}Id"), word.to_owned()]).unwrap_or_default()
}

/// Whether a field says whose an object is.
pub(super) fn is_owner(cx: &Context, field: &str) -> bool {
    OWNER_FIELDS.contains(&field) || named_by_path(&cx.target.paths.list).iter().any(|name| name == field)
}

/// A field that is not the caller's to set, and the value tried.
#[derive(Clone)]
pub(super) struct ForbiddenField {
    pub(super) field: String,
    pub(super) value: Value,
}

/// The names in which an owner may be kept: first those that the object itself shows, then by how many services use them.
pub(super) fn owner_fields(cx: &Context, victim: &Victim) -> Vec<String> {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let shown = |name: &String| object.is_some_and(|object| object.get(name).is_some());
    let names = OWNER_FIELDS.map(str::to_owned).into_iter().chain(named_by_path(&cx.target.paths.list));
    let (shown, others): (Vec<_>, Vec<_>) = names.partition(shown);
    [shown, others].concat()
}

/// What is tried: the owner only where A's name is known, since any other name could be somebody's whom the run must not touch.
pub(super) fn fields(cx: &Context, victim: &Victim, owner: Option<&str>) -> Vec<ForbiddenField> {
    let names = owner_fields(cx, victim).into_iter();
    let naming = |owner: &str| names.map(|field| ForbiddenField { field, value: json_id(owner) }).collect();
    let mut fields: Vec<_> = owner.map(naming).unwrap_or_default();
    let others =
        [("created_at", json!(LONG_AGO)), ("createdAt", json!(LONG_AGO)), ("role", json!("admin")), ("is_admin", json!(true))];
    fields.extend(others.map(|(field, value)| ForbiddenField { field: field.into(), value }));
    fields
}

/// A name as a query or a path holds it.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A query that names the user `subject` by every parameter that services know.
pub(super) fn naming(subject: &str) -> String {
    let subject = encoded(subject);
    let names = ["user_id", "userId", "user", "owner"].iter().chain(&WHOSE);
    names.map(|name| format!("{name}={subject}")).collect::<Vec<_>>().join("&")
}

/// A condition on the owner as a JSON text, by the parameters that take one (`LoopBack`, Parse, Sails): in the field that the object `shown` has
/// for it, else in the usual one.
pub(super) fn described(subject: &str, shown: &[String]) -> String {
    let field = shown.first().map_or("userId", String::as_str);
    let condition = encoded(&json!({ field: json_id(subject) }).to_string());
    format!("filter={condition}&where={condition}")
}

/// The names of the owner that A's object shows, at most two.
pub(super) fn shown_owner(cx: &Context, victim: &Victim) -> Vec<String> {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let shown = |name: &String| object.is_some_and(|object| object.get(name).is_some());
    owner_fields(cx, victim).into_iter().filter(shown).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_the_user_in_a_path_names_the_owner() {
        assert_eq!(named_by_path("/workspaces/{user_id}/items"), ["workspace_id", "workspaceId", "workspace"]);
        assert!(named_by_path("/api/{user_id}/tasks").is_empty());
        assert!(named_by_path("/api/tasks").is_empty());
    }
}
