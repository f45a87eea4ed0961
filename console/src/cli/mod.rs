//! The command line: every command, option and default, and nothing that acts on them.

mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use time::OffsetDateTime;

use crate::checks::Suite;
use crate::http::Window;

/// Where decision records are unless the operator says otherwise.
pub const ADR_DIR: &str = "history/adr";

const EXIT_CODES: &str = "Exit codes: 0 pass, 1 findings, 2 usage or configuration, 3 could not judge.";

const START: &str = "\
Examples:
  console demo                           see all of it, on a server of its own
  console verify https://api.example.com public checks only; nothing is created
  console verify production --out out    a target of postflight.toml, with its audit
  console production                     the dashboard

Exit codes: 0 pass, 1 findings, 2 usage or configuration, 3 could not judge.";

const VERIFY: &str = "\
Examples:
  console verify production --plan                     what would be sent and made
  console verify production --wait-for $(git rev-parse HEAD) --out out
  console verify production --suite cors,jwt --format ndjson
  console verify production --fail-on warn --require isolation

Exit codes: 0 pass, 1 findings, 2 usage or configuration, 3 could not judge.";

const INIT: &str = "\
Examples:
  console init                                        asks, on a terminal
  console init staging --url https://api.example.com --origin https://app.example.com \\
    --openapi openapi.json --token-a-variable TOKEN_A --token-b-variable TOKEN_B --stack fastapi

Exit codes: 0 written, 2 usage; nothing was written.";

const WATCH: &str = "Exit codes: 0 served at the end, or interrupted; 1 nobody was served at the last of --count polls.";

/// Watches a release land, verifies the live service, publishes the audit.
///
/// Without a command, on a terminal: the dashboard.
#[derive(Debug, Parser)]
#[command(name = "console", version, after_help = START, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the dashboard shows.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where its audit takes the decision records from.
    #[command(flatten)]
    pub paths: ReportPaths,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify the embedded server: a production-mode process on SQLite, over real TCP; writes the audit.
    #[command(after_help = EXIT_CODES)]
    Demo(DemoArgs),
    /// Verify a live service and say what holds.
    #[command(after_help = VERIFY)]
    Verify(Box<VerifyArgs>),
    /// Describe a target in postflight.toml, from flags or by asking.
    #[command(after_help = INIT)]
    Init(Box<InitArgs>),
    /// Poll a live service; one line a poll.
    #[command(after_help = WATCH)]
    Watch(WatchArgs),
    /// Render the reports of an audit.json again.
    Report(ReportArgs),
    /// Remove what interrupted runs left on a target.
    Cleanup(CleanupArgs),
    /// List the checks, or explain one.
    Checks(ChecksArgs),
    /// Print a shell's completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    #[command(hide = true)]
    Man,
    /// The server process of `demo`.
    #[command(name = "embedded-server", hide = true)]
    EmbeddedServer {
        /// Where its database is.
        #[arg(long)]
        data: PathBuf,
    },
}

/// Which target.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// A name in postflight.toml, or a URL (public checks only, no credential is sent).
    pub target: Option<String>,
    /// The file that describes targets.
    #[arg(long, value_name = "FILE", default_value = "postflight.toml")]
    pub file: PathBuf,
}

/// What bounds the traffic.
#[derive(Clone, Copy, Debug, Args)]
pub struct TrafficArgs {
    /// When everything must have ended, what limits of the target ask to wait included.
    #[arg(long, value_name = "DURATION", default_value = "3m", value_parser = values::duration, help_heading = "Traffic")]
    pub deadline: Duration,
    /// Requests at most: evenly so many a second (`20`), or in any window of time (`100/1m`).
    #[arg(long, value_name = "N[/TIME]", value_parser = values::rate, help_heading = "Traffic")]
    pub rate: Option<Rate>,
    /// Requests at most in the whole run; spent on the most telling checks first.
    #[arg(long, value_name = "N", help_heading = "Traffic")]
    pub budget: Option<u64>,
    /// Requests at most in flight; when absent 8, and 16 where the service is far away.
    #[arg(long, value_name = "N", help_heading = "Traffic")]
    pub concurrency: Option<usize>,
}

/// A pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// So many a second, evenly spread.
    PerSecond(u32),
    /// At most so many in any window of time.
    Window(Window),
}

/// Where decisions are read and reports written.
#[derive(Clone, Debug, Args)]
pub struct ReportPaths {
    /// Where the decision records are.
    #[arg(long, value_name = "DIR", default_value = ADR_DIR, help_heading = "What is written")]
    pub adr_dir: PathBuf,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where audit.html, audit.md and audit.json go.
    #[arg(long, value_name = "DIR", default_value = "out/demo", help_heading = "What is written")]
    pub out: PathBuf,
    /// Where the decision records are.
    #[command(flatten)]
    pub paths: ReportPaths,
    /// Plain lines even on a terminal.
    #[arg(long)]
    pub plain: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Which target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Suites to ask, separated by commas; all of them when absent.
    #[arg(long, value_name = "SUITES", value_delimiter = ',', value_parser = values::suite, help_heading = "What is judged")]
    pub suite: Vec<Suite>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Form::Human, help_heading = "What is written")]
    pub format: Form,
    /// Also write the result in another form, like `junit=audit.xml`; may be given several times.
    #[arg(long, value_name = "FORM=FILE", value_parser = values::form_file, help_heading = "What is written")]
    pub report: Vec<FormFile>,
    /// Say what changed since an earlier audit.json, or since the newest of this target in a folder.
    #[arg(long, value_name = "FILE|DIR", help_heading = "What is written")]
    pub since: Option<PathBuf>,
    /// Also write audit.html, audit.md and audit.json there.
    #[arg(long, value_name = "DIR", help_heading = "What is written")]
    pub out: Option<PathBuf>,
    /// Where the decision records are.
    #[command(flatten)]
    pub paths: ReportPaths,
    /// Say what would be sent and made, and send nothing.
    #[arg(long, help_heading = "What may happen to the target")]
    pub plan: bool,
    /// What bounds the traffic.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// From which finding on the run fails; any FAIL when absent.
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "What is judged")]
    pub fail_on: Option<FailLevel>,
    /// Suites that must be judged: skipped ones exit 3.
    #[arg(long, value_name = "SUITES", value_delimiter = ',', value_parser = values::suite, help_heading = "What is judged")]
    pub require: Vec<Suite>,
    /// Ask every variant on every surface, not only the most telling ones.
    #[arg(long, help_heading = "What is judged")]
    pub exhaustive: bool,
    /// Create nothing on the target.
    #[arg(long, help_heading = "What may happen to the target")]
    pub read_only: bool,
    /// Allow requests that may disturb the target.
    #[arg(long, help_heading = "What may happen to the target")]
    pub allow_intrusive: bool,
    /// Work tree that the release was built from.
    #[arg(long, value_name = "DIR", help_heading = "The release")]
    pub repository: Option<PathBuf>,
    /// Wait until the release of this commit answers, then verify it.
    #[arg(long, value_name = "SHA", value_parser = values::commit, help_heading = "The release")]
    pub wait_for: Option<String>,
    /// How long to wait for it.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = values::duration, requires = "wait_for", help_heading = "The release")]
    pub timeout: Duration,
    /// When the deploy began (RFC 3339); now, when absent.
    #[arg(long, value_name = "TIME", value_parser = values::moment, help_heading = "The release")]
    pub deployed_at: Option<OffsetDateTime>,
    /// Where journals of creations are kept.
    #[arg(long, value_name = "DIR", help_heading = "What is written")]
    pub journal: Option<PathBuf>,
}

/// The forms of a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines for people.
    Human,
    /// One JSON document at the end: the same as audit.json.
    Json,
    /// One JSON object an event.
    Ndjson,
    /// A summary for a pull request or a chat.
    Markdown,
    /// The whole report as one HTML file.
    Html,
    /// XML as JUnit writes it.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub annotations; also adds the Markdown summary to `$GITHUB_STEP_SUMMARY`.
    Github,
}

/// `FORM=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormFile {
    /// The form.
    pub form: Form,
    /// Where it goes.
    pub file: PathBuf,
}

/// How lists are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people.
    Human,
    /// JSON: the whole list as one document, or an object for each look of `watch`.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// From which finding on a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailLevel {
    /// Only a FAIL of high or critical severity.
    High,
    /// A WARN already.
    Warn,
}

/// `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// Name of the target.
    #[arg(default_value = "production")]
    pub name: String,
    /// Base URL of the service.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// An origin that browsers may use; may be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Vec<String>,
    /// Path of the collection; may hold `{user_id}`.
    #[arg(long, value_name = "PATH")]
    pub list: Option<String>,
    /// Path of one object, with `{id}`.
    #[arg(long, value_name = "PATH")]
    pub item: Option<String>,
    /// Path that marks an object as done.
    #[arg(long, value_name = "PATH")]
    pub toggle: Option<String>,
    /// Path of deep health.
    #[arg(long, value_name = "PATH")]
    pub health: Option<String>,
    /// Variable that holds the token of user A.
    #[arg(long, value_name = "NAME")]
    pub token_a_variable: Option<String>,
    /// Variable that holds the token of user B.
    #[arg(long, value_name = "NAME")]
    pub token_b_variable: Option<String>,
    /// Variable that holds the signing key, to mint tokens instead.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["token_a_variable", "token_b_variable"])]
    pub mint_variable: Option<String>,
    /// Path of the sign-in, where two accounts sign in instead.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["token_a_variable", "token_b_variable", "mint_variable"])]
    pub login: Option<String>,
    /// Path of the sign-up, where every run makes accounts of its own.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["token_a_variable", "token_b_variable", "mint_variable"])]
    pub signup: Option<String>,
    /// OpenAPI document (JSON or YAML), a file or served by the service: proposes paths, and is named in the target.
    #[arg(long, value_name = "FILE|PATH|URL")]
    pub openapi: Option<String>,
    /// Stack whose habits are the defaults.
    #[arg(long, value_enum)]
    pub stack: Option<Stack>,
    /// The file to write or to add to.
    #[arg(long, value_name = "FILE", default_value = "postflight.toml")]
    pub file: PathBuf,
    /// Replace a target of that name.
    #[arg(long)]
    pub force: bool,
}

/// A stack with habits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stack {
    /// FastAPI.
    Fastapi,
    /// Express.
    Express,
    /// Flask.
    Flask,
    /// axum.
    Axum,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Which target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How to print a poll.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Time between two polls of the liveness path.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = values::duration)]
    pub every: Duration,
    /// Stop after this many polls.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// An audit.json.
    pub file: PathBuf,
    /// Where the decision records are.
    #[command(flatten)]
    pub paths: ReportPaths,
    /// Print the result in this form.
    #[arg(long, value_enum, help_heading = "What is written")]
    pub format: Option<Form>,
    /// Write the result in this form, like `junit=audit.xml`; may be given several times.
    #[arg(long, value_name = "FORM=FILE", value_parser = values::form_file, help_heading = "What is written")]
    pub report: Vec<FormFile>,
    /// Say what changed since an earlier audit.json, or since the newest of this target in a folder.
    #[arg(long, value_name = "FILE|DIR", help_heading = "What is written")]
    pub since: Option<PathBuf>,
    /// Write audit.html, audit.md and audit.json there; into `out` when no form is asked for.
    #[arg(long, value_name = "DIR", help_heading = "What is written")]
    pub out: Option<PathBuf>,
}

/// `cleanup`.
#[derive(Debug, Args)]
pub struct CleanupArgs {
    /// Which target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where journals of creations are kept.
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
}

/// `checks`.
#[derive(Debug, Args)]
pub struct ChecksArgs {
    /// A check's id: explains it.
    pub id: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}
