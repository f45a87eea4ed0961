//! Plain output: what the lines of a run look like, how they are cut, and that a reader who goes away is no error.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use console::output::Lines;
use console::run::{Event, Phase};
use console::tui::Palette;

use crate::fixture::{release, results, run};

fn events() -> Vec<Event> {
    let ids = results().into_iter().map(|result| result.id).collect();
    let started = Event::Started {
        run: "019a".to_owned(),
        target: "production".to_owned(),
        url: "https://api.example.com/".to_owned(),
        checks: ids,
    };
    let mut events = vec![started, Event::Release { release: release("3f2a9c1") }, Event::Phase { phase: Phase::Checking }];
    for (done, result) in (1..).zip(results()) {
        events.push(Event::CheckStarted { id: result.id.clone() });
        events.push(Event::CheckFinished { result: Box::new(result) });
        events.push(Event::Progress { probes: 58 * done as u64, done, total: 7 });
    }
    events.push(Event::Note { text: "retried after 429".to_owned() });
    events.push(Event::Finished { run: Box::new(run()) });
    events
}

const PLAIN: Palette = Palette { colour: false, ascii: true };

fn printed(mut lines: Lines) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for event in events() {
        lines.event(&event, &mut out, &mut err);
    }
    (String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

#[test]
fn a_run_is_a_line_a_check_that_was_asked_and_a_summary_with_the_verdict_last() {
    let (out, err) = printed(Lines::new(PLAIN, None, None));
    let out = out + &console::output::summary(&run(), None);
    insta::assert_snapshot!(out, @r#"
    Verifying production at https://api.example.com/ (7 checks, run 019a)

    Release: commit 3f2a9c1, version 1.4.0, started 2026-11-23T09:59:58Z, replica replica-1, environment production

    PASS          health.control                1 of 1 answered 200
    WARN          health.depth                  the answer names no database
    PASS          cors.control                  2 of 2 origins may read
    FAIL          cors.nobody                   null may read with credentials
    PASS          jwt.control                   200 with the token of A
    INCONCLUSIVE  jwt.expired                   429 Too Many Requests, three times

    FAIL [high] cors.nobody: The origin null is refused
      null may read with credentials
      - GET /api/tasks with Origin: null: 200 that the origin null may read
        curl -i -H 'Origin: null' https://api.example.com/api/tasks
      read more: console checks cors.nobody

    WARN [medium] health.depth: Health asks the database
      the answer names no database
      read more: console checks health.depth

    INCONCLUSIVE (1 check) 429 Too Many Requests, three times: jwt.expired

    SKIP (1 check) minting needs the signing key: jwt.unsigned

    3 passed, 1 warned, 1 failed, 1 skipped, 1 inconclusive
    412 requests in 3.5 s; 9 objects made, 9 deleted, 0 left behind
    FAIL: 1 of 7 checks failed, the worst of high severity
    "#);
    assert_eq!(err, "note: retried after 429\n");
}

#[test]
fn lines_are_cut_to_the_terminal_and_nowhere_else() {
    let (out, _) = printed(Lines::new(PLAIN, Some(50), None));
    let lines: Vec<_> = out.lines().filter(|line| line.contains("jwt.expired") || line.contains("cors.nobody")).take(2).collect();
    assert_eq!(lines, ["x FAIL          cors.nobody                   nul~", "? INCONCLUSIVE  jwt.expired                   429~"]);
}

#[test]
fn a_terminal_gets_a_progress_line_that_the_next_line_wipes() {
    let (out, err) = printed(Lines::new(PLAIN, Some(80), Some(80)));
    assert!(!out.contains('\u{1b}'));
    assert!(err.contains("\r\u{1b}[K###--------------------- 1/7 checks, 58 requests\r\u{1b}[K"), "{err:?}");
    assert!(err.ends_with("\r\u{1b}[K"), "nothing is left on the line: {err:?}");
}

#[test]
fn the_progress_line_is_not_drawn_again_when_nothing_changed() {
    let mut lines = Lines::new(PLAIN, Some(80), Some(80));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    lines.event(&Event::Phase { phase: Phase::Checking }, &mut out, &mut err);
    let drawn = err.len();
    lines.event(&Event::CheckStarted { id: "cors.nobody".to_owned() }, &mut out, &mut err);
    assert!(drawn > 0 && err.len() == drawn && out.is_empty());
}

#[test]
fn what_answers_while_a_release_is_waited_for_is_said_once_each_on_a_pipe() {
    let mut lines = Lines::new(PLAIN, None, None);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for seen in ["up 200, commit 1111111", "up 200, commit 1111111", "edge 502"] {
        let waiting = Event::Waiting { seen: seen.to_owned(), waited_ms: 2_000, timeout_ms: 300_000 };
        lines.event(&waiting, &mut out, &mut err);
    }
    let err = String::from_utf8(err).expect("text");
    assert_eq!(err, "waiting for the release: up 200, commit 1111111\nwaiting for the release: edge 502\n");
    assert!(out.is_empty());
}

#[test]
fn skipped_checks_are_gathered_by_their_reason() {
    let mut run = run();
    let mut other = run.checks.iter().find(|check| check.id == "jwt.unsigned").cloned().expect("it is in the fixture");
    "jwt.key".clone_into(&mut other.id);
    run.checks.push(other);
    let text = console::output::summary(&run, None);
    assert!(text.contains("SKIP (2 checks) minting needs the signing key: jwt.unsigned, jwt.key\n"), "{text}");
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_console"))
        .args(["checks", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    // Dropping the reader closes the pipe while the program still has more to say than a pipe holds.
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert!(first.starts_with('{') && output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Runs `console watch` on `url` for one poll: exit code and standard output.
fn watched(url: &str, format: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_console"))
        .args(["watch", url, "--count", "1", "--format", format])
        .output()
        .expect("the program starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_prints_a_line_a_poll_and_ends_well_while_the_service_answers() {
    let server = wiremock::MockServer::start().await;
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(wiremock::ResponseTemplate::new(200)).mount(&server).await;
    let (code, lines) = watched(&server.uri(), "ndjson");
    let polls: Vec<console::watch::Poll> = lines.lines().map(|line| serde_json::from_str(line).expect("a poll a line")).collect();
    assert_eq!((code, polls.len()), (Some(0), 1));
    let (code, lines) = watched(&server.uri(), "human");
    assert_eq!((code, lines.lines().filter(|line| line.contains(" up ")).count()), (Some(0), 1), "{lines}");
}

#[test]
fn watching_where_nothing_answers_ends_with_a_finding() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
    let (code, lines) = watched(&format!("http://{free}"), "human");
    assert!(lines.contains(" down ") && code == Some(1), "{code:?} {lines}");
}
