//! Steps 4 and 6: the algorithm and the signature.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use console::target::Algorithm;
use console::token;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Jws, Members, Refused, Step, holds};
use crate::twin::{House, SECRET, problem};

/// The secret that the twin signs and verifies with.
pub(crate) fn secret(house: &House) -> &'static str {
    if house.has("jwt.guessable-secret") {
        return "letmein123";
    }
    if house.has("jwt.short-secret") { "q7Zr-Xe4tP" } else { SECRET }
}

/// A public key that a flaw publishes (RFC 8037, A.2), and its PEM.
const PUBLIC_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const PUBLIC_PEM: &str =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

/// `/.well-known/jwks.json`: hardened, there is no such thing.
pub(crate) async fn key_set(State(house): State<Arc<House>>) -> Response {
    if !house.has("jwt.public-key-as-secret") {
        return problem::NOT_FOUND.into_response();
    }
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "twin-1", "x": PUBLIC_X }] })).into_response()
}

/// How the signature is to be proven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// By the HMAC of the configured key.
    Mac,
    /// By the longer HMAC of the configured key.
    LongMac,
    /// By ECDSA, as one flaw understands it.
    Blank,
    /// By the certificate in the header.
    Certificate,
    /// By the RSA key in the header.
    OwnKey,
    /// Not at all.
    Waived,
}

/// Whether some flaw lets an empty signature come as far as the algorithm.
pub(super) fn may_be_empty(house: &House) -> bool {
    ["jwt.none", "jwt.none-any-case", "jwt.no-alg", "jwt.unknown-alg", "jwt.empty-signature"].iter().any(|flaw| house.has(flaw))
}

/// Step 4: the algorithm is the configured one, compared by bytes (RFC 8725, 3.1).
pub(super) fn algorithm(house: &House, header: &Members, jws: &Jws) -> Step<Proof> {
    let alg = header.get("alg").and_then(Value::as_str);
    let fallen = |alg: &str| alg.trim().eq_ignore_ascii_case("none") && alg != "none";
    let unknown = |alg: &str| ["HS257", "XX256"].contains(&alg) && jws.signature.is_empty();
    match alg {
        Some("HS256") => Ok(Proof::Mac),
        Some("HS512") if house.has("jwt.sibling-algorithms") => Ok(Proof::LongMac),
        Some("none") if house.has("jwt.none") => Ok(Proof::Waived),
        Some(alg) if house.has("jwt.none-any-case") && fallen(alg) => Ok(Proof::Waived),
        Some(alg) if house.has("jwt.unknown-alg") && unknown(alg) => Ok(Proof::Waived),
        Some("PS256") if house.has("jwt.no-key-for-alg") => Ok(Proof::Waived),
        Some("ES256") if house.has("jwt.blank-ecdsa") => Ok(Proof::Blank),
        Some("RS256") if house.has("jwt.trusts-x5c") => Ok(Proof::Certificate),
        Some("RS256") if house.has("jwt.embedded-rsa") => Ok(Proof::OwnKey),
        None if house.has("jwt.no-alg") => Ok(Proof::Waived),
        _ => Err(Refused),
    }
}

/// Step 6: the signature over the encoded parts, in constant time.
pub(super) fn signature(house: &House, proof: Proof, jws: &Jws, header: &Members) -> Step<()> {
    match proof {
        Proof::Waived => Ok(()),
        Proof::Blank => holds(jws.signature == [0; 64]),
        Proof::Certificate => holds(header.get("x5c").and_then(Value::as_array).is_some_and(|chain| !chain.is_empty())),
        Proof::OwnKey => holds(by_own_key(jws, header) == Some(true)),
        Proof::LongMac => holds(token::hmac(Algorithm::Hs512, secret(house).as_bytes(), jws.input().as_bytes()) == jws.signature),
        Proof::Mac => holds(by_mac(house, jws, header)),
    }
}

fn by_own_key(jws: &Jws, header: &Members) -> Option<bool> {
    let member = |name: &str| header.get("jwk")?.get(name)?.as_str();
    let key = jsonwebtoken::DecodingKey::from_rsa_components(member("n")?, member("e")?).ok()?;
    jsonwebtoken::crypto::verify(&jws.encoded[2], jws.input().as_bytes(), &key, jsonwebtoken::Algorithm::RS256).ok()
}

fn by_mac(house: &House, jws: &Jws, header: &Members) -> bool {
    let waived = house.has("jwt.not-verified") || (house.has("jwt.empty-signature") && jws.signature.is_empty());
    if waived || cached(house, jws, false) {
        return true;
    }
    let mac = |key: &[u8], input: &str| token::hmac(Algorithm::Hs256, key, input.as_bytes());
    let mut good: Vec<_> = keys(house, header).iter().map(|key| mac(key, &jws.input())).collect();
    if house.has("jwt.header-not-covered") {
        good.push(mac(secret(house).as_bytes(), &jws.encoded[1]));
    }
    if house.has("jwt.hash-for-mac") {
        good.push(Sha256::digest(jws.input()).to_vec());
    }
    let verified = good.iter().any(|expected| equal(house, expected, &jws.signature));
    if verified {
        cached(house, jws, true);
    }
    verified
}

fn equal(house: &House, expected: &[u8], given: &[u8]) -> bool {
    let differences = expected.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
    let lengths = expected.len() == given.len() || (house.has("jwt.prefix-compare") && (4..=32).contains(&given.len()));
    lengths && differences == 0
}

/// Flaw `jwt.signature-cached`: a signature that was good once is good for any payload.
fn cached(house: &House, jws: &Jws, remember: bool) -> bool {
    static SEEN: LazyLock<Mutex<HashSet<Vec<u8>>>> = LazyLock::new(Mutex::default);
    if !house.has("jwt.signature-cached") {
        return false;
    }
    let Ok(mut seen) = SEEN.lock() else { return false };
    if remember { seen.insert(jws.signature.clone()) } else { seen.contains(&jws.signature) }
}

/// The keys that a signature may be made with: hardened, one.
fn keys(house: &House, header: &Members) -> Vec<Vec<u8>> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let kid = text("kid").unwrap_or_default();
    let embedded = || token::decode(header.get("jwk")?.get("k")?.as_str()?);
    let extra = [
        ("jwt.second-secret", Some(b"dev-secret".to_vec())),
        ("jwt.empty-secret", Some(Vec::new())),
        ("jwt.public-key-as-secret", Some(PUBLIC_PEM.into())),
        ("jwt.embedded-oct", embedded()),
        ("jwt.kid-as-path", kid.starts_with('/').then(|| std::fs::read(kid).ok()).flatten()),
        ("jwt.kid-in-sql", kid.contains("' UNION SELECT 'x'").then(|| b"x".to_vec())),
        ("jwt.kid-not-found", (kid == "missing").then(|| b"undefined".to_vec())),
    ];
    let mut keys = vec![secret(house).into()];
    keys.extend(extra.into_iter().filter(|(flaw, _)| house.has(flaw)).filter_map(|(_, key)| key));
    keys
}
