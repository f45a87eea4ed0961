//! Checks that need the signing key, judged on a target that stands in: an operator rarely has production's key at hand, but has that of a
//! stage which runs the same commit. Owns which checks those are, whether the two releases are the same, and how the results are labelled.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::{Inputs, Options, VerifyError, conclude, routes};
use crate::checks::{self, Check, Need, Suite};
use crate::http::Limits;
use crate::run::{CheckResult, Event, Events, Run, Verdict};
use crate::target::Target;
use crate::watch::same_commit;

/// Puts judgements of the stand-in in the place of what `run` had to skip for want of the signing key. Without a stand-in, or with the key
/// at hand, the run stays as it is.
pub(super) async fn judge(run: Run, target: &Target, options: &Options, events: &Events, stop: CancellationToken) -> Run {
    let Some(stand_in) = target.stand_in.as_deref().filter(|_| target.mint().is_none()) else { return run };
    let open = unjudged(&run);
    if open.is_empty() || stop.is_cancelled() {
        return run;
    }
    let theirs = verified(stand_in, &run, options, &open, events, stop).await;
    let run = merged(run, &stand_in.name, theirs.map_err(|error| error.to_string()), &open, events);
    concluded(run, options, events)
}

/// The checks that need the key and were skipped.
fn unjudged(run: &Run) -> Vec<&'static Check> {
    let skipped = |check: &&Check| run.checks.iter().any(|result| result.id == check.id && result.verdict == Verdict::Skip);
    checks::catalogue().filter(|check| check.needs.contains(&Need::SigningKey)).filter(skipped).collect()
}

/// Asks `open` of the stand-in, in what is left of the run's time, quietly.
async fn verified(
    stand_in: &Target,
    run: &Run,
    options: &Options,
    open: &[&'static Check],
    events: &Events,
    stop: CancellationToken,
) -> Result<Run, VerifyError> {
    events.note(format!("checks that need the signing key are asked of {} at {}", stand_in.name, stand_in.base));
    let deadline = options.limits.deadline.saturating_sub(std::time::Duration::from_millis(run.stats.wall_ms));
    let of_suite = |suite: &Suite| open.iter().any(|check| check.suite == *suite);
    let options = Options {
        suites: options.suites.iter().copied().filter(of_suite).collect(),
        only: Some(open.iter().map(|check| check.id).collect()),
        limits: Limits { deadline, ..options.limits },
        ..options.clone()
    };
    let (quiet, _) = Events::channel();
    let target = routes::complete(Arc::new(stand_in.clone()), &options, &quiet, &stop).await;
    Box::pin(Engine::new(target, options, Inputs::default(), quiet, stop)?.run()).await
}

/// `run` with what the stand-in `name` came to, or with the reason why that says nothing.
fn merged(mut run: Run, name: &str, theirs: Result<Run, String>, open: &[&Check], events: &Events) -> Run {
    let told = theirs.and_then(|theirs| shared_commit(&run, &theirs, name).map(|commit| (theirs, commit)));
    let result = |id: &str, theirs: &Run| theirs.checks.iter().find(|check| check.id == id).cloned();
    for check in run.checks.iter_mut().filter(|result| open.iter().any(|check| check.id == result.id)) {
        match &told {
            Ok((theirs, commit)) => {
                if let Some(result) = result(&check.id, theirs) {
                    *check = labelled(result, name, commit);
                }
            }
            Err(reason) => check.summary = format!("{}; {name} cannot stand in: {reason}", check.summary),
        }
        events.send(Event::CheckFinished { result: Box::new(check.clone()) });
    }
    if let Ok((theirs, _)) = told {
        let (own, other) = (&mut run.cleanup, theirs.cleanup);
        own.created += other.created;
        own.deleted += other.deleted;
        own.swept += other.swept;
        own.left.extend(other.left);
        own.accounts.extend(other.accounts);
        run.stats.probes += theirs.stats.probes;
        run.stats.wall_ms += theirs.stats.wall_ms;
    }
    run
}

/// The commit that both name; else why they may differ.
fn shared_commit(run: &Run, theirs: &Run, name: &str) -> Result<String, String> {
    let commit = |run: &Run| run.releases.last().and_then(|release| release.commit.clone());
    match (commit(run), commit(theirs)) {
        (None, _) => Err("this target does not name its commit".to_owned()),
        (_, None) => Err(format!("{name} does not name its commit")),
        (Some(own), Some(other)) if same_commit(&own, &other) => Ok(own),
        (Some(own), Some(other)) => Err(format!("it runs commit {other}, this target {own}")),
    }
}

fn labelled(result: CheckResult, name: &str, commit: &str) -> CheckResult {
    let summary = format!("judged on {name}, at the same commit {commit}: {}", result.summary);
    CheckResult { judged_on: Some(name.to_owned()), summary, ..result }
}

/// Counts and verdict anew.
fn concluded(mut run: Run, options: &Options, events: &Events) -> Run {
    conclude::again(&mut run, &options.demands);
    run.notes = events.notes();
    run
}
