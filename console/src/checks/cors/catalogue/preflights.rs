//! Cards: preflights, and writes that need none.

use super::super::{preflights, writes};
use super::{
    API8, CORS_CHECK, CORS_PREFLIGHT, CORS_PROTOCOL, CWE_352, Check, Need, PRIVATE_NETWORK as PRIVATE_NETWORK_DRAFT, Remedy, Words,
    check,
};
use crate::run::Severity::{Low, Medium};

const BEFORE_AUTH: Remedy = Remedy {
    axum: "Put the CORS layer outside the authentication layer: it answers preflights itself.",
    fastapi: "Add CORSMiddleware after (that is, outside) any middleware that asks for a token.",
    express: "app.use(cors(...)) before the authentication middleware.",
};
const LISTS: Remedy = Remedy {
    axum: "allow_methods([GET, POST, ...]) and allow_headers([AUTHORIZATION, CONTENT_TYPE]): lists, not Any and not mirror_request().",
    fastapi: "allow_methods=[\"GET\", ...], allow_headers=[\"Authorization\", \"Content-Type\"]: lists, not [\"*\"].",
    express: "cors({ methods: [...], allowedHeaders: ['Authorization', 'Content-Type'] }): without allowedHeaders every name is mirrored.",
};
const MAX_AGE_REMEDY: Remedy = Remedy {
    axum: "CorsLayer::max_age(Duration::from_secs(600)).",
    fastapi: "CORSMiddleware(max_age=600).",
    express: "cors({ maxAge: 600 }).",
};
const NO_PRIVATE: Remedy = Remedy {
    axum: "Leave out allow_private_network.",
    fastapi: "Leave out allow_private_network, or set it to False.",
    express: "Remove the header Access-Control-Allow-Private-Network.",
};
const NO_REDIRECT: Remedy = Remedy {
    axum: "Serve the declared path itself; redirect only paths that nobody preflights.",
    fastapi: "Declare routes as clients call them, or FastAPI(redirect_slashes=False); run uvicorn with --proxy-headers behind an edge.",
    express: "Serve the declared path itself; app.set('trust proxy', 1) behind an edge, so that redirects keep https.",
};
const JSON_ONLY: Remedy = Remedy {
    axum: "Use axum's Json extractor, which answers 415 to any other type.",
    fastapi: "Take bodies as Pydantic models and refuse other content types, a missing one included, with 415.",
    express: "express.json() alone, without urlencoded or text parsers; answer 415 when req.is('application/json') is false.",
};

pub(super) const ANONYMOUS: Check = check(
    "cors.preflight.anonymous",
    Medium,
    Words {
        title: "Preflights pass without a token",
        why: "Browsers never put a token on a preflight. Where authentication answers it with 401, every call of the front end fails, and \
              operators are tempted to open CORS wider than they should.",
        expectation: "2xx with the origin's name on every route, without Authorization.",
    },
    &[CORS_PREFLIGHT],
    BEFORE_AUTH,
    |cx| Box::pin(preflights::anonymous(cx)),
);

pub(super) const DECLARED: Check = check(
    "cors.preflight.declared-methods",
    Medium,
    Words {
        title: "Preflights grant the methods of the declared resource",
        why: "DELETE, PUT and PATCH always need a preflight. One that does not name them leaves the front end unable to change anything.",
        expectation: "Access-Control-Allow-Methods names DELETE and the methods that update an object.",
    },
    &[CORS_PREFLIGHT],
    LISTS,
    |cx| Box::pin(preflights::declared_methods(cx)),
);

pub(super) const METHODS: Check = check(
    "cors.preflight.methods",
    Low,
    Words {
        title: "Preflights grant only declared methods",
        why: "TRACE, CONNECT, * or any name that is echoed back show that methods are not chosen but waved through.",
        expectation: "Access-Control-Allow-Methods lists declared methods only, and no invented one. Another real method is a remark \
                      unless the policy lists the methods.",
    },
    &[CORS_PREFLIGHT, CORS_PROTOCOL],
    LISTS,
    |cx| Box::pin(preflights::methods(cx)),
);

pub(super) const HEADERS: Check = check(
    "cors.preflight.headers",
    Low,
    Words {
        title: "Preflights grant only declared request headers",
        why: "Headers that are granted unseen include those that internal services trust, such as X-Forwarded-User. A script injected into \
              the front end could send them.",
        expectation: "Only declared names are granted, and an invented one is not. This is a remark unless the policy lists the request \
                      headers; a service that means any header lists *.",
    },
    &[CORS_PREFLIGHT, CORS_PROTOCOL],
    LISTS,
    |cx| Box::pin(preflights::headers(cx)),
);

pub(super) const AUTHORIZATION: Check = check(
    "cors.preflight.authorization",
    Medium,
    Words {
        title: "The token's header is granted by name",
        why: "* never covers Authorization. A preflight that answers * passes today's lenient clients and no standard browser.",
        expectation: "Access-Control-Allow-Headers names the header that carries the token.",
    },
    &[CORS_PREFLIGHT, CORS_PROTOCOL],
    LISTS,
    |cx| Box::pin(preflights::authorization(cx)),
);

pub(super) const MAX_AGE: Check = check(
    "cors.preflight.max-age",
    Low,
    Words {
        title: "Preflights are remembered, but not for long",
        why: "Without a lifetime every call costs two round trips; with a very long one a browser goes on trusting an origin that was \
              withdrawn.",
        expectation: "Access-Control-Max-Age between 1 and 7200 seconds. Absent, 0 or up to a day is a remark.",
    },
    &[CORS_PREFLIGHT],
    MAX_AGE_REMEDY,
    |cx| Box::pin(preflights::max_age(cx)),
);

pub(super) const FORMS: Check = check(
    "cors.preflight.forms",
    Low,
    Words {
        title: "Every form of preflight is answered",
        why: "Browsers ask in lower case, sorted, joined by a comma without a space; others ask for fifty names or none. A service that \
              compares by case or fails on odd lists locks front ends out or falls over.",
        expectation: "The browser's own form passes; no form brings a 5xx.",
    },
    &[CORS_PREFLIGHT],
    LISTS,
    |cx| Box::pin(preflights::forms(cx)),
);

pub(super) const PRIVATE_NETWORK: Check = check(
    "cors.preflight.private-network",
    Medium,
    Words {
        title: "Access to a private network is not granted",
        why: "Access-Control-Allow-Private-Network lets public pages reach services on the visitor's own network. A public API never needs \
              it, and one that runs behind a VPN as well would open that door.",
        expectation: "The header is absent, whoever asks.",
    },
    &[PRIVATE_NETWORK_DRAFT],
    NO_PRIVATE,
    |cx| Box::pin(preflights::private_network(cx)),
);

pub(super) const REDIRECTS: Check = check(
    "cors.redirects",
    Low,
    Words {
        title: "Declared routes are not redirected",
        why: "Browsers refuse a redirected preflight, and a redirect without CORS headers hides the answer. Behind an edge, frameworks \
              redirect to http, where the token would travel in the clear.",
        expectation: "The declared path answers itself. Redirects of neighbouring forms keep the grant and the scheme.",
    },
    &[CORS_PREFLIGHT, CORS_CHECK],
    NO_REDIRECT,
    |cx| Box::pin(preflights::redirects(cx)),
);

pub(super) const SIMPLE_WRITE: Check = Check {
    needs: &[Need::Origins, Need::Token, Need::Writes, Need::ListRoute],
    ..check(
        "cors.write-without-preflight",
        Medium,
        Words {
            title: "Writes that need no preflight are refused",
            why: "Forms, text/plain and bodies without a type are sent by any page without asking first, and CORS only hides the answer: the \
                  write has happened. With cookies this is request forgery. With bearer tokens, which browsers do not attach by themselves, \
                  it is a second line of defence.",
            expectation: "400, 403, 415 or 422 (whatever the policy says), and the list shows that nothing was made.",
        },
        &[CWE_352, API8],
        JSON_ONLY,
        |cx| Box::pin(writes::simple(cx)),
    )
};
