//! What names an owner: who A is to the service, and the fields and parameters by which objects and requests say whose they are. Beside
//! them the other fields that are no caller's to set.

use serde_json::{Value, json};

use crate::checks::json_id::json_id;
use crate::checks::{Context, User};
use crate::token::as_text;

use super::stage::Victim;
use super::tenancy::Apart;

/// Fields in which services keep the owner of an object.
pub(super) const OWNER_FIELDS: [&str; 13] = [
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
    "authorId",
    "tenant_id",
    "account_id",
];

/// Further parameters that name whose objects are meant; the most usual first.
pub(super) const WHOSE: [&str; 27] = [
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
    "as_user",
    "sudo",
    "actAs",
    "creator",
    "authorId",
    "createdBy",
    "assigneeId",
    "owner__id",
    "owner__username",
    "user__username",
];

/// A moment that no clock of a service shows.
pub(super) const LONG_AGO: &str = "1999-01-01T00:00:00Z";

/// Who A is to the service: the subject of the token, or what the object itself names as its owner.
pub(super) fn subject(cx: &Context, user: &User, victim: &Victim) -> Option<String> {
    let said = victim.read.json().and_then(|json| {
        let object = cx.target.resource.object(&json)?;
        as_text(OWNER_FIELDS.iter().find_map(|field| object.get(field))?)
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

/// Fields beside the owner's that are no caller's to set, and what is tried.
const OTHERS: [(&str, &str); 4] = [("created_at", LONG_AGO), ("createdAt", LONG_AGO), ("role", "admin"), ("is_admin", "true")];

/// Words in the names of fields that name somebody.
const NAMING: [&str; 8] = ["user", "owner", "creator", "author", "account", "member", "person", "_by"];

/// Whether a field of an object of A's names A: by its value, where that can hardly be anything else, or by its own name as well.
fn names_a(field: &str, value: &Value, subject: &str) -> bool {
    let field = field.to_ascii_lowercase();
    as_text(value).as_deref() == Some(subject) && (subject.len() >= 6 || NAMING.iter().any(|word| field.contains(word)))
}

/// A field that is not the caller's to set, and the value tried.
#[derive(Clone)]
pub(super) struct ForbiddenField {
    pub(super) field: String,
    pub(super) value: Value,
    /// Whether it says whose the object is.
    pub(super) owner: bool,
}

impl ForbiddenField {
    /// A member that says in what of A's an object is kept.
    pub(super) fn of(place: Apart) -> Self {
        Self { field: place.name, value: place.of_a, owner: true }
    }
}

/// The names in which an owner may be kept: first those that the object itself shows, then by how many services use them.
pub(super) fn owner_fields(cx: &Context, victim: &Victim) -> Vec<String> {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let shown = |name: &String| object.is_some_and(|object| object.get(name).is_some());
    let names = OWNER_FIELDS.map(str::to_owned).into_iter().chain(named_by_path(&cx.target.paths.list));
    let (shown, others): (Vec<_>, Vec<_>) = names.partition(shown);
    let subject = cx.users.a.as_ref().and_then(|a| a.subject.as_deref());
    let id = cx.target.resource.fields.id.trim_start_matches('/');
    let members = object.and_then(Value::as_object).into_iter().flatten();
    let own = members.filter(|(name, value)| *name != id && subject.is_some_and(|subject| names_a(name, value, subject)));
    let own: Vec<_> = own.map(|(name, _)| name.clone()).filter(|name| !shown.contains(name)).collect();
    [shown, own, others].concat()
}

/// A's name as the service writes it: a number where it shows numbers, and a text where it shows texts.
fn written(cx: &Context, victim: &Victim, owner: &str) -> Value {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let shown = object.and_then(|object| owner_fields(cx, victim).into_iter().find_map(|name| object.get(name)));
    if shown.is_some_and(Value::is_string) { json!(owner) } else { json_id(owner) }
}

/// What is tried: the owner only where A's name is known, since any other name could be somebody's whom the run must not touch.
pub(super) fn fields(cx: &Context, victim: &Victim, owner: Option<&str>) -> Vec<ForbiddenField> {
    let names = owner_fields(cx, victim).into_iter();
    let naming = |owner: &str| {
        let value = written(cx, victim, owner);
        names.map(|field| ForbiddenField { field, value: value.clone(), owner: true }).collect()
    };
    let mut fields: Vec<_> = owner.map(naming).unwrap_or_default();
    let value = |value: &str| if value == "true" { json!(true) } else { json!(value) };
    fields.extend(OTHERS.map(|(field, tried)| ForbiddenField { field: field.into(), value: value(tried), owner: false }));
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
    let subject = encoded(subject);
    let bracketed = shown.iter().map(|field| format!("&filter[{field}]={subject}&where[{field}]={subject}"));
    format!("filter={condition}&where={condition}{}", bracketed.collect::<String>())
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

    #[rstest::rstest]
    #[case::mongoose("_creator", json!("64f1c0ffee64f1c0ffee64f1"), "64f1c0ffee64f1c0ffee64f1", true)]
    #[case::any_name("madeFor", json!("7d2c6f0e-41a7"), "7d2c6f0e-41a7", true)]
    #[case::number("creator_no", json!(7), "7", true)]
    #[case::chance("priority", json!(7), "7", false)]
    #[case::somebody_else("owner", json!("b"), "a", false)]
    fn a_field_that_holds_the_name_of_a_names_the_owner(
        #[case] field: &str,
        #[case] value: Value,
        #[case] subject: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(names_a(field, &value, subject), expected);
    }

    #[test]
    fn the_word_before_the_user_in_a_path_names_the_owner() {
        assert_eq!(named_by_path("/workspaces/{user_id}/items"), ["workspace_id", "workspaceId", "workspace"]);
        assert!(named_by_path("/api/{user_id}/tasks").is_empty());
        assert!(named_by_path("/api/tasks").is_empty());
    }
}
