//! What one answer says, and what it is worth as evidence.

use crate::http::{Answer, evidence};
use crate::run::{Evidence, Finding, Source};

/// What one answer says, with the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The finding.
    pub finding: Finding,
    /// What was seen, in words.
    pub observed: String,
}

impl Judgement {
    /// The secure answer.
    pub fn held(observed: impl Into<String>) -> Self {
        Self { finding: Finding::Held, observed: observed.into() }
    }

    /// Tolerable, but not as it should be.
    pub fn weak(observed: impl Into<String>) -> Self {
        Self { finding: Finding::Weak, observed: observed.into() }
    }

    /// Cannot be judged.
    pub fn unclear(observed: impl Into<String>) -> Self {
        Self { finding: Finding::Unclear, observed: observed.into() }
    }

    /// The flaw.
    pub fn broken(observed: impl Into<String>) -> Self {
        Self { finding: Finding::Broken, observed: observed.into() }
    }

    /// Evidence of the answer. What held only since the edge answered says nothing about the application.
    pub fn seen(self, answer: &Answer, label: impl Into<String>) -> Evidence {
        if self.finding == Finding::Held && answer.source == Source::Edge {
            return Self::unclear(format!("only the edge answered ({})", self.observed)).seen_anywhere(answer, label);
        }
        self.seen_anywhere(answer, label)
    }

    /// Evidence of the answer, whoever gave it.
    pub fn seen_anywhere(self, answer: &Answer, label: impl Into<String>) -> Evidence {
        evidence(answer, label, self.finding, self.observed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_by_the_edge_says_nothing_of_the_application_unless_anybody_may_refuse() {
        let by_the_edge = Answer { source: Source::Edge, ..Answer::canned(403, &[], "") };
        let refused = || Judgement::held("refused");
        assert_eq!(refused().seen(&by_the_edge, "a probe").finding, Finding::Unclear);
        assert_eq!(refused().seen_anywhere(&by_the_edge, "a probe").finding, Finding::Held);
        assert_eq!(refused().seen(&Answer { source: Source::App, ..by_the_edge.clone() }, "a probe").finding, Finding::Held);
        assert_eq!(Judgement::broken("let in").seen(&by_the_edge, "a probe").finding, Finding::Broken);
    }
}
