//! The origin rule: one decision for every request, taken before anything else is.
//!
//! This room owns who may read answers from a browser (the Fetch standard's CORS protocol) and who is turned away. It sits
//! outside panics, time-outs, limits and the router, so every answer that leaves the process carries its verdict, and a
//! request from an origin off the allowlist never reaches a handler: browsers would run a "simple" write and only hide the
//! answer. It knows nothing about identity. A request without `Origin` (curl, a server, a health probe) passes.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// The methods that a preflight grants. `HEAD` is safelisted by Fetch, `OPTIONS` is the preflight itself.
pub(crate) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// The request headers that a preflight grants, named one by one: `*` would not cover `Authorization`.
pub(crate) const HEADERS: [&str; 4] = ["Authorization", "Content-Type", "If-Match", "If-None-Match"];
/// What a page may read besides the safelisted response headers.
pub(crate) const EXPOSED: [&str; 4] = ["ETag", "Location", "Retry-After", "X-Request-Id"];
/// Two hours, the cap that Chromium applies anyway.
pub(crate) const MAX_AGE_SECS: u32 = 7200;
/// Answers depend on who asks and from where; caches on the way must know even when there was no `Origin`.
const VARY_ANSWER: HeaderValue = HeaderValue::from_static("Origin, Authorization");
/// What a preflight's answer depends on.
const VARY_PREFLIGHT: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The origins that may use the API from a browser, compared by bytes as browsers do.
#[derive(Debug, Clone)]
pub(crate) struct Allowlist {
    origins: Vec<HeaderValue>,
    methods: HeaderValue,
    headers: HeaderValue,
    exposed: HeaderValue,
}

/// What the rule says about one request.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    policy: &'a Allowlist,
    caller: Caller<'a>,
    preflight: bool,
}

#[derive(Debug)]
enum Caller<'a> {
    NotABrowser,
    Allowed(&'a HeaderValue),
    Refused,
}

impl Allowlist {
    /// Takes origins that the configuration has already judged to be exact.
    pub(crate) fn new<'o>(origins: impl IntoIterator<Item = &'o str>) -> Self {
        Self {
            origins: origins.into_iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
            methods: list(&METHODS),
            headers: list(&HEADERS),
            exposed: list(&EXPOSED),
        }
    }

    /// Judges one request by its method and headers alone.
    pub(crate) fn judge(&self, method: &Method, headers: &HeaderMap) -> Verdict<'_> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let caller = match (origins.next(), origins.next()) {
            (None, _) => Caller::NotABrowser,
            (Some(origin), None) => self.origins.iter().find(|allowed| *allowed == origin).map_or(Caller::Refused, Caller::Allowed),
            (Some(_), Some(_)) => Caller::Refused,
        };
        Verdict {
            policy: self,
            caller,
            preflight: method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
        }
    }

    /// The preflight's answer is the same whatever it asks for: the whole policy. The browser compares; what is not named is
    /// not granted. There is no `Allow-Credentials` (tokens travel in a header) and no grant for private networks.
    fn grant(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_SECS));
        response
    }
}

impl Verdict<'_> {
    /// The answer, if the rule itself gives it: a refusal, or an allowed origin's preflight.
    pub(crate) fn answer(&self) -> Option<Response> {
        match self.caller {
            Caller::Refused => Some(Problem::OriginRefused.into_response()),
            Caller::Allowed(_) if self.preflight => Some(self.policy.grant()),
            _ => None,
        }
    }

    /// Writes the verdict on the answer, whoever made it. Nothing inside sets any of these headers.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(VARY, if self.preflight { VARY_PREFLIGHT } else { VARY_ANSWER });
        if let Caller::Allowed(origin) = self.caller {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if !self.preflight {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.policy.exposed.clone());
            }
        }
    }
}

/// A header that is a list. The names are ours, so they are valid.
fn list(names: &[&str]) -> HeaderValue {
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}
