//! JSON in: the strict body extractor and the helpers of strict types.
//!
//! This room owns the order in which a body is judged: media type first (415, before a byte is read), then size (413),
//! patience (408), syntax (400) and meaning (422). What a field means belongs to its type.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::error::Category;

use crate::limits::{BODY_BYTES, Patience};
use crate::problem::Problem;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/json");
/// Longest sentence about somebody's body that is sent back to them.
const SENTENCE_CHARS: usize = 200;

/// A field that may be absent but not `null`: `default` makes it `None`, everything else must be a `T`. With
/// `T = Option<U>`, absent and `null` become two different things, which is what PATCH needs.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A body that is JSON of the shape `T`.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A body that may be left out altogether.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::UnsupportedMediaType);
        }
        read(&bytes(request).await?).map(Self)
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    /// Nothing and no `Content-Type` is no body; an announced type must be JSON even when nothing follows.
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let typed = request.headers().contains_key(CONTENT_TYPE) || request.headers().contains_key(CONTENT_ENCODING);
        if typed && !json {
            return Err(Problem::UnsupportedMediaType);
        }
        let bytes = bytes(request).await?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(Self(None)),
            (false, true) => read(&bytes).map(Some).map(Self),
            (false, false) => Err(Problem::UnsupportedMediaType),
        }
    }
}

/// Exactly one `Content-Type`, `application/json`, in UTF-8 if it says; no content coding, so no decompression bomb.
///
/// A page of another origin cannot send this type without a preflight (Fetch: it is not a CORS-safelisted value).
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let plain = !headers.contains_key(CONTENT_ENCODING);
    plain && (value == MEDIA_TYPE || value.to_str().is_ok_and(names_json))
}

/// `application/json` in any case, alone or with `charset=utf-8`; no other parameter means anything for it.
fn names_json(value: &str) -> bool {
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    essence.trim().eq_ignore_ascii_case("application/json")
        && matches!(charset.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

/// The whole body, bounded in size and time. An announced length is judged before anything is read.
async fn bytes(request: Request) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES as u64) {
        return Err(Problem::PayloadTooLarge);
    }
    let patience = request.extensions().get::<Patience>().copied().unwrap_or_default();
    let whole = Limited::new(request.into_body(), BODY_BYTES).collect();
    let collected = tokio::time::timeout(patience.body, whole).await.map_err(|_| Problem::RequestTimeout)?;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| unreadable(error.as_ref()))
}

/// Why a body ended early: too long, or the client went away.
fn unreadable(error: &(dyn std::error::Error + 'static)) -> Problem {
    if error.is::<http_body_util::LengthLimitError>() {
        Problem::PayloadTooLarge
    } else {
        Problem::Malformed("The body could not be read to its end.".into())
    }
}

/// Whether a JSON text is an object, judged by its first character. `serde` would fill a struct from a list as well.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

/// Duplicate keys and unknown fields are refused by the types (`deny_unknown_fields`), depth by the parser.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let unfit = |why: String| Problem::Unprocessable(why.into());
    match serde_json::from_slice(bytes) {
        Err(error) if error.classify() != Category::Data => Err(malformed(&error)),
        _ if !is_object(bytes) => Err(unfit("The body must be a JSON object.".into())),
        fitting => fitting.map_err(|error| unfit(sentence(&error))),
    }
}

/// Where the JSON breaks.
fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    Problem::Malformed(format!("The body is not valid JSON (line {line}, column {column}).").into())
}

/// The parser's words without its position, bounded: it may quote the client's own body.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    text.chars().take(SENTENCE_CHARS).collect()
}

/// A JSON answer.
pub(crate) fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(bytes) = serde_json::to_vec(body) else {
        return Problem::Internal.into_response();
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response
}
