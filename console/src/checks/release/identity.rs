//! Which commit answers, and whether all replicas agree.

use std::collections::BTreeMap;
use std::path::Path;

use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::Answer;
use crate::run::{Finding, ReleaseSeen};
use crate::watch::{is_commit, release_at, same_commit};

use super::{said, sampled};

/// The service answers at the path that names the release.
pub(super) async fn control(cx: Context) -> Checked {
    if cx.target.release_path().is_none() {
        return Ok(Outcome::skip("neither a health nor a liveness path is declared; set `paths.health` in postflight.toml"));
    }
    let answers = sampled(&cx, 1).await?;
    let pieces = answers.iter().map(|answer| match answer.json() {
        Some(_) => said(answer, "the answer that names the release", Judgement::held(format!("{} with JSON", answer.status))),
        // Many answer a bare `OK`: the service is there, it only says nothing of itself.
        None if answer.is_success() => {
            said(answer, "the answer that names the release", Judgement::held(format!("{} without JSON", answer.status)))
        }
        None => said(answer, "the answer that names the release", Judgement::unclear(format!("{} without JSON", answer.status))),
    });
    let pieces: Vec<_> = pieces.collect();
    let summary = pieces.iter().map(|piece| piece.observed.clone()).collect::<String>();
    Ok(Outcome::of(summary, pieces))
}

/// The commit that answers against the one that was deployed: named by the operator, else HEAD of the repository.
pub(super) async fn commit(cx: Context) -> Checked {
    let answers = sampled(&cx, 3).await?;
    let expected = expected(&cx);
    let pieces: Vec<_> = answers
        .iter()
        .map(|answer| said(answer, "the commit that answers", named(&release_at(answer, &cx.target.release), expected.as_ref())))
        .collect();
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone()).unwrap_or_default();
    if expected.is_none() && pieces.iter().all(|piece| piece.finding == Finding::Held) {
        let reason =
            format!("{worst}, but no commit to compare with was given; name one with --wait-for, or run inside the repository");
        return Ok(Outcome { verdict: crate::run::Verdict::Skip, summary: reason, evidence: pieces });
    }
    Ok(Outcome::of(worst, pieces))
}

/// A commit with where it was taken from.
struct Expected {
    commit: String,
    from: &'static str,
    /// Whether somebody said that this very commit was deployed. A checkout may be ahead of what is live.
    named: bool,
}

fn expected(cx: &Context) -> Option<Expected> {
    let given = cx.inputs.commit.clone().filter(|commit| is_commit(commit));
    let given = given.map(|commit| Expected { commit, from: "the commit that was named", named: true });
    let here = || Some(Expected { commit: head(cx.inputs.repository.as_deref()?)?, from: "HEAD of the repository", named: false });
    given.or_else(here)
}

fn head(repository: &Path) -> Option<String> {
    Some(gix::open(repository).ok()?.head_id().ok()?.to_string())
}

fn named(seen: &ReleaseSeen, expected: Option<&Expected>) -> Judgement {
    match (&seen.commit, expected) {
        (Some(seen), Some(expected)) if same_commit(seen, &expected.commit) => {
            Judgement::held(format!("{seen} answers, which is {}", expected.from))
        }
        (Some(seen), Some(expected)) if expected.named => {
            Judgement::broken(format!("{seen} answers, but {} is {}", expected.from, expected.commit))
        }
        (Some(seen), Some(expected)) => Judgement::weak(format!(
            "{seen} answers, but {} is {}: another release is live, or the checkout is another one; name what was deployed with --wait-for",
            expected.from, expected.commit
        )),
        (Some(seen), None) => Judgement::held(format!("{seen} answers")),
        (None, _) => {
            let version = seen.version.as_ref().map_or_else(String::new, |version| format!(" (only the version {version})"));
            Judgement::weak(format!(
                "the service names no commit (7 to 64 hexadecimal digits){version}, so releases cannot be told apart"
            ))
        }
    }
}

/// Every answer names the same release, whichever replica gave it.
pub(super) async fn replicas(cx: Context) -> Checked {
    // What a proxy says in the service's place (502) names no release, and is none.
    let answers: Vec<_> = sampled(&cx, 9).await?.into_iter().filter(|answer| !matches!(answer.status, 502 | 504)).collect();
    let mut releases: BTreeMap<String, (usize, &Answer)> = BTreeMap::new();
    for answer in &answers {
        releases.entry(name(&release_at(answer, &cx.target.release))).or_insert((0, answer)).0 += 1;
    }
    let count = releases.len();
    let pieces = releases.iter().map(|(name, (times, answer))| {
        let observed = format!("{times} of {} answers come from {name}", answers.len());
        let finding = if count == 1 { Finding::Held } else { Finding::Broken };
        said(answer, format!("release {name}"), Judgement { finding, observed })
    });
    let pieces: Vec<_> = pieces.collect();
    let summary = pieces.iter().map(|piece| piece.observed.clone()).collect::<Vec<_>>().join("; ");
    Ok(Outcome::of(summary, pieces))
}

/// What tells releases apart, as text.
fn name(release: &ReleaseSeen) -> String {
    let parts = [("commit", &release.commit), ("version", &release.version), ("deployment", &release.deployment)];
    let named: Vec<_> = parts.iter().filter_map(|(word, value)| Some(format!("{word} {}", value.as_ref()?))).collect();
    if named.is_empty() { "a release without a name".to_owned() } else { named.join(", ") }
}
