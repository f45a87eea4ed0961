//! The screens as they are drawn: every size, every overlay, hostile text, palettes, and what they look like.

use console::run::{Event, Evidence, Verdict};
use console::tui::{Message, Overlay, Palette, Setting, State, View, update};
use console::watch::Condition;
use crossterm::event::Event as Input;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Color;
use rstest::rstest;

use crate::fixture::{ASCII, COLOUR, PLAIN, buffer, fresh, poll, press, results, run, screen, seen, text};

/// A screen in each state that draws differently.
fn states(palette: Palette, columns: u16, rows: u16) -> Vec<State> {
    let keys = [
        (View::Watch, ""),
        (View::Watch, "p"),
        (View::Verify, ""),
        (View::Verify, "n⏎"),
        (View::Verify, "f/null"),
        (View::Audit, ""),
    ];
    let mut states: Vec<_> = keys
        .iter()
        .map(|(view, keys)| {
            let mut state = seen(palette, columns, rows, *view);
            press(&mut state, keys);
            state
        })
        .collect();
    for keys in ["?", "?/quit", "/zzz"] {
        let mut state = seen(palette, columns, rows, View::Verify);
        press(&mut state, keys);
        states.push(state);
    }
    let mut fault = fresh(palette, columns, rows);
    update(&mut fault, Message::Fault("no decision records\nin history/adr".to_owned()));
    states.extend([fault, fresh(palette, columns, rows)]);
    states
}

#[test]
fn what_somebody_answers_for_is_a_fail_that_says_so_and_is_no_finding() {
    let mut run = run();
    let check = run.checks.iter_mut().find(|check| check.id == "cors.nobody").expect("it is in the fixture");
    let until = time::macros::date!(2026 - 12 - 31);
    check.accepted = Some(console::run::Accepted { reason: "a kiosk".to_owned(), owner: "ops".to_owned(), until });
    let mut state = fresh(PLAIN, 140, 40);
    let _ = update(&mut state, Message::Run(Event::Finished { run: Box::new(run) }));
    state.view = View::Verify;
    state.verify.cursor = 3;
    let text = screen(&state);
    assert!(text.contains("✘ FAIL (accepted)") && text.contains("a kiosk; ops answers for it until 2026-12-31"), "{text}");
    assert!(!state.verify.selected().expect("the row").is_finding());
}

#[test]
fn every_screen_draws_at_every_small_size() {
    for mut state in states(COLOUR, 80, 24).into_iter().chain([fresh(ASCII, 80, 24)]) {
        for (columns, rows) in (0..=13).flat_map(|columns| [0, 1, 2, 3, 4, 5, 6, 9, 13].map(|rows| (columns, rows))) {
            state.size = Size::new(columns, rows);
            assert_eq!(buffer(&state).area.as_size(), state.size);
        }
    }
}

/// Every width up to 120 at heights up to 40, the states by turns.
#[test]
fn every_size_draws() {
    let mut all = states(COLOUR, 80, 24);
    let heights = [0, 1, 2, 3, 5, 8, 11, 16, 23, 24, 25, 31, 40];
    let sizes = (0..=120).flat_map(|columns| heights.map(|rows| Size::new(columns, rows)));
    for (turn, size) in sizes.enumerate() {
        let turn = turn % all.len();
        all[turn].size = size;
        assert_eq!(buffer(&all[turn]).area.as_size(), size);
    }
}

#[test]
fn scrolling_ends_at_the_last_line_at_every_size() {
    let mut state = seen(COLOUR, 80, 24, View::Audit);
    for (columns, rows) in [(80, 24), (20, 10), (140, 40), (5, 3), (0, 0), (80, 24)] {
        press(&mut state, "G");
        update(&mut state, Message::Input(Input::Resize(columns, rows)));
        press(&mut state, "jjjG");
        let (end, top) = (state.audit.scroll, screen(&state));
        press(&mut state, "jG");
        assert_eq!((state.audit.scroll, screen(&state)), (end, top), "{columns}x{rows}");
    }
    assert!(screen(&state).contains("an exact allowlist"), "the last requirement is in sight");
}

/// What an attacker would send: escape sequences, direction overrides, invisible and wide characters, endless words.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil\u{2066}\u{200b}\u{ad}\u{feff}\u{9b}31m\u{0}日本語日本語 e\u{301}\t\r\nline two xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Every text of the state that can come from outside is hostile.
fn attacked(columns: u16, rows: u16) -> Vec<State> {
    let mut state = seen(COLOUR, columns, rows, View::Verify);
    (state.setting.name, state.setting.url, state.setting.out) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    let mut run = crate::fixture::run();
    run.headline = HOSTILE.into();
    for check in &mut run.checks {
        check.summary = HOSTILE.into();
        let mut piece: Evidence = crate::fixture::broken();
        (piece.label, piece.observed) = (HOSTILE.into(), HOSTILE.into());
        if let Some(exchange) = &mut piece.exchange {
            exchange.curl = HOSTILE.into();
            let response = exchange.response.as_mut().expect("the fixture answers");
            (response.body, response.headers) = (HOSTILE.into(), vec![(HOSTILE.into(), HOSTILE.into())]);
        }
        check.evidence = vec![piece];
    }
    update(&mut state, Message::Run(Event::Finished { run: Box::new(run) }));
    let mut hostile = poll(60, Condition::Down, Some(3), HOSTILE);
    hostile.release = crate::fixture::release(HOSTILE);
    hostile.note = HOSTILE.into();
    update(&mut state, Message::Poll(Box::new(hostile)));
    let mut preview = crate::fixture::preview();
    preview.requirements.iter_mut().for_each(|judged| judged.reason = HOSTILE.into());
    update(&mut state, Message::Previewed(Box::new(preview)));
    update(&mut state, Message::Written(vec![HOSTILE.into()]));
    update(&mut state, Message::Run(Event::Note { text: HOSTILE.into() }));
    let screens = [(View::Watch, ""), (View::Verify, ""), (View::Verify, "⏎"), (View::Audit, "G"), (View::Audit, "")];
    let mut states: Vec<_> = screens.iter().map(|(view, keys)| pressed(&state, *view, keys)).collect();
    let mut fault = state.clone();
    update(&mut fault, Message::Fault(HOSTILE.into()));
    let mut filtered = state;
    filtered.verify.filter = HOSTILE.into();
    states.extend([fault, filtered]);
    states
}

fn pressed(state: &State, view: View, keys: &str) -> State {
    let mut state = state.clone();
    state.view = view;
    press(&mut state, keys);
    state
}

#[rstest]
#[case(80, 24)]
#[case(140, 40)]
#[case(23, 9)]
fn no_control_or_direction_character_reaches_the_screen(#[case] columns: u16, #[case] rows: u16) {
    let states = attacked(columns, rows);
    let mut found = false;
    for state in &states {
        let drawn = buffer(state);
        for cell in &drawn.content {
            let symbol = cell.symbol();
            assert_eq!(console::http::clean(symbol), symbol, "on {:?}", state.view);
            assert!(!symbol.contains(['\n', '\t', '\r']), "{symbol:?}");
        }
        found |= text(&drawn).contains("\\u{1b}");
    }
    assert!(found, "the hostile text was drawn, made visible");
}

#[test]
fn a_wide_character_never_hangs_over_the_frame() {
    for state in attacked(80, 24) {
        for line in screen(&state).lines() {
            assert!(textwrap::core::display_width(line) <= 80, "{line}");
        }
    }
}

#[test]
fn ascii_terminals_get_ascii_only_whatever_the_text() {
    let all = states(ASCII, 80, 24).into_iter().chain(attacked(80, 24)).map(|state| State { palette: ASCII, ..state });
    for state in all {
        assert!(buffer(&state).content.iter().all(|cell| cell.symbol().is_ascii()), "{}", screen(&state));
    }
}

fn colours(buffer: &Buffer) -> usize {
    buffer.content.iter().filter(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset)).count()
}

#[test]
fn without_colour_none_is_set_and_with_it_only_those_of_the_theme() {
    for state in states(PLAIN, 120, 30) {
        assert_eq!(colours(&buffer(&state)), 0);
    }
    let coloured: usize = states(COLOUR, 120, 30).iter().map(|state| colours(&buffer(state))).sum();
    assert!(coloured > 0);
    for state in states(COLOUR, 120, 30) {
        for cell in &buffer(&state).content {
            assert!(!matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_) | Color::White | Color::Black), "readable on any theme");
            assert_eq!(cell.bg, Color::Reset, "the theme's own background");
        }
    }
}

#[test]
fn every_verdict_and_condition_is_a_word_on_the_screen() {
    let verify = screen(&seen(PLAIN, 80, 24, View::Verify));
    for result in results() {
        assert!(verify.contains(result.verdict.word()), "{}", result.verdict);
    }
    for (condition, word) in
        [(Condition::Up, "UP"), (Condition::Degraded, "DEGRADED"), (Condition::Down, "DOWN"), (Condition::Edge, "EDGE")]
    {
        let mut state = fresh(PLAIN, 80, 24);
        update(&mut state, Message::Poll(Box::new(poll(0, condition, Some(2), "3f2a9c1"))));
        assert!(screen(&state).contains(word), "{word}");
    }
    assert!(screen(&seen(PLAIN, 80, 24, View::Audit)).contains(Verdict::Fail.word()));
}

#[test]
fn the_demonstration_says_so_on_every_screen() {
    for view in View::ALL {
        let mut state = seen(PLAIN, 80, 24, view);
        state.setting = Setting { demo: true, ..state.setting };
        assert!(screen(&state).lines().next().is_some_and(|line| line.contains("DEMO")));
    }
}

#[test]
fn the_details_of_a_check_of_the_catalogue_say_why_and_how_to_mend_it() {
    let check = console::checks::catalogue().next().expect("a catalogue");
    let mut state = fresh(PLAIN, 140, 200);
    state.setting.checks = vec![(check.id, check.title, check.severity)];
    let mut state = State::new(state.setting, PLAIN, state.size);
    state.view = View::Verify;
    press(&mut state, "⏎");
    let screen = screen(&state);
    for heading in ["Expected", "Why it matters", "How to mend it", "axum:", "FastAPI:", "Express:", "Written down in", "https://"]
    {
        assert!(screen.contains(heading), "{heading}\n{screen}");
    }
}

#[test]
fn a_fault_is_drawn_over_the_screen_until_any_key() {
    let mut state = seen(PLAIN, 80, 24, View::Audit);
    update(&mut state, Message::Fault("cannot write out".to_owned()));
    assert!(screen(&state).contains("cannot write out"));
    press(&mut state, "x");
    assert!(state.overlay.is_none() && !screen(&state).contains("cannot write out"));
    assert!(state.fault.is_some(), "the exit code still tells");
}

#[test]
fn the_help_is_searchable() {
    let mut state = seen(PLAIN, 80, 24, View::Verify);
    press(&mut state, "?");
    assert!(screen(&state).contains("filter the checks"));
    press(&mut state, "/quit");
    let found = screen(&state);
    assert!(found.contains("Keys /quit_") && found.contains("quit, from anywhere") && !found.contains("next screen"), "{found}");
    press(&mut state, "⎋q");
    assert!(!matches!(state.overlay, Some(Overlay::Help(_))));
}

#[test]
fn watch_looks_like_this() {
    insta::assert_snapshot!(screen(&seen(PLAIN, 80, 24, View::Watch)), @r#"
     postflight  production  https://api.example.com                  ● UP   ✘ FAIL
     1 Watch   2 Verify   3 Audit
     ● UP  for 14s
     88.9 % of 18 polls served, down for 4s in all
    ╭ Latency ─────────────────────────────────────────────────────────────────────╮
    │                                                                  █ ✘✘      █ │
    │                                                            ▂▄▂▅▂▄█▂✘✘▂▄▂▅▂▄█▂│
    │ p50 3.0 ms   p95 12 ms   p99 12 ms   first 2.0 ms                            │
    ╰──────────────────────────────────────────────────────────────────────────────╯
    ╭ Release ───────────────────────────╮╭ Polls ─────────────────────────────────╮
    │ commit       b7e1f00               ││ 10:00:34  ● UP        live    2.0 ms   │
    │ version      1.4.0                 ││ 10:00:32  ● UP        live     12 ms   │
    │ deployment   not said              ││ 10:00:30  ● UP        live    3.0 ms   │
    │ started      2026-11-23T09:59:58Z  ││ 10:00:28  ● UP        live    2.0 ms   │
    │ replica      replica-1             ││ 10:00:26  ● UP        live    4.0 ms   │
    │ environment  production            ││ 10:00:24  ● UP        live    2.0 ms   │
    ╰────────────────────────────────────╯│ 10:00:22  ● UP        live    3.0 ms   │
    ╭ Changes ───────────────────────────╮│ 10:00:20  ● UP        live    2.0 ms   │
    │ 10:00:20  ▸ release b7e1f00        ││ 10:00:18  ✘ DOWN      live connection …│
    │ 10:00:20  ● came back after 4s     ││ 10:00:16  ✘ DOWN      live connection …│
    │ 10:00:16  ✘ went down              ││ 10:00:14  ● UP        live    2.0 ms   │
    ╰────────────────────────────────────╯╰────────────────────────────────────────╯
     done; n goes to the next finding, f shows nothing else
     r run  w write  p pause  tab next  ? help  q quit
    "#);
}

#[test]
fn verify_looks_like_this() {
    insta::assert_snapshot!(screen(&seen(PLAIN, 80, 24, View::Verify)), @r#"
     postflight  production  https://api.example.com                  ● UP   ✘ FAIL
     1 Watch   2 Verify   3 Audit
     ✘ 1 FAIL  ? 1 INCONCLUSIVE  ▲ 1 WARN  ○ 1 SKIP  ✔ 3 PASS
     ██████████████████████████ 7/7 checks  412 requests in 3.5 s
    ╭ Checks 7 ────────────────────────────────────────────────────────────────────╮
    │ health ──────────────────────────────────────────────────────────── 2/2  ▲ 1 │
    │▸ ✔ PASS          control               The service answers at all            │
    │  ▲ WARN          depth                 the answer names no database          │
    │ cors ────────────────────────────────────────────────────────────── 2/2  ✘ 1 │
    │  ✔ PASS          control               A declared origin gets in             │
    │  ✘ FAIL          nobody                [high] null may read with credentials │
    │ jwt ────────────────────────────────────────────────────────── 3/3  ? 1  ○ 1 │
    │  ✔ PASS          control               A good token is taken                 │
    │  ○ SKIP          unsigned              minting needs the signing key         │
    │  ? INCONCLUSIVE  expired               429 Too Many Requests, three times    │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    ╰──────────────────────────────────────────────────────────────────────────────╯
     done; n goes to the next finding, f shows nothing else
     r run  enter open  / filter  f findings  w write  tab next  ? help  q quit
    "#);
}

#[test]
fn details_look_like_this() {
    let mut state = seen(PLAIN, 80, 24, View::Verify);
    press(&mut state, "nn⏎");
    insta::assert_snapshot!(screen(&state), @r#"
     postflight  production  https://api.example.com                  ● UP   ✘ FAIL
     1 Watch   2 Verify   3 Audit
     ✘ 1 FAIL  ? 1 INCONCLUSIVE  ▲ 1 WARN  ○ 1 SKIP  ✔ 3 PASS
     ██████████████████████████ 7/7 checks  412 requests in 3.5 s
    ╭ cors.nobody ─────────────────────────────────────────────────────────────────╮
    │ The origin null is refused                                                   │
    │ ✘ FAIL   severity high   2 requests, 12 ms                                   │
    │                                                                              │
    │ Seen                                                                         │
    │ null may read with credentials                                               │
    │                                                                              │
    │ Evidence (1)                                                                 │
    │ ✘ broken: GET /api/tasks with Origin: null                                   │
    │   200 that the origin null may read (live, from the application)             │
    │   curl -i -H 'Origin: null' https://api.example.com/api/tasks                │
    │   < 200 in 3.2 ms                                                            │
    │   < access-control-allow-origin: null                                        │
    │   {"items":[]}                                                               │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    ╰──────────────────────────────────────────────────────────────────────────────╯
     done; n goes to the next finding, f shows nothing else
     r run  esc back  y curl  w write  tab next  n finding  ? help  q quit
    "#);
}

#[test]
fn audit_looks_like_this() {
    insta::assert_snapshot!(screen(&seen(PLAIN, 80, 24, View::Audit)), @r#"
     postflight  production  https://api.example.com                  ● UP   ✘ FAIL
     1 Watch   2 Verify   3 Audit
    ╭ Audit ───────────────────────────────────────────────────────────────────────╮
    │ ✘ FAIL                                                                       │
    │ 1 of 7 checks failed, the worst of high severity                             │
    │ 3 passed, 1 warned, 1 failed, 1 skipped, 1 inconclusive                      │
    │ 412 requests in 3.5 s; 9 objects made, 9 deleted, 0 left behind              │
    │                                                                              │
    │ w will write                                                                 │
    │   out/audit.html                                                             │
    │   out/audit.md                                                               │
    │   out/audit.json                                                             │
    │ 12 decision records from history/adr                                         │
    │                                                                              │
    │ Requirements                                                                 │
    │ ✔ PASS          FR-001   The service binds to the PORT that the platform     │
    │                          gives.                                              │
    │ · NOT JUDGED    FR-002   A root Procfile serves Railway's process            │
    │                          management.                                         │
    │                          1 FAIL, 1 PASS (2 of 2 checks judged).              │
    │ ▲ WARN in part  FR-003   PostgreSQL is pooled and tuned for Neon (size,      │
    ╰────────────────────────────────────────────────────────────────── 1–18 of 24 ╯
     done; n goes to the next finding, f shows nothing else
     r run  w write  tab next  ? help  q quit
    "#);
}

#[test]
fn a_wide_verify_looks_like_this() {
    let mut state = seen(PLAIN, 140, 40, View::Verify);
    press(&mut state, "nn");
    insta::assert_snapshot!(screen(&state), @r#"
     postflight  production  https://api.example.com                                                                              ● UP   ✘ FAIL
     1 Watch   2 Verify   3 Audit
     ✘ 1 FAIL  ? 1 INCONCLUSIVE  ▲ 1 WARN  ○ 1 SKIP  ✔ 3 PASS
     ██████████████████████████████ 7/7 checks  412 requests in 3.5 s
    ╭ Checks 7 ─────────────────────────────────────────────────────────────────╮╭ cors.nobody ────────────────────────────────────────────────╮
    │ health ───────────────────────────────────────────────────────── 2/2  ▲ 1 ││ The origin null is refused                                  │
    │  ✔ PASS          control               The service answers at all         ││ ✘ FAIL   severity high   2 requests, 12 ms                  │
    │  ▲ WARN          depth                 the answer names no database       ││                                                             │
    │ cors ─────────────────────────────────────────────────────────── 2/2  ✘ 1 ││ Seen                                                        │
    │  ✔ PASS          control               A declared origin gets in          ││ null may read with credentials                              │
    │▸ ✘ FAIL          nobody                [high] null may read with credenti…││                                                             │
    │ jwt ─────────────────────────────────────────────────────── 3/3  ? 1  ○ 1 ││ Evidence (1)                                                │
    │  ✔ PASS          control               A good token is taken              ││ ✘ broken: GET /api/tasks with Origin: null                  │
    │  ○ SKIP          unsigned              minting needs the signing key      ││   200 that the origin null may read (live, from the         │
    │  ? INCONCLUSIVE  expired               429 Too Many Requests, three times ││   application)                                              │
    │                                                                           ││   curl -i -H 'Origin: null'                                 │
    │                                                                           ││   https://api.example.com/api/tasks                         │
    │                                                                           ││   < 200 in 3.2 ms                                           │
    │                                                                           ││   < access-control-allow-origin: null                       │
    │                                                                           ││   {"items":[]}                                              │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    │                                                                           ││                                                             │
    ╰───────────────────────────────────────────────────────────────────────────╯╰─────────────────────────────────────────────────────────────╯
     done; n goes to the next finding, f shows nothing else
     r run  enter open  / filter  f findings  y curl  w write  tab next  n finding  ? help  q quit
    "#);
}

#[test]
fn ascii_looks_like_this() {
    insta::assert_snapshot!(screen(&seen(ASCII, 80, 24, View::Watch)), @r#"
     postflight  production  https://api.example.com                  * UP   x FAIL
     1 Watch   2 Verify   3 Audit
     * UP  for 14s
     88.9 % of 18 polls served, down for 4s in all
    + Latency ---------------------------------------------------------------------+
    |                                                                  # xx      # |
    |                                                            _-_=_-#_xx_-_=_-#_|
    | p50 3.0 ms   p95 12 ms   p99 12 ms   first 2.0 ms                            |
    +------------------------------------------------------------------------------+
    + Release ---------------------------++ Polls ---------------------------------+
    | commit       b7e1f00               || 10:00:34  * UP        live    2.0 ms   |
    | version      1.4.0                 || 10:00:32  * UP        live     12 ms   |
    | deployment   not said              || 10:00:30  * UP        live    3.0 ms   |
    | started      2026-11-23T09:59:58Z  || 10:00:28  * UP        live    2.0 ms   |
    | replica      replica-1             || 10:00:26  * UP        live    4.0 ms   |
    | environment  production            || 10:00:24  * UP        live    2.0 ms   |
    +------------------------------------+| 10:00:22  * UP        live    3.0 ms   |
    + Changes ---------------------------+| 10:00:20  * UP        live    2.0 ms   |
    | 10:00:20  > release b7e1f00        || 10:00:18  x DOWN      live connection ~|
    | 10:00:20  * came back after 4s     || 10:00:16  x DOWN      live connection ~|
    | 10:00:16  x went down              || 10:00:14  * UP        live    2.0 ms   |
    +------------------------------------++----------------------------------------+
     done; n goes to the next finding, f shows nothing else
     r run  w write  p pause  tab next  ? help  q quit
    "#);
}
