//! Parses the command line, runs the command, turns its end into an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use console::cli::Cli;
use console::commands::{Exit, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {}", told(&error));
            Exit::Usage.into()
        }
    }
}

/// The error and its causes in one line, each said once: many messages hold that of their cause already.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| match cause.to_string() {
        words if text.contains(&words) => text,
        words if text.is_empty() => words,
        words => format!("{text}: {words}"),
    })
}
