//! The list of checks, suite by suite.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::frame::result_words;
use super::pieces::{framed, inner};
use crate::run::Verdict;
use crate::text::{cell, fit, width};
use crate::tui::state::{Progress, Row};
use crate::tui::{Palette, State};

/// Columns of glyph and word: `? INCONCLUSIVE`, and `✘ FAIL (accepted)` where there is such a row.
const VERDICT: usize = 14;
const ACCEPTED: usize = 17;
/// Columns of a check's name within its suite.
const NAME: usize = 20;

/// A line of the list.
enum Entry<'a> {
    Suite(&'static str),
    Check(usize, &'a Row),
}

/// Draws the list into `area`, the line under the cursor near the middle.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let entries = entries(state);
    let (height, columns) = (usize::from(inner(area).height), usize::from(inner(area).width));
    let cursor = entries.iter().position(|entry| matches!(entry, Entry::Check(index, _) if *index == state.verify.cursor));
    let first = cursor.unwrap_or_default().saturating_sub(height / 2).min(entries.len().saturating_sub(height));
    let lines = entries.iter().skip(first).take(height).map(|entry| match entry {
        Entry::Suite(word) => heading(state, word, columns),
        Entry::Check(index, row) => line(state, row, *index == state.verify.cursor, columns),
    });
    let mut lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        lines.push(Line::raw(if state.verify.findings_only { " no findings" } else { " no check contains that" }));
    }
    frame.render_widget(Paragraph::new(lines).block(framed(title(state))), area);
}

fn entries(state: &State) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut suite = "";
    for (index, row) in state.verify.visible() {
        let (word, _) = row.names();
        if word != suite {
            entries.push(Entry::Suite(word));
            suite = word;
        }
        entries.push(Entry::Check(index, row));
    }
    entries
}

fn title(state: &State) -> String {
    let verify = &state.verify;
    let shown = verify.visible().count();
    let which = if shown == verify.rows.len() { shown.to_string() } else { format!("{shown} of {}", verify.rows.len()) };
    let findings = if verify.findings_only { " findings only" } else { "" };
    let caret = if verify.typing { "_" } else { "" };
    let filter =
        if verify.filter.is_empty() && !verify.typing { String::new() } else { format!(" /{}{caret}", fit(&verify.filter, 30)) };
    format!(" Checks {which}{findings}{filter} ")
}

/// `cors ──────────── 12/27  ✘ 1  ▲ 2`
fn heading(state: &State, suite: &str, columns: usize) -> Line<'static> {
    let rows = || state.verify.rows.iter().filter(|row| row.names().0 == suite);
    let done = rows().filter(|row| row.verdict().is_some()).count();
    let mut right = vec![Span::raw(format!(" {done}/{}", rows().count()))];
    for verdict in [Verdict::Fail, Verdict::Inconclusive, Verdict::Warn, Verdict::Skip] {
        let count = rows().filter(|row| row.verdict() == Some(verdict)).count();
        if count > 0 {
            right.push(Span::styled(format!("  {} {count}", verdict.glyph(false)), state.palette.verdict(verdict)));
        }
    }
    let taken: usize = right.iter().map(Span::width).sum::<usize>() + width(suite) + 3;
    let rule = "─".repeat(columns.saturating_sub(taken));
    let left = [Span::styled(format!(" {suite} "), Palette::STRONG), Span::styled(rule, Palette::FAINT)];
    Line::from(left.into_iter().chain(right).collect::<Vec<_>>())
}

fn line(state: &State, row: &Row, chosen: bool, columns: usize) -> Line<'static> {
    let (word, style) = standing(state, row);
    let mark = if chosen { "▸ " } else { "  " };
    let verdict = if state.verify.any_accepted() { ACCEPTED } else { VERDICT };
    let left = columns.saturating_sub(2 + verdict + 2 + NAME + 2);
    let line = Line::from(vec![
        Span::raw(mark),
        Span::styled(cell(&word, verdict), style),
        Span::raw(format!("  {}  ", cell(row.names().1, NAME))),
        Span::raw(cell(&words(row), left)),
    ]);
    if chosen { line.style(Palette::REVERSE) } else { line }
}

/// What was asked, or why the answer is not a PASS.
fn words(row: &Row) -> String {
    match row.result() {
        Some(result) if result.verdict == Verdict::Fail => format!("[{}] {}", result.severity, result.summary),
        Some(result) if result.verdict != Verdict::Pass => result.summary.clone(),
        _ => row.title.to_owned(),
    }
}

fn standing(state: &State, row: &Row) -> (String, Style) {
    match &row.progress {
        Progress::Waiting => ("· waiting".to_owned(), Palette::FAINT),
        Progress::Running => ("▸ asking".to_owned(), state.palette.busy()),
        Progress::Done(result) => (result_words(result), state.palette.verdict(result.verdict)),
    }
}
