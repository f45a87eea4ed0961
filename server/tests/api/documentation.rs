//! The documentation: there where it may be, and nowhere at all otherwise.

use rstest::rstest;

use crate::support::http::Request;
use crate::support::postgres::free_port;
use crate::support::{Engine, TestServer};

#[rstest]
#[case("/docs")]
#[case("/docs/")]
#[case("/docs/index.html")]
#[case("/docs/swagger-ui.css")]
#[case("/openapi.json")]
#[case("/OpenAPI.json")]
#[case("/api/docs")]
#[case("/api/openapi.json")]
#[case("/redoc")]
#[case("/swagger")]
#[case("/swagger-ui/index.html")]
#[case("/api-docs")]
#[case("//docs")]
#[case("/%64ocs")]
fn in_production_the_documentation_is_any_unknown_path(#[case] path: &str) {
    let server = TestServer::on(Engine::Sqlite);
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        let unknown = server.send(&Request::new(method, "/q7f3k9")).comparable();
        assert_eq!(server.send(&Request::new(method, path)).comparable(), unknown, "{method}");
    }
}

#[test]
fn where_it_is_enabled_the_page_may_run_its_own_scripts_and_nothing_else_changes() {
    let url = format!("postgresql://postgres:x@127.0.0.1:{}/tasks", free_port());
    let server = TestServer::at(&url, &[("API_DOCS", "enabled")]);
    let document = server.get("/openapi.json");
    assert_eq!(document.status, 200);
    assert_eq!(document.json()["info"]["title"], "Tasks");
    assert_eq!(document.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
    let page = server.get("/docs/");
    assert_eq!((page.status, page.header("x-frame-options")), (200, Some("DENY")));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
}

#[test]
fn the_document_lists_exactly_the_routes_that_there_are() {
    let document: serde_json::Value = serde_json::from_str(&server::openapi().unwrap()).unwrap();
    let mut operations: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        operations.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    operations.sort();
    insta::assert_snapshot!(operations.join("\n"), @r"
    delete /api/tasks/{id}
    get /api/tasks
    get /api/tasks/{id}
    get /health
    get /livez
    patch /api/tasks/{id}
    patch /api/tasks/{id}/complete
    post /api/tasks
    put /api/tasks/{id}
    ");
}
