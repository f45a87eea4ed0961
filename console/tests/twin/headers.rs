//! Security headers on every answer, and where the flaws of the suite `headers` act.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::{House, health, robust};

const ALWAYS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
];

/// Flaws that leave a header out everywhere.
const LEFT_OUT: &[(&str, &str)] = &[
    ("headers.no-nosniff", "x-content-type-options"),
    ("headers.no-referrer-policy", "referrer-policy"),
    ("headers.no-frame-options", "x-frame-options"),
    ("headers.no-resource-policy", "cross-origin-resource-policy"),
    ("headers.no-content-policy", "content-security-policy"),
    ("headers.no-cache-control", "cache-control"),
];

/// Flaws that are a header with a bad value.
const BAD_VALUES: &[(&str, &str, &str)] = &[
    ("headers.weak-nosniff", "x-content-type-options", "sniff"),
    ("headers.weak-referrer-policy", "referrer-policy", "unsafe-url"),
    ("headers.weak-frame-options", "x-frame-options", "ALLOW-FROM https://evil.example"),
    ("headers.weak-resource-policy", "cross-origin-resource-policy", "everyone"),
    ("headers.weak-content-policy", "content-security-policy", "default-src * 'unsafe-inline' 'unsafe-eval'"),
    ("headers.framing-allowed", "content-security-policy", "default-src 'none'; frame-ancestors *"),
    ("headers.public-cache", "cache-control", "public, max-age=3600"),
    ("cors.cacheable-without-vary", "cache-control", "public, max-age=60"),
    ("headers.edge-cache", "cdn-cache-control", "max-age=60"),
    ("headers.private-cache", "cache-control", "max-age=600"),
    ("headers.debug-token", "x-debug-token-link", "/_profiler/3f9d1c"),
    ("headers.server-version", "server", "nginx/1.18.0 (Ubuntu)"),
    ("headers.powered-by", "x-powered-by", "Express 4.17.1"),
    ("headers.aspnet-version", "x-aspnet-version", "4.0.30319"),
    ("headers.via-version", "via", "1.1 varnish (Varnish/6.0)"),
    ("headers.xss-auditor", "x-xss-protection", "1; mode=block"),
    ("headers.server-timing", "server-timing", "db;dur=53.2;desc=\"SELECT tasks\""),
    ("headers.network-logging", "nel", "{\"report_to\":\"default\",\"max_age\":604800}"),
    ("headers.plain-cookie", "set-cookie", "session=2f7a9c; Path=/"),
    ("headers.cookie-without-secure", "set-cookie", "session=2f7a9c; Path=/; HttpOnly; SameSite=Strict"),
    ("headers.cookie-for-scripts", "set-cookie", "session=2f7a9c; Path=/; Secure; SameSite=Strict"),
    ("headers.cookie-cross-site", "set-cookie", "session=2f7a9c; Path=/; Secure; HttpOnly; SameSite=None"),
    ("headers.forbidden", "x-node-name", "tasks-7f9c-worker-2"),
    ("headers.other-value", "permissions-policy", "camera=*"),
    ("headers.transport-security-over-http", "strict-transport-security", "max-age=31536000"),
];

/// Flaws that say the same header a second time, and otherwise.
const CONTRADICTIONS: &[(&str, &str, &str)] = &[
    ("headers.two-frame-options", "x-frame-options", "SAMEORIGIN"),
    ("headers.two-cache-controls", "cache-control", "public, max-age=60"),
    ("headers.two-nosniffs", "x-content-type-options", "none"),
    ("headers.two-content-types", "content-type", "text/html"),
];

/// Flaws that keep all security headers from some answers.
const BARE: &[(&str, Place)] = &[
    ("headers.bare-refusals", |seen| seen.status == StatusCode::UNAUTHORIZED),
    ("headers.bare-missing", |seen| seen.status == StatusCode::NOT_FOUND),
    ("headers.bare-methods", |seen| seen.status == StatusCode::METHOD_NOT_ALLOWED),
    ("headers.bare-bad-bodies", |seen| matches!(seen.status.as_u16(), 400 | 413 | 415 | 422)),
    ("headers.bare-preflights", |seen| seen.method == Method::OPTIONS && seen.status.is_success()),
    ("headers.bare-creations", |seen| seen.status == StatusCode::CREATED),
    ("headers.bare-health", |seen| matches!(&*seen.path, "/health" | "/livez")),
];

/// Flaws that give every answer with a body another media type; an empty one removes it.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("headers.json-as-html", "text/html; charset=utf-8"),
    ("headers.json-as-text", "text/plain"),
    ("headers.untyped", ""),
    ("headers.wrong-charset", "application/json; charset=iso-8859-1"),
];

/// Whether a flaw acts on an answer.
type Place = fn(&Seen) -> bool;

/// The request and its answer, as far as flaws look at them.
struct Seen {
    method: Method,
    path: String,
    status: StatusCode,
}

/// Dresses every answer, whoever made it.
pub(crate) async fn dress(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let https = house.secure || request.headers().get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let seen = Seen { method, path, status: response.status() };
    let headers = response.headers_mut();
    if !BARE.iter().any(|(flaw, here)| house.has(flaw) && here(&seen)) {
        for (name, value) in ALWAYS {
            put(headers, name, value);
        }
    }
    if https {
        transport_security(&house, headers);
    }
    put(headers, "x-request-id", &Uuid::now_v7().to_string());
    undress(&house, &seen, headers);
    response
}

/// Strict-Transport-Security for what came over TLS.
fn transport_security(house: &House, headers: &mut HeaderMap) {
    let weaker = [
        ("headers.transport-security-withdrawn", "max-age=0"),
        ("headers.transport-security-short", "max-age=300"),
        ("headers.transport-security-ageless", "includeSubDomains"),
    ];
    let chosen = weaker.iter().find(|(flaw, _)| house.has(flaw)).map(|(_, value)| *value);
    put(headers, "strict-transport-security", chosen.unwrap_or("max-age=31536000; includeSubDomains"));
    if house.has("headers.transport-security-absent") {
        headers.remove("strict-transport-security");
    }
    if house.has("headers.transport-security-twice") {
        headers.append("strict-transport-security", HeaderValue::from_static("max-age=0"));
    }
}

fn undress(house: &House, seen: &Seen, headers: &mut HeaderMap) {
    for (_, name) in LEFT_OUT.iter().filter(|(flaw, _)| house.has(flaw)) {
        headers.remove(*name);
    }
    for (_, name, value) in BAD_VALUES.iter().filter(|(flaw, ..)| house.has(flaw)) {
        put(headers, name, value);
    }
    for (_, name, value) in CONTRADICTIONS.iter().filter(|(flaw, ..)| house.has(flaw)) {
        headers.append(*name, HeaderValue::from_static(value));
    }
    if house.has("headers.errors-open-to-scripts") && matches!(seen.status.as_u16(), 400 | 405 | 413 | 415 | 422) {
        put(headers, "content-security-policy", "default-src * 'unsafe-inline'");
    }
    if house.has("headers.errors-cached") && seen.status.is_client_error() {
        put(headers, "cache-control", "public, max-age=300");
    }
    robust::undress(house, &seen.method, seen.status, headers);
    health::dress(house, &seen.path, headers);
    health::clock(house, headers);
    if let Some((_, kind)) = MEDIA_TYPES.iter().find(|(flaw, _)| house.has(flaw)) {
        retype(kind, headers);
    }
}

fn retype(kind: &'static str, headers: &mut HeaderMap) {
    if headers.remove("content-type").is_some() && !kind.is_empty() {
        put(headers, "content-type", kind);
    }
}

/// Sets a header to one value.
pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header value"));
}
