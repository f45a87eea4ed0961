//! The verifier: the only place that holds keys, and the only maker of [`Owner`](super::Owner)s.
//!
//! The algorithm is fixed to HS256 by configuration, never by the token. `jsonwebtoken` checks the signature (in constant
//! time); the rest of this room is stricter than its validation and replaces it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};

use super::claims::Expectations;
use super::jws::Jws;
use super::{Identity, Refusal, bearer};

/// Verifies HS256 tokens with the current secret and, while rotating, the previous one.
pub(crate) struct Verifier {
    keys: Vec<DecodingKey>,
    expectations: Expectations,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys.len()).field("expectations", &self.expectations).finish()
    }
}

impl Verifier {
    /// `secrets` are tried in order: the current one first.
    pub(crate) fn new<'s>(secrets: impl IntoIterator<Item = &'s SecretString>, expectations: Expectations) -> Self {
        let key = |secret: &SecretString| DecodingKey::from_secret(secret.expose_secret().as_bytes());
        Self { keys: secrets.into_iter().map(key).collect(), expectations }
    }

    /// Who sent these headers, now.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Identity {
        let token = bearer::token(headers)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs());
        self.verify(token, now)
    }

    /// Whose token this is at `now`, in seconds since 1970.
    fn verify(&self, token: &str, now: u64) -> Identity {
        let jws = Jws::parse(token)?;
        if !self.signed_by_us(&jws) {
            return Err(Refusal::Signature);
        }
        self.expectations.owner(&jws.payload, now)
    }

    /// Whether one of our keys made the signature. HMAC is compared in constant time, by `jsonwebtoken`.
    fn signed_by_us(&self, jws: &Jws<'_>) -> bool {
        let fits = |key| jsonwebtoken::crypto::verify(jws.signature, jws.signed.as_bytes(), key, Algorithm::HS256);
        self.keys.iter().any(|key| fits(key).unwrap_or(false))
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
