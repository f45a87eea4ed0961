//! Cards: what answers grant beside the origin, and what they tell caches.

use super::super::{caching, grants};
use super::{
    CORS_CACHES, CORS_CHECK, CORS_PROTOCOL, CWE_942, Check, EXACT_LIST, RESOURCE_TIMING, RFC_6454, RFC_9110_VARY, Remedy, WSTG,
    Words, check,
};
use crate::run::Severity::{High, Low, Medium};

const VARY: Remedy = Remedy {
    axum: "tower-http's CorsLayer sends Vary by itself; where headers are set by hand, append Vary: Origin to every answer.",
    fastapi: "Starlette sends Vary: Origin only to allowed origins; in a middleware added after it, `response.headers.add_vary_header(\"Origin\")` on every answer.",
    express: "Before everything else: `app.use((req, res, next) => { res.vary('Origin'); next(); })`; cors with a function leaves it out where it refuses.",
};
const ONE_LAYER: Remedy = Remedy {
    axum: "Set CORS headers in one place: remove the second CorsLayer, or the header that the proxy adds.",
    fastapi: "Set CORS headers in one place: remove the second middleware, or the header that the proxy adds.",
    express: "Set CORS headers in one place: remove the second cors(), res.header call, or the header that the proxy adds.",
};
const COOKIES: Remedy = Remedy {
    axum: "Leave out allow_credentials(true) unless cookies are used; never together with Any.",
    fastapi: "allow_credentials=False unless cookies are used.",
    express: "cors({ credentials: true }) only where cookies are used.",
};
const EXPOSE: Remedy = Remedy {
    axum: "expose_headers([ETAG, LOCATION, ...]): a list of what the front end reads.",
    fastapi: "expose_headers=[\"ETag\", \"Location\"]: a list of what the front end reads.",
    express: "exposedHeaders: ['ETag', 'Location']: a list of what the front end reads.",
};
const TIMING_OFF: Remedy = Remedy {
    axum: "Remove the layer that sets Timing-Allow-Origin, or name the front end's origin.",
    fastapi: "Remove the header Timing-Allow-Origin, or name the front end's origin.",
    express: "Remove res.set('Timing-Allow-Origin', ...), or name the front end's origin.",
};

pub(super) const WILDCARD: Check = check(
    "cors.wildcard",
    High,
    Words {
        title: "No answer is open to everybody",
        why: "* lets every page read what was asked for without cookies, and a bearer token is sent without cookies. Together with \
              credentials it is broken besides.",
        expectation: "No Access-Control-Allow-Origin contains *, on no status, with or without an Origin in the request.",
    },
    &[CORS_PROTOCOL, CWE_942, WSTG],
    EXACT_LIST,
    |cx| Box::pin(grants::wildcard(cx)),
);

pub(super) const STALE: Check = check(
    "cors.static",
    Medium,
    Words {
        title: "A stranger's answer names nobody else",
        why: "A fixed Access-Control-Allow-Origin lets in whomever it names, whatever the allowlist says: a developer's localhost, \
              null, a host that was given up. A fixed declared name is harmless with Vary: Origin.",
        expectation: "No Access-Control-Allow-Origin for a stranger, or always the same declared one with Vary: Origin.",
    },
    &[CORS_CHECK, CORS_CACHES],
    EXACT_LIST,
    |cx| Box::pin(grants::stale(cx)),
);

pub(super) const SINGLE: Check = check(
    "cors.single",
    Medium,
    Words {
        title: "Access-Control-Allow-Origin is one value",
        why: "Two headers or a list make every browser refuse the answer, and show that two layers set policy, perhaps not the same one.",
        expectation: "At most one header, with one origin in it.",
    },
    &[CORS_CHECK, RFC_6454],
    ONE_LAYER,
    |cx| Box::pin(grants::single(cx)),
);

pub(super) const UNASKED: Check = check(
    "cors.unasked",
    Low,
    Words {
        title: "Requests without an origin are granted nothing",
        why: "What is sent to requests without an Origin lands in caches and is served to others. A grant there, if it names an origin \
              that is not declared, lets it in from the cache.",
        expectation: "No Access-Control-Allow-Origin, or always the same declared one with Vary: Origin.",
    },
    &[CORS_CACHES],
    EXACT_LIST,
    |cx| Box::pin(grants::unasked(cx)),
);

pub(super) const CREDENTIALS: Check = check(
    "cors.credentials",
    Medium,
    Words {
        title: "Cookies are granted only where they are used",
        why: "Access-Control-Allow-Credentials turns a mistake in the allowlist into account takeover wherever the browser holds cookies. \
              An API with bearer tokens has no use for it.",
        expectation: "Exactly \"true\" where the service uses cookies, absent otherwise, never with *. Sent to a refused origin it has no \
                      effect and is not counted.",
    },
    &[CORS_PROTOCOL, CORS_CHECK, CWE_942],
    COOKIES,
    |cx| Box::pin(grants::credentials(cx)),
);

pub(super) const EXPOSED: Check = check(
    "cors.exposed",
    Low,
    Words {
        title: "Only declared answer headers are exposed",
        why: "Scripts should see what they need. An exposed Authorization header hands a renewed token to any script of the page, injected \
              ones included.",
        expectation: "Access-Control-Expose-Headers lists declared names only, never Authorization or Set-Cookie.",
    },
    &[CORS_PROTOCOL],
    EXPOSE,
    |cx| Box::pin(grants::exposed(cx)),
);

pub(super) const TIMING: Check = check(
    "cors.timing",
    Low,
    Words {
        title: "Timing is not open to strangers",
        why: "Timing-Allow-Origin gives a foreign page precise timings and sizes of answers that it may not read, which can tell whether \
              an account or an object exists.",
        expectation: "No Timing-Allow-Origin, or declared origins only.",
    },
    &[RESOURCE_TIMING],
    TIMING_OFF,
    |cx| Box::pin(grants::timing(cx)),
);

pub(super) const VARY_ALLOWED: Check = check(
    "cors.vary.allowed",
    Medium,
    Words {
        title: "Answers that name an origin say Vary: Origin",
        why: "A header that names whoever asked makes the answer depend on the request. A cache that is not told hands one front end the \
              answer made for another, and the browser refuses it.",
        expectation: "Vary contains Origin wherever Access-Control-Allow-Origin depends on the request.",
    },
    &[CORS_CACHES, RFC_9110_VARY],
    VARY,
    |cx| Box::pin(caching::vary_allowed(cx)),
);

pub(super) const VARY_EVERYWHERE: Check = check(
    "cors.vary.everywhere",
    Low,
    Words {
        title: "Refusals, errors and answers without an origin say Vary: Origin",
        why: "A cache that keeps an answer without a grant serves it to declared origins too, and whoever asks first locks the others out. \
              Where answers may not be cached this is a remark.",
        expectation: "Vary contains Origin on every answer of a service whose CORS headers depend on the origin.",
    },
    &[CORS_CACHES, RFC_9110_VARY],
    VARY,
    |cx| Box::pin(caching::vary_everywhere(cx)),
);

pub(super) const ORDER: Check = check(
    "cors.cache-order",
    High,
    Words {
        title: "The grant follows the origin, whoever asked before",
        why: "A cache in front that ignores Origin can serve a foreign page what was made for the front end, and the other way round. One \
              URL that nobody else asks shows it: without an origin, declared, foreign, declared.",
        expectation: "The declared origin is let in each time, the foreign one never, and no shared cache answers.",
    },
    &[CORS_CACHES, RFC_9110_VARY],
    VARY,
    |cx| Box::pin(caching::order(cx)),
);
