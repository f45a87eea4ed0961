//! Verdicts and severities: the five words of the first law, and how bad a failure would be.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a check concluded. Ordered from best to worst, so that `max` is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Asked, answered, and the answer is the secure one; a positive control stood beside it.
    Pass,
    /// Not asked, for a reason that the result states. Never counted as a pass.
    Skip,
    /// Secure enough to ship, but not as it should be.
    Warn,
    /// Asked, but what came back cannot carry a judgement (outage, rate limit, deadline, failed control).
    Inconclusive,
    /// The flaw was seen.
    Fail,
}

impl Verdict {
    /// All five, in the order in which people want to read them: worst first.
    pub const WORST_FIRST: [Self; 5] = [Self::Fail, Self::Inconclusive, Self::Warn, Self::Skip, Self::Pass];

    /// The word on screen and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Skip => "SKIP",
            Self::Warn => "WARN",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
        }
    }

    /// A glyph to stand beside the word, never instead of it.
    pub const fn glyph(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Pass, false) => "✔",
            (Self::Pass, true) => "+",
            (Self::Skip, false) => "○",
            (Self::Skip, true) => "o",
            (Self::Warn, false) => "▲",
            (Self::Warn, true) => "!",
            (Self::Inconclusive, _) => "?",
            (Self::Fail, false) => "✘",
            (Self::Fail, true) => "x",
        }
    }

    /// Whether the question was answered at all.
    pub const fn judged(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How much a failure of the check would hurt, judged by effect. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is at risk.
    Info,
    /// Hard to use, or of small effect.
    Low,
    /// Weakens a defence that others still back up.
    Medium,
    /// Gives an attacker something real under common conditions.
    High,
    /// Anybody can read, write or become somebody else.
    Critical,
}

impl Severity {
    /// What a check of this severity weighs with `verdict`: a remark is of a weakness that something else still backs up, [`Self::Medium`] at
    /// most.
    #[must_use]
    pub fn of(self, verdict: Verdict) -> Self {
        if verdict == Verdict::Warn { self.min(Self::Medium) } else { self }
    }

    /// The word on screen and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
