//! What every key does: state before, keys, state after.

use console::run::{Event, Phase, Verdict};
use console::tui::{Intent, Leaving, Message, Mode, Overlay, State, View, update};
use console::watch::Condition;
use crossterm::event::{Event as Input, KeyCode};
use rstest::rstest;

use crate::fixture::{PLAIN, at, ctrl, fresh, key, poll, press, results, run, screen, seen};

fn verifying() -> State {
    seen(PLAIN, 80, 24, View::Verify)
}

fn running() -> State {
    let mut state = fresh(PLAIN, 80, 24);
    let _ = press(&mut state, "r");
    let started = Event::Started { run: "1".into(), target: "t".into(), url: "u".into(), checks: Vec::new() };
    for event in [started, Event::Phase { phase: Phase::Checking }, Event::CheckStarted { id: "cors.control".into() }] {
        let _ = update(&mut state, Message::Run(event));
    }
    state
}

fn selected(state: &State) -> &str {
    state.verify.selected().map_or("nothing", |row| row.id)
}

#[rstest]
#[case::next("⇥", View::Verify)]
#[case::next_by_letter("ll", View::Audit)]
#[case::around("⇥⇥⇥", View::Watch)]
#[case::previous("h", View::Audit)]
#[case::first("31", View::Watch)]
#[case::second("2", View::Verify)]
#[case::third("3", View::Audit)]
#[case::run_shows_the_checks("3r", View::Verify)]
fn keys_change_the_screen(#[case] keys: &str, #[case] view: View) {
    let mut state = seen(PLAIN, 80, 24, View::Watch);
    press(&mut state, keys);
    assert_eq!(state.view, view);
}

#[rstest]
#[case(KeyCode::Right, View::Verify)]
#[case(KeyCode::Left, View::Audit)]
#[case(KeyCode::BackTab, View::Audit)]
#[case(KeyCode::Tab, View::Verify)]
fn arrows_and_tab_change_the_screen(#[case] code: KeyCode, #[case] view: View) {
    let mut state = fresh(PLAIN, 80, 24);
    update(&mut state, key(code));
    assert_eq!(state.view, view);
}

#[rstest]
#[case::down("j", "health.depth")]
#[case::down_and_up("jjk", "health.depth")]
#[case::never_above_the_first("kk", "health.control")]
#[case::last("G", "jwt.expired")]
#[case::never_below_the_last("Gj", "jwt.expired")]
#[case::first("Gg", "health.control")]
#[case::next_finding("n", "health.depth")]
#[case::third_finding("nnn", "jwt.expired")]
#[case::findings_go_around("nnnn", "health.depth")]
#[case::previous_finding("N", "jwt.expired")]
#[case::filter_by_id("/cors.n⏎", "cors.nobody")]
#[case::filter_by_verdict("/skip⏎", "jwt.unsigned")]
#[case::filter_by_title("/EXPIRED⏎", "jwt.expired")]
#[case::filter_by_severity("/critical⏎j", "jwt.unsigned")]
#[case::letters_are_text_in_a_filter("/jk⌫", "jwt.control")]
#[case::nothing_matches("/zzz⏎", "nothing")]
#[case::filter_cleared("/zzz⎋", "health.control")]
#[case::filter_kept_then_back("G/cors⏎⎋", "cors.nobody")]
#[case::findings_only("fj", "cors.nobody")]
#[case::findings_only_twice("ffj", "cors.control")]
fn keys_move_the_cursor(#[case] keys: &str, #[case] id: &str) {
    let mut state = verifying();
    press(&mut state, keys);
    assert_eq!(selected(&state), id);
}

#[rstest]
#[case(&[KeyCode::Down], "health.depth")]
#[case(&[KeyCode::Down, KeyCode::Up], "health.control")]
#[case(&[KeyCode::End], "jwt.expired")]
#[case(&[KeyCode::End, KeyCode::Home], "health.control")]
#[case(&[KeyCode::PageDown], "jwt.expired")]
#[case(&[KeyCode::PageDown, KeyCode::PageUp], "health.control")]
fn arrows_and_pages_move_the_cursor(#[case] codes: &[KeyCode], #[case] id: &str) {
    let mut state = verifying();
    for code in codes {
        update(&mut state, key(*code));
    }
    assert_eq!(selected(&state), id);
}

#[rstest]
#[case::run("r", &[Intent::Verify])]
#[case::write("w", &[Intent::Write])]
#[case::write_only_once("ww", &[Intent::Write])]
#[case::no_run_while_writing("wr", &[Intent::Write])]
#[case::nothing_to_stop("s", &[])]
#[case::nothing_to_copy("y", &[])]
#[case::unknown_key("x", &[])]
fn keys_are_carried_out(#[case] keys: &str, #[case] intents: &[Intent]) {
    assert_eq!(press(&mut verifying(), keys), intents);
}

#[test]
fn copying_takes_the_request_of_the_selected_check() {
    let copied = press(&mut verifying(), "nny");
    assert_eq!(copied, [Intent::Copy("curl -i -H 'Origin: null' https://api.example.com/api/tasks".into())]);
}

#[rstest]
#[case::no_second_run("r", &[])]
#[case::nothing_to_write("w", &[])]
#[case::stop("s", &[Intent::Stop])]
#[case::stop_once("ss", &[Intent::Stop])]
#[case::quit_stops("q", &[Intent::Stop])]
fn a_run_under_way_can_only_be_stopped(#[case] keys: &str, #[case] intents: &[Intent]) {
    assert_eq!(press(&mut running(), keys), intents);
}

#[test]
fn quitting_waits_until_the_run_has_cleaned_up() {
    let mut state = running();
    press(&mut state, "q");
    assert!(!state.finished() && screen(&state).contains("; q leaves at once"));
    update(&mut state, Message::Run(Event::Phase { phase: Phase::Cleaning }));
    assert!(!state.finished());
    let intents = update(&mut state, Message::Run(Event::Finished { run: Box::new(run()) }));
    assert!(state.finished() && intents.is_empty());
}

#[test]
fn a_second_quit_leaves_at_once() {
    let mut state = running();
    press(&mut state, "qq");
    assert_eq!((state.leaving, state.finished()), (Leaving::Now, true));
}

#[test]
fn quitting_waits_for_the_audit_that_is_being_written() {
    let mut state = verifying();
    press(&mut state, "wq");
    assert!(!state.finished());
    update(&mut state, Message::Written(vec!["out/audit.html".into()]));
    assert!(state.finished());
}

#[rstest]
#[case::on_the_screen("")]
#[case::while_typing("/cors")]
#[case::in_the_help("?")]
#[case::while_searching("?/co")]
fn ctrl_c_always_quits(#[case] keys: &str) {
    let mut state = verifying();
    press(&mut state, keys);
    update(&mut state, ctrl('c'));
    assert!(state.finished());
}

#[test]
fn ctrl_c_quits_over_a_fault_which_stays_to_be_told() {
    let mut state = verifying();
    update(&mut state, Message::Fault("cannot write".into()));
    update(&mut state, ctrl('c'));
    assert!(state.finished() && state.fault.is_some());
}

#[test]
fn a_signal_leaves_at_once() {
    let mut state = running();
    update(&mut state, Message::Terminated);
    assert!(state.finished());
}

#[rstest]
#[case::opened("⏎", true)]
#[case::opened_and_closed("⏎⎋", false)]
#[case::nothing_to_open("/zzz⏎⏎", false)]
fn enter_opens_the_details(#[case] keys: &str, #[case] open: bool) {
    let mut state = verifying();
    press(&mut state, keys);
    assert_eq!(state.verify.open, open);
}

#[test]
fn details_scroll_to_their_last_line_and_no_further() {
    let mut state = verifying();
    press(&mut state, "nn⏎G");
    let end = state.verify.scroll;
    press(&mut state, "jj");
    assert_eq!(state.verify.scroll, end);
    press(&mut state, "kg");
    assert_eq!(state.verify.scroll, 0);
    update(&mut state, Message::Input(Input::Resize(200, 100)));
    press(&mut state, "G");
    assert_eq!(state.verify.scroll, 0, "everything fits");
}

#[test]
fn n_in_the_details_goes_on_to_the_next_finding_from_its_top() {
    let mut state = verifying();
    press(&mut state, "nn⏎jn");
    assert_eq!((selected(&state), state.verify.open, state.verify.scroll), ("jwt.expired", true, 0));
}

#[test]
fn the_cursor_stays_on_its_check_while_results_stream_in() {
    let mut state = running();
    press(&mut state, "jjjf");
    assert_eq!(selected(&state), "nothing", "no findings yet");
    for result in results() {
        let id = result.id.clone();
        update(&mut state, Message::Run(Event::CheckFinished { result: Box::new(result) }));
        assert_eq!(selected(&state) != "nothing", state.verify.visible().count() > 0, "after {id}");
    }
    press(&mut state, "/null⏎");
    assert_eq!(selected(&state), "cors.nobody");
}

#[test]
fn a_control_that_is_asked_again_keeps_its_verdict_meanwhile() {
    let mut state = verifying();
    update(&mut state, Message::Run(Event::CheckStarted { id: "cors.control".into() }));
    assert_eq!(state.verify.count(Verdict::Pass), 3);
}

#[test]
fn a_new_run_forgets_the_last_one() {
    let mut state = verifying();
    update(&mut state, Message::Written(vec!["out/audit.html".into()]));
    press(&mut state, "r");
    let started = Event::Started { run: "1".into(), target: "t".into(), url: "u".into(), checks: Vec::new() };
    update(&mut state, Message::Run(started));
    assert!(state.verify.run.is_none() && state.verify.done() == 0 && state.audit.written.is_empty());
    assert!(state.audit.preview.is_none());
}

#[test]
fn a_run_that_could_not_begin_leaves_nothing_running() {
    let mut state = running();
    update(&mut state, Message::Fault("cannot make the journal".into()));
    assert!(!state.verify.running() && !screen(&state).contains("asking"));
}

#[test]
fn the_demonstration_writes_its_audit_by_itself_but_not_while_leaving() {
    let finished = || Message::Run(Event::Finished { run: Box::new(run()) });
    let mut state = running();
    state.setting.at_once = true;
    assert_eq!(update(&mut state, finished()), [Intent::Write]);
    assert!(!state.finished(), "it stays open until q");
    let mut state = running();
    state.setting.at_once = true;
    press(&mut state, "q");
    assert_eq!(update(&mut state, finished()), []);
}

#[test]
fn opening_watches_and_verifies_only_where_asked() {
    let mut state = fresh(PLAIN, 80, 24);
    assert_eq!(state.opening(), [Intent::Watch]);
    state.setting.at_once = true;
    assert_eq!(state.opening(), [Intent::Watch, Intent::Verify]);
}

#[test]
fn a_held_screen_loses_no_poll() {
    let mut state = fresh(PLAIN, 80, 24);
    press(&mut state, "p");
    update(&mut state, Message::Poll(Box::new(poll(0, Condition::Up, Some(2), "3f2a9c1"))));
    assert_eq!((state.watch.history.polls(), state.watch.held.len()), (0, 1));
    press(&mut state, "p");
    assert_eq!((state.watch.history.polls(), state.watch.held.len()), (1, 0));
}

#[test]
fn downtime_availability_and_percentiles_add_up() {
    let state = seen(PLAIN, 80, 24, View::Watch);
    assert_eq!(state.watch.downtime().as_secs(), 4);
    assert_eq!(state.watch.availability().map(f64::round), Some(89.0));
    let latency = state.watch.history.percentiles().expect("answers");
    let told = [latency.p50_ms, latency.p95_ms, latency.p99_ms].map(|ms| format!("{ms:.0}"));
    assert_eq!(told, ["3", "12", "12"]);
    assert_eq!(state.watch.since, Some(at("2026-11-23T10:00:20Z")));
}

#[test]
fn only_keys_that_mean_something_are_hinted() {
    let hints = |state: &State| screen(state).lines().last().unwrap_or_default().to_owned();
    let mut state = fresh(PLAIN, 120, 24);
    assert!(hints(&state).contains("p pause") && !hints(&state).contains("stop") && !hints(&state).contains("write"));
    press(&mut state, "2");
    assert!(hints(&state).contains("/ filter") && !hints(&state).contains("pause"));
    press(&mut state, "/");
    assert_eq!(hints(&state), " enter keep  esc clear");
    press(&mut state, "⏎?");
    assert_eq!(hints(&state), " / search  esc close");
    assert!(hints(&running()).contains("s stop") && !hints(&running()).contains("r run"));
}

#[test]
fn help_and_quit_are_hinted_however_narrow_the_screen() {
    let mut state = verifying();
    state.size.width = 20;
    assert!(screen(&state).lines().last().is_some_and(|line| line.ends_with("? help  q quit")), "{}", screen(&state));
}

#[test]
fn no_key_means_two_things_at_once() {
    let states = [fresh(PLAIN, 80, 24), verifying(), running(), seen(PLAIN, 80, 24, View::Audit)];
    for mut state in states {
        press(&mut state, "?");
        assert!(matches!(state.overlay, Some(Overlay::Help(_))) && state.mode() == Mode::Help);
        (state.size.width, state.size.height) = (74, 60);
        let drawn = screen(&state);
        let listed = drawn.lines().skip_while(|line| !line.contains("Keys")).skip(1).take_while(|line| !line.contains('╰'));
        let names: Vec<_> = listed.filter_map(|line| line.split('│').nth(1)?.get(1..21)).collect();
        assert!(names.len() > 10, "{drawn}");
        let keys: Vec<_> = names.iter().flat_map(|names| names.split(", ")).map(str::trim).filter(|key| !key.is_empty()).collect();
        let repeated: Vec<_> = keys.iter().filter(|key| keys.iter().filter(|other| other == key).count() > 1).collect();
        let of_the_help = ["/", "esc", "?", "q", "enter"];
        assert!(repeated.iter().all(|key| of_the_help.contains(key)), "{repeated:?}");
    }
}
