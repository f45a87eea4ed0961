//! Which releases answered in a run, and whether a deployment went on meanwhile: what spans the change of a release is judged of neither.
//!
//! Owns the looks at the beginning and at the end. Whether replicas agree, and whether the release is the one expected, are checks.

use std::sync::Mutex;

use futures::future::join_all;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::http::{Client, Probe};
use crate::run::{Event, Events, ReleaseSeen, Verdict};
use crate::target::Target;

/// How often the release is asked for at the end, at once: enough to meet both of two releases that share the traffic, nearly always.
const LAST_LOOKS: usize = 4;

/// The releases that answered.
#[derive(Debug)]
pub(super) struct Releases {
    client: Client,
    events: Events,
    began: OffsetDateTime,
    seen: Mutex<Vec<ReleaseSeen>>,
}

impl Releases {
    pub(super) fn new(client: &Client, events: &Events, began: OffsetDateTime) -> Self {
        Self { client: client.clone(), events: events.clone(), began, seen: Mutex::default() }
    }

    /// Asks which release answers now; `None` where no path is declared for that, or the answer names none.
    pub(super) async fn observe(&self, target: &Target) -> Option<ReleaseSeen> {
        let answer = self.client.send(&Probe::get(target.release_path()?)).await.ok()?;
        let release = self.client.unsaid(crate::watch::release_at(&answer, &target.release));
        if release == ReleaseSeen::default() {
            return None;
        }
        let mut seen = self.seen.lock().ok()?;
        if !seen.contains(&release) {
            self.events.send(Event::Release { release: release.clone() });
            seen.push(release.clone());
        }
        Some(release)
    }

    /// Looks again, and says in words how the release changed since the run began; `None` where it did not. `replicas` is what the samples
    /// of the run said of their agreement.
    pub(super) async fn change(&self, target: &Target, replicas: Option<Verdict>) -> Option<String> {
        let first = self.seen.lock().ok()?.first().cloned()?;
        let looks = join_all((0..LAST_LOOKS).map(|_| self.observe(target))).await;
        changed(&first, &looks.into_iter().flatten().collect::<Vec<_>>(), self.began, replicas)
    }

    /// All that answered, in order.
    pub(super) fn seen(&self) -> Vec<ReleaseSeen> {
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }
}

/// Where the release that the run began on still answers beside another, a deployment is under way if the other started after the run did,
/// or if the samples of the run met one release alone. Replicas that differ for good are a finding of their own, and take nothing back.
fn changed(first: &ReleaseSeen, looks: &[ReleaseSeen], began: OffsetDateTime, replicas: Option<Verdict>) -> Option<String> {
    let other = looks.iter().rev().find(|seen| !seen.same_release(first))?;
    let (old, new) = (named(first), named(other));
    if !looks.iter().any(|seen| seen.same_release(first)) {
        return Some(format!("the release changed during the run, from {old} to {new}"));
    }
    let is_new = started(other).is_some_and(|started| started > began) || replicas == Some(Verdict::Pass);
    is_new.then(|| format!("a deployment went on during the run: at its end both {old} and {new} answered"))
}

fn started(release: &ReleaseSeen) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(release.started_at.as_deref()?, &Rfc3339).ok()
}

fn named(release: &ReleaseSeen) -> &str {
    release.commit.as_deref().or(release.version.as_deref()).or(release.deployment.as_deref()).unwrap_or("unnamed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use time::macros::datetime;

    const BEGAN: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);

    fn release(commit: &str, started: &str) -> ReleaseSeen {
        let started_at = Some(format!("2026-11-28T{started}:00Z"));
        ReleaseSeen { commit: Some(commit.into()), started_at, ..ReleaseSeen::default() }
    }

    #[rstest]
    #[case::the_same(&["old 11:00", "old 11:00"], Some(Verdict::Pass), None)]
    #[case::restarted(&["old 12:30"], Some(Verdict::Pass), None)]
    #[case::no_answer(&[], Some(Verdict::Pass), None)]
    #[case::gone(&["new 12:30", "new 12:30"], Some(Verdict::Fail), Some("the release changed during the run, from old to new"))]
    #[case::rolling(
        &["old 11:00", "new 12:01"],
        Some(Verdict::Fail),
        Some("a deployment went on during the run: at its end both old and new answered")
    )]
    #[case::rolling_where_no_start_is_told(
        &["new", "old"],
        Some(Verdict::Pass),
        Some("a deployment went on during the run: at its end both old and new answered")
    )]
    #[case::replicas_that_differ_for_good(&["old 11:00", "new 11:01"], Some(Verdict::Fail), None)]
    #[case::replicas_that_nobody_sampled(&["old", "new"], None, None)]
    fn a_change_of_release_is_told_from_replicas_that_differ(
        #[case] looks: &[&str],
        #[case] replicas: Option<Verdict>,
        #[case] change: Option<&str>,
    ) {
        let look = |look: &&str| {
            let (commit, started) = look.split_once(' ').unwrap_or((look, ""));
            release(commit, started)
        };
        let looks: Vec<_> = looks.iter().map(look).collect();
        assert_eq!(changed(&release("old", "11:00"), &looks, BEGAN, replicas).as_deref(), change);
    }
}
