//! The cards of the suite. No behaviour.

use super::ask;
use crate::checks::{Check, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[CONTROL, DECLARED, PROGRAM, PORT, SHADOWED, PROCESSES, TOOLCHAIN];

const RAILPACK: Reference = Reference { name: "Railpack: Procfile", url: "https://railpack.com/config/procfile" };
const RAILPACK_RUST: Reference = Reference { name: "Railpack: Rust", url: "https://railpack.com/languages/rust" };
const START: Reference = Reference { name: "Railway: start command", url: "https://docs.railway.com/deployments/start-command" };
const PORT_VARIABLE: Reference = Reference {
    name: "Railway: application failed to respond",
    url: "https://docs.railway.com/networking/troubleshooting/application-failed-to-respond",
};
const AS_CODE: Reference =
    Reference { name: "Railway: infrastructure as code", url: "https://docs.railway.com/infrastructure-as-code" };
const PRE_DEPLOY: Reference =
    Reference { name: "Railway: pre-deploy command", url: "https://docs.railway.com/deployments/pre-deploy-command" };

const CONTROL: Check = Check {
    id: "procfile.control",
    suite: Suite::Procfile,
    title: "The files of HEAD can be read",
    why: "What is said about a start rests on the files that the builder will clone. Where they cannot be read, nothing is said.",
    expectation: "HEAD has files, and a planted Procfile is understood.",
    severity: Severity::Info,
    references: &[RAILPACK],
    requirements: &["FR-002"],
    remedy: Remedy {
        axum: "Run from the checkout that was deployed.",
        fastapi: "Run from the checkout that was deployed.",
        express: "Run from the checkout that was deployed.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::control(cx)),
};

const DECLARED: Check = Check {
    id: "procfile.web",
    suite: Suite::Procfile,
    title: "A Procfile at the root declares `web`",
    why: "Without a declared start the builder guesses, and guesses otherwise after an update. A line that it cannot read it skips without a word, \
          and a file called procfile or Procfile.txt it does not see.",
    expectation: "A tracked file called exactly Procfile has one line `web: command`, and no line that is not a process. Without one: a remark \
                  where another file says how the service starts, or where neither its host nor a file says that it runs on Railway.",
    severity: Severity::High,
    references: &[RAILPACK, START],
    requirements: &["FR-002"],
    remedy: Remedy {
        axum: "A file Procfile with the line `web: ./bin/server`.",
        fastapi: "A file Procfile with the line `web: uvicorn app.main:app --host 0.0.0.0 --port $PORT`.",
        express: "A file Procfile with the line `web: node server.js`.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::declared(cx)),
};

const PROGRAM: Check = Check {
    id: "procfile.program",
    suite: Suite::Procfile,
    title: "`web` starts what the builder ships",
    why: "The command that works in a checkout need not work in the image: Railpack copies a Rust program to `bin/` and leaves `target/` out, builds only \
          the first member with a `src/main.rs`, and installs no cargo into the image. The deploy then fails after minutes of building.",
    expectation: "The program is the one that the builder produces, or a file of the repository; no development server.",
    severity: Severity::High,
    references: &[RAILPACK_RUST, START],
    requirements: &["FR-002", "US1"],
    remedy: Remedy {
        axum: "`web: ./bin/<package>`, with that package first in `members` (or RAILPACK_CARGO_WORKSPACE set to it).",
        fastapi: "Name a module that is in the repository, without `--reload`.",
        express: "Name a file that is in the repository or that the `build` script makes.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::program(cx)),
};

const PORT: Check = Check {
    id: "procfile.port",
    suite: Suite::Procfile,
    title: "`web` listens on the platform's PORT",
    why: "The edge talks to the port that it put into PORT. A fixed port, or 127.0.0.1, gives 502 \"Application failed to respond\", which a browser \
          shows as a CORS error.",
    expectation: "The command passes $PORT, or fixes no port and the program reads PORT; the host is not loopback.",
    severity: Severity::High,
    references: &[PORT_VARIABLE],
    requirements: &["FR-001"],
    remedy: Remedy {
        axum: "Read PORT in the program and bind `[::]` dual-stack; no port in the command.",
        fastapi: "`--host 0.0.0.0 --port $PORT`.",
        express: "`app.listen(process.env.PORT)` without a fixed host.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::port(cx)),
};

const SHADOWED: Check = Check {
    id: "procfile.shadowed",
    suite: Suite::Procfile,
    title: "Nothing takes the Procfile's place",
    why: "A root Dockerfile makes the platform ignore Railpack and the Procfile; a start command in railpack.json comes before it. Files of systems \
          that have ended (nixpacks.toml, and railway.toml from 2026-12-01) mislead whoever edits them.",
    expectation: "No root Dockerfile, no other start command, no configuration that is not read any more.",
    severity: Severity::Medium,
    references: &[START, AS_CODE],
    requirements: &["FR-002"],
    remedy: Remedy {
        axum: "Remove the Dockerfile or the Procfile; move railway.toml to .railway/railway.ts with `railway config migrate`.",
        fastapi: "Remove the Dockerfile or the Procfile; move railway.toml to .railway/railway.ts with `railway config migrate`.",
        express: "Remove the Dockerfile or the Procfile; move railway.toml to .railway/railway.ts with `railway config migrate`.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::shadowed(cx)),
};

const PROCESSES: Check = Check {
    id: "procfile.processes",
    suite: Suite::Procfile,
    title: "No process is declared that never runs",
    why: "Elsewhere a `release` process runs migrations before the new version starts. Here only one process of a Procfile runs, so migrations declared \
          that way silently never happen.",
    expectation: "Only `web` is declared. `release` fails; others warn, since each needs a service of its own.",
    severity: Severity::Medium,
    references: &[RAILPACK, PRE_DEPLOY],
    requirements: &["FR-002"],
    remedy: Remedy {
        axum: "Set the pre-deploy command of the service to `./bin/server migrate`.",
        fastapi: "Set the pre-deploy command of the service to `alembic upgrade head`.",
        express: "Set the pre-deploy command of the service to the migration script.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::processes(cx)),
};

const TOOLCHAIN: Check = Check {
    id: "procfile.toolchain",
    suite: Suite::Procfile,
    title: "The toolchain of the build is pinned",
    why: "What is not pinned changes under the next deploy: a rollback to an old commit is then a build with a new compiler. Railpack's default Rust may \
          also be older than the project needs, and the build fails.",
    expectation: "A file names the version: rust-toolchain.toml, `engines` or .nvmrc, .python-version.",
    severity: Severity::Low,
    references: &[RAILPACK_RUST],
    requirements: &["FR-002"],
    remedy: Remedy {
        axum: "rust-toolchain.toml with `channel = \"1.95.0\"`.",
        fastapi: ".python-version with the version.",
        express: "`engines.node` in package.json or .nvmrc.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::toolchain(cx)),
};
