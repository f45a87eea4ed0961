//! Bad weather between the console and a service: a firewall, a rate limiter, an outage, a service that breaks down under the run.
//!
//! The twin has one flaw and stands behind weather that sets in after some requests. Whatever the weather hides, the check of that flaw must
//! not say PASS; and a run that its target cannot bear stops.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse as _, Response};
use console::checks::Suite;
use console::http::Limits;
use console::run::{CheckResult, Events, Run, Verdict};
use console::target::{BaseUrl, Carrier, Target};
use console::verify::{self, Inputs, Options};
use rand::{RngExt as _, SeedableRng as _};
use rstest::rstest;
use serde_json::json;
use tokio_util::sync::{CancellationToken, DropGuard};
use twin::{Flaws, House, Kind, Twin};

const BLOCK_PAGE: &str =
    "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Sorry, you have been blocked</h1></body></html>";

const NOT_ALLOWED_PAGE: &str = "<html>\r\n<head><title>405 Not Allowed</title></head>\r\n<body>\r\n<center><h1>405 Not Allowed</h1></center>\r\n</body></html>";
/// Methods that a content network lets through.
const USUAL: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Reads that came to the proxy that hiccups.
static HICCUP: AtomicU64 = AtomicU64::new(0);

/// Whether the proxy misses its connection at this read: one in fifty does, in no order that a client could be in step with.
fn hiccups(read: u64) -> bool {
    rand::rngs::StdRng::seed_from_u64(read).random_ratio(1, 50)
}

/// What happens to a request instead of reaching the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// A limiter that says 429 and not how long.
    Limited,
    /// A firewall's page for everything.
    Blocked,
    /// A firewall's page for tokens without an algorithm alone.
    Picky,
    /// The same in JSON, as gateways answer.
    PickyGateway,
    /// A content network that turns away what looks like an attack, and methods that it does not know, whatever stands behind it.
    Guarded,
    /// A proxy that finds nobody for a read now and then: the service closed the connection at that moment.
    Hiccups,
    /// An outage behind a proxy.
    Unavailable,
    /// Connections break.
    Broken,
    /// Everything takes long, but comes within the time that a request may take.
    Slow,
    /// Everything always took this long, and what is odd is answered 500.
    Steady,
    /// Accounts are deleted, and the answer to that is cut off.
    Torn,
    /// Nothing can be changed any more; what can be read can still be read.
    Frozen,
    /// A proxy that lets so many through at once and asks the others to come back (nginx's `limit_conn`).
    Crowded,
    /// Five wrong passwords, and the account is closed for a quarter of an hour, whatever right ones came between.
    Unforgetting,
    /// Twenty sign-ins in a quarter of an hour, whoever it is.
    FewSignIns,
}

/// Wrong passwords for each account, and sign-ins, so far.
static WRONG: LazyLock<Mutex<BTreeMap<String, u32>>> = LazyLock::new(Mutex::default);
static SIGN_INS: AtomicU64 = AtomicU64::new(0);

/// A sign-in behind a limiter that remembers every failure of an account.
async fn remembered(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap_or_default();
    let name = serde_json::from_slice::<serde_json::Value>(&body)
        .map(|body| body.get("username").map(ToString::to_string))
        .ok()
        .flatten()
        .unwrap_or_default();
    if WRONG.lock().expect("a count").get(&name).is_some_and(|wrong| *wrong >= 5) {
        return come_back_later();
    }
    let response = next.run(Request::from_parts(parts, body.into())).await;
    if response.status().is_client_error() {
        *WRONG.lock().expect("a count").entry(name).or_default() += 1;
    }
    response
}

fn come_back_later() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "900")]).into_response()
}

/// How many requests are under way behind a proxy that counts them, and how many it lets through.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);
const AT_ONCE: u64 = 8;

impl Weather {
    async fn befall(self, request: Request, next: Next) -> Response {
        match self {
            Self::Limited => StatusCode::TOO_MANY_REQUESTS.into_response(),
            Self::Blocked => (StatusCode::FORBIDDEN, Html(BLOCK_PAGE)).into_response(),
            Self::Picky if is_unsigned(&request) => (StatusCode::FORBIDDEN, Html(BLOCK_PAGE)).into_response(),
            Self::PickyGateway if is_unsigned(&request) => {
                (StatusCode::FORBIDDEN, Json(json!({ "message": "Forbidden" }))).into_response()
            }
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response(),
            Self::Broken => torn(),
            Self::Torn if request.method() == "DELETE" && request.uri().path() == "/auth/me" => {
                let response = next.run(request).await;
                if response.status().is_success() { torn() } else { response }
            }
            Self::Slow => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                next.run(request).await
            }
            Self::Steady => {
                tokio::time::sleep(Duration::from_millis(60)).await;
                let hostile = request.headers().get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().contains(&b'%'));
                if hostile { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { next.run(request).await }
            }
            Self::Frozen if matches!(request.method().as_str(), "PUT" | "PATCH") => {
                (StatusCode::CONFLICT, "read-only for maintenance").into_response()
            }
            Self::Crowded => {
                let before = UNDER_WAY.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
                let response = if before < AT_ONCE {
                    next.run(request).await
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response()
                };
                UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
                response
            }
            Self::Guarded if !USUAL.contains(&request.method().as_str()) => {
                (StatusCode::METHOD_NOT_ALLOWED, Html(NOT_ALLOWED_PAGE)).into_response()
            }
            Self::Guarded if looks_like_an_attack(&request) => (StatusCode::FORBIDDEN, Html(BLOCK_PAGE)).into_response(),
            Self::Hiccups if request.method().is_safe() && hiccups(HICCUP.fetch_add(1, Ordering::SeqCst)) => {
                (StatusCode::BAD_GATEWAY, Html("<html><title>502 Bad Gateway</title></html>")).into_response()
            }
            Self::Unforgetting if is_sign_in(&request) => remembered(request, next).await,
            Self::FewSignIns if is_sign_in(&request) && SIGN_INS.fetch_add(1, Ordering::SeqCst) >= 20 => come_back_later(),
            Self::Picky
            | Self::PickyGateway
            | Self::Frozen
            | Self::Guarded
            | Self::Hiccups
            | Self::Torn
            | Self::Unforgetting
            | Self::FewSignIns => next.run(request).await,
        }
    }
}

fn is_sign_in(request: &Request) -> bool {
    request.method() == "POST" && request.uri().path() == "/auth/login"
}

/// An answer that breaks off.
fn torn() -> Response {
    let torn = futures::stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("torn"))]);
    Body::from_stream(torn).into_response()
}

/// Whether a request has what the rules of content networks look for: NUL, a dot segment, words of SQL.
fn looks_like_an_attack(request: &Request) -> bool {
    let url = request.uri().to_string().to_ascii_lowercase();
    ["%00", "..", "%2e%2e", "%27%20or", "union", "%20or%201=1"].iter().any(|mark| url.contains(mark))
}

/// Whether the token's header says `none` in some way.
fn is_unsigned(request: &Request) -> bool {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = console::token::Compact::parse(token.trim_start_matches("Bearer "));
    let algorithm = token.and_then(|token| token.header_json()).and_then(|header| Some(header.get("alg")?.to_string()));
    algorithm.is_some_and(|algorithm| algorithm.to_ascii_lowercase().contains("none"))
}

/// A twin in weather that sets in after `after` requests.
struct Outdoors {
    target: Target,
    house: Arc<House>,
    _stop: DropGuard,
}

impl Outdoors {
    async fn start(flaws: &[&str], weather: Weather, after: u64) -> Self {
        let house = Arc::new(House::new(Kind::default(), Carrier::default(), Flaws::of(flaws), None));
        let seen = Arc::new(AtomicU64::new(0));
        let sky = from_fn(move |request: Request, next: Next| {
            let spared = request.method() == "DELETE" && weather != Weather::Torn;
            let bad = seen.fetch_add(1, Ordering::Relaxed) >= after && !spared;
            async move { if bad { weather.befall(request, next).await } else { next.run(request).await } }
        });
        let router = twin::app::router(Arc::clone(&house)).layer(sky);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        let honest = Twin::start(&[]).await.target();
        // Without a header that marks the application, only the answers themselves can tell who wrote them.
        let target = Target { base: BaseUrl::parse(&base).expect("a loopback URL"), app_header: None, ..honest };
        Self { target, house, _stop: stop.drop_guard() }
    }

    async fn verify(&self, suites: &[Suite], deadline: Duration) -> Run {
        self.verify_within(suites, Limits { deadline, ..Limits::default() }).await
    }

    async fn verify_within(&self, suites: &[Suite], limits: Limits) -> Run {
        let journal = twin::in_memory();
        let limits = Limits { request_timeout: Duration::from_secs(4), ..limits };
        let options = Options { suites: suites.to_vec(), limits, journal: journal.path().to_owned(), ..Options::default() };
        let (events, _) = Events::channel();
        let run = verify::run(Arc::new(self.target.clone()), options, Inputs::default(), events, CancellationToken::new()).await;
        run.expect("a journal and a client")
    }
}

fn result<'a>(run: &'a Run, id: &str) -> &'a CheckResult {
    run.checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("{id} was not reported"))
}

/// The flaw is there, so PASS would be a lie; that it is found or left open is all that may come out.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_weather_makes_a_flaw_pass(
    #[values(Weather::Limited, Weather::Blocked, Weather::Unavailable, Weather::Broken)] weather: Weather,
    #[values(20, 90, 260)] after: u64,
) {
    let flaws = [("jwt.none", Suite::Jwt), ("cors.reflects-any", Suite::Cors), ("isolation.read-any", Suite::Isolation)];
    let hidden = flaws.map(async |(flaw, suite)| {
        let breaks = twin::flaws::all().find(|row| row.name == flaw).map_or(&[][..], |row| row.breaks);
        let service = Outdoors::start(&[flaw], weather, after).await;
        let run = service.verify(&[suite], Duration::from_secs(10)).await;
        for id in breaks {
            let check = result(&run, id);
            assert!(
                matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive),
                "{flaw} in {weather:?} after {after}: {} {}",
                check.verdict,
                check.summary
            );
        }
    });
    futures::future::join_all(hidden).await;
}

/// The controls pass and everything else is refused by the service itself: only the forged tokens never reach it.
#[rstest]
#[case::page(Weather::Picky)]
#[case::json(Weather::PickyGateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firewall_that_stops_forged_tokens_is_no_evidence_about_the_service(#[case] weather: Weather) {
    let service = Outdoors::start(&["jwt.none"], weather, 0).await;
    let run = service.verify(&[Suite::Jwt], Duration::from_secs(30)).await;
    let check = result(&run, "jwt.none");
    assert_eq!(result(&run, "jwt.control").verdict, Verdict::Pass);
    assert_eq!(check.verdict, Verdict::Inconclusive, "{}", check.summary);
    assert!(check.summary.contains("only the edge answered"), "{}", check.summary);
}

/// A correct service stays correct behind a content network, and behind a proxy that misses its connection now and then.
#[rstest]
#[case::guarded(Weather::Guarded)]
#[case::hiccups(Weather::Hiccups)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_front_of_a_correct_service_leaves_nothing_open(#[case] weather: Weather) {
    let service = Outdoors::start(&[], weather, 0).await;
    let suites = [Suite::Cors, Suite::Jwt, Suite::Isolation, Suite::Health, Suite::Docs, Suite::Robustness];
    let run = service.verify(&suites, Duration::from_mins(2)).await;
    // The server of this test waits for ever for a header section, as the twin's own does not.
    let judged = run.checks.iter().filter(|check| check.id != "robustness.slow.headers");
    let open: Vec<_> = judged.filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive)).collect();
    assert!(open.is_empty(), "{:?}", open.iter().map(|check| (&check.id, &check.summary)).collect::<Vec<_>>());
}

/// An account that is closed after some wrong passwords is as it should be: the others are tried on another one.
#[rstest]
#[case::correct(&[], Verdict::Pass)]
#[case::a_null_signs_in(&["jwt.login-null"], Verdict::Fail)]
#[case::any_case_signs_in(&["jwt.login-any-case"], Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_wrong_passwords_keeps_none_from_being_tried(#[case] flaws: &[&str], #[case] verdict: Verdict) {
    let service = Outdoors::start(flaws, Weather::Unforgetting, 0).await;
    let run = service.verify(&[Suite::Jwt], Duration::from_mins(1)).await;
    for id in ["jwt.login.password", "jwt.login.uniform"] {
        let expected = if id == "jwt.login.password" { verdict } else { Verdict::Pass };
        assert_eq!(result(&run, id).verdict, expected, "{id}: {}", result(&run, id).summary);
    }
    assert_eq!((&run.cleanup.left, service.house.people()), (&Vec::new(), 0));
}

/// What asks of more than sign-ins is judged without those that a limit of theirs keeps from being asked, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_sign_ins_leaves_nothing_open_but_what_is_about_them() {
    let service = Outdoors::start(&[], Weather::FewSignIns, 0).await;
    let run = service.verify(&[Suite::Jwt, Suite::Cors, Suite::Isolation, Suite::Docs], Duration::from_mins(1)).await;
    let open: Vec<_> = run.checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive)).collect();
    let about = ["jwt.login.", "jwt.revoked", "jwt.refresh"];
    let other: Vec<_> = open.iter().filter(|check| !about.iter().any(|prefix| check.id.starts_with(prefix))).collect();
    assert!(other.is_empty(), "{:?}", other.iter().map(|check| (&check.id, &check.summary)).collect::<Vec<_>>());
    // An account that was signed out of cannot be signed in to any more: that is said, and of no other.
    assert_eq!(run.cleanup.left.len(), service.house.people(), "{:?}", run.cleanup.left);
}

/// An account whose deletion was carried out is gone, whether the answer said so or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_whose_answer_is_cut_off_leaves_no_account() {
    let service = Outdoors::start(&[], Weather::Torn, 0).await;
    // One account makes an object before it is deleted, with all it holds.
    let run = service.verify(&[Suite::Jwt, Suite::Isolation], Duration::from_mins(1)).await;
    assert_eq!((&run.cleanup.left, service.house.people()), (&Vec::new(), 0));
}

/// What B could read of A's, B could read, whatever the service no longer does for its users.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shown_to_the_wrong_user_stays_a_finding_when_the_control_no_longer_holds() {
    let service = Outdoors::start(&["isolation.read-any"], Weather::Frozen, 200).await;
    let run = service.verify(&[Suite::Isolation], Duration::from_secs(30)).await;
    let verdict = |id| result(&run, id).verdict;
    assert_eq!(verdict("isolation.control"), Verdict::Inconclusive, "{}", result(&run, "isolation.control").summary);
    assert_eq!(verdict("isolation.foreign.read"), Verdict::Fail, "{}", result(&run, "isolation.foreign.read").summary);
    assert_eq!(verdict("isolation.exposed"), Verdict::Inconclusive, "{}", result(&run, "isolation.exposed").summary);
}

/// A proxy that counts what is under way is no outage: the run comes with less at once, and judges everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_lets_few_through_at_once_is_given_less_at_once() {
    let service = Outdoors::start(&[], Weather::Crowded, 0).await;
    let run = service.verify(&[Suite::Health, Suite::Cors, Suite::Isolation], Duration::from_mins(2)).await;
    let open: Vec<_> = run.checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive)).collect();
    assert!(open.is_empty(), "{:?}", open.iter().map(|check| (&check.id, &check.summary)).collect::<Vec<_>>());
}

#[rstest]
#[case::down(Weather::Unavailable)]
#[case::slow(Weather::Slow)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_its_target_cannot_bear_stops_and_still_cleans_up(#[case] weather: Weather) {
    let service = Outdoors::start(&[], weather, 400).await;
    let begun = Instant::now();
    // At this pace the weather sets in after two seconds, when it is known how quick the service is otherwise.
    let limits = Limits { rate: Some(200), deadline: Duration::from_mins(2), ..Limits::default() };
    let run = service.verify_within(&Suite::ALL, limits).await;
    assert!(begun.elapsed() < Duration::from_secs(75), "{:?}", begun.elapsed());
    let stopped = run.checks.iter().filter(|check| check.summary.contains("stopped: target degraded")).count();
    assert!(stopped > 5, "{stopped} checks were stopped: {}", run.headline);
    assert_ne!(run.verdict, Verdict::Pass);
    // What was made in the last moment may be known by the list alone, which is down as well: then it is said.
    let (there, said) = (service.house.store.len(), !run.cleanup.left.is_empty());
    assert!(there == 0 || (there < 5 && said), "{there} objects stayed: {:?}", run.cleanup);
}

/// Where requests are counted, none is spent on a look beside: those of the checks tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_a_budget_stops_where_everything_goes_wrong() {
    let service = Outdoors::start(&[], Weather::Unavailable, 300).await;
    let limits = Limits { budget: Some(900), deadline: Duration::from_mins(2), ..Limits::default() };
    let run = service.verify_within(&Suite::ALL, limits).await;
    let stopped = run.checks.iter().filter(|check| check.summary.contains("stopped: target degraded")).count();
    assert!(stopped > 5, "{stopped} checks were stopped: {}", run.headline);
    assert!(run.stats.probes < 600, "{} requests", run.stats.probes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_always_slow_and_trips_over_odd_input_is_not_taken_for_one_that_degrades() {
    let service = Outdoors::start(&[], Weather::Steady, 0).await;
    let run = service.verify(&[Suite::Health, Suite::Cors, Suite::Docs], Duration::from_mins(2)).await;
    let stopped = run.checks.iter().find(|check| check.summary.contains("degraded"));
    assert!(stopped.is_none(), "{:?}", stopped.map(|check| &check.summary));
    let counted = Limits { budget: Some(900), deadline: Duration::from_mins(2), ..Limits::default() };
    let run = service.verify_within(&[Suite::Health, Suite::Docs, Suite::Robustness], counted).await;
    let stopped = run.checks.iter().find(|check| check.summary.contains("degraded"));
    assert!(stopped.is_none(), "{:?}", stopped.map(|check| &check.summary));
}
