//! Asking the same thing several times, and how long that took.

use std::time::Duration;

use futures::future::try_join_all;

use crate::checks::Context;
use crate::http::{Answer, Probe, Trouble};

/// Asks for `path` without a token `count` times, three at once: enough to meet every replica, too little to be a load. All who sample
/// a path look at the same answers.
pub(in crate::checks) async fn samples(cx: &Context, path: &str, count: usize) -> Result<Vec<Answer>, Trouble> {
    let probe = Probe::get(path);
    let mut answers = Vec::with_capacity(count);
    while answers.len() < count {
        let batch = answers.len()..count.min(answers.len() + 3);
        let asked = try_join_all(batch.map(|turn| cx.once_in_turn(&probe, turn))).await?;
        answers.extend(asked.into_iter().map(|(answer, _)| answer));
    }
    Ok(answers)
}

/// The time that `share` percent of the answers needed at most.
pub(super) fn percentile(answers: &[Answer], share: usize) -> Duration {
    let mut times: Vec<_> = answers.iter().map(|answer| answer.elapsed).collect();
    times.sort_unstable();
    let at = (times.len() * share / 100).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

/// The declared deep health path.
pub(super) fn deep_path(cx: &Context) -> Result<&str, Trouble> {
    cx.target.paths.health.as_deref().ok_or_else(|| Trouble::NotGiven("no deep health path".into()))
}

/// The declared liveness path.
pub(super) fn live_path(cx: &Context) -> Result<&str, Trouble> {
    cx.target.paths.live.as_deref().ok_or_else(|| Trouble::NotGiven("no liveness path".into()))
}

/// Every declared health path.
pub(super) fn declared(cx: &Context) -> Vec<&str> {
    [&cx.target.paths.live, &cx.target.paths.health].into_iter().filter_map(|path| path.as_deref()).collect()
}
