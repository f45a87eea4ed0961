//! The token verifier, by hand and step by step, so that each step can be switched off: where the flaws of the suite `jwt` act.
//!
//! Hardened: exactly one `Authorization: Bearer` with a JWS in compact form, strictly encoded, HS256 and nothing else, the right key, and
//! claims that are complete, typed and current. Every refusal is the same 401. Doors beside the verifier stand in [`doors`], signatures in
//! [`seal`].

mod claims;
mod doors;
mod seal;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use console::target::Carrier;
use console::token::{self, Compact};
use serde_json::{Map, Value};

pub(crate) use doors::{answer_first, cookie, lift};
pub(crate) use seal::{KEY_ID, key, key_set};

use super::problem::UNAUTHORIZED;
use super::{House, accounts, strict_json};

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;
/// The subject of an account that was disabled.
pub(crate) const DISABLED: &str = "postflight-disabled";
/// Whom the flaws that need no proof take everybody for: the user who was there first.
const FIRST_USER: &str = "postflight-user-a";
/// Header members that would change what the signature means, or where its key comes from.
const REFUSED_MEMBERS: [&str; 9] = ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];
const TRACE: &str =
    "Traceback (most recent call last):\n  File \"/app/main.py\", line 41, in current_user\nbinascii.Error: Incorrect padding\n";

/// What the tokens of a twin are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JWTs under HS256.
    #[default]
    Shared,
    /// JWTs under `EdDSA`, with a published key set.
    KeyPair,
    /// Random texts that name a session.
    Opaque,
}

/// Who asks: the verified subject of the token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject(pub(crate) String);

impl Subject {
    fn first() -> Self {
        Self(FIRST_USER.to_owned())
    }
}

/// The token was refused; why is nobody's business.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

type Step<T> = Result<T, Refused>;
type Members = Map<String, Value>;

impl FromRequestParts<Arc<House>> for Subject {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        doors::follow(house, parts).await;
        doors::ponder(house, parts).await;
        let verified = verify(house, parts).and_then(|subject| unspent(house, parts).map(|()| subject));
        let subject = verified.map_err(|Refused| refusal(house, parts))?;
        let by_cookie = house.has("isolation.session-reads") && parts.uri.path().starts_with("/api/tasks/");
        let by_cookie = by_cookie || (house.has("isolation.session-writes") && parts.method == "POST");
        Ok(accounts::cookie_holder(house, parts).filter(|_| by_cookie).unwrap_or(subject))
    }
}

/// The one answer to every token that is not good.
fn refusal(house: &House, parts: &Parts) -> Response {
    let undecodable = presented(house, parts).is_ok_and(|token| split(house, &token).is_err());
    if house.has("jwt.shows-traces") && undecodable {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], TRACE).into_response();
    }
    if house.has("jwt.falls-over") && undecodable {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if house.has("jwt.speaks-of-segments") {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "Not enough segments").into_response();
    }
    let mut response = UNAUTHORIZED.into_response();
    if house.has("jwt.no-challenge") {
        response.headers_mut().remove(WWW_AUTHENTICATE);
    }
    if house.has("jwt.challenges-basic") {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"tasks\""));
    }
    response
}

/// Verifies the request's token.
pub(crate) fn verify(house: &House, parts: &Parts) -> Step<Subject> {
    if let Some(subject) = doors::stranger(house, parts) {
        return Ok(subject);
    }
    let token = presented(house, parts)?;
    if let Some(subject) = accounts::refresher(house, &token) {
        return Ok(subject);
    }
    if house.kind == Kind::Opaque {
        return accounts::session_of(house, &token).and_then(|sid| accounts::subject_of(house, &sid)).ok_or(Refused);
    }
    if house.has("jwt.huge-tokens") && token.len() > 200 * 1024 {
        return Ok(Subject::first());
    }
    let jws = split(house, &token)?;
    if !jws.waived && !doors::only_decodes(house, parts) {
        let header = header(&jws)?;
        let proof = seal::algorithm(house, &header, &jws)?;
        members(house, &header)?;
        seal::signature(house, proof, &jws, &header)?;
    }
    claims::subject_of(house, &jws.payload, doors::knows_no_end(house, parts))
}

/// The session of a request whose token is good.
pub(crate) fn session(house: &House, parts: &Parts) -> Option<String> {
    verify(house, parts).ok()?;
    let token = presented(house, parts).ok()?;
    if house.kind == Kind::Opaque {
        return accounts::session_of(house, &token);
    }
    Some(Compact::parse(&token)?.claims()?.get("sid")?.as_str()?.to_owned())
}

/// Step 15: a token with an id of its own is good for one request. Only what reaches a handler counts.
fn unspent(house: &House, parts: &Parts) -> Step<()> {
    let claims = presented(house, parts).ok().and_then(|token| Compact::parse(&token)?.claims());
    let Some(jti) = claims.and_then(|claims| claims.get("jti")?.as_str().map(str::to_owned)) else { return Ok(()) };
    holds(house.spend(&jti) || house.has("jwt.forgets-jti"))
}

fn holds(condition: bool) -> Step<()> {
    condition.then_some(()).ok_or(Refused)
}

/// Step 1: exactly one `Authorization` header, scheme `Bearer` in any case, one space, nothing around it (RFC 6750, 2.1).
fn presented(house: &House, parts: &Parts) -> Step<String> {
    if let Some(token) = doors::elsewhere(house, parts) {
        return Ok(token);
    }
    match &house.carrier {
        Carrier::Bearer => bearer(house, parts, "bearer"),
        Carrier::Scheme(name) => bearer(house, parts, name),
        Carrier::Cookie(name) => doors::cookie(parts, name).ok_or(Refused),
        Carrier::Header(name) => doors::header(parts, name).ok_or(Refused),
    }
}

fn bearer(house: &House, parts: &Parts, own: &str) -> Step<String> {
    let mut fields = parts.headers.get_all("authorization").iter();
    let (Some(field), further) = (fields.next(), fields.next()) else { return Err(Refused) };
    holds(further.is_none() || house.has("jwt.first-of-two-headers"))?;
    let (scheme, token) = field.to_str().map_err(|_| Refused)?.split_once(' ').ok_or(Refused)?;
    holds(scheme.eq_ignore_ascii_case(own) || house.has("jwt.any-scheme"))?;
    Ok(token.to_owned())
}

/// The three parts of a token: encoded, and decoded.
struct Jws {
    encoded: [String; 3],
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    /// A flaw has decided to trust it as it is.
    waived: bool,
}

impl Jws {
    fn waived(payload: Vec<u8>) -> Self {
        Self { encoded: Default::default(), header: Vec::new(), payload, signature: Vec::new(), waived: true }
    }

    fn input(&self) -> String {
        let [header, payload, _] = &self.encoded;
        format!("{header}.{payload}")
    }
}

/// Step 2: three parts, none empty, each strict base64url without padding or stray bits (RFC 7515, 2 and 7.1).
fn split(house: &House, token: &str) -> Step<Jws> {
    holds(token.len() <= LONGEST)?;
    if let Some(payload) = unwrapped(house, token) {
        return Ok(Jws::waived(payload));
    }
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    if house.has("jwt.ignores-further-parts") {
        parts.truncate(3);
    }
    let encoded: [String; 3] = parts.try_into().map_err(|_| Refused)?;
    let part = |part: &str| token::decode(part).filter(|bytes| !bytes.is_empty()).ok_or(Refused);
    let (header, payload) = (part(&encoded[0])?, part(&encoded[1])?);
    let unpadded = encoded[2].trim_end_matches(|c| c == '=' && house.has("jwt.ignores-padding"));
    let signature = match token::decode(unpadded) {
        Some(bytes) if !bytes.is_empty() || seal::may_be_empty(house) => bytes,
        None if house.has("jwt.undecodable-signature") => return Ok(Jws::waived(payload)),
        _ => return Err(Refused),
    };
    Ok(Jws { encoded, header, payload, signature, waived: false })
}

/// The payload of forms that are no compact JWS at all, where a flaw reads them.
fn unwrapped(house: &House, token: &str) -> Option<Vec<u8>> {
    if house.has("jwt.json-serialisation") && token.starts_with('{') {
        let general: Value = serde_json::from_str(token).ok()?;
        let signatures = general.get("signatures")?.as_array()?;
        return token::decode(general.get("payload")?.as_str()?).filter(|_| signatures.is_empty());
    }
    let parts: Vec<_> = token.split('.').collect();
    if house.has("jwt.opens-envelopes") && parts.len() == 5 {
        let inner = String::from_utf8(token::decode(parts.get(3)?)?).ok()?;
        return token::decode(&Compact::parse(&inner)?.payload);
    }
    None
}

/// Step 3: the header is one JSON object without repeated names.
fn header(jws: &Jws) -> Step<Members> {
    strict_json::object(&jws.header).ok_or(Refused)
}

/// Step 5: nothing in the header asks for more than the algorithm: no critical extensions, no keys, no other kind of token.
fn members(house: &House, header: &Members) -> Step<()> {
    let allowed = |name: &str| match name {
        "jwk" => ["jwt.embedded-oct", "jwt.embedded-rsa", "jwt.keypair-embedded"].iter().any(|flaw| house.has(flaw)),
        "x5c" | "x5t#S256" => house.has("jwt.trusts-x5c") || house.has("jwt.trusts-x5t"),
        "x5t" => house.has("jwt.trusts-x5t"),
        "crit" | "b64" => house.has("jwt.ignores-crit"),
        "zip" => house.has("jwt.ignores-cty"),
        _ => false,
    };
    holds(REFUSED_MEMBERS.iter().all(|name| !header.contains_key(*name) || allowed(name)))?;
    let jwt = |typ: &Value| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"));
    holds(header.get("typ").is_none_or(jwt) || house.has("jwt.ignores-typ"))?;
    holds(header.get("cty").is_none() || house.has("jwt.ignores-cty"))?;
    holds(header.get("kid").is_none_or(Value::is_string))
}
