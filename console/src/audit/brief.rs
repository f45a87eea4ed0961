//! The audit as a comment on a pull request, or a message in a chat: verdict, findings, what was left unjudged, and the rest folded.
//!
//! Owns what such a reader sees first and that it always fits. The whole report is `audit.md`.

use super::escape::{fence, markdown_prose, span};
use super::{Audit, Changes};
use crate::checks;
use crate::run::{CheckResult, Finding, ReleaseSeen, Run, Verdict};
use crate::text::counted;

/// Characters that GitHub takes in a comment. Bytes are counted here, of which there are never fewer.
pub const MOST: usize = 65_536;
/// Bytes that one section may take at most, so that the next ones have room too.
const SHARE: usize = 10 * 1024;
/// Characters of one text that are shown at most: a summary may quote a service that is generous with words.
const TEXT: usize = 400;
/// What a line "and more" and the end of a fold may take.
const RESERVE: usize = 96;

/// The audit in Markdown, at most [`MOST`] bytes of it. Nothing that the service said is markup, a link or a mention in it.
pub fn brief(audit: &Audit) -> String {
    let run = &audit.run;
    let foot = foot(run);
    let mut page = Page { text: head(run), section: 0, most: MOST.saturating_sub(foot.len()) };
    let open: Vec<_> = open_findings(run);
    page.section("Findings", open.iter().map(|check| finding(check)));
    page.section("Accepted until a date", run.checks.iter().filter_map(accepted));
    page.section("Could not be judged", unjudged(run));
    page.section("Changed since the last audit", audit.changes.iter().flat_map(changes));
    page.section("Notes", run.notes.iter().map(|note| format!("- {}\n", prose(note))));
    page.section("Left behind", run.cleanup.left.iter().map(|left| format!("- {}: {}\n", code(&left.what), prose(&left.why))));
    page.folded("How to repeat and mend the findings", open.iter().map(|check| explained(check)));
    page.folded("All suites", suites(run));
    page.text + &foot
}

/// Text that grows section by section and never beyond its bounds.
struct Page {
    text: String,
    /// Where the section began.
    section: usize,
    /// Bytes that it may come to: what follows is written already.
    most: usize,
}

impl Page {
    /// A heading and its items; nothing where there are none.
    fn section(&mut self, heading: &str, items: impl Iterator<Item = String>) {
        self.items(&format!("\n### {heading}\n\n"), items, "");
    }

    /// Items that a reader unfolds.
    fn folded(&mut self, summary: &str, items: impl Iterator<Item = String>) {
        self.items(&format!("\n<details>\n<summary>{summary}</summary>\n\n"), items, "\n</details>\n");
    }

    fn items(&mut self, before: &str, items: impl Iterator<Item = String>, after: &str) {
        let mut items = items.peekable();
        if items.peek().is_none() || self.text.len() + before.len() + RESERVE > self.most {
            return;
        }
        self.section = self.text.len();
        self.text.push_str(before);
        let mut left_out = 0_usize;
        for item in items {
            if left_out == 0 && self.has_room(item.len()) { self.text.push_str(&item) } else { left_out += 1 }
        }
        if left_out > 0 {
            self.text.push_str(&format!("\n… and {left_out} more, in the audit\n"));
        }
        self.text.push_str(after);
    }

    /// Whether `more` bytes fit into the section and into the page.
    fn has_room(&self, more: usize) -> bool {
        let (page, section) = (self.text.len() + more, self.text.len() - self.section + more);
        page + RESERVE <= self.most && section + RESERVE <= SHARE
    }
}

/// Prose of bounded length, escaped for one line.
fn prose(text: &str) -> String {
    markdown_prose(&clipped(text))
}

/// Bounded text as a code span.
fn code(text: &str) -> String {
    span(&clipped(text))
}

fn clipped(text: &str) -> String {
    let mut clipped: String = text.chars().take(TEXT).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

fn head(run: &Run) -> String {
    let demo = if run.demo { "DEMO: " } else { "" };
    let mut text = format!(
        "## {demo}{} {}: {}\n\n{}\n\n",
        run.verdict.glyph(false),
        run.verdict,
        prose(&run.target.name),
        prose(&run.headline)
    );
    let columns = Verdict::WORST_FIRST.map(|verdict| format!("{} {verdict}", verdict.glyph(false)));
    let count = |verdict| run.checks.iter().filter(|check| check.verdict == verdict).count().to_string();
    text.push_str(&format!("| {} | of these accepted | all |\n|{}\n", columns.join(" | "), "--:|".repeat(7)));
    let counts = Verdict::WORST_FIRST.map(count).join(" | ");
    text.push_str(&format!("| {counts} | {} | {} |\n\n", run.counts.accepted, run.checks.len()));
    text.push_str(&format!("Target: {}", code(&run.target.url)));
    // A service with many replicas names many releases.
    for release in run.releases.iter().take(3) {
        text.push_str(&format!("  \nRelease, as it says itself: {}", named(release)));
    }
    text.push('\n');
    text
}

fn named(release: &ReleaseSeen) -> String {
    let parts = [("commit", &release.commit), ("version", &release.version), ("deployment", &release.deployment)];
    let parts = parts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", code(value.as_ref()?))));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "unnamed".to_owned() } else { parts.join(", ") }
}

/// What failed or warned and nobody answers for, worst first.
pub(super) fn open_findings(run: &Run) -> Vec<&CheckResult> {
    let mut open: Vec<_> = run.checks.iter().filter(|check| check.is_open_finding()).collect();
    open.sort_by_key(|check| std::cmp::Reverse((check.verdict, check.severity)));
    open
}

fn standing(check: &CheckResult) -> String {
    format!("**{} {}** ({}) {}", check.verdict.glyph(false), check.words(), check.severity, code(&check.id))
}

/// A finding with the one observation that says most.
fn finding(check: &CheckResult) -> String {
    let mut text = format!("- {} {}: {}\n", standing(check), prose(&check.title), prose(&check.summary));
    let carrying = [Finding::Broken, Finding::Weak].map(|finding| check.evidence.iter().find(|piece| piece.finding == finding));
    if let Some(piece) = carrying.into_iter().flatten().next() {
        text.push_str(&format!("  - {}: {}\n", prose(&piece.label), prose(&piece.observed)));
    }
    text
}

fn accepted(check: &CheckResult) -> Option<String> {
    let accepted = check.accepted.as_ref()?;
    let (reason, owner) = (prose(&accepted.reason), prose(&accepted.owner));
    Some(format!("- {} {reason}; {owner} answers for it until {}\n", standing(check), accepted.until))
}

/// One line for each verdict and reason, with the checks that share them.
fn unjudged(run: &Run) -> impl Iterator<Item = String> {
    let mut groups: Vec<(Verdict, &str, Vec<String>)> = Vec::new();
    for check in run.checks.iter().filter(|check| !check.verdict.judged()) {
        match groups.iter_mut().find(|(verdict, reason, _)| *verdict == check.verdict && *reason == check.summary) {
            Some((_, _, ids)) => ids.push(code(&check.id)),
            None => groups.push((check.verdict, &check.summary, vec![code(&check.id)])),
        }
    }
    groups.sort_by_key(|(verdict, _, ids)| std::cmp::Reverse((*verdict, ids.len())));
    groups.into_iter().map(|(verdict, reason, ids)| {
        let shown = ids.get(..ids.len().min(12)).unwrap_or_default().join(", ");
        let more = if ids.len() > 12 { format!(" and {} more", ids.len() - 12) } else { String::new() };
        format!("- **{} {verdict}** {}: {shown}{more}\n", verdict.glyph(false), prose(reason))
    })
}

fn changes(changes: &Changes) -> Vec<String> {
    let other = changes.other_target.iter().map(|name| format!(", which was of another target, {}", prose(name)));
    let mut lines =
        vec![format!("- compared with run {} of {}{}\n", code(&changes.run), changes.since.date(), other.collect::<String>())];
    if changes.is_empty() {
        lines.push("- no verdict, declared origin or endpoint differs\n".to_owned());
    }
    let word = |verdict: Option<Verdict>| verdict.map_or("not in the run", Verdict::word);
    for (direction, changes) in changes.by_direction() {
        lines.extend(
            changes
                .iter()
                .map(|change| format!("- {direction}: {} → {} {}\n", word(change.from), word(change.to), code(&change.id))),
        );
    }
    for list in &changes.lists {
        let turned =
            |word, ones: &[String]| ones.iter().map(|one| format!("- {}: {word} {}\n", list.what, code(one))).collect::<Vec<_>>();
        lines.extend(turned("added", &list.added));
        lines.extend(turned("removed", &list.removed));
    }
    lines
}

/// What was expected, how to ask again, how to mend it.
fn explained(check: &CheckResult) -> String {
    let mut text = format!("{}\n\n", standing(check));
    let card = checks::find(&check.id);
    if let Some(card) = card {
        text.push_str(&format!("Expected: {}\n\n", markdown_prose(card.expectation)));
    }
    let exchange = check.evidence.iter().filter(|piece| piece.finding >= Finding::Weak).find_map(|piece| piece.exchange.as_ref());
    if let Some(exchange) = exchange {
        text.push_str(&format!("{}\n\n", fence(&exchange.curl.chars().take(1_000).collect::<String>())));
    }
    if let Some(card) = card {
        for (stack, words) in [("axum", card.remedy.axum), ("FastAPI", card.remedy.fastapi), ("Express", card.remedy.express)] {
            text.push_str(&format!("- {stack}: {}\n", markdown_prose(words)));
        }
        text.push('\n');
    }
    text
}

fn suites(run: &Run) -> impl Iterator<Item = String> {
    let mut words: Vec<&str> = Vec::new();
    for check in &run.checks {
        if !words.contains(&check.suite.as_str()) {
            words.push(&check.suite);
        }
    }
    let columns = Verdict::WORST_FIRST.map(Verdict::word).join(" | ");
    let heading = format!("| suite | {columns} |\n|---|{}\n", "--:|".repeat(Verdict::WORST_FIRST.len()));
    let row = |suite: &str| {
        let count =
            |verdict| run.checks.iter().filter(|check| check.suite == suite && check.verdict == verdict).count().to_string();
        format!("| {} | {} |\n", prose(suite), Verdict::WORST_FIRST.map(count).join(" | "))
    };
    let rows: Vec<_> = words.into_iter().map(row).collect();
    std::iter::once(heading).filter(|_| !run.checks.is_empty()).chain(rows)
}

fn foot(run: &Run) -> String {
    let seconds = std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64();
    let requests = counted(run.stats.probes, "request");
    format!(
        "\n{requests} in {seconds:.1} s on {}, run {}. `console checks ID` explains a check.\n",
        run.started_at.date(),
        code(&run.id)
    )
}
