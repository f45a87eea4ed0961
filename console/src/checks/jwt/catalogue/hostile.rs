//! Cards: hostile but signed tokens, and what refusals tell.

use super::{API2, CARD, CWE_347, PIN, PIN_ALGORITHM, SAME_ANSWER, STEPS, at};
use crate::checks::jwt::{errors, hostile};
use crate::checks::{Check, Need};
use crate::run::Severity;

const NEEDS: &[Need] = &[Need::Token, Need::SigningKey];

pub(in crate::checks::jwt) const ALG_PINNED: Check = Check {
    id: "jwt.alg.pinned",
    title: "One algorithm is configured, and only that one verifies",
    why: "RFC 8725 asks for a fixed algorithm. A service that also takes its siblings, or ignores the name altogether, is not yet open, but depends on its library having no flaw in any of them.",
    expectation: "Tokens under the good key but another `alg` are refused.",
    severity: Severity::Low,
    references: &[PIN, at("RFC 8725, 3.2", "https://www.rfc-editor.org/rfc/rfc8725#section-3.2")],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::alg_pinned(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const TYP: Check = Check {
    id: "jwt.typ",
    title: "Other kinds of tokens are refused",
    why: "Refresh, logout and proof tokens of the same issuer are signed with the same key. Explicit typing keeps one from being used as another.",
    expectation: "Refused when `typ` names another kind of token, or is not a text.",
    severity: Severity::Low,
    references: &[
        at("RFC 8725, 3.11", "https://www.rfc-editor.org/rfc/rfc8725#section-3.11"),
        at("RFC 7519, 5.1", "https://www.rfc-editor.org/rfc/rfc7519#section-5.1"),
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::typ(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const CRIT: Check = Check {
    id: "jwt.crit",
    title: "Critical extensions that are not understood are refused",
    why: "`crit` is how a token says \"do not accept me unless you know this\": a binding to a key or a connection. Many libraries ignore it, and with it the binding.",
    expectation: "Refused when `crit` names what the service does not know, is empty, or is not a list.",
    severity: Severity::Low,
    references: &[
        at("RFC 7515, 4.1.11", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11"),
        at("RFC 7797, 6", "https://www.rfc-editor.org/rfc/rfc7797#section-6"),
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::crit(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const NESTED: Check = Check {
    id: "jwt.nested",
    title: "A token inside a token is not taken for claims",
    why: "Nested and compressed tokens need steps that a simple verifier does not have. One that lets them through has not read the claims that it acts on.",
    expectation: "A payload that is itself a token is refused; announced nesting or compression is not ignored.",
    severity: Severity::Medium,
    references: &[
        at("RFC 7519, 5.2", "https://www.rfc-editor.org/rfc/rfc7519#section-5.2"),
        at("RFC 8725, 3.6", "https://www.rfc-editor.org/rfc/rfc8725#section-3.6"),
        STEPS,
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::nested(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const DUPLICATE: Check = Check {
    id: "jwt.json.duplicate",
    title: "Repeated names cannot smuggle a claim",
    why: "When the gate reads the first of two `exp` or `sub` and the service the last, each verifies another token. The standard leaves two ways: refuse, or take the last.",
    expectation: "Refused, or read by the last value: a valid `exp` before a past one does not help.",
    severity: Severity::Medium,
    references: &[
        at("RFC 7519, 4", "https://www.rfc-editor.org/rfc/rfc7519#section-4"),
        at("RFC 7515, 4", "https://www.rfc-editor.org/rfc/rfc7515#section-4"),
        at("CWE-436", "https://cwe.mitre.org/data/definitions/436.html"),
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::duplicate(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const MALFORMED: Check = Check {
    id: "jwt.json.malformed",
    title: "A payload that is not a JSON object is refused",
    why: "Claims of null, a list or half an object have no subject and no end; code that reads on finds nothing, and nothing passes. Deep or odd texts bring careless parsers down.",
    expectation: "Refused when the payload is not an object; no server error on any of them.",
    severity: Severity::High,
    references: &[
        STEPS,
        at("RFC 8725, 3.7", "https://www.rfc-editor.org/rfc/rfc8725#section-3.7"),
        at("CWE-20", "https://cwe.mitre.org/data/definitions/20.html"),
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::malformed(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SIZE: Check = Check {
    id: "jwt.size",
    title: "Huge tokens are refused within bounds",
    why: "Verification happens before anybody is known, so its cost is open to everybody. Tokens of a megabyte and headers ten thousand levels deep must end in a quick refusal.",
    expectation: "4xx or a closed connection, and the service goes on serving.",
    severity: Severity::Medium,
    references: &[
        at("OWASP API4:2023", "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/"),
        at("CWE-400", "https://cwe.mitre.org/data/definitions/400.html"),
    ],
    remedy: SAME_ANSWER,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(hostile::size(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ERRORS: Check = Check {
    id: "jwt.errors",
    title: "Every bad token gets the same answer",
    why: "Different answers for a bad signature, a bad algorithm and an expired token tell an attacker which step was passed; a library's own words name the stack and its version.",
    expectation: "One status and one shape of body for all refusals, without texts of libraries.",
    severity: Severity::Low,
    references: &[
        at("RFC 6750, 3.1", "https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
        API2,
        at("CWE-209", "https://cwe.mitre.org/data/definitions/209.html"),
        CWE_347,
    ],
    remedy: SAME_ANSWER,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(errors::uniform(cx)),
    ..CARD
};
