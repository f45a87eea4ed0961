//! The rules: one flaw a row.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::Turn;
use super::asked::Asked;
use crate::twin::{accounts, problem};

/// What a flaw does to a request; `None` leaves it alone.
pub(super) type Rule = fn(&Asked<'_>) -> Option<Turn>;

/// Rules by the flaw that switches them on.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("isolation.cache-by-extension", |asked| {
        let file = asked.method == "GET" && asked.path.starts_with("/api/tasks/") && asked.path.contains(".css");
        file.then(|| Turn::default().to("/api/tasks"))
    }),
    ("isolation.read-any", |asked| asked.owner_for("GET")),
    ("isolation.head-any", |asked| asked.owner_for("HEAD")),
    ("isolation.put-any", |asked| asked.owner_for("PUT")),
    ("isolation.patch-any", |asked| asked.owner_for("PATCH").filter(|_| !asked.is_toggle())),
    ("isolation.delete-any", |asked| asked.owner_for("DELETE")),
    ("isolation.toggle-any", |asked| asked.owner_for("PATCH").filter(|_| asked.is_toggle())),
    ("isolation.toggle-late", |asked| asked.owner_for("PATCH").filter(|_| asked.is_toggle())),
    ("isolation.marks-any", |asked| {
        let alone = asked.body.len() == 1 && asked.body.contains_key("completed");
        asked.owner_for("PATCH").filter(|_| alone && !asked.is_toggle())
    }),
    ("isolation.anonymous-read", |asked| asked.nobody().and_then(|()| asked.owner("GET"))),
    ("isolation.anonymous-write", |asked| asked.nobody().and_then(|()| asked.owner("PATCH"))),
    ("isolation.anonymous-delete", |asked| asked.nobody().and_then(|()| asked.owner("DELETE"))),
    // Claims beside the token.
    ("isolation.query-user", |asked| asked.named("user_id")),
    ("isolation.tenant-header", |asked| {
        let org = asked.header("x-org-id")?;
        asked.user().filter(|_| asked.is_list("GET")).map(|_| asked.everything(|task| task.org.as_ref() == Some(&org)))
    }),
    ("isolation.tenant-query", |asked| {
        let org = asked.asks("org_id")?.to_owned();
        asked.user().filter(|_| asked.is_list("GET")).map(|_| asked.everything(|task| task.org.as_ref() == Some(&org)))
    }),
    ("isolation.tenant-assigned", |asked| asked.user().filter(|_| asked.is_list("POST")).and_then(|_| asked.member_of_named_org())),
    ("isolation.query-array", |asked| asked.named("user_id[]")),
    ("isolation.query-operator", |asked| asked.everything_if("user_id[$ne]", |_| true)),
    ("isolation.query-spread", spread),
    ("isolation.query-json", |asked| {
        let condition: serde_json::Value = serde_json::from_str(asked.asks("filter")?).ok()?;
        let owner = condition.get("userId")?.as_str()?.to_owned();
        asked.user().filter(|_| asked.is_list("GET")).map(|_| asked.everything(|task| task.owner.0 == owner))
    }),
    ("isolation.query-regex", |asked| asked.everything_if("title[$regex]", |_| true)),
    ("isolation.query-all", |asked| asked.everything_if("scope", |value| value == "all")),
    ("isolation.query-all-unless-filtered", |asked| {
        let filters = ["archived", "shared", "public", "status"].iter().any(|name| asked.asks(name).is_some());
        asked.everything_if("all", |value| value == "true" && !filters)
    }),
    ("isolation.query-archived", |asked| asked.everything_if("archived", |value| value == "true")),
    ("isolation.query-word", |asked| asked.everything_if("include", |value| value == "trash")),
    ("isolation.query-admin", |asked| asked.everything_if("admin", |value| value == "true")),
    ("isolation.query-id", |asked| {
        asked.task().filter(|task| asked.method == "GET" && Some(task.owner.0.as_str()) == asked.user())?;
        let other = asked.house.store.any(asked.asks("id")?.parse().ok()?)?;
        Some(Turn::acting_as(other.owner.0).to(format!("/api/tasks/{}", other.id)))
    }),
    ("isolation.list-exact", |asked| {
        let title = asked.asks("title").filter(|_| asked.is_list("GET")).and_then(|title| asked.user().map(|_| title))?;
        let known = asked.house.store.all().iter().any(|task| task.title == title);
        known.then(|| asked.everything(|task| task.title == title))
    }),
    ("isolation.list-wildcard", |asked| asked.everything_if("q", |text| text == "%")),
    ("isolation.query-force", |asked| asked.asks("force").and_then(|_| asked.owner_for("GET"))),
    ("isolation.header-sudo", |asked| asked.user().and_then(|_| asked.header("sudo")).map(Turn::acting_as)),
    ("isolation.table-of-all", |asked| {
        asked.header("accept").filter(|kinds| kinds.starts_with("text/csv"))?;
        asked.user().filter(|_| asked.is_list("GET")).map(|_| asked.everything(|_| true))
    }),
    ("isolation.header-admin", |asked| {
        asked.header("x-user-role").filter(|role| role == "admin")?;
        asked.owner_for("GET")
    }),
    ("isolation.header-page", |asked| {
        asked.header("referer").filter(|page| page.starts_with("https://tasks-twin."))?;
        asked.owner_for("GET")
    }),
    ("isolation.signup-silent-admin", of_administrators),
    ("isolation.account-silent-role", of_administrators),
    ("isolation.admin-by-header", |asked| {
        asked.user().filter(|_| asked.path == "/api/admin/users")?;
        let is_admin = asked.header("x-role").is_some_and(|role| role == "admin");
        Some(Turn::answering(if is_admin { StatusCode::OK } else { StatusCode::FORBIDDEN }))
    }),
    ("isolation.admin-by-address", |asked| {
        asked.user().filter(|_| asked.path == "/api/admin/users")?;
        let is_here = asked.header("x-forwarded-for").is_some_and(|address| address == "127.0.0.1");
        Some(Turn::answering(if is_here { StatusCode::OK } else { StatusCode::FORBIDDEN }))
    }),
    ("isolation.admin-without-token", |asked| {
        asked.header("x-admin").filter(|word| word == "true").and_then(|_| asked.nobody())?;
        asked.owner("GET")
    }),
    ("isolation.header-user", |asked| asked.user().and_then(|_| asked.header("x-user-id")).map(Turn::acting_as)),
    ("isolation.header-gateway", |asked| asked.nobody().and_then(|()| asked.header("x-forwarded-user")).map(Turn::acting_as)),
    ("isolation.header-path", |asked| asked.rerouted("x-original-url")),
    ("isolation.cookie-user", |asked| asked.cookie("user_id").map(Turn::acting_as)),
    ("isolation.path-user", |asked| asked.user_in_path("/api/users/")),
    ("isolation.path-user-bare", |asked| asked.user_in_path("/api/")),
    ("isolation.body-owner", |asked| asked.task().and_then(|_| asked.claimed("owner_id"))),
    ("isolation.body-user", |asked| {
        asked.task().filter(|_| asked.body.get("user").is_some_and(serde_json::Value::is_object))?;
        asked.claimed("user")
    }),
    // Mass assignment.
    ("isolation.body-id", |asked| {
        asked.task().filter(|task| Some(task.owner.0.as_str()) == asked.user() && asked.method == "PUT")?;
        let other = asked.house.store.any(asked.body.get("id")?.as_str()?.parse().ok()?)?;
        Some(Turn::acting_as(other.owner.0).to(format!("/api/tasks/{}", other.id)).leaving_out("id"))
    }),
    ("isolation.assign-owner", |asked| asked.claimed("user_id").filter(|_| asked.is_list("POST"))),
    ("isolation.assign-author", |asked| asked.claimed("author_id").filter(|_| asked.is_list("POST"))),
    ("isolation.assign-id", overwritten),
    ("isolation.unique-titles", taken),
    // Lists.
    ("isolation.list-size", |asked| asked.everything_if("limit", |limit| limit.parse::<i64>().is_ok_and(|limit| limit > 100))),
    ("isolation.list-negative", |asked| asked.everything_if("page", |page| page == "-1")),
    ("isolation.list-order", |asked| asked.everything_if("order_by", |_| true)),
    ("isolation.list-sorted", |asked| asked.everything_if("sortBy", |_| true)),
    ("isolation.total-with-pages", |asked| {
        asked.user().filter(|_| asked.is_list("GET") && asked.asks("page") == Some("2"))?;
        Some(asked.everything(|_| false))
    }),
    ("isolation.search-any", |asked| {
        let words = asked.asks("q")?;
        asked.is_list("GET").then(|| asked.everything(|task| task.title.contains(words)))
    }),
    ("isolation.search-injection", |asked| asked.everything_if("q", |words| words.contains("' OR '1'='1"))),
    ("isolation.search-brackets", |asked| asked.everything_if("search", |words| words.contains("') OR 1=1"))),
    ("isolation.search-descriptions", |asked| {
        let words = asked.asks("search")?;
        let described = |task: &crate::twin::store::Task| task.description.as_ref().is_some_and(|text| text.contains(words));
        asked.user().filter(|_| asked.is_list("GET")).map(|_| asked.everything(described))
    }),
    ("isolation.filter-state", |asked| asked.everything_if("status", |state| state == "pending")),
    ("isolation.filter-any", |asked| asked.everything_if("filter[title]", |_| true)),
    ("isolation.export-any", |asked| {
        asked.user().filter(|_| asked.path == "/api/tasks/export").map(|_| asked.everything(|_| true))
    }),
    ("isolation.ids-any", |asked| {
        let ids = asked.asks("ids")?;
        Some(asked.everything(|task| ids.contains(&task.id.to_string())))
    }),
    ("isolation.cursor-owner", |asked| {
        let (owner, position) = asked.asks("cursor")?.split_once('~')?;
        Some(Turn::acting_as(owner).to(format!("/api/tasks?limit=100&cursor={position}")))
    }),
    ("isolation.embeds-owner", |asked| {
        asked.asks("expand").filter(|what| what.contains("owner"))?;
        let task = asked.task().filter(|task| Some(task.owner.0.as_str()) == asked.user())?;
        let owner = json!({ "id": task.owner.0, "password_hash": "$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK" });
        Some(Turn::answering(Json(json!({ "task": task.json(), "owner": owner }))))
    }),
    // Other ways in.
    ("isolation.version-by-header", |asked| {
        asked.header("x-api-version").filter(|version| version == "1")?;
        asked.owner_for("GET")
    }),
    ("isolation.id-upper-case", |asked| asked.canonical(asked.below().filter(|id| id.contains(char::is_uppercase))?)),
    ("isolation.id-extension", |asked| asked.canonical(asked.below()?.strip_suffix(".json")?)),
    ("isolation.id-trailing-nul", |asked| asked.canonical(asked.below()?.strip_suffix("%00")?)),
    ("isolation.id-path-parameter", |asked| asked.canonical(asked.below()?.split_once(';')?.0)),
    ("isolation.method-header", |asked| overridden(asked, asked.header("x-http-method-override"))),
    ("isolation.method-query", |asked| overridden(asked, asked.asks("_method").map(str::to_owned))),
    ("isolation.method-of-own-read", |asked| {
        let method: Method = asked.header("x-http-method-override")?.parse().ok()?;
        (asked.method == "GET").then(|| Turn::default().by(method))
    }),
    ("isolation.old-version", |asked| asked.canonical(asked.path.strip_prefix("/api/v1/tasks/")?)),
    ("isolation.internal-version", |asked| (asked.path == "/internal/tasks").then(|| asked.everything(|_| true))),
    ("isolation.admin-users", |asked| {
        let users: std::collections::BTreeSet<_> = asked.house.store.all().into_iter().map(|task| task.owner.0).collect();
        (asked.path == "/api/admin/users").then(|| Turn::answering(Json(json!(users))))
    }),
    // Order of what a handler looks at.
    ("isolation.validates-first", |asked| {
        let invalid = asked.body.get("title").is_some_and(|title| !title.is_string());
        asked.owner_for("PUT").filter(|_| invalid)
    }),
    ("isolation.condition-first", |asked| {
        let (task, tag) = (asked.foreign()?, asked.header("if-match")?);
        (tag != task.etag()).then(|| Turn::acting_as(task.owner.0))
    }),
    ("isolation.not-modified-first", |asked| {
        let (task, tag) = (asked.foreign()?, asked.header("if-none-match")?);
        (tag == task.etag() && asked.method == "GET").then(|| Turn::answering(StatusCode::NOT_MODIFIED))
    }),
    ("isolation.range-first", |asked| {
        asked.foreign().filter(|_| asked.method == "GET" && asked.header("range").is_some())?;
        Some(Turn::answering((StatusCode::PARTIAL_CONTENT, "{\"id\":")))
    }),
];

/// `find({ owner, ...query })`: what the query names replaces the owner, and must hold of every field that it names.
fn spread(asked: &Asked<'_>) -> Option<Turn> {
    let known = ["limit", "cursor", "page", "sort", "q", "search", "status", "completed"];
    let fields: Vec<_> = asked.query.iter().filter(|(name, _)| !known.contains(&name.as_str())).collect();
    let (_, owner) = fields.iter().find(|(name, _)| name == "userId")?;
    asked.user().filter(|_| asked.is_list("GET"))?;
    Some(asked.everything(|task| fields.len() == 1 && task.owner.0 == *owner))
}

/// Creation is an upsert: an id in the body replaces the task that has it.
fn overwritten(asked: &Asked<'_>) -> Option<Turn> {
    let task = asked.house.store.any(asked.body.get("id")?.as_str()?.parse().ok()?)?;
    let turn = Turn::acting_as(task.owner.0).by(Method::PUT).to(format!("/api/tasks/{}", task.id));
    asked.is_list("POST").then(|| turn.leaving_out("id"))
}

/// A title may be used once by all users together.
fn taken(asked: &Asked<'_>) -> Option<Turn> {
    let title = asked.body.get("title")?.as_str()?;
    let taken = asked.house.store.all().into_iter().any(|task| task.title == title && Some(task.owner.0.as_str()) != asked.user());
    (taken && asked.is_list("POST")).then(|| Turn::answering((StatusCode::CONFLICT, problem::UNPROCESSABLE.into_response())))
}

/// The guard looked at the method of the request line, the handler at the one it was renamed to.
fn overridden(asked: &Asked<'_>, method: Option<String>) -> Option<Turn> {
    let method: Method = method?.parse().ok()?;
    let foreign = asked.foreign()?;
    asked.user().map(|_| Turn::acting_as(foreign.owner.0).by(method))
}

/// The list of users is for administrators alone.
fn of_administrators(asked: &Asked<'_>) -> Option<Turn> {
    let user = asked.user().filter(|_| asked.path == "/api/admin/users")?;
    let is_admin = accounts::is_admin(asked.house, user);
    Some(Turn::answering(if is_admin { StatusCode::OK } else { StatusCode::FORBIDDEN }))
}
