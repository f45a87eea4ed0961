//! The map of the twin: which request meets which room, in which order.
//!
//! From the outside in: security headers, CORS, limits, then the routes. A refused origin reaches no handler.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, delete, get, patch, post};

use super::{House, accounts, cors, csrf, docs, headers, health, labels, problem, robust, routes, tasks, trespass, verifier};

/// The whole service.
pub(crate) fn router(house: Arc<House>) -> Router {
    let detour = from_fn_with_state(Arc::clone(&house), trespass::detour);
    // A detour may lead to another route, so it comes before routing.
    Router::new().fallback_service(map(house)).layer(detour)
}

fn map(house: Arc<House>) -> Router {
    Router::new()
        .route("/livez", get(health::live))
        .route("/health", get(health::deep))
        .route("/api/tasks", get(tasks::list).post(tasks::create))
        .route("/api/tasks/{id}", get(tasks::read).put(tasks::replace).patch(tasks::update).delete(tasks::delete))
        .route("/api/tasks/{id}/complete", patch(tasks::complete))
        .route("/api/tasks/{id}/history", get(routes::history))
        .route("/api/tasks/{id}/archive", post(routes::archive))
        .route("/api/tasks/{id}/comments", post(routes::comment).get(routes::comments).fallback(docs::fallback))
        .route("/api/labels", get(labels::list).post(labels::create).fallback(docs::fallback))
        .route("/api/labels/{id}", get(labels::read).patch(labels::change).delete(labels::delete).fallback(docs::fallback))
        .route("/api/labels/{id}/uses", get(labels::uses).fallback(docs::fallback))
        .route("/api/users/{user_id}/summary", get(routes::summary))
        .route("/api/accounts/{user_id}", get(accounts::show).patch(accounts::change).delete(accounts::remove))
        .route("/api/export", get(routes::export))
        .route("/api/stats", get(routes::stats))
        .route("/api/titles/{title}", get(routes::titled))
        .route("/api/token", get(routes::token))
        .route("/api/bulk/delete", post(tasks::delete_several))
        .route("/api/reminders", post(routes::remind))
        .route("/api/orders/{order_id}", get(routes::order))
        .route("/api/orgs/{org_id}/tasks", get(routes::of_org))
        .route("/api/find", get(routes::find))
        .route("/api/download", get(routes::download))
        .route("/twin.openapi.json", get(routes::document))
        .route("/.well-known/jwks.json", any(verifier::key_set))
        .merge(entrance())
        .fallback(docs::fallback)
        .method_not_allowed_fallback(async || problem::METHOD_NOT_ALLOWED)
        .layer(from_fn_with_state(Arc::clone(&house), docs::frank))
        .layer(from_fn_with_state(Arc::clone(&house), csrf::guard))
        .layer(from_fn_with_state(Arc::clone(&house), verifier::answer_first))
        .layer(from_fn_with_state(Arc::clone(&house), verifier::lift))
        .layer(from_fn_with_state(Arc::clone(&house), robust::guard))
        .layer(from_fn_with_state(Arc::clone(&house), cors::gate))
        .layer(from_fn_with_state(Arc::clone(&house), headers::dress))
        .layer(from_fn_with_state(Arc::clone(&house), count))
        .with_state(house)
}

/// The routes of accounts.
pub(crate) fn entrance() -> Router<Arc<House>> {
    Router::new()
        .route("/auth/signup", post(accounts::sign_up))
        .route("/auth/login", post(accounts::sign_in))
        .route("/auth/refresh", post(accounts::refresh))
        .route("/auth/logout", post(accounts::sign_out))
        .route("/auth/password", post(accounts::password))
        .route("/auth/me", delete(accounts::delete))
        .route("/auth/csrf", get(csrf::hand_out))
}

async fn count(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    house.count();
    house.note(request.method().as_str());
    house.begin();
    let response = next.run(request).await;
    house.end();
    response
}
