//! Cards of the checks that look for another way in.

use super::super::{forms, routes};
use super::{BOLA, CARD, FUNCTION, INVENTORY, USER_KEY};
use crate::checks::{Check, Reference, Remedy};
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
    needs: super::GET,
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
    run: |cx| Box::pin(forms::method_override(cx)),
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
    needs: super::GET,
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

pub(super) const ROUTES: Check = Check {
    id: "isolation.routes",
    title: "No further route that takes an id shows or touches A's object to B",
    why: "History, export, comments and summary routes are written after the object's own, and look it up by the id in the path once more. Those \
          that an OpenAPI document or the operator names are asked, each beside the owner's answer and beside an id that nothing has.",
    expectation: "B gets for A's id what an id that nothing has gets, on every further route; where unsafe ones are allowed, A's object stays as it is.",
    severity: Severity::Critical,
    references: &[BOLA, USER_KEY, INVENTORY],
    run: |cx| Box::pin(routes::further(cx)),
    ..CARD
};
