//! Cards of the checks that look for another way in.

use super::super::{accounts, apart, bulk, forms, routes, sessions};
use super::{AUTHENTICATION, BOLA, CARD, FUNCTION, INVENTORY, MASS_ASSIGNMENT, PROPERTY, USER_KEY};
use crate::checks::{Check, Need, Reference, Remedy};
use crate::run::Severity;

pub(super) const ID_FORMS: Check = Check {
    id: "isolation.forms.id",
    title: "No other spelling of the id lets B reach A's object",
    why: "Proxies, routers, guards and databases normalise differently. An id in upper case, in braces, with a trailing slash or an encoded NUL may \
          pass a guard as one thing and reach the database as another, and one that is pasted into a query becomes part of it.",
    expectation: "No answer to B holds A's canary, with thirty-two spellings of the id, SQL among them.",
    references: &[
        USER_KEY,
        Reference { name: "CWE-180: Validate before canonicalize", url: "https://cwe.mitre.org/data/definitions/180.html" },
        Reference { name: "CWE-89: SQL injection", url: "https://cwe.mitre.org/data/definitions/89.html" },
    ],
    remedy: Remedy {
        axum: "Extract `Path<Uuid>` so that only one type reaches the store, and decide by the row's owner, never by the text of the path.",
        fastapi: "Declare the parameter as `UUID` or `int`, and decide by the row's owner, never by the text of the path.",
        express: "Parse the id with a strict schema first, and decide by the row's owner, never by `req.path` or `req.url`.",
    },
    needs: super::OWN_GET,
    run: |cx| Box::pin(forms::id_forms(cx)),
    ..CARD
};

pub(super) const METHOD: Check = Check {
    id: "isolation.forms.method",
    title: "No header or parameter turns a read into a deletion",
    why: "Method override (X-HTTP-Method-Override, _method) renames a request behind the guards that looked at its method, and turns links that a \
          browser follows on its own into writes.",
    expectation: "Requests with an overridden method do what their real method says: A's objects are as before, those that A itself reads included.",
    references: &[
        FUNCTION,
        Reference {
            name: "CWE-650: Trusting HTTP permission methods on the server side",
            url: "https://cwe.mitre.org/data/definitions/650.html",
        },
    ],
    remedy: Remedy {
        axum: "Add no method-override layer; route by the method of the request line only.",
        fastapi: "Remove method-override middleware; route by the method of the request line only.",
        express: "Remove `method-override`, or let it act on POST forms only and mount it before, not behind, every guard.",
    },
    run: |cx| Box::pin(apart::by_id(cx, forms::method_override)),
    ..CARD
};

pub(super) const VERSIONS: Check = Check {
    id: "isolation.forms.versions",
    title: "No older, newer or internal version of the API shows A's object",
    why: "Old versions stay up for one last client, beta and internal ones for developers, and the fixes of the main one do not reach them.",
    expectation: "No answer to B or to nobody holds A's canary, under a dozen usual prefixes and with the headers that ask for a version; only safe methods are sent.",
    references: &[INVENTORY, BOLA],
    remedy: Remedy {
        axum: "Mount one router once; where two versions must live, nest the same handlers behind both prefixes.",
        fastapi: "Include one router under each prefix instead of a copy, and remove versions that have no client.",
        express: "Mount one router under each prefix instead of a copy, and remove versions that have no client.",
    },
    needs: super::OWN_GET,
    run: |cx| Box::pin(forms::versions(cx)),
    ..CARD
};

pub(super) const ADMIN: Check = Check {
    id: "isolation.forms.admin",
    title: "An ordinary user gets nothing from administrative routes",
    why: "Administrative routes are often hidden rather than guarded. Their names are the same everywhere, and they list all users and all objects.",
    expectation: "No answer to B holds A's canary or A's subject, on the usual administrative paths; only safe methods are sent.",
    severity: Severity::Critical,
    references: &[FUNCTION],
    remedy: Remedy {
        axum: "Give administrative routes a router of their own behind an extractor that demands the role.",
        fastapi: "Give administrative routes a router with `dependencies=[Depends(require_admin)]`.",
        express: "Give administrative routes a router that begins with `router.use(requireRole('admin'))`.",
    },
    run: |cx| Box::pin(forms::admin(cx)),
    ..CARD
};

pub(super) const BULK: Check = Check {
    id: "isolation.bulk",
    title: "A bulk route touches nothing of A's among B's own",
    why: "`DELETE … WHERE id IN (…)` is written once for the convenience of a list with checkboxes, and the owner that every other query has is \
          forgotten in it. Checking the first id alone lets all the others through.",
    expectation: "With an own id and A's in one request of each route under `task.bulk`, A's object stays as it was and nothing of it is told; B's own may be done or not, but not behind a refusal (a remark).",
    severity: Severity::Critical,
    references: &[BOLA, USER_KEY],
    needs: super::GET,
    run: |cx| Box::pin(bulk::writes(cx)),
    ..CARD
};

pub(super) const ACCOUNTS: Check = Check {
    id: "isolation.accounts",
    title: "Nobody changes or deletes another's account, or makes the own one an administrator's",
    why: "`PATCH /users/{id}` looks the user up by the path and forgets who asks; the same handler, fed with the whole body, takes `role` and \
          `is_superuser` along. One request then takes over, or removes, any account whose id is known.",
    expectation: "B's change and deletion of another account are refused and leave it as it was, and a change of the own account that asks for powers brings none, on every declared or documented route of accounts. No account takes the e-mail address of another. Attacked are accounts that were signed up for the run; asked with `allow_unsafe_routes`.",
    severity: Severity::Critical,
    references: &[BOLA, PROPERTY, MASS_ASSIGNMENT],
    remedy: Remedy {
        axum: "Take the account from the verified token, or compare the id of the path with it first; deserialize changes into a struct that has no role.",
        fastapi: "Compare the id of the path with `current_user.id` first, and take changes as a Pydantic model without `role` and `is_superuser` (`UserUpdateMe`).",
        express: "Compare `req.params.userId` with `req.user.id` first, and pick the members that may change (`const { name } = req.body`).",
    },
    needs: &[Need::TwoUsers, Need::Writes],
    run: |cx| Box::pin(accounts::untouched(cx)),
    ..CARD
};

pub(super) const SESSIONS: Check = Check {
    id: "isolation.sessions",
    title: "A token of A beside a session of B is one user everywhere",
    why: "Services that grew from cookies to tokens know two ways to say who asks. Where the guard reads one and the query the other, one request is \
          two people: whoever can plant a cookie decides whose data the holder of a token writes to.",
    expectation: "With A's token and the cookies that B's sign-in set, all routes take the request for the same user, or refuse it; what it creates belongs to that user.",
    severity: Severity::High,
    references: &[
        BOLA,
        AUTHENTICATION,
        Reference { name: "CWE-384: Session fixation", url: "https://cwe.mitre.org/data/definitions/384.html" },
    ],
    remedy: Remedy {
        axum: "Resolve the caller in one extractor that every handler takes, and refuse requests that carry both a session and a token of different users.",
        fastapi: "Resolve the caller in one dependency that every route uses, and raise 401 when a session and a token name different users.",
        express: "Set `req.user` in one middleware, never read `req.session.userId` beside it, and answer 401 when both name different users.",
    },
    needs: super::OWN_GET,
    run: |cx| Box::pin(sessions::mixed(cx)),
    ..CARD
};

pub(super) const ROUTES: Check = Check {
    id: "isolation.routes",
    title: "No further route that takes an id shows or touches A's object to B",
    why: "History, export, comments and summary routes are written after the object's own, and look it up by the id in the path once more. Those \
          that an OpenAPI document or the operator names are asked, each beside the owner's answer and beside an id that nothing has.",
    expectation: "B gets for A's id what an id that nothing has gets, on every further route; where unsafe ones are allowed, A's object stays as it is. So does what A's objects live in when B changes or deletes it, and what A alone has in further collections; an object of B's may not name that either.",
    severity: Severity::Critical,
    references: &[BOLA, USER_KEY, INVENTORY],
    run: |cx| Box::pin(apart::by_id(cx, routes::further)),
    ..CARD
};
