//! The cards of the suite: what each check asks, why, and how to mend what it finds. No behaviour.

use super::{access, database, platform};
use crate::checks::{Check, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] =
    &[CONTROL, VALID, ENVIRONMENT, PORT, DRAINING, ENGINE, TLS, POOL, MIGRATIONS, TOKENS, ORIGINS, DOCS, LIMITS];

const TWELVE_FACTOR: Reference = Reference { name: "The Twelve-Factor App, III: config", url: "https://12factor.net/config" };
const MISCONFIGURATION: Reference = Reference {
    name: "OWASP API8:2023 Security Misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};
const CONSUMPTION: Reference = Reference {
    name: "OWASP API4:2023 Unrestricted Resource Consumption",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
};
const SSLMODE: Reference =
    Reference { name: "PostgreSQL: SSL mode descriptions", url: "https://www.postgresql.org/docs/current/libpq-ssl.html" };
const NEON_POOLING: Reference =
    Reference { name: "Neon: connection pooling", url: "https://neon.com/docs/connect/connection-pooling" };
const TEARDOWN: Reference =
    Reference { name: "Railway: deployment teardown", url: "https://docs.railway.com/deployments/deployment-teardown" };

const fn everywhere(how: &'static str) -> Remedy {
    Remedy { axum: how, fastapi: how, express: how }
}

/// What the cards share.
const CARD: Check = Check {
    id: "configuration",
    suite: Suite::Configuration,
    title: "",
    why: "",
    expectation: "",
    severity: Severity::Medium,
    references: &[TWELVE_FACTOR, MISCONFIGURATION],
    requirements: &["US1"],
    remedy: everywhere(""),
    needs: &[Need::Configuration],
    run: |cx| Box::pin(platform::control(cx)),
};

const CONTROL: Check = Check {
    id: "configuration.control",
    title: "The report of the configuration is of the release that answers",
    why: "A report of yesterday's environment says nothing of today's. Where report and service both name their commit, they must be the same.",
    expectation: "A report that can be read, of the commit that health names.",
    severity: Severity::Info,
    remedy: everywhere(
        "Write the report in the deploy that it speaks of: `server check-config --format json` in the pre-deploy command.",
    ),
    ..CARD
};

const VALID: Check = Check {
    id: "configuration.valid",
    title: "Every variable that production needs is set and well-formed",
    why: "A service that starts with a missing secret or a misspelt variable runs with something else than what was decided, and says so to nobody.",
    expectation: "The service would start: no problem is reported, and nothing that is needed is absent.",
    severity: Severity::High,
    requirements: &["EC-2", "US1"],
    remedy: Remedy {
        axum: "Parse the whole environment once at start, collect every problem, print them all and exit with 2.",
        fastapi: "A pydantic-settings class without defaults for what production needs, made before the application.",
        express: "Validate process.env with a schema (envalid, zod) before `listen`, and exit with every problem named.",
    },
    run: |cx| Box::pin(std::future::ready(platform::valid(&cx))),
    ..CARD
};

const ENVIRONMENT: Check = Check {
    id: "configuration.environment",
    title: "The service runs as production, and the platform agrees",
    why: "Development mode opens documentation, error pages and localhost origins. A service that takes itself for another environment than the platform \
          does got somebody else's variables.",
    expectation: "The environment is production; staging, or another name at the platform, is a warning.",
    severity: Severity::High,
    remedy: everywhere(
        "Set ENVIRONMENT (NODE_ENV, APP_ENV) to production in the platform's production environment, and in no other.",
    ),
    run: |cx| Box::pin(std::future::ready(platform::environment(&cx))),
    ..CARD
};

const PORT: Check = Check {
    id: "configuration.port",
    title: "The service listens where the platform routes, and metrics do not share the port",
    why: "What listens on 127.0.0.1 inside a container is never reached: the edge answers 502, which a browser shows as a CORS error. Metrics on the \
          public port are public.",
    expectation: "No loopback address under a platform, and another port for metrics.",
    severity: Severity::High,
    requirements: &["FR-001"],
    remedy: everywhere("Bind `[::]` (or 0.0.0.0) and the PORT of the platform; give metrics a port of their own."),
    run: |cx| Box::pin(std::future::ready(platform::port(&cx))),
    ..CARD
};

const DRAINING: Check = Check {
    id: "configuration.draining",
    title: "The platform waits for requests in flight before it kills",
    why: "By default Railway sends SIGKILL right after SIGTERM: every deploy then cuts what is being answered, and clients see a broken connection after \
          a write that may or may not have happened.",
    expectation: "A draining time above zero, longer than the service itself drains.",
    requirements: &["EC-3"],
    references: &[TEARDOWN],
    remedy: everywhere("Set RAILWAY_DEPLOYMENT_DRAINING_SECONDS to some seconds more than the service's own limit."),
    run: |cx| Box::pin(std::future::ready(platform::draining(&cx))),
    ..CARD
};

const ENGINE: Check = Check {
    id: "configuration.engine",
    title: "The data outlives the container",
    why: "The file system of a container ends with it. A service that falls back to a file database loses every record at the next deploy.",
    expectation: "A database server, where a platform runs the service.",
    severity: Severity::High,
    requirements: &["FR-003", "EC-1"],
    remedy: everywhere("Set DATABASE_URL to the PostgreSQL of production, and refuse to start without it."),
    run: |cx| Box::pin(std::future::ready(database::engine(&cx))),
    ..CARD
};

const TLS: Check = Check {
    id: "configuration.database-tls",
    title: "The connection to the database is encrypted",
    why: "Passwords and data cross networks that others share. `prefer` and `allow` fall back to plain text when somebody in between asks for it.",
    expectation: "`sslmode` is `require` at least; `verify-full` also proves the server's name.",
    severity: Severity::High,
    requirements: &["FR-003"],
    references: &[SSLMODE],
    remedy: Remedy {
        axum: "`sslmode=verify-full` in DATABASE_URL; sqlx ignores `ssl=require`.",
        fastapi: "`ssl=require` for asyncpg (`sslmode=require` for psycopg) in DATABASE_URL.",
        express: "`ssl: { rejectUnauthorized: true }` for pg.",
    },
    run: |cx| Box::pin(std::future::ready(database::tls(&cx))),
    ..CARD
};

const POOL: Check = Check {
    id: "configuration.pool",
    title: "The connection pool fits the database behind it",
    why: "A pool that keeps connections longer than the compute stays awake either keeps it awake or hands out dead ones; one that is too large starves the \
          other replicas; a wait without bound turns a slow database into a service that hangs.",
    expectation: "At most 40 connections a replica; on Neon the pooled host, none kept without need and idle ones closed before five minutes; a wait of at \
                  most 15 s.",
    requirements: &["FR-003"],
    references: &[NEON_POOLING],
    remedy: Remedy {
        axum: "`PgPoolOptions::new().max_connections(10).min_connections(0).idle_timeout(90 s).max_lifetime(840 s).acquire_timeout(5 s)`.",
        fastapi: "`create_async_engine(url, pool_size=5, max_overflow=5, pool_recycle=280, pool_timeout=5, pool_pre_ping=True)`.",
        express: "`new Pool({ max: 10, idleTimeoutMillis: 90000, maxLifetimeSeconds: 840, connectionTimeoutMillis: 5000 })`.",
    },
    run: |cx| Box::pin(std::future::ready(database::pool(&cx))),
    ..CARD
};

const MIGRATIONS: Check = Check {
    id: "configuration.migrations",
    title: "Migrations have a direct connection",
    why: "Migration tools take a lock that belongs to a session. Through a transaction-mode pooler the lock is taken on one connection and released on \
          another: it strands, and the next deploy waits for it for ever.",
    expectation: "Where requests go through a pooler, a second URL leads past it.",
    requirements: &["FR-003"],
    references: &[NEON_POOLING],
    remedy: everywhere("Set DATABASE_URL_UNPOOLED to the direct connection string, and let migrations use that one."),
    run: |cx| Box::pin(std::future::ready(database::migrations(&cx))),
    ..CARD
};

const TOKENS: Check = Check {
    id: "configuration.tokens",
    title: "The token policy is complete, and the declared one",
    why: "What is not required is not verified: a token without `exp` never ends, and one without `aud` is good for every service that shares the key.",
    expectation: "A fixed list of algorithms of one family, `exp` and `sub` (and the declared issuer and audience) required, the declared leeway and life. \
                  A second secret is a warning: rotations end.",
    severity: Severity::High,
    references: &[Reference { name: "RFC 8725, 3", url: "https://www.rfc-editor.org/rfc/rfc8725#section-3" }],
    remedy: Remedy {
        axum: "`validation.required_spec_claims = [\"exp\", \"sub\", \"iss\", \"aud\"]`, `validation.algorithms = vec![Algorithm::HS256]`.",
        fastapi: "`jwt.decode(..., algorithms=[\"HS256\"], options={\"require\": [\"exp\", \"sub\"]}, audience=..., issuer=...)`.",
        express: "`jwt.verify(token, key, { algorithms: ['HS256'], audience, issuer })`, and refuse a payload without `exp` or `sub`.",
    },
    run: |cx| Box::pin(std::future::ready(access::tokens(&cx))),
    ..CARD
};

const ORIGINS: Check = Check {
    id: "configuration.origins",
    title: "The allowlist of the service is the declared one",
    why: "What is asked over HTTP can only try origins that somebody thinks of. The service's own list shows the preview host that was added for an \
          afternoon, and the new front end that was forgotten.",
    expectation: "The same origins in both lists, each exact, with https, and none of this machine.",
    severity: Severity::High,
    requirements: &["FR-004", "SC-003"],
    remedy: everywhere(
        "Make the service's list (CORS_ORIGINS) and `origins` in postflight.toml the same; remove wildcards, previews and localhost.",
    ),
    run: |cx| Box::pin(std::future::ready(access::origins(&cx))),
    ..CARD
};

const DOCS: Check = Check {
    id: "configuration.docs",
    title: "Interactive documentation is off, unless it is authorised",
    why: "A map of every route and field saves an attacker the search, and a \"try it out\" button is a client for what was found.",
    expectation: "Off; or on where `policy.docs_public` says so.",
    requirements: &["FR-006"],
    remedy: Remedy {
        axum: "Merge the documentation routes only where the environment is development or API_DOCS is `enabled`.",
        fastapi: "`FastAPI(docs_url=None, redoc_url=None, openapi_url=None)` in production.",
        express: "Mount swagger-ui only where NODE_ENV is not production.",
    },
    run: |cx| Box::pin(std::future::ready(platform::docs(&cx))),
    ..CARD
};

const LIMITS: Check = Check {
    id: "configuration.limits",
    title: "What one caller may ask is bounded in size, time and number",
    why: "Without bounds one client, broken or malicious, takes the memory, the workers or the connections of all others.",
    expectation: "A largest body, a longest head, a longest answer and a rate for each caller. Only an unbounded body fails.",
    references: &[CONSUMPTION],
    remedy: Remedy {
        axum: "`DefaultBodyLimit`, `TimeoutLayer`, a header timeout in the accept loop, `governor` for the rate.",
        fastapi: "A proxy or middleware that bounds Content-Length, `--timeout-keep-alive`, slowapi for the rate.",
        express: "`express.json({ limit: '100kb' })`, `server.headersTimeout`, `server.requestTimeout`, express-rate-limit.",
    },
    run: |cx| Box::pin(std::future::ready(access::limits(&cx))),
    ..CARD
};
