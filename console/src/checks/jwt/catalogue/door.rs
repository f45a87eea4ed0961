//! Cards: how a token is demanded and carried.

use super::{
    API2, API5, BEARER, CARD, CHALLENGE as RFC_CHALLENGE, COMPARE_CSRF, CWE_287, CWE_306, CWE_345, CWE_598, ONE_CARRIER,
    ONE_CREDENTIAL, REQUIRE_TOKEN, SAME_ANSWER, URI_QUERY, at,
};
use crate::checks::jwt::{carrier, doors, presence, required, tampered};
use crate::checks::{Check, Need};
use crate::run::Severity;

pub(in crate::checks::jwt) const CONTROL: Check = Check {
    id: "jwt.control",
    title: "A good token is let in",
    why: "Every refusal in this suite means something only if a good token is not refused. The control is asked first, between and last, so that a service that fell over or locked the user out cannot look secure.",
    expectation: "The list route answers 2xx to the token of A, and with the signing key also to one minted this moment; without a token it answers otherwise, or no token proves anything.",
    severity: Severity::Info,
    references: &[BEARER],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token],
    run: |cx| Box::pin(presence::control(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REQUIRED_READ: Check = Check {
    id: "jwt.required.read",
    title: "No declared route can be read without a token",
    why: "The commonest hole is not a clever forgery but a route that somebody forgot to guard, or a HEAD handler beside a guarded GET. Every declared route is asked without any credentials.",
    expectation: "401 (or 403, where the target says so) for GET and HEAD on the list and on an existing object, and for GET on every declared protected route (for HEAD as well in an exhaustive run).",
    severity: Severity::Critical,
    references: &[API2, CWE_306],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token],
    run: |cx| Box::pin(required::safe_methods(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REQUIRED_WRITE: Check = Check {
    id: "jwt.required.write",
    title: "Nothing can be created, changed or deleted without a token",
    why: "A guard on reads alone lets anybody write. The unsafe methods are sent only to an object that this run made for the purpose, so nothing of anybody else's is at stake even where they get through.",
    expectation: "401 or 403 for POST, PUT, PATCH and DELETE without a token, before the body or the id is looked at.",
    severity: Severity::Critical,
    references: &[API2, API5, CWE_306],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token, Need::Writes],
    run: |cx| Box::pin(required::unsafe_methods(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const VERIFIED: Check = Check {
    id: "jwt.required.verified",
    title: "Every route verifies its token, not the list alone",
    why: "Routes that are written one by one are guarded one by one: a handler that decodes the token without verifying it, or a middleware that was mounted without the check of `exp`, sits beside a list that does everything right. All other checks of forgeries ask the list; this one takes a wrong signature and an ended token to every other declared route, and looks afterwards: a guard that answers 401 and forgets to return lets the write happen.",
    expectation: "No success for a token with a wrong signature, nor for one that ended, on the object, on writes to it (the one that ended on the first of them, on all in an exhaustive run), and on every declared route that needs a token; A's list and object are as before.",
    severity: Severity::Critical,
    references: &[API2, API5, CWE_345],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(doors::every(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REQUIRED_PATH: Check = Check {
    id: "jwt.required.path",
    title: "No spelling of the path leads around the token",
    why: "A guard that compares path texts and a router that folds them disagree on double slashes, encoded letters, letter case, path parameters and override headers; every disagreement is a way in.",
    expectation: "No answer to a request without a token holds the list, however the path is spelt.",
    severity: Severity::Critical,
    references: &[
        API2,
        at("CWE-288", "https://cwe.mitre.org/data/definitions/288.html"),
        at("CWE-180", "https://cwe.mitre.org/data/definitions/180.html"),
    ],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token],
    run: |cx| Box::pin(presence::path(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REQUIRED_IDENTITY: Check = Check {
    id: "jwt.required.identity",
    title: "A header or parameter that names a user is no proof of being that user",
    why: "Services that once stood behind an authenticating gateway trust X-User-Id, Remote-User or a local X-Forwarded-For. On a public platform anybody can send those.",
    expectation: "401 or 403 to requests that claim to be A in a header or query parameter and carry no token.",
    severity: Severity::Critical,
    references: &[API2, at("CWE-290", "https://cwe.mitre.org/data/definitions/290.html")],
    remedy: REQUIRE_TOKEN,
    needs: &[Need::Token],
    run: |cx| Box::pin(presence::identity(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const CHALLENGE: Check = Check {
    id: "jwt.challenge",
    title: "A refusal says how to authenticate",
    why: "At a Basic challenge browsers open a dialog and ask for a password that nobody here should type. A 401 without a challenge breaks clients and gateways that act on it, and often betrays that the framework's own authentication is not in use.",
    expectation: "401 with `WWW-Authenticate: Bearer`, for a missing token and for a bad one.",
    severity: Severity::Low,
    references: &[RFC_CHALLENGE, at("RFC 9110, 11.6.1", "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1")],
    remedy: SAME_ANSWER,
    needs: &[Need::Token],
    run: |cx| Box::pin(presence::challenge(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const LITERAL: Check = Check {
    id: "jwt.literal",
    title: "`null`, `undefined` and an empty Bearer are not tokens",
    why: "Front ends send the text of a missing variable. A verifier that treats it as \"no token, so the default user\" lets every logged-out browser in as somebody.",
    expectation: "Each literal in the place of a token is refused like a missing one.",
    severity: Severity::Critical,
    references: &[BEARER, API2, CWE_287],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::literal(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SCHEME: Check = Check {
    id: "jwt.scheme",
    title: "The token is read only after the scheme Bearer",
    why: "A second scheme that nobody remembers, such as Basic with a user name and no password, is a second door. And a service that splits the header at a space and takes the second word accepts any scheme: that harms nobody by itself, but proxies and logs treat other schemes differently, and two parsers that disagree are the start of a bypass.",
    expectation: "`Bearer` in any letter case and one space. A name without a proof under another scheme is refused; a good token under another scheme or spacing should be.",
    severity: Severity::High,
    references: &[BEARER, at("RFC 9110, 11.1", "https://www.rfc-editor.org/rfc/rfc9110#section-11.1")],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::scheme(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const DUPLICATE: Check = Check {
    id: "jwt.duplicate",
    title: "Two credentials in one request are one too many",
    why: "When a gateway checks the first Authorization header and the service reads the last (or the reverse), a good token can carry a forged one past the gate.",
    expectation: "Requests with two Authorization headers, or two credentials joined by a comma, are refused; two bad ones always.",
    severity: Severity::Medium,
    references: &[at("RFC 9110, 5.3", "https://www.rfc-editor.org/rfc/rfc9110#section-5.3"), CWE_345],
    remedy: ONE_CREDENTIAL,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::duplicate(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const QUERY: Check = Check {
    id: "jwt.carrier.query",
    title: "A token in the URL is not accepted",
    why: "URLs end up in access logs, browser histories, Referer headers and screenshots. A service that takes tokens there invites clients to put them there.",
    expectation: "401 or 403 to a good token that stands only in a query parameter.",
    severity: Severity::Medium,
    references: &[URI_QUERY, CWE_598],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::query(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const COOKIE: Check = Check {
    id: "jwt.carrier.cookie",
    title: "A token in an undeclared cookie is not accepted",
    why: "Browsers send cookies by themselves, also from foreign pages. A bearer API that takes its token from a cookie as well is open to cross-site request forgery, which its CORS rules were never meant to stop.",
    expectation: "401 or 403 to a good token that stands only in a cookie, unless the target declares that cookie as its carrier.",
    severity: Severity::Medium,
    references: &[API2, at("CWE-352", "https://cwe.mitre.org/data/definitions/352.html")],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::cookie(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const HEADER: Check = Check {
    id: "jwt.carrier.header",
    title: "A token in another header is not accepted",
    why: "Every further header is one more that proxies do not strip, logs do not redact and caches do not vary on.",
    expectation: "401 or 403 to a good token that stands only in a header other than the declared one.",
    severity: Severity::Medium,
    references: &[BEARER, at("CWE-288", "https://cwe.mitre.org/data/definitions/288.html")],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(carrier::header(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const BODY: Check = Check {
    id: "jwt.carrier.body",
    title: "A token in the body is not accepted",
    why: "A form with a token in it can be posted from any page without a preflight, and bodies are kept by error trackers that redact headers.",
    expectation: "A creation whose only token stands in a form or JSON field is refused as one without any token.",
    severity: Severity::Medium,
    references: &[at("RFC 6750, 2.2", "https://www.rfc-editor.org/rfc/rfc6750#section-2.2"), CWE_287],
    remedy: ONE_CARRIER,
    needs: &[Need::Token, Need::Writes],
    run: |cx| Box::pin(carrier::body(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const CSRF: Check = Check {
    id: "jwt.carrier.csrf",
    title: "A token in a cookie writes only with the CSRF token",
    why: "Browsers attach the cookie to requests of any page. What tells the front end from a foreign page is the CSRF token in a header, which only a script of the own site can set: one route or method that forgets to compare it, or that takes two empty values for equal, lets any page write as the visitor.",
    expectation: "400, 401, 403, 419 or 422 to writes whose CSRF token is missing, empty, wrong or another user's, on every method, and nothing changes. A token that is bound to no session, so that another user's pair of header and cookie is taken, is a remark.",
    severity: Severity::High,
    references: &[
        at(
            "OWASP CSRF Prevention Cheat Sheet",
            "https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html",
        ),
        at("CWE-352", "https://cwe.mitre.org/data/definitions/352.html"),
    ],
    remedy: COMPARE_CSRF,
    needs: &[Need::Token, Need::Writes, Need::ListRoute, Need::CsrfToken],
    run: |cx| Box::pin(carrier::csrf(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const TAMPERED: Check = Check {
    id: "jwt.tampered",
    title: "A changed token is no token",
    why: "Opaque tokens are looked up, and a look-up by prefix, by wildcard, without letter case or in a column that cuts what is too long accepts texts that were never issued. What is asked here needs no knowledge of the token's form, so that it is asked of opaque tokens too.",
    expectation: "A token with one character changed, cut, reversed or replaced is refused. One with something behind it, or in another letter case, should be.",
    severity: Severity::Critical,
    references: &[API2, CWE_287, CWE_345],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(tampered::tampered(cx)),
    ..CARD
};
