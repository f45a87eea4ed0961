//! Doors beside the verifier, each opened by one flaw: requests that need no token, tokens read from where they do not belong, and
//! addresses in tokens that are visited. Hardened, all of them are walls.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use console::token::Compact;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};

use super::{Subject, UNAUTHORIZED, presented};
use crate::twin::House;

fn text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Who gets in without any token, and as whom.
pub(super) fn stranger(house: &House, parts: &Parts) -> Option<Subject> {
    let path = parts.uri.path();
    let bare = !parts.headers.contains_key("authorization");
    let unguarded = [
        ("jwt.head-unguarded", bare && parts.method == Method::HEAD),
        ("jwt.item-unguarded", bare && parts.method == Method::GET && path != "/api/tasks"),
        ("jwt.create-unguarded", bare && parts.method == Method::POST),
        ("jwt.delete-unguarded", bare && parts.method == Method::DELETE),
        ("jwt.toggle-unguarded", bare && path.ends_with("/complete")),
        ("jwt.guard-finds-open-path", bare && parts.uri.to_string().contains("/livez")),
        ("jwt.guard-compares-text", bare && parts.uri.query() == Some("")),
        ("jwt.trusts-local-address", bare && text(parts, "x-forwarded-for") == Some("127.0.0.1")),
        ("jwt.trusts-connecting-address", bare && text(parts, "cf-connecting-ip") == Some("127.0.0.1")),
        ("jwt.trusts-preflight-mark", bare && parts.headers.contains_key("access-control-request-method")),
        ("jwt.trusts-probe-agent", bare && text(parts, "user-agent").is_some_and(|agent| agent.starts_with("kube-probe/"))),
        ("jwt.guard-skips-files", bare && parts.uri.to_string().ends_with("/app.css")),
        ("jwt.trusts-own-page", bare && text(parts, "referer").is_some_and(|page| page.starts_with("https://tasks-twin."))),
        ("jwt.trusts-empty-key", bare && text(parts, "x-internal-key") == Some("")),
        ("jwt.trusts-local-host", bare && text(parts, "host") == Some("localhost")),
        ("jwt.null-is-a-token", matches!(text(parts, "authorization"), Some("Bearer null" | "Bearer undefined"))),
        ("jwt.stand-in-left", matches!(text(parts, "authorization"), Some("Bearer test-token" | "Bearer dev-token"))),
        ("jwt.two-headers", parts.headers.get_all("authorization").iter().count() > 1),
    ];
    if unguarded.into_iter().any(|(flaw, open)| open && house.has(flaw)) {
        return Some(Subject::first());
    }
    named(house, parts).filter(|name| !name.is_empty()).map(Subject)
}

/// Whether this route has a guard of its own, which only decodes.
pub(super) fn only_decodes(house: &House, parts: &Parts) -> bool {
    let path = parts.uri.path();
    (house.has("jwt.writes-unverified") && !parts.method.is_safe() && path.starts_with("/api/"))
        || (house.has("jwt.account-unverified") && parts.method == Method::DELETE && path == "/auth/me")
        || (house.has("jwt.look-up-unverified") && path.starts_with("/api/orders/"))
        || parts.extensions.get::<Answered>().is_some()
}

/// Marks a request that was refused, and is handled all the same.
#[derive(Clone, Copy)]
struct Answered;

/// Flaw `jwt.refuses-and-writes`: the guard of writes answers, and does not return.
pub(crate) async fn answer_first(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    if !house.has("jwt.refuses-and-writes") || request.method().is_safe() || !request.uri().path().starts_with("/api/tasks") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    if super::verify(&house, &parts).is_ok() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    parts.extensions.insert(Answered);
    next.run(Request::from_parts(parts, body)).await;
    UNAUTHORIZED.into_response()
}

/// Whether this route has a guard of its own, which knows no end.
pub(super) fn knows_no_end(house: &House, parts: &Parts) -> bool {
    house.has("jwt.item-outlives") && parts.method == Method::GET && parts.uri.path() != "/api/tasks"
}

/// A name that nobody has proven.
fn named(house: &House, parts: &Parts) -> Option<String> {
    use base64::Engine as _;
    if house.has("jwt.trusts-user-header") {
        return text(parts, "x-user-id").map(str::to_owned);
    }
    if house.has("jwt.name-is-a-token") {
        return text(parts, "authorization")?
            .strip_prefix("Bearer ")
            .filter(|name| name.starts_with("postflight-user"))
            .map(str::to_owned);
    }
    if house.has("jwt.trusts-session-cookie") {
        let cookies = text(parts, "cookie")?.split("; ").filter_map(|cookie| cookie.split_once('='));
        return cookies
            .filter(|(name, user)| *name == "session" && user.starts_with("postflight-user"))
            .map(|(_, user)| user.to_owned())
            .next();
    }
    if house.has("jwt.trusts-dev-header") {
        return text(parts, "x-dev-user-id").map(str::to_owned);
    }
    if house.has("jwt.basic-without-password") {
        let pair = base64::engine::general_purpose::STANDARD.decode(text(parts, "authorization")?.strip_prefix("Basic ")?).ok()?;
        return Some(String::from_utf8(pair).ok()?.split_once(':')?.0.to_owned());
    }
    None
}

/// The one cookie of this name.
pub(crate) fn cookie(parts: &Parts, name: &str) -> Option<String> {
    let fields = parts.headers.get_all("cookie").iter().filter_map(|field| field.to_str().ok());
    let mut values = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (mut own, mut further) = (None, false);
    for (_, value) in values.by_ref().filter(|(key, _)| *key == name) {
        further |= own.replace(value.to_owned()).is_some();
    }
    own.filter(|_| !further)
}

/// The one header of this name.
pub(super) fn header(parts: &Parts, name: &str) -> Option<String> {
    let mut fields = parts.headers.get_all(name).iter();
    let only = fields.next()?.to_str().ok()?.to_owned();
    fields.next().is_none().then_some(only)
}

/// A token from a place where none belongs.
pub(super) fn elsewhere(house: &House, parts: &Parts) -> Option<String> {
    if parts.headers.contains_key("authorization") {
        return None;
    }
    if house.has("jwt.token-in-query") {
        let query = parts.uri.query()?.as_bytes();
        return form_urlencoded::parse(query).find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned());
    }
    if house.has("jwt.token-in-cookie") {
        return cookie(parts, "access_token");
    }
    if house.has("jwt.header-or-query") {
        let query = parts.uri.query()?.as_bytes();
        return form_urlencoded::parse(query).find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    }
    if house.has("jwt.token-in-header") || house.has("jwt.cookie-or-header") {
        return text(parts, "x-access-token").map(str::to_owned);
    }
    None
}

/// Flaw `jwt.token-in-body`: lifts `access_token` out of a form or JSON body into the header.
pub(crate) async fn lift(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    if !house.has("jwt.token-in-body") || request.headers().contains_key("authorization") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let json = serde_json::from_slice::<Value>(&bytes).ok().and_then(|body| body.get("access_token")?.as_str().map(str::to_owned));
    let form = || form_urlencoded::parse(&bytes).find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned());
    if let Some(value) = json.or_else(form).and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok()) {
        parts.headers.insert("authorization", value);
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// Flaws that fetch: the address in `jku`, or the discovery document of whatever issuer the token names.
pub(super) async fn follow(house: &House, parts: &Parts) {
    let Some(token) = presented(house, parts).ok().and_then(|token| Compact::parse(&token)) else { return };
    let member = |json: Option<serde_json::Map<String, Value>>, name: &str| json?.get(name)?.as_str().map(str::to_owned);
    let address = if house.has("jwt.follows-jku") {
        member(token.header_json(), "jku")
    } else if house.has("jwt.follows-issuer") {
        member(token.claims(), "iss").map(|issuer| format!("{issuer}/.well-known/openid-configuration"))
    } else {
        None
    };
    if let Some(address) = address {
        let _ = visit(&address).await;
    }
}

/// Flaw `jwt.works-on-envelopes`: a key is derived for whatever has five parts.
pub(super) async fn ponder(house: &House, parts: &Parts) {
    let enveloped = presented(house, parts).is_ok_and(|token| token.split('.').count() == 5);
    if enveloped && house.has("jwt.works-on-envelopes") {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
}

/// GET over plain HTTP to loopback; nothing else is ever visited. What goes elsewhere is waited for, as on a network that swallows it.
async fn visit(address: &str) -> Option<()> {
    let url = Url::parse(address).ok()?;
    if url.host_str() == Some("192.0.2.1") {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    let port = url.port().filter(|_| url.host_str() == Some("127.0.0.1"))?;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Some(())
}
