//! The cards of the headers suite.

use futures::future::BoxFuture;

use super::super::{Check, Checked, Context, Need, Reference, Remedy, Suite};
use super::{asked, judges, spread};
use crate::run::Severity::{self, Info, Low, Medium};

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[
    CONTROL,
    NOSNIFF,
    CONTENT_POLICY,
    FRAMING,
    REFERRER,
    RESOURCE_POLICY,
    TRANSPORT,
    CACHING,
    CONTENT_TYPE,
    COOKIES,
    DUPLICATES,
    BANNERS,
    XSS_FILTER,
    TELEMETRY,
    EVERYWHERE,
    DECLARED,
];

const CHEAT_SHEET: Reference = Reference {
    name: "OWASP REST Security Cheat Sheet, security headers",
    url: "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers",
};
const HEADERS_PROJECT: Reference =
    Reference { name: "OWASP Secure Headers Project", url: "https://owasp.org/www-project-secure-headers/" };
const API8: Reference = Reference {
    name: "OWASP API8:2023, security misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};
const NOSNIFF_SPEC: Reference = Reference {
    name: "Fetch standard, X-Content-Type-Options",
    url: "https://fetch.spec.whatwg.org/#x-content-type-options-header",
};
const CORP_SPEC: Reference = Reference {
    name: "Fetch standard, Cross-Origin-Resource-Policy",
    url: "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header",
};
const CSP_SPEC: Reference = Reference { name: "Content Security Policy Level 3", url: "https://www.w3.org/TR/CSP3/" };
const RFC_7034: Reference = Reference { name: "RFC 7034 (X-Frame-Options)", url: "https://www.rfc-editor.org/rfc/rfc7034" };
const REFERRER_SPEC: Reference = Reference { name: "Referrer Policy", url: "https://www.w3.org/TR/referrer-policy/" };
const RFC_6797: Reference = Reference { name: "RFC 6797 (HSTS)", url: "https://www.rfc-editor.org/rfc/rfc6797" };
const RFC_9111: Reference =
    Reference { name: "RFC 9111, 3.5 and 5.2.2 (caching)", url: "https://www.rfc-editor.org/rfc/rfc9111#section-3.5" };
const RFC_8259: Reference =
    Reference { name: "RFC 8259, 8.1 and 11 (JSON)", url: "https://www.rfc-editor.org/rfc/rfc8259#section-8.1" };
const RFC_9110: Reference =
    Reference { name: "RFC 9110, 5.3 (field order)", url: "https://www.rfc-editor.org/rfc/rfc9110#section-5.3" };
const CWE_200: Reference =
    Reference { name: "CWE-200, exposure of information", url: "https://cwe.mitre.org/data/definitions/200.html" };
const CWE_1004: Reference =
    Reference { name: "CWE-1004, cookie without HttpOnly", url: "https://cwe.mitre.org/data/definitions/1004.html" };
const CWE_614: Reference =
    Reference { name: "CWE-614, cookie without Secure", url: "https://cwe.mitre.org/data/definitions/614.html" };
const CWE_525: Reference =
    Reference { name: "CWE-525, sensitive data in caches", url: "https://cwe.mitre.org/data/definitions/525.html" };

const SET_EVERYWHERE: Remedy = Remedy {
    axum: "One outermost layer: SetResponseHeaderLayer::overriding(name, value) from tower-http, one for each header.",
    fastapi: "One outermost middleware that sets the header on every response, errors included.",
    express: "app.use(helmet()) before everything else.",
};
const REMOVE: Remedy = Remedy {
    axum: "Remove the layer that sets it; axum itself sends no banner.",
    fastapi: "uvicorn --no-server-header, and remove the middleware that sets it.",
    express: "app.disable('x-powered-by'), or helmet(), and remove what sets the rest.",
};
const NO_STORE: Remedy = Remedy {
    axum: "SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static(\"no-store\")) around the API.",
    fastapi: "A middleware that sets Cache-Control: no-store on every answer under /api.",
    express: "app.use('/api', (req, res, next) => { res.set('Cache-Control', 'no-store'); next(); }).",
};
const JSON_TYPE: Remedy = Remedy {
    axum: "Return axum::Json(value), which labels it; do not set the type by hand.",
    fastapi: "Return models or JSONResponse; do not set media_type by hand.",
    express: "res.json(value), not res.send(JSON.stringify(value)).",
};
const COOKIE_FLAGS: Remedy = Remedy {
    axum: "Cookie::build(..).http_only(true).secure(true).same_site(SameSite::Lax), or no cookie at all for a bearer API.",
    fastapi: "response.set_cookie(..., httponly=True, secure=True, samesite=\"lax\"), or none for a bearer API.",
    express: "res.cookie(name, value, { httpOnly: true, secure: true, sameSite: 'lax' }), or none for a bearer API.",
};
const HSTS_REMEDY: Remedy = Remedy {
    axum: "Where the trusted edge says X-Forwarded-Proto: https, send Strict-Transport-Security: max-age=31536000; includeSubDomains.",
    fastapi: "A middleware that sends it when request.url.scheme is https (uvicorn --proxy-headers behind the edge).",
    express: "app.set('trust proxy', 1), then `req.secure ? helmet.hsts({ maxAge: 31536000 })(req, res, next) : next()`; helmet alone sends it over plain HTTP too.",
};

type Run = fn(Context) -> BoxFuture<'static, Checked>;

/// Title, why and expectation.
type Words = [&'static str; 3];

const fn check(
    id: &'static str,
    severity: Severity,
    words: Words,
    references: &'static [Reference],
    remedy: Remedy,
    run: Run,
) -> Check {
    let [title, why, expectation] = words;
    Check {
        id,
        suite: Suite::Headers,
        title,
        why,
        expectation,
        severity,
        references,
        requirements: &["US2", "US3"],
        remedy,
        needs: &[],
        run,
    }
}

const CONTROL: Check = check(
    "headers.control",
    Info,
    [
        "The service answers with a success",
        "Headers of an error page or of the platform's edge say nothing about the application. So a good answer comes first.",
        "The list with a token, or health without one, is 2xx.",
    ],
    &[CHEAT_SHEET],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::control(cx)),
);

const NOSNIFF: Check = check(
    "headers.nosniff",
    Low,
    [
        "Browsers must not guess the type",
        "Without nosniff a browser may take JSON that an attacker filled for a script or a page, in the API's own origin.",
        "X-Content-Type-Options: nosniff.",
    ],
    &[NOSNIFF_SPEC, CHEAT_SHEET],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers with nosniff", judges::nosniff)),
);

const CONTENT_POLICY: Check = check(
    "headers.content-security-policy",
    Low,
    [
        "The content security policy lets nothing in",
        "Should an answer ever be shown as a page (an error, a wrong type), the policy decides whether scripts in it run. A policy that \
         allows everything only looks like one.",
        "default-src 'none'; no *, 'unsafe-inline' or 'unsafe-eval' for scripts.",
    ],
    &[CSP_SPEC, CHEAT_SHEET],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers with a content security policy", judges::content_policy)),
);

const FRAMING: Check = check(
    "headers.framing",
    Low,
    [
        "Nobody may frame the answers",
        "A framed answer can be overlaid and dragged out of its frame. ALLOW-FROM is ignored by every browser, so it protects nobody.",
        "X-Frame-Options: DENY, and frame-ancestors 'none' in the content security policy.",
    ],
    &[RFC_7034, CSP_SPEC, CHEAT_SHEET],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers that cannot be framed", judges::framing)),
);

const REFERRER: Check = check(
    "headers.referrer-policy",
    Low,
    [
        "Addresses are not passed on",
        "Ids and search words in an address travel to other sites in Referer unless the policy forbids it.",
        "Referrer-Policy: no-referrer, or another value that sends at most the origin to other sites.",
    ],
    &[REFERRER_SPEC, HEADERS_PROJECT],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers with a referrer policy", judges::referrer)),
);

const RESOURCE_POLICY: Check = check(
    "headers.resource-policy",
    Low,
    [
        "Other sites may not embed the answers",
        "Cross-Origin-Resource-Policy keeps answers out of foreign pages' memory, where side channels such as Spectre could read them. An \
         unknown value counts as none.",
        "Cross-Origin-Resource-Policy: same-origin, same-site or, where that is meant, cross-origin. Reads through CORS are not affected.",
    ],
    &[CORP_SPEC, HEADERS_PROJECT],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers with a resource policy", judges::resource_policy)),
);

const DECLARED: Check = check(
    "headers.declared",
    Medium,
    [
        "Headers are as the target's own policy wants them",
        "What an operator decided on (a header that a proxy needs, one that must never go out, one exact value) is lost by the next change \
         of a framework or an edge, and nobody looks at headers.",
        "Each header of `policy.headers` and `policy.required_headers` is there, absent, or has its one value, on answers and errors alike.",
    ],
    &[CHEAT_SHEET, HEADERS_PROJECT],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::declared(cx)),
);

const TRANSPORT: Check = check(
    "headers.transport-security",
    Medium,
    [
        "Browsers are told to insist on TLS",
        "Without HSTS the first request to the host may go out in the clear, token included. max-age=0 takes back what was promised; over \
         plain HTTP the header must not be sent at all.",
        "Over TLS: max-age of at least a year. Over plain HTTP: no such header.",
    ],
    &[RFC_6797, CHEAT_SHEET],
    HSTS_REMEDY,
    |cx| Box::pin(asked::transport(cx)),
);

const CACHING: Check = check(
    "headers.caching",
    Medium,
    [
        "No cache keeps personal answers",
        "public or s-maxage lets a shared cache hand one user's list to the next, and an error that is cached locks everybody out. What a \
         browser keeps can be read by the next user of the machine.",
        "Cache-Control: no-store on answers to a token; neither public nor s-maxage on any of them, nor on errors.",
    ],
    &[RFC_9111, CWE_525, CHEAT_SHEET],
    NO_STORE,
    |cx| Box::pin(asked::caching(cx)),
);

const CONTENT_TYPE: Check = check(
    "headers.content-type",
    Medium,
    [
        "The label says what the body is",
        "JSON that is labelled as HTML becomes a page, and what users wrote in it becomes markup that runs in the API's origin.",
        "application/json (or a +json type) for JSON, without a charset other than UTF-8; nothing else labelled as JSON.",
    ],
    &[RFC_8259, CHEAT_SHEET],
    JSON_TYPE,
    |cx| Box::pin(asked::judged(cx, "answers with a true label", judges::content_type)),
);

const COOKIES: Check = check(
    "headers.cookies",
    Medium,
    [
        "Cookies are protected, or there are none",
        "A cookie that scripts can read, that travels in the clear or that every site sends along gives the session away. An API with \
         bearer tokens needs none.",
        "No Set-Cookie, or HttpOnly, Secure and SameSite. Cookies of the platform in front are not counted.",
    ],
    &[CWE_1004, CWE_614],
    COOKIE_FLAGS,
    |cx| Box::pin(asked::cookies(cx)),
);

const DUPLICATES: Check = check(
    "headers.duplicates",
    Low,
    [
        "No header says two things",
        "Two values for a header of which browsers take one leave it to the browser which counts, and show that two layers set policy.",
        "Each security header once; Cache-Control without contradiction.",
    ],
    &[RFC_9110, API8],
    SET_EVERYWHERE,
    |cx| Box::pin(asked::judged(cx, "answers without a contradiction", judges::duplicates)),
);

const BANNERS: Check = check(
    "headers.banners",
    Info,
    [
        "No banner tells the software's version",
        "Versions tell which published holes to try first; hiding them mends nothing, so they are a remark. The headers of a debugger lead \
         to its pages, and are a flaw.",
        "No X-Powered-By, no version in Server or Via, no X-Debug-Token.",
    ],
    &[CWE_200, HEADERS_PROJECT],
    REMOVE,
    |cx| Box::pin(asked::banners(cx)),
);

const XSS_FILTER: Check = check(
    "headers.xss-filter",
    Low,
    [
        "The old XSS filter stays off",
        "The filter that X-XSS-Protection: 1 turns on could be used to switch off chosen scripts of a page; browsers removed it.",
        "Absent, or 0.",
    ],
    &[CHEAT_SHEET, HEADERS_PROJECT],
    REMOVE,
    |cx| Box::pin(asked::judged(cx, "answers without the old filter", judges::xss_filter)),
);

const TELEMETRY: Check = check(
    "headers.telemetry",
    Low,
    [
        "Answers do not tell what happens inside",
        "Server-Timing with the time of each query is a stopwatch for attackers: whether a user or object exists can be read off it. NEL \
         has browsers report their users' errors to a third party. A header with the query itself, or with the name of the machine, saves them \
         the guessing.",
        "Neither Server-Timing nor NEL from the application, and no query of the database or inner host in a header of its own.",
    ],
    &[CWE_200, API8],
    REMOVE,
    |cx| Box::pin(asked::judged(cx, "answers without telemetry", judges::telemetry)),
);

const EVERYWHERE: Check = Check {
    needs: &[Need::Token],
    ..check(
        "headers.everywhere",
        Low,
        [
            "Every status carries the same headers",
            "Errors, creations and preflights are often written by another layer than good answers, without its headers; and errors are \
             what attackers can provoke.",
            "201, 204, 401, 404, 405, 415, 422, health and preflights carry the security headers of the list.",
        ],
        &[API8, CHEAT_SHEET],
        SET_EVERYWHERE,
        |cx| Box::pin(spread::everywhere(cx)),
    )
};
