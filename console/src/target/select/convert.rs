//! Parts of an entry as parts of a target, with what holds where the entry says nothing. Pure: reads neither files nor the environment.

use crate::target::credentials::token_at;
use crate::target::entries::{CarrierEntry, CsrfEntry};
use crate::target::file::{
    BulkEntry, HeaderEntry, HealthEntry, ParentEntry, PathsEntry, PolicyEntry, RouteAuthEntry, RouteEntry, TaskEntry, UpdateEntry,
};
use crate::target::{
    Bulk, Carrier, Csrf, Declared, Fields, HeaderPolicy, HealthAt, Offers, Parent, Paths, Policy, Resource, Route, RouteAuth,
    Statuses, Update,
};

/// The word of `task.id` for ids that are only in the header of that name.
pub(in crate::target) const LOCATION: &str = "location";

pub(super) fn by_hand(entry: &RouteEntry, paths: &Paths) -> Route {
    let methods = entry.methods.as_deref().unwrap_or_default().iter().map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>();
    let methods = if methods.is_empty() { vec!["GET".to_owned()] } else { methods };
    let auth = if entry.auth == Some(RouteAuthEntry::None) { RouteAuth::None } else { RouteAuth::Bearer };
    Route::by_hand(&entry.path, methods, auth, paths)
}

pub(super) fn paths(entry: &PathsEntry) -> Paths {
    let default = Paths::default();
    Paths {
        list: entry.list.clone().unwrap_or(default.list),
        read: entry.read.clone(),
        item: entry.item.clone().unwrap_or(default.item),
        toggle: entry.toggle.clone(),
        health: entry.health.clone(),
        live: entry.live.clone(),
        jwks: entry.jwks.clone(),
        protected: entry.protected.clone(),
        docs: entry.docs.clone(),
        guessed: false,
    }
}

pub(super) fn resource(entry: &TaskEntry) -> Resource {
    let default = Resource::default();
    let or = |given: &Option<String>, default: String| given.clone().unwrap_or(default);
    let in_location = entry.id.as_deref() == Some(LOCATION);
    Resource {
        fields: Fields {
            id: or(&entry.id.clone().filter(|_| !in_location), default.fields.id),
            items: or(&entry.items, default.fields.items),
            title: or(&entry.title, default.fields.title),
            done: entry.done.clone().map_or(default.fields.done, |done| Some(done).filter(|done| !done.is_empty())),
        },
        extra: entry.extra.clone(),
        put: entry.put.clone(),
        envelope: entry.envelope.clone(),
        version: entry.version.clone(),
        update: match entry.update {
            Some(UpdateEntry::Put) => Update::Put,
            Some(UpdateEntry::Patch) => Update::Patch,
            Some(UpdateEntry::Both) | None => Update::Both,
            Some(UpdateEntry::None) => Update::None,
        },
        object: or(&entry.object, default.object),
        created: entry.created_object.clone(),
        id_in_location: in_location,
        offers: Offers { get: entry.get.unwrap_or(true), list: entry.list.unwrap_or(true), delete: entry.delete.unwrap_or(true) },
        bulk: entry.bulk.iter().map(bulk).collect(),
    }
}

/// What objects live in looks like the objects themselves where nothing else is said: one service has one habit.
pub(super) fn parent(entry: &ParentEntry, task: &TaskEntry) -> Parent {
    let or = |given: &Option<String>, of_task: &Option<String>| given.clone().or_else(|| of_task.clone());
    let look = TaskEntry {
        id: or(&entry.id, &task.id),
        items: or(&entry.items, &task.items),
        object: or(&entry.object, &task.object),
        created_object: or(&entry.created_object, &task.created_object),
        title: Some(entry.title.clone().unwrap_or_else(|| "name".to_owned())),
        done: Some(String::new()),
        update: Some(UpdateEntry::None),
        extra: entry.extra.clone(),
        envelope: or(&entry.envelope, &task.envelope).filter(|name| !name.is_empty()),
        get: entry.get,
        list: entry.listed,
        delete: entry.delete,
        ..TaskEntry::default()
    };
    let item = || format!("{}/{{id}}", entry.list.trim_end_matches('/'));
    Parent { list: entry.list.clone(), item: entry.item.clone().unwrap_or_else(item), resource: resource(&look) }
}

fn bulk(entry: &BulkEntry) -> Bulk {
    Bulk {
        method: entry.method.as_deref().unwrap_or("POST").to_ascii_uppercase(),
        path: entry.path.clone(),
        body: entry.body.clone().unwrap_or_default(),
    }
}

pub(super) fn health(entry: &HealthEntry) -> HealthAt {
    HealthAt {
        dependencies: entry.database.iter().chain(&entry.dependencies).cloned().collect(),
        good: entry.ok.iter().map(|word| word.to_lowercase()).collect(),
    }
}

pub(super) fn carrier(entry: Option<&CarrierEntry>) -> Carrier {
    match entry {
        None | Some(CarrierEntry::Bearer) => Carrier::Bearer,
        Some(CarrierEntry::Scheme(name)) if name.eq_ignore_ascii_case("bearer") => Carrier::Bearer,
        Some(CarrierEntry::Scheme(name)) => Carrier::Scheme(name.clone()),
        Some(CarrierEntry::Cookie(name)) => Carrier::Cookie(name.clone()),
        Some(CarrierEntry::Header(name)) => Carrier::Header(name.to_ascii_lowercase()),
    }
}

pub(super) fn csrf(entry: &CsrfEntry) -> Csrf {
    Csrf { header: entry.header.to_ascii_lowercase(), token: token_at(&entry.token), path: entry.path.clone() }
}

pub(super) fn policy(entry: &PolicyEntry) -> Policy {
    let default = Policy::default();
    let statuses = |given: &Option<Vec<u16>>, default| given.as_ref().map_or(default, |codes| Statuses::of(codes.iter().copied()));
    let lower = |given: &Option<Vec<String>>, default| {
        given.as_ref().map_or(default, |names| names.iter().map(|name| name.to_ascii_lowercase()).collect())
    };
    Policy {
        unauthenticated: statuses(&entry.unauthenticated, default.unauthenticated),
        refused_token: statuses(&entry.refused_token, default.refused_token),
        foreign: statuses(&entry.foreign, default.foreign),
        missing: statuses(&entry.missing, default.missing),
        deleted: statuses(&entry.deleted, default.deleted),
        uniform_foreign: entry.uniform_foreign.unwrap_or(default.uniform_foreign),
        plain_write: statuses(&entry.plain_write, default.plain_write),
        max_leeway_secs: entry.max_leeway.unwrap_or(default.max_leeway_secs),
        max_lifetime_secs: entry.max_lifetime,
        issuer: entry.issuer.clone(),
        audience: entry.audience.clone(),
        known_subjects: entry.known_subjects.unwrap_or(default.known_subjects),
        previous_secret_valid: entry.previous_secret_valid.unwrap_or(default.previous_secret_valid),
        single_use: entry.single_use.unwrap_or(default.single_use),
        revocation: entry.revocation.unwrap_or(default.revocation),
        login_limit: entry.login_limit,
        methods: entry.methods.clone().unwrap_or(default.methods),
        request_headers: lower(&entry.request_headers, default.request_headers),
        exposed_headers: lower(&entry.exposed_headers, default.exposed_headers),
        credentials: entry.credentials.unwrap_or(default.credentials),
        docs_public: entry.docs_public.unwrap_or(default.docs_public),
        public: entry.public.clone().unwrap_or(default.public),
        shared: entry.shared.clone().unwrap_or(default.shared),
        headers: headers(entry),
        declared: declared(entry),
    }
}

fn headers(entry: &PolicyEntry) -> HeaderPolicy {
    let lower = |name: &String| name.to_ascii_lowercase();
    let mut policy =
        HeaderPolicy { required: entry.required_headers.iter().flatten().map(lower).collect(), ..HeaderPolicy::default() };
    for (name, rule) in &entry.headers {
        match rule {
            HeaderEntry::Required => policy.required.push(lower(name)),
            HeaderEntry::Optional => policy.optional.push(lower(name)),
            HeaderEntry::Forbidden => policy.forbidden.push(lower(name)),
            HeaderEntry::Value(value) => policy.exact.push((lower(name), value.clone())),
        }
    }
    policy
}

fn declared(entry: &PolicyEntry) -> Declared {
    let lower = |name: &Option<String>| name.as_ref().map(|name| name.to_ascii_lowercase());
    Declared {
        rate_limit: entry.rate_limit,
        max_body: entry.max_body,
        problem: entry.problem.clone(),
        request_id: lower(&entry.request_id),
        idempotency_header: lower(&entry.idempotency_header),
        header_timeout: entry.header_timeout,
        body_timeout: entry.body_timeout,
    }
}
