//! What cannot be had from outside without waiting or breaking something: a panic, and a request that takes too long.

#![cfg(feature = "embedded")]

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::StatusCode;
use insta::assert_snapshot;

use super::*;
use crate::auth::Owner;
use crate::config::EmbeddedOptions;
use crate::tasks::{Answer, Change, Guard, NewTask, Page, Task};
use crate::token;
use uuid::Uuid;

const ORIGIN: &str = "https://app.example.com";

async fn app(directory: &std::path::Path, answer: Duration) -> (App, Config, Database) {
    let options = EmbeddedOptions::new(directory, token::SECRET.into(), [ORIGIN.to_owned()]);
    let mut config = Config::embedded(options).unwrap();
    config.patience.answer = answer;
    let database = Database::open(&config.engine, &config.pool);
    database.migrate_file().await.unwrap();
    (App::new(&config, &database), config, database)
}

fn request(method: &str, path: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "test").header("origin", ORIGIN);
    let request = request.header("authorization", format!("Bearer {}", token::of("ann")));
    request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap()
}

/// A store with a bug in every method.
struct Panicking;

impl TaskStore for Panicking {
    fn list<'a>(&'a self, _: &'a Owner, _: Page) -> Answer<'a, Vec<Task>> {
        panic!("a secret of ours")
    }
    fn get<'a>(&'a self, _: &'a Owner, _: Uuid) -> Answer<'a, Task> {
        panic!("a secret of ours")
    }
    fn create<'a>(&'a self, _: &'a Owner, _: &'a NewTask) -> Answer<'a, Task> {
        panic!("a secret of ours")
    }
    fn update<'a>(&'a self, _: &'a Owner, _: Uuid, _: &'a Change, _: &'a Guard) -> Answer<'a, Task> {
        panic!("a secret of ours")
    }
    fn delete<'a>(&'a self, _: &'a Owner, _: Uuid, _: &'a Guard) -> Answer<'a, ()> {
        panic!("a secret of ours")
    }
}

/// The answer, after checking that the outer rules have been applied to it.
async fn dressed(app: &App, request: Request<Body>) -> String {
    let response = app.answer(Ipv4Addr::LOCALHOST.into(), request).await;
    for name in ["x-request-id", "content-security-policy", "vary"] {
        assert!(response.headers().contains_key(name), "{name}");
    }
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
    let status = response.status();
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn a_panic_is_an_answer_like_any_other_and_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (_, config, database) = app(directory.path(), Duration::from_secs(5)).await;
    let app = App::over(&config, Arc::new(Panicking), &database);
    assert_snapshot!(dressed(&app, request("GET", "/api/tasks", "")).await, @r#"500 {"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Something went wrong on our side; quote X-Request-Id."}"#);
    assert_eq!(app.answer(Ipv4Addr::LOCALHOST.into(), request("GET", "/livez", "")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let (app, _, database) = app(directory.path(), Duration::from_millis(100)).await;
    let Database::Sqlite(pool) = &database else { panic!("embedded is SQLite") };
    let _writer = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_snapshot!(dressed(&app, request("POST", "/api/tasks", r#"{"title":"a"}"#)).await, @r#"504 {"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"It took too long; a write may or may not have happened."}"#);
}
