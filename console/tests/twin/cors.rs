//! The origin rule, by hand, and where the flaws of the suite `cors` act.
//!
//! Hardened: one `Origin` that equals an allowed one byte for byte is let in; more than one, or any other, is 403 before anything else.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::headers::put;
use super::{House, ORIGINS, problem};

/// What the rule says of one request.
enum Caller {
    /// No `Origin`: not a browser, or a same-origin read.
    Unasked,
    /// Let in, with the value for `Access-Control-Allow-Origin`.
    Granted(String),
    /// Turned away.
    Refused,
}

/// Judges the origin, answers preflights and refusals itself, and marks every answer.
pub(crate) async fn gate(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let caller = judge(&house, request.headers());
    let preflight = request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    let mut response = match caller {
        Caller::Refused => problem::ORIGIN_REFUSED.into_response(),
        Caller::Granted(_) if preflight => grant(),
        _ => next.run(request).await,
    };
    mark(&caller, preflight, response.headers_mut());
    response
}

fn judge(_house: &House, headers: &HeaderMap) -> Caller {
    let mut origins = headers.get_all("origin").iter();
    match (origins.next(), origins.next()) {
        (None, _) => Caller::Unasked,
        (Some(origin), None) => {
            let allowed = ORIGINS.into_iter().find(|allowed| allowed.as_bytes() == origin.as_bytes());
            allowed.map_or(Caller::Refused, |allowed| Caller::Granted(allowed.to_owned()))
        }
        (Some(_), Some(_)) => Caller::Refused,
    }
}

fn grant() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    put(headers, "access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
    put(headers, "access-control-allow-headers", "Authorization, Content-Type, If-Match, If-None-Match");
    put(headers, "access-control-max-age", "7200");
    response
}

fn mark(caller: &Caller, preflight: bool, headers: &mut HeaderMap) {
    let vary =
        if preflight { "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" } else { "Origin, Authorization" };
    put(headers, "vary", vary);
    if let Caller::Granted(origin) = caller {
        put(headers, "access-control-allow-origin", origin);
        if !preflight {
            put(headers, "access-control-expose-headers", "ETag, Location, Retry-After, X-Request-Id");
        }
    }
}
