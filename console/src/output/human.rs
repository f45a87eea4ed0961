//! The end of a run in lines for people: the findings first, each with its reason and where to read on; then what somebody answers for,
//! what could not be judged, what was skipped, what changed, the counts, and the verdict last.

use crate::audit::{Audit, Changes};
use crate::run::{CheckResult, Finding, ReleaseSeen, Run, Stats, Verdict, reason};
use crate::text::counted;

/// Findings shown at most for one failed check; the audit has all of them.
const SHOWN: usize = 3;
/// Checks without a judgement that a reason names at most where each of them had a line of its own.
const NAMED: usize = 8;

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

/// A finished run as the lines that verifying it printed.
pub(super) fn report(audit: &Audit) -> String {
    let run = &audit.run;
    let lines: String = run.checks.iter().filter(|check| is_told_alone(check)).map(|check| check_line(check) + "\n").collect();
    format!("{} at {}, {}\n\n{lines}{}", run.target.name, run.target.url, run.started_at, summary(run, audit.changes.as_ref()))
}

/// Whether a check has a line of its own: what was not asked is told at the end, once for each reason.
pub(super) fn is_told_alone(check: &CheckResult) -> bool {
    check.verdict != Verdict::Skip
}

/// A check as one line.
pub(super) fn check_line(check: &CheckResult) -> String {
    format!("{:12}  {:28}  {}", check.words(), check.id, first_line(&check.summary))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The end of a run.
pub fn summary(run: &Run, changes: Option<&Changes>) -> String {
    let of = |verdict| run.checks.iter().filter(move |check| check.verdict == verdict && check.accepted.is_none());
    let parts = [
        of(Verdict::Fail).map(finding).collect(),
        of(Verdict::Warn).map(finding).collect(),
        run.checks.iter().filter_map(accepted).collect(),
        by_reason(Verdict::Inconclusive, of(Verdict::Inconclusive)),
        by_reason(Verdict::Skip, of(Verdict::Skip)),
        changes.map(changed).unwrap_or_default(),
        totals(run),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("\n{}", parts.join("\n"))
}

/// A finding, what it rests on, and where to read on.
fn finding(check: &CheckResult) -> String {
    let mut text = format!("{} [{}] {}: {}\n  {}\n", check.verdict, check.severity, check.id, check.title, check.summary);
    let carrying = if check.verdict == Verdict::Warn { Finding::Weak } else { Finding::Broken };
    let pieces = || check.evidence.iter().filter(move |piece| piece.finding == carrying);
    for piece in pieces().take(SHOWN) {
        text.push_str(&format!("  - {}: {}\n", piece.label, piece.observed));
        if let Some(exchange) = &piece.exchange {
            text.push_str(&format!("    {}\n", exchange.curl.replace('\n', " ")));
        }
    }
    if let Some(more) = pieces().count().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  - and {more} more, in the audit\n"));
    }
    format!("{text}  read more: console checks {}\n", check.id)
}

fn accepted(check: &CheckResult) -> Option<String> {
    let accepted = check.accepted.as_ref()?;
    let head = format!("{} [{}] {}: {}", check.words(), check.severity, check.id, first_line(&check.summary));
    Some(format!("{head}\n  {}; {} answers for it until {}\n", accepted.reason, accepted.owner, accepted.until))
}

/// One paragraph a reason, in the order in which the reasons come up.
fn by_reason<'a>(verdict: Verdict, checks: impl Iterator<Item = &'a CheckResult>) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in checks {
        let reason = reason(check);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(&check.id),
            None => reasons.push((reason, vec![&check.id])),
        }
    }
    let paragraph = |(reason, ids): &(&str, Vec<&str>)| {
        let told = if verdict == Verdict::Skip { ids.len() } else { NAMED };
        let named = ids.iter().take(told).copied().collect::<Vec<_>>().join(", ");
        let more = ids.len().checked_sub(told).filter(|more| *more > 0).map(|more| format!(" and {more} more")).unwrap_or_default();
        format!("{verdict} ({}) {reason}: {named}{more}\n", counted(ids.len() as u64, "check"))
    };
    reasons.iter().map(paragraph).collect()
}

/// How close the run came to what the network allows.
fn pace(stats: &Stats) -> String {
    if stats.bound_ms <= 0.0 {
        return String::new();
    }
    let chain = counted(stats.longest_chain, "round trip");
    format!(
        "{:.1} times as long as round trips alone would take (median {:.1} ms, longest chain {chain})\n",
        stats.bound_ratio, stats.p50_ms
    )
}

/// What differs from an earlier run.
pub fn changed(changes: &Changes) -> String {
    let other = changes.other_target.as_ref().map(|name| format!(", which was of another target, {name}")).unwrap_or_default();
    let mut text = format!("Since run {} of {}{other}:\n", changes.run, changes.since.date());
    if changes.is_empty() {
        text.push_str("  no verdict, declared origin or endpoint differs\n");
    }
    let word = |verdict: Option<Verdict>| verdict.map_or("not in the run", Verdict::word);
    for (direction, changes) in changes.by_direction() {
        for change in changes {
            text.push_str(&format!("  {direction}: {} -> {}  {}\n", word(change.from), word(change.to), change.id));
        }
    }
    for list in &changes.lists {
        for (sign, ones) in [('+', &list.added), ('-', &list.removed)] {
            text.extend(ones.iter().map(|one| format!("  {}: {sign} {one}\n", list.what)));
        }
    }
    text
}

fn totals(run: &Run) -> String {
    let counts = &run.counts;
    let seconds = std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64();
    let accepted = if counts.accepted > 0 { format!(", {} of these accepted", counts.accepted) } else { String::new() };
    format!(
        "{} passed, {} warned, {} failed, {} skipped, {} inconclusive{accepted}\n{} in {seconds:.1} s; {} made, {} deleted, {} left behind\n{}{}: {}\n",
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
