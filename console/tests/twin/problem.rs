//! Errors of the twin as `application/problem+json` (RFC 9457), the same bytes for the same cause.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A status with its sentence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem(StatusCode, &'static str);

/// No such route, or no such object for this caller.
pub(crate) const NOT_FOUND: Problem = Problem(StatusCode::NOT_FOUND, "There is nothing here.");
/// The route has no such method.
pub(crate) const METHOD_NOT_ALLOWED: Problem = Problem(StatusCode::METHOD_NOT_ALLOWED, "The resource does not take this method.");
/// No good bearer token.
pub(crate) const UNAUTHORIZED: Problem = Problem(StatusCode::UNAUTHORIZED, "A valid bearer token is required.");
/// No CSRF token, or a wrong one.
pub(crate) const FORBIDDEN: Problem = Problem(StatusCode::FORBIDDEN, "The CSRF token is missing or wrong.");
/// An origin off the allowlist.
pub(crate) const ORIGIN_REFUSED: Problem = Problem(StatusCode::FORBIDDEN, "This origin may not use the API.");
/// Not JSON.
pub(crate) const MALFORMED: Problem = Problem(StatusCode::BAD_REQUEST, "The body is not a JSON object.");
/// A write that is not `application/json`.
pub(crate) const UNSUPPORTED: Problem = Problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.");
/// A body over the limit.
pub(crate) const TOO_LARGE: Problem = Problem(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 65536 bytes.");
/// The same, by a server that shows where it noticed.
pub(crate) const TRACED: Problem = Problem(
    StatusCode::PAYLOAD_TOO_LARGE,
    "PayloadTooLargeError: request entity too large\n    at readStream (/app/node_modules/raw-body/index.js:163:17)",
);
/// JSON, but not what the resource takes.
pub(crate) const UNPROCESSABLE: Problem = Problem(StatusCode::UNPROCESSABLE_ENTITY, "The members are not those of a task.");
/// Too many requests of one user.
pub(crate) const TOO_MANY: Problem = Problem(StatusCode::TOO_MANY_REQUESTS, "Too many requests; wait a little.");
/// A body that does not end.
pub(crate) const TIMEOUT: Problem = Problem(StatusCode::REQUEST_TIMEOUT, "The body took too long.");
/// A precondition does not hold.
pub(crate) const PRECONDITION: Problem = Problem(StatusCode::PRECONDITION_FAILED, "The task has another version.");
/// Our fault.
pub(crate) const INTERNAL: Problem = Problem(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
        let mut response = (status, body.to_string()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
