//! Cards: hostile but signed tokens, and what refusals tell.

use super::{API2, CARD, CHECK_HEADER, CWE_347, PIN, PIN_ALGORITHM, PLAIN_CLAIMS, SAME_ANSWER, STEPS, at};
use crate::checks::jwt::{errors, hostile};
use crate::checks::{Check, Need};
use crate::run::Severity;

const NEEDS: &[Need] = &[Need::Token, Need::SigningKey];

pub(in crate::checks::jwt) const ALG_PINNED: Check = Check {
    id: "jwt.alg.pinned",
    title: "One algorithm verifies, over header and payload",
    why: "A signature that leaves the header out lets anybody change it. And RFC 8725 asks for a fixed algorithm: a service that also takes its siblings, or ignores the name altogether, is not yet open, but depends on its library having no flaw in any of them.",
    expectation: "Tokens under the good key but another `alg` are refused, and so are signatures that do not cover both header and payload.",
    severity: Severity::Medium,
    references: &[PIN, at("RFC 8725, 3.2", "https://www.rfc-editor.org/rfc/rfc8725#section-3.2")],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::alg_pinned(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const MEANING: Check = Check {
    id: "jwt.header.meaning",
    title: "Header members that change a token's meaning are not ignored",
    why: "`crit` says \"do not accept me unless you know this\", `typ` that the token is a refresh or logout token, `cty` and `zip` that the payload is yet another token, or compressed. A verifier that reads past them acts on claims that were not meant for it.",
    expectation: "A payload that is itself a token is refused. Unknown critical extensions, other kinds of tokens and announced nesting or compression are refused too; many libraries ignore them, so that alone is a warning.",
    severity: Severity::Medium,
    references: &[
        at("RFC 7515, 4.1.11", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11"),
        at("RFC 8725, 3.11", "https://www.rfc-editor.org/rfc/rfc8725#section-3.11"),
        at("RFC 7519, 5.2", "https://www.rfc-editor.org/rfc/rfc7519#section-5.2"),
        at("RFC 7797, 6", "https://www.rfc-editor.org/rfc/rfc7797#section-6"),
        STEPS,
    ],
    remedy: CHECK_HEADER,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::meaning(cx)),
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
    remedy: PLAIN_CLAIMS,
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
    expectation: "One status and one shape of body for all refusals, without texts of libraries, and never a stack trace.",
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
