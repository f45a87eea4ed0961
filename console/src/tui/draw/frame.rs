//! What stands around every view: header, tabs, the last note, the hint bar.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::run::{CheckResult, Verdict};
use crate::text::{cell, fit, width};
use crate::tui::action;
use crate::tui::palette::{glyph, word};
use crate::tui::state::{Leaving, View};
use crate::tui::{Palette, State};

/// The target on the left, its condition and the verdict on the right. The right side stays when it gets narrow.
pub(super) fn header(state: &State, columns: u16) -> Line<'static> {
    let palette = state.palette;
    let mut spans = vec![Span::styled(" postflight", palette.accent()), Span::raw("  ")];
    if state.setting.demo {
        spans.extend([Span::styled(" DEMO ", Palette::REVERSE), Span::raw(" ")]);
    }
    let right = standing(state);
    let taken = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let left = usize::from(columns).saturating_sub(taken(&spans) + taken(&right));
    spans.push(Span::raw(cell(&target(state), left)));
    spans.extend(right);
    Line::from(spans)
}

fn target(state: &State) -> String {
    let (name, url) = (&state.setting.name, state.setting.url.trim_end_matches('/'));
    if state.setting.demo || url.contains(name.as_str()) { url.to_owned() } else { format!("{name}  {url}") }
}

fn standing(state: &State) -> Vec<Span<'static>> {
    let palette = state.palette;
    let mut parts: Vec<(String, Style)> = Vec::new();
    if let Some(condition) = state.watch.condition() {
        parts.push((format!("{} {}", glyph(condition), word(condition)), palette.condition(condition)));
    }
    if state.verify.running() {
        parts.push(("▸ verifying".to_owned(), palette.busy()));
    } else if let Some(run) = &state.verify.run {
        parts.push((verdict_words(run.verdict), palette.verdict(run.verdict)));
    }
    parts.into_iter().flat_map(|(text, style)| [Span::raw("  "), Span::styled(text, style), Span::raw(" ")]).collect()
}

/// `✔ PASS`.
pub(super) fn verdict_words(verdict: Verdict) -> String {
    format!("{} {verdict}", verdict.glyph(false))
}

/// `✘ FAIL`, `✘ FAIL (accepted)`.
pub(super) fn result_words(result: &CheckResult) -> String {
    format!("{} {}", result.verdict.glyph(false), result.words())
}

/// The names of the screens, the one that is shown marked.
pub(super) fn tabs(state: &State) -> Line<'static> {
    let tab = |(index, view): (usize, &View)| {
        let chosen = *view == state.view;
        let style = if chosen { Palette::REVERSE } else { Style::new() };
        [Span::styled(format!(" {} {} ", index + 1, view.word()), style), Span::raw(" ")]
    };
    Line::from(View::ALL.iter().enumerate().flat_map(tab).collect::<Vec<_>>())
}

/// What happened last, or what leaving waits for.
pub(super) fn note(state: &State, columns: u16) -> Line<'static> {
    let text = match state.leaving {
        Leaving::No => state.notes.back().map_or("", String::as_str),
        _ if state.verify.running() => "leaving once everything that the run made is deleted; q leaves at once",
        _ => "leaving once the audit is on disk",
    };
    Line::raw(format!(" {}", fit(text, usize::from(columns).saturating_sub(2))))
}

/// The keys that mean something now, as many as fit; help and quit always come last and always stay.
pub(super) fn hints(state: &State, columns: u16) -> Line<'static> {
    let mut hints = action::hints(state);
    let needed = |hints: &[(String, &str)]| hints.iter().map(|(key, words)| width(key) + width(words) + 3).sum::<usize>();
    while hints.len() > 2 && needed(&hints) > usize::from(columns) {
        hints.remove(hints.len() - 3);
    }
    let spans = hints
        .into_iter()
        .flat_map(|(key, words)| [Span::styled(format!(" {key}"), Palette::STRONG), Span::raw(format!(" {words} "))]);
    Line::from(spans.collect::<Vec<_>>())
}
