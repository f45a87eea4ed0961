//! The cards of the suite: what each check asks, why, and how to mend what it finds. No behaviour.

mod caches;
mod claims;
mod lists;
mod objects;
mod ways;

use super::control;
use crate::checks::{Check, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[
    CONTROL,
    objects::READ,
    objects::HEAD,
    objects::PUT,
    objects::PATCH,
    objects::DELETE,
    objects::TOGGLE,
    objects::ANONYMOUS,
    objects::EXPOSED,
    objects::ORACLE,
    objects::DELETED,
    objects::REFUSED,
    objects::ERRORS,
    objects::RECREATED,
    lists::PAGES,
    lists::SEARCH,
    lists::CURSOR,
    lists::TOTALS,
    lists::BULK,
    ways::BULK,
    ways::SESSIONS,
    claims::QUERY,
    claims::HEADER,
    claims::BODY,
    claims::PATH,
    claims::CREATE,
    claims::UPDATE,
    claims::ID,
    claims::TITLE,
    claims::POWERS,
    ways::ACCOUNTS,
    ways::ID_FORMS,
    ways::METHOD,
    ways::VERSIONS,
    ways::ADMIN,
    ways::ROUTES,
    caches::SHARED,
    caches::DIRECTIVES,
    caches::CONDITIONAL,
    caches::INTERLEAVED,
];

const BOLA: Reference = Reference {
    name: "OWASP API1:2023 Broken Object Level Authorization",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/",
};
const PROPERTY: Reference = Reference {
    name: "OWASP API3:2023 Broken Object Property Level Authorization",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/",
};
const FUNCTION: Reference = Reference {
    name: "OWASP API5:2023 Broken Function Level Authorization",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/",
};
const INVENTORY: Reference = Reference {
    name: "OWASP API9:2023 Improper Inventory Management",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/",
};
const AUTHENTICATION: Reference = Reference {
    name: "OWASP API2:2023 Broken Authentication",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/",
};
const USER_KEY: Reference = Reference {
    name: "CWE-639: Authorization bypass through a user-controlled key",
    url: "https://cwe.mitre.org/data/definitions/639.html",
};
const MISSING_AUTHORIZATION: Reference =
    Reference { name: "CWE-862: Missing authorization", url: "https://cwe.mitre.org/data/definitions/862.html" };
const DISCREPANCY: Reference =
    Reference { name: "CWE-204: Observable response discrepancy", url: "https://cwe.mitre.org/data/definitions/204.html" };
const MASS_ASSIGNMENT: Reference = Reference {
    name: "CWE-915: Improperly controlled modification of object attributes",
    url: "https://cwe.mitre.org/data/definitions/915.html",
};

/// The way to mend what lets a foreign object through.
const OWNED_QUERIES: Remedy = Remedy {
    axum: "Take the owner from the verified token in an extractor, pass it to every method of the store, and put it into every query: `WHERE id = $1 AND owner = $2`.",
    fastapi: "Filter by the user of `Depends(get_current_user)` in the query itself: `select(Task).where(Task.id == id, Task.user_id == user.id)`; answer 404 when nothing comes back.",
    express: "Query with the owner of the verified token, `findOne({ where: { id, userId: req.auth.sub } })`, and answer 404 when nothing comes back.",
};

/// What most checks need, and which route beside.
const GET: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute];
const LIST: &[Need] = &[Need::TwoUsers, Need::Writes, Need::ListRoute];
const BOTH: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute, Need::ListRoute];
/// The same of what asks who reads what.
const OWN_GET: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute, Need::OwnReads];
const OWN_LIST: &[Need] = &[Need::TwoUsers, Need::Writes, Need::ListRoute, Need::OwnReads];
const OWN_BOTH: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute, Need::ListRoute, Need::OwnReads];
/// The same where the list shows what no route of its own does.
const CREATE: &[Need] = &[Need::TwoUsers, Need::Writes, Need::SightRoute];
const CHANGE: &[Need] = &[Need::TwoUsers, Need::Writes, Need::SightRoute, Need::UpdateRoute];
const UPDATE: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute, Need::UpdateRoute];
const DELETE: &[Need] = &[Need::TwoUsers, Need::Writes, Need::GetRoute, Need::DeleteRoute];

/// What most cards of the suite share; each of them replaces the rest.
const CARD: Check = Check {
    id: "isolation",
    suite: Suite::Isolation,
    title: "",
    why: "",
    expectation: "",
    severity: Severity::High,
    references: &[BOLA, USER_KEY],
    requirements: &["US2", "FR-007"],
    remedy: OWNED_QUERIES,
    needs: &[Need::TwoUsers, Need::Writes],
    run: |cx| Box::pin(control::control(cx)),
};

const CONTROL: Check = Check {
    id: "isolation.control",
    title: "Two different users can make, read, change and list their own objects",
    why: "A refusal proves isolation only where the same request works for the owner. Without this, a service that refuses everybody, or tokens \
          that belong to one and the same user, would look isolated.",
    expectation: "Both users make an object, read it with its canary, change it, read the change back and get a list.",
    severity: Severity::Info,
    remedy: Remedy {
        axum: "Check that both tokens name different, existing users, and that `paths`, `resource` and `update` in postflight.toml describe the API.",
        fastapi: "Check that both tokens name different, existing users, and that `paths`, `resource` and `update` in postflight.toml describe the API.",
        express: "Check that both tokens name different, existing users, and that `paths`, `resource` and `update` in postflight.toml describe the API.",
    },
    ..CARD
};

/// The control between the checks.
pub const STILL: Check = Check { run: |cx| Box::pin(control::still(cx)), ..CONTROL };
/// The control after the checks.
pub const ANEW: Check = Check { run: |cx| Box::pin(control::anew(cx)), ..CONTROL };
