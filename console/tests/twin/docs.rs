//! Everything that is not a route, and where the flaws of the suite `docs` act. Hardened: one 404 for all of it, byte for byte.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{House, problem};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const SWAGGER: &str = "<!DOCTYPE html><html><head><title>Tasks API - Swagger UI</title></head><body><div id=\"swagger-ui\"></div>\
    <script src=\"/swagger-ui-bundle.js\"></script></body></html>";
const REDOC: &str =
    "<!DOCTYPE html><html><head><title>ReDoc</title></head><body><redoc spec-url=\"/openapi.json\"></redoc></body></html>";
const OPENAPI: &str = r#"{"openapi":"3.1.0","info":{"title":"Tasks API","version":"0.1.0"},"paths":{"/api/tasks":{"get":{"responses":{"200":{"description":"ok"}}}}}}"#;
const GRAPHIQL: &str = "<!DOCTYPE html><html><head><title>GraphiQL</title></head><body><div id=\"graphiql\"></div></body></html>";
const METRICS: &str =
    "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\nhttp_requests_total{path=\"/api/tasks\"} 412\n";
const ACTUATOR: &str =
    r#"{"_links":{"self":{"href":"/actuator"},"env":{"href":"/actuator/env"},"heapdump":{"href":"/actuator/heapdump"}}}"#;
const PROFILES: &str = "<html><head><title>/debug/pprof/</title></head><body>heap goroutine threadcreate</body></html>";
const DOTENV: &str = "DATABASE_URL=postgresql://app:not-a-real-password@db.internal/app\nJWT_SECRET=not-a-real-secret\n";
const GIT_HEAD: &str = "ref: refs/heads/main\n";
const GIT_CONFIG: &str =
    "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\turl = https://github.com/example/tasks.git\n";

/// Flaw by flaw: the exact paths that answer, their media type and body.
const PAGES: &[(&str, &[&str], &str, &str)] = &[
    ("docs.swagger", &["/docs"], HTML, SWAGGER),
    (
        "docs.swagger-elsewhere",
        &[
            "/swagger",
            "/swagger/",
            "/swagger-ui",
            "/swagger-ui/",
            "/swagger-ui.html",
            "/swagger-ui/index.html",
            "/swagger/index.html",
            "/api-docs",
            "/api-docs/",
        ],
        HTML,
        SWAGGER,
    ),
    ("docs.swagger-ui", &["/swagger-ui"], HTML, SWAGGER),
    ("docs.redoc", &["/redoc"], HTML, REDOC),
    ("docs.openapi", &["/openapi.json"], JSON, OPENAPI),
    (
        "docs.openapi-elsewhere",
        &[
            "/swagger.json",
            "/openapi.yaml",
            "/v2/api-docs",
            "/v3/api-docs",
            "/api/openapi.json",
            "/api/schema",
            "/api/schema/",
            "/swagger/v1/swagger.json",
        ],
        JSON,
        OPENAPI,
    ),
    ("docs.openapi-of-comments", &["/api-docs.json"], JSON, OPENAPI),
    ("docs.under-prefix", &["/api/docs", "/api/redoc", "/api/v1/docs"], HTML, SWAGGER),
    ("docs.trailing-slash", &["/docs/"], HTML, SWAGGER),
    ("docs.graphiql", &["/graphql", "/graphiql", "/playground"], HTML, GRAPHIQL),
    ("docs.metrics", &["/metrics"], TEXT, METRICS),
    ("docs.actuator", &["/actuator", "/actuator/env", "/actuator/heapdump"], JSON, ACTUATOR),
    (
        "docs.debug",
        &["/debug", "/debug/", "/debug/pprof", "/debug/pprof/", "/debug/vars", "/_debug", "/__debug__", "/__debug__/", "/console"],
        HTML,
        PROFILES,
    ),
    ("docs.home-made", &["/debug/users"], JSON, r#"[{"id":1,"email":"a@example.com"}]"#),
    ("docs.root-tells", &["/"], JSON, r#"{"message":"Todo API","jwt_secret":"not-a-real-secret"}"#),
    ("docs.dotenv", &["/.env", "/.env.local", "/.env.production"], TEXT, DOTENV),
    ("docs.git-head", &["/.git/HEAD"], TEXT, GIT_HEAD),
    ("docs.git-config", &["/.git/config"], TEXT, GIT_CONFIG),
];

/// Answers whatever no route took.
pub(crate) async fn fallback(State(house): State<Arc<House>>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some((_, _, kind, body)) = PAGES.iter().find(|(flaw, paths, ..)| paths.contains(&path) && house.has(flaw)) {
        return page(kind, body);
    }
    if let Some(body) = disguised(&house, &request) {
        return page(if body == OPENAPI { JSON } else { HTML }, body);
    }
    missing(&house, path)
}

fn page(kind: &'static str, body: &'static str) -> Response {
    ([("content-type", kind)], body).into_response()
}

/// Flaws that close the plain path and forget its other names.
fn disguised(house: &House, request: &Request) -> Option<&'static str> {
    let path = request.uri().path();
    let decoded = path
        .replace("%64", "d")
        .replace("%6F", "o")
        .replace("%6f", "o")
        .replace("%63", "c")
        .replace("%73", "s")
        .replace("%2e", ".");
    let slashes = path.replace("//", "/").replace("/./", "/");
    let internal = request.headers().get("host").is_some_and(|host| host.as_bytes().starts_with(b"localhost"));
    let page = |path: &str| match path {
        "/docs" => Some(SWAGGER),
        "/openapi.json" => Some(OPENAPI),
        _ => None,
    };
    [
        ("docs.other-case", page(&path.to_ascii_lowercase()).filter(|_| path.contains(|c: char| c.is_ascii_uppercase()))),
        ("docs.encoded", page(&decoded).filter(|_| path.contains('%'))),
        ("docs.doubled-slash", page(&slashes).filter(|_| slashes != path)),
        ("docs.head", page(path).filter(|_| request.method() == Method::HEAD)),
        ("docs.internal-host", page(path).filter(|_| internal)),
    ]
    .into_iter()
    .find_map(|(flaw, page)| page.filter(|_| house.has(flaw)))
}

/// The 404, and flaws that make it tell more than that.
fn missing(house: &House, path: &str) -> Response {
    let is_docs = matches!(path, "/docs" | "/redoc" | "/openapi.json");
    if house.has("docs.forbidden") && is_docs {
        return (StatusCode::FORBIDDEN, "The documentation is disabled in production.").into_response();
    }
    if house.has("docs.telling-missing") && is_docs {
        return (StatusCode::NOT_FOUND, "The documentation is disabled in production.").into_response();
    }
    if house.has("docs.everything-found") {
        return page(HTML, "<!DOCTYPE html><html><head><title>Tasks</title></head><body><div id=\"root\"></div></body></html>");
    }
    if house.has("docs.reflected-path") {
        let shown = path.replace("%3C", "<").replace("%3E", ">");
        return (StatusCode::NOT_FOUND, [("content-type", HTML)], format!("<h1>Cannot GET {shown}</h1>")).into_response();
    }
    problem::NOT_FOUND.into_response()
}

/// Flaws that tell the insides of the service to whoever wishes to debug it, or asks for a page before the first.
pub(crate) async fn frank(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let wished = house.has("docs.trace-on-wish") && request.headers().contains_key("x-debug");
    let query = request.uri().query().unwrap_or_default();
    let before_first = house.has("docs.trace-before-first-page") && query.split('&').any(|pair| pair == "offset=-1");
    let response = next.run(request).await;
    if before_first || (wished && response.status().is_client_error()) { problem::TRACED.into_response() } else { response }
}

/// Flaws that answer a bad request with the insides of the service. `None` where the hardened answer stands.
pub(crate) fn debug_page(house: &House) -> Option<Response> {
    let trace = "Traceback (most recent call last):\n  File \"/app/main.py\", line 42, in create_task\n    payload = json.loads(body)\n\
        json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n";
    let rust = json!({ "error": "Json deserialize error", "backtrace": "thread 'main' panicked at src/tasks/routes.rs:42:17: called `Result::unwrap()` on an `Err` value" });
    match () {
        () if house.has("docs.traceback") => {
            Some((StatusCode::INTERNAL_SERVER_ERROR, [("content-type", TEXT)], trace).into_response())
        }
        () if house.has("docs.panic-text") => Some((StatusCode::BAD_REQUEST, axum::Json(rust)).into_response()),
        () => None,
    }
}
