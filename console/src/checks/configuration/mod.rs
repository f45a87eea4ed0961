//! The configuration suite: what the service says of its own configuration, held against what production needs.
//!
//! HTTP cannot see a pool size or a draining time. A service that reports its configuration (`server check-config --format json`, or the
//! same format written by hand) can be judged by the report, which is evidence of the class *configuration*: it never says more than the
//! service says of itself. A part that the report leaves out is SKIP. `platform` judges how the service is run, `database` how it reaches
//! its data, `access` whom it lets in.

mod access;
mod catalogue;
mod database;
mod platform;

pub use catalogue::CHECKS;

use super::{Checked, Context, Judgement, Outcome};
use crate::http::Trouble;
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::Configuration;
use crate::target::configuration::Settings;

/// The report; the engine asks nothing here without one.
fn report(cx: &Context) -> Result<&Configuration, Trouble> {
    cx.target.configuration.as_ref().ok_or_else(|| Trouble::NotGiven("no report of the configuration".into()))
}

/// Judges one part of the settings; a part that the report leaves out is skipped.
fn part<T>(
    cx: &Context,
    name: &str,
    of: impl Fn(&Settings) -> Option<T>,
    judge: impl Fn(T) -> Vec<(&'static str, Judgement)>,
) -> Checked {
    let settings = report(cx)?.settings.as_ref();
    let Some(part) = settings.and_then(of) else {
        return Ok(Outcome::skip(format!("the report of the configuration says nothing of `{name}`")));
    };
    Ok(concluded(judge(part)))
}

/// Adds up what each setting says.
fn concluded(judgements: Vec<(&'static str, Judgement)>) -> Outcome {
    let pieces: Vec<_> = judgements.into_iter().map(|(label, judgement)| observed(label, judgement)).collect();
    let odd: Vec<_> = pieces.iter().filter(|piece| piece.finding != Finding::Held).collect();
    let summary = if odd.is_empty() {
        pieces.iter().map(told).collect::<Vec<_>>().join(", ")
    } else {
        odd.into_iter().map(told).collect::<Vec<_>>().join("; ")
    };
    Outcome::of(summary, pieces)
}

fn told(piece: &Evidence) -> String {
    format!("{}: {}", piece.label, piece.observed)
}

fn observed(label: &str, judgement: Judgement) -> Evidence {
    Evidence::of(EvidenceClass::Configuration, label, judgement.finding, judgement.observed)
}

/// `broken` where a condition does not hold.
fn must(holds: bool, observed: impl Into<String>) -> Judgement {
    if holds { Judgement::held(observed) } else { Judgement::broken(observed) }
}

/// `weak` where a condition does not hold.
fn should(holds: bool, observed: impl Into<String>) -> Judgement {
    if holds { Judgement::held(observed) } else { Judgement::weak(observed) }
}
