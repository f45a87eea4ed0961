//! A throw-away PostgreSQL server for one test.
//!
//! Self-contained (`std` and `tempfile`), so that other crates' tests can include it by `#[path]`. Every [`Postgres`] has
//! its own directory and port; it is stopped and removed when it is dropped, also when the test panics, and it stops when the
//! test process is killed, because it lives behind a pipe that breaks then. PostgreSQL refuses to run as root, so a test
//! that runs as root starts it as `postgres` or `nobody`. A machine without PostgreSQL is a failure with a clear message,
//! never a skip.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: shared by many tests, and failing is its way to say so"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The superuser of every throw-away server. Not a secret: it guards a directory that lives for seconds.
pub const USER: &str = "postgres";
/// The superuser's password.
pub const PASSWORD: &str = "throw-away";
/// The database that is there from the start.
pub const DATABASE: &str = "tasks";

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Waits for its standard input to end, then stops the server at once, as a crash would.
const KEEPER: &str = r#""$@" & server=$!; read -r _; kill -QUIT "$server"; wait "$server""#;
const FAST: [&str; 4] = ["fsync=off", "full_page_writes=off", "max_connections=60", "unix_socket_directories="];

/// A running server, or one that was stopped and can be started again.
pub struct Postgres {
    directory: TempDir,
    port: u16,
    keeper: Option<Child>,
}

/// The user to run PostgreSQL as, if it cannot be the current one.
#[derive(Clone, Copy)]
struct Other {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts an empty server with one database.
    pub fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary directory");
        open_to_all(directory.path());
        run(Command::new("cp").arg("-a").arg(template()).arg(directory.path().join("data")));
        let mut postgres = Self { directory, port: free_port(), keeper: None };
        postgres.resume();
        postgres.sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
        postgres
    }

    /// The connection string of the database.
    pub fn url(&self) -> String {
        format!("postgresql://{USER}:{PASSWORD}@127.0.0.1:{}/{DATABASE}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL in the database and returns what psql prints, unaligned and without headings.
    pub fn query(&self, sql: &str) -> String {
        self.sql(DATABASE, sql)
    }

    /// Stops the server without saying goodbye to anybody: connections break, as when a host dies.
    pub fn crash(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the server's keeper ends");
        }
    }

    /// Starts the server again over the same data, and waits until it takes queries.
    pub fn resume(&mut self) {
        assert!(self.keeper.is_none(), "the server is running");
        let mut command = as_allowed("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(bin("postgres")).arg("-D").arg(self.directory.path().join("data"));
        command.arg("-p").arg(self.port.to_string()).args(["-c", "listen_addresses=127.0.0.1"]);
        for setting in FAST {
            command.args(["-c", setting]);
        }
        let log = fs::File::create(self.directory.path().join("log")).expect("a log file");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        self.keeper = Some(command.spawn().expect("sh starts"));
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + READY_WITHIN;
        let mut ask = Command::new(bin("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-p"]).arg(self.port.to_string());
        while !ask.status().expect("pg_isready runs").success() {
            let log = || fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL did not become ready; its log:\n{}", log());
            sleep(Duration::from_millis(10));
        }
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(bin("psql"));
        psql.env("PGPASSWORD", PASSWORD).args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER]);
        psql.arg("-p").arg(self.port.to_string()).args(["-d", database, "-c", sql]);
        run(&mut psql)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// An initialised data directory, made once for the machine and copied for every test.
fn template() -> PathBuf {
    let owner = other().map_or_else(|| fs::metadata("/proc/self").expect("this process").uid(), |other| other.uid);
    let version = bin("postgres").ancestors().nth(2).and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let template = std::env::temp_dir().join(format!("postgres-template-{version}-{owner}"));
    if !ours(&template, owner) {
        make(&template);
    }
    assert!(ours(&template, owner), "{} belongs to somebody else: remove it", template.display());
    template
}

fn ours(template: &Path, owner: u32) -> bool {
    fs::symlink_metadata(template).is_ok_and(|found| found.is_dir() && found.uid() == owner)
}

/// Made aside and moved into place, so that tests which start together cannot meet a half-made one.
fn make(template: &Path) {
    let aside = tempfile::Builder::new().prefix("postgres-initdb-").tempdir().expect("a temporary directory");
    open_to_all(aside.path());
    let password = aside.path().join("password");
    fs::write(&password, PASSWORD).expect("a password file");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).expect("its mode");
    let mut initdb = as_allowed(&bin("initdb").to_string_lossy());
    initdb.args(["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=scram-sha-256", "-U", USER]);
    initdb.arg(format!("--pwfile={}", password.display())).arg("-D").arg(aside.path().join("data"));
    run(&mut initdb);
    // Losing the race is fine: the winner's template is as good.
    drop(fs::rename(aside.path().join("data"), template));
}

/// The server's own user must be able to make things here.
fn open_to_all(directory: &Path) {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).expect("the directory's mode");
}

/// A command that runs as a user that PostgreSQL accepts.
fn as_allowed(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(Other { uid, gid }) = other() {
        command.uid(uid).gid(gid);
    }
    command
}

/// Root must become somebody else.
fn other() -> Option<Other> {
    if fs::metadata("/proc/self").expect("this process").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let ids = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').collect();
        Some(Other { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user `postgres` or `nobody`, since PostgreSQL refuses to run as root"))
}

/// A program of the newest PostgreSQL on this machine.
fn bin(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = versions.filter(|bin| bin.join("initdb").exists()).collect();
    candidates.sort_by_key(|bin| version(bin));
    candidates.reverse();
    candidates.extend(std::env::split_paths(&path));
    let found = candidates.into_iter().map(|bin| bin.join(name)).find(|program| program.exists());
    found.unwrap_or_else(|| {
        panic!("these tests need PostgreSQL 15 or newer: `{name}` is neither in /usr/lib/postgresql/*/bin nor on PATH")
    })
}

fn version(bin: &Path) -> u32 {
    bin.parent().and_then(Path::file_name).and_then(|version| version.to_str()?.parse().ok()).unwrap_or_default()
}

/// Runs a command to its end and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
    assert!(output.status.success(), "{command:?} failed: {}", text(output.stderr));
    text(output.stdout)
}
