//! The cards of the suite: what each check asks, why, and how to mend what it finds. No behaviour.

use super::{identity, schema, start};
use crate::checks::{Check, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[CONTROL, COMMIT, REPLICAS, SCHEMA, AFTER_DEPLOY, PLAUSIBLE, STEADY, SOON];

const TWELVE_FACTOR: Reference =
    Reference { name: "The Twelve-Factor App, V: build, release, run", url: "https://12factor.net/build-release-run" };
const DEPLOYMENTS: Reference = Reference { name: "Railway: deployments", url: "https://docs.railway.com/reference/deployments" };
const VARIABLES: Reference =
    Reference { name: "Railway: variables provided at run time", url: "https://docs.railway.com/reference/variables" };

const PRE_DEPLOY: Reference =
    Reference { name: "Railway: pre-deploy command", url: "https://docs.railway.com/guides/pre-deploy-command" };

/// The way to name a release.
const NAME_IT: Remedy = Remedy {
    axum: "Embed the commit at build time (`env!(\"GIT_SHA\")` from build.rs) or read RAILWAY_GIT_COMMIT_SHA, and answer it as `commit` in /health with `started_at`.",
    fastapi: "Read RAILWAY_GIT_COMMIT_SHA (or a build argument) into the settings, and answer it as `commit` in /health with `started_at`.",
    express: "Read RAILWAY_GIT_COMMIT_SHA (or a build argument) at start, and answer it as `commit` in /health with `started_at`.",
};

/// What the cards share.
const CARD: Check = Check {
    id: "release",
    suite: Suite::Release,
    title: "",
    why: "",
    expectation: "",
    severity: Severity::High,
    references: &[TWELVE_FACTOR, VARIABLES],
    requirements: &["SC-001", "US2"],
    remedy: NAME_IT,
    needs: &[],
    run: |cx| Box::pin(identity::control(cx)),
};

const CONTROL: Check = Check {
    id: "release.control",
    title: "The service answers where it names its release",
    why: "What a service says of its release can be judged only where it says something at all.",
    expectation: "JSON at the deep health path, or at the liveness path where there is no other.",
    severity: Severity::Info,
    ..CARD
};

const COMMIT: Check = Check {
    id: "release.commit",
    title: "The commit that answers is the one that was deployed",
    why: "Failed builds, forgotten promotions and caches leave the old release in place, and every check of it would be taken for a check of the new one.",
    expectation: "The commit in the health answer is the one that was named; seven digits are enough. Where none was named, another one than HEAD of \
                  the repository is a warning, and so is a service that names none: it cannot be told from its predecessor.",
    run: |cx| Box::pin(identity::commit(cx)),
    ..CARD
};

const REPLICAS: Check = Check {
    id: "release.replicas",
    title: "Every replica runs the same release",
    why: "A replica that was left behind answers some of the requests with old code and old flaws; whoever asks once does not notice.",
    expectation: "Nine answers name one commit, one version and one deployment.",
    references: &[DEPLOYMENTS, TWELVE_FACTOR],
    run: |cx| Box::pin(identity::replicas(cx)),
    ..CARD
};

const SCHEMA: Check = Check {
    id: "release.schema",
    title: "The database has the schema of the release",
    why: "A deploy whose migrations failed, or ran against another database, answers its health and fails at the first query that needs the new column.",
    expectation: "The last migration applied, which health names, is the newest of the release. One ahead of it is a warning.",
    references: &[TWELVE_FACTOR, PRE_DEPLOY],
    requirements: &["SC-001", "US2"],
    remedy: Remedy {
        axum: "Run the migrations in the pre-deploy command, and answer `SELECT max(version) FROM _sqlx_migrations` as `schema` in /health.",
        fastapi: "Run `alembic upgrade head` in the pre-deploy command, and answer `SELECT version_num FROM alembic_version` as `schema` in /health.",
        express: "Run `prisma migrate deploy` or `knex migrate:latest` in the pre-deploy command, and answer the last migration as `schema` in /health.",
    },
    run: |cx| Box::pin(schema::head(cx)),
    ..CARD
};

const AFTER_DEPLOY: Check = Check {
    id: "release.started",
    title: "The process that answers was started by this deploy",
    why: "A redeploy of the same commit, for a new variable or a rotated secret, changes no commit. Only the start time tells that the old process, \
          with the old values, is gone.",
    expectation: "The start that health names is not before the deploy began.",
    run: |cx| Box::pin(start::after_deploy(cx)),
    ..CARD
};

const PLAUSIBLE: Check = Check {
    id: "release.start-time",
    title: "The start time that the service names can be true",
    why: "Everything that is told from the start time (which process answers, whether it restarts) rests on it being one.",
    expectation: "A moment that is not in the future.",
    severity: Severity::Low,
    run: |cx| Box::pin(start::plausible(cx)),
    ..CARD
};

const STEADY: Check = Check {
    id: "release.steady",
    title: "No replica starts again while it is watched",
    why: "A process that crashes and is started again answers its health in between, and looks well to whoever asks once. Platforms give up after some \
          restarts, often at night.",
    expectation: "Nine answers name one start for each replica.",
    references: &[DEPLOYMENTS],
    requirements: &["US1", "EC-1", "US2"],
    remedy: Remedy {
        axum: "Read the logs of the platform for the reason of the exits; panics in handlers must not end the process (`CatchPanicLayer`).",
        fastapi: "Read the logs of the platform for the reason of the exits: memory limits, failing start-up events, a worker timeout.",
        express: "Read the logs of the platform for the reason of the exits: unhandled rejections, memory limits, `process.exit` in error handlers.",
    },
    run: |cx| Box::pin(start::steady(cx)),
    ..CARD
};

const SOON: Check = Check {
    id: "release.soon",
    title: "The release answers within five minutes of its deploy",
    why: "The time from a deploy to its first good answer is the time that a fix needs to reach users, and that a rollback needs.",
    expectation: "At most five minutes from the deploy to the first 200 of that very release (SC-001), measured by waiting for it.",
    severity: Severity::Medium,
    references: &[DEPLOYMENTS],
    requirements: &["SC-001"],
    remedy: Remedy {
        axum: "Cache the dependencies of the build, open the port before the database is reached, and run migrations in the pre-deploy command.",
        fastapi: "Cache the dependencies of the build, do not migrate at start-up, and open the port before the database is reached.",
        express: "Cache the dependencies of the build, do not migrate at start-up, and call `listen` before the database is reached.",
    },
    run: |cx| Box::pin(std::future::ready(Ok(start::soon(&cx)))),
    ..CARD
};
