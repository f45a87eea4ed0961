//! The stock backends answer as their framework's documentation promises, before any check of Postflight is aimed at them.

mod support;

use anyhow::{Context, Result};
use rstest::rstest;
use serde_json::Value;
use support::stock::{Settings, StockApp};

const ORIGIN: &str = "https://tasks.example.com";
const ANOTHER_KEY: &str = "this-key-has-nothing-to-do-with-the-service";
const SETTINGS: Settings<'static> = Settings {
    secret: "Zt7vN2qLx9Wk4RbY6mHc1PfJ8sDg3AeU",
    issuer: "https://login.example.com",
    audience: "tasks",
    origins: &[ORIGIN],
    flaw: None,
};

fn authorization(key: &str) -> Result<String> {
    Settings { secret: key, ..SETTINGS }.authorization("alice")
}

#[rstest]
#[case::fastapi(StockApp::fastapi, "/api/alice/tasks", "[]")]
#[case::express(StockApp::express, "/tasks", r#"{"data":[]}"#)]
fn a_stock_backend_lets_in_exactly_who_it_should(
    #[case] start: fn(&Settings<'_>) -> Result<StockApp>,
    #[case] tasks: &str,
    #[case] empty: &str,
) -> Result<()> {
    let app = start(&SETTINGS)?;
    lets_in_exactly(&app, &authorization(SETTINGS.secret)?, tasks, empty)
}

#[test]
fn stock_flask_lets_in_whoever_signed_up_until_they_log_out_or_leave() -> Result<()> {
    let app = StockApp::flask(&SETTINGS)?;
    let credentials = r#"{"email":"alice@example.com","password":"correct horse battery"}"#;
    assert_eq!(app.ask("POST", "/auth/login", &[], credentials)?.status, 401);
    assert_eq!(app.ask("POST", "/auth/signup", &[], credentials)?.status, 201);
    assert_eq!(app.ask("POST", "/auth/signup", &[], credentials)?.status, 409);
    let (first, second) = (logged_in(&app, credentials)?, logged_in(&app, credentials)?);
    lets_in_exactly(&app, &first, "/api/todos/", "{\"todos\":[]}\n")?;

    let todos = |good: &str| Ok::<_, anyhow::Error>(app.get("/api/todos/", &[("Authorization", good)])?.status);
    assert_eq!(app.ask("POST", "/auth/logout", &[("Authorization", &first)], "")?.status, 204);
    assert_eq!((todos(&first)?, todos(&second)?), (401, 200));
    assert_eq!(app.ask("DELETE", "/auth/me", &[("Authorization", &second)], "")?.status, 204);
    assert_eq!(todos(&second)?, 401);
    Ok(())
}

fn logged_in(app: &StockApp, credentials: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(&app.ask("POST", "/auth/login", &[], credentials)?.body)?;
    Ok(format!("Bearer {}", answer.get("access_token").and_then(Value::as_str).context("no token")?))
}

/// A good token sees the empty list, from the allowed origin; a forged one, no token and the documentation see nothing.
fn lets_in_exactly(app: &StockApp, good: &str, tasks: &str, empty: &str) -> Result<()> {
    assert_eq!(app.get("/health", &[])?.status, 200);

    let answer = app.get(tasks, &[("Authorization", good), ("Origin", ORIGIN)])?;
    assert_eq!((answer.status, answer.body.as_str()), (200, empty));
    let allowed = format!("access-control-allow-origin: {ORIGIN}");
    assert!(answer.head.to_lowercase().contains(&allowed), "{answer:?}");

    let forged = authorization(ANOTHER_KEY)?;
    let stranger = [("Authorization", forged.as_str()), ("Origin", "https://evil.example")];
    let answer = app.get(tasks, &stranger)?;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(!answer.head.to_lowercase().contains("allow-origin"), "{answer:?}");

    assert_eq!(app.get(tasks, &[])?.status, 401);
    for documentation in ["/docs", "/openapi.json"] {
        assert_eq!(app.get(documentation, &[])?.status, 404);
    }
    Ok(())
}
