//! Cards of the checks about caches, conditions and requests in flight at once.

use super::super::{apart, cache, together};
use super::{BOLA, CARD, DISCREPANCY};
use crate::checks::{Check, Reference, Remedy};
use crate::run::Severity;

const SHARED_CACHES: Reference = Reference {
    name: "RFC 9111, 3.5 Storing responses to authenticated requests",
    url: "https://www.rfc-editor.org/rfc/rfc9111#section-3.5",
};
const SENSITIVE_CACHE: Reference = Reference {
    name: "CWE-524: Use of cache containing sensitive information",
    url: "https://cwe.mitre.org/data/definitions/524.html",
};

/// The way to keep caches out.
const NO_STORE: Remedy = Remedy {
    axum: "Set `Cache-Control: no-store` on the whole API router with `SetResponseHeaderLayer::if_not_present`.",
    fastapi: "Set `Cache-Control: no-store` in one middleware for everything below the API's prefix; key any cache of your own by user.",
    express: "`app.use('/api', (req, res, next) => { res.set('Cache-Control', 'no-store'); next() })`; key any cache of your own by user.",
};

pub(super) const SHARED: Check = Check {
    id: "isolation.cache.shared",
    title: "What A was served is not served to B, or to nobody, at the same address",
    why: "A cache that keys by URL alone, in the service, in a content network or between, serves the first user's answer to all who follow.",
    expectation: "After A read a URL that nobody asked before, B and nobody get their own answers there, without A's canary.",
    severity: Severity::Critical,
    references: &[SHARED_CACHES, SENSITIVE_CACHE],
    remedy: NO_STORE,
    needs: super::OWN_BOTH,
    run: |cx| Box::pin(cache::shared(cx)),
    ..CARD
};

pub(super) const DIRECTIVES: Check = Check {
    id: "isolation.cache.directives",
    title: "Answers with a user's data tell shared caches to keep out",
    why: "Shared caches may store answers to requests with a token when these say `public` or `s-maxage`; browsers keep what says nothing, where the next \
          user of the machine finds it.",
    expectation: "`Cache-Control: no-store` or `private` on the object and on the list. `public` or `s-maxage` is a failure, silence a warning.",
    severity: Severity::Medium,
    references: &[SHARED_CACHES, SENSITIVE_CACHE],
    remedy: NO_STORE,
    needs: super::OWN_BOTH,
    run: |cx| Box::pin(cache::directives(cx)),
    ..CARD
};

pub(super) const CONDITIONAL: Check = Check {
    id: "isolation.cache.conditional",
    title: "No condition of B's is tried against A's object",
    why: "Middleware that answers If-None-Match, Range or If-Match before the handler looked at the owner says 304, 206 or 412 for objects that B must \
          not know of: with the right ETag even that it did not change.",
    expectation: "The plain refusal for every condition: no 304, no 206, and 412 only where an id that nothing has gets it as well. The ETag of A's list \
                  does not hold for B's.",
    severity: Severity::Medium,
    references: &[
        Reference { name: "RFC 9110, 13 Conditional requests", url: "https://www.rfc-editor.org/rfc/rfc9110#section-13" },
        DISCREPANCY,
        BOLA,
    ],
    remedy: Remedy {
        axum: "Load the object with its owner first; compare preconditions only with what came back.",
        fastapi: "Load the object with its owner first; compare preconditions only with what came back, not in a middleware with a cache of ETags.",
        express: "Load the object with its owner first; derive list ETags from the answer that this user gets.",
    },
    needs: super::OWN_BOTH,
    run: |cx| Box::pin(apart::by_id(cx, cache::conditional)),
    ..CARD
};

pub(super) const INTERLEAVED: Check = Check {
    id: "isolation.concurrency",
    title: "Answers to A and B in flight at once never trade places",
    why: "A user kept in a global, in a reused connection or in a context that survives the request bleeds into the next one under load. One request at \
          a time never shows it.",
    expectation: "Twelve interleaved rounds of both users (fifty in an exhaustive run), all in flight together: each answer holds the own canary and never the other's.",
    severity: Severity::Critical,
    references: &[
        BOLA,
        Reference {
            name: "CWE-488: Exposure of data element to wrong session",
            url: "https://cwe.mitre.org/data/definitions/488.html",
        },
    ],
    remedy: Remedy {
        axum: "Keep the user in request extensions or in the handler's arguments, never in shared state; reset session variables when a connection goes back to the pool.",
        fastapi: "Use dependencies or a `ContextVar` that is set for each request, never a module global; reset session variables when a connection goes back to the pool.",
        express: "Keep the user on `req`, never in a module variable; reset session variables when a connection goes back to the pool.",
    },
    needs: super::OWN_BOTH,
    run: |cx| Box::pin(together::interleaved(cx)),
    ..CARD
};
