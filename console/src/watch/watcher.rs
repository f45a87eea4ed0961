//! The polling loop: liveness often, deep health rarely, one request at a time.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Asked, Poll, release_at, with_usual_health};
use crate::http::{Client, Limits, Probe, Trouble};
use crate::target::Target;

/// Longer than anybody watches.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// Shortest time between two deep health polls of a service that has no liveness path: an outage should be seen nevertheless.
const HEALTH_ALONE: Duration = Duration::from_secs(5);

/// How often is asked. A deep health poll every few seconds keeps a serverless database awake and burns its quota, so deep health is
/// asked rarely (Neon suspends after five minutes idle).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two liveness polls.
    pub live: Duration,
    /// Between two deep health polls.
    pub health: Duration,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { live: Duration::from_secs(2), health: Duration::from_secs(30), timeout: Duration::from_secs(10) }
    }
}

/// Polls one target until it is told to stop.
#[derive(Clone, Debug)]
pub struct Watcher {
    target: Arc<Target>,
    pace: Pace,
}

impl Watcher {
    /// A watcher of `target`.
    pub const fn new(target: Arc<Target>, pace: Pace) -> Self {
        Self { target, pace }
    }

    /// Polls and sends what comes, until `stop` is cancelled or nobody listens any more. A poll that nobody has taken yet holds the
    /// next one back.
    pub async fn run(mut self, polls: Sender<Poll>, stop: CancellationToken) {
        let limits = Limits { request_timeout: self.pace.timeout, ..Limits::default() };
        self.target = with_usual_health(self.target, limits, &stop).await;
        let Ok(client) = client(&self.target, self.pace.timeout, &stop) else { return };
        let mut due = self.questions();
        while let Some(next) = due.iter_mut().min_by_key(|question| question.at) {
            if until(next.at, &stop).await.is_none() {
                return;
            }
            let poll = ask(&client, next.asked, &next.path).await;
            next.at = (next.at + next.every).max(Instant::now());
            if stop.is_cancelled() || polls.send(poll).await.is_err() {
                return;
            }
        }
    }

    /// What is asked, and when first: health at once, since it names the release; then liveness.
    fn questions(&self) -> Vec<Question> {
        let now = Instant::now();
        let paths = &self.target.paths;
        let every = if paths.live.is_some() { self.pace.health } else { self.pace.live.max(HEALTH_ALONE) };
        let health = paths.health.clone().map(|path| Question { asked: Asked::Health, path, every, at: now });
        let live = paths.live.clone().map(|path| Question { asked: Asked::Live, path, every: self.pace.live, at: now });
        let questions: Vec<_> = health.into_iter().chain(live).collect();
        let root = || vec![Question { asked: Asked::Live, path: "/".into(), every: self.pace.live, at: now }];
        if questions.is_empty() { root() } else { questions }
    }
}

struct Question {
    asked: Asked,
    path: String,
    every: Duration,
    at: Instant,
}

/// A client for polls: no budget, no deadline, its own user agent.
pub(super) fn client(target: &Arc<Target>, timeout: Duration, stop: &CancellationToken) -> Result<Client, Trouble> {
    let limits = Limits { deadline: FOREVER, request_timeout: timeout, connections: Some(1), ..Limits::default() };
    Client::new(Arc::clone(target), limits, "watch", stop.clone())
}

/// One poll of `path`.
pub(super) async fn ask(client: &Client, asked: Asked, path: &str) -> Poll {
    let at = OffsetDateTime::now_utc();
    let result = client.send(&Probe::get(path).impatient()).await;
    let poll = Poll::of(at, asked, &result);
    client.unsaid(match result {
        Ok(answer) => Poll { release: release_at(&answer, &client.target().release), ..poll },
        Err(_) => poll,
    })
}

/// Sleeps until `at`; `None` when stopped before.
pub(super) async fn until(at: Instant, stop: &CancellationToken) -> Option<()> {
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        () = sleep_until(at) => Some(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::BaseUrl;
    use crate::watch::Condition;
    use serde_json::json;
    use tokio::sync::mpsc::{Receiver, channel};
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    async fn service(live: u16) -> MockServer {
        let server = MockServer::start().await;
        let health = ResponseTemplate::new(200).set_body_json(json!({ "commit": "3f9d1c2" }));
        Mock::given(path("/livez")).respond_with(ResponseTemplate::new(live)).mount(&server).await;
        Mock::given(path("/health")).respond_with(health).mount(&server).await;
        server
    }

    fn watch(server: &MockServer, stop: &CancellationToken) -> Receiver<Poll> {
        let (sender, receiver) = channel(1);
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let pace = Pace { live: Duration::from_millis(5), ..Pace::default() };
        tokio::spawn(Watcher::new(target, pace).run(sender, stop.clone()));
        receiver
    }

    #[tokio::test]
    async fn health_is_asked_first_and_rarely_and_liveness_often() {
        let (server, stop) = (service(200).await, CancellationToken::new());
        let mut polls = watch(&server, &stop);
        let mut seen = Vec::new();
        for _ in 0..6 {
            seen.push(polls.recv().await.unwrap());
        }
        let asked: Vec<_> = seen.iter().map(|poll| poll.asked).collect();
        assert_eq!(asked, [Asked::Health, Asked::Live, Asked::Live, Asked::Live, Asked::Live, Asked::Live]);
        assert_eq!(seen[0].release.commit.as_deref(), Some("3f9d1c2"));
        assert!(seen.iter().all(|poll| poll.condition == Condition::Up));
        stop.cancel();
        while polls.recv().await.is_some() {}
    }

    #[tokio::test]
    async fn an_error_is_down_and_a_poll_is_one_line_of_json() {
        let (server, stop) = (service(500).await, CancellationToken::new());
        let mut polls = watch(&server, &stop);
        let (_, live) = (polls.recv().await, polls.recv().await.unwrap());
        let json = serde_json::to_string(&live).unwrap();
        assert!(json.contains(r#""asked":"live","status":500"#) && json.contains(r#""condition":"down""#), "{json}");
        assert_eq!(serde_json::from_str::<Poll>(&json).unwrap(), live);
    }

    #[tokio::test]
    async fn a_watcher_that_nobody_listens_to_ends() {
        let (server, stop) = (service(200).await, CancellationToken::new());
        let (sender, receiver) = channel(1);
        drop(receiver);
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let watching = Watcher::new(target, Pace::default()).run(sender, stop);
        tokio::time::timeout(Duration::from_secs(10), watching).await.expect("it ends by itself");
    }
}
