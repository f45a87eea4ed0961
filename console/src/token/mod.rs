//! JSON Web Tokens by hand: minting what a service accepts, and taking tokens apart to forge what it must refuse.
//!
//! A JWT library refuses to build most of what the checks need to send, so this room works on bytes (RFC 7515, compact form). Keys stand in
//! [`key`], what is public of them in [`public`], and minting in [`forge`].

mod forge;
mod key;
mod public;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

pub use forge::Forge;
pub(crate) use forge::{set, unset};
pub use key::{Algorithm, Encoding, Key, KeyError, hmac};
pub use public::PublicKey;

/// Base64url without padding (RFC 7515, 2).
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A token in JWS compact form, taken apart but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compact {
    /// First part, still encoded.
    pub header: String,
    /// Second part, still encoded.
    pub payload: String,
    /// Third part, still encoded.
    pub signature: String,
}

/// A text, or a number as text.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Compact {
    /// Splits `token`; `None` unless it has three parts of which the first two are JSON objects.
    pub fn parse(token: &str) -> Option<Self> {
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
        let parts = Self { header: header.into(), payload: payload.into(), signature: signature.into() };
        (parts.header_json().is_some() && parts.claims().is_some()).then_some(parts)
    }

    /// Every token in a text.
    pub fn all_in(text: &str) -> impl Iterator<Item = Self> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        words.filter(|word| word.starts_with("eyJ")).filter_map(Self::parse)
    }

    /// The header as JSON.
    pub fn header_json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&decode(&self.header)?).ok()
    }

    /// The claims as JSON.
    pub fn claims(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&decode(&self.payload)?).ok()
    }

    /// The `sub` of the token (or the names that hand-made services use), as text.
    pub fn subject(&self) -> Option<String> {
        let claims = self.claims()?;
        as_text(["sub", "user_id", "userId", "uid", "id"].iter().find_map(|name| claims.get(*name))?)
    }

    /// The `exp` of the token, in seconds since 1970 (RFC 7519, 4.1.4), whole ones.
    pub fn end(&self) -> Option<i64> {
        let end = self.claims()?.get("exp")?.clone();
        #[allow(clippy::cast_possible_truncation, reason = "an end beyond all dates stays beyond them: the cast saturates")]
        end.as_i64().or_else(|| Some(end.as_f64()? as i64))
    }

    /// Whether any claim is this subject, as a text or a number.
    pub fn names(&self, subject: &str) -> bool {
        self.claims().is_some_and(|claims| claims.values().any(|value| as_text(value).as_deref() == Some(subject)))
    }

    /// The compact form again.
    pub fn token(&self) -> String {
        format!("{}.{}.{}", self.header, self.payload, self.signature)
    }

    /// What the signature is made over: header and payload, still encoded (RFC 7515, 5.1).
    pub fn signing_input(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }

    /// The same token under another header; the signature stays as it is.
    #[must_use]
    pub fn with_header(&self, header: &Value) -> Self {
        Self { header: encode(header.to_string()), ..self.clone() }
    }

    /// The same token with other claims; the signature stays as it is.
    #[must_use]
    pub fn with_claims(&self, claims: &Value) -> Self {
        Self { payload: encode(claims.to_string()), ..self.clone() }
    }

    /// The same token with another signature, encoded or not.
    #[must_use]
    pub fn with_signature(&self, signature: impl Into<String>) -> Self {
        Self { signature: signature.into(), ..self.clone() }
    }

    /// The same header and claims, signed by HMAC with any key, whatever the header says.
    #[must_use]
    pub fn signed(&self, algorithm: Algorithm, key: &[u8]) -> Self {
        self.with_signature(encode(hmac(algorithm, key, self.signing_input().as_bytes())))
    }
}
