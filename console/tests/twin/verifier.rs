//! The token verifier, by hand and step by step, so that each step can be switched off: where the flaws of the suite `jwt` act.
//!
//! Hardened: exactly one `Authorization: Bearer` with a JWS in compact form, strictly encoded, HS256 and nothing else, the right key, and
//! claims that are complete, typed and current. Every refusal is the same 401.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use console::target::Algorithm;
use console::token;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::problem::{Problem, UNAUTHORIZED};
use super::{AUDIENCE, House, ISSUER, MAX_LIFETIME_SECS, SECRET, strict_json};

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;
/// Clock skew tolerated, in seconds.
const LEEWAY_SECS: i64 = 5;
/// Header members that would change what the signature means, or where its key comes from.
const REFUSED_MEMBERS: [&str; 9] = ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

/// Who asks: the verified subject of the token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject(pub(crate) String);

/// The token was refused; why is nobody's business.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

type Step<T> = Result<T, Refused>;

impl FromRequestParts<Arc<House>> for Subject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        verify(house, parts).map_err(|Refused| UNAUTHORIZED)
    }
}

/// Verifies the request's token.
pub(crate) fn verify(house: &House, parts: &Parts) -> Step<Subject> {
    let token = presented(house, parts)?;
    let jws = split(house, &token)?;
    let header = header(house, &jws)?;
    algorithm(house, &header)?;
    members(house, &header)?;
    signature(house, &jws, &header)?;
    let claims = claims(house, &jws)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    expiry(house, &claims, now)?;
    beginning(house, &claims, now)?;
    issuer(house, &claims)?;
    audience(house, &claims)?;
    subject(house, &claims)
}

fn holds(condition: bool) -> Step<()> {
    condition.then_some(()).ok_or(Refused)
}

/// Step 1: exactly one `Authorization` header, scheme `Bearer` in any case, one space, nothing around it (RFC 6750, 2.1).
fn presented(_house: &House, parts: &Parts) -> Step<String> {
    let mut fields = parts.headers.get_all("authorization").iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Err(Refused) };
    let (scheme, token) = field.to_str().map_err(|_| Refused)?.split_once(' ').ok_or(Refused)?;
    holds(scheme.eq_ignore_ascii_case("bearer"))?;
    Ok(token.to_owned())
}

/// The three parts of a token: encoded, and decoded.
struct Jws<'a> {
    encoded: [&'a str; 3],
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Step 2: three parts, none empty, each strict base64url without padding or stray bits (RFC 7515, 2 and 7.1).
fn split<'a>(_house: &House, token: &'a str) -> Step<Jws<'a>> {
    holds(token.len() <= LONGEST)?;
    let encoded: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().map_err(|_| Refused)?;
    let part = |part: &str| token::decode(part).filter(|bytes| !bytes.is_empty()).ok_or(Refused);
    Ok(Jws { encoded, header: part(encoded[0])?, payload: part(encoded[1])?, signature: part(encoded[2])? })
}

/// Step 3: the header is one JSON object without repeated names.
fn header(_house: &House, jws: &Jws<'_>) -> Step<Map<String, Value>> {
    strict_json::object(&jws.header).ok_or(Refused)
}

/// Step 4: the algorithm is the configured one, compared by bytes (RFC 8725, 3.1).
fn algorithm(_house: &House, header: &Map<String, Value>) -> Step<()> {
    holds(header.get("alg").and_then(Value::as_str) == Some("HS256"))
}

/// Step 5: nothing in the header asks for more than the algorithm: no critical extensions, no keys, no other kind of token.
fn members(_house: &House, header: &Map<String, Value>) -> Step<()> {
    holds(REFUSED_MEMBERS.iter().all(|name| !header.contains_key(*name)))?;
    holds(header.get("typ").is_none_or(|typ| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"))))?;
    holds(header.get("cty").is_none() && header.get("kid").is_none_or(Value::is_string))
}

/// Step 6: the signature over the encoded parts, in constant time.
fn signature(_house: &House, jws: &Jws<'_>, _header: &Map<String, Value>) -> Step<()> {
    let input = format!("{}.{}", jws.encoded[0], jws.encoded[1]);
    let expected = token::hmac(Algorithm::Hs256, SECRET.as_bytes(), input.as_bytes());
    let differences = expected.iter().zip(&jws.signature).fold(0, |sum, (a, b)| sum | (a ^ b));
    holds(expected.len() == jws.signature.len() && differences == 0)
}

/// Step 7: the claims are one JSON object without repeated names.
fn claims(_house: &House, jws: &Jws<'_>) -> Step<Map<String, Value>> {
    strict_json::object(&jws.payload).ok_or(Refused)
}

/// Step 8: `exp` is there, an integer, not past, and not further off than a token may live.
fn expiry(_house: &House, claims: &Map<String, Value>, now: i64) -> Step<()> {
    let exp = claims.get("exp").and_then(Value::as_i64).ok_or(Refused)?;
    holds(exp > now - LEEWAY_SECS)?;
    holds(exp <= now + MAX_LIFETIME_SECS + LEEWAY_SECS)
}

/// Step 9: `iat` is there and `nbf` may be; both integers, neither in the future.
fn beginning(_house: &House, claims: &Map<String, Value>, now: i64) -> Step<()> {
    let past = |value: &Value| value.as_i64().is_some_and(|at| (0..=now + LEEWAY_SECS).contains(&at));
    holds(claims.get("iat").is_some_and(past))?;
    holds(claims.get("nbf").is_none_or(past))
}

/// Step 10: `iss` is exactly the configured one.
fn issuer(_house: &House, claims: &Map<String, Value>) -> Step<()> {
    holds(claims.get("iss").and_then(Value::as_str) == Some(ISSUER))
}

/// Step 11: `aud` is the configured one, or a list that contains it (RFC 7519, 4.1.3).
fn audience(_house: &House, claims: &Map<String, Value>) -> Step<()> {
    let ours = |value: &Value| value.as_str() == Some(AUDIENCE);
    holds(claims.get("aud").is_some_and(|aud| ours(aud) || aud.as_array().is_some_and(|list| list.iter().any(ours))))
}

/// Step 12: `sub` is a short string of visible characters; it is compared by bytes ever after.
fn subject(_house: &House, claims: &Map<String, Value>) -> Step<Subject> {
    let subject = claims.get("sub").and_then(Value::as_str).ok_or(Refused)?;
    let plain = !subject.is_empty() && subject.len() <= 255 && !subject.chars().any(|c| c.is_control() || c.is_whitespace());
    holds(plain)?;
    Ok(Subject(subject.to_owned()))
}
