//! The tools that other tests lean on do what those tests believe: a Procfile process is really started and stopped by the
//! runner, and the pooler really multiplexes prepared statements over few connections.

mod support;

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use support::pgbouncer::{PgBouncer, Upstream, parse_version};
use support::process::{Running, free_port, on_a_free_port, run};
use support::procfile::Ship;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);

/// A program in the place of the server that says what it was given and ends with 0 when asked to.
const STAND_IN: &str = "#!/bin/sh\n\
    trap 'echo drained; exit 0' TERM\n\
    echo \"port=$PORT greeting=$GREETING home=$HOME\"\n\
    while :; do sleep 0.05; done\n";

fn ship(program: &str) -> Result<Ship> {
    let directory = tempfile::tempdir()?;
    let stand_in = directory.path().join("stand-in");
    std::fs::write(&stand_in, program)?;
    Ship::lay_out("web: ./bin/server\n", &stand_in)
}

#[test]
fn the_runner_starts_the_procfile_process_with_our_port_and_only_our_environment() -> Result<()> {
    let mut runner = ship(STAND_IN)?.launch(41_234, &[("GREETING", "hello")])?;
    runner.wait_for_output("port=41234 greeting=hello home=\n", LIMIT)
}

#[test]
fn the_runner_passes_sigterm_on_and_waits_for_the_process_to_drain() -> Result<()> {
    let mut runner = ship(STAND_IN)?.launch(free_port()?, &[])?;
    runner.wait_for_output("port=", LIMIT)?;
    runner.terminate(LIMIT)?;
    assert!(runner.output().contains("drained"), "{}", runner.output());
    Ok(())
}

#[test]
fn the_runner_ends_with_the_status_of_a_process_that_refuses_to_start() -> Result<()> {
    let mut runner = ship("#!/bin/sh\necho 'DATABASE_URL is missing' >&2\nexit 2\n")?.launch(free_port()?, &[])?;
    let status = runner.wait_for_exit(LIMIT)?;
    assert_eq!(status.code(), Some(2), "{}", runner.output());
    assert!(runner.output().contains("DATABASE_URL is missing"));
    Ok(())
}

#[test]
fn a_dropped_runner_leaves_no_process_behind() -> Result<()> {
    let mut runner = ship("#!/bin/sh\necho \"mine is $$.\"\nexec sleep 600\n")?.launch(free_port()?, &[])?;
    runner.wait_for_output("mine is ", LIMIT)?;
    let output = runner.output();
    let (_, rest) = output.split_once("mine is ").context("no pid")?;
    let (pid, _) = rest.split_once('.').context("no end of the pid")?;
    let process = Path::new("/proc").join(pid);
    assert!(is_alive(&process), "the process should run: {output}");
    drop(runner);
    let deadline = Instant::now() + LIMIT;
    while is_alive(&process) {
        assert!(Instant::now() < deadline, "process {pid} outlived its runner");
        std::thread::yield_now();
    }
    Ok(())
}

/// Whether the directory in /proc belongs to a process that is neither gone nor a zombie.
fn is_alive(process: &Path) -> bool {
    std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn eight_clients_keep_their_prepared_statements_on_two_pooled_connections() -> Result<()> {
    let postgres = Postgres::start()?;
    let bouncer = PgBouncer::start(&postgres.upstream(), 2)?;
    let script = postgres.directory.path().join("ask.sql");
    std::fs::write(&script, "\\set n random(1, 9)\nSELECT :n + 1;\n")?;
    let report = run(Command::new(postgres.bin.join("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--client=8"])
        .args(["--transactions=50", "--file"])
        .arg(&script)
        .arg(bouncer.url()))?;
    assert!(report.contains("number of transactions actually processed: 400/400"), "{report}");
    let backends = postgres.ask(&postgres.url(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'")?;
    assert!(matches!(backends.as_str(), "1" | "2"), "{backends} backends behind a pool of two");
    Ok(())
}

#[test]
fn the_pooler_hands_out_the_database_that_it_was_given() -> Result<()> {
    let postgres = Postgres::start()?;
    postgres.ask(&postgres.url(), "CREATE TABLE proof AS SELECT 42 AS answer")?;
    let bouncer = PgBouncer::start(&postgres.upstream(), 2)?;
    assert_ne!(bouncer.port(), postgres.port);
    assert_eq!(postgres.ask(bouncer.url(), "SELECT answer FROM proof")?, "42");
    assert!(bouncer.log().contains("login attempt"), "{}", bouncer.log());
    Ok(())
}

#[test]
fn versions_are_read_as_the_pooler_prints_them() {
    assert_eq!(parse_version("PgBouncer 1.24.1\nlibevent 2.1.12"), Some((1, 24)));
    assert_eq!(parse_version("PgBouncer 1.9.0\n"), Some((1, 9)));
    assert_eq!(parse_version("psql (PostgreSQL) 15.18"), None);
}

/// A PostgreSQL of the smallest kind; tests of the server have a better one.
struct Postgres {
    _process: Running,
    port: u16,
    bin: PathBuf,
    directory: TempDir,
}

impl Postgres {
    fn start() -> Result<Self> {
        let bin = PathBuf::from(run(Command::new("pg_config").arg("--bindir"))?.trim());
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        std::fs::create_dir(&data)?;
        run(Command::new("chown").args(["-R", "postgres"]).arg(directory.path()))?;
        run(as_postgres(&bin.join("initdb")).args(["--auth=trust", "--no-sync", "--pgdata"]).arg(&data))?;
        on_a_free_port(|port| {
            let mut process = Running::start(
                as_postgres(&bin.join("postgres"))
                    .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
                    .args(["-c", "unix_socket_directories=", "-p", &port.to_string()])
                    .arg("-D")
                    .arg(&data),
            )?;
            process.wait_until("ready", LIMIT, |process| {
                process.output().contains("ready to accept connections") && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
            })?;
            Ok((process, port))
        })
        .map(|(process, port)| Self { _process: process, port, bin, directory })
    }

    fn upstream(&self) -> Upstream<'static> {
        Upstream { host: "127.0.0.1", port: self.port, user: "postgres", password: "trusted anyway", database: "postgres" }
    }

    fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn ask(&self, url: &str, query: &str) -> Result<String> {
        let printed = run(Command::new(self.bin.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--command", query, url]))?;
        Ok(printed.trim().to_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A killed cluster would leave its shared memory behind; what does not stop like this is killed after all.
        let _ = run(as_postgres(&self.bin.join("pg_ctl"))
            .args(["stop", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.directory.path().join("data")));
    }
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}
