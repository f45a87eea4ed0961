//! Where the flaws of the suite `isolation` that concern whole requests act: detours around the one rule of the store.
//!
//! A flaw is a rule: it looks at a request and may turn it, by letting it act as somebody else, under another method or at another
//! path, or by answering it at once. Flaws that change what is answered come after. Without a flaw nothing here happens.

mod answers;
mod asked;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use console::checks::Forge;
use serde_json::Value;
use time::OffsetDateTime;

use super::robust::BODY_SECS;
use super::{House, csrf, mint, problem};
pub(crate) use answers::Memory;
use asked::Asked;

/// Longest body that is looked into.
const BODY_BYTES: usize = 16 << 20;

/// Where a rule leads a request.
#[derive(Default)]
pub(super) struct Turn {
    /// Whom it acts as from here on.
    subject: Option<String>,
    /// Its method from here on.
    method: Option<Method>,
    /// Its path and query from here on.
    uri: Option<String>,
    /// A member that is taken out of its body.
    without: Option<&'static str>,
    /// The answer, without asking any further.
    answer: Option<Response>,
}

/// The outermost layer: turns a request by the first rule that applies, and bends the answer.
pub(crate) async fn detour(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let request = csrf::by_form(&house, request);
    if !house.flaws.any("isolation.") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(Duration::from_secs(BODY_SECS), to_bytes(body, BODY_BYTES));
    let Ok(bytes) = read.await else { return problem::TIMEOUT.into_response() };
    let bytes = bytes.unwrap_or_default();
    let asked = Asked::new(&house, &parts, &bytes);
    let turn = rules::RULES.iter().filter(|(flaw, _)| house.has(flaw)).find_map(|(_, rule)| rule(&asked)).unwrap_or_default();
    if let Some(answer) = turn.answer {
        return answer;
    }
    let body = without(&bytes, turn.without);
    let before = answers::Before::of(&asked);
    let request = Request::from_parts(turned(&house, parts.clone(), &turn), Body::from(body));
    answers::answer(&house, &before, request, next).await
}

fn without(bytes: &[u8], member: Option<&str>) -> Vec<u8> {
    let Some(member) = member else { return bytes.to_vec() };
    let Ok(Value::Object(mut members)) = serde_json::from_slice(bytes) else { return bytes.to_vec() };
    members.remove(member);
    Value::Object(members).to_string().into_bytes()
}

fn turned(house: &House, mut parts: Parts, turn: &Turn) -> Parts {
    if let Some(subject) = &turn.subject {
        let token = Forge::new(mint(house)).good(subject, OffsetDateTime::now_utc());
        let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is a header value");
        parts.headers.insert(AUTHORIZATION, value);
    }
    if let Some(method) = &turn.method {
        parts.method = method.clone();
    }
    if let Some(uri) = turn.uri.as_ref().and_then(|uri| uri.parse().ok()) {
        parts.uri = uri;
    }
    parts.headers.remove(CONTENT_LENGTH);
    parts
}
