//! One file a command: from parsed arguments to work done and an exit code. The rooms below know nothing of each other.

mod checks;
mod cleanup;
mod demo;
mod init;
mod report;
pub(crate) mod verify;
mod watch;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory as _;
use secrecy::SecretString;

use crate::cli::{Cli, Command, TargetArgs};
use crate::run::Verdict;
use crate::target::{Environment, File, Target, select};
use crate::verify::Inputs;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for holds.
    Pass = 0,
    /// There are findings.
    Findings = 1,
    /// Usage or configuration; nothing was judged.
    Usage = 2,
    /// Something could not be judged.
    Unjudged = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fail => Self::Findings,
            Verdict::Inconclusive | Verdict::Skip => Self::Unjudged,
            Verdict::Pass | Verdict::Warn => Self::Pass,
        }
    }
}

/// Runs the command that was asked for. An error is a usage or configuration error: its message says what to do.
pub async fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        Some(Command::Demo(args)) => demo::run(args).await,
        Some(Command::Verify(args)) => verify::run(*args).await,
        Some(Command::Init(args)) => init::run(*args).await,
        Some(Command::Watch(args)) => watch::run(args).await,
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Cleanup(args)) => cleanup::run(args).await,
        Some(Command::Checks(args)) => checks::run(&args),
        Some(Command::Completions { shell }) => Ok(completions(shell)),
        Some(Command::Man) => manual(),
        Some(Command::EmbeddedServer { data }) => crate::demo::serve(data).await,
        None if std::io::stdout().is_terminal() => crate::tui::open(&cli.target, &cli.paths).await,
        None => no_command(),
    }
}

fn no_command() -> anyhow::Result<Exit> {
    Cli::command().print_help()?;
    anyhow::bail!("no command given, and the dashboard needs a terminal")
}

fn completions(shell: clap_complete::Shell) -> Exit {
    clap_complete::generate(shell, &mut Cli::command(), "console", &mut std::io::stdout());
    Exit::Pass
}

fn manual() -> anyhow::Result<Exit> {
    clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?;
    Ok(Exit::Pass)
}

/// The target that the arguments mean. The file is needed only where a name is.
pub fn selected(args: &TargetArgs) -> anyhow::Result<Target> {
    let is_url = args.target.as_deref().is_some_and(|word| word.contains("://"));
    let file = if is_url { None } else { Some(File::read(&args.file)?) };
    Ok(select(file.as_ref(), args.target.as_deref(), &Environment::of_process())?)
}

/// What the checks need beside the target: the work tree that it speaks for, and the declared secrets that are set here.
pub fn inputs(args: &TargetArgs, target: &Target) -> Inputs {
    Inputs { repository: repository_of(args, target), secrets: declared_secrets(target), ..Inputs::default() }
}

/// The work tree of a named target: its own, else the one that holds postflight.toml. A bare URL speaks for none.
fn repository_of(args: &TargetArgs, target: &Target) -> Option<PathBuf> {
    let is_url = args.target.as_deref().is_some_and(|word| word.contains("://"));
    let beside = || args.file.canonicalize().ok()?.parent().map(Path::to_owned);
    work_tree(&target.repository.clone().or_else(|| if is_url { None } else { beside() })?)
}

/// The git work tree that holds `directory`.
fn work_tree(directory: &Path) -> Option<PathBuf> {
    directory.canonicalize().ok()?.ancestors().find(|directory| directory.join(".git").exists()).map(Path::to_owned)
}

fn declared_secrets(target: &Target) -> Vec<(String, SecretString)> {
    let environment = Environment::of_process();
    let value = |name: &String| match environment.get(name) {
        Some(value) => Some((name.clone(), value)),
        None => environment.with_blanks(name),
    };
    target.declared_secrets.iter().filter_map(value).collect()
}

/// Cancelled by the first ctrl-c or SIGTERM, so that what was made is deleted before the process ends; a second one ends it at once.
pub fn stop_signal() -> tokio_util::sync::CancellationToken {
    let stop = tokio_util::sync::CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        interrupted().await;
        token.cancel();
        interrupted().await;
        std::process::exit(130);
    });
    stop
}

/// Waits for ctrl-c (SIGINT) or SIGTERM.
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
