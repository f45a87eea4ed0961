//! The program: `serve` (the default), `migrate`, `check-config`, `openapi`.
//!
//! Exit codes: 0 done, 1 failed while running, 2 wrong usage or configuration.

use std::process::ExitCode;

use server::{Config, Report};

const HELP: &str = "\
The hardened tasks API.

Usage: server [COMMAND]

Commands:
  serve                          serve until SIGTERM or ctrl-c (the default)
  migrate                        run the migrations over DATABASE_URL_UNPOOLED
  check-config [--format json]   judge the environment as start-up would, without secrets
  openapi                        print the OpenAPI document

Options:
  -h, --help                     print this
  -V, --version                  print the version

All configuration comes from the environment; `server check-config` lists it.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
";

/// Wrong usage or configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["serve"] => configured(|config| done(block_on(server::serve(config)))),
        ["migrate"] => configured(|config| done(block_on(server::migrate(config)))),
        ["check-config"] | ["check-config", "--format", "text"] => check(|report| Ok(report.to_string())),
        ["check-config", "--format", "json"] => check(Report::to_json),
        ["openapi"] => server::openapi().map_or(ExitCode::FAILURE, |document| print(&document)),
        ["-h" | "--help" | "help"] => print(HELP.trim_end()),
        ["-V" | "--version"] => print(concat!("server ", env!("CARGO_PKG_VERSION"))),
        _ => {
            eprintln!("server: this is not a command: {}\n\n{HELP}", arguments.join(" "));
            ExitCode::from(USAGE)
        }
    }
}

/// The process's environment, the one place that reads it. What is not UTF-8 is marked so that the parser can refuse it.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

fn configured(run: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::from_env_map(environment()) {
        Ok(config) => run(config),
        Err(problems) => {
            eprint!("server: {problems}");
            ExitCode::from(USAGE)
        }
    }
}

fn check(render: impl FnOnce(&Report) -> serde_json::Result<String>) -> ExitCode {
    let report = Report::of(environment());
    match render(&report) {
        Ok(text) if report.ok() => print(&text),
        Ok(text) => {
            print(&text);
            ExitCode::from(USAGE)
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}

/// Success, or the error and its causes on one line of standard error.
fn done<E: std::error::Error + Send + Sync + 'static>(outcome: std::io::Result<Result<(), E>>) -> ExitCode {
    match outcome.map_err(anyhow::Error::from).and_then(|done| done.map_err(anyhow::Error::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line; a reader that went away is not our failure.
fn print(text: &str) -> ExitCode {
    use std::io::Write as _;
    drop(writeln!(std::io::stdout(), "{text}"));
    ExitCode::SUCCESS
}
