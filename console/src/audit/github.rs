//! The audit as workflow commands: annotations that GitHub shows beside a commit, and the rest in a folded group of the log.
//!
//! A log line is code here: whatever begins with `::`, or holds `##[`, may be run as a command. So everything is one line, escaped as
//! the runner unescapes it (actions/toolkit, `command.ts`), and text in the group never begins a line.

use super::Audit;
use super::brief::open_findings;
use crate::http::clean;
use crate::run::{CheckResult, Finding, Run, Verdict};

/// Annotations of one kind that GitHub shows of a step; what is beyond stands in the group.
const SHOWN: usize = 10;

/// Workflow commands for the findings, worst first, then a group with everything else and the verdict.
pub fn github(audit: &Audit) -> String {
    let run = &audit.run;
    let open = open_findings(run);
    let of = |verdict: Verdict| open.iter().copied().filter(move |check| check.verdict == verdict);
    let unjudged = run.checks.iter().filter(|check| check.verdict == Verdict::Inconclusive);
    let accepted = run.checks.iter().filter(|check| check.accepted.is_some());
    let mut lines: Vec<String> = of(Verdict::Fail).take(SHOWN).map(|check| annotation("error", check)).collect();
    lines.extend(unjudged.chain(of(Verdict::Warn)).take(SHOWN).map(|check| annotation("warning", check)));
    lines.extend(accepted.take(SHOWN).map(|check| annotation("notice", check)));
    lines.push(format!("::group::{}", data(&format!("Postflight: all {} checks of {}", run.checks.len(), run.target.url))));
    lines.extend(run.checks.iter().map(|check| plain(&format!("{} {}: {}", check.words(), check.id, check.summary))));
    lines.extend(run.notes.iter().map(|note| plain(&format!("note: {note}"))));
    lines.push("::endgroup::".to_owned());
    lines.push(plain(&verdict(run)));
    lines.join("\n") + "\n"
}

fn verdict(run: &Run) -> String {
    format!("{}: {}", run.verdict, run.headline)
}

fn annotation(kind: &str, check: &CheckResult) -> String {
    let title = format!("{} [{}] {}", check.words(), check.severity, check.id);
    format!("::{kind} title={}::{}", property(&title), data(&message(check)))
}

fn message(check: &CheckResult) -> String {
    let mut text = format!("{}\n{}", check.title, check.summary);
    if let Some(piece) = check.evidence.iter().find(|piece| piece.finding != Finding::Held) {
        text.push_str(&format!("\n{}: {}", piece.label, piece.observed));
    }
    if let Some(accepted) = &check.accepted {
        text.push_str(&format!("\n{}; {} answers for it until {}", accepted.reason, accepted.owner, accepted.until));
    }
    text
}

/// The value after `::`, as the runner decodes it.
fn data(text: &str) -> String {
    defused(&clean(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, in which two more characters mean something.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log that is no command wherever it begins.
fn plain(text: &str) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let line = defused(&line);
    if line.starts_with("::") { format!("\\{line}") } else { line }
}

/// The old form of a command is found anywhere in a line.
fn defused(text: &str) -> String {
    text.replace("##[", "##\\[")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::lines("a\r\nb", "a\\u{d}%0Ab", "a\\u{d} b")]
    #[case::percent("100%25", "100%2525", "100%25")]
    #[case::a_command("::set-env name=X::y", "::set-env name=X::y", "\\::set-env name=X::y")]
    #[case::a_command_on_a_line_of_its_own("a\n::stop-commands::x", "a%0A::stop-commands::x", "a ::stop-commands::x")]
    #[case::an_old_command("a ##[error]b", "a ##\\[error]b", "a ##\\[error]b")]
    #[case::escape_codes("\u{1b}[31m", "\\u{1b}[31m", "\\u{1b}[31m")]
    fn text_is_never_a_command(#[case] text: &str, #[case] as_data: &str, #[case] as_line: &str) {
        assert_eq!((data(text).as_str(), plain(text).as_str()), (as_data, as_line));
    }

    #[test]
    fn a_title_cannot_end_early_or_name_another_property() {
        assert_eq!(property("a,file=x::b"), "a%2Cfile=x%3A%3Ab");
    }
}
