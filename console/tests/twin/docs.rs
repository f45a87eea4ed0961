//! Everything that is not a route, and where the flaws of the suite `docs` act. Hardened: one 404 for all of it, byte for byte.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::{House, problem};

/// Answers whatever no route took.
pub(crate) async fn fallback(State(_house): State<Arc<House>>, _request: Request) -> Response {
    problem::NOT_FOUND.into_response()
}
