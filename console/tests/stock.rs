//! The stock backends answer as their framework's documentation promises, before any check of Postflight is aimed at them.

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use jsonwebtoken::{EncodingKey, Header, encode};
use rstest::rstest;
use serde_json::json;
use support::stock::{Settings, StockApp};

const ORIGIN: &str = "https://tasks.example.com";
const ANOTHER_KEY: &str = "this-key-has-nothing-to-do-with-the-service";
const SETTINGS: Settings<'static> = Settings {
    secret: "Zt7vN2qLx9Wk4RbY6mHc1PfJ8sDg3AeU",
    issuer: "https://login.example.com",
    audience: "tasks",
    origins: &[ORIGIN],
};

fn authorization(key: &str) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = json!({
        "sub": "alice",
        "iss": SETTINGS.issuer,
        "aud": SETTINGS.audience,
        "iat": now,
        "exp": now + 300,
    });
    let key = EncodingKey::from_secret(key.as_bytes());
    Ok(format!("Bearer {}", encode(&Header::default(), &claims, &key)?))
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
    assert_eq!(app.get("/health", &[])?.status, 200);

    let good = authorization(SETTINGS.secret)?;
    let answer = app.get(tasks, &[("Authorization", &good), ("Origin", ORIGIN)])?;
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
