//! Security headers on every answer, and where the flaws of the suite `headers` act.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::House;

const ALWAYS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
];

/// Dresses every answer, whoever made it.
pub(crate) async fn dress(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let https = request.headers().get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        put(headers, name, value);
    }
    if https {
        put(headers, "strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    put(headers, "x-request-id", &Uuid::now_v7().to_string());
    let _ = &house;
    response
}

/// Sets a header to one value.
pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header value"));
}
