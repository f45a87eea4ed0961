//! Cards of the checks that go for one object by its id.

use super::super::{apart, exposed, foreign, forms, lifecycle, oracle, recreated, toggle};
use super::{AUTHENTICATION, BOLA, CARD, DISCREPANCY, MISSING_AUTHORIZATION, PROPERTY};
use crate::checks::{Check, Need, Reference, Remedy};
use crate::run::Severity;

pub(super) const READ: Check = Check {
    id: "isolation.foreign.read",
    title: "B cannot read an object of A by its id",
    why: "Ids travel: in logs, links, screenshots and browser histories. A service that shows an object to whoever knows its id, with any \
          valid token, has no privacy between its users. This is the most common and the most exploited flaw of APIs.",
    expectation: "403 or 404 (as the policy says), and never A's canary, whatever the status.",
    severity: Severity::Critical,
    needs: super::OWN_GET,
    run: |cx| Box::pin(apart::by_id(cx, foreign::read)),
    ..CARD
};

pub(super) const HEAD: Check = Check {
    id: "isolation.foreign.head",
    title: "HEAD does not tell B that an object of A is there",
    why: "HEAD routes are often added by a framework beside GET and miss what protects it. Status, length and ETag of an object tell whether it \
          exists, how long it is and when it changes.",
    expectation: "The same refusal as for GET, or 405; never a success that an id which nothing has does not get as well.",
    severity: Severity::Medium,
    references: &[BOLA, DISCREPANCY],
    needs: super::OWN_GET,
    run: |cx| Box::pin(apart::by_id(cx, foreign::head)),
    ..CARD
};

const READ_AFTERWARDS: &str =
    "403 or 404 (as the policy says); A reads the object afterwards and finds it byte for byte as before; A can do the same to it.";

pub(super) const PUT: Check = Check {
    id: "isolation.foreign.put",
    title: "B cannot replace an object of A",
    why: "Reads are usually protected first and writes forgotten. A PUT that looks the object up by id alone lets any user overwrite the data of \
          all others.",
    expectation: READ_AFTERWARDS,
    severity: Severity::Critical,
    run: |cx| Box::pin(apart::by_id(cx, foreign::put)),
    ..CARD
};

pub(super) const PATCH: Check = Check {
    id: "isolation.foreign.patch",
    title: "B cannot change an object of A",
    why: "PATCH is often written later than the other routes, by copying the one without the owner in its query. Any user could then change \
          single fields of anybody's data, which is harder to notice than a replacement.",
    expectation: READ_AFTERWARDS,
    severity: Severity::Critical,
    run: |cx| Box::pin(apart::by_id(cx, foreign::patch)),
    ..CARD
};

pub(super) const DELETE: Check = Check {
    id: "isolation.foreign.delete",
    title: "B cannot delete an object of A",
    why: "A DELETE by id alone lets any user erase everybody's data, and services answer 204 whether or not something was deleted, so that the \
          status proves nothing. Only the owner's own look afterwards does.",
    expectation: READ_AFTERWARDS,
    severity: Severity::Critical,
    run: |cx| Box::pin(apart::by_id(cx, foreign::delete)),
    ..CARD
};

pub(super) const TOGGLE: Check = Check {
    id: "isolation.foreign.toggle",
    title: "B cannot toggle an object of A",
    why: "Action routes beside the plain object (complete, archive, share) are where owner checks are forgotten most: they have handlers of \
          their own and rarely tests for a second user.",
    expectation: READ_AFTERWARDS,
    run: |cx| Box::pin(apart::by_id(cx, toggle::toggle)),
    ..CARD
};

pub(super) const ANONYMOUS: Check = Check {
    id: "isolation.anonymous",
    title: "Nobody, without a token, can read or change an object of A",
    why: "One route without its guard is enough: whoever has the id, or only guesses the collection, has the data, and leaves no name in the \
          logs.",
    expectation: "401 or 403 (as the policy says), or 404, on every route of the object and on the list; A's object stays as it was, and health, which everybody may read, shows nothing of A's.",
    severity: Severity::Critical,
    references: &[AUTHENTICATION, MISSING_AUTHORIZATION],
    remedy: Remedy {
        axum: "Let every handler take the extractor that verifies the token, so that a route without it does not compile into one with data.",
        fastapi: "Put the dependency on the router, `APIRouter(dependencies=[Depends(get_current_user)])`, not on single routes.",
        express: "Mount the authentication middleware on the router before any route: `router.use(requireAuth)`.",
    },
    run: |cx| Box::pin(foreign::anonymous(cx)),
    ..CARD
};

pub(super) const EXPOSED: Check = Check {
    id: "isolation.exposed",
    title: "Objects bring no password and no hash along",
    why: "An object that is answered with the whole row of its owner, or a route that shows users as they are kept, hands out what passwords can be \
          guessed from offline.",
    expectation: "A's object, A's list and what A reads on further routes hold no member that is a password by its name, and no text that begins like a \
                  hash of one.",
    references: &[
        PROPERTY,
        Reference { name: "CWE-200: Exposure of sensitive information", url: "https://cwe.mitre.org/data/definitions/200.html" },
    ],
    remedy: Remedy {
        axum: "Serialize a struct made for the answer, never the row; leave the owner out, or show the id alone.",
        fastapi: "Declare a `response_model` without the relation, or with a public model of the user in it.",
        express: "Select the columns that are answered (`select: { id: true, name: true }`), or delete the password in `toJSON`.",
    },
    needs: super::BOTH,
    run: |cx| Box::pin(exposed::credentials(cx)),
    ..CARD
};

pub(super) const ORACLE: Check = Check {
    id: "isolation.oracle",
    title: "B cannot tell an id of A's from one that nothing has",
    why: "Different answers for foreign and missing ids let any user enumerate what others have, watch when it appears and goes, and count it. \
          Validation and preconditions that run before the look at the owner give the same away.",
    expectation: "Status, headers and body are the same for A's id and for two random ones, apart from what also moves between those two \
                  (Date, request ids, rate limits). A 403 for foreign ids beside a 404 is accepted where the policy accepts it.",
    severity: Severity::Low,
    references: &[DISCREPANCY, BOLA],
    remedy: Remedy {
        axum: "Answer one and the same 404 from one function, for a row that is missing and for one that is somebody else's; look at the body and at If-Match only afterwards.",
        fastapi: "Look the object up with the owner in the query and raise one `HTTPException(404, \"Not found\")` for both cases, without the id in its text.",
        express: "Query with the owner and send one 404 for both cases; do not send 403 for objects that exist.",
    },
    needs: &[Need::TwoUsers, Need::Writes, Need::OwnReads],
    run: |cx| Box::pin(apart::by_id(cx, oracle::oracle)),
    ..CARD
};

pub(super) const DELETED: Check = Check {
    id: "isolation.deleted",
    title: "What A deleted is gone, for A and for B",
    why: "Soft deletes, caches and replicas keep what a user believes to be erased. An object that can be read or changed after its deletion is \
          a broken promise to its owner, and often has lost its owner check with it.",
    expectation: "404 or 410 for A and B in every way of asking; a second DELETE changes nothing; no write brings the object back.",
    severity: Severity::Medium,
    references: &[BOLA, Reference { name: "RFC 9110, 9.3.5 DELETE", url: "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.5" }],
    remedy: Remedy {
        axum: "Delete the row, or put `deleted_at IS NULL` into every query through one view that all of them use.",
        fastapi: "Delete the row, or give the model a default filter (`with_loader_criteria`) that leaves soft-deleted rows out everywhere.",
        express: "Use the paranoid or soft-delete mode of the ORM for all queries, updates included, instead of a flag that each handler must remember.",
    },
    needs: super::DELETE,
    run: |cx| Box::pin(apart::by_id(cx, lifecycle::deleted)),
    ..CARD
};

pub(super) const RECREATED: Check = Check {
    id: "isolation.recreated",
    title: "Whoever signs up under the address of a deleted account inherits nothing",
    why: "Deleting the row of a user but not what it owns leaves data behind that is keyed by an address or a name. Addresses change hands, and the next \
          holder finds the files of the last; a token that names its account by the address opens the account of the next one.",
    expectation: "After an account made an object and was deleted, a new account under the same name does not get to see it, or cannot be made. That the old token opens what is the new account's is a failure where `policy.revocation` or `policy.known_subjects` demands more, else a warning.",
    severity: Severity::High,
    references: &[
        BOLA,
        Reference {
            name: "CWE-212: Improper removal of sensitive information",
            url: "https://cwe.mitre.org/data/definitions/212.html",
        },
        Reference { name: "OWASP ASVS 5.0, 14.2", url: "https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en" },
    ],
    remedy: Remedy {
        axum: "Key everything by a surrogate id that is never given out twice, and let the database delete with `REFERENCES users ON DELETE CASCADE`.",
        fastapi: "Key everything by a UUID of the user, and declare `ForeignKey(\"users.id\", ondelete=\"CASCADE\")`; put that id, not the address, into `sub`.",
        express: "Key everything by a UUID of the user, and delete what it owns in the transaction that deletes it; put that id, not the address, into `sub`.",
    },
    needs: &[Need::TwoUsers, Need::Writes, Need::OwnReads],
    run: |cx| Box::pin(recreated::inherits_nothing(cx)),
    ..CARD
};

pub(super) const ERRORS: Check = Check {
    id: "isolation.errors",
    title: "Error texts never show A's data to B",
    why: "Errors are written for developers: they print the row that violated a constraint, the object that failed to validate, or the state \
          before the change. A malformed request to a foreign id is the cheapest way to ask for that.",
    expectation: "Whatever B sends to A's id, no answer holds A's canary, and A's object stays as it was.",
    references: &[
        BOLA,
        Reference {
            name: "CWE-209: Generation of an error message containing sensitive information",
            url: "https://cwe.mitre.org/data/definitions/209.html",
        },
    ],
    remedy: Remedy {
        axum: "Look the object up with its owner before the body is validated, and map store errors to fixed texts.",
        fastapi: "Install exception handlers for `IntegrityError` and `Exception` that answer a fixed text; never `detail=str(error)`.",
        express: "End the chain with one error handler that answers a fixed text and logs the rest; set NODE_ENV=production.",
    },
    run: |cx| Box::pin(apart::by_id(cx, forms::errors)),
    ..CARD
};

pub(super) const REFUSED: Check = Check {
    id: "isolation.refused",
    title: "What was refused at its creation is not there",
    why: "A handler that writes first and validates later, or a transaction that is not rolled back, leaves half an object behind every refusal: its owner \
          never hears of it, and it often belongs to nobody or to everybody.",
    expectation: "After a creation that was refused, neither A's list nor B's holds anything of it.",
    severity: Severity::Medium,
    references: &[
        BOLA,
        Reference { name: "CWE-460: Improper cleanup on thrown exception", url: "https://cwe.mitre.org/data/definitions/460.html" },
    ],
    remedy: Remedy {
        axum: "Validate before the first query; where several belong together, put them into one transaction and `?` out of it before `commit`.",
        fastapi: "Validate in the model; use `async with session.begin()` so that an exception rolls back.",
        express: "Validate before the first query; wrap what belongs together in `sequelize.transaction(...)` or `BEGIN … ROLLBACK`.",
    },
    needs: super::LIST,
    run: |cx| Box::pin(lifecycle::refused(cx)),
    ..CARD
};
