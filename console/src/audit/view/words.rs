//! Words, glyphs and figures as a report writes them.

use serde::Serialize;
use time::macros::format_description;

use crate::audit::Standing;
use crate::run::{CheckResult, EvidenceClass, Finding, Source, Verdict};

/// A state: a word and a glyph, and the key under which the stylesheet knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct State {
    /// The class name in the stylesheet.
    key: &'static str,
    /// Stands beside the word, never instead of it.
    glyph: &'static str,
    /// What a reader, and a screen reader, reads.
    word: &'static str,
}

impl State {
    /// Nothing came to a judgement.
    const NOT_JUDGED: Self = Self { key: "skip", glyph: "○", word: "not judged" };
    /// What was judged passed, but something remains.
    const IN_PART: Self = Self { key: "part", glyph: "◐", word: "PASS in part" };
    /// Failed, but somebody answers for it until a date.
    pub(super) const ACCEPTED_FAIL: Self = Self { key: "accepted", glyph: "✘", word: "FAIL (accepted)" };
    /// Warned, but somebody answers for it until a date.
    pub(super) const ACCEPTED_WARN: Self = Self { key: "accepted", glyph: "▲", word: "WARN (accepted)" };
    /// Not part of the run.
    pub(super) const ABSENT: Self = Self { key: "skip", glyph: "○", word: "not in the run" };
}

impl From<Verdict> for State {
    fn from(verdict: Verdict) -> Self {
        let key = match verdict {
            Verdict::Pass => "pass",
            Verdict::Skip => "skip",
            Verdict::Warn => "warn",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
        };
        Self { key, glyph: verdict.glyph(false), word: verdict.word() }
    }
}

impl From<&CheckResult> for State {
    fn from(check: &CheckResult) -> Self {
        match (&check.accepted, check.verdict) {
            (Some(_), Verdict::Fail) => Self::ACCEPTED_FAIL,
            (Some(_), Verdict::Warn) => Self::ACCEPTED_WARN,
            (_, verdict) => verdict.into(),
        }
    }
}

impl From<Standing> for State {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing { verdict: None, .. } => Self::NOT_JUDGED,
            Standing { verdict: Some(Verdict::Pass), in_part: true } => Self::IN_PART,
            Standing { verdict: Some(verdict), .. } => verdict.into(),
        }
    }
}

impl From<Finding> for State {
    fn from(finding: Finding) -> Self {
        let (verdict, word) = match finding {
            Finding::Held => (Verdict::Pass, "held"),
            Finding::Weak => (Verdict::Warn, "weak"),
            Finding::Unclear => (Verdict::Inconclusive, "unclear"),
            Finding::Broken => (Verdict::Fail, "broken"),
        };
        Self { word, ..Self::from(verdict) }
    }
}

/// Where evidence comes from, in the words of the report's last section.
pub(super) const fn class(class: EvidenceClass) -> &'static str {
    match class {
        EvidenceClass::Live => "live",
        EvidenceClass::Repository => "repository",
        EvidenceClass::Configuration => "configuration",
        EvidenceClass::SelfReported => "self-reported",
    }
}

/// Who wrote a live answer.
pub(super) const fn source(source: Source) -> &'static str {
    match source {
        Source::Edge => "edge",
        Source::App => "app",
        Source::Unknown => "source unknown",
    }
}

/// The full name of a suite; suites that this version does not know keep their word.
pub(super) fn suite(word: &str) -> &str {
    match word {
        "health" => "Health",
        "release" => "Release",
        "tls" => "TLS",
        "cors" => "CORS",
        "jwt" => "Tokens (JWT)",
        "isolation" => "User isolation",
        "headers" => "Security headers",
        "docs" => "Exposed docs",
        "robustness" => "HTTP robustness",
        "configuration" => "Configuration",
        "secrets" => "Secrets",
        "procfile" => "Procfile",
        other => other,
    }
}

/// `840 ms` below a second, else `12.3 s`.
pub(super) fn duration(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{:.1} s", std::time::Duration::from_millis(ms).as_secs_f64()) }
}

/// `31 December 2026`.
pub(super) fn day(day: time::Date) -> String {
    day.format(format_description!("[day padding:none] [month repr:long] [year]")).unwrap_or_else(|_| day.to_string())
}

/// `23 November 2026, 21:13:05 UTC`.
pub(super) fn moment(at: time::OffsetDateTime) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| at.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(840, "840 ms")]
    #[case(999, "999 ms")]
    #[case(5_450, "5.5 s")]
    #[case(12_340, "12.3 s")]
    fn durations_read_well(#[case] ms: u64, #[case] text: &str) {
        assert_eq!(duration(ms), text);
    }

    #[test]
    fn a_moment_is_written_in_words_and_utc() {
        assert_eq!(moment(time::macros::datetime!(2026-11-03 23:05:09 +2)), "3 November 2026, 21:05:09 UTC");
    }
}
