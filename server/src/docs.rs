//! The OpenAPI document and the interactive documentation.
//!
//! The document is generated from the handlers, so it cannot list a route that is not there. It is served in development, or
//! where `API_DOCS=enabled` says so; elsewhere its paths are not routes at all and answer like any other unknown path.

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use crate::app::Shared;
use crate::{health, tasks::routes as tasks};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tasks", description = "A user's own tasks. Errors are application/problem+json (RFC 9457)."),
    paths(health::livez, health::health, tasks::list, tasks::create, tasks::read, tasks::replace, tasks::amend, tasks::complete, tasks::delete),
    modifiers(&Bearer),
    tags((name = "tasks", description = "Own tasks only; a foreign task and a missing one are the same 404"), (name = "health", description = "No token needed"))
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// `/openapi.json` and `/docs`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    SwaggerUi::new("/docs").url("/openapi.json", document()).into()
}

/// Whether a path is part of the web page, which needs scripts and styles of its own.
pub(crate) fn is_page(path: &str) -> bool {
    path == "/docs" || path.starts_with("/docs/")
}
