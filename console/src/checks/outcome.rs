//! What a check concluded, and how findings add up to a verdict.

use crate::http::{Answer, evidence};
use crate::run::{Evidence, Finding, Verdict};

/// A verdict with its reason and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in one or two sentences.
    pub summary: String,
    /// What it rests on, worst first.
    pub evidence: Vec<Evidence>,
}

impl Outcome {
    /// An outcome without evidence yet.
    pub fn new(verdict: Verdict, summary: impl Into<String>) -> Self {
        Self { verdict, summary: summary.into(), evidence: Vec::new() }
    }

    /// The secure answer was seen.
    pub fn pass(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, summary)
    }

    /// Not as it should be, but no flaw.
    pub fn warn(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, summary)
    }

    /// The flaw was seen.
    pub fn fail(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, summary)
    }

    /// Not asked.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Skip, reason)
    }

    /// Asked, but cannot be judged.
    pub fn inconclusive(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Inconclusive, reason)
    }

    /// Adds a piece of evidence.
    #[must_use]
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// Says this at the end of its summary.
    #[must_use]
    pub fn and_says(mut self, words: &str) -> Self {
        self.summary.push_str(words);
        self
    }

    /// Adds a live answer as evidence; its finding follows the verdict.
    #[must_use]
    pub fn seen(self, answer: &Answer, label: impl Into<String>, observed: impl Into<String>) -> Self {
        let finding = match self.verdict {
            Verdict::Pass => Finding::Held,
            Verdict::Warn => Finding::Weak,
            Verdict::Fail => Finding::Broken,
            Verdict::Skip | Verdict::Inconclusive => Finding::Unclear,
        };
        let piece = evidence(answer, label, finding, observed);
        self.with(piece)
    }

    /// Adds up findings: any flaw fails, else anything unclear leaves it open, else anything weak warns. Nothing at all is inconclusive,
    /// since a check without evidence never passes.
    pub fn verdict_of(findings: impl IntoIterator<Item = Finding>) -> Verdict {
        match findings.into_iter().max() {
            None | Some(Finding::Unclear) => Verdict::Inconclusive,
            Some(Finding::Held) => Verdict::Pass,
            Some(Finding::Weak) => Verdict::Warn,
            Some(Finding::Broken) => Verdict::Fail,
        }
    }

    /// Judges pieces of evidence together; see [`Self::verdict_of`]. The worst stand first.
    pub fn of(summary: impl Into<String>, mut evidence: Vec<Evidence>) -> Self {
        let verdict = Self::verdict_of(evidence.iter().map(|piece| piece.finding));
        evidence.sort_by_key(|piece| std::cmp::Reverse(piece.finding));
        Self { verdict, summary: summary.into(), evidence }
    }

    /// Adds a further piece; what is not as it should be is said in the summary, and the verdict follows all pieces.
    #[must_use]
    pub fn joined(self, piece: Evidence) -> Self {
        let Self { mut summary, mut evidence, .. } = self;
        if piece.finding != Finding::Held {
            summary.push_str(&format!("; {}: {}", piece.label, piece.observed));
        }
        evidence.push(piece);
        Self::of(summary, evidence)
    }
}
