//! `console verify`: one run against one target, printed, reported, and turned into an exit code.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{Exit, inputs, selected, stop_signal};
use crate::adr::{self, AdrError, Decisions};
use crate::audit::{self, Audit};
use crate::checks::Suite;
use crate::cli::{ADR_DIR, FailLevel, Form, FormFile, Rate, TrafficArgs, VerifyArgs};
use crate::http::{Limits, clean};
use crate::run::{Event, Events, Phase, Run};
use crate::target::Target;
use crate::verify::{Demands, FailOn, Inputs, Options, Plan, plan};
use crate::watch::{WaitError, Wanted};
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
    let earlier = earlier(args.since.as_deref(), &target.name, OffsetDateTime::now_utc())?;
    let stop = stop_signal();
    let (events, stream) = Events::channel();
    let printing = tokio::spawn(output::follow(stream, args.format));
    if let Some(commit) = &args.wait_for {
        match waited(&args, &target, commit, &events, &stop).await {
            Ok(waited) => inputs.waited = Some(waited),
            Err(error) => {
                drop(events);
                printing.await.context("printing failed")?;
                eprintln!("error: {error}");
                return Ok(Exit::Unjudged);
            }
        }
    }
    let run = verify::run(target, options, inputs, events, stop).await?;
    printing.await.context("printing failed")?;
    let mut audit = audit(run, &args.paths.adr_dir)?;
    if let Some(earlier) = earlier {
        audit = audit.since(&earlier);
    }
    publish_all(&args, &audit)?;
    Ok(audit.run.verdict.into())
}

/// Waits for the release of `commit`, telling what answers instead; how long it took from the deploy on.
async fn waited(
    args: &VerifyArgs,
    target: &Arc<Target>,
    commit: &str,
    events: &Events,
    stop: &CancellationToken,
) -> Result<Duration, WaitError> {
    let (asked, began) = (Instant::now(), args.deployed_at.unwrap_or_else(OffsetDateTime::now_utc));
    let wanted = Wanted { commit: commit.to_owned(), deployed_at: args.deployed_at, timeout: args.timeout };
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    events.send(Event::Phase { phase: Phase::Waiting });
    let landed = watch::wait_for(target, &wanted, stop, |poll| {
        let seen = poll.release.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
        let seen = clean(&format!("{} {}{seen}", poll.condition, poll.note));
        events.send(Event::Waiting { seen, waited_ms: millis(asked.elapsed()), timeout_ms: millis(args.timeout) });
    });
    Ok(landed.await?.after(began))
}

/// Prints the audit, and writes every form and report that was asked for.
fn publish_all(args: &VerifyArgs, audit: &Audit) -> anyhow::Result<()> {
    match args.format {
        // Its events were printed as they came.
        Form::Ndjson => {}
        Form::Human => drop(output::say(&output::summary(&audit.run, audit.changes.as_ref()))),
        form => print(form, audit)?,
    }
    write_forms(&args.report, audit)?;
    args.out.as_ref().map_or(Ok(()), |out| write_reports(audit, out))
}

/// Prints `audit` in `form`. With annotations, the page of the step gets the summary too.
pub(super) fn print(form: Form, audit: &Audit) -> anyhow::Result<()> {
    output::say(&output::render(form, audit)?);
    let page = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|page| form == Form::Github && !page.is_empty());
    if let Some(page) = page {
        output::step_summary(audit, Path::new(&page)).context("cannot write the file that GITHUB_STEP_SUMMARY names")?;
    }
    Ok(())
}

/// Writes `audit` in the forms that were asked for and says where they are.
pub(super) fn write_forms(forms: &[FormFile], audit: &Audit) -> anyhow::Result<()> {
    for FormFile { form, file } in forms {
        audit::put(file, &output::render(*form, audit)?)?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}

/// Runs a verification while its events are printed, and returns its document.
pub(super) async fn followed(
    target: Arc<Target>,
    options: Options,
    inputs: Inputs,
    form: Form,
    stop: CancellationToken,
) -> anyhow::Result<Run> {
    let (events, stream) = Events::channel();
    let printing = tokio::spawn(output::follow(stream, form));
    let run = verify::run(target, options, inputs, events, stop).await?;
    printing.await.context("printing failed")?;
    Ok(run)
}

/// The earlier run that `since` means, if it was given.
pub(super) fn earlier(since: Option<&Path>, target: &str, before: OffsetDateTime) -> anyhow::Result<Option<Run>> {
    let Some(path) = since else { return Ok(None) };
    let earlier = audit::earlier(path, target, before).context("nothing to compare with")?;
    if earlier.is_none() {
        eprintln!("note: no earlier audit of {target} in {}: nothing to compare with", path.display());
    }
    Ok(earlier)
}

/// Joins `run` with the decision records of `adr_dir`.
pub(super) fn audit(run: Run, adr_dir: &Path) -> anyhow::Result<Audit> {
    Ok(Audit::of(run, decisions(adr_dir)?).with_adrs_in(adr_dir))
}

/// Writes the three reports and says where they are.
pub(super) fn write_reports(audit: &Audit, out: &Path) -> anyhow::Result<()> {
    for path in written(audit, out)? {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// Joins `run` with the decision records of `adr_dir` and writes the reports into `out`; the paths of the files.
pub(crate) fn publish(run: &Run, adr_dir: &Path, out: &Path) -> anyhow::Result<[PathBuf; 3]> {
    written(&audit(run.clone(), adr_dir)?, out)
}

fn written(audit: &Audit, out: &Path) -> anyhow::Result<[PathBuf; 3]> {
    let written = audit::write(audit, out)?;
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
        only: None,
        limits: limits(args.traffic),
        read_only: args.read_only,
        exhaustive: args.exhaustive,
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

fn print_plan(plan: &Plan, form: Form) -> anyhow::Result<()> {
    output::say(&match form {
        Form::Human => planned(plan),
        Form::Json => format!("{}\n", serde_json::to_string_pretty(plan)?),
        Form::Ndjson => format!("{}\n", serde_json::to_string(plan)?),
        _ => anyhow::bail!("a plan has only the formats human, json and ndjson"),
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
