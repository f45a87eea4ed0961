//! The cards of the cors suite: what each check asks, why, and how to mend what it finds.
//!
//! Owns words and references; how things are asked and judged is elsewhere in the suite.

mod allowed;
mod answers;
mod origins;
mod preflights;

use futures::future::BoxFuture;

use super::super::{Check, Checked, Context, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[
    allowed::CONTROL,
    allowed::SUCCESS,
    allowed::WRITES,
    allowed::ERRORS,
    origins::RANDOM,
    origins::NULL,
    origins::SCHEME,
    origins::SUFFIX,
    origins::JOINED,
    origins::PREFIX,
    origins::SUBDOMAIN,
    origins::DOTS,
    origins::SIBLING,
    origins::PREVIEW,
    origins::PLATFORMS,
    origins::LOOKALIKE,
    origins::PIECE,
    origins::OWN_HOST,
    origins::STAGES,
    origins::PORT,
    origins::DEVELOPMENT,
    origins::APPS,
    origins::ADDRESSES,
    origins::SPECIAL_RIGHT,
    origins::SPECIAL_LEFT,
    origins::URL_PARTS,
    origins::TRAILING_DOT,
    origins::CASE,
    origins::UNSERIALISED,
    origins::MALFORMED,
    origins::PAIR,
    allowed::SURFACE_ERRORS,
    allowed::SURFACE_ROUTES,
    allowed::SURFACE_METHODS,
    allowed::CLAIMS,
    allowed::REPLICAS,
    allowed::PROTOCOL,
    allowed::DANGLING,
    answers::WILDCARD,
    answers::STALE,
    answers::SINGLE,
    answers::UNASKED,
    answers::CREDENTIALS,
    answers::EXPOSED,
    answers::TIMING,
    answers::VARY_ALLOWED,
    answers::VARY_EVERYWHERE,
    answers::ORDER,
    preflights::ANONYMOUS,
    preflights::DECLARED,
    preflights::METHODS,
    preflights::HEADERS,
    preflights::AUTHORIZATION,
    preflights::MAX_AGE,
    preflights::FORMS,
    preflights::PRIVATE_NETWORK,
    preflights::REDIRECTS,
    preflights::SIMPLE_WRITE,
];

type Run = fn(Context) -> BoxFuture<'static, Checked>;

const CORS_CHECK: Reference =
    Reference { name: "Fetch standard, CORS check", url: "https://fetch.spec.whatwg.org/#concept-cors-check" };
const CORS_PROTOCOL: Reference =
    Reference { name: "Fetch standard, CORS protocol", url: "https://fetch.spec.whatwg.org/#http-cors-protocol" };
const CORS_PREFLIGHT: Reference =
    Reference { name: "Fetch standard, CORS-preflight fetch", url: "https://fetch.spec.whatwg.org/#cors-preflight-fetch" };
const CORS_CACHES: Reference = Reference {
    name: "Fetch standard, CORS protocol and HTTP caches",
    url: "https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches",
};
const WSTG: Reference = Reference {
    name: "OWASP WSTG, Testing Cross Origin Resource Sharing",
    url: "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/11-Client-side_Testing/07-Testing_Cross_Origin_Resource_Sharing",
};
const CWE_942: Reference =
    Reference { name: "CWE-942, permissive cross-domain policy", url: "https://cwe.mitre.org/data/definitions/942.html" };
const CWE_346: Reference =
    Reference { name: "CWE-346, origin validation error", url: "https://cwe.mitre.org/data/definitions/346.html" };
const CWE_352: Reference =
    Reference { name: "CWE-352, cross-site request forgery", url: "https://cwe.mitre.org/data/definitions/352.html" };
const RFC_6454: Reference =
    Reference { name: "RFC 6454, 6.2 (serialised origins)", url: "https://www.rfc-editor.org/rfc/rfc6454#section-6.2" };
const RFC_9110_VARY: Reference =
    Reference { name: "RFC 9110, 12.5.5 (Vary)", url: "https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5" };
const API8: Reference = Reference {
    name: "OWASP API8:2023, security misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};
const RESOURCE_TIMING: Reference = Reference {
    name: "Resource Timing, Timing-Allow-Origin",
    url: "https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin",
};
const PRIVATE_NETWORK: Reference =
    Reference { name: "Private Network Access", url: "https://wicg.github.io/private-network-access/" };

/// A list compared by bytes: mends every mistake in matching.
const EXACT_LIST: Remedy = Remedy {
    axum: "CorsLayer::new().allow_origin([\"https://app.example.com\".parse::<HeaderValue>()?]): a list, never a predicate on substrings.",
    fastapi: "CORSMiddleware(allow_origins=[\"https://app.example.com\"]) and no allow_origin_regex; a regex must escape dots and end in \\Z.",
    express: "cors({ origin: ['https://app.example.com'] }): an array of strings, not a RegExp and not a function with includes().",
};

/// One Origin or none.
const ONE_ORIGIN: Remedy = Remedy {
    axum: "A layer outside CorsLayer that answers 400 where `headers.get_all(ORIGIN).iter().count() > 1`.",
    fastapi: "A middleware added after CORSMiddleware that answers 400 where `len(request.headers.getlist(\"origin\")) > 1`.",
    express: "Before cors(): answer 400 where `req.headersDistinct.origin?.length > 1`.",
};

/// A check that asks for something beside a foreign origin.
const fn check(
    id: &'static str,
    severity: Severity,
    words: Words,
    references: &'static [Reference],
    remedy: Remedy,
    run: Run,
) -> Check {
    Check {
        id,
        suite: Suite::Cors,
        title: words.title,
        why: words.why,
        expectation: words.expectation,
        severity,
        references,
        requirements: &["FR-004", "SC-003", "US2"],
        remedy,
        needs: &[Need::Origins],
        run,
    }
}

/// A check that sends one family of foreign origins.
const fn foreign(id: &'static str, severity: Severity, title: &'static str, why: &'static str, run: Run) -> Check {
    let expectation = "No answer and no preflight carries an Access-Control-Allow-Origin that such an origin could use: neither its \
                       exact bytes nor *. Any status is fine, as long as it is not a 5xx.";
    check(id, severity, Words { title, why, expectation }, &[CORS_CHECK, CWE_346, WSTG], EXACT_LIST, run)
}

/// The prose of a check.
#[derive(Clone, Copy)]
struct Words {
    title: &'static str,
    why: &'static str,
    expectation: &'static str,
}
