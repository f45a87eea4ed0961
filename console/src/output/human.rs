//! Lines for people: a line a check as it is concluded, a progress line on a terminal, a summary with the failures last.

use std::io::Write;

use crate::run::{CheckResult, Event, Finding, Phase, ReleaseSeen, Run, Verdict};

/// Width of the progress bar in cells.
const BAR: usize = 24;
/// Findings shown at most for one failed check; the audit has all of them.
const SHOWN: usize = 3;

/// Prints events as lines.
#[derive(Debug)]
pub(super) struct Human {
    progress: bool,
}

impl Human {
    /// With a progress line where standard error is a terminal.
    pub(super) const fn new(progress: bool) -> Self {
        Self { progress }
    }

    /// Prints what `event` has to say: results to `out`, progress and notes to `err`.
    pub(super) fn event(&mut self, event: &Event, out: &mut dyn Write, err: &mut dyn Write) {
        if self.progress && !matches!(event, Event::CheckStarted { .. }) {
            let _ = write!(err, "\r\x1b[K");
        }
        let _ = match event {
            Event::Started { target, url, checks, run } => {
                writeln!(out, "Verifying {target} at {url} ({} checks, run {run})\n", checks.len())
            }
            Event::Phase { phase } => self.phase(*phase, err),
            Event::Release { release } => writeln!(out, "Release: {}\n", release_line(release)),
            Event::CheckFinished { result } => writeln!(out, "{}", check_line(result)),
            Event::Progress { probes, done, total } if self.progress => write!(err, "{}", bar(*probes, *done, *total)),
            Event::Note { text } => writeln!(err, "note: {text}"),
            Event::Finished { run } => write!(out, "{}", summary(run)),
            Event::CheckStarted { .. } | Event::Progress { .. } => Ok(()),
        };
        let _ = err.flush();
    }

    fn phase(&self, phase: Phase, err: &mut dyn Write) -> std::io::Result<()> {
        let words = match phase {
            Phase::Waiting => "waiting for the release",
            Phase::Preparing => "getting tokens",
            Phase::Sweeping => "clearing what earlier runs left",
            Phase::Checking => "asking",
            Phase::Cleaning => "deleting what this run made",
        };
        if self.progress { write!(err, "{words} …") } else { Ok(()) }
    }
}

fn check_line(result: &CheckResult) -> String {
    format!("{:12}  {:38}  {}", result.verdict, result.id, first_sentence(&result.summary))
}

fn first_sentence(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn bar(probes: u64, done: usize, total: usize) -> String {
    let filled = BAR * done / total.max(1);
    format!("[{}{}] {done}/{total} checks, {probes} requests", "#".repeat(filled), "-".repeat(BAR - filled.min(BAR)))
}

fn release_line(release: &ReleaseSeen) -> String {
    let named = [
        ("commit", &release.commit),
        ("version", &release.version),
        ("deployment", &release.deployment),
        ("started", &release.started_at),
        ("environment", &release.environment),
    ];
    let parts: Vec<_> = named.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))).collect();
    parts.join(", ")
}

/// The end of a run: what failed with its evidence, what could not be judged, the counts, the verdict.
pub fn summary(run: &Run) -> String {
    let mut text = String::from("\n");
    for check in run.checks.iter().filter(|check| check.verdict == Verdict::Fail) {
        text.push_str(&failure(check));
    }
    let open: Vec<_> = run.checks.iter().filter(|check| !check.verdict.judged()).collect();
    for check in &open {
        text.push_str(&format!("{:12}  {}: {}\n", check.verdict, check.id, first_sentence(&check.summary)));
    }
    if !open.is_empty() {
        text.push('\n');
    }
    text.push_str(&totals(run));
    text
}

fn failure(check: &CheckResult) -> String {
    let mut text = format!("{} [{}] {}: {}\n  {}\n", check.verdict, check.severity, check.id, check.title, check.summary);
    for piece in check.evidence.iter().filter(|piece| piece.finding == Finding::Broken).take(SHOWN) {
        text.push_str(&format!("  - {}: {}\n", piece.label, piece.observed));
        if let Some(exchange) = &piece.exchange {
            text.push_str(&format!("    {}\n", exchange.curl.replace('\n', " ")));
        }
    }
    text.push('\n');
    text
}

fn totals(run: &Run) -> String {
    let counts = &run.counts;
    let seconds = std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64();
    format!(
        "{} passed, {} warned, {} failed, {} skipped, {} inconclusive\n{} requests in {seconds:.1} s; {} objects made, {} deleted, {} left behind\n{}: {}\n",
        counts.pass,
        counts.warn,
        counts.fail,
        counts.skip,
        counts.inconclusive,
        run.stats.probes,
        run.cleanup.created,
        run.cleanup.deleted,
        run.cleanup.left.len(),
        run.verdict,
        run.headline,
    )
}
