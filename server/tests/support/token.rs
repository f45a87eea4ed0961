//! Tokens, good and bad: any header bytes, any claim bytes, signed with any key.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: shared by many tests, and failing is its way to say so"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// The secret of every server under test.
pub const SECRET: &str = "kT9wq2Zr7LxV4mBn8JcY3hGf6PdS1aQe-test-only";
/// The secret before it.
pub const PREVIOUS: &str = "B7nXv4Qm1ZtR8yKc5LwH2jGs9FdP3aVe-test-only";

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()).expect("before the end of time")
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs any two texts as header and payload.
pub fn signed(header: &str, payload: &str, secret: &str) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("HS256 signs");
    format!("{message}.{signature}")
}

pub const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// A token with these claims, signed by us.
pub fn with(claims: &Value) -> String {
    signed(HEADER, &claims.to_string(), SECRET)
}

/// A good token.
pub fn of(subject: &str) -> String {
    with(&json!({ "sub": subject, "iat": now(), "exp": now() + 900 }))
}
