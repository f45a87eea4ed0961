//! A hostile target cannot hang the console, cannot write to the operator's terminal, and gets no credential anywhere else.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod peer;
mod twin;

use std::sync::Arc;
use std::time::{Duration, Instant};

use console::checks::Suite;
use console::http::{Limits, clean};
use console::run::{Events, Run, Verdict};
use console::target::{BaseUrl, Target};
use console::verify::{self, Inputs, Options};
use peer::{Move, Peer, Script};
use rstest::rstest;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use twin::Twin;

/// The deadline of each run.
const DEADLINE: Duration = Duration::from_secs(3);
/// What may come on top: clean-up has up to 20 s of its own, and a busy machine needs some.
const SLACK: Duration = Duration::from_secs(27);
/// Terminal escapes, direction overrides, C1 controls, NUL: what may come out nowhere.
const POISON: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}txet\u{9b}31m\u{0}\u{200b}";

async fn target(base: &str) -> Target {
    let honest = Twin::start(&[]).await.target();
    Target { base: BaseUrl::parse(base).expect("a loopback URL"), ..honest }
}

/// The suites that rest on what the peer says.
fn live() -> Vec<Suite> {
    Suite::ALL.into_iter().filter(|suite| !matches!(suite, Suite::Secrets | Suite::Procfile)).collect()
}

async fn verify(base: &str) -> Run {
    verify_by(base, live(), DEADLINE).await
}

async fn verify_by(base: &str, suites: Vec<Suite>, deadline: Duration) -> Run {
    let journal = twin::in_memory();
    let limits = Limits { deadline, request_timeout: Duration::from_millis(400), ..Limits::default() };
    let options = Options { suites, limits, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target(base).await), options, Inputs::default(), events, CancellationToken::new()).await;
    run.expect("a journal and a client")
}

fn send(text: impl Into<Vec<u8>>) -> Vec<Move> {
    vec![Move::Send(text.into())]
}

/// An answer with a body of the right length.
fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

fn early_close(_: &str) -> Vec<Move> {
    Vec::new()
}

fn silence(_: &str) -> Vec<Move> {
    vec![Move::Hang]
}

fn one_byte_a_second(_: &str) -> Vec<Move> {
    vec![Move::Dribble(answer("200 OK", "", "{}"))]
}

fn body_that_dribbles(_: &str) -> Vec<Move> {
    vec![Move::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec()), Move::Dribble(vec![b'['; 1000])]
}

fn endless_body(_: &str) -> Vec<Move> {
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000)).into_bytes();
    vec![Move::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()), Move::Forever(chunk)]
}

fn endless_header(_: &str) -> Vec<Move> {
    vec![Move::Send(b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec()), Move::Forever(vec![b'x'; 0x4000])]
}

fn endless_informational(_: &str) -> Vec<Move> {
    vec![Move::Forever(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec())]
}

fn giant_headers(_: &str) -> Vec<Move> {
    let headers = (0..90).fold(String::new(), |headers, index| headers + &format!("X-Giant-{index}: {}\r\n", "y".repeat(3000)));
    send(answer("200 OK", &headers, "{}"))
}

fn duplicate_headers(_: &str) -> Vec<Move> {
    let headers = "Access-Control-Allow-Origin: *\r\nContent-Type: application/json\r\nRetry-After: 1\r\n".repeat(30);
    send(answer("200 OK", &headers, "{}"))
}

fn http_0_9(_: &str) -> Vec<Move> {
    send("<html>no status line, no headers</html>")
}

fn not_http(_: &str) -> Vec<Move> {
    send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec())
}

fn body_cut_short(_: &str) -> Vec<Move> {
    send("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{\"items\":[")
}

fn bad_chunks(_: &str) -> Vec<Move> {
    send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n-1\r\n\r\n")
}

fn two_lengths(_: &str) -> Vec<Move> {
    send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4000\r\n\r\n{}")
}

fn absurd_status(_: &str) -> Vec<Move> {
    send("HTTP/1.1 999 \x1b[31mRED\x1b[0m\r\nContent-Length: 0\r\n\r\n")
}

fn absurd_wait(_: &str) -> Vec<Move> {
    send(answer("429 Too Many Requests", "Retry-After: 18446744073709551615\r\n", ""))
}

fn longest_wait_that_fits(_: &str) -> Vec<Move> {
    send(answer("429 Too Many Requests", "Retry-After: 9223372036\r\n", ""))
}

fn deep_json(_: &str) -> Vec<Move> {
    send(answer("200 OK", "Content-Type: application/json\r\n", &"[".repeat(200_000)))
}

fn invalid_text(_: &str) -> Vec<Move> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nX-Odd: \xff\xfe\x9b31m\r\nX-Request-Id: \xc3\x28\r\nContent-Length: 9\r\n\r\n".to_vec();
    bytes.extend(b"{\"a\":\"\xff\"}");
    send(bytes)
}

/// The same with poison even in the ids.
fn poisoned_ids(request: &str) -> Vec<Move> {
    poisoned_as(request, &format!("1{POISON}"))
}

/// Ids that lead elsewhere on the same host.
fn climbing_ids(request: &str) -> Vec<Move> {
    poisoned_as(request, "../../admin/users/1")
}

fn poisoned(request: &str) -> Vec<Move> {
    poisoned_as(request, "1")
}

/// Plausible answers to everything, with poison in every text that a check might show.
fn poisoned_as(request: &str, id: &str) -> Vec<Move> {
    let title = request.rsplit_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
    let title = title.and_then(|body| body["title"].as_str().map(str::to_owned)).unwrap_or_default() + POISON;
    let task = json!({ "id": id, "title": title, "completed": false });
    let mut body = json!({ "id": id, "items": [task], "next_cursor": POISON, "openapi": POISON, "error": POISON });
    for name in
        ["title", "status", "database", "commit", "version", "deployment", "replica", "environment", "started_at", "timestamp"]
    {
        body[name] = json!(format!("{}{POISON}", if name == "title" { &title } else { "1" }));
    }
    let origin = request.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("null");
    let printable: String = POISON.chars().filter(|c| *c >= ' ').collect();
    let headers = format!(
        "Content-Type: application/json{printable}\r\nAccess-Control-Allow-Origin: {origin}\r\nX-Request-Id: {printable}\r\n\
         Server: nginx/1.2{printable}\r\nVary: {printable}\r\nLocation: /{printable}\r\nAllow: {printable}\r\nAge: {printable}\r\n\
         Set-Cookie: {printable}=1\r\nDate: {printable}\r\nAccess-Control-Allow-Headers: {printable}\r\nETag: \"{printable}\"\r\n"
    );
    let status = if request.starts_with("POST") { "201 Created" } else { "200 OK" };
    send(answer(status, &headers, &body.to_string()))
}

/// Every text of `value`, names of members included.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.iter().flat_map(|(name, value)| std::iter::once(&**name).chain(texts(value))).collect(),
        _ => Vec::new(),
    }
}

fn assert_harmless(run: &Run) {
    let document = serde_json::to_value(run).expect("a run is JSON");
    let raw: Vec<_> = texts(&document).into_iter().filter(|text| clean(text) != **text).collect();
    assert!(raw.is_empty(), "raw text of the peer in the document: {:?}", raw.iter().take(5).collect::<Vec<_>>());
}

fn passed(run: &Run) -> Vec<&str> {
    run.checks.iter().filter(|check| check.verdict == Verdict::Pass).map(|check| &*check.id).collect()
}

/// Nothing that such a peer says can carry a judgement, so nothing may pass.
#[rstest]
#[case::early_close(early_close)]
#[case::silence(silence)]
#[case::one_byte_a_second(one_byte_a_second)]
#[case::body_that_dribbles(body_that_dribbles)]
#[case::endless_header(endless_header)]
#[case::endless_informational(endless_informational)]
#[case::http_0_9(http_0_9)]
#[case::not_http(not_http)]
#[case::body_cut_short(body_cut_short)]
#[case::bad_chunks(bad_chunks)]
#[case::two_lengths(two_lengths)]
#[case::absurd_wait(absurd_wait)]
#[case::longest_wait_that_fits(longest_wait_that_fits)]
#[tokio::test]
async fn a_peer_that_gives_no_answer_brings_no_pass_and_no_delay(#[case] script: fn(&str) -> Vec<Move>) {
    let run = bounded(Box::new(script)).await;
    assert_eq!(passed(&run), Vec::<&str>::new());
}

#[rstest]
#[case::endless_body(endless_body)]
#[case::giant_headers(giant_headers)]
#[case::duplicate_headers(duplicate_headers)]
#[case::absurd_status(absurd_status)]
#[case::deep_json(deep_json)]
#[case::invalid_text(invalid_text)]
#[case::poisoned(poisoned)]
#[case::poisoned_ids(poisoned_ids)]
#[case::climbing_ids(climbing_ids)]
#[tokio::test]
async fn nothing_that_a_peer_says_reaches_the_document_raw_or_delays_it(#[case] script: fn(&str) -> Vec<Move>) {
    let run = bounded(Box::new(script)).await;
    assert_ne!(run.verdict, Verdict::Pass, "{}", run.headline);
}

/// Verifies a peer and asserts what holds for every run: it ends in time, and its document is harmless.
async fn bounded(script: Script) -> Run {
    let peer = Peer::start(script).await;
    let begun = Instant::now();
    let run = verify(&peer.base()).await;
    assert!(begun.elapsed() < DEADLINE + SLACK, "took {:?}", begun.elapsed());
    assert!(!peer.seen().is_empty(), "the peer was never asked");
    assert!(!peer.seen().iter().any(|request| request.starts_with("DELETE /admin")), "an id led clean-up astray");
    assert_harmless(&run);
    run
}

#[rstest]
#[tokio::test]
async fn a_redirect_is_never_followed_and_no_other_port_hears_of_a_credential(
    #[values("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect", "200 OK")]
    status: &'static str,
) {
    let other = Peer::start(Box::new(|_| send(answer("200 OK", "", "{}")))).await;
    let elsewhere = other.base();
    let headers = format!(
        "Location: {elsewhere}/steal\r\nRefresh: 0; url={elsewhere}/refresh\r\nLink: <{elsewhere}/link>; rel=preload\r\n\
         Alt-Svc: h2=\"{}\"\r\nContent-Location: {elsewhere}/content\r\n",
        elsewhere.trim_start_matches("http://"),
    );
    let body =
        json!({ "id": format!("{elsewhere}/id"), "items": [], "next_cursor": format!("{elsewhere}/cursor"), "status": "ok" })
            .to_string();
    let peer = Peer::start(Box::new(move |_| send(answer(status, &headers, &body)))).await;
    let run = verify(&peer.base()).await;
    assert!(
        peer.seen().iter().any(|request| request.to_ascii_lowercase().contains("authorization: bearer")),
        "no token was sent at all"
    );
    assert_eq!(other.seen(), Vec::<String>::new());
    assert_harmless(&run);
}

#[tokio::test]
async fn a_redirect_to_itself_is_not_a_loop() {
    let peer = Peer::start(Box::new(|request| {
        let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
        send(answer("302 Found", &format!("Location: {path}\r\n"), ""))
    }))
    .await;
    let run = verify(&peer.base()).await;
    let paths = peer.seen().len();
    assert!(u64::try_from(paths).expect("a count") <= run.stats.probes + 200, "{paths} requests for {} probes", run.stats.probes);
    assert_ne!(run.verdict, Verdict::Pass);
}

/// Python's `http.server`, on which Flask's own server stands, answers a line without a version as HTTP/0.9 did: with a body alone.
#[tokio::test]
async fn an_answer_of_the_oldest_form_to_an_odd_line_hides_no_other_answer() {
    let of_its_own = || answer("200 OK", "Content-Type: application/json\r\n", r#"{"items":[]}"#);
    let script: Script = Box::new(move |request| {
        send(if request.starts_with("GET\r\n") { b"<html>Error code: 400</html>".to_vec() } else { of_its_own() })
    });
    let peer = Peer::start(script).await;
    let run = verify_by(&peer.base(), vec![Suite::Headers], Duration::from_secs(20)).await;
    let banners = run.checks.iter().find(|check| check.id == "headers.banners").expect("a check of the catalogue");
    assert_eq!(banners.verdict, Verdict::Pass, "{}", banners.summary);
}
