//! The cards of the suite: what each check asks, why, and how to mend what it finds. No behaviour.

use super::{api, clock, leaks, states};
use crate::checks::{Check, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] =
    &[CONTROL, LIVE, DEEP, HONEST, DEPENDENCIES, AGREES, LATENCY, TOGETHER, OPEN, FRESH, CLOCK, LEAKS, ENVIRONMENT];

const PATTERN: Reference = Reference {
    name: "Health Endpoint Monitoring pattern",
    url: "https://learn.microsoft.com/en-us/azure/architecture/patterns/health-endpoint-monitoring",
};
const PROBES: Reference = Reference {
    name: "Kubernetes: liveness, readiness and startup probes",
    url: "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
};
const RAILWAY: Reference = Reference { name: "Railway: healthchecks", url: "https://docs.railway.com/reference/healthchecks" };
const NO_STORE: Reference =
    Reference { name: "RFC 9111, 5.2.2.5 no-store", url: "https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5" };
const MISCONFIGURATION: Reference = Reference {
    name: "OWASP API8:2023 Security Misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};

/// What the cards share.
const CARD: Check = Check {
    id: "health",
    suite: Suite::Health,
    title: "",
    why: "",
    expectation: "",
    severity: Severity::Medium,
    references: &[PATTERN],
    requirements: &["FR-005", "US2"],
    remedy: ROUND_TRIP,
    needs: &[],
    run: |cx| Box::pin(states::control(cx)),
};

/// The way to mend a health that does not ask the database.
const ROUND_TRIP: Remedy = Remedy {
    axum: "Run `SELECT 1` with a deadline of a second or two in the handler; answer 200 with `database: connected`, else 503 with `database: disconnected` and no text of the driver.",
    fastapi: "`await asyncio.wait_for(session.execute(text(\"SELECT 1\")), 2)` in the route; on any exception `JSONResponse({...}, status_code=503)` with fixed words.",
    express: "`await pool.query('SELECT 1')` with a timeout in the route; in the catch `res.status(503).json({ status: 'unhealthy', database: 'disconnected' })`.",
};

const CONTROL: Check = Check {
    id: "health.control",
    title: "The service answers at its health paths, and not in the same way everywhere",
    why: "Where a platform or a front end answers 200 to every path, a healthy answer proves nothing. And where only the edge answers, nothing that is \
          seen speaks of the service.",
    expectation: "The declared health paths are answered by the service, and a path that nothing has is not answered in the same way.",
    severity: Severity::Info,
    remedy: Remedy {
        axum: "Correct `paths.live` and `paths.health` in postflight.toml, and answer 404 to unknown paths (`Router::fallback`).",
        fastapi: "Correct `paths.live` and `paths.health` in postflight.toml; do not mount a single-page app at `/` of the API's host.",
        express: "Correct `paths.live` and `paths.health` in postflight.toml; do not send `index.html` for every unknown path of the API's host.",
    },
    ..CARD
};

const LIVE: Check = Check {
    id: "health.live",
    title: "Liveness answers 200",
    why: "Platforms restart or withdraw what does not answer its liveness probe. A web page at that path means that something else than the service \
          answers there.",
    expectation: "200 to three requests without a token, and no web page.",
    severity: Severity::High,
    references: &[PROBES, RAILWAY],
    requirements: &["US2", "EC-3"],
    remedy: Remedy {
        axum: "`.route(\"/livez\", get(|| async { Json(json!({\"status\": \"ok\"})) }))`, outside of every layer that asks for a token or the database.",
        fastapi: "`@app.get(\"/livez\")` on the application itself, without dependencies, returning `{\"status\": \"ok\"}`.",
        express: "`app.get('/livez', (req, res) => res.json({ status: 'ok' }))` before any middleware that asks for a token.",
    },
    needs: &[Need::LivePath],
    run: |cx| Box::pin(states::live(cx)),
    ..CARD
};

const DEEP: Check = Check {
    id: "health.deep",
    title: "Deep health answers 200, every time",
    why: "One replica of three without a database connection answers every third request with an error. A single request is a draw of lots; nine \
          meet it almost surely.",
    expectation: "200 to nine requests, whichever replica takes them.",
    severity: Severity::High,
    references: &[PATTERN, RAILWAY],
    requirements: &["FR-005", "US2", "EC-1"],
    needs: &[Need::HealthPath],
    run: |cx| Box::pin(states::deep(cx)),
    ..CARD
};

const HONEST: Check = Check {
    id: "health.honest",
    title: "The status of deep health agrees with its body",
    why: "Load balancers, platforms and monitors look at the status and never read the body. `200 {\"status\": \"unhealthy\"}` keeps traffic on a broken \
          replica and lets a broken release replace a good one.",
    expectation: "503 (or another 5xx) whenever the body says unhealthy, degraded, error or down; 200 only when it does not.",
    severity: Severity::High,
    requirements: &["FR-005", "US2", "EC-1"],
    needs: &[Need::HealthPath],
    run: |cx| Box::pin(states::honest(cx)),
    ..CARD
};

const DEPENDENCIES: Check = Check {
    id: "health.dependencies",
    title: "Deep health names its dependencies, and none is in trouble behind a 200",
    why: "A health route that returns a constant is green while every request fails. The name of each dependency, its state and the time it took are \
          the only signs, from outside, that it was really asked.",
    expectation: "The database is named as connected, with a latency. Named as disconnected behind a 200 is a failure; not named at all, a warning.",
    severity: Severity::High,
    requirements: &["FR-005", "US2"],
    needs: &[Need::HealthPath],
    run: |cx| Box::pin(states::dependencies(cx)),
    ..CARD
};

const AGREES: Check = Check {
    id: "health.agrees",
    title: "What health says agrees with a write, a read and a delete through the API",
    why: "A health that asks another connection, another schema or a replica that only reads is green while users cannot save. Only a real write shows \
          it.",
    expectation: "While health says that all is well, an object can be made, read back and deleted through the public API.",
    severity: Severity::High,
    requirements: &["FR-005", "US2", "EC-1"],
    remedy: Remedy {
        axum: "Let health use the very pool of the handlers, and check what writes need: a primary, free space, the migrated schema.",
        fastapi: "Let health use the session factory of the routes, and check what writes need: a primary, free space, the migrated schema.",
        express: "Let health use the pool of the routes, and check what writes need: a primary, free space, the migrated schema.",
    },
    needs: &[Need::HealthPath, Need::Token, Need::Writes],
    run: |cx| Box::pin(api::agrees(cx)),
    ..CARD
};

const LATENCY: Check = Check {
    id: "health.latency",
    title: "Deep health answers faster than a probe waits",
    why: "Probes give up after one to a few seconds. A health that usually takes longer has replicas withdrawn for being slow to say that they are \
          well. The first answer may wake a sleeping database, so it is shown apart.",
    expectation: "A median below 2 s when warm; a 95th percentile below 1 s, else a warning.",
    references: &[PROBES, RAILWAY],
    needs: &[Need::HealthPath],
    run: |cx| Box::pin(states::latency(cx)),
    ..CARD
};

const TOGETHER: Check = Check {
    id: "health.together",
    title: "Several requests of deep health at once are all answered",
    why: "Deep health is open to everybody and asks the database each time. Where every request takes a connection of its own, whoever repeats it \
          starves the service, and the platform takes the failing probe for a broken release.",
    expectation: "Eight requests at once are answered 200, or 429 with a time to wait.",
    references: &[
        PATTERN,
        Reference {
            name: "OWASP API4:2023 Unrestricted Resource Consumption",
            url: "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        },
    ],
    remedy: Remedy {
        axum: "Let one probe of the database be in flight at a time and share its answer for a second (a `tokio::sync::Mutex` around the last result).",
        fastapi: "Keep the last result of the probe for a second behind an `asyncio.Lock`.",
        express: "Keep the promise of the running probe and hand it to everybody who asks meanwhile.",
    },
    needs: &[Need::HealthPath],
    run: |cx| Box::pin(states::together(cx)),
    ..CARD
};

const OPEN: Check = Check {
    id: "health.open",
    title: "Health answers without a token",
    why: "Platforms, load balancers and uptime monitors have no token. A guard over the whole application turns their probes into 401 and the deploy \
          into a failure.",
    expectation: "GET is answered without a token; HEAD, as monitors send it, too, or says 405.",
    references: &[RAILWAY, PROBES],
    remedy: Remedy {
        axum: "Merge the health routes into the router after the layer that verifies tokens.",
        fastapi: "Put the token dependency on the API's router, not on the application, and the health routes on the application.",
        express: "Register the health routes before `app.use(requireAuth)`.",
    },
    run: |cx| Box::pin(states::open(cx)),
    ..CARD
};

const FRESH: Check = Check {
    id: "health.fresh",
    title: "Health answers are of now, and no cache may keep them",
    why: "A health answer out of a cache says how the service was. Behind a content network that keeps what it may, an outage stays green until the \
          copy expires.",
    expectation: "`Cache-Control: no-store`, no Age, no cache hit, and a time in the body (where there is one) that is the time of the answer. Silence \
                  about caches is a warning.",
    references: &[NO_STORE, PATTERN],
    remedy: Remedy {
        axum: "Answer with `[(CACHE_CONTROL, \"no-store\")]`, and take the timestamp in the handler.",
        fastapi: "`response.headers[\"Cache-Control\"] = \"no-store\"` in the route; no `@cache` decorator on it.",
        express: "`res.set('Cache-Control', 'no-store')` in the route, and no caching middleware before it.",
    },
    run: |cx| Box::pin(clock::fresh(cx)),
    ..CARD
};

const CLOCK: Check = Check {
    id: "health.clock",
    title: "The service's clock is right",
    why: "Tokens live by the clock: one that is minutes behind accepts what expired, one that is ahead refuses what was just issued. Logs and audits lose \
          their order.",
    expectation: "The Date header is within 2 s of the console's clock; more is a warning, more than 30 s a failure.",
    references: &[
        Reference { name: "RFC 9110, 6.6.1 Date", url: "https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1" },
        Reference { name: "RFC 7519, 4.1.4 exp", url: "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4" },
    ],
    requirements: &["US2"],
    remedy: Remedy {
        axum: "Synchronise the host's clock (NTP); first make sure that the console's own clock is right.",
        fastapi: "Synchronise the host's clock (NTP); first make sure that the console's own clock is right.",
        express: "Synchronise the host's clock (NTP); first make sure that the console's own clock is right.",
    },
    run: |cx| Box::pin(clock::skew(cx)),
    ..CARD
};

const LEAKS: Check = Check {
    id: "health.leaks",
    title: "Health gives nothing of the inside away",
    why: "Health is public by design and written for operators: the text of a driver, the host of the database, or a dump of the environment in it is an \
          invitation with the address on it.",
    expectation: "No connection string, no variable with a secret name, no host of a database, no text of a driver or runtime, also not when asked for \
                  details.",
    severity: Severity::High,
    references: &[
        MISCONFIGURATION,
        Reference { name: "CWE-200: Exposure of sensitive information", url: "https://cwe.mitre.org/data/definitions/200.html" },
    ],
    requirements: &["FR-005", "US2", "SC-002"],
    remedy: Remedy {
        axum: "Log the error with `tracing::error!` and answer fixed words; build the body from a struct of its own.",
        fastapi: "Log the exception and answer fixed words; never `str(error)`, `os.environ` or `settings.model_dump()`.",
        express: "Log the error and answer fixed words; never `err.message`, `process.env` or the configuration object.",
    },
    run: |cx| Box::pin(leaks::leaks(cx)),
    ..CARD
};

const ENVIRONMENT: Check = Check {
    id: "health.environment",
    title: "The service believes to be in production",
    why: "Docs, debug pages, loose CORS and weak secrets hang on one variable. A service that runs in production and believes to be in development has \
          all of them on.",
    expectation: "Where health names the environment, it is not a development or test one. Where it names none, the check is skipped.",
    references: &[MISCONFIGURATION],
    requirements: &["US1"],
    remedy: Remedy {
        axum: "Set ENVIRONMENT=production on the platform, and refuse to start when it is unset there.",
        fastapi: "Set ENVIRONMENT=production on the platform, and give the setting no default.",
        express: "Set NODE_ENV=production on the platform.",
    },
    run: |cx| Box::pin(states::environment(cx)),
    ..CARD
};
