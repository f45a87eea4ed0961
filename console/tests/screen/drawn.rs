//! The screens as they are drawn: every size, every overlay, hostile text, palettes, and what they look like.

use console::run::{Event, Evidence, Verdict};
use console::tui::{Message, Overlay, Palette, Setting, State, View, update};
use console::watch::Condition;
use crossterm::event::Event as Input;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Color;
use rstest::rstest;

use crate::fixture::{ASCII, COLOUR, PLAIN, buffer, fresh, poll, press, results, screen, seen, text};

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
fn every_screen_draws_at_every_size() {
    let mut all = states(COLOUR, 80, 24);
    all.extend(states(ASCII, 80, 24));
    for state in &mut all {
        for columns in (0..=120).step_by(3) {
            for rows in 0..=40 {
                state.size = Size::new(columns, rows);
                let drawn = buffer(state);
                assert_eq!(drawn.area.as_size(), state.size);
            }
        }
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
