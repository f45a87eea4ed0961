//! The Watch screen: is it up, how fast does it answer, which release is it, what changed.
//!
//! ```text
//!  ● UP  for 2h 13m      99.8 % of 3,912 polls up, down for 14s in all
//! ╭ Latency ────────────────────────────────────────────╮
//! │ ▁▁▂▁▁▁▃▁▁█▁▁▁▂▁                                     │
//! │ p50 1.2 ms   p95 3.0 ms   p99 8.1 ms   max 12 ms    │
//! ╰─────────────────────────────────────────────────────╯
//! ╭ Release ───────────────╮╭ Polls ────────────────────╮
//! │ commit     3f2a9c1     ││ 21:40:07  ● UP  200 ...   │
//! ╰────────────────────────╯│                           │
//! ╭ Changes ───────────────╮│                           │
//! ╰────────────────────────╯╰───────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, RenderDirection, Sparkline};

use super::pieces::{clock, framed, inner, lasting, millis};
use crate::run::ReleaseSeen;
use crate::text::{cell, counted, fit, width};
use crate::tui::State;
use crate::tui::palette::glyph;
use crate::tui::state::Change;
use crate::watch::{Condition, Poll};

/// Columns of a condition's glyph and word: `? EDGE ANSWERED`.
const CONDITION: usize = 15;

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let tall = if area.height > 28 { 8 } else { 5 };
    let heights = [Constraint::Length(2), Constraint::Length(tall), Constraint::Min(0)];
    let [status, latency, rest] = Layout::vertical(heights).areas(area);
    let [left, right] = Layout::horizontal([Constraint::Percentage(48), Constraint::Percentage(52)]).areas(rest);
    let [release, changes] = Layout::vertical([Constraint::Length(8), Constraint::Min(0)]).areas(left);
    frame.render_widget(Text::from(vec![standing(state), figures(state)]), status);
    history(state, frame, latency);
    boxed(state, frame, release, " Release ", release_lines);
    boxed(state, frame, changes, " Changes ", change_lines);
    boxed(state, frame, right, polls_title(state), poll_lines);
}

/// Columns, then rows, to the lines that fill them.
type Fill = fn(&State, usize, usize) -> Vec<Line<'static>>;

fn boxed(state: &State, frame: &mut Frame<'_>, area: Rect, title: &'static str, fill: Fill) {
    let inner = inner(area);
    let lines = fill(state, inner.width.into(), inner.height.into());
    frame.render_widget(Paragraph::new(lines).block(framed(state, title)), area);
}

fn standing(state: &State) -> Line<'static> {
    let watch = &state.watch;
    let Some(poll) = watch.polls.back() else { return Line::raw(" Waiting for the first answer …") };
    let word = Span::styled(
        format!(" {} {}", glyph(poll.condition), poll.condition.word()),
        state.palette.condition(poll.condition).patch(state.palette.strong()),
    );
    let since = watch.lasting().map(|time| format!("  for {}", lasting(time))).unwrap_or_default();
    Line::from(vec![word, Span::raw(since), Span::raw(format!("   {}", fit(&poll.words, 60)))])
}

fn figures(state: &State) -> Line<'static> {
    let watch = &state.watch;
    let Some(share) = watch.availability() else { return Line::default() };
    let down =
        if watch.down_for().is_zero() { "never down".to_owned() } else { format!("down for {} in all", lasting(watch.down_for())) };
    let held = if watch.paused { format!("   held; {} waiting", counted(watch.held.len() as u64, "poll")) } else { String::new() };
    Line::raw(format!(" {share:.1} % of {} up, {down}{held}", counted(watch.total, "poll")))
}

fn history(state: &State, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(framed(state, " Latency "), area);
    let [bars, words] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(inner(area));
    frame.render_widget(sparkline(state, bars), bars);
    let text = match state.watch.latency() {
        Some(of) => {
            format!(" p50 {}   p95 {}   p99 {}   max {}", millis(of.p50), millis(of.p95), millis(of.p99), millis(of.max))
        }
        None => " nothing answered yet".to_owned(),
    };
    frame.render_widget(Line::raw(fit(&text, words.width.into())), words);
}

/// The newest poll stands on the right; a column of `✘` is a poll that nothing answered.
fn sparkline(state: &State, area: Rect) -> Sparkline<'static> {
    let newest = state.watch.polls.iter().rev().take(area.width.into());
    let times: Vec<_> = newest.map(|poll| poll.latency.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))).collect();
    let highest = times.iter().flatten().max().copied().unwrap_or(1);
    // However fast an answer was, its column shows.
    let least = highest / (u64::from(area.height.max(1)) * 8) + 1;
    Sparkline::default()
        .data(times.into_iter().map(|time| time.map(|time| time.max(least))).collect::<Vec<_>>())
        .max(highest.max(least))
        .direction(RenderDirection::RightToLeft)
        .absent_value_symbol("✘")
        .absent_value_style(state.palette.condition(Condition::Down))
        .style(state.palette.busy())
}

fn release_lines(state: &State, columns: usize, _: usize) -> Vec<Line<'static>> {
    let Some(release) = &state.watch.release else {
        return vec![Line::raw(fit(" it has not said which release it is", columns))];
    };
    let fields = [
        ("commit", &release.commit),
        ("version", &release.version),
        ("deployment", &release.deployment),
        ("started", &release.started_at),
        ("replica", &release.replica),
        ("environment", &release.environment),
    ];
    let line = |(name, value): (&str, &Option<String>)| {
        let value = fit(value.as_deref().unwrap_or("not said"), columns.saturating_sub(14));
        Line::from(vec![Span::raw(format!(" {name:11}  ")), Span::styled(value, state.palette.strong())])
    };
    fields.into_iter().map(line).collect()
}

fn change_lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let newest = state.watch.changes.iter().rev().take(rows);
    let lines: Vec<_> = newest.map(|change| change_line(state, change, columns)).collect();
    if lines.is_empty() { vec![Line::raw(" none yet")] } else { lines }
}

fn change_line(state: &State, change: &Change, columns: usize) -> Line<'static> {
    match change {
        Change::Condition { at, to, after } => {
            let word = format!("{} {}", glyph(*to), to.word());
            let after = after.map(|time| format!(" after {}", lasting(time))).unwrap_or_default();
            let left = columns.saturating_sub(11 + width(&word));
            Line::from(vec![
                Span::raw(format!(" {}  ", clock(*at))),
                Span::styled(word, state.palette.condition(*to)),
                Span::raw(fit(&after, left)),
            ])
        }
        Change::Release { at, to } => Line::raw(fit(&format!(" {}  release {}", clock(*at), release_name(to)), columns)),
    }
}

fn release_name(release: &ReleaseSeen) -> String {
    let named = [&release.commit, &release.version, &release.deployment];
    named.into_iter().flatten().next().cloned().unwrap_or_else(|| "without a name".to_owned())
}

const fn polls_title(state: &State) -> &'static str {
    if state.watch.paused { " Polls (held) " } else { " Polls " }
}

fn poll_lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    state.watch.polls.iter().rev().take(rows).map(|poll| poll_line(state, poll, columns)).collect()
}

fn poll_line(state: &State, poll: &Poll, columns: usize) -> Line<'static> {
    let status = poll.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
    let time = poll.latency_ms().map(millis).unwrap_or_default();
    let word = format!("{} {}", glyph(poll.condition), poll.condition.word());
    let left = columns.saturating_sub(11 + CONDITION + 1);
    Line::from(vec![
        Span::raw(format!(" {}  ", clock(poll.at))),
        Span::styled(cell(&word, CONDITION), state.palette.condition(poll.condition)),
        Span::raw(fit(&format!(" {status} {time:>7}  {}", poll.path), left)),
    ])
}
