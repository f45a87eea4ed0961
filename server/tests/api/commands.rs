//! The program: commands, exit codes, start-up and shutdown, as a real process.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Output;

use insta::assert_snapshot;

use crate::support::http::{Request, connect, read};
use crate::support::postgres::{Postgres, free_port};
use crate::support::process::{Process, command, output};
use crate::support::{TestServer, canonical, names, token, variables};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn stderr(output: &Output) -> String {
    text(&output.stderr)
}

fn production() -> BTreeMap<String, String> {
    let url = "postgresql://app:pw@ep-1-pooler.eu.aws.neon.tech/db?sslmode=require";
    let mut vars = variables(url, &[("ENVIRONMENT", "production"), ("PORT", "8000"), ("RAILWAY_GIT_COMMIT_SHA", "abc123")]);
    vars.remove("API_DOCS");
    vars
}

#[test]
fn missing_variables_are_all_named_in_one_message_before_anything_starts() {
    let output = output(&[], &BTreeMap::from([("ENVIRONMENT".into(), "production".into())]));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert_snapshot!(stderr(&output), @r"
    server: the configuration has 4 problems; nothing was started:
      PORT          is missing: the platform sets it; the server must listen where it routes to
      DATABASE_URL  is missing: the pooled PostgreSQL URL, postgresql://user:password@host/database?sslmode=verify-full
      JWT_SECRET    is missing: the secret that signs the tokens, 32 random bytes or more (or BETTER_AUTH_SECRET)
      CORS_ORIGINS  is missing: the exact https origins of the front end, for example https://app.example.com
    ");
}

#[test]
fn sqlite_in_production_is_refused_by_the_process_too() {
    let mut vars = production();
    vars.insert("DATABASE_URL".into(), "sqlite:/tmp/tasks.sqlite".into());
    let output = output(&["serve"], &vars);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is SQLite, which only development may use"));
}

#[test]
fn an_unknown_command_is_wrong_usage_and_help_is_not() {
    let none = BTreeMap::new();
    let unknown = output(&["sevre"], &none);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).starts_with("server: this is not a command: sevre\n"));
    let help = output(&["--help"], &none);
    assert_eq!((help.status.code(), stderr(&help).as_str()), (Some(0), ""));
    assert!(text(&help.stdout).contains("check-config [--format json]"));
    let version = output(&["--version"], &none);
    assert_eq!(text(&version.stdout), concat!("server ", env!("CARGO_PKG_VERSION"), "\n"));
    let document = output(&["openapi"], &none);
    assert_eq!(text(&document.stdout).trim_end(), server::openapi().unwrap());
}

#[test]
fn check_config_is_evidence_without_secrets() {
    let output = output(&["check-config", "--format", "json"], &production());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = text(&output.stdout);
    assert!(!shown.contains(token::SECRET) && !shown.contains("pw@") && !shown.contains("neon.tech"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["variables"].as_array().unwrap().iter();
    let present: Vec<&str> = rows.filter(|row| row["present"] == true).map(|row| row["name"].as_str().unwrap()).collect();
    assert_snapshot!(present.join(" "), @"ENVIRONMENT PORT HOST DATABASE_URL DB_POOL_ACQUIRE_SECS JWT_SECRET CORS_ORIGINS RATE_LIMIT_PER_SECOND RATE_LIMIT_BURST");
    assert_snapshot!(canonical(&report["variables"][4]), @r#"{"name":"DATABASE_URL","present":true,"purpose":"the pooled PostgreSQL URL that requests use","required":"always","secret":true}"#);
    let lines = |value: &serde_json::Value| {
        names(value).into_iter().map(|name| format!("{name}: {}", canonical(&value[name]))).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(lines(&report["settings"]), @r#"
    api_docs: false
    auth: {"algorithms":["HS256"],"audience_required":false,"issuer_required":false,"leeway_secs":5,"max_lifetime_secs":null,"mode":"hs256","previous_secret":false,"required_claims":["exp","sub"]}
    cors: {"credentials":false,"exposed":["ETag","Location","Retry-After","X-Request-Id"],"headers":["Authorization","Content-Type","If-Match","If-None-Match"],"max_age_secs":7200,"methods":["GET","POST","PUT","PATCH","DELETE"],"origins":["https://app.example.com"]}
    database: {"direct_url":false,"engine":"postgresql","neon":true,"pool_acquire_secs":2,"pool_idle_secs":90,"pool_lifetime_secs":840,"pool_max":10,"pool_min":0,"pooler":true,"statements":"named, cached","tls":"verify-full"}
    environment: "production"
    limits: {"answer_secs":25,"body_bytes":65536,"body_secs":10,"drain_secs":10,"header_secs":15}
    listen: {"behind_edge":true,"host":"127.0.0.1","metrics_port":null,"port":8000}
    logs: "json"
    rate_limit: {"burst":10000,"per_second":10000}
    release: {"commit":"abc123","deployment":null,"platform_draining_secs":null,"platform_environment":null,"replica":null}
    "#);
    assert_eq!((&report["ok"], &report["schema"]), (&true.into(), &"postflight.check-config/1".into()));
}

#[test]
fn check_config_fails_like_start_up_does() {
    let mut vars = production();
    vars.insert("JWT_SECRET".into(), "short".into());
    vars.remove("PORT");
    let failed = output(&["check-config", "--format", "json"], &vars);
    assert_eq!(failed.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!((&report["ok"], &report["settings"]), (&false.into(), &serde_json::Value::Null));
    let named: Vec<&str> =
        report["problems"].as_array().unwrap().iter().map(|problem| problem["variable"].as_str().unwrap()).collect();
    assert_eq!(named, ["PORT", "JWT_SECRET"]);
    assert!(text(&output(&["check-config"], &vars).stdout).contains("the server would not start"));
}

#[test]
fn migrate_works_once_and_again_and_says_what_it_needs() {
    let postgres = Postgres::start();
    let vars = variables(&postgres.url(), &[("LOG_FORMAT", "json")]);
    for _ in 0..2 {
        let done = output(&["migrate"], &vars);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    }
    assert_eq!(postgres.query("SELECT count(*) FROM _sqlx_migrations WHERE success"), "1");
    let pooled = output(&["migrate"], &production());
    assert_eq!(pooled.status.code(), Some(1));
    assert!(stderr(&pooled).contains("set DATABASE_URL_UNPOOLED"), "{}", stderr(&pooled));
}

#[test]
fn replicas_that_migrate_at_once_take_turns() {
    let postgres = Postgres::start();
    let vars = variables(&postgres.url(), &[]);
    std::thread::scope(|scope| {
        let migrating: Vec<_> = (0..4).map(|_| scope.spawn(|| output(&["migrate"], &vars))).collect();
        for done in migrating {
            let done = done.join().unwrap();
            assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
        }
    });
    assert_eq!(postgres.query("SELECT count(*) FROM _sqlx_migrations"), "1");
}

#[test]
fn libpq_variables_do_not_leak_into_connections() {
    let postgres = Postgres::start();
    let more = [
        ("PGPASSWORD", "wrong"),
        ("PGUSER", "wrong"),
        ("PGHOST", "wrong"),
        ("PGPORT", "1"),
        ("PGDATABASE", "wrong"),
        ("PGSSLMODE", "verify-full"),
        ("PGAPPNAME", "wrong"),
    ];
    let done = output(&["migrate"], &variables(&postgres.url(), &more));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
}

#[test]
fn a_taken_port_is_an_error_that_says_so() {
    let server = TestServer::sqlite(|_| {});
    let port = server.address.port().to_string();
    let failed = output(&[], &variables("postgresql://postgres:x@127.0.0.1:1/db", &[("PORT", &port)]));
    assert_eq!(failed.status.code(), Some(1));
    assert!(stderr(&failed).contains(&format!("cannot listen on port {port}")), "{}", stderr(&failed));
}

#[test]
fn sigterm_lets_a_request_in_flight_end_and_takes_no_new_ones() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("tasks.sqlite").display());
    let mut process = Process::serve(&variables(&url, &[("LOG_FORMAT", "json")]));
    let mut slow = connect(process.address);
    let body = r#"{"title":"in flight"}"#;
    let (first, second) = body.split_at(5);
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        token::of("ann"),
        body.len()
    );
    slow.write_all(format!("{head}{first}").as_bytes()).unwrap();
    // An answer on another connection shows that the server has had time to read the beginning of the first.
    assert_eq!(Request::new("GET", "/livez").send(process.address).status, 200);
    process.signal("TERM");
    process.line("stopping");
    slow.write_all(second.as_bytes()).unwrap();
    let reply = read(&mut slow);
    assert_eq!((reply.status, reply.header("connection")), (201, Some("close")));
    let stopped = process.line("stopped");
    assert_eq!(stopped["cut_off"], 0);
    assert_eq!(process.ended().code(), Some(0));
    assert!(std::net::TcpStream::connect(process.address).is_err());
}

#[test]
fn a_client_that_never_ends_does_not_hold_the_process() {
    let vars = variables(
        &format!("postgresql://postgres:x@127.0.0.1:{}/db", free_port()),
        &[("LOG_FORMAT", "json"), ("RAILWAY_DEPLOYMENT_DRAINING_SECONDS", "2")],
    );
    let mut process = Process::serve(&vars);
    let mut stuck = connect(process.address);
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{",
        token::of("ann")
    );
    stuck.write_all(head.as_bytes()).unwrap();
    assert_eq!(Request::new("GET", "/livez").send(process.address).status, 200);
    let began = std::time::Instant::now();
    process.signal("INT");
    assert_eq!(process.line("stopped")["cut_off"], 1);
    assert_eq!(process.ended().code(), Some(0));
    assert!(began.elapsed().as_secs() < 5);
}

#[test]
fn a_server_that_logs_nothing_serves_all_the_same_until_it_is_told_to_stop() {
    let port = free_port();
    let url = format!("postgresql://postgres:x@127.0.0.1:{}/db", free_port());
    let vars = variables(&url, &[("RUST_LOG", "off"), ("PORT", &port.to_string())]);
    let mut silent = command(&[], &vars).spawn().unwrap();
    let address = ([127, 0, 0, 1], port).into();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::net::TcpStream::connect(address).is_err() {
        assert_eq!(silent.try_wait().unwrap(), None, "the server is still there");
        assert!(std::time::Instant::now() < deadline, "the port is open in time");
    }
    assert_eq!(Request::new("GET", "/livez").send(address).status, 200);
    assert_eq!(silent.try_wait().unwrap(), None, "the server is still there");
    let stopped = std::process::Command::new("kill").arg(silent.id().to_string()).status();
    assert!(stopped.unwrap().success());
    assert_eq!(silent.wait().unwrap().code(), Some(0));
}

#[test]
fn the_log_has_one_line_a_request_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("tasks.sqlite").display());
    let process = Process::serve(&variables(&url, &[("LOG_FORMAT", "json")]));
    let token = token::of("ann");
    let reply = Request::new("GET", &format!("/api/tasks?access_token={token}")).send(process.address);
    let line = process.line("request");
    assert_eq!(line["request_id"].as_str(), reply.header("x-request-id"));
    assert_eq!((&line["method"], &line["route"], &line["status"]), (&"GET".into(), &"/api/tasks".into(), &401.into()));
    assert_eq!(line["refused"], "no token");
    assert!(!line.to_string().contains(&token[..20]));
    Request::new("GET", "/api/tasks").bearer("kq3Jr8sVb2.Yc5n").send(process.address);
    let line = process.line("request");
    assert_eq!(line["refused"], "two segments: this is a session token, not a JWT");
    assert!(!line.to_string().contains("kq3Jr8sVb2"));
}
