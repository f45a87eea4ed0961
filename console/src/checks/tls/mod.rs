//! The TLS suite: certificate, protocol versions, and what plain HTTP and other ways to the service answer (RFC 9325).
//!
//! Owns the rules. How a peer is looked at, trusted or not, belongs to `http::tls`. Strict-Transport-Security is a header like others and
//! is judged with them.

mod catalogue;
mod certificate;
mod hellos;
mod ways;

#[cfg(test)]
mod tests;

pub use catalogue::CHECKS;

use super::{Judgement, Outcome};
use crate::run::{Evidence, EvidenceClass, Finding};

/// Pieces of evidence with the words of their judgements, as one outcome whose summary is the worst of them.
fn outcome(pieces: Vec<Evidence>) -> Outcome {
    let worst = pieces.iter().max_by_key(|piece| piece.finding);
    let summary = match worst {
        Some(worst) if worst.finding == Finding::Held => {
            let seen: Vec<_> = pieces.iter().map(|piece| format!("{}: {}", piece.label, piece.observed)).collect();
            seen.join("; ")
        }
        Some(worst) => format!("{}: {}", worst.label, worst.observed),
        None => "nothing was asked".to_owned(),
    };
    Outcome::of(summary, pieces)
}

/// An observation of the transport: it has no request that could be shown.
fn seen(label: impl Into<String>, judgement: Judgement) -> Evidence {
    Evidence::of(EvidenceClass::Live, label, judgement.finding, judgement.observed)
}
