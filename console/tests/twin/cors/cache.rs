//! A shared cache in front of the twin that keys on the URL alone: what a missing `Vary` costs.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// Kept answers by method and URL.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<String, (StatusCode, HeaderMap, Bytes)>>);

impl Cache {
    /// The kept answer for `key`.
    pub(super) fn get(&self, key: &str) -> Option<Response> {
        let (status, headers, body) = self.0.lock().ok()?.get(key)?.clone();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Some(response)
    }

    /// Keeps `response` for `key` and hands it on.
    pub(super) async fn keep(&self, key: String, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
        if let Ok(mut kept) = self.0.lock() {
            kept.insert(key, (parts.status, parts.headers.clone(), body.clone()));
        }
        Response::from_parts(parts, Body::from(body))
    }
}
