//! The demonstration in a real pseudo-terminal, from start-up to the restored terminal.

use std::path::Path;

use console::run::Verdict;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::pty::Pty;

/// A directory with one decision record and nothing else: no repository to scan, no file of targets.
fn workplace() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let adrs = directory.path().join("adr");
    std::fs::create_dir(&adrs).expect("a folder");
    let record = "# 1. Use PostgreSQL\n\n## Status\n\nAccepted\n\n## Context\n\nc\n\n## Decision\n\nd\n\n## Consequences\n\ne\n";
    std::fs::write(adrs.join("0001-use-postgresql.md"), record).expect("a record");
    directory
}

fn demo(directory: &Path, size: (u16, u16), variables: &[(&str, &str)]) -> Pty {
    Pty::start(&["demo", "--out", "audit", "--adr-dir", "adr"], directory, size, variables)
}

/// The exit code that the written audit calls for.
fn code(directory: &Path) -> u32 {
    let run = console::audit::load(&directory.join("audit/audit.json")).expect("a written audit");
    match run.verdict {
        Verdict::Pass | Verdict::Warn => 0,
        Verdict::Fail => 1,
        Verdict::Skip | Verdict::Inconclusive => 3,
    }
}

/// How many SGR sequences set a colour (ECMA-48: 30-38, 40-48; 90-97 and 100-107 for the bright ones).
fn colours(raw: &[u8]) -> usize {
    let text = String::from_utf8_lossy(raw).into_owned();
    let sets = |code: &str| code.parse::<u8>().is_ok_and(|code| matches!(code, 30..=38 | 40..=48 | 90..=97 | 100..=107));
    let sequences = regex::Regex::new("\u{1b}\\[([0-9;:]*)m").expect("a pattern");
    sequences.captures_iter(&text).filter(|found| found[1].split([';', ':']).any(sets)).count()
}

#[test]
fn the_demonstration_runs_on_eighty_columns_without_colour() {
    let place = workplace();
    let mut pty = demo(place.path(), (80, 24), &[("NO_COLOR", "1")]);
    pty.wait_for("wrote ");
    let list = pty.screen();
    assert!(
        list.contains("DEMO") && list.contains("PASS") && list.contains("requests in") && list.contains("? help  q quit"),
        "{list}"
    );
    pty.press_for("?", "╭ Keys ");
    pty.press_for("/curl", "Keys /curl_");
    pty.press_for("\u{1b}", "/ search");
    pty.press("q");
    pty.press_for("/cors.control\r", "/cors.control ");
    pty.press_for("\r", "Why it matters");
    pty.press_for("y", "clipboard");
    assert!(String::from_utf8_lossy(&pty.raw()).contains("\u{1b}]52;c;"), "the clipboard was asked for");
    pty.press_for("\t", "Requirements");
    pty.press_for("\t", "Latency");
    pty.press("q");
    let status = pty.end();
    assert_eq!(status.exit_code(), code(place.path()));
    assert!(pty.is_restored());
    assert!(pty.wait_for("audit.html").contains("wrote "), "the paths stay on the main screen");
    assert_eq!(colours(&pty.raw()), 0);
}

#[test]
fn a_wide_terminal_shows_list_and_details_and_survives_another_size() {
    let place = workplace();
    let mut pty = demo(place.path(), (140, 40), &[]);
    pty.wait_for("wrote ");
    let both = pty.screen();
    assert!(both.contains("Checks ") && both.contains("Why it matters"), "{both}");
    assert!(colours(&pty.raw()) > 0);
    pty.resize(60, 15);
    pty.wait("the narrow list", |screen| !screen.contains("Why it matters") && screen.contains("q quit"));
    pty.press("\u{3}");
    assert_eq!(pty.end().exit_code(), code(place.path()));
    assert!(pty.is_restored());
}

#[test]
fn quitting_a_run_deletes_what_it_made_before_the_program_ends() {
    let place = workplace();
    let mut pty = demo(place.path(), (80, 24), &[]);
    pty.wait_for("asking");
    pty.press("q");
    assert_eq!(pty.end().exit_code(), 3, "a stopped run could not judge");
    assert!(pty.is_restored());
}

#[test]
fn sigterm_restores_the_terminal_and_deletes_what_the_run_made() {
    let place = workplace();
    let mut pty = demo(place.path(), (80, 24), &[]);
    pty.wait_for("asking");
    pty.signal(Signal::SIGTERM);
    assert_eq!(pty.end().exit_code(), 3, "a stopped run could not judge");
    assert!(pty.is_restored() && !pty.is_full_screen());
    pty.wait("the shell's own screen", |screen| !screen.contains("Checks "));
}

#[test]
fn a_dashboard_without_a_target_says_what_to_do_on_the_plain_terminal() {
    let place = workplace();
    let mut pty = Pty::start(&[], place.path(), (80, 24), &[]);
    assert_eq!(pty.end().exit_code(), 2);
    assert!(pty.wait_for("error:").contains("postflight.toml"), "{}", pty.screen());
}
