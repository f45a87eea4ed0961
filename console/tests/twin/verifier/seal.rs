//! Steps 4 and 6: the algorithm and the signature.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use console::target::Algorithm;
use console::token::{self, Encoding, Key};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Jws, Kind, Members, Refused, Step, holds};
use crate::twin::{House, PREVIOUS_SECRET, SECRET, STAGING_SECRET, problem};

/// The secret that the twin signs and verifies with.
pub(crate) fn secret(house: &House) -> &'static str {
    if house.has("jwt.guessable-secret") {
        return "letmein123";
    }
    if house.has("jwt.short-secret") { "q7Zr-Xe4tP" } else { SECRET }
}

/// Seed and public half of the twin's own key pair (RFC 8032, 5.1.5), as a private JWK (RFC 8037, 2).
const PRIVATE_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"cG9zdGZsaWdodDogYSB0d2luJ3Mgb3duIHNlZWQgMDE","x":"15HF4dChMnEJlbzGNeCMhyu4HhbNT0XUy-ZIN8At-x4"}"#;
/// The public half of a key whose private half anybody may know: the one that the checks publish.
const ATTACKER_X: &str = "tuMWHrarP7N8Zjabiwdcyze7onXjpZWfobR5FFUi9f4";
/// The key id of the published key.
pub(crate) const KEY_ID: &str = "twin-2026";

/// The key that the twin's tokens are signed with.
pub(crate) fn key(house: &House) -> Key {
    if house.kind == Kind::KeyPair {
        return Key::read(Algorithm::EdDsa, &PRIVATE_JWK.into(), Encoding::Text).expect("a key pair");
    }
    Key::hs256(&secret(house).into())
}

/// The secret that development signs with.
const DEV_SECRET: &[u8] = b"dev-secret";

/// A public key that a flaw publishes (RFC 8037, A.2), and its PEM.
const PUBLIC_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const PUBLIC_OPENSSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const PUBLIC_PEM: &str =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

/// `/.well-known/jwks.json`: hardened, there is no such thing.
pub(crate) async fn key_set(State(house): State<Arc<House>>) -> Response {
    if house.has("jwt.publishes-secret") {
        return Json(json!({ "keys": [{ "kty": "oct", "kid": "twin-1", "k": console::token::encode(super::super::SECRET) }] }))
            .into_response();
    }
    if let Some(Value::Object(mut jwk)) = key(&house).public() {
        jwk.extend([("kid".to_owned(), json!(KEY_ID)), ("alg".to_owned(), json!("EdDSA")), ("use".to_owned(), json!("sig"))]);
        return Json(json!({ "keys": [jwk] })).into_response();
    }
    if !house.has("jwt.public-key-as-secret") && !house.has("jwt.openssh-key-as-secret") {
        return problem::NOT_FOUND.into_response();
    }
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "twin-1", "x": PUBLIC_X }] })).into_response()
}

/// How the signature is to be proven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// By the HMAC of the configured key.
    Mac,
    /// By the configured public key.
    Pair,
    /// By an HMAC with the configured public key, as one flaw understands it.
    PublicMac,
    /// By an HMAC with the secret of development, as another one does.
    OldMac,
    /// By the Ed25519 key in the header.
    OwnPair,
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
    ["jwt.none", "jwt.keypair-none", "jwt.none-any-case", "jwt.no-alg", "jwt.unknown-alg", "jwt.empty-signature"]
        .iter()
        .any(|flaw| house.has(flaw))
}

/// Step 4: the algorithm is the configured one, compared by bytes (RFC 8725, 3.1).
pub(super) fn algorithm(house: &House, header: &Members, jws: &Jws) -> Step<Proof> {
    let alg = header.get("alg").and_then(Value::as_str);
    let fallen = |alg: &str| alg.trim().eq_ignore_ascii_case("none") && alg != "none";
    let unknown = |alg: &str| ["HS257", "XX256"].contains(&alg) && jws.signature.is_empty();
    if house.kind == Kind::KeyPair {
        return pair_algorithm(house, header, alg, jws);
    }
    match alg {
        Some("HS256") => Ok(Proof::Mac),
        Some("HS512") if house.has("jwt.sibling-algorithms") => Ok(Proof::LongMac),
        Some("none") if house.has("jwt.none") => Ok(Proof::Waived),
        Some(alg) if house.has("jwt.none-any-case") && fallen(alg) => Ok(Proof::Waived),
        Some(alg) if house.has("jwt.unknown-alg") && unknown(alg) => Ok(Proof::Waived),
        Some("PS256") if house.has("jwt.no-key-for-alg") => Ok(Proof::Waived),
        Some("ES256") if house.has("jwt.blank-ecdsa") => Ok(Proof::Blank),
        Some("RS256") if house.has("jwt.trusts-x5c") => Ok(Proof::Certificate),
        Some("RS256") if house.has("jwt.trusts-x5t") && header.contains_key("x5t") => Ok(Proof::Certificate),
        Some("RS256") if house.has("jwt.embedded-rsa") => Ok(Proof::OwnKey),
        None if house.has("jwt.no-alg") => Ok(Proof::Waived),
        _ => Err(Refused),
    }
}

/// Step 4 with a key pair: the algorithm of the published key, found by its id.
fn pair_algorithm(house: &House, header: &Members, alg: Option<&str>, jws: &Jws) -> Step<Proof> {
    let embedded = house.has("jwt.keypair-embedded") && header.contains_key("jwk");
    holds(header.get("kid").and_then(Value::as_str) == Some(KEY_ID) || embedded || alg == Some("none"))?;
    match alg {
        Some("EdDSA") if embedded => Ok(Proof::OwnPair),
        Some("EdDSA") => Ok(Proof::Pair),
        Some("HS256") if house.has("jwt.keypair-confusion") => Ok(Proof::PublicMac),
        Some("HS256") if house.has("jwt.keypair-dev-secret") => Ok(Proof::OldMac),
        Some("none") if house.has("jwt.keypair-none") && jws.signature.is_empty() => Ok(Proof::Waived),
        Some("ES256") if house.has("jwt.keypair-swapped") => Ok(Proof::Waived),
        _ => Err(Refused),
    }
}

/// Whether the signature is one by the Ed25519 key `x` (by ring, whose speed does not depend on how the tests are built).
fn by_pair(jws: &Jws, x: Option<&str>) -> bool {
    let Some(key) = x.and_then(token::decode) else { return false };
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(jws.input().as_bytes(), &jws.signature).is_ok()
}

/// An HMAC with the published key as PEM.
fn by_public_mac(house: &House, jws: &Jws) -> bool {
    let public = key(house).public().map(|jwk| token::PublicKey::of_jwk(&jwk));
    let pem = public.and_then(|public| public.forms().iter().find(|(form, _)| *form == "as PEM").map(|(_, bytes)| bytes.clone()));
    pem.is_some_and(|pem| token::hmac(Algorithm::Hs256, &pem, jws.input().as_bytes()) == jws.signature)
}

/// Step 6: the signature over the encoded parts, in constant time.
pub(super) fn signature(house: &House, proof: Proof, jws: &Jws, header: &Members) -> Step<()> {
    match proof {
        Proof::Waived => Ok(()),
        Proof::Pair if house.has("jwt.keypair-decoded") => Ok(()),
        Proof::Pair => {
            let own = key(house).public().unwrap_or_default();
            let left = house.has("jwt.keypair-test-key").then_some(ATTACKER_X);
            holds(by_pair(jws, own.get("x").and_then(Value::as_str)) || by_pair(jws, left))
        }
        Proof::OwnPair => holds(by_pair(jws, header.get("jwk").and_then(|jwk| jwk.get("x")?.as_str()))),
        Proof::PublicMac => holds(by_public_mac(house, jws)),
        Proof::OldMac => holds(token::hmac(Algorithm::Hs256, DEV_SECRET, jws.input().as_bytes()) == jws.signature),
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
        ("jwt.previous-secret", Some(PREVIOUS_SECRET.into())),
        ("jwt.staging-secret", Some(STAGING_SECRET.into())),
        ("jwt.second-secret", Some(DEV_SECRET.to_vec())),
        ("jwt.empty-secret", Some(Vec::new())),
        ("jwt.public-key-as-secret", Some(PUBLIC_PEM.into())),
        ("jwt.openssh-key-as-secret", Some(PUBLIC_OPENSSH.into())),
        ("jwt.embedded-oct", embedded()),
        ("jwt.kid-as-path", kid.starts_with('/').then(|| std::fs::read(kid).ok()).flatten()),
        ("jwt.kid-below-directory", std::fs::read(format!("/usr/lib/{kid}")).ok().filter(|key| !key.is_empty())),
        ("jwt.kid-in-sql", kid.contains("' UNION SELECT 'x'").then(|| b"x".to_vec())),
        ("jwt.kid-not-found", (kid == "missing").then(|| b"undefined".to_vec())),
    ];
    let mut keys = vec![secret(house).into()];
    keys.extend(extra.into_iter().filter(|(flaw, _)| house.has(flaw)).filter_map(|(_, key)| key));
    keys
}
