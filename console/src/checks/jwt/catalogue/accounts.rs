//! Cards: what is issued, how one signs in, and what ends a token before its time.

use super::{API2, CARD, CWE_598, CWE_613, END_SESSIONS, LEAN_CLAIMS, ONE_CARRIER, QUIET_LOGIN, URI_QUERY, at};
use crate::checks::jwt::{accounts, contents, fixation, password, sessions, signed_in};
use crate::checks::{Check, Need, Remedy};
use crate::run::Severity;

pub(in crate::checks::jwt) const CONTENTS: Check = Check {
    id: "jwt.contents",
    title: "Issued tokens carry no secrets",
    why: "The payload of a token is encoded, not encrypted: everybody who sees it, in a log, a browser or an error tracker, reads its claims. Services that sign the whole row of the user hand out password hashes.",
    expectation: "No claim is a secret by its name or form; personal data such as an e-mail address is remarked.",
    severity: Severity::High,
    references: &[
        at("RFC 7519, 12", "https://www.rfc-editor.org/rfc/rfc7519#section-12"),
        at("OWASP API3:2023", "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/"),
        at("CWE-522", "https://cwe.mitre.org/data/definitions/522.html"),
    ],
    remedy: LEAN_CLAIMS,
    needs: &[Need::Token, Need::Jwt],
    run: |cx| Box::pin(contents::contents(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const ANSWER: Check = Check {
    id: "jwt.login.answer",
    title: "A sign-in hands out its token in private",
    why: "A token in a redirect address ends up in histories, Referer headers and access logs, one in a cacheable answer in caches, and one in a cookie that scripts can read or foreign pages can send is half stolen.",
    expectation: "No address in the answer holds the token, the answer says `Cache-Control: no-store`, and a cookie that carries it is HttpOnly, SameSite and, over https, Secure.",
    severity: Severity::Medium,
    references: &[
        URI_QUERY,
        at("RFC 6749, 5.1", "https://www.rfc-editor.org/rfc/rfc6749#section-5.1"),
        at("RFC 6265, 8.3", "https://www.rfc-editor.org/rfc/rfc6265#section-8.3"),
        CWE_598,
    ],
    remedy: ONE_CARRIER,
    needs: &[Need::Token],
    run: |cx| Box::pin(signed_in::answer(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const PASSWORD: Check = Check {
    id: "jwt.login.password",
    title: "Nothing but the right password signs in",
    why: "A query that takes whatever JSON holds in the place of a text (`{\"$ne\": null}`), one that is pasted together, a comparison that ignores letter case, or a branch for empty passwords signs anybody in to any account whose name is known. A new password without the old one turns a session that was left open into an account that is lost, and so does a sign-up that overwrites the account of its name.",
    expectation: "An empty password, `null`, an operator, the password in capitals, and the name with a quote and a comment behind bring no token; the password is not changed by whoever gives a wrong old one, nor by a second sign-up under the name, in capitals or behind a space as well, which signs nobody in to it either; a change of the password changes no other account and no role.",
    severity: Severity::Critical,
    references: &[
        API2,
        at("CWE-943", "https://cwe.mitre.org/data/definitions/943.html"),
        at("CWE-89", "https://cwe.mitre.org/data/definitions/89.html"),
        at("CWE-620", "https://cwe.mitre.org/data/definitions/620.html"),
    ],
    remedy: Remedy {
        axum: "Deserialize the sign-in into a struct of `String`s, bind the name as a parameter, and verify the hash with `argon2` or `bcrypt`; ask for the old password before a new one is kept.",
        fastapi: "Take the sign-in as a Pydantic model of `str` with `min_length=1`, select by a bound name, and verify with `passlib` or `pwdlib`; ask for the old password before a new one is kept.",
        express: "Validate that both are strings (`zod`, `typeof`), bind the name or use `express-mongo-sanitize`, and `await bcrypt.compare`; ask for the old password before a new one is kept.",
    },
    needs: &[Need::Token],
    run: |cx| Box::pin(password::only_the_right_one(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const FIXATION: Check = Check {
    id: "jwt.login.fixation",
    title: "A sign-in begins a session of its own",
    why: "A service that goes on with the session it was sent signs in whoever put that session into the browser: by a link, a neighbouring host, or an hour at the same machine. Session stores do so unless the id is made anew at every sign-in.",
    expectation: "Neither a session that the client made up nor one that was handed out before the sign-in opens anything after it.",
    severity: Severity::High,
    references: &[
        API2,
        at("CWE-384", "https://cwe.mitre.org/data/definitions/384.html"),
        at(
            "OWASP Session Management Cheat Sheet",
            "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html",
        ),
    ],
    remedy: Remedy {
        axum: "Call `cycle_id` of `tower-sessions` (or `login` of `axum-login`, which does) before the user is put into the session.",
        fastapi: "Delete the session of the request and make a new id when somebody signs in; take no id that the client sent.",
        express: "Call `req.session.regenerate` before the user is put into the session; `req.login` of passport 0.6 and later does.",
    },
    needs: &[Need::Token],
    run: |cx| Box::pin(fixation::fixation(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const UNIFORM: Check = Check {
    id: "jwt.login.uniform",
    title: "A sign-in does not tell who has an account",
    why: "Where a missing user and a wrong password are answered differently, names can be tried out by the million, and only the real ones need guessing.",
    expectation: "Both are answered with the same status and the same body. Where every answer for an existing user takes longer, by the time of a hash and twice as long, that is a remark.",
    severity: Severity::Medium,
    references: &[
        API2,
        at("OWASP ASVS 5.0, 6.3.8", "https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en"),
        at("CWE-204", "https://cwe.mitre.org/data/definitions/204.html"),
    ],
    remedy: QUIET_LOGIN,
    needs: &[Need::Token],
    run: |cx| Box::pin(accounts::uniform(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REVOKED: Check = Check {
    id: "jwt.revoked",
    title: "A token ends with its session, its password and its account",
    why: "People sign out on shared machines, change passwords after a theft and delete accounts, and each time believe that whoever holds the old token is locked out.",
    expectation: "The token is refused after signing out, after a change of the password in another session (the one that changed it may go on) and after the account is deleted, as far as these routes are declared. Signing out takes a cookie that carries the token back from the browser (a remark). A failure where `policy.revocation` demands it (for deleted accounts also `policy.known_subjects`), else a warning.",
    severity: Severity::High,
    references: &[API2, at("OWASP ASVS 5.0, 7.4.1", "https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en"), CWE_613],
    remedy: END_SESSIONS,
    needs: &[Need::Token, Need::Writes],
    run: |cx| Box::pin(sessions::revoked(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const REFRESH: Check = Check {
    id: "jwt.refresh",
    title: "A refresh token opens nothing, and is good once",
    why: "A refresh token lives for weeks. Taken as an access token it makes the short life of those worthless, and good for more than one exchange it serves the thief beside the owner, unseen.",
    expectation: "Refused in the place of an access token; refused when exchanged a second time after another took its place, but for a grace of some seconds. The one that took its place should end with that, since a thief may hold it: a remark where it does not.",
    severity: Severity::High,
    references: &[
        at("RFC 9700, 4.14", "https://www.rfc-editor.org/rfc/rfc9700#section-4.14"),
        at("RFC 8725, 3.12", "https://www.rfc-editor.org/rfc/rfc8725#section-3.12"),
        CWE_613,
    ],
    remedy: END_SESSIONS,
    needs: &[Need::Token, Need::Writes],
    run: |cx| Box::pin(sessions::refresh(cx)),
    ..CARD
};

pub(in crate::checks::jwt) const LIMIT: Check = Check {
    id: "jwt.login.limit",
    title: "Guessing passwords is slowed down",
    why: "Without a limit a list of leaked passwords is tried in minutes.",
    expectation: "After the declared number of wrong passwords in a row the service answers 429 with Retry-After, or locks the account.",
    severity: Severity::High,
    references: &[
        API2,
        at("CWE-307", "https://cwe.mitre.org/data/definitions/307.html"),
        at("RFC 6585, 4", "https://www.rfc-editor.org/rfc/rfc6585#section-4"),
    ],
    remedy: QUIET_LOGIN,
    needs: &[Need::Token, Need::Intrusive],
    run: |cx| Box::pin(accounts::limit(cx)),
    ..CARD
};
