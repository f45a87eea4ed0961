//! When the process that answers was started, and how soon the release answered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration as StdDuration;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::Answer;
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::watch::{release_at, started_at};

use super::{said, sampled};

/// Differences between clocks that are no finding.
const SLACK: Duration = Duration::minutes(1);
/// SC-001: the release answers within this time of its deploy.
const SOON: StdDuration = StdDuration::from_mins(5);

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

const SILENT: &str = "the service says neither when it started nor for how long it has been up";

/// The process started after the deploy began: it is not the old one, still answering.
pub(super) async fn after_deploy(cx: Context) -> Checked {
    let Some(deployed_at) = cx.inputs.deployed_at else {
        return Ok(Outcome::skip("when the deploy began was not given; name it with --deployed-at"));
    };
    each_start(&cx, |started| {
        if started + SLACK >= deployed_at {
            Judgement::held(format!("started {}, after the deploy at {}", text(started), text(deployed_at)))
        } else {
            Judgement::broken(format!(
                "started {}, before the deploy at {}: the old process answers",
                text(started),
                text(deployed_at)
            ))
        }
    })
    .await
}

/// The start lies in the past.
pub(super) async fn plausible(cx: Context) -> Checked {
    let now = OffsetDateTime::now_utc();
    each_start(&cx, |started| {
        if started <= now + SLACK {
            Judgement::held(format!("started {}", text(started)))
        } else {
            Judgement::broken(format!("started {}, which is in the future", text(started)))
        }
    })
    .await
}

async fn each_start(cx: &Context, judge: impl Fn(OffsetDateTime) -> Judgement) -> Checked {
    let answers = sampled(cx, 3).await?;
    let piece =
        |answer: &Answer| Some(said(answer, "the start that the service names", judge(started_at(answer, &cx.target.release)?)));
    let pieces: Vec<_> = answers.iter().filter_map(piece).collect();
    if pieces.is_empty() {
        return Ok(Outcome::skip(SILENT));
    }
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone()).unwrap_or_default();
    Ok(Outcome::of(worst, pieces))
}

/// No replica starts anew while it is watched.
pub(super) async fn steady(cx: Context) -> Checked {
    let answers = sampled(&cx, 9).await?;
    let mut starts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for release in answers.iter().map(|answer| release_at(answer, &cx.target.release)) {
        if let Some(started) = release.started_at {
            starts.entry(release.replica.unwrap_or_default()).or_default().insert(started);
        }
    }
    let Some(first) = answers.first().filter(|_| !starts.is_empty()) else {
        return Ok(Outcome::skip("the service does not say when it started"));
    };
    let restless = starts.iter().find(|(replica, starts)| starts.len() > allowed(replica, answers.len()));
    let replicas = if starts.len() == 1 { "one replica".to_owned() } else { format!("{} replicas", starts.len()) };
    let judgement = match restless {
        Some((_, starts)) => Judgement::broken(format!(
            "{} different starts in {} answers: it crashes and starts again",
            starts.len(),
            answers.len()
        )),
        None => Judgement::held(format!("{} answers of {replicas}, no new start", answers.len())),
    };
    Ok(Outcome::of(judgement.observed.clone(), vec![said(first, "starts over nine answers", judgement)]))
}

/// Starts that may be seen: one where replicas are named, a third of the answers where several may hide behind one address.
const fn allowed(replica: &str, answers: usize) -> usize {
    if replica.is_empty() { answers / 3 } else { 1 }
}

/// SC-001, as the wait for the release measured it.
pub(super) fn soon(cx: &Context) -> Outcome {
    let Some(waited) = cx.inputs.waited else {
        return Outcome::skip("the time to the first 200 of the release was not measured; run with --wait-for COMMIT");
    };
    let observed = format!("{} s from the deploy to the first 200 of this release", waited.as_secs());
    let finding = if waited <= SOON { Finding::Held } else { Finding::Broken };
    let piece = Evidence::of(EvidenceClass::Live, "the wait for the release", finding, observed.clone());
    Outcome::of(observed, vec![piece])
}
