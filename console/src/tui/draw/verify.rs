//! The Verify screen: how far the run is, the list of checks, the details of one.
//!
//! ```text
//! ✘ 1 FAIL  ? 0 INCONCLUSIVE  ▲ 2 WARN ...
//! ████████████░░░░░░ 57/120 checks  asking
//! ╭ Checks ──────────────╮╭ Details ─────╮   side by side from 110 columns on;
//! │ list                 ││              │   below that one of the two
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};

use super::pieces::{columns, framed, inner, rows, scrolled, seconds};
use super::{details, list};
use crate::run::{Phase, Verdict};
use crate::tui::{Palette, State};

use crate::text::counted;

/// From this width on, the details stand beside the list.
const WIDE: u16 = 110;
/// Columns of the progress bar at most.
const BAR: usize = 30;

/// Where the parts of the screen stand; a part that is not shown is empty.
pub(super) struct Parts {
    status: Rect,
    list: Rect,
    pub(super) details: Rect,
}

/// Where the parts stand within `area`, with the details `open` or not.
pub(super) fn places(area: Rect, open: bool) -> Parts {
    let [status, body] = rows(area, [2, u16::MAX]);
    let share = match (open, area.width >= WIDE) {
        (true, _) => 0,
        (false, true) => 55,
        (false, false) => 100,
    };
    let [list, details] = columns(body, share);
    Parts { status, list, details }
}

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let parts = places(area, state.verify.open);
    frame.render_widget(Text::from(vec![counts(state), progress(state, parts.status.width)]), parts.status);
    if !parts.list.is_empty() {
        list::draw(state, frame, parts.list);
    }
    if !parts.details.is_empty() {
        detail(state, frame, parts.details);
    }
}

fn detail(state: &State, frame: &mut Frame<'_>, area: Rect) {
    match state.verify.selected() {
        Some(row) => {
            let lines = details::lines(state, row, inner(area).width.into());
            scrolled(frame, area, &format!(" {} ", row.id), lines, state.verify.scroll);
        }
        None => frame.render_widget(framed(" Details "), area),
    }
}

fn counts(state: &State) -> Line<'static> {
    let count = |verdict: Verdict| {
        let count = state.verify.count(verdict);
        let style = if count > 0 { state.palette.verdict(verdict) } else { Style::new() };
        [Span::raw(" "), Span::styled(format!("{} {count} {verdict}", verdict.glyph(false)), style), Span::raw(" ")]
    };
    Line::from(Verdict::WORST_FIRST.into_iter().flat_map(count).collect::<Vec<_>>())
}

fn progress(state: &State, width: u16) -> Line<'static> {
    let (done, total) = (state.verify.done(), state.verify.rows.len());
    let bar = BAR.min(usize::from(width) / 3);
    let filled = bar * done / total.max(1);
    Line::from(vec![
        Span::styled(format!(" {}", "█".repeat(filled)), state.palette.busy()),
        Span::styled("░".repeat(bar - filled), Palette::FAINT),
        Span::raw(format!(" {done}/{total} checks  {}", doing(state))),
    ])
}

fn doing(state: &State) -> String {
    let verify = &state.verify;
    let sent = counted(verify.probes, "request");
    match (&verify.run, verify.phase) {
        (_, Some(Phase::Cleaning)) => "deleting what this run made".to_owned(),
        (_, Some(_)) if verify.stopping => "stopping".to_owned(),
        (_, Some(Phase::Waiting)) => "waiting for the release".to_owned(),
        (_, Some(Phase::Sweeping)) => "clearing what earlier runs left".to_owned(),
        (_, Some(Phase::Preparing)) => "getting tokens".to_owned(),
        (_, Some(Phase::Checking)) => sent,
        (Some(run), None) => format!("{sent} in {}", seconds(run.stats.wall_ms)),
        (None, None) => "not run yet".to_owned(),
    }
}
