//! A dashboard in a fixed state: seven checks that the catalogue does not have, a finished run over them, polls around an outage.

use console::audit::{Judged, REQUIREMENTS, Standing};
use console::run::{
    CheckResult, Cleanup, Counts, Event, Evidence, EvidenceClass, Exchange, Finding, ReleaseSeen, RequestRecord, ResponseRecord,
    Run, SCHEMA, Severity, Source, Stats, TargetSummary, Tool, Verdict,
};
use console::tui::{Message, Palette, Preview, Setting, State, View, draw, update};
use console::watch::{Asked, Condition, Poll};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use time::OffsetDateTime;

pub(crate) const COLOUR: Palette = Palette { colour: true, ascii: false };
pub(crate) const PLAIN: Palette = Palette { colour: false, ascii: false };
pub(crate) const ASCII: Palette = Palette { colour: false, ascii: true };

const CHECKS: [(&str, &str, Severity, Verdict, &str); 7] = [
    ("health.control", "The service answers at all", Severity::High, Verdict::Pass, "1 of 1 answered 200"),
    ("health.depth", "Health asks the database", Severity::Medium, Verdict::Warn, "the answer names no database"),
    ("cors.control", "A declared origin gets in", Severity::High, Verdict::Pass, "2 of 2 origins may read"),
    ("cors.nobody", "The origin null is refused", Severity::High, Verdict::Fail, "null may read with credentials"),
    ("jwt.control", "A good token is taken", Severity::Critical, Verdict::Pass, "200 with the token of A"),
    ("jwt.unsigned", "Tokens without a signature are refused", Severity::Critical, Verdict::Skip, "minting needs the signing key"),
    ("jwt.expired", "Expired tokens are refused", Severity::High, Verdict::Inconclusive, "429 Too Many Requests, three times"),
];

pub(crate) fn setting() -> Setting {
    Setting {
        name: "production".to_owned(),
        url: "https://api.example.com/".to_owned(),
        demo: false,
        at_once: false,
        checks: CHECKS.iter().map(|&(id, title, severity, ..)| (id, title, severity)).collect(),
        adr_dir: "history/adr".to_owned(),
        out: "out".to_owned(),
    }
}

/// A dashboard that has just opened.
pub(crate) fn fresh(palette: Palette, columns: u16, rows: u16) -> State {
    State::new(setting(), palette, Size::new(columns, rows))
}

/// A dashboard that has seen polls and a run, on the given screen.
pub(crate) fn seen(palette: Palette, columns: u16, rows: u16, view: View) -> State {
    let mut state = fresh(palette, columns, rows);
    for poll in polls() {
        let _ = update(&mut state, Message::Poll(Box::new(poll)));
    }
    let _ = update(&mut state, Message::Run(Event::Finished { run: Box::new(run()) }));
    let _ = update(&mut state, Message::Previewed(Box::new(preview())));
    state.view = view;
    state
}

pub(crate) fn results() -> Vec<CheckResult> {
    CHECKS.iter().map(|&(id, title, severity, verdict, summary)| result(id, title, severity, verdict, summary)).collect()
}

fn result(id: &str, title: &str, severity: Severity, verdict: Verdict, summary: &str) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        suite: id.split('.').next().unwrap_or_default().to_owned(),
        title: title.to_owned(),
        severity,
        verdict,
        accepted: None,
        judged_on: None,
        summary: summary.to_owned(),
        evidence: if verdict == Verdict::Fail { vec![broken()] } else { Vec::new() },
        requirements: vec!["FR-004".to_owned()],
        probes: 2,
        elapsed_ms: 12,
    }
}

pub(crate) fn broken() -> Evidence {
    let response = ResponseRecord {
        status: 200,
        headers: vec![("access-control-allow-origin".to_owned(), "null".to_owned())],
        body: "{\"items\":[]}".to_owned(),
        truncated: false,
        elapsed_ms: 3.25,
    };
    let request = RequestRecord {
        method: "GET".to_owned(),
        url: "https://api.example.com/api/tasks".to_owned(),
        headers: vec![("origin".to_owned(), "null".to_owned())],
        body: None,
    };
    let curl = "curl -i -H 'Origin: null' https://api.example.com/api/tasks".to_owned();
    Evidence {
        label: "GET /api/tasks with Origin: null".to_owned(),
        finding: Finding::Broken,
        class: EvidenceClass::Live,
        source: Some(Source::App),
        observed: "200 that the origin null may read".to_owned(),
        exchange: Some(Exchange { request, response: Some(response), curl }),
    }
}

pub(crate) fn run() -> Run {
    let checks = results();
    Run {
        schema: SCHEMA.to_owned(),
        id: "019a0000000070008000000000000000".to_owned(),
        demo: false,
        tool: Tool { name: "postflight".to_owned(), version: "0.1.0".to_owned() },
        target: TargetSummary {
            name: "production".to_owned(),
            url: "https://api.example.com/".to_owned(),
            origins: vec!["https://app.example.com".to_owned()],
            tokens: "environment".to_owned(),
            writes: true,
        },
        started_at: time::macros::datetime!(2026-11-23 10:00 UTC),
        verdict: Verdict::Fail,
        headline: "1 of 7 checks failed, the worst of high severity".to_owned(),
        counts: Counts::of(&checks),
        stats: Stats {
            probes: 412,
            wall_ms: 3456,
            deadline_ms: 60_000,
            connections: 16,
            p50_ms: 2.0,
            p95_ms: 9.0,
            ..Stats::default()
        },
        releases: vec![release("3f2a9c1")],
        checks,
        endpoints: Vec::new(),
        variables: Vec::new(),
        cleanup: Cleanup { created: 9, deleted: 9, ..Cleanup::default() },
        notes: Vec::new(),
    }
}

pub(crate) fn preview() -> Preview {
    let judged = |(requirement, verdict): (&console::audit::Requirement, Option<Verdict>)| Judged {
        requirement: *requirement,
        standing: Standing { verdict, in_part: verdict == Some(Verdict::Warn) },
        reason: "1 FAIL, 1 PASS (2 of 2 checks judged).".to_owned(),
        classes: vec![EvidenceClass::Live],
        checks: Vec::new(),
    };
    let verdicts = [Some(Verdict::Pass), None, Some(Verdict::Warn), Some(Verdict::Fail)];
    Preview { requirements: REQUIREMENTS.iter().zip(verdicts).map(judged).collect(), decisions: 12, unreadable: 0 }
}

pub(crate) fn release(commit: &str) -> ReleaseSeen {
    ReleaseSeen {
        commit: Some(commit.to_owned()),
        version: Some("1.4.0".to_owned()),
        deployment: None,
        started_at: Some("2026-11-23T09:59:58Z".to_owned()),
        replica: Some("replica-1".to_owned()),
        environment: Some("production".to_owned()),
    }
}

/// A poll `seconds` after 10:00:00.
pub(crate) fn poll(seconds: i64, condition: Condition, latency_ms: Option<u32>, commit: &str) -> Poll {
    let up = condition == Condition::Up;
    Poll {
        at: time::macros::datetime!(2026-11-23 10:00 UTC) + time::Duration::seconds(seconds),
        asked: Asked::Live,
        condition,
        status: latency_ms.map(|_| if up { 200 } else { 503 }),
        latency_ms: latency_ms.map(f64::from),
        source: Source::App,
        note: if up { "200".to_owned() } else { "connection refused".to_owned() },
        release: if up { release(commit) } else { ReleaseSeen::default() },
    }
}

/// Up, down for four seconds while a release lands, up again.
pub(crate) fn polls() -> Vec<Poll> {
    let times = [2, 3, 2, 4, 2, 3, 12, 2];
    let before = times.iter().zip(0..).map(|(ms, at)| poll(at * 2, Condition::Up, Some(*ms), "3f2a9c1"));
    let outage = [16, 18].map(|at| poll(at, Condition::Down, None, ""));
    let after = times.iter().zip(10..).map(|(ms, at)| poll(at * 2, Condition::Up, Some(*ms), "b7e1f00"));
    before.chain(outage).chain(after).collect()
}

pub(crate) fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).expect("RFC 3339")
}

/// The state drawn into a buffer of its own size.
pub(crate) fn buffer(state: &State) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(state.size.width, state.size.height)).expect("a test backend");
    terminal.draw(|frame| draw(state, frame)).expect("a test backend draws");
    terminal.backend().buffer().clone()
}

/// The lines of the screen, without the blanks at their ends.
pub(crate) fn screen(state: &State) -> String {
    text(&buffer(state))
}

pub(crate) fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    let line = |row: &[ratatui::buffer::Cell]| {
        let mut line = String::new();
        let mut skip = 0_usize;
        for cell in row {
            if skip == 0 {
                line.push_str(cell.symbol());
            }
            skip = skip.max(textwrap::core::display_width(cell.symbol())).saturating_sub(1);
        }
        line.trim_end().to_owned()
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn key(code: KeyCode) -> Message {
    Message::Input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

pub(crate) fn ctrl(c: char) -> Message {
    Message::Input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
}

/// Presses every letter of `keys`; `⏎` is enter, `⎋` is escape, `⌫` is backspace, `⇥` is tab.
pub(crate) fn press(state: &mut State, keys: &str) -> Vec<console::tui::Intent> {
    let code = |c| match c {
        '⏎' => KeyCode::Enter,
        '⎋' => KeyCode::Esc,
        '⌫' => KeyCode::Backspace,
        '⇥' => KeyCode::Tab,
        c => KeyCode::Char(c),
    };
    keys.chars().flat_map(|c| update(state, key(code(c)))).collect()
}
