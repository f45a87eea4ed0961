//! Signing keys: read from the text of a variable, signing any bytes, and showing nothing of themselves.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use thiserror::Error;

use super::{decode, encode};

/// Signature algorithms that tokens can be minted with (RFC 7518, 3.1; RFC 8037, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether signer and verifier share one secret.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// How the bytes of a shared secret are written in its variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    #[default]
    Text,
    /// Base64 (RFC 4648, 4), padded or not.
    Base64,
    /// Base64url (RFC 4648, 5), padded or not.
    Base64Url,
    /// Two hexadecimal digits a byte.
    Hex,
}

/// Why the text of a variable is no key. Says nothing of the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// The secret is not in the declared encoding.
    #[error("it is not {0}; `encoding` is text, base64, base64url or hex")]
    Encoding(&'static str),
    /// Neither PEM nor a JWK.
    #[error("it is neither a private key in PEM (PKCS #8, PKCS #1 or SEC 1) nor a private JWK")]
    Form,
    /// A key of another kind, or one that is damaged, too short or too long.
    #[error("it is no usable private key for {0}")]
    Kind(&'static str),
}

/// A key that signs tokens.
#[derive(Clone)]
pub enum Key {
    /// A shared secret, and the HMAC that it is used with.
    Shared(Algorithm, SecretSlice<u8>),
    /// An RSA key of 2048 to 4096 bits.
    Rsa(Arc<RsaKeyPair>),
    /// A P-256 key.
    Ec(Arc<EcdsaKeyPair>),
    /// An Ed25519 key.
    Okp(Arc<Ed25519KeyPair>),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.algorithm().name())
    }
}

impl Key {
    /// The shared secret `text` for HS256.
    pub fn hs256(text: &SecretString) -> Self {
        Self::Shared(Algorithm::Hs256, text.expose_secret().as_bytes().to_vec().into())
    }

    /// A shared secret as text, in base64 where its bytes are none.
    pub fn shared_text(&self) -> Option<SecretString> {
        let bytes = self.shared()?;
        Some(std::str::from_utf8(bytes).map_or_else(|_| STANDARD.encode(bytes), str::to_owned).into())
    }

    /// Reads the key for `algorithm` from the text of a variable: a secret in `encoding`, or a private key in PEM or as a JWK.
    pub fn read(algorithm: Algorithm, text: &SecretString, encoding: Encoding) -> Result<Self, KeyError> {
        let text = text.expose_secret();
        if algorithm.is_shared() {
            return Ok(Self::Shared(algorithm, secret(text, encoding)?.into()));
        }
        match serde_json::from_str::<Value>(text) {
            Ok(jwk) => Self::of_jwk(algorithm, &jwk).ok_or(KeyError::Kind(algorithm.name())),
            Err(_) => Self::of_pem(algorithm, text),
        }
    }

    fn of_pem(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        // Variables cannot hold lines everywhere, so many hold the two characters `\n` instead.
        let lines = text.replace("\\n", "\n");
        let der = PrivateKeyDer::from_pem_slice(lines.as_bytes()).map_err(|_| KeyError::Form)?;
        let key = match (algorithm, &der) {
            (Algorithm::Rs256, PrivateKeyDer::Pkcs8(der)) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok().map(Self::rsa),
            (Algorithm::Rs256, PrivateKeyDer::Pkcs1(der)) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(Self::rsa),
            (Algorithm::Es256, PrivateKeyDer::Pkcs8(der)) => ec(der.secret_pkcs8_der()),
            (Algorithm::Es256, PrivateKeyDer::Sec1(der)) => ec(&wrapped(der.secret_sec1_der())),
            (Algorithm::EdDsa, PrivateKeyDer::Pkcs8(der)) => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).ok().map(|pair| Self::Okp(Arc::new(pair)))
            }
            _ => None,
        };
        key.ok_or(KeyError::Kind(algorithm.name()))
    }

    fn of_jwk(algorithm: Algorithm, jwk: &Value) -> Option<Self> {
        let member = |name: &str| decode(jwk.get(name)?.as_str()?);
        let is = |kty: &str, crv: Option<&str>| {
            jwk.get("kty").is_some_and(|value| value == kty) && jwk.get("crv").and_then(Value::as_str) == crv
        };
        match algorithm {
            Algorithm::EdDsa if is("OKP", Some("Ed25519")) => {
                Ed25519KeyPair::from_seed_and_public_key(&member("d")?, &member("x")?).ok().map(|pair| Self::Okp(Arc::new(pair)))
            }
            Algorithm::Es256 if is("EC", Some("P-256")) => {
                let public = [vec![4], member("x")?, member("y")?].concat();
                let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
                let pair = EcdsaKeyPair::from_private_key_and_public_key(kind, &member("d")?, &public, &random);
                pair.ok().map(|pair| Self::Ec(Arc::new(pair)))
            }
            Algorithm::Rs256 if is("RSA", None) => {
                let components = KeyPairComponents {
                    public_key: PublicKeyComponents { n: member("n")?, e: member("e")? },
                    d: member("d")?,
                    p: member("p")?,
                    q: member("q")?,
                    dP: member("dp")?,
                    dQ: member("dq")?,
                    qInv: member("qi")?,
                };
                RsaKeyPair::from_components(&components).ok().map(Self::rsa)
            }
            _ => None,
        }
    }

    fn rsa(pair: RsaKeyPair) -> Self {
        Self::Rsa(Arc::new(pair))
    }

    /// The algorithm that the key signs with.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Shared(algorithm, _) => *algorithm,
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Ec(_) => Algorithm::Es256,
            Self::Okp(_) => Algorithm::EdDsa,
        }
    }

    /// The shared secret, where the key is one.
    pub fn shared(&self) -> Option<&[u8]> {
        match self {
            Self::Shared(_, secret) => Some(secret.expose_secret()),
            Self::Rsa(_) | Self::Ec(_) | Self::Okp(_) => None,
        }
    }

    /// Signs `input`; the bytes are in the form of JWS (RFC 7515, 5.1). Empty only if the system has no randomness.
    pub fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Shared(algorithm, secret) => hmac(*algorithm, secret.expose_secret(), input),
            Self::Rsa(pair) => rsa_signature(pair, &RSA_PKCS1_SHA256, input),
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), input).map(|made| made.as_ref().to_vec()).unwrap_or_default(),
            Self::Okp(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }

    /// Signs `input` under each other algorithm that the same key can be used with, by its name.
    pub fn sign_as_siblings(&self, input: impl Fn(&'static str) -> Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
        match self {
            Self::Shared(own, secret) => [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]
                .into_iter()
                .filter(|sibling| sibling != own)
                .map(|sibling| (sibling.name(), hmac(sibling, secret.expose_secret(), &input(sibling.name()))))
                .collect(),
            Self::Rsa(pair) => {
                let siblings: [(_, &'static dyn RsaEncoding); 3] =
                    [("RS384", &RSA_PKCS1_SHA384), ("RS512", &RSA_PKCS1_SHA512), ("PS256", &RSA_PSS_SHA256)];
                siblings.into_iter().map(|(name, padding)| (name, rsa_signature(pair, padding, &input(name)))).collect()
            }
            Self::Ec(_) | Self::Okp(_) => Vec::new(),
        }
    }

    /// The public half as a JWK (RFC 7517; RFC 8037, 2); `None` for a shared secret.
    pub fn public(&self) -> Option<Value> {
        match self {
            Self::Shared(..) => None,
            Self::Rsa(pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                Some(json!({ "kty": "RSA", "n": encode(parts.n), "e": encode(parts.e) }))
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
                Some(json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) }))
            }
            Self::Okp(pair) => Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })),
        }
    }
}

fn ec(pkcs8: &[u8]) -> Option<Key> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new());
    pair.ok().map(|pair| Key::Ec(Arc::new(pair)))
}

/// A P-256 key of SEC 1 (RFC 5915) in its PKCS #8 envelope (RFC 5208, 5).
fn wrapped(sec1: &[u8]) -> Vec<u8> {
    const VERSION: &[u8] = &[2, 1, 0];
    const P256: &[u8] = &[0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let key = super::public::element(0x04, sec1);
    super::public::element(0x30, &[VERSION, P256, &key].concat())
}

fn rsa_signature(pair: &RsaKeyPair, padding: &'static dyn RsaEncoding, input: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(padding, &SystemRandom::new(), input, &mut signature);
    signed.map(|()| signature).unwrap_or_default()
}

fn secret(text: &str, encoding: Encoding) -> Result<Vec<u8>, KeyError> {
    let bare = text.trim().trim_end_matches('=');
    match encoding {
        Encoding::Text => Ok(text.as_bytes().to_vec()),
        Encoding::Base64 => {
            STANDARD_NO_PAD.decode(bare).or_else(|_| STANDARD.decode(text)).map_err(|_| KeyError::Encoding("base64"))
        }
        Encoding::Base64Url => decode(bare).ok_or(KeyError::Encoding("base64url")),
        Encoding::Hex => hex(bare).ok_or(KeyError::Encoding("hexadecimal")),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Signs `input` with an HMAC of RFC 7518, 3.2. Any key length works, the empty key included. Algorithms that are none sign nothing.
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
        Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => Vec::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rstest::rstest;

    use super::super::public::pem;
    use super::*;

    /// PKCS #8 (RFC 5208) of keys that are published with the checks.
    const RSA: &[u8] = include_bytes!("../checks/jwt/attacker/rsa.pk8");
    const EC: &[u8] = include_bytes!("../checks/jwt/attacker/ec.pk8");

    fn okp() -> Vec<u8> {
        [[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20].as_slice(), &[7; 32]].concat()
    }

    /// A private key in PEM.
    pub(in crate::token) fn pem_of(algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Rs256 => pem("PRIVATE KEY", RSA),
            Algorithm::Es256 => pem("PRIVATE KEY", EC),
            _ => pem("PRIVATE KEY", &okp()),
        }
    }

    /// The key inside a PKCS #8 envelope: from the first octet string on that holds a sequence.
    fn inner(pkcs8: &[u8]) -> &[u8] {
        let at = if pkcs8 == RSA { 26 } else { 29 };
        assert_eq!(pkcs8[at], 0x30);
        &pkcs8[at..]
    }

    fn verifies(key: &Key) -> bool {
        let (alg, jwk) = (key.algorithm().name(), key.public().unwrap());
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk).unwrap();
        let verifier = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        jsonwebtoken::crypto::verify(&encode(key.sign(b"input")), b"input", &verifier, alg.parse().unwrap()).unwrap()
    }

    #[rstest]
    #[case::rsa_pkcs8(Algorithm::Rs256, pem_of(Algorithm::Rs256))]
    #[case::rsa_pkcs1(Algorithm::Rs256, pem("RSA PRIVATE KEY", inner(RSA)))]
    #[case::ec_pkcs8(Algorithm::Es256, pem_of(Algorithm::Es256))]
    #[case::ec_sec1(Algorithm::Es256, pem("EC PRIVATE KEY", inner(EC)))]
    #[case::okp_pkcs8(Algorithm::EdDsa, pem_of(Algorithm::EdDsa))]
    #[case::lines_as_text(Algorithm::EdDsa, pem_of(Algorithm::EdDsa).replace('\n', "\\n"))]
    #[case::rfc_8037_a_1(
        Algorithm::EdDsa,
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
            .to_owned()
    )]
    #[case::rfc_7515_a_3(
        Algorithm::Es256,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#
            .to_owned()
    )]
    fn a_private_key_signs_what_its_public_half_verifies(#[case] algorithm: Algorithm, #[case] text: String) {
        let key = Key::read(algorithm, &text.into(), Encoding::Text).unwrap();
        assert!(verifies(&key));
        assert_eq!(format!("{key:?}"), format!("Key({})", algorithm.name()));
    }

    #[rstest]
    #[case(Algorithm::EdDsa, pem_of(Algorithm::Es256), KeyError::Kind("EdDSA"))]
    #[case(Algorithm::Rs256, pem_of(Algorithm::EdDsa), KeyError::Kind("RS256"))]
    #[case(Algorithm::Es256, "{\"kty\":\"OKP\"}".to_owned(), KeyError::Kind("ES256"))]
    #[case(Algorithm::Es256, "hush".to_owned(), KeyError::Form)]
    fn a_key_of_another_kind_is_refused_without_showing_it(
        #[case] algorithm: Algorithm,
        #[case] text: String,
        #[case] error: KeyError,
    ) {
        assert_eq!(Key::read(algorithm, &text.into(), Encoding::Text).unwrap_err(), error);
    }

    #[rstest]
    #[case("aGk_", Encoding::Base64Url)]
    #[case("aGk/", Encoding::Base64)]
    #[case("68693f", Encoding::Hex)]
    #[case("hi?", Encoding::Text)]
    fn a_shared_secret_is_decoded_as_declared(#[case] text: &str, #[case] encoding: Encoding) {
        let key = Key::read(Algorithm::Hs256, &text.into(), encoding).unwrap();
        assert_eq!(key.shared(), Some(b"hi?".as_slice()));
        assert!(Key::read(Algorithm::Hs256, &"***".into(), encoding).is_err() || encoding == Encoding::Text);
    }

    #[test]
    fn a_key_signs_under_the_names_of_its_siblings() {
        let names = |key: &Key| key.sign_as_siblings(Into::into).into_iter().map(|(alg, _)| alg).collect::<Vec<_>>();
        assert_eq!(names(&Key::hs256(&"k".into())), ["HS384", "HS512"]);
        let rsa = Key::read(Algorithm::Rs256, &pem_of(Algorithm::Rs256).into(), Encoding::Text).unwrap();
        assert_eq!(names(&rsa), ["RS384", "RS512", "PS256"]);
    }
}
