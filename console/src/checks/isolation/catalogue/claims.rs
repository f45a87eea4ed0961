//! Cards of the checks in which B claims to be A, or sets what is not B's to set.

use super::super::{apart, assign, claim, clash, powers};
use super::{AUTHENTICATION, BOLA, CARD, DISCREPANCY, FUNCTION, MASS_ASSIGNMENT, PROPERTY, USER_KEY};
use crate::checks::{Check, Need, Reference, Remedy};
use crate::run::Severity;

/// The way to mend a service that believes what a request says of its sender.
const ONLY_THE_TOKEN: Remedy = Remedy {
    axum: "Take the user from the extractor that verified the token, and from nowhere else; let no query, body or header name an owner.",
    fastapi: "Use only the user of `Depends(get_current_user)`; remove `user_id` from query, path and body models, or compare it and answer 403.",
    express: "Use only `req.auth.sub` of the verified token; never `req.query.userId`, `req.body.userId` or `req.headers['x-user-id']`.",
};

/// The way to mend mass assignment.
const CLOSED_MODELS: Remedy = Remedy {
    axum: "Deserialise into a struct that holds only what a client may set, with `#[serde(deny_unknown_fields)]`; fill in the rest yourself.",
    fastapi: "Give create and update models of their own with `model_config = ConfigDict(extra=\"forbid\")`; never `Task(**body)` with the table model.",
    express: "Validate with a strict schema (`z.object({...}).strict()`) and pick the fields by name; never `Model.create(req.body)`.",
};

pub(super) const QUERY: Check = Check {
    id: "isolation.claim.query",
    title: "A query that names A shows B nothing of A's",
    why: "List routes with an optional `user_id` filter were made for administrators or for the first front end; without a check that it is the \
          caller's own, any user reads any other. Duplicates, arrays and operators slip past the checks that there are.",
    expectation: "No answer to B holds A's canary, with any of several dozen parameters, on the list and on A's object.",
    severity: Severity::Critical,
    remedy: ONLY_THE_TOKEN,
    needs: super::OWN_LIST,
    run: |cx| Box::pin(claim::query(cx)),
    ..CARD
};

pub(super) const HEADER: Check = Check {
    id: "isolation.claim.header",
    title: "A header that names A shows B, or nobody, nothing of A's",
    why: "Behind a gateway, services read the user from headers such as X-User-Id or X-Forwarded-User. Reached directly, anybody can send them. \
          Headers that replace the path (X-Original-URL) pass the checks of a proxy in the same way.",
    expectation: "No answer holds A's canary, with such headers beside B's token and without any token.",
    severity: Severity::Critical,
    references: &[
        AUTHENTICATION,
        Reference { name: "CWE-290: Authentication bypass by spoofing", url: "https://cwe.mitre.org/data/definitions/290.html" },
    ],
    remedy: ONLY_THE_TOKEN,
    needs: super::OWN_LIST,
    run: |cx| Box::pin(claim::header(cx)),
    ..CARD
};

pub(super) const BODY: Check = Check {
    id: "isolation.claim.body",
    title: "A body that names A does not let B write to A's object",
    why: "Where a handler compares the owner of the object with a field of the body instead of the token, whoever writes that field is the owner.",
    expectation: "Refused, in the usual spellings on PUT, PATCH and DELETE (ten in an exhaustive run), and A's object is byte for byte as before.",
    severity: Severity::Critical,
    remedy: ONLY_THE_TOKEN,
    run: |cx| Box::pin(apart::by_id(cx, claim::body)),
    ..CARD
};

pub(super) const PATH: Check = Check {
    id: "isolation.claim.path",
    title: "A path that names A shows B nothing of A's",
    why: "Paths such as /api/{user_id}/tasks carry the owner twice, in the path and in the token. Where the two are not compared, the path wins and \
          every user reads every other by changing it. Such routes also live on unnoticed beside newer ones.",
    expectation: "No answer to B holds A's canary: neither under A's own path nor under the shapes that such paths usually have.",
    severity: Severity::Critical,
    remedy: Remedy {
        axum: "Compare the path's user with the token's in one extractor that all routes below /{user_id} take, or leave the user out of the path.",
        fastapi: "Compare in one dependency of the router, `if user_id != user.id: raise HTTPException(403)`, or leave the user out of the path.",
        express: "Compare once in `router.param('userId', ...)`, or leave the user out of the path.",
    },
    needs: super::OWN_LIST,
    run: |cx| Box::pin(claim::path(cx)),
    ..CARD
};

pub(super) const CREATE: Check = Check {
    id: "isolation.assign.create",
    title: "Nobody can make an object in somebody else's name",
    why: "A create route that passes the body on to the database lets the client choose the owner: objects are planted in other accounts, where \
          their owners take them for their own. The same goes for roles and times.",
    expectation: "Unknown fields are refused or ignored: the object is B's alone, and reads back with the service's own values.",
    references: &[PROPERTY, MASS_ASSIGNMENT],
    remedy: CLOSED_MODELS,
    needs: super::CREATE,
    run: |cx| Box::pin(assign::on_create(cx)),
    ..CARD
};

pub(super) const UPDATE: Check = Check {
    id: "isolation.assign.update",
    title: "Nobody can give an object away, or change its id or times",
    why: "Update routes that merge the body into the row let a client rewrite the owner, the id and the times: objects appear in other accounts, \
          or are pulled out of the reach of audits.",
    expectation: "Unknown fields are refused or ignored: after all attempts the object is still B's alone, with the id and times it had.",
    references: &[PROPERTY, MASS_ASSIGNMENT],
    remedy: CLOSED_MODELS,
    needs: super::CHANGE,
    run: |cx| Box::pin(assign::on_update(cx)),
    ..CARD
};

pub(super) const ID: Check = Check {
    id: "isolation.assign.id",
    title: "B cannot take over the id of A's object",
    why: "Where clients may choose ids and creation is an upsert, making an object with a known id overwrites the one that has it, whoever owns it. So does a change that is stored under the id of its body, after the owner of the one in the path was looked at.",
    expectation: "Refused, or made with an id of its own, and changed where the path says; A's object is byte for byte as before.",
    references: &[PROPERTY, MASS_ASSIGNMENT, USER_KEY],
    remedy: Remedy {
        axum: "Let the store make the id; where clients must choose it, insert without ON CONFLICT UPDATE and make the key (owner, id).",
        fastapi: "Leave `id` out of the create model and use `session.add`, never `session.merge`, for new objects.",
        express: "Leave `id` out of what is accepted and use `create`, never `upsert` or `save`, for new objects.",
    },
    needs: super::GET,
    run: |cx| Box::pin(clash::id_chosen(cx)),
    ..CARD
};

pub(super) const POWERS: Check = Check {
    id: "isolation.assign.role",
    title: "Whoever signs up cannot make an administrator of the new account",
    why: "A sign-up that keeps every member of the body keeps `role` and `is_admin` too: one request, and a stranger has the keys to everybody's \
          objects.",
    expectation: "Refused or ignored: neither the answer nor the claims of the token say more of the account than of an ordinary one. Asked where a \
                  sign-up is declared.",
    severity: Severity::Critical,
    references: &[PROPERTY, FUNCTION, MASS_ASSIGNMENT],
    remedy: CLOSED_MODELS,
    needs: &[Need::Token, Need::Writes],
    run: |cx| Box::pin(powers::signed_up(cx)),
    ..CARD
};

pub(super) const TITLE: Check = Check {
    id: "isolation.assign.title",
    title: "B may use a title that A used",
    why: "A unique constraint over all accounts instead of one for each turns creation into an oracle: a conflict tells that somebody has that title, \
          and lets users block each other's names.",
    expectation: "B's object with the very title of A's is made like any other.",
    severity: Severity::Low,
    references: &[DISCREPANCY, BOLA],
    remedy: Remedy {
        axum: "Make the constraint `UNIQUE (owner, title)` instead of `UNIQUE (title)`.",
        fastapi: "Use `UniqueConstraint(\"user_id\", \"title\")` instead of `unique=True` on the column.",
        express: "Index `[userId, title]` as unique instead of `title` alone.",
    },
    needs: super::UPDATE,
    run: |cx| Box::pin(clash::same_title(cx)),
    ..CARD
};
