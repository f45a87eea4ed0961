//! JSON Web Tokens by hand: minting what a service accepts, and taking tokens apart to forge what it must refuse.
//!
//! A JWT library refuses to build most of what the checks need to send, so this room works on bytes (RFC 7515, compact form).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384, Sha512};
use time::OffsetDateTime;

use crate::target::{Algorithm, Mint};

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

impl Compact {
    /// Splits `token`; `None` unless it has three parts of which the first two are JSON objects.
    pub fn parse(token: &str) -> Option<Self> {
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
        let parts = Self { header: header.into(), payload: payload.into(), signature: signature.into() };
        (parts.header_json().is_some() && parts.claims().is_some()).then_some(parts)
    }

    /// The header as JSON.
    pub fn header_json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&decode(&self.header)?).ok()
    }

    /// The claims as JSON.
    pub fn claims(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&decode(&self.payload)?).ok()
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

/// Signs `input` with an HMAC of RFC 7518, 3.2. Any key length works, the empty key included.
pub fn hmac(algorithm: Algorithm, key: &[u8], input: &[u8]) -> Vec<u8> {
    macro_rules! sign {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(key)
                .map(|mac| mac.chain_update(input).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        };
    }
    match algorithm {
        Algorithm::Hs256 => sign!(Sha256),
        Algorithm::Hs384 => sign!(Sha384),
        Algorithm::Hs512 => sign!(Sha512),
    }
}

/// Mints and forges tokens with the service's own key.
#[derive(Clone, Debug)]
pub struct Forge {
    mint: Mint,
}

impl Forge {
    /// A forge for tokens described by `mint`.
    pub const fn new(mint: Mint) -> Self {
        Self { mint }
    }

    /// What the forge was made from.
    pub const fn mint(&self) -> &Mint {
        &self.mint
    }

    /// The header of a good token.
    pub fn header(&self) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".into(), json!(self.mint.algorithm.name()));
        header.insert("typ".into(), json!("JWT"));
        if let Some(kid) = &self.mint.kid {
            header.insert("kid".into(), json!(kid));
        }
        header
    }

    /// The claims of a good token for `subject`: the target's own claims, `sub`, `iat` and `exp`.
    pub fn claims(&self, subject: &str, now: OffsetDateTime) -> Map<String, Value> {
        let now = now.unix_timestamp();
        let mut claims = self.mint.claims.clone();
        claims.insert("sub".into(), json!(subject));
        claims.insert("iat".into(), json!(now));
        claims.insert("exp".into(), json!(now.saturating_add_unsigned(self.mint.lifetime_secs)));
        claims
    }

    /// A good token for `subject`.
    pub fn good(&self, subject: &str, now: OffsetDateTime) -> String {
        self.sign(&Value::Object(self.header()), &Value::Object(self.claims(subject, now)))
    }

    /// Signs any header and claims with the service's key and algorithm, whatever the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_bytes(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// Signs any bytes as header and payload: for duplicate keys, byte order marks and numbers that JSON writers refuse.
    pub fn sign_bytes(&self, header: &[u8], payload: &[u8]) -> String {
        self.sign_encoded(&encode(header), &encode(payload))
    }

    /// Signs parts that are already encoded, however badly.
    pub fn sign_encoded(&self, header: &str, payload: &str) -> String {
        self.sign_as(self.mint.algorithm, header, payload)
    }

    /// Signs encoded parts with the service's key under another algorithm.
    pub fn sign_as(&self, algorithm: Algorithm, header: &str, payload: &str) -> String {
        let unsigned = Compact { header: header.into(), payload: payload.into(), signature: String::new() };
        unsigned.signed(algorithm, self.mint.secret.expose_secret().as_bytes()).token()
    }
}
