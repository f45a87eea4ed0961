//! Cards: forgeries made of A's token alone.

use super::{API2, CARD, COMPACT, CWE_345, CWE_347, ONE_SPELLING, PIN, PIN_ALGORITHM, STEPS, VALIDATE, at};
use crate::checks::jwt::{carrier, forgery, hostile};
use crate::checks::{Check, Need};
use crate::run::Severity;

const NEEDS: &[Need] = &[Need::Token, Need::Jwt];

pub(in crate::checks::jwt) const NONE: Check = Check {
    id: "jwt.none",
    title: "Unsigned tokens (`alg: none`) are refused",
    why: "RFC 7518 has an algorithm that is none. A verifier that obeys the token's own header lets anybody write any identity; filters on the exact word miss its other spellings.",
    expectation: "Refused in every spelling, with an empty signature, with an old one and without the last dot.",
    severity: Severity::Critical,
    references: &[PIN, at("RFC 8725, 2.1", "https://www.rfc-editor.org/rfc/rfc8725#section-2.1"), API2, CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::none(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ALG_MISSING: Check = Check {
    id: "jwt.alg.missing",
    title: "Tokens without a usable `alg` are refused",
    why: "An absent, null or non-text algorithm falls into the default branch of a hand-written verifier, and the default is sometimes to verify nothing.",
    expectation: "Refused whatever stands in the place of the algorithm.",
    severity: Severity::Critical,
    references: &[PIN, at("RFC 7515, 4.1.1", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.1"), CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::alg_missing(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ALG_UNKNOWN: Check = Check {
    id: "jwt.alg.unknown",
    title: "Tokens of an unknown algorithm are refused",
    why: "Some libraries compare the signature with that of an algorithm they do not have, which is empty: an unknown name with an empty signature verifies.",
    expectation: "Refused for every name that is not the configured algorithm.",
    severity: Severity::Critical,
    references: &[PIN, at("CVE-2026-23993", "https://nvd.nist.gov/vuln/detail/CVE-2026-23993"), CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::alg_unknown(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ALG_SWAPPED: Check = Check {
    id: "jwt.alg.swapped",
    title: "Another algorithm over the same bytes is refused",
    why: "A verifier that checks only the algorithm it expects, and passes the others through, accepts any payload under a foreign name.",
    expectation: "A's claims under any other algorithm, with A's signature or none, are refused.",
    severity: Severity::Critical,
    references: &[PIN, at("RFC 8725, 3.2", "https://www.rfc-editor.org/rfc/rfc8725#section-3.2"), CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::alg_swapped(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const PAYLOAD: Check = Check {
    id: "jwt.payload",
    title: "Changed claims under an old signature are refused",
    why: "This is the whole point of a signature. Code that decodes where it should verify passes every test with good tokens and fails this one.",
    expectation: "Refused for another subject, a later expiry and an added role, each under A's signature.",
    severity: Severity::Critical,
    references: &[VALIDATE, API2, CWE_345, CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::payload(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const STRIPPED: Check = Check {
    id: "jwt.signature.stripped",
    title: "Tokens without a signature are refused",
    why: "A verifier that runs only when there is something to verify is switched off by sending nothing.",
    expectation: "Refused with an empty, missing or meaningless last part under A's own header.",
    severity: Severity::Critical,
    references: &[VALIDATE, COMPACT, CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::stripped(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ALTERED: Check = Check {
    id: "jwt.signature.altered",
    title: "Damaged signatures are refused",
    why: "Comparing as many bytes as came, the first bytes only, or text without its letter case turns a signature into something that can be guessed.",
    expectation: "Refused when the signature is cut, flipped, padded, reversed, of zeros, of another token, or a plain hash.",
    severity: Severity::Critical,
    references: &[VALIDATE, at("RFC 7518, 3.2", "https://www.rfc-editor.org/rfc/rfc7518#section-3.2"), CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::altered(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ENCODING: Check = Check {
    id: "jwt.signature.encoding",
    title: "A signature has one spelling",
    why: "A verifier that goes on when a signature cannot be decoded has none. And padding, the other alphabet, stray bits and ignored characters let one token be written in many ways: that gives nobody more than its owner has, but a list of revoked tokens, or a cache keyed by the text, is walked around.",
    expectation: "Text that decodes to nothing is refused. Only unpadded base64url without stray bits should be accepted.",
    severity: Severity::Medium,
    references: &[
        at("RFC 7515, 2", "https://www.rfc-editor.org/rfc/rfc7515#section-2"),
        at("RFC 4648, 3.5", "https://www.rfc-editor.org/rfc/rfc4648#section-3.5"),
    ],
    remedy: ONE_SPELLING,
    needs: NEEDS,
    run: |cx| Box::pin(forgery::encoding(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const STRUCTURE: Check = Check {
    id: "jwt.structure",
    title: "Only three parts make a token",
    why: "Code that takes parts by index does not notice missing or further ones, and libraries that also read the JSON serialisation meet tokens with no signature, or several.",
    expectation: "Refused with one, two, four and five parts, with leading and trailing dots, detached, and in JSON.",
    severity: Severity::High,
    references: &[COMPACT, STEPS, CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(carrier::structure(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const JWE: Check = Check {
    id: "jwt.jwe",
    title: "Encrypted tokens are not a way around the signature",
    why: "A library that also decrypts may take an unsigned token out of an envelope that anybody could seal, or spend minutes on a password-based key that the token asks for.",
    expectation: "Five-part tokens are refused within a second, or four times what a good token takes, whatever is inside.",
    severity: Severity::High,
    references: &[
        at("RFC 8725, 2.4", "https://www.rfc-editor.org/rfc/rfc8725#section-2.4"),
        at("RFC 7516, 5.2", "https://www.rfc-editor.org/rfc/rfc7516#section-5.2"),
        at("CVE-2023-52428", "https://nvd.nist.gov/vuln/detail/CVE-2023-52428"),
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(hostile::jwe(cx)),
    ..CARD
};
