//! Cards: claims under the service's own key.

use super::{
    API2, BOUND_LIFETIME, CARD, CHECK_PARTIES, CHECK_SUBJECT, CHECK_TIMES, CWE_287, CWE_613, END_SESSIONS, STEPS, TYPED_TIMES, at,
};
use crate::checks::jwt::claims;
use crate::checks::{Check, Need, Reference, Remedy};
use crate::run::Severity;

const NEEDS: &[Need] = &[Need::Token, Need::SigningKey];
const EXP: Reference = at("RFC 7519, 4.1.4", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4");
const SUB: Reference = at("RFC 7519, 4.1.2", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2");
const NUMERIC_DATE: Reference = at("RFC 7519, 2", "https://www.rfc-editor.org/rfc/rfc7519#section-2");

pub(in crate::checks::jwt) const EXPIRED: Check = Check {
    id: "jwt.exp.past",
    title: "Expired tokens are refused",
    why: "Expiry is what ends a stolen token. Switched off during development and never on again, it makes every leak permanent.",
    expectation: "Refused when the end is an hour, a day or a year past, at the epoch, or negative.",
    severity: Severity::High,
    references: &[EXP, API2, CWE_613],
    remedy: CHECK_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::expired(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ENDED: Check = Check {
    id: "jwt.exp.ended",
    title: "A token of the service itself that has ended is refused",
    why: "Expiry is what ends a stolen token, and where no key is at hand to mint a past one, an old one asks the same: the front end of an \
          operator who was signed in yesterday still holds it.",
    expectation: "The token under `tokens.expired`, past its end by more than the allowed skew, is answered 401. Left open where its key, issuer \
                  or audience is no longer that of today's tokens.",
    severity: Severity::High,
    references: &[EXP, API2, CWE_613],
    remedy: CHECK_TIMES,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(claims::ended(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const EXP_MISSING: Check = Check {
    id: "jwt.exp.missing",
    title: "Tokens without an end are refused",
    why: "Most libraries check `exp` only when it is there. One token issued without it, by a script or an old release, then opens the service for good.",
    expectation: "Refused without `exp`. A failure where the target bounds lifetimes, else a warning.",
    severity: Severity::Medium,
    references: &[EXP, CWE_613],
    remedy: CHECK_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::exp_missing(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const EXP_TYPE: Check = Check {
    id: "jwt.exp.type",
    title: "An end that is not a number does not make a token endless",
    why: "A text, a list or a number beyond all dates compares in ways that depend on the language: false, infinite, or an exception.",
    expectation: "Past ends in other types are refused; ends that mean nothing are treated like none; nothing falls over.",
    severity: Severity::Medium,
    references: &[NUMERIC_DATE, EXP, at("CWE-1287", "https://cwe.mitre.org/data/definitions/1287.html")],
    remedy: TYPED_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::exp_type(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const LEEWAY: Check = Check {
    id: "jwt.exp.leeway",
    title: "The tolerance for clocks is small",
    why: "Leeway is for clocks that differ by seconds. Set to hours it is a second lifetime, which nobody revokes.",
    expectation: "Tokens stop working within the allowed skew (60 seconds unless the target says otherwise); the measured skew is reported.",
    severity: Severity::Medium,
    references: &[EXP, CWE_613],
    remedy: CHECK_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::leeway(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const LIFETIME: Check = Check {
    id: "jwt.exp.lifetime",
    title: "Tokens end soon enough",
    why: "A bound that only the issuer keeps is no bound: an older issuer, a script or a second one with the same key can exceed it.",
    expectation: "Refused when `exp` is further off than the declared longest lifetime. A token that the service issued keeps within it (30 days where none is declared).",
    severity: Severity::Medium,
    references: &[EXP, at("RFC 7519, 12", "https://www.rfc-editor.org/rfc/rfc7519#section-12"), CWE_613],
    remedy: BOUND_LIFETIME,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(claims::lifetime(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const NBF: Check = Check {
    id: "jwt.nbf",
    title: "Tokens are refused before their time",
    why: "`nbf` lets an issuer hand out a token for later. jsonwebtoken for Rust, for one, does not look at it unless it is told to.",
    expectation: "Refused when `nbf` is ten minutes or more in the future.",
    severity: Severity::Medium,
    references: &[at("RFC 7519, 4.1.5", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5"), CWE_287],
    remedy: CHECK_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::nbf(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const IAT: Check = Check {
    id: "jwt.iat",
    title: "Tokens from the future are noticed",
    why: "A token that was issued tomorrow comes from a wrong clock or from somebody preparing ahead; age limits computed from it never end. No standard demands its refusal.",
    expectation: "Refused when `iat` is a day or more in the future: a failure where the target bounds lifetimes and the token so escapes the bound, else a warning. Odd values bring nothing down.",
    severity: Severity::Medium,
    references: &[at("RFC 7519, 4.1.6", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.6")],
    remedy: CHECK_TIMES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::iat(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const AUD: Check = Check {
    id: "jwt.aud",
    title: "Tokens for another audience are refused",
    why: "One issuer serves many services. Without the audience, a token given to the least of them opens all; comparisons by prefix, part or pattern are nearly none.",
    expectation: "Refused when `aud` is missing, empty, somebody else's, nearly right, or of another type.",
    severity: Severity::High,
    references: &[
        at("RFC 8725, 3.9", "https://www.rfc-editor.org/rfc/rfc8725#section-3.9"),
        at("RFC 7519, 4.1.3", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3"),
        API2,
    ],
    remedy: CHECK_PARTIES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::aud(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ISS: Check = Check {
    id: "jwt.iss",
    title: "Tokens of another issuer are refused",
    why: "A key that two stages or two tenants share makes their tokens interchangeable unless the issuer is compared, whole and by bytes.",
    expectation: "Refused when `iss` is missing, empty, somebody else's, nearly right, or of another type.",
    severity: Severity::High,
    references: &[
        at("RFC 8725, 3.8", "https://www.rfc-editor.org/rfc/rfc8725#section-3.8"),
        at("RFC 7519, 4.1.1", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.1"),
        API2,
    ],
    remedy: CHECK_PARTIES,
    needs: NEEDS,
    run: |cx| Box::pin(claims::iss(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SUB_MISSING: Check = Check {
    id: "jwt.sub.missing",
    title: "A token of nobody is nobody's",
    why: "Without a subject, queries run with NULL, undefined or an empty text as the owner: the rows of everybody who was ever nobody. Where users can be deleted, a token also outlives its user unless the service looks.",
    expectation: "Refused when `sub` is absent, null or empty, and never shown what is A's; where the target says that the service knows its users, also refused when it never existed.",
    severity: Severity::High,
    references: &[SUB, STEPS, CWE_287],
    remedy: CHECK_SUBJECT,
    needs: NEEDS,
    run: |cx| Box::pin(claims::sub_missing(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SUB_TYPE: Check = Check {
    id: "jwt.sub.type",
    title: "A subject is a short text",
    why: "Numbers, lists and objects as subjects are coerced by query builders in ways that nobody tested; a list may match several users.",
    expectation: "Refused when `sub` is not a text; above all, A's object is not shown to a list, a pattern or a boolean.",
    severity: Severity::High,
    references: &[SUB, at("CWE-1287", "https://cwe.mitre.org/data/definitions/1287.html")],
    remedy: CHECK_SUBJECT,
    needs: &[Need::Token, Need::SigningKey, Need::OwnReads],
    run: |cx| Box::pin(claims::sub_type(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SUB_ALIAS: Check = Check {
    id: "jwt.sub.alias",
    title: "A subject that is nearly A's is not A",
    why: "Trimming, letter case, Unicode folding or SQL patterns between the verifier and the query make two identities one, and whoever registers the other reads A's data.",
    expectation: "No subject but A's own, byte for byte, sees A's object.",
    severity: Severity::High,
    references: &[
        SUB,
        at("CWE-178", "https://cwe.mitre.org/data/definitions/178.html"),
        at("OWASP API1:2023", "https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/"),
    ],
    remedy: CHECK_SUBJECT,
    needs: &[Need::Token, Need::SigningKey, Need::Writes, Need::OwnReads],
    run: |cx| Box::pin(claims::sub_alias(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const KIND: Check = Check {
    id: "jwt.kind",
    title: "A token for something else is no access token",
    why: "Services sign refresh, password reset and address verification tokens with the key of their access tokens and tell them apart by one claim. Where nobody reads it, the link in an old e-mail or a refresh token of three months opens the API.",
    expectation: "Where tokens say that they are for access (`type`, `token_type`, `token_use` and the like), the same token for refreshing, resetting or verifying is refused. A refresh token that is taken is a failure where the service signs its own with the same key; any other kind is a warning.",
    severity: Severity::High,
    references: &[
        at("RFC 8725, 3.12", "https://www.rfc-editor.org/rfc/rfc8725#section-3.12"),
        at("RFC 8725, 2.8", "https://www.rfc-editor.org/rfc/rfc8725#section-2.8"),
        API2,
        CWE_287,
    ],
    remedy: Remedy {
        axum: "Give each kind a claims type of its own with the kind as an enum, so that a token of another kind does not deserialize; or another key or audience for each.",
        fastapi: "Compare the claim in `current_user` (`if payload.get(\"type\") != \"access\": raise`), or give each kind another audience and pass `audience=` to `jwt.decode`.",
        express: "Compare the claim after `jwt.verify` (`if (payload.type !== 'access') throw`), or sign each kind with another secret or audience.",
    },
    needs: NEEDS,
    run: |cx| Box::pin(claims::kind(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const SINGLE_USE: Check = Check {
    id: "jwt.jti.replay",
    title: "A token for one request is not good for two",
    why: "Services that promise one request to a token must remember its `jti` until it ends. One that forgets lets whoever sees a request in a log send it again.",
    expectation: "Where `policy.single_use` says so, a token with a fresh `jti` is let in once and refused the second time.",
    severity: Severity::Medium,
    references: &[
        at("RFC 7519, 4.1.7", "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.7"),
        at("CWE-294", "https://cwe.mitre.org/data/definitions/294.html"),
    ],
    remedy: Remedy {
        axum: "Insert the `jti` into a table with a unique key and the token's `exp` before the handler runs, and answer 401 when it is there already.",
        fastapi: "`SET jti 1 NX EXAT exp` in Redis inside the dependency that verifies tokens, and raise 401 when it was there already.",
        express: "`SET jti 1 NX EXAT exp` in Redis inside the verifying middleware, and answer 401 when it was there already.",
    },
    needs: NEEDS,
    run: |cx| Box::pin(claims::single_use(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const DISABLED: Check = Check {
    id: "jwt.sub.disabled",
    title: "The token of a disabled account is refused",
    why: "An account is disabled to lock somebody out now. A service that looks at the signature alone lets the token work until it ends.",
    expectation: "A token of the account under `tokens.disabled`, still within its lifetime, is answered 401, 403 or 404.",
    severity: Severity::High,
    references: &[API2, at("OWASP ASVS 5.0, 7.4.2", "https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en"), CWE_613],
    remedy: END_SESSIONS,
    needs: &[Need::Token],
    run: |cx| Box::pin(claims::disabled(cx)),
    ..CARD
};
