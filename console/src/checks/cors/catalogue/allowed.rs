//! Cards: declared origins get in, and representatives of the others stay out on every surface.

use super::super::{asked, dangling, protocol};
use super::{API8, CORS_CHECK, CORS_PROTOCOL, CWE_346, CWE_942, Check, EXACT_LIST, Need, Remedy, WSTG, Words, check};
use crate::run::Severity::{High, Info, Low, Medium};

const ADD_ORIGIN: Remedy = Remedy {
    axum: "Add the exact origin to the list given to CorsLayer::allow_origin, and redeploy.",
    fastapi: "Add the exact origin to allow_origins of CORSMiddleware, without a trailing slash, and redeploy.",
    express: "Add the exact origin to the array given to cors({ origin }), and redeploy.",
};
const OUTERMOST: Remedy = Remedy {
    axum: "Add the CORS layer last, so that it wraps authentication, limits and the fallback.",
    fastapi: "Add CORSMiddleware last, so that it is outermost; answer unhandled errors in an exception handler inside it.",
    express: "app.use(cors(...)) before every router, authentication and error handler.",
};
const IGNORE_CLAIMS: Remedy = Remedy {
    axum: "Compare only the Origin header with the list; never a host from the request.",
    fastapi: "Do not derive allow_origins from request.url or forwarded headers; give CORSMiddleware a fixed list.",
    express: "Do not use req.hostname or X-Forwarded-Host in the origin function; give cors an array.",
};

pub(super) const CONTROL: Check = check(
    "cors.control",
    Info,
    Words {
        title: "A declared origin gets in",
        why: "A service that refuses everybody would pass every check of refusals. So the good case comes first: a page of a declared \
              origin reads the list with a token, after a preflight that passes.",
        expectation: "2xx on the preflight and on the list, each with exactly this origin in Access-Control-Allow-Origin.",
    },
    &[CORS_CHECK],
    ADD_ORIGIN,
    |cx| Box::pin(asked::control(cx)),
);

pub(super) const SUCCESS: Check = check(
    "cors.allowed.success",
    Medium,
    Words {
        title: "Every declared origin gets in",
        why: "An origin that is declared but refused is a front end that does not work, and shows that what runs is not what was decided.",
        expectation: "For each declared origin the list and the preflights for it are 2xx and name exactly that origin.",
    },
    &[CORS_CHECK, CORS_PROTOCOL],
    ADD_ORIGIN,
    |cx| Box::pin(asked::allowed_success(cx)),
);

pub(super) const WRITES: Check = Check {
    needs: &[Need::Origins, Need::Token, Need::Writes],
    ..check(
        "cors.allowed.writes",
        Medium,
        Words {
            title: "A declared origin may read the answer to a write",
            why: "Writes may come from other code than reads. Without a grant the front end never learns the id of what it made, and makes \
                  it again.",
            expectation: "Creating an object from a declared origin answers 2xx and names exactly that origin.",
        },
        &[CORS_CHECK],
        OUTERMOST,
        |cx| Box::pin(asked::allowed_writes(cx)),
    )
};

pub(super) const ERRORS: Check = check(
    "cors.allowed.errors",
    Low,
    Words {
        title: "Declared origins may read errors too",
        why: "Without CORS headers on 401, 404 or 422 the browser hides the answer from the front end, which can then only say \"network \
              error\" where \"please sign in\" was meant.",
        expectation: "Errors name the declared origin as successes do. A missing header is a remark, since nothing is at risk; a broken \
                      one (two values, a list) is a mistake.",
    },
    &[CORS_PROTOCOL],
    OUTERMOST,
    |cx| Box::pin(asked::allowed_errors(cx)),
);

pub(super) const SURFACE_ERRORS: Check = check(
    "cors.surface.errors",
    High,
    Words {
        title: "Foreign origins are refused on every error status",
        why: "Errors often come from another layer than successes, with headers of its own: a proxy that adds * to every 404, an error \
              handler that echoes the origin. Error bodies tell about users and data too.",
        expectation: "404, 405, 415 and 422 carry no Access-Control-Allow-Origin that a foreign origin could use.",
    },
    &[CORS_CHECK, CWE_942, WSTG],
    OUTERMOST,
    |cx| Box::pin(asked::errors(cx)),
);

pub(super) const SURFACE_ROUTES: Check = check(
    "cors.surface.routes",
    Medium,
    Words {
        title: "Foreign origins are refused on every other route",
        why: "A policy set route by route has gaps: health, a single object, the root. What is public on purpose can be declared so.",
        expectation: "No declared route answers a foreign origin with an Access-Control-Allow-Origin that it could use.",
    },
    &[CORS_CHECK, CWE_942, API8],
    EXACT_LIST,
    |cx| Box::pin(asked::routes(cx)),
);

pub(super) const SURFACE_METHODS: Check = check(
    "cors.surface.methods",
    High,
    Words {
        title: "Foreign origins are refused on every method and form of the path",
        why: "HEAD, OPTIONS without a requested method, a trailing slash or a query may reach other code, and so another policy.",
        expectation: "The policy is the same on all of them.",
    },
    &[CORS_CHECK, CWE_346],
    EXACT_LIST,
    |cx| Box::pin(asked::methods(cx)),
);

pub(super) const CLAIMS: Check = check(
    "cors.claims",
    High,
    Words {
        title: "Request headers that claim another host do not let its origin in",
        why: "A service that compares Origin with the host it believes to be can be told that host: X-Forwarded-Host, Forwarded and others \
              come from the client unless a proxy removes them.",
        expectation: "With any such header the foreign origin is refused as it is without.",
    },
    &[CWE_346, WSTG],
    IGNORE_CLAIMS,
    |cx| Box::pin(asked::claims(cx)),
);

pub(super) const REPLICAS: Check = check(
    "cors.replicas",
    Medium,
    Words {
        title: "Every replica has the same policy",
        why: "Behind one address there may be several processes, and an old one with an old allowlist may still answer now and then.",
        expectation: "Several rounds of requests (eight in an exhaustive run): the declared origin is let in each time, the foreign one never.",
    },
    &[CORS_CHECK],
    ADD_ORIGIN,
    |cx| Box::pin(asked::replicas(cx)),
);

pub(super) const PROTOCOL: Check = Check {
    needs: &[Need::Origins, Need::Https],
    ..check(
        "cors.protocol",
        Medium,
        Words {
            title: "HTTP/1.1 and HTTP/2 have the same policy",
            why: "Proxies terminate HTTP/2 and speak HTTP/1.1 to the service, or serve one of them from another place. A rule that was \
                  written for one may miss the other, and browsers choose neither by themselves.",
            expectation: "Over each protocol alone the declared origin is let in and foreign ones are not.",
        },
        &[CORS_CHECK],
        ADD_ORIGIN,
        |cx| Box::pin(protocol::both(cx)),
    )
};

pub(super) const DANGLING: Check = Check {
    needs: &[Need::Origins, Need::AskOrigins],
    ..check(
        "cors.origin.dangling",
        Info,
        Words {
            title: "Every declared origin is held by somebody",
            why: "An origin stays on the list after its project was deleted or its domain ran out. Names on shared platforms and expired \
                  domains can be claimed by anybody, who then reads the API from a page that the list lets in.",
            expectation: "Each declared origin leads to an address, and its platform does not answer that nothing is deployed there. It can only warn: \
                          one look from outside proves no vacancy.",
        },
        &[WSTG, CWE_942],
        Remedy {
            axum: "Take the origin off the list, or claim its name again.",
            fastapi: "Take the origin off the list, or claim its name again.",
            express: "Take the origin off the list, or claim its name again.",
        },
        |cx| Box::pin(dangling::claimed(cx)),
    )
};
