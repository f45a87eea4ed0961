//! Cards: where the key comes from, and how hard it is to guess.

use super::{API2, CARD, CWE_347, OWN_KEYS, PIN, PIN_ALGORITHM, STRONG_SECRET, TRUST, at};
use crate::checks::jwt::{fetched, keys, public_key, secret};
use crate::checks::{Check, Need, Reference, Remedy};
use crate::run::Severity;

const NEEDS: &[Need] = &[Need::Token, Need::Jwt];
const SSRF: Reference = at("OWASP API7:2023", "https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/");
const KEY_SIZE: Reference = at("RFC 7518, 3.2", "https://www.rfc-editor.org/rfc/rfc7518#section-3.2");
const ENTROPY: Reference = at("RFC 8725, 3.5", "https://www.rfc-editor.org/rfc/rfc8725#section-3.5");

pub(in crate::checks::jwt) const PSYCHIC: Check = Check {
    id: "jwt.ecdsa.blank",
    title: "Blank ECDSA signatures are refused",
    why: "An implementation that does not check the range of r and s accepts a signature of zeros for every message and every key.",
    expectation: "Refused for r and s of 0, 1, n - 1 and n, in the form of JWS and in DER.",
    severity: Severity::Critical,
    references: &[at("CVE-2022-21449", "https://nvd.nist.gov/vuln/detail/CVE-2022-21449"), PIN, CWE_347],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(keys::psychic(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const CONFUSION: Check = Check {
    id: "jwt.confusion",
    title: "A public key is not a shared secret",
    why: "A verifier that takes the algorithm from the token and the key from configuration can be told to use its public key as an HMAC secret, and the public key is public.",
    expectation: "HMACs with the public key as the secret are refused, in each of its spellings: PEM with and without newlines, DER, JWK, certificate. The key is the declared one, the public half of the signing key, or the one in the key set.",
    severity: Severity::Critical,
    references: &[
        at("RFC 8725, 2.1", "https://www.rfc-editor.org/rfc/rfc8725#section-2.1"),
        PIN,
        at("CVE-2022-29217", "https://nvd.nist.gov/vuln/detail/CVE-2022-29217"),
        CWE_347,
    ],
    remedy: PIN_ALGORITHM,
    needs: NEEDS,
    run: |cx| Box::pin(keys::confusion(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const PUBLISHED: Check = Check {
    id: "jwt.key.published",
    title: "A published key set holds nothing that signs",
    why: "A key set that is made by exporting the key pair, or that lists the shared secret as a key of type `oct`, gives the signing key to everybody who asks.",
    expectation: "No key at `paths.jwks`, or in the usual places, has a private member (`d`, `p`, `q`, `k` and the like).",
    severity: Severity::Critical,
    references: &[
        at("RFC 7517, 5", "https://www.rfc-editor.org/rfc/rfc7517#section-5"),
        at("RFC 7518, 6", "https://www.rfc-editor.org/rfc/rfc7518#section-6"),
        at("CWE-522", "https://cwe.mitre.org/data/definitions/522.html"),
    ],
    remedy: Remedy {
        axum: "Serialize a struct that has only the public members (`kty`, `crv`, `x`, `y`, `n`, `e`, `kid`, `use`, `alg`), never the key pair.",
        fastapi: "Export with `key.public_key()` before `to_jwk`, or `jwk.as_dict(private=False)` (joserfc, Authlib: `is_private=False`).",
        express: "Export with `await jose.exportJWK(publicKey)`; never pass the private key, and never list an `oct` key.",
    },
    needs: &[],
    run: |cx| Box::pin(public_key::holds_public_halves(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const JWK: Check = Check {
    id: "jwt.key.embedded",
    title: "A token does not bring its own key",
    why: "The header may hold a key (`jwk`). A verifier that trusts it verifies the attacker's signature with the attacker's key.",
    expectation: "Tokens signed by a key in their own header are refused, for RSA, EC, OKP and oct keys.",
    severity: Severity::Critical,
    references: &[
        at("RFC 7515, 4.1.3", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.3"),
        at("CVE-2018-0114", "https://nvd.nist.gov/vuln/detail/CVE-2018-0114"),
        TRUST,
        CWE_347,
    ],
    remedy: OWN_KEYS,
    needs: NEEDS,
    run: |cx| Box::pin(keys::jwk(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const JKU: Check = Check {
    id: "jwt.key.fetched",
    title: "A token does not say where its key is fetched",
    why: "An address in `jku`, `x5u`, `kid` or `iss` that the service follows is a key of the attacker's choice, and a request to any host that the service can reach.",
    expectation: "The service visits no address that a token names, and refuses the token. On this machine a listener sees the visit; elsewhere tokens name an address that leads nowhere (192.0.2.1), and an answer that twice comes a second later than without it is a visit.",
    severity: Severity::Critical,
    references: &[
        TRUST,
        at("RFC 7515, 4.1.2", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.2"),
        SSRF,
        at("CWE-918", "https://cwe.mitre.org/data/definitions/918.html"),
    ],
    remedy: OWN_KEYS,
    needs: NEEDS,
    run: |cx| Box::pin(fetched::visited(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const X5C: Check = Check {
    id: "jwt.key.certificate",
    title: "A token does not bring its own certificate",
    why: "A chain in `x5c` proves nothing unless it ends at an anchor that the service chose. Self-signed certificates cost nothing.",
    expectation: "Tokens signed by a self-signed certificate in their own header are refused.",
    severity: Severity::Critical,
    references: &[
        at("RFC 7515, 4.1.6", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.6"),
        at("CWE-295", "https://cwe.mitre.org/data/definitions/295.html"),
        CWE_347,
    ],
    remedy: OWN_KEYS,
    needs: NEEDS,
    run: |cx| Box::pin(keys::x5c(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const KID: Check = Check {
    id: "jwt.key.id",
    title: "A key id does not lead astray",
    why: "`kid` is attacker's text. Used as a file name it reaches files of known content, in SQL it selects a key of the attacker's choice, in a table without the entry it yields nothing, and nothing is an empty secret.",
    expectation: "Key ids that are paths, SQL, LDAP, empty, huge or not text are refused, and nothing falls over.",
    severity: Severity::Critical,
    references: &[
        TRUST,
        at("RFC 7515, 4.1.4", "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4"),
        at("CWE-22", "https://cwe.mitre.org/data/definitions/22.html"),
        at("CWE-89", "https://cwe.mitre.org/data/definitions/89.html"),
    ],
    remedy: OWN_KEYS,
    needs: NEEDS,
    run: |cx| Box::pin(keys::kid(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const GUESSED: Check = Check {
    id: "jwt.secret.guessed",
    title: "The signing secret is not in a word list",
    why: "One token is enough to try secrets offline, millions a second, unseen. A secret from a tutorial, or made of the project's own name, is found at once, and whoever has it is everybody.",
    expectation: "None of more than a hundred thousand words, passwords, keys leaked with public code and target-derived secrets signs A's token. Nothing is sent.",
    severity: Severity::Critical,
    references: &[ENTROPY, KEY_SIZE, API2, at("CWE-521", "https://cwe.mitre.org/data/definitions/521.html")],
    requirements: &["US2", "SC-002"],
    remedy: STRONG_SECRET,
    needs: NEEDS,
    run: |cx| Box::pin(secret::guessed(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const DEFAULT: Check = Check {
    id: "jwt.secret.default",
    title: "No default secret is accepted beside the real one",
    why: "A fallback in the code (`SECRET || 'dev-secret'`), a secret of another stage or a list of previous ones with an empty entry makes a second, public key.",
    expectation: "Tokens signed with the empty text, with defaults of frameworks and tutorials and with development secrets are refused.",
    severity: Severity::Critical,
    references: &[
        ENTROPY,
        API2,
        at("CWE-798", "https://cwe.mitre.org/data/definitions/798.html"),
        at("CWE-1188", "https://cwe.mitre.org/data/definitions/1188.html"),
    ],
    requirements: &["US1", "US2", "SC-002"],
    remedy: STRONG_SECRET,
    needs: NEEDS,
    run: |cx| Box::pin(secret::default(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const LENGTH: Check = Check {
    id: "jwt.secret.length",
    title: "The signing secret is long and is no placeholder",
    why: "An HMAC is as strong as its key. RFC 7518 asks for at least as many bytes as the hash has; below that, guessing is the cheapest attack.",
    expectation: "At least 32 bytes (48 for HS384, 64 for HS512), of more than a handful of different characters, and no placeholder.",
    severity: Severity::High,
    references: &[KEY_SIZE, ENTROPY, at("CWE-326", "https://cwe.mitre.org/data/definitions/326.html")],
    requirements: &["US1", "US2"],
    remedy: STRONG_SECRET,
    needs: &[Need::SigningKey],
    run: |cx| Box::pin(async move { secret::length(&cx) }),
    ..CARD
};

pub(in crate::checks::jwt) const FOREIGN: Check = Check {
    id: "jwt.secret.foreign",
    title: "Secrets of other stages and of yesterday sign nothing",
    why: "Stages that share a secret make every developer of staging an administrator of production, and a rotation that keeps the old secret valid has rotated nothing: whoever it was rotated for can still sign.",
    expectation: "Tokens signed with the declared secrets of other stages are refused, and with the previous secret unless the target says that a rotation is under way.",
    severity: Severity::High,
    references: &[
        API2,
        at("NIST SP 800-57, 5.3", "https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final"),
        at("CWE-324", "https://cwe.mitre.org/data/definitions/324.html"),
    ],
    requirements: &["US1", "US2", "SC-002"],
    remedy: STRONG_SECRET,
    needs: NEEDS,
    run: |cx| Box::pin(secret::foreign(cx)),
    ..CARD
};
