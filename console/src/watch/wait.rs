//! The wait for one release: until that very commit answers 200, or time is up, with the reason why not.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::watcher::{ask, client, until};
use super::{Asked, Condition, Poll, is_commit, same_commit};
use crate::http::{Client, Trouble};
use crate::run::ReleaseSeen;
use crate::target::Target;

/// Between two polls of a liveness path that names the release.
const LIVE: Duration = Duration::from_secs(2);
/// Between two polls of deep health.
const HEALTH: Duration = Duration::from_secs(5);
/// Good answers in a row after which the release counts as landed: an old replica may still take turns with the new one.
const SETTLED: u32 = 3;
/// Differences between clocks that do not make a start older than its deploy.
const SLACK: time::Duration = time::Duration::seconds(5);

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The commit, at least seven hexadecimal digits.
    pub commit: String,
    /// When the deploy began: a process that says it started earlier is the old one, even with the same commit.
    pub deployed_at: Option<OffsetDateTime>,
    /// How long to wait.
    pub timeout: Duration,
}

/// A release that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Landed {
    /// When it answered 200 first.
    pub at: OffsetDateTime,
    /// What it says of itself.
    pub release: ReleaseSeen,
    /// Polls that it took.
    pub polls: u64,
    /// Time during the wait in which users were not served.
    pub downtime: Duration,
}

impl Landed {
    /// From `began` (the deploy) to the first 200 of this release (SC-001); zero where it was there before.
    pub fn after(&self, began: OffsetDateTime) -> Duration {
        Duration::try_from(self.at - began).unwrap_or_default()
    }
}

/// Why the release did not land. Each says what answered instead; none of them is ever a pass.
#[derive(Debug, Error, PartialEq)]
pub enum WaitError {
    /// Not a commit.
    #[error("`{0}` is not a commit: give 7 to 40 hexadecimal digits")]
    NotACommit(String),
    /// No path could name a release.
    #[error("no path names a release: set `paths.health` in postflight.toml")]
    NoPath,
    /// Another release answers still.
    #[error("after {} s, {seen} still answers instead of {wanted}: the deploy failed, or has not switched traffic yet", .waited.as_secs())]
    OldRelease {
        /// The commit that was waited for.
        wanted: String,
        /// The commit that answers.
        seen: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The commit answers, but from a process that is older than the deploy.
    #[error("after {} s, the process that answers was started {started_at}, before the deploy: the old one still runs", .waited.as_secs())]
    OldProcess {
        /// When it says it started.
        started_at: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Answers name no commit.
    #[error(
        "after {} s, the service answers but names no commit, so the release cannot be told from the one before: answer `commit` in /health",
        .0.as_secs()
    )]
    Unnamed(Duration),
    /// The commit answers, but not with 200.
    #[error("after {} s, the release answers, but with {status}: it is not healthy", .waited.as_secs())]
    Unhealthy {
        /// Its status.
        status: u16,
        /// How long was waited.
        waited: Duration,
    },
    /// Only the platform answers.
    #[error("after {} s, only the platform's edge answers ({note}): the service did not start, sleeps, or the address is wrong", .waited.as_secs())]
    Edge {
        /// What it said.
        note: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Nothing answers.
    #[error("after {} s, nothing answers ({note})", .waited.as_secs())]
    Nothing {
        /// Why.
        note: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The operator stopped the wait.
    #[error("interrupted while waiting for the release")]
    Interrupted,
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] Trouble),
}

/// Waits for the release of `commit` as [`wait_for`] does, without looking on.
pub async fn wait_for_release(
    target: &Arc<Target>,
    commit: &str,
    timeout: Duration,
    deployed_at: Option<OffsetDateTime>,
    stop: &CancellationToken,
) -> Result<Landed, WaitError> {
    wait_for(target, &Wanted { commit: commit.to_owned(), deployed_at, timeout }, stop, |_| ()).await
}

/// Waits until the wanted release answers 200 three times in a row, and says when it did first. `seen` is shown every poll.
pub async fn wait_for(
    target: &Arc<Target>,
    wanted: &Wanted,
    stop: &CancellationToken,
    seen: impl FnMut(&Poll),
) -> Result<Landed, WaitError> {
    if !is_commit(&wanted.commit) {
        return Err(WaitError::NotACommit(wanted.commit.clone()));
    }
    let client = client(target, Duration::from_secs(10), stop)?;
    let question = Question::of(target, &client).await?;
    wait(&client, question, wanted, stop, seen).await
}

/// Where the release is asked for, and how often.
struct Question {
    asked: Asked,
    path: String,
    every: Duration,
}

impl Question {
    /// Liveness where it names the release, since that wakes no database; else deep health.
    async fn of(target: &Target, client: &Client) -> Result<Self, WaitError> {
        if let Some(path) = target.release.path.clone() {
            return Ok(Self { asked: Asked::Live, path, every: LIVE });
        }
        if let Some(path) = target.paths.live.clone()
            && (target.paths.health.is_none() || ask(client, Asked::Live, &path).await.release.commit.is_some())
        {
            return Ok(Self { asked: Asked::Live, path, every: LIVE });
        }
        let path = target.paths.health.clone().ok_or(WaitError::NoPath)?;
        Ok(Self { asked: Asked::Health, path, every: HEALTH })
    }
}

/// What was seen so far.
struct Progress {
    first: Option<OffsetDateTime>,
    in_a_row: u32,
    polls: u64,
    history: super::History,
}

async fn wait(
    client: &Client,
    question: Question,
    wanted: &Wanted,
    stop: &CancellationToken,
    mut seen: impl FnMut(&Poll),
) -> Result<Landed, WaitError> {
    let began = Instant::now();
    let mut progress = Progress { first: None, in_a_row: 0, polls: 0, history: super::History::new(1) };
    loop {
        // An answer that comes late to what was asked in time is not the last look.
        let timely = began.elapsed() < wanted.timeout;
        let poll = ask(client, question.asked, &question.path).await;
        seen(&poll);
        let verdict = landed(&poll, wanted, began.elapsed());
        match (progress.take(poll, verdict.is_ok()), verdict) {
            (Some(landed), Ok(())) if !timely || progress.in_a_row >= SETTLED => return Ok(landed),
            (_, Err(reason)) if !timely => return Err(reason),
            _ if stop.is_cancelled() => return Err(WaitError::Interrupted),
            _ => {}
        }
        let pause = if progress.in_a_row > 0 { question.every / 4 } else { question.every };
        // The last look is at the very end of the time.
        let next = (Instant::now() + pause).min(began + wanted.timeout);
        until(next, stop).await.ok_or(WaitError::Interrupted)?;
    }
}

impl Progress {
    /// Takes a poll in; the landing, if any poll was good. Its time is that of the first good one.
    fn take(&mut self, poll: Poll, good: bool) -> Option<Landed> {
        self.polls += 1;
        self.in_a_row = if good { self.in_a_row + 1 } else { 0 };
        if good {
            self.first.get_or_insert(poll.at);
        }
        let (release, now) = (poll.release.clone(), poll.at);
        self.history.record(poll);
        let at = self.first?;
        Some(Landed { at, release, polls: self.polls, downtime: self.history.downtime(now) })
    }
}

/// Whether a poll shows the wanted release, healthy; else what it shows instead.
fn landed(poll: &Poll, wanted: &Wanted, so_far: Duration) -> Result<(), WaitError> {
    let note = poll.note.clone();
    match (poll.condition, poll.status, &poll.release.commit) {
        (Condition::Edge, ..) => Err(WaitError::Edge { note, waited: so_far }),
        (_, None, _) | (Condition::Down, _, None) => Err(WaitError::Nothing { note, waited: so_far }),
        (_, Some(status), None) if status != 200 => Err(WaitError::Unhealthy { status, waited: so_far }),
        (_, _, None) => Err(WaitError::Unnamed(so_far)),
        (_, _, Some(seen)) if !same_commit(seen, &wanted.commit) => {
            Err(WaitError::OldRelease { wanted: wanted.commit.clone(), seen: seen.clone(), waited: so_far })
        }
        (_, Some(200), _) => young(poll, wanted, so_far),
        (_, Some(status), _) => Err(WaitError::Unhealthy { status, waited: so_far }),
    }
}

/// The process is not older than the deploy; one that does not say when it started is believed by its commit.
fn young(poll: &Poll, wanted: &Wanted, so_far: Duration) -> Result<(), WaitError> {
    let (Some(started), Some(deployed)) = (&poll.release.started_at, wanted.deployed_at) else { return Ok(()) };
    match OffsetDateTime::parse(started, &Rfc3339) {
        Ok(at) if at + SLACK < deployed => Err(WaitError::OldProcess { started_at: started.clone(), waited: so_far }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Source;
    use crate::target::BaseUrl;
    use rstest::rstest;
    use serde_json::{Value, json};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    const OLD: &str = "aaaaaaa1111111111111111111111111111111aa";
    const NEW: &str = "bbbbbbb2222222222222222222222222222222bb";

    fn wanted(timeout: Duration) -> Wanted {
        Wanted { commit: NEW[..8].to_owned(), deployed_at: None, timeout }
    }

    /// Answers of deep health in turn; the last one stays.
    async fn service(answers: Vec<(u16, Value)>) -> MockServer {
        let server = MockServer::start().await;
        let turn = AtomicUsize::new(0);
        let respond = move |_: &Request| {
            let at = turn.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let (status, body) = &answers[at];
            ResponseTemplate::new(*status).set_body_json(body)
        };
        Mock::given(path("/health")).respond_with(respond).mount(&server).await;
        server
    }

    async fn waiting(server: &MockServer, wanted: &Wanted) -> Result<Landed, WaitError> {
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let stop = CancellationToken::new();
        let client = client(&target, Duration::from_secs(5), &stop).unwrap();
        let question = Question { asked: Asked::Health, path: "/health".into(), every: Duration::from_millis(20) };
        wait(&client, question, wanted, &stop, |_| ()).await
    }

    #[tokio::test]
    async fn it_waits_through_the_old_release_the_edge_and_an_outage_until_the_new_one_answers_in_a_row() {
        let server = service(vec![
            (200, json!({ "commit": OLD })),
            (502, json!({ "message": "Application failed to respond" })),
            (500, json!({})),
            (503, json!({ "commit": NEW })),
            (200, json!({ "commit": NEW })),
            (200, json!({ "commit": OLD })),
            (200, json!({ "commit": NEW })),
        ])
        .await;
        let began = OffsetDateTime::now_utc();
        let landed = waiting(&server, &wanted(Duration::from_secs(20))).await.unwrap();
        assert_eq!((landed.release.commit.as_deref(), landed.polls), (Some(NEW), 9));
        assert!(landed.downtime > Duration::ZERO && landed.after(began) >= landed.downtime);
        assert!(landed.after(began) < Duration::from_secs(20) && landed.at > began);
    }

    #[rstest]
    #[case::old(vec![(200, json!({ "commit": OLD }))], "still answers instead of")]
    #[case::unnamed(vec![(200, json!({ "status": "ok" }))], "names no commit")]
    #[case::unhealthy(vec![(503, json!({ "commit": NEW }))], "with 503: it is not healthy")]
    #[case::edge(vec![(404, json!({ "message": "Application not found" }))], "only the platform's edge answers")]
    #[case::error(vec![(500, json!({}))], "nothing answers (500)")]
    #[tokio::test]
    async fn when_time_is_up_it_says_what_answered_instead(#[case] answers: Vec<(u16, Value)>, #[case] words: &str) {
        let server = service(answers).await;
        let error = waiting(&server, &wanted(Duration::from_millis(100))).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }

    #[tokio::test]
    async fn the_last_look_is_at_the_end_of_the_time_and_one_good_answer_is_enough_then() {
        let server = service(vec![(200, json!({ "commit": OLD })), (200, json!({ "commit": NEW }))]).await;
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let stop = CancellationToken::new();
        let client = client(&target, Duration::from_secs(5), &stop).unwrap();
        let question = Question { asked: Asked::Health, path: "/health".into(), every: Duration::from_hours(1) };
        let landed = wait(&client, question, &wanted(Duration::from_millis(50)), &stop, |_| ()).await.unwrap();
        assert_eq!((landed.release.commit.as_deref(), landed.polls), (Some(NEW), 2));
    }

    #[tokio::test]
    async fn a_closed_port_is_nothing_and_a_word_is_no_commit() {
        let target = Arc::new(Target::new(BaseUrl::parse("http://127.0.0.1:9").unwrap()));
        let stop = CancellationToken::new();
        let soon = Duration::from_millis(50);
        let nothing = wait_for_release(&target, NEW, soon, None, &stop).await;
        assert!(matches!(nothing, Err(WaitError::Nothing { .. })), "{nothing:?}");
        let word = wait_for_release(&target, "main", soon, None, &stop).await;
        assert_eq!(word, Err(WaitError::NotACommit("main".into())));
    }

    #[tokio::test]
    async fn a_stopped_wait_ends_at_once() {
        let server = service(vec![(200, json!({ "commit": OLD }))]).await;
        let stop = CancellationToken::new();
        stop.cancel();
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let ended = wait_for_release(&target, NEW, Duration::from_mins(1), None, &stop).await;
        assert_eq!(ended, Err(WaitError::Interrupted));
    }

    #[rstest]
    #[case::same_process("2026-11-23T09:00:00Z", false)]
    #[case::within_the_slack("2026-11-23T09:59:57Z", true)]
    #[case::new_process("2026-11-23T10:00:30Z", true)]
    fn a_redeploy_of_the_same_commit_is_told_by_the_start_time(#[case] started: &str, #[case] good: bool) {
        let poll = Poll {
            at: OffsetDateTime::UNIX_EPOCH,
            asked: Asked::Health,
            status: Some(200),
            latency_ms: Some(1.0),
            source: Source::App,
            release: ReleaseSeen { commit: Some(NEW.into()), started_at: Some(started.into()), ..ReleaseSeen::default() },
            condition: Condition::Up,
            note: String::new(),
        };
        let deployed_at = OffsetDateTime::parse("2026-11-23T10:00:00Z", &Rfc3339).ok();
        let wanted = Wanted { deployed_at, ..wanted(Duration::ZERO) };
        let verdict = landed(&poll, &wanted, Duration::ZERO);
        assert_eq!(verdict.is_ok(), good, "{verdict:?}");
    }
}
