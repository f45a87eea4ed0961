//! A deployment in the middle of a run: what spans the change is judged of neither release.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod twin;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use console::checks::Suite;
use console::run::{Events, Run, Verdict};
use console::target::{BaseUrl, Carrier, Target};
use console::verify::{self, Inputs, Options};
use rstest::rstest;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::{CancellationToken, DropGuard};
use twin::{COMMIT, Flaws, House, Kind, Twin};

/// The commit that is deployed.
const NEW_COMMIT: &str = "fedcba9876543210fedcba9876543210fedcba98";

/// Which of two releases answers a request.
#[derive(Clone, Copy, Debug)]
enum Traffic {
    /// The old one until so many requests came, then the new one.
    Replaced(u64),
    /// The old one until so many requests came, then both by turns.
    Shared(u64),
}

impl Traffic {
    fn is_new(self, request: u64) -> bool {
        match self {
            Self::Replaced(after) => request >= after,
            Self::Shared(after) => request >= after && request % 2 == 1,
        }
    }

    /// When the new release started; `None` for replicas that always were two.
    fn started(self) -> Option<String> {
        let Self::Shared(0) = self else { return OffsetDateTime::now_utc().format(&Rfc3339).ok() };
        None
    }
}

/// The answer as the new release gives it, which started at `started`, if that is another time than the old one's.
async fn renamed(response: Response, started: Option<&str>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body of the twin");
    let mut text = String::from_utf8_lossy(&bytes).replace(COMMIT, NEW_COMMIT);
    if let (Some(started), Ok(mut json)) = (started, serde_json::from_str::<serde_json::Value>(&text)) {
        json["started_at"] = started.into();
        text = json.to_string();
    }
    parts.headers.remove("content-length");
    Response::from_parts(parts, if text.contains(NEW_COMMIT) { Body::from(text) } else { Body::from(bytes) })
}

async fn start(traffic: Traffic) -> (Target, DropGuard) {
    let house = Arc::new(House::new(Kind::default(), Carrier::default(), Flaws::of(&[]), None));
    let seen = Arc::new(AtomicU64::new(0));
    let proxy = from_fn(move |request: Request, next: Next| {
        // Every other request but those of the users: the last looks come one after the other, and alternate.
        let named = request.uri().path() != "/api/tasks";
        let number = if named { seen.fetch_add(1, Ordering::Relaxed) } else { 0 };
        async move {
            let response = next.run(request).await;
            if named && traffic.is_new(number) { renamed(response, traffic.started().as_deref()).await } else { response }
        }
    });
    let router = twin::app::router(house).layer(proxy);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
    let target = Target { base: BaseUrl::parse(&base).expect("a loopback URL"), ..Twin::start(&[]).await.target() };
    (target, stop.drop_guard())
}

async fn verified(traffic: Traffic) -> Run {
    let (target, _stop) = start(traffic).await;
    let journal = twin::in_memory();
    let suites = vec![Suite::Health, Suite::Release, Suite::Docs];
    let options = Options { suites, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, Inputs::default(), events, CancellationToken::new()).await;
    run.expect("a journal and a client")
}

#[rstest]
#[case::replaced(Traffic::Replaced(100), "the release changed during the run, from ")]
#[case::rolling(Traffic::Shared(100), "a deployment went on during the run: at its end both ")]
#[tokio::test(flavor = "multi_thread")]
async fn what_spans_a_deployment_is_inconclusive(#[case] traffic: Traffic, #[case] words: &str) {
    let run = verified(traffic).await;
    let judged: Vec<_> = run.checks.iter().filter(|check| check.verdict.judged()).map(|check| &check.id).collect();
    assert_eq!(judged, Vec::<&String>::new(), "{}", run.headline);
    assert_eq!(run.verdict, Verdict::Inconclusive, "{}", run.headline);
    let withdrawn = run.checks.iter().filter(|check| check.summary.starts_with(words)).count();
    assert!(withdrawn > 20, "{withdrawn} checks were taken back because {words}…");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_differ_from_the_beginning_are_a_finding_and_take_nothing_back() {
    let run = verified(Traffic::Shared(0)).await;
    let verdict = |id: &str| run.checks.iter().find(|check| check.id == id).map(|check| check.verdict);
    assert_eq!(verdict("release.replicas"), Some(Verdict::Fail));
    assert_eq!(verdict("docs.files"), Some(Verdict::Pass));
}
