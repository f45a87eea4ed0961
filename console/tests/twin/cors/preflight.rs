//! What a preflight is granted, and the mistakes that grant too much or too little.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use console::target::Carrier;

use super::super::headers::put;
use super::super::{House, csrf, problem};

const ALLOW: [(&str, &str); 3] = [
    ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"),
    ("access-control-allow-headers", "Authorization, Content-Type, If-Match, If-None-Match"),
    ("access-control-max-age", "7200"),
];

/// Flaws that put another fixed value into one of the grants.
const VALUES: &[(&str, &str, &str)] = &[
    ("cors.preflight-any-header", "access-control-allow-headers", "*, Authorization"),
    (
        "cors.preflight-extra-header",
        "access-control-allow-headers",
        "Authorization, Content-Type, If-Match, If-None-Match, Cookie, X-User-Id",
    ),
    ("cors.preflight-any-method", "access-control-allow-methods", "*"),
    ("cors.preflight-trace", "access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, TRACE, CONNECT"),
    ("cors.preflight-long-life", "access-control-max-age", "31536000"),
    ("cors.preflight-negative-life", "access-control-max-age", "-1"),
    ("cors.private-network", "access-control-allow-private-network", "true"),
    ("cors.local-network", "access-control-allow-local-network", "true"),
];
/// Flaws that echo a request header into one of the grants.
const ECHOES: &[(&str, &str, &str)] = &[
    ("cors.preflight-echoes-headers", "access-control-request-headers", "access-control-allow-headers"),
    ("cors.preflight-echoes-method", "access-control-request-method", "access-control-allow-methods"),
];

/// The answer to an allowed origin's preflight.
pub(super) fn grant(house: &House, path: &str, asked: &HeaderMap) -> Response {
    let item = path.starts_with("/api/tasks/");
    if item && house.has("cors.preflight-needs-token") && !asked.contains_key("authorization") {
        return problem::UNAUTHORIZED.into_response();
    }
    if house.has("cors.preflight-redirects") {
        return (StatusCode::PERMANENT_REDIRECT, [("location", "/elsewhere")]).into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in ALLOW {
        put(headers, name, value);
    }
    let own = match &house.carrier {
        Carrier::Header(name) => Some(name.clone()),
        _ => csrf::declared(house).map(|csrf| csrf.header),
    };
    if let Some(name) = own {
        put(headers, "access-control-allow-headers", &format!("Authorization, Content-Type, If-Match, If-None-Match, {name}"));
    }
    bend(house, asked, headers);
    response
}

fn bend(house: &House, asked: &HeaderMap, headers: &mut HeaderMap) {
    for (_, name, value) in VALUES.iter().filter(|(flaw, ..)| house.has(flaw)) {
        put(headers, name, value);
    }
    for (_, from, to) in ECHOES.iter().filter(|(flaw, ..)| house.has(flaw)) {
        if let Some(value) = asked.get(*from) {
            headers.insert(*to, value.clone());
        }
    }
    if house.has("cors.preflight-lacks-authorization") {
        put(headers, "access-control-allow-headers", "Content-Type, If-Match, If-None-Match");
    }
    if house.has("cors.preflight-lacks-delete") {
        put(headers, "access-control-allow-methods", "GET, POST, PUT, PATCH");
    }
}
