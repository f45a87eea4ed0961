//! `console verify`: one run against one target, printed, reported, and turned into an exit code.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use time::OffsetDateTime;

use super::{Exit, inputs, selected, stop_signal};
use crate::adr::{self, AdrError, Decisions};
use crate::audit::{self, Audit};
use crate::checks::Suite;
use crate::cli::{ADR_DIR, FailLevel, Format, Rate, TrafficArgs, VerifyArgs};
use crate::http::Limits;
use crate::run::{Events, Run};
use crate::target::Target;
use crate::verify::{Demands, FailOn, Inputs, Options, Plan, plan};
use crate::{output, verify, watch};

/// Verifies the target that `args` names.
pub(super) async fn run(args: VerifyArgs) -> anyhow::Result<Exit> {
    let target = Arc::new(Target { allow_intrusive: args.allow_intrusive, ..selected(&args.target)? });
    let mut options = options(&args);
    options.limits = target.limits.fill(options.limits);
    let mut inputs = Inputs { commit: args.wait_for.clone(), deployed_at: args.deployed_at, ..inputs(&args.target, &target) };
    inputs.repository = args.repository.clone().or(inputs.repository);
    if args.plan {
        print_plan(&plan(&target, &options, &inputs), args.format)?;
        return Ok(Exit::Pass);
    }
    let stop = stop_signal();
    if let Some(sha) = &args.wait_for {
        let began = args.deployed_at.unwrap_or_else(OffsetDateTime::now_utc);
        match watch::wait_for_release(&target, sha, args.timeout, args.deployed_at, &stop).await {
            Ok(landed) => inputs.waited = Some(landed.after(began)),
            Err(error) => {
                eprintln!("error: {error}");
                return Ok(Exit::Unjudged);
            }
        }
    }
    let run = followed(target, options, inputs, args.format, stop).await?;
    if let Some(out) = &args.out {
        write_reports(&run, &args.paths.adr_dir, out)?;
    }
    Ok(run.verdict.into())
}

/// Runs a verification while its events are printed, and returns its document.
pub(super) async fn followed(
    target: Arc<Target>,
    options: Options,
    inputs: Inputs,
    format: Format,
    stop: tokio_util::sync::CancellationToken,
) -> anyhow::Result<Run> {
    let (events, stream) = Events::channel();
    let printing = tokio::spawn(output::follow(stream, format));
    let run = verify::run(target, options, inputs, events, stop).await?;
    printing.await.context("printing failed")?;
    Ok(run)
}

/// Writes the three reports and says where they are.
pub(super) fn write_reports(run: &Run, adr_dir: &Path, out: &Path) -> anyhow::Result<()> {
    for path in publish(run, adr_dir, out)? {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// Joins `run` with the decision records of `adr_dir` and writes the reports into `out`; the paths of the files.
pub(crate) fn publish(run: &Run, adr_dir: &Path, out: &Path) -> anyhow::Result<[PathBuf; 3]> {
    let written = audit::write(&Audit::of(run.clone(), decisions(adr_dir)?).with_adrs_in(adr_dir), out)?;
    Ok([written.html, written.markdown, written.json])
}

/// The decision records of `adr_dir`. Only the default directory may be missing: a project without decisions gets its report all the
/// same, and the report says that it found none.
fn decisions(adr_dir: &Path) -> Result<Decisions, AdrError> {
    if adr_dir == Path::new(ADR_DIR) && !adr_dir.exists() { Ok(Decisions::default()) } else { adr::read_dir(adr_dir) }
}

fn options(args: &VerifyArgs) -> Options {
    let default = Options::default();
    let chosen = |suite: &Suite| args.suite.is_empty() || args.suite.contains(suite) || args.require.contains(suite);
    Options {
        suites: default.suites.into_iter().filter(chosen).collect(),
        limits: limits(args.traffic),
        read_only: args.read_only,
        journal: args.journal.clone().unwrap_or(default.journal),
        demands: Demands { fail_on: fail_on(args.fail_on), require: args.require.clone() },
        demo: false,
    }
}

const fn fail_on(level: Option<FailLevel>) -> FailOn {
    match level {
        None => FailOn::Fail,
        Some(FailLevel::High) => FailOn::High,
        Some(FailLevel::Warn) => FailOn::Warn,
    }
}

fn limits(traffic: TrafficArgs) -> Limits {
    let (rate, window) = match traffic.rate {
        Some(Rate::PerSecond(requests)) => (Some(requests), None),
        Some(Rate::Window(window)) => (None, Some(window)),
        None => (None, None),
    };
    let (deadline, connections) = (traffic.deadline, traffic.concurrency);
    Limits { deadline, connections, rate, window, budget: traffic.budget, ..Limits::default() }
}

fn print_plan(plan: &Plan, format: Format) -> anyhow::Result<()> {
    output::say(&match format {
        Format::Human => planned(plan),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(plan)?),
        Format::Ndjson => format!("{}\n", serde_json::to_string(plan)?),
    });
    Ok(())
}

fn planned(plan: &Plan) -> String {
    let mut text = format!("Target   {} at {}\nHost     {}\n", plan.target, plan.url, plan.host);
    let release = plan.release.as_deref().unwrap_or("whatever answers; name a commit with --wait-for");
    text.push_str(&format!("Release  {release}\nTokens   {}\n", plan.tokens));
    text.push_str(&format!(
        "Sends    {} to {} requests\nCreates  {}\n",
        plan.requests.least,
        plan.requests.most,
        plan.creates_words()
    ));
    let never: String = plan.never.iter().map(|never| format!("Never    {never}\n")).collect();
    text.push_str(&format!("{never}\n"));
    for check in &plan.checks {
        let (word, rest) = check.skipped.as_ref().map_or(("ask", &check.title), |reason| ("skip", reason));
        text.push_str(&format!("{word:4}  {:28}  {rest}\n", check.id));
    }
    text
}
