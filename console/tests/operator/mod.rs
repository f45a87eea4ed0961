//! An operator at the command line: a postflight.toml that describes a twin, and the real binary beside it.
#![allow(dead_code, reason = "each test binary uses another part of it")]
#![allow(clippy::unwrap_used, reason = "test support: what cannot be set up stops the test")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::twin::{self, Twin};

/// What a protection in front of the service lets in.
pub(crate) const BYPASS: &str = "bypass-canary-7Kq2";
/// The password of every account that is signed up.
pub(crate) const PASSWORD: &str = "Password-canary-9Zt4";

pub(crate) const CONSOLE: &str = env!("CARGO_BIN_EXE_console");

/// The routes of accounts, as an operator describes them, and what a protection in front of the service asks for.
pub(crate) const ACCOUNTS: &str = r#"
[targets.twin.headers]
x-protection-bypass = "TWIN_BYPASS"
[targets.twin.tokens.signup]
path = "/auth/signup"
body = { username = "{username}", password = "{password}" }
token = "/access_token"
subject = "/user/id"
password = "TWIN_PASSWORD"
[targets.twin.tokens.login]
path = "/auth/login"
body = { username = "{username}", password = "{password}" }
token = "/access_token"
subject = "/user/id"
[targets.twin.tokens.password]
path = "/auth/password"
body = { old = "{password}", new = "{new_password}" }
[targets.twin.tokens.logout]
path = "/auth/logout"
[targets.twin.tokens.delete]
path = "/auth/me"
"#;

/// A directory with a postflight.toml for `twin`.
pub(crate) fn described(twin: &Twin) -> tempfile::TempDir {
    described_with(twin, "")
}

/// The same, with further sections.
pub(crate) fn described_with(twin: &Twin, further: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "[targets.twin]\nurl = \"{}\"\norigins = [\"{}\"]\nsecrets = [\"TWIN_KEY\"]\n\
         [targets.twin.tokens.mint]\nsecret = \"TWIN_KEY\"\nclaims = {{ iss = \"{}\", aud = \"{}\" }}\n\
         [targets.twin.paths]\nhealth = \"/health\"\nlive = \"/livez\"\n{further}",
        twin.base(),
        twin::ORIGINS.join("\", \""),
        twin::ISSUER,
        twin::AUDIENCE,
    );
    std::fs::write(directory.path().join("postflight.toml"), text).unwrap();
    directory
}

/// A command that keeps its journals in `directory`.
pub(crate) fn console(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = bare(directory, arguments);
    command.args(["--journal", "journal"]);
    command
}

/// A command that keeps no journal.
pub(crate) fn bare(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(CONSOLE);
    command
        .args(arguments)
        .current_dir(directory)
        .env("TWIN_KEY", twin::SECRET)
        .env("TWIN_BYPASS", BYPASS)
        .env("TWIN_PASSWORD", PASSWORD)
        .stdin(Stdio::null());
    command
}

/// Runs the command off the runtime's own threads, which the twin needs.
pub(crate) async fn finished(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Starts a run, sends it `signal` after `delay`, waits until it is over.
pub(crate) async fn signalled(mut command: Command, signal: Signal, delay: Duration) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::time::sleep(delay).await;
    // A run that was already over has no process left to signal; the output tells.
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

pub(crate) fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
