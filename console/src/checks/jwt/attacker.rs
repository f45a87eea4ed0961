//! The attacker's own keys: published here, so that anybody can see that no service should trust them. A token that they sign is good
//! only for a verifier that takes its key from the token.

use std::sync::LazyLock;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::target::Algorithm;
use crate::token::{Compact, encode, hmac};

/// PKCS #8, 2048 bits.
const RSA_KEY: &[u8] = include_bytes!("attacker/rsa.pk8");
/// Self-signed certificate of [`RSA_KEY`].
const RSA_CERTIFICATE: &[u8] = include_bytes!("attacker/rsa.crt");
/// PKCS #8, P-256.
const EC_KEY: &[u8] = include_bytes!("attacker/ec.pk8");
/// Seed of an Ed25519 key (RFC 8032, 5.1.5).
const OKP_SEED: &[u8; 32] = b"postflight: an attacker's seed 1";
/// A shared secret that the attacker shares with everybody.
const OCT_KEY: &[u8] = b"postflight: an attacker's secret";

/// Kinds of keys (RFC 7517, 4.1; RFC 8037, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    Ec,
    Okp,
    Oct,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Rsa, Self::Ec, Self::Okp, Self::Oct];

    /// The `kty` value.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Okp => "OKP",
            Self::Oct => "oct",
        }
    }

    /// The `alg` that goes with it.
    pub(super) const fn alg(self) -> &'static str {
        match self {
            Self::Rsa => "RS256",
            Self::Ec => "ES256",
            Self::Okp => "EdDSA",
            Self::Oct => "HS256",
        }
    }
}

struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    okp: Ed25519KeyPair,
}

static KEYS: LazyLock<Option<Keys>> = LazyLock::new(|| {
    Some(Keys {
        rsa: RsaKeyPair::from_pkcs8(RSA_KEY).ok()?,
        ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, EC_KEY, &SystemRandom::new()).ok()?,
        okp: Ed25519KeyPair::from_seed_unchecked(OKP_SEED).ok()?,
    })
});

/// The attacker's public key as a JWK, with the key id `id`; for `oct`, the secret itself.
pub(super) fn jwk(kind: Kind, id: &str) -> Option<Value> {
    let keys = KEYS.as_ref()?;
    let mut jwk = match kind {
        Kind::Rsa => {
            let parts = PublicKeyComponents::<Vec<u8>>::from(keys.rsa.public_key());
            json!({ "kty": "RSA", "n": encode(parts.n), "e": encode(parts.e) })
        }
        Kind::Ec => {
            let (x, y) = keys.ec.public_key().as_ref().get(1..)?.split_at_checked(32)?;
            json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
        }
        Kind::Okp => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(keys.okp.public_key().as_ref()) }),
        Kind::Oct => json!({ "kty": "oct", "k": encode(OCT_KEY) }),
    };
    let members = jwk.as_object_mut()?;
    members.extend([("kid", id), ("alg", kind.alg()), ("use", "sig")].map(|(name, value)| (name.to_owned(), json!(value))));
    Some(jwk)
}

/// The kind of key that signs `alg`.
pub(super) fn kind_of(alg: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.alg() == alg)
}

/// The token as it is, signed anew by the attacker's key of the kind that its own algorithm asks for; `None` for other algorithms.
pub(super) fn resigned(token: &Compact) -> Option<String> {
    let alg = token.header_json()?.get("alg")?.as_str()?.to_owned();
    let signature = sign(kind_of(&alg)?, token.signing_input().as_bytes())?;
    Some(token.with_signature(encode(signature)).token())
}

/// The token under `header`, signed by the attacker.
pub(super) fn signed(kind: Kind, token: &Compact, header: &Value) -> Option<String> {
    let forged = token.with_header(header);
    let signature = sign(kind, forged.signing_input().as_bytes())?;
    Some(forged.with_signature(encode(signature)).token())
}

fn sign(kind: Kind, input: &[u8]) -> Option<Vec<u8>> {
    let keys = KEYS.as_ref()?;
    let random = SystemRandom::new();
    match kind {
        Kind::Rsa => {
            let mut signature = vec![0; keys.rsa.public().modulus_len()];
            keys.rsa.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature).ok()?;
            Some(signature)
        }
        Kind::Ec => Some(keys.ec.sign(&random, input).ok()?.as_ref().to_vec()),
        Kind::Okp => Some(keys.okp.sign(input).as_ref().to_vec()),
        Kind::Oct => Some(hmac(Algorithm::Hs256, OCT_KEY, input)),
    }
}

/// The attacker's certificate for `x5c` (RFC 7515, 4.1.6: base64, not base64url).
pub(super) fn certificate() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(RSA_CERTIFICATE)
}

/// Thumbprints of the certificate, as `x5t` and `x5t#S256` have them (RFC 7515, 4.1.7 and 4.1.8).
pub(super) fn thumbprints() -> [(&'static str, String); 2] {
    let print = |algorithm| encode(ring::digest::digest(algorithm, RSA_CERTIFICATE));
    [("x5t", print(&SHA1_FOR_LEGACY_USE_ONLY)), ("x5t#S256", print(&SHA256))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};

    #[rstest::rstest]
    #[case(Kind::Rsa, &RSA_PKCS1_2048_8192_SHA256)]
    #[case(Kind::Ec, &ECDSA_P256_SHA256_FIXED)]
    #[case(Kind::Okp, &ED25519)]
    fn the_attacker_signs_what_its_public_key_verifies(#[case] kind: Kind, #[case] algorithm: &'static dyn VerificationAlgorithm) {
        let keys = KEYS.as_ref().unwrap();
        let public = match kind {
            Kind::Rsa => keys.rsa.public_key().as_ref(),
            Kind::Ec => keys.ec.public_key().as_ref(),
            _ => keys.okp.public_key().as_ref(),
        };
        let signature = sign(kind, b"input").unwrap();
        assert!(UnparsedPublicKey::new(algorithm, public).verify(b"input", &signature).is_ok());
        assert_eq!(jwk(kind, "k").unwrap()["kty"], kind.name());
    }
}
