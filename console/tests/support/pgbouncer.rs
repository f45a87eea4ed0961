//! PgBouncer in transaction mode in front of a PostgreSQL, set up as Neon sets up its pooled endpoint. Where the PostgreSQL
//! comes from is the caller's business.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::process::{Running, cache_directory, on_a_free_port, run};

/// Protocol-level prepared statements came with 1.21; older poolers answer "prepared statement does not exist".
const OLDEST: (u32, u32) = (1, 21);

const START_LIMIT: Duration = Duration::from_secs(10);

/// The PostgreSQL behind the pooler.
pub(crate) struct Upstream<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
}

/// A running pooler; dropping it ends the process and removes its directory.
pub(crate) struct PgBouncer {
    process: Running,
    port: u16,
    url: String,
    _directory: TempDir,
}

impl PgBouncer {
    /// Starts a pooler whose server-side pool has `pool_size` connections.
    pub(crate) fn start(upstream: &Upstream<'_>, pool_size: u16) -> Result<Self> {
        let binary = find_binary()?;
        on_a_free_port(|port| Self::start_on(port, &binary, upstream, pool_size))
    }

    fn start_on(port: u16, binary: &Path, upstream: &Upstream<'_>, pool_size: u16) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let settings = directory.path().join("pgbouncer.ini");
        fs::write(&settings, configuration(port, upstream, pool_size))?;
        let mut command = Command::new(binary);
        if is_root()? {
            // Root is refused, but root may hand over to somebody else.
            command.args(["-u", "nobody"]);
        }
        let mut process = Running::start(command.arg(&settings))?;
        process.wait_until("accepting connections", START_LIMIT, |process| {
            process.output().contains("process up") && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        })?;
        let Upstream { user, database, .. } = upstream;
        Ok(Self { process, port, url: format!("postgresql://{user}@127.0.0.1:{port}/{database}"), _directory: directory })
    }

    /// Where clients connect instead of to PostgreSQL itself.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The pooler's log so far.
    pub(crate) fn log(&self) -> String {
        self.process.output()
    }
}

fn configuration(port: u16, upstream: &Upstream<'_>, pool_size: u16) -> String {
    let Upstream { host, port: upstream_port, user, password, database } = upstream;
    format!(
        "[databases]\n\
         {database} = host={host} port={upstream_port} user={user} password='{password}' dbname={database}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = transaction\n\
         max_prepared_statements = 200\n\
         default_pool_size = {pool_size}\n\
         max_client_conn = 500\n\
         ignore_startup_parameters = extra_float_digits\n"
    )
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// `POSTFLIGHT_PGBOUNCER` if set, else what `.ci/pgbouncer` built, else the one on the PATH; it must be new enough.
fn find_binary() -> Result<PathBuf> {
    let built = cache_directory()?.join("pgbouncer/bin/pgbouncer");
    let binary = match std::env::var_os("POSTFLIGHT_PGBOUNCER") {
        Some(chosen) => PathBuf::from(chosen),
        None if built.exists() => built,
        None => PathBuf::from("pgbouncer"),
    };
    let printed = run(Command::new(&binary).arg("--version")).context("no usable PgBouncer: `.ci/pgbouncer` builds one")?;
    let version = parse_version(&printed).with_context(|| format!("{} says {printed:?}", binary.display()))?;
    if version < OLDEST {
        let (major, minor) = version;
        bail!(
            "{} is PgBouncer {major}.{minor}, which cannot do prepared statements: `.ci/pgbouncer` builds a newer one",
            binary.display()
        );
    }
    Ok(binary)
}

/// Major and minor out of a first line like `PgBouncer 1.24.1`.
pub(crate) fn parse_version(printed: &str) -> Option<(u32, u32)> {
    let mut parts = printed.lines().next()?.strip_prefix("PgBouncer ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
