//! Every error that the application answers, as `application/problem+json` (RFC 9457).
//!
//! This room owns which error is which status and sentence, and nothing else: the rooms decide *that* something is
//! wrong and pick a [`Problem`]; how it reads is decided here once. No sentence carries text from a driver, a library or
//! another user, so the answer for a foreign object and for a missing one cannot differ.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::auth::Refusal;

/// The media type of every error body.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Everything that can be wrong with a request or with us while answering it.
///
/// The variants are ordered by status. Where an error carries data, the data is ours (a count of seconds, a sentence of
/// the validator), never the client's secrets.
#[derive(Debug, Clone)]
pub(crate) enum Problem {
    /// The request is not HTTP/1.1 as it should be, or its body is not JSON (RFC 8259).
    Malformed(Cow<'static, str>),
    /// No usable bearer token. Whether there was one changes the challenge (RFC 6750 section 3.1); *why* it was refused
    /// goes to the log and never into the answer.
    Unauthorized(Refusal),
    /// The `Origin` is off the allowlist, or there is more than one.
    OriginRefused,
    /// No such route, or no such object *for this caller*.
    NotFound,
    /// The route exists, the method does not. The router adds a truthful `Allow` (RFC 9110 section 15.5.6).
    MethodNotAllowed,
    /// The client took too long to send the body.
    RequestTimeout,
    /// `If-Match` or `If-None-Match` does not hold (RFC 9110 section 13).
    PreconditionFailed,
    /// More bytes than [`crate::limits::BODY_BYTES`].
    PayloadTooLarge,
    /// A write that is not `application/json`, refused before any effect.
    UnsupportedMediaType,
    /// JSON, but not what the resource takes: the sentence says what.
    Unprocessable(Cow<'static, str>),
    /// The rate limit; whole seconds until the next request can pass, at least 1.
    TooManyRequests { retry_after: u64 },
    /// Our fault; the details are in the log under the request id.
    Internal,
    /// A method that no resource here could ever support, such as `CONNECT`.
    NotImplemented,
    /// The database cannot be reached, or does not have the schema yet.
    Unavailable,
    /// The database took longer than a request may take. Whether a write happened is unknown.
    GatewayTimeout,
}

/// The members of RFC 9457 section 3.1. The type is `about:blank`: each status means one thing here, so it says it all.
#[derive(Serialize)]
struct Members<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

/// How long clients are asked to wait for the database: long enough for a suspended Neon compute to wake.
const RETRY_SECS: u64 = 5;
/// The challenge to a token that was refused, for whatever reason.
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");

impl Problem {
    /// The status. Each variant has one of its own, so a program can branch on it.
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::OriginRefused => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::GatewayTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The sentence for people.
    fn detail(&self) -> &str {
        match self {
            Self::Malformed(why) | Self::Unprocessable(why) => why,
            Self::Unauthorized(_) => "A valid bearer token is required.",
            Self::OriginRefused => "This origin may not use the API.",
            Self::NotFound => "There is nothing here.",
            Self::MethodNotAllowed => "The resource does not take this method; see Allow.",
            Self::RequestTimeout => "The body did not arrive in time.",
            Self::PreconditionFailed => "The task has another version; read it again.",
            Self::PayloadTooLarge => "The body is larger than 65536 bytes.",
            Self::UnsupportedMediaType => "Send the body as application/json, in UTF-8 and not encoded.",
            Self::TooManyRequests { .. } => "Too many requests; wait for Retry-After seconds.",
            Self::Internal => "Something went wrong on our side; quote X-Request-Id.",
            Self::NotImplemented => "No resource here supports this method.",
            Self::Unavailable => "The service cannot answer at the moment; try again.",
            Self::GatewayTimeout => "It took too long; a write may or may not have happened.",
        }
    }

    /// The header that the status demands, besides the body's own.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let fixed = HeaderValue::from_static;
        match self {
            Self::Unauthorized(Refusal::NoToken) => Some((WWW_AUTHENTICATE, fixed("Bearer"))),
            Self::Unauthorized(_) => Some((WWW_AUTHENTICATE, INVALID_TOKEN)),
            Self::TooManyRequests { retry_after } => Some((RETRY_AFTER, (*retry_after).into())),
            Self::Unavailable | Self::GatewayTimeout => Some((RETRY_AFTER, RETRY_SECS.into())),
            Self::RequestTimeout => Some((CONNECTION, fixed("close"))),
            Self::NotImplemented => Some((ALLOW, fixed("GET, HEAD, POST, PUT, PATCH, DELETE"))),
            _ => None,
        }
    }

    /// For [`std::panic::catch_unwind`] at the edge of the router: the panic's text stays out of the answer.
    #[expect(clippy::needless_pass_by_value, reason = "the layer hands panics over by value")]
    pub(crate) fn from_panic(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        tracing::error!(panic = text.unwrap_or("not text"), "a handler panicked");
        Self::Internal.into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = Members {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.detail(),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        if let Self::Unauthorized(refusal) = self {
            // For the log line alone: extensions do not travel.
            response.extensions_mut().insert(refusal);
        }
        response
    }
}

/// The answer for every path that is not a route.
pub(crate) async fn not_found() -> Problem {
    Problem::NotFound
}

/// The answer for every method that a route does not have.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::MethodNotAllowed
}
