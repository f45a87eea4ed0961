//! The whole way, as an operator goes it: the real `console` binary against real deployments.
//!
//! The server is the one that the platform builds (`-p server` alone), started by a Procfile runner from `bin/`, on PostgreSQL directly
//! and through PgBouncer in transaction mode. Stock backends that were not written for Postflight must come out without a FAIL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

mod support;

// Shared with the server's own tests; the console needs only a part of it.
#[path = "../../server/tests/support/postgres.rs"]
mod postgres;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use postgres::Postgres;
use rstest::rstest;
use serde_json::Value;
use support::pgbouncer::{PgBouncer, Upstream};
use support::procfile::{Runner, Ship, platform_built_server};
use support::stock::{Settings, StockApp};
use support::verify::{nothing_left, verify, with_verdict};

const SECRET: &str = "hV7qLx2mZpT9sKd4WcR8yBnE3gUjF6aQ";
const ISSUER: &str = "https://tasks.vercel.app";
const AUDIENCE: &str = "tasks-api";
const ORIGINS: [&str; 2] = ["https://tasks.vercel.app", "https://admin.example.com"];
const SUITES: &str = "health,release,cors,jwt,isolation,headers,docs";
const START: Duration = Duration::from_secs(30);

/// Runs the platform's binary on `database` from a Procfile, after its migrations ran on `direct`.
fn deploy(database: &str, direct: &str) -> Result<Runner> {
    let origins = ORIGINS.join(",");
    let environment = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", database),
        ("DATABASE_URL_UNPOOLED", direct),
        ("JWT_SECRET", SECRET),
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", AUDIENCE),
        ("CORS_ORIGINS", &origins),
        ("RATE_LIMIT_PER_SECOND", "20000"),
        ("RATE_LIMIT_BURST", "20000"),
    ];
    let migrated = Command::new(platform_built_server()?).arg("migrate").env_clear().env("PORT", "1").envs(environment).output()?;
    ensure!(migrated.status.success(), "migrations: {}", String::from_utf8_lossy(&migrated.stderr));
    let mut runner = Ship::of_this_workspace()?.launch(postgres::free_port(), &environment)?;
    runner.wait_for_output("listening", START)?;
    Ok(runner)
}

fn description(runner: &Runner) -> String {
    let (port, origins) = (runner.port(), ORIGINS.join("\", \""));
    format!(
        r#"
        [targets.it]
        url = "http://127.0.0.1:{port}"
        origins = ["{origins}"]
        app_header = "x-request-id"
        [targets.it.tokens.mint]
        secret = "JWT_SECRET"
        claims = {{ iss = "{ISSUER}", aud = "{AUDIENCE}" }}
        [targets.it.paths]
        toggle = "/api/tasks/{{id}}/complete"
        health = "/health"
        live = "/livez"
        [targets.it.policy]
        issuer = "{ISSUER}"
        audience = "{AUDIENCE}"
        "#
    )
}

fn passes(runner: &Runner, database: &Postgres) -> Result<()> {
    let (output, document) =
        verify(&description(runner), SECRET, SUITES, &["--require", "health,cors,jwt,isolation,headers,docs"])?;
    let bad: Vec<_> = ["fail", "warn", "inconclusive"].into_iter().flat_map(|verdict| with_verdict(&document, verdict)).collect();
    assert_eq!(bad, []);
    ensure!(output.status.code() == Some(0), "{:?}: {}", output.status, document["headline"]);
    nothing_left(&document)?;
    assert_eq!(database.query("SELECT count(*) FROM tasks"), "0", "rows left in the database");
    Ok(())
}

#[test]
fn the_server_from_its_procfile_passes_on_postgresql() -> Result<()> {
    let database = Postgres::start();
    let mut runner = deploy(&database.url(), &database.url())?;
    passes(&runner, &database)?;
    let status = runner.terminate(START)?;
    ensure!(status.success(), "SIGTERM ended the runner with {status}: {}", runner.output());
    Ok(())
}

#[test]
fn the_server_from_its_procfile_passes_through_a_transaction_pooler() -> Result<()> {
    let database = Postgres::start();
    let upstream = Upstream {
        host: "127.0.0.1",
        port: database.port(),
        user: postgres::USER,
        password: postgres::PASSWORD,
        database: postgres::DATABASE,
    };
    let pooler = PgBouncer::start(&upstream, 5)?;
    let runner = deploy(pooler.url(), &database.url())?;
    passes(&runner, &database)?;
    ensure!(!pooler.log().contains("prepared statement"), "{}", pooler.log());
    Ok(())
}

/// A stock backend: no FAIL, nothing inconclusive, nothing left behind.
#[rstest]
#[case::fastapi(StockApp::fastapi)]
#[case::express(StockApp::express)]
#[case::flask(StockApp::flask)]
fn a_correct_stock_application_gets_no_fail(#[case] start: fn(&Settings<'_>) -> Result<StockApp>) -> Result<()> {
    let app = start(&Settings { secret: SECRET, issuer: ISSUER, audience: AUDIENCE, origins: &ORIGINS, flaw: None })?;
    let (output, document) = verify(&app.description()?, SECRET, &format!("{SUITES},robustness"), &[])?;
    assert_eq!(with_verdict(&document, "fail"), []);
    assert_eq!(with_verdict(&document, "inconclusive"), []);
    ensure!(output.status.code() == Some(0), "{:?}: {}", output.status, document["headline"]);
    nothing_left(&document)
}

/// What a correct service may do as well: begin every title with a capital, answer 204 to a deletion of nothing, and have routes that nobody declared.
#[rstest]
#[case::titles("titles-capital")]
#[case::deletions("deletion-idempotent")]
#[case::routes("history-undeclared")]
fn a_habit_of_a_correct_application_is_no_finding(#[case] habit: &str) -> Result<()> {
    let flaw = Some(habit);
    let app = StockApp::express(&Settings { secret: SECRET, issuer: ISSUER, audience: AUDIENCE, origins: &ORIGINS, flaw })?;
    let (output, document) = verify(&app.description()?, SECRET, "isolation", &[])?;
    let bad = ["fail", "warn", "inconclusive"].into_iter().flat_map(|verdict| with_verdict(&document, verdict));
    // Health that says nothing of a release is another suite's affair; isolation has nothing to remark on.
    assert_eq!(bad.collect::<Vec<_>>(), []);
    ensure!(output.status.code() == Some(0), "{:?}: {}", output.status, document["headline"]);
    nothing_left(&document)
}

/// Where each user's tasks are numbered from one, A's number is the number of a task of B's own: what B had before stays as it was.
#[test]
fn users_whose_tasks_are_counted_from_one_keep_what_they_had() -> Result<()> {
    let flaw = Some("ids-counted");
    let settings = Settings { secret: SECRET, issuer: ISSUER, audience: AUDIENCE, origins: &ORIGINS, flaw };
    let app = StockApp::express(&settings)?;
    let as_b = settings.authorization("postflight-user-b")?;
    app.make_tasks(&as_b, 12)?;
    let before = app.get("/tasks", &[("Authorization", &as_b)])?.body;
    let (output, document) = verify(&app.description()?, SECRET, "isolation", &[])?;
    assert_eq!(app.get("/tasks", &[("Authorization", &as_b)])?.body, before);
    assert_eq!([with_verdict(&document, "fail"), with_verdict(&document, "inconclusive")], [vec![], vec![]]);
    ensure!(output.status.code() == Some(0), "{:?}: {}", output.status, document["headline"]);
    let skipped: Vec<_> = with_verdict(&document, "skip").into_iter().map(|(id, _)| id).collect();
    for id in ["isolation.foreign.read", "isolation.foreign.patch", "isolation.foreign.delete", "isolation.oracle"] {
        ensure!(skipped.iter().any(|skipped| skipped == id), "{id} was asked");
    }
    nothing_left(&document)
}

#[test]
fn the_demonstration_finds_nothing_and_links_every_decision() -> Result<()> {
    let out = tempfile::tempdir()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("a workspace")?;
    let output = Command::new(env!("CARGO_BIN_EXE_console"))
        .arg("demo")
        .arg("--out")
        .arg(out.path())
        .current_dir(root)
        .stdin(std::process::Stdio::null())
        .output()?;
    let document: Value = serde_json::from_slice(&std::fs::read(out.path().join("audit.json"))?)?;
    assert_eq!(with_verdict(&document, "fail"), []);
    // What the demonstration's server does not promise, or promises only in numbers that would hold everything up, is not asked; nor what needs
    // TLS, a platform, a database server, another host, or accounts: its tokens come from elsewhere.
    let undeclared = [
        "jwt.carrier.csrf",
        "jwt.contents",
        "jwt.login.",
        "jwt.revoked",
        "jwt.refresh",
        "jwt.kind",
        "jwt.jti.replay",
        "jwt.exp.ended",
        "jwt.sub.disabled",
        "robustness.slow.",
        "robustness.rate-limit",
        "robustness.idempotency",
        "tls.",
        "cors.protocol",
        "cors.origin.dangling",
        "isolation.routes",
        "isolation.assign.role",
        "isolation.recreated",
        "isolation.bulk",
        "isolation.accounts",
        "isolation.sessions",
        "headers.declared",
        "configuration.draining",
        "configuration.database-tls",
        "configuration.pool",
        "configuration.migrations",
    ];
    let skipped = with_verdict(&document, "skip").into_iter();
    let skipped: Vec<_> = skipped.filter(|(id, _)| !undeclared.iter().any(|prefix| id.starts_with(prefix))).collect();
    assert_eq!(skipped, []);
    // Secrets in a tree that differs from the running build cannot be judged; on a clean clone nothing is left open.
    let open: Vec<_> = with_verdict(&document, "inconclusive").into_iter().filter(|(id, _)| !id.starts_with("secrets.")).collect();
    assert_eq!(open, []);
    let expected = if document["counts"]["inconclusive"] == 0 { 0 } else { 3 };
    ensure!(output.status.code() == Some(expected), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    ensure!(document["counts"]["total"].as_u64() >= Some(60), "{}", document["counts"]);
    ensure!(document["stats"]["probes"].as_u64() >= Some(300), "{}", document["stats"]);
    every_decision_is_linked(root, out.path())
}

fn every_decision_is_linked(root: &Path, out: &Path) -> Result<()> {
    let (html, markdown) = (std::fs::read_to_string(out.join("audit.html"))?, std::fs::read_to_string(out.join("audit.md"))?);
    let mut decisions = 0;
    for entry in std::fs::read_dir(root.join("history/adr"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            ensure!(html.contains(&name), "{name} is not in audit.html");
            ensure!(markdown.contains(&name), "{name} is not in audit.md");
            decisions += 1;
        }
    }
    ensure!(decisions > 10, "only {decisions} decision records");
    Ok(())
}
