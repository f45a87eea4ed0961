//! The rehearsal of a deploy: a directory as Railpack ships it, and a real Procfile runner (foreman) that starts it.
//!
//! Railpack runs `cargo build --release --package server`, copies the binary to `bin/` and ships the tree without `target/`.
//! foreman always sets PORT: `-p` for the first process of the Procfile, so an environment *without* PORT cannot be
//! rehearsed with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::process::{Running, run};

/// How long foreman lets its processes drain after SIGTERM before it kills them, seconds.
const DRAINING_SECONDS: &str = "30";

const START_LIMIT: Duration = Duration::from_secs(20);

/// What the image contains: `Procfile` and `bin/server`.
pub(crate) struct Ship {
    directory: Arc<TempDir>,
}

impl Ship {
    /// Lays out the text of a Procfile and a program in the place of `bin/server`.
    pub(crate) fn lay_out(procfile: &str, server: &Path) -> Result<Self> {
        let directory = Arc::new(tempfile::tempdir()?);
        fs::write(directory.path().join("Procfile"), procfile)?;
        let bin = directory.path().join("bin");
        fs::create_dir(&bin)?;
        let shipped = bin.join("server");
        fs::copy(server, &shipped).with_context(|| format!("{} to ship", server.display()))?;
        fs::set_permissions(&shipped, fs::Permissions::from_mode(0o755))?;
        Ok(Self { directory })
    }

    /// The workspace's own Procfile with the server as the platform builds it.
    pub(crate) fn of_this_workspace() -> Result<Self> {
        let procfile = fs::read_to_string(workspace().join("Procfile")).context("the workspace has no Procfile")?;
        Self::lay_out(&procfile, &platform_built_server()?)
    }

    /// Where the image's files lie.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the runner with exactly this environment (plus PATH, and PORT for the process). It returns at once: wait for
    /// readiness over the port, or for the exit of a server that refuses to start.
    pub(crate) fn launch(&self, port: u16, environment: &[(&str, &str)]) -> Result<Runner> {
        let mut command = Command::new("foreman");
        command
            .args(["start", "-p", &port.to_string(), "-t", DRAINING_SECONDS])
            // Never an .env file: the platform has none.
            .args(["-e", "/dev/null", "--no-timestamp"])
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().copied());
        let mut process = Running::start(&mut command)?;
        process.wait_until("a started process", START_LIMIT, |process| process.output().contains("started with pid"))?;
        Ok(Runner { process, port, _directory: Arc::clone(&self.directory) })
    }
}

/// A running Procfile; dropping it kills the runner and everything it started.
pub(crate) struct Runner {
    process: Running,
    port: u16,
    _directory: Arc<TempDir>,
}

impl Runner {
    /// The PORT that the first process of the Procfile was given.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What runner and processes wrote; every line starts with the process's name.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// Waits until the output contains `text`.
    pub(crate) fn wait_for_output(&mut self, text: &str, limit: Duration) -> Result<()> {
        let what = format!("saying {text:?}");
        self.process.wait_until(&what, limit, |process| process.output().contains(text))
    }

    /// Stops as the platform does: SIGTERM to the start command alone, which passes it on.
    pub(crate) fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.signal("TERM")?;
        self.process.wait_for_exit(limit)
    }

    /// Waits for a start that fails by itself; the status is that of the process in the Procfile.
    pub(crate) fn wait_for_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.wait_for_exit(limit)
    }
}

/// `POSTFLIGHT_SERVER_BINARY` if set (`.ci/test` does), else a build like the platform's. Never the binary of a workspace
/// build: there `console` has switched on features that the platform does not see.
pub(crate) fn platform_built_server() -> Result<PathBuf> {
    if let Some(built) = std::env::var_os("POSTFLIGHT_SERVER_BINARY") {
        return Ok(PathBuf::from(built));
    }
    run(Command::new(env!("CARGO")).args(["build", "--locked", "--release", "--package", "server"]).current_dir(workspace()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    Ok(target.join("release/server"))
}

fn workspace() -> &'static Path {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_directory.parent().unwrap_or(crate_directory)
}
