//! Plain output: what the lines of a run look like, how they are cut, and that a reader who goes away is no error.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use console::output::Human;
use console::run::{Event, Phase};

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

fn printed(human: Human) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for event in events() {
        human.event(&event, &mut out, &mut err);
    }
    (String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

#[test]
fn a_run_is_a_line_a_check_and_a_summary_with_the_verdict_last() {
    let (out, err) = printed(Human { progress: false, columns: None });
    insta::assert_snapshot!(out, @r#"
    Verifying production at https://api.example.com/ (7 checks, run 019a)

    Release: commit 3f2a9c1, version 1.4.0, started 2026-11-23T09:59:58Z, replica replica-1, environment production

    PASS          health.control                1 of 1 answered 200
    WARN          health.depth                  the answer names no database
    PASS          cors.control                  2 of 2 origins may read
    FAIL          cors.nobody                   null may read with credentials
    PASS          jwt.control                   200 with the token of A
    SKIP          jwt.unsigned                  minting needs the signing key
    INCONCLUSIVE  jwt.expired                   429 Too Many Requests, three times

    FAIL [high] cors.nobody: The origin null is refused
      null may read with credentials
      - GET /api/tasks with Origin: null: 200 that the origin null may read
        curl -i -H 'Origin: null' https://api.example.com/api/tasks

    INCONCLUSIVE jwt.expired: 429 Too Many Requests, three times

    SKIP (1 check) minting needs the signing key: jwt.unsigned

    3 passed, 1 warned, 1 failed, 1 skipped, 1 inconclusive
    412 requests in 3.5 s; 9 objects made, 9 deleted, 0 left behind
    FAIL: 1 of 7 checks failed, the worst of high severity
    "#);
    assert_eq!(err, "note: retried after 429\n");
}

#[test]
fn lines_are_cut_to_the_terminal_and_nowhere_else() {
    let (out, _) = printed(Human { progress: false, columns: Some(50) });
    let lines: Vec<_> = out.lines().filter(|line| line.contains("jwt.expired") || line.contains("cors.nobody")).take(2).collect();
    assert_eq!(lines, ["FAIL          cors.nobody                   null …", "INCONCLUSIVE  jwt.expired                   429 T…"]);
}

#[test]
fn a_terminal_gets_a_progress_line_that_the_next_line_wipes() {
    let (out, err) = printed(Human { progress: true, columns: Some(80) });
    assert!(!out.contains('\u{1b}'));
    assert!(err.contains("\r\u{1b}[K[###---------------------] 1/7 checks, 58 requests\r\u{1b}[K"), "{err:?}");
    assert!(err.ends_with("\r\u{1b}[K"), "nothing is left on the line: {err:?}");
}

#[test]
fn skipped_checks_are_gathered_by_their_reason() {
    let mut run = run();
    let mut other = run.checks.iter().find(|check| check.id == "jwt.unsigned").cloned().expect("it is in the fixture");
    "jwt.key".clone_into(&mut other.id);
    run.checks.push(other);
    let text = console::output::summary(&run);
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
