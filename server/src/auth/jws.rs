//! The compact form of a signed token and its protected header (RFC 7515), read strictly and before any key is used.
//!
//! The header is an allowlist, not a blocklist: `alg`, `typ` and a harmless `kid`. Whatever else a header can carry either
//! asks for something that we do not do (`crit`, `zip`, `b64`, `cty`) or offers us a key of the sender's choice (`jwk`,
//! `jku`, `x5u`, `x5c`). RFC 7515 section 4 tells verifiers to ignore unknown parameters; our issuers send none, so an
//! unknown one is a token that was not made for us.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Deserialize;

use super::{Refusal, unique};

/// A token taken apart: nothing is trusted yet.
#[derive(Debug)]
pub(super) struct Jws<'t> {
    /// What was signed: header and payload with the dot between them.
    pub(super) signed: &'t str,
    /// The signature in base64url, known to be canonical.
    pub(super) signature: &'t str,
    /// The decoded payload.
    pub(super) payload: Vec<u8>,
}

/// The protected header of every token that we accept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "crate::json::present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "crate::json::present")]
    kid: Option<String>,
}

/// Length of an HMAC-SHA-256 tag. A truncated or padded tag is not a tag.
const TAG_BYTES: usize = 32;
/// Longest `kid`; with one shared secret it selects nothing.
const KID_BYTES: usize = 128;

impl<'t> Jws<'t> {
    /// Takes a compact JWS apart. Base64url must be canonical: no padding, no whitespace, no unused bits
    /// (RFC 4648 section 3.5), so one token has one spelling.
    pub(super) fn parse(token: &'t str) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::SessionToken)?;
        if header.is_empty() || payload.is_empty() || payload.contains('.') {
            return Err(Refusal::NotCompact);
        }
        acceptable(&decoded(header)?)?;
        if decoded(signature)?.len() != TAG_BYTES {
            return Err(Refusal::Signature);
        }
        Ok(Self { signed, signature, payload: decoded(payload)? })
    }
}

/// Base64url without padding; the engine refuses unused bits that are not zero.
fn decoded(segment: &str) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).map_err(|_| Refusal::NotCompact)
}

/// The algorithm is ours to choose (RFC 8725 section 3.1); the token may only agree.
fn acceptable(header: &[u8]) -> Result<(), Refusal> {
    unique::keys(header).map_err(|_| Refusal::Header)?;
    let header: Header = serde_json::from_slice(header).map_err(|_| Refusal::Header)?;
    let typ = header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    let kid = header.kid.is_none_or(|kid| harmless(&kid));
    if header.alg == "HS256" && typ && kid { Ok(()) } else { Err(Refusal::Header) }
}

/// Short, plain, no path: nothing that would mean something to a file system, a shell or SQL.
fn harmless(kid: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=KID_BYTES).contains(&kid.len()) && kid.bytes().all(plain) && !kid.contains("..")
}
