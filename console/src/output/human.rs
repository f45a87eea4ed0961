//! Lines for people: a line a check as it is concluded, a progress line on a terminal, a summary with the failures first and the
//! verdict last.

use std::io::Write;

use crate::run::{CheckResult, Event, Finding, Phase, ReleaseSeen, Run, Stats, Verdict};
use crate::text::{counted, fit};

/// Width of the progress bar in cells.
const BAR: usize = 24;
/// Findings shown at most for one failed check; the audit has all of them.
const SHOWN: usize = 3;

/// Prints events as lines.
#[derive(Clone, Copy, Debug)]
pub struct Human {
    /// Whether standard error is a terminal, and shows a progress line.
    pub progress: bool,
    /// Columns of standard output where that is a terminal: longer summaries are cut there. Files and pipes get everything.
    pub columns: Option<usize>,
}

impl Human {
    /// Prints what `event` has to say: results to `out`, progress and notes to `err`.
    pub fn event(self, event: &Event, out: &mut dyn Write, err: &mut dyn Write) {
        if self.progress && !matches!(event, Event::CheckStarted { .. }) {
            let _ = write!(err, "\r\x1b[K");
        }
        let _ = match event {
            Event::Started { target, url, checks, run } => {
                writeln!(out, "Verifying {target} at {url} ({}, run {run})\n", counted(checks.len() as u64, "check"))
            }
            Event::Phase { phase } => self.phase(*phase, err),
            Event::Release { release } => writeln!(out, "Release: {}\n", release_line(release)),
            Event::CheckFinished { result } => writeln!(out, "{}", self.check_line(result)),
            Event::Progress { probes, done, total } if self.progress => write!(err, "{}", bar(*probes, *done, *total)),
            Event::Note { text } => writeln!(err, "note: {text}"),
            Event::Finished { run } => write!(out, "{}", summary(run)),
            Event::CheckStarted { .. } | Event::Progress { .. } => Ok(()),
        };
        let _ = err.flush();
    }

    fn phase(self, phase: Phase, err: &mut dyn Write) -> std::io::Result<()> {
        let words = match phase {
            Phase::Waiting => "waiting for the release",
            Phase::Preparing => "getting tokens",
            Phase::Sweeping => "clearing what earlier runs left",
            Phase::Checking => "asking",
            Phase::Cleaning => "deleting what this run made",
        };
        if self.progress { write!(err, "{words} ...") } else { Ok(()) }
    }

    fn check_line(self, result: &CheckResult) -> String {
        let line = format!("{:12}  {:28}  {}", result.verdict, result.id, first_line(&result.summary));
        self.columns.map_or_else(|| line.clone(), |columns| fit(&line, columns))
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn bar(probes: u64, done: usize, total: usize) -> String {
    let filled = (BAR * done / total.max(1)).min(BAR);
    format!("[{}{}] {done}/{total} checks, {}", "#".repeat(filled), "-".repeat(BAR - filled), counted(probes, "request"))
}

/// What a release says of itself, in one line.
pub(super) fn release_line(release: &ReleaseSeen) -> String {
    let named = [
        ("commit", &release.commit),
        ("version", &release.version),
        ("deployment", &release.deployment),
        ("started", &release.started_at),
        ("replica", &release.replica),
        ("environment", &release.environment),
    ];
    let parts: Vec<_> = named.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))).collect();
    parts.join(", ")
}

/// The end of a run: what failed with its evidence, what could not be judged, what was skipped for which reason, the counts, the verdict.
pub fn summary(run: &Run) -> String {
    let of = |verdict| run.checks.iter().filter(move |check| check.verdict == verdict);
    let parts = [
        of(Verdict::Fail).map(failure).collect(),
        of(Verdict::Inconclusive).map(open).collect(),
        skipped(of(Verdict::Skip)),
        totals(run),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("\n{}", parts.join("\n"))
}

fn failure(check: &CheckResult) -> String {
    let mut text = format!("{} [{}] {}: {}\n  {}\n", check.verdict, check.severity, check.id, check.title, check.summary);
    let broken = || check.evidence.iter().filter(|piece| piece.finding == Finding::Broken);
    for piece in broken().take(SHOWN) {
        text.push_str(&format!("  - {}: {}\n", piece.label, piece.observed));
        if let Some(exchange) = &piece.exchange {
            text.push_str(&format!("    {}\n", exchange.curl.replace('\n', " ")));
        }
    }
    if let Some(more) = broken().count().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  - and {more} more, in the audit\n"));
    }
    text
}

fn open(check: &CheckResult) -> String {
    format!("{} {}: {}\n", check.verdict, check.id, first_line(&check.summary))
}

/// One paragraph a reason, in the order in which the reasons come up.
fn skipped<'a>(checks: impl Iterator<Item = &'a CheckResult>) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in checks {
        let reason = first_line(&check.summary);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(&check.id),
            None => reasons.push((reason, vec![&check.id])),
        }
    }
    let paragraph = |(reason, ids): &(&str, Vec<&str>)| {
        format!("{} ({}) {reason}: {}\n", Verdict::Skip, counted(ids.len() as u64, "check"), ids.join(", "))
    };
    reasons.iter().map(paragraph).collect()
}

/// How close the run came to what the network allows.
fn pace(stats: &Stats) -> String {
    if stats.bound_ms <= 0.0 {
        return String::new();
    }
    let chain = counted(stats.longest_chain, "round trip");
    format!("{:.1} times what the network allows (median {:.1} ms, longest chain {chain})\n", stats.bound_ratio, stats.p50_ms)
}

fn totals(run: &Run) -> String {
    let counts = &run.counts;
    let seconds = std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64();
    format!(
        "{} passed, {} warned, {} failed, {} skipped, {} inconclusive\n{} in {seconds:.1} s; {} made, {} deleted, {} left behind\n{}{}: {}\n",
        counts.pass,
        counts.warn,
        counts.fail,
        counts.skip,
        counts.inconclusive,
        counted(run.stats.probes, "request"),
        counted(run.cleanup.created as u64, "object"),
        run.cleanup.deleted,
        run.cleanup.left.len(),
        pace(&run.stats),
        run.verdict,
        run.headline,
    )
}
