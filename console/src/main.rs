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
            eprintln!("error: {error:#}");
            Exit::Usage.into()
        }
    }
}
