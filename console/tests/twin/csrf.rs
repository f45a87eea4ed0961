//! The CSRF token of sessions in cookies: handed out by a route, compared on every write. Where the flaws that concern it act.
//!
//! Hardened: the header and the cookie both hold what the session's subject was handed out.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use console::target::{Carrier, Csrf, TokenAt};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::problem::FORBIDDEN;
use super::verifier::{self, Kind, Subject};
use super::{House, ORIGINS, SECRET};

const HEADER: &str = "x-csrf-token";
const COOKIE: &str = "csrf";
const PATH: &str = "/auth/csrf";

/// What an operator declares; `None` where tokens need none.
pub(crate) fn declared(house: &House) -> Option<Csrf> {
    let csrf = Csrf { header: HEADER.into(), token: TokenAt::Body("/csrf_token".into()), path: Some(PATH.into()) };
    wanted(house).then_some(csrf)
}

/// Sessions in a cookie need one; opaque ones do without, so that both kinds are verified.
fn wanted(house: &House) -> bool {
    house.kind == Kind::Shared && matches!(house.carrier, Carrier::Cookie(_))
}

fn token_of(house: &House, subject: &str) -> String {
    let subject = if house.has("jwt.cookie-csrf-same") { "" } else { subject };
    Sha256::digest(format!("csrf {SECRET} {subject}")).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /auth/csrf`.
pub(crate) async fn hand_out(State(house): State<Arc<House>>, Subject(subject): Subject) -> Response {
    if house.has("jwt.cookie-csrf-off") {
        return Json(json!({})).into_response();
    }
    let token = token_of(&house, &subject);
    ([("set-cookie", format!("{COOKIE}={token}; SameSite=Strict; Path=/"))], Json(json!({ "csrf_token": token }))).into_response()
}

/// Marks a request that a form made.
#[derive(Clone, Copy)]
struct ByForm;

/// Flaw `jwt.cookie-marks-by-form`: POST will do where PATCH is meant, whatever its body, and nobody asks for a CSRF token. Before routing.
pub(crate) fn by_form(house: &House, request: Request) -> Request {
    let meant = request.method() == Method::POST && request.uri().path().ends_with("/complete");
    if !(meant && house.has("jwt.cookie-marks-by-form")) {
        return request;
    }
    let (mut parts, _) = request.into_parts();
    parts.method = Method::PATCH;
    parts.extensions.insert(ByForm);
    Request::from_parts(parts, Body::empty())
}

/// Whether the address of the page has that of the front end in it.
fn comes_from_the_front_end(parts: &Parts) -> bool {
    let page = parts.headers.get("referer").and_then(|page| page.to_str().ok()).unwrap_or_default();
    ORIGINS.iter().any(|origin| page.contains(origin))
}

/// Looks at every write with a good token.
pub(crate) async fn guard(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let exempt = parts.method.is_safe()
        || house.has("jwt.cookie-csrf-unchecked")
        || house.has("jwt.cookie-csrf-off")
        || parts.extensions.get::<ByForm>().is_some()
        || (house.has("jwt.cookie-csrf-forgets-delete") && parts.method == "DELETE")
        || (house.has("jwt.cookie-csrf-by-referer") && comes_from_the_front_end(&parts));
    let subject = if wanted(&house) && !exempt { verifier::verify(&house, &parts).ok() } else { None };
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refused = subject.is_some_and(|Subject(subject)| {
        let (header, cookie) = (text(HEADER), verifier::cookie(&parts, COOKIE).unwrap_or_default());
        match () {
            () if house.has("jwt.cookie-csrf-present") => header.is_empty(),
            () if house.has("jwt.cookie-csrf-empty") && header.is_empty() => {
                !cookie.is_empty() || !parts.headers.contains_key(HEADER)
            }
            () if house.has("jwt.cookie-csrf-unbound") => header.is_empty() || header != cookie,
            () => header != token_of(&house, &subject) || cookie != header,
        }
    });
    if refused { FORBIDDEN.into_response() } else { next.run(Request::from_parts(parts, body)).await }
}
