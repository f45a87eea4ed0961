//! The Watch screen: is it up, how fast does it answer, which release is it, what changed.
//!
//! ```text
//!  ● UP  for 2h 13m
//!  99.8 % of 3912 polls served, down for 14s in all
//! ╭ Latency ────────────────────────────────────────────╮
//! │ ▁▁▂▁▁▁▃▁▁█▁▁▁▂▁                                     │
//! │ p50 1.2 ms   p95 3.0 ms   p99 8.1 ms   first 900 ms │
//! ╰─────────────────────────────────────────────────────╯
//! ╭ Release ───────────────╮╭ Polls ────────────────────╮
//! │ commit     3f2a9c1     ││ 21:40:07  ● UP  live ...  │
//! ╰────────────────────────╯│                           │
//! ╭ Changes ───────────────╮│                           │
//! ╰────────────────────────╯╰───────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, RenderDirection, Sparkline};
use time::OffsetDateTime;

use super::pieces::{clock, columns, framed, inner, lasting, millis, rows};
use crate::run::ReleaseSeen;
use crate::text::{cell, counted, fit};
use crate::tui::palette::{glyph, word};
use crate::tui::{Palette, State};
use crate::watch::{Asked, Change, Condition, Poll};

/// Columns of a condition's glyph and word: `? EDGE ONLY`.
const CONDITION: usize = 11;

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let tall = if area.height > 28 { 8 } else { 5 };
    let [status, latency, rest] = rows(area, [2, tall, u16::MAX]);
    let [left, right] = columns(rest, 48);
    let [release, changes] = rows(left, [8, u16::MAX]);
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
    frame.render_widget(Paragraph::new(lines).block(framed(title)), area);
}

fn standing(state: &State) -> Line<'static> {
    let watch = &state.watch;
    let Some(poll) = watch.telling() else { return Line::raw(" Waiting for the first answer …") };
    let style = state.palette.condition(poll.condition).patch(Palette::STRONG);
    let since = watch.lasting().map(|time| format!("  for {}", lasting(time))).unwrap_or_default();
    let why = if poll.condition == Condition::Up { String::new() } else { format!("  {}: {}", asked(poll), poll.note) };
    Line::from(vec![Span::styled(format!(" {}", condition(poll.condition)), style), Span::raw(fit(&format!("{since}{why}"), 100))])
}

/// `● UP`.
fn condition(condition: Condition) -> String {
    format!("{} {}", glyph(condition), word(condition))
}

const fn asked(poll: &Poll) -> &'static str {
    match poll.asked {
        Asked::Live => "live",
        Asked::Health => "health",
    }
}

fn figures(state: &State) -> Line<'static> {
    let watch = &state.watch;
    let Some(share) = watch.availability() else { return Line::default() };
    let down = watch.downtime();
    let down = if down.is_zero() { "never down".to_owned() } else { format!("down for {} in all", lasting(down)) };
    let held = if watch.paused { format!("   held: {} waiting", counted(watch.held.len() as u64, "poll")) } else { String::new() };
    Line::raw(format!(" {share:.1} % of {} served, {down}{held}", counted(watch.history.polls(), "poll")))
}

fn history(state: &State, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(framed(" Latency "), area);
    let inside = inner(area);
    let [bars, words] = rows(inside, [inside.height.saturating_sub(1), 1]);
    frame.render_widget(sparkline(state, bars), bars);
    frame.render_widget(Line::raw(fit(&percentiles(state), words.width.into())), words);
}

fn percentiles(state: &State) -> String {
    let history = &state.watch.history;
    let first = history.cold_ms().map(|ms| format!("   first {}", millis(ms))).unwrap_or_default();
    match history.percentiles() {
        Some(of) => format!(" p50 {}   p95 {}   p99 {}{first}", millis(of.p50_ms), millis(of.p95_ms), millis(of.p99_ms)),
        None => format!(" nothing answered twice yet{first}"),
    }
}

/// The newest poll stands on the right; a column of `✘` is a poll that found nobody served.
fn sparkline(state: &State, area: Rect) -> Sparkline<'static> {
    let newest = state.watch.history.recent().rev().take(area.width.into());
    let times: Vec<_> = newest.map(micros).collect();
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and no latency is negative")]
fn micros(poll: &Poll) -> Option<u64> {
    poll.latency_ms.filter(|_| poll.condition.serves()).map(|ms| (ms * 1e3) as u64)
}

fn release_lines(state: &State, width: usize, _: usize) -> Vec<Line<'static>> {
    let Some(release) = &state.watch.release else {
        return vec![Line::raw(fit(" it has not said which release it is", width))];
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
        let value = fit(value.as_deref().unwrap_or("not said"), width.saturating_sub(14));
        Line::from(vec![Span::raw(format!(" {name:11}  ")), Span::styled(value, Palette::STRONG)])
    };
    fields.into_iter().map(line).collect()
}

fn change_lines(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let newest = state.watch.changes.iter().rev().take(height);
    let lines: Vec<_> = newest.map(|(at, change)| change_line(state, *at, change, width)).collect();
    if lines.is_empty() { vec![Line::raw(" none yet")] } else { lines }
}

fn change_line(state: &State, at: OffsetDateTime, change: &Change, width: usize) -> Line<'static> {
    let (mark, style, words) = match change {
        Change::WentDown { .. } => ("✘ ", state.palette.condition(Condition::Down), "went down".to_owned()),
        Change::CameBack { after } => {
            ("● ", state.palette.condition(Condition::Up), format!("came back after {}", lasting(*after)))
        }
        Change::Release { to, .. } => ("▸ ", Palette::STRONG, format!("release {}", release_name(to))),
        Change::Restarted { release } => ("▸ ", Palette::STRONG, format!("restarted {}", release_name(release))),
    };
    let left = width.saturating_sub(13);
    Line::from(vec![Span::raw(format!(" {}  ", clock(at))), Span::styled(mark, style), Span::raw(fit(&words, left))])
}

/// The shortest name that a release gives itself.
fn release_name(release: &ReleaseSeen) -> String {
    let named = [&release.commit, &release.version, &release.deployment];
    let name = named.into_iter().flatten().next().map_or("without a name", String::as_str);
    fit(name, 12)
}

const fn polls_title(state: &State) -> &'static str {
    if state.watch.paused { " Polls (held) " } else { " Polls " }
}

fn poll_lines(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    state.watch.history.recent().rev().take(height).map(|poll| poll_line(state, poll, width)).collect()
}

/// What was asked and how long it took; where nobody is served, why.
fn poll_line(state: &State, poll: &Poll, width: usize) -> Line<'static> {
    let left = width.saturating_sub(12 + CONDITION);
    let timed = || format!("{:6} {:>7}", asked(poll), poll.latency_ms.map(millis).unwrap_or_default());
    let words = if poll.condition == Condition::Up { timed() } else { format!("{} {}", asked(poll), poll.note) };
    Line::from(vec![
        Span::raw(format!(" {}  ", clock(poll.at))),
        Span::styled(cell(&condition(poll.condition), CONDITION), state.palette.condition(poll.condition)),
        Span::raw(format!(" {}", fit(&words, left))),
    ])
}
