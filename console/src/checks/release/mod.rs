//! The release suite: is what answers what was deployed, on every replica, and how soon did it answer?
//!
//! All evidence is what the service says of itself; see [`crate::watch`] for how that is read. The wait for a release belongs there too.

mod catalogue;
mod identity;
mod schema;
mod start;

pub use catalogue::CHECKS;

use crate::checks::{Context, Judgement, health};
use crate::http::{Answer, Trouble, evidence};
use crate::run::{Evidence, EvidenceClass};

/// Answers of the path that names the release.
async fn sampled(cx: &Context, count: usize) -> Result<Vec<Answer>, Trouble> {
    let path =
        cx.target.release_path().ok_or_else(|| Trouble::NotGiven("neither a health nor a liveness path is declared".into()))?;
    health::samples(cx, path, count).await
}

/// Evidence of what the service said of itself.
fn said(answer: &Answer, label: impl Into<String>, judgement: Judgement) -> Evidence {
    Evidence { class: EvidenceClass::SelfReported, ..evidence(answer, label, judgement.finding, judgement.observed) }
}
