//! The security headers of an API, on every answer: success, error and preflight alike.
//!
//! Values follow the OWASP REST Security and HTTP Headers cheat sheets, read for an API that only ever serves JSON to
//! `fetch`. The one exception is the interactive documentation, which is a web page and exists only where it is allowed.
//! CORS headers are the business of [`crate::origin`].

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Set on every answer, replacing whatever a handler may have set.
///
/// `Cross-Origin-Resource-Policy: same-site` keeps other sites from embedding answers with `no-cors` requests; requests made
/// with CORS, which is how the allowed front ends ask, are not subject to it (Fetch standard, "cross-origin resource policy check").
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-site")),
    (PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
const CSP_API: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const CSP_DOCS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
);
/// One year; no `preload`, which is a decision about a whole domain.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// What the request says about how its answer must be dressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dress {
    /// The edge spoke TLS with the client. HSTS over plain HTTP means nothing (RFC 6797 section 7.2), so it is left out.
    https: bool,
    /// The answer is a page of the interactive documentation.
    docs: bool,
}

impl Dress {
    /// Reads `X-Forwarded-Proto`, which must be one header that says exactly `https`.
    pub(crate) fn of(request: &HeaderMap, docs: bool) -> Self {
        let mut protos = request.get_all(X_FORWARDED_PROTO).iter();
        let https = protos.next().is_some_and(|proto| proto == "https") && protos.next().is_none();
        Self { https, docs }
    }

    /// Puts the headers on an answer.
    pub(crate) fn put_on(self, headers: &mut HeaderMap) {
        for (name, value) in &ALWAYS {
            headers.insert(name.clone(), value.clone());
        }
        headers.insert(CONTENT_SECURITY_POLICY, if self.docs { CSP_DOCS } else { CSP_API });
        if self.https {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
    }
}
