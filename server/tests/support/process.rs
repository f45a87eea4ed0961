//! The server as a process of its own: the real binary, a clean environment, its real log.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    reason = "test support: shared by many tests, and failing is its way to say so"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running `server`; killed when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    pub address: SocketAddr,
}

/// A command with these variables and no others.
pub fn command(arguments: &[&str], variables: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(arguments).env_clear().envs(variables).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn output(arguments: &[&str], variables: &BTreeMap<String, String>) -> Output {
    command(arguments, variables).output().expect("the binary starts")
}

impl Process {
    /// Starts serving and waits for the line that says where.
    pub fn serve(variables: &BTreeMap<String, String>) -> Self {
        let mut child = command(&[], variables).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("the binary starts");
        let stdout = child.stdout.take().expect("its output");
        let (tell, lines) = channel();
        spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut process = Self { child, lines, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let line = process.line("listening");
        process.address = line["address"].as_str().and_then(|address| address.parse().ok()).expect("an address");
        process
    }

    /// The next log line with this message.
    pub fn line(&self, message: &str) -> serde_json::Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let text = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line says {message:?}"));
            let line: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            if line["message"] == message {
                return line;
            }
        }
    }

    /// Sends a signal by name, as `kill` knows it.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server did not end");
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whatever a reader has left.
pub fn rest(mut reader: impl Read) -> String {
    let mut text = String::new();
    drop(reader.read_to_string(&mut text));
    text
}
