//! The origin rule, by hand, and where the flaws of the suite `cors` act.
//!
//! Hardened: one `Origin` that equals an allowed one byte for byte is let in; more than one, or any other, is 403 before anything else.

mod admits;
mod cache;
mod preflight;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::headers::put;
use super::{House, ORIGINS, problem};
pub(crate) use cache::Cache;

/// Flaws under which the origin rule refuses nothing itself, as most stacks do it: handlers run, only the header is missing.
const LENIENT: &[&str] = &[
    "jwt.cookie-marks-by-form",
    "jwt.cookie-csrf-by-referer",
    "cors.plain-write",
    "cors.form-write",
    "cors.multipart-write",
    "cors.untyped-write",
    "cors.reflects-on-refusal",
    "cors.reflects-on-bad-token",
    "cors.reflects-on-missing",
    "cors.reflects-on-method",
    "cors.reflects-on-bad-body",
    "cors.reflects-on-oversized",
    "cors.reflects-on-sign-in",
    "cors.reflects-at-the-limit",
    "cors.reflects-on-health",
    "cors.reflects-on-item",
    "cors.reflects-on-toggle",
    "cors.reflects-on-head",
    "cors.reflects-on-options",
    "cors.reflects-on-write",
];

/// What the rule says of one request.
enum Caller {
    /// No `Origin`: not a browser, or a same-origin read.
    Unasked,
    /// Let in, with the value for `Access-Control-Allow-Origin`.
    Granted(HeaderValue),
    /// Turned away; what was sent first.
    Refused(HeaderValue),
}

/// What the answer's marks depend on.
struct Asked {
    method: Method,
    path: String,
    preflight: bool,
    headers: HeaderMap,
    old_protocol: bool,
}

impl Asked {
    fn of(house: &House, request: &Request) -> Self {
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let preflight = method == Method::OPTIONS && headers.contains_key("access-control-request-method");
        let old_protocol = house.secure && request.version() == Version::HTTP_11;
        Self { method, path: request.uri().path().to_owned(), preflight, headers, old_protocol }
    }

    /// Whether this status refuses a token that was sent.
    fn of_bad_token(&self, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED && self.headers.contains_key("authorization")
    }
}

/// Judges the origin, answers preflights and refusals itself, and marks every answer.
pub(crate) async fn gate(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    if !house.has("cors.shared-cache") || request.method() != Method::GET || request.uri().query().is_none() {
        return judged(&house, request, next).await;
    }
    let key = request.uri().to_string();
    match house.cache.get(&key) {
        Some(kept) => kept,
        None => house.cache.keep(key, judged(&house, request, next).await).await,
    }
}

async fn judged(house: &House, request: Request, next: Next) -> Response {
    let asked = Asked::of(house, &request);
    let caller = judge(house, &asked);
    let mut response = match caller {
        _ if crashes(house, &asked) => problem::INTERNAL.into_response(),
        _ if asked.path.ends_with('/') && house.has("cors.slash-redirects") => redirect(&asked.path),
        Caller::Refused(_) if asked.preflight && house.has("cors.preflight-open") => {
            preflight::grant(house, &asked.path, &asked.headers)
        }
        Caller::Refused(_) if !LENIENT.iter().any(|flaw| house.has(flaw)) => problem::ORIGIN_REFUSED.into_response(),
        Caller::Granted(_) if asked.preflight => preflight::grant(house, &asked.path, &asked.headers),
        _ => next.run(request).await,
    };
    let status = response.status();
    vary(house, &caller, &asked, response.headers_mut());
    mark(house, &caller, &asked, status, response.headers_mut());
    response
}

fn redirect(path: &str) -> Response {
    let location = format!("http://tasks-twin.example{}", path.trim_end_matches('/'));
    (StatusCode::PERMANENT_REDIRECT, [("location", location)]).into_response()
}

fn crashes(house: &House, asked: &Asked) -> bool {
    let odd = |origin: &HeaderValue| origin.to_str().is_err() || origin.len() > 2048;
    let many = |names: &HeaderValue| names.len() > 300;
    (house.has("cors.crashes") && asked.headers.get("origin").is_some_and(odd))
        || (house.has("cors.preflight-crashes") && asked.headers.get("access-control-request-headers").is_some_and(many))
}

fn judge(house: &House, asked: &Asked) -> Caller {
    let origins: Vec<_> = asked.headers.get_all("origin").iter().collect();
    let (origin, echoed) = match origins.as_slice() {
        [] => return Caller::Unasked,
        [origin] => (origin, origin),
        [first, .., last] if house.has("cors.checks-first-origin") => (first, last),
        [first, .., last] if house.has("cors.checks-last-origin") => (last, first),
        [first, ..] => return Caller::Refused((*first).clone()),
    };
    let allowed = ORIGINS.into_iter().chain(house.front.as_deref()).any(|allowed| allowed.as_bytes() == origin.as_bytes());
    let said = String::from_utf8_lossy(origin.as_bytes());
    let admitted = || admits::ADMITS.iter().any(|(flaw, rule)| house.has(flaw) && rule(&said));
    let astray = (house.has("cors.one-replica-reflects") && !house.turn(&asked.path, &said).is_multiple_of(3))
        || (house.has("cors.reflects-over-http1") && asked.old_protocol);
    if allowed || astray || admitted() || vouched(house, asked, &said) {
        Caller::Granted((*echoed).clone())
    } else {
        Caller::Refused((*echoed).clone())
    }
}

/// Flaws that believe another header of the same request.
fn vouched(house: &House, asked: &Asked, origin: &str) -> bool {
    let field = |name: &str| asked.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let names_host = |name: &str| !host.is_empty() && field(name).contains(host);
    let allowed = |name: &str| ORIGINS.iter().any(|allowed| field(name).starts_with(allowed));
    let own = field("host").split(':').next().unwrap_or_default();
    (house.has("cors.begins-like-own-host") && host.starts_with(own))
        || (house.has("cors.trusts-forwarded-host") && (names_host("x-forwarded-host") || names_host("forwarded")))
        || (house.has("cors.trusts-host") && names_host("host"))
        || (house.has("cors.trusts-x-origin") && (allowed("x-origin") || names_host("x-origin")))
        || (house.has("cors.trusts-referer") && (allowed("referer") || names_host("referer")))
}

/// Flaws that reflect any origin, but only on some answers.
fn reflects(house: &House, asked: &Asked, status: StatusCode) -> bool {
    let cases = [
        ("cors.reflects-on-refusal", status == StatusCode::UNAUTHORIZED),
        ("cors.reflects-on-bad-token", asked.of_bad_token(status)),
        ("cors.reflects-on-missing", status == StatusCode::NOT_FOUND),
        ("cors.reflects-on-method", status == StatusCode::METHOD_NOT_ALLOWED),
        ("cors.reflects-on-bad-body", matches!(status.as_u16(), 400 | 413 | 415 | 422)),
        ("cors.reflects-on-oversized", status == StatusCode::PAYLOAD_TOO_LARGE),
        ("cors.reflects-on-sign-in", asked.path == "/auth/login" && !asked.preflight),
        ("cors.reflects-at-the-limit", status == StatusCode::TOO_MANY_REQUESTS),
        ("cors.reflects-on-health", matches!(&*asked.path, "/health" | "/livez")),
        ("cors.reflects-on-item", asked.path.starts_with("/api/tasks/")),
        ("cors.reflects-on-toggle", asked.path.ends_with("/complete")),
        ("cors.reflects-on-head", asked.method == Method::HEAD),
        ("cors.reflects-on-options", asked.method == Method::OPTIONS && !asked.preflight),
        ("cors.reflects-on-write", matches!(asked.method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)),
        ("cors.preflight-open", asked.preflight),
    ];
    cases.into_iter().any(|(flaw, here)| here && house.has(flaw))
}

/// Flaws that leave out `Vary: Origin` somewhere.
fn vary(house: &House, caller: &Caller, asked: &Asked, headers: &mut HeaderMap) {
    let fixed = ["cors.no-vary", "cors.fixed-origin", "cors.grants-without-origin"];
    let kept = match caller {
        _ if fixed.iter().any(|flaw| house.has(flaw)) => false,
        Caller::Unasked => !(house.has("cors.no-vary-without-origin") || house.has("cors.cacheable-without-vary")),
        Caller::Refused(_) => !(house.has("cors.no-vary-when-refused") || house.has("cors.cacheable-without-vary")),
        Caller::Granted(_) => true,
    };
    let value = match (asked.preflight, kept) {
        (true, true) if house.has("cors.preflight-varies-by-origin-only") => "Origin",
        (true, true) => "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        (true, false) => "Access-Control-Request-Method, Access-Control-Request-Headers",
        (false, true) => "Origin, Authorization",
        (false, false) => "Authorization",
    };
    put(headers, "vary", value);
}

/// Writes who may read the answer.
fn mark(house: &House, caller: &Caller, asked: &Asked, status: StatusCode, headers: &mut HeaderMap) {
    match caller {
        Caller::Granted(origin) if !withheld(house, asked, status) => {
            headers.insert("access-control-allow-origin", origin.clone());
            if !asked.preflight {
                put(headers, "access-control-expose-headers", exposed(house));
            }
        }
        Caller::Refused(origin) if reflects(house, asked, status) => {
            headers.insert("access-control-allow-origin", origin.clone());
        }
        Caller::Refused(_) if house.has("cors.fixed-origin") => put(headers, "access-control-allow-origin", ORIGINS[0]),
        Caller::Unasked if house.has("cors.fixed-origin") || house.has("cors.grants-without-origin") => {
            put(headers, "access-control-allow-origin", ORIGINS[0]);
        }
        _ => {}
    }
    spoil(house, caller, status, headers);
}

/// Flaws that keep the header from an allowed origin somewhere.
fn withheld(house: &House, asked: &Asked, status: StatusCode) -> bool {
    (house.has("cors.refusals-unreadable") && status == StatusCode::UNAUTHORIZED)
        || (house.has("cors.bad-tokens-unreadable") && asked.of_bad_token(status))
        || (house.has("cors.errors-unreadable") && status.is_client_error() && status != StatusCode::UNAUTHORIZED)
        || (house.has("cors.writes-unreadable") && asked.method == Method::POST)
        || (house.has("cors.forgets-an-origin") && asked.headers.get("origin").is_some_and(|origin| origin == ORIGINS[2]))
}

fn exposed(house: &House) -> &'static str {
    match () {
        () if house.has("cors.exposes-everything") => "*",
        () if house.has("cors.exposes-authorization") => "ETag, Location, Authorization, Set-Cookie",
        () => "ETag, Location, Retry-After, X-Request-Id",
    }
}

/// Flaws that are another value, a second one, or a header that should not be there.
fn spoil(house: &House, caller: &Caller, status: StatusCode, headers: &mut HeaderMap) {
    let refused = matches!(caller, Caller::Refused(_));
    let star = house.has("cors.star")
        || house.has("cors.star-with-credentials")
        || (house.has("cors.star-when-refused") && refused)
        || (house.has("cors.star-on-errors") && status.is_client_error());
    if star {
        put(headers, "access-control-allow-origin", "*");
    }
    if house.has("cors.star-with-credentials") {
        put(headers, "access-control-allow-credentials", "true");
    }
    if house.has("cors.timing") {
        put(headers, "timing-allow-origin", "*");
    }
    if let Caller::Granted(_) = caller {
        doubled(house, status, headers);
        if house.has("cors.credentials") {
            put(headers, "access-control-allow-credentials", "true");
        }
    }
}

fn doubled(house: &House, status: StatusCode, headers: &mut HeaderMap) {
    if !status.is_client_error() {
        return;
    }
    if house.has("cors.two-values") {
        headers.append("access-control-allow-origin", HeaderValue::from_static("https://proxy.tasks-twin.example"));
    }
    if house.has("cors.listed-values") {
        put(headers, "access-control-allow-origin", &ORIGINS.join(", "));
    }
}
