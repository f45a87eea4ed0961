//! The `Authorization` header, read strictly (RFC 6750 section 2.1, RFC 9110 section 11.4).
//!
//! Tokens in the query, the body, cookies or other headers are not looked for: they end up in logs and histories.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::Refusal;

/// Longest token that is looked at, in bytes. Ours are about 200; a megabyte of base64 is not worth decoding.
const TOKEN_BYTES: usize = 4096;

/// The token of exactly one header `Bearer <token>`: scheme in any case, one space, nothing else.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let only = match (values.next(), values.next()) {
        (None, _) => return Err(Refusal::NoToken),
        (Some(value), None) => value.to_str().map_err(|_| Refusal::NotBearer)?,
        (Some(_), Some(_)) => return Err(Refusal::NotBearer),
    };
    let (scheme, token) = only.split_once(' ').ok_or(Refusal::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::NotBearer);
    }
    if token.len() > TOKEN_BYTES { Err(Refusal::TooLong) } else { Ok(token) }
}
