//! The Verify screen: how far the run is, the list of checks, the details of one.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{framed, paragraph};
use crate::run::{Phase, Verdict};
use crate::tui::State;
use crate::tui::format::{Tone, details};
use crate::tui::state::{Progress, Row};

/// From this width on, the details stand beside the list.
pub(crate) const WIDE: u16 = 110;

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let [status, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(0)]).areas(area);
    frame.render_widget(ratatui::text::Text::from(vec![counts(state), progress(state, status.width)]), status);
    if state.verify.open {
        return detail(state, frame, body);
    }
    if area.width < WIDE {
        return list(state, frame, body);
    }
    let [left, right] = Layout::horizontal([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body);
    list(state, frame, left);
    detail(state, frame, right);
}

fn counts(state: &State) -> Line<'_> {
    let count = |verdict: Verdict| {
        let text = format!("{} {} {}  ", verdict.glyph(state.palette.ascii), state.verify.count(verdict), verdict);
        let style = if state.verify.count(verdict) > 0 { state.palette.verdict(verdict) } else { state.palette.dim() };
        Span::styled(text, style)
    };
    Line::from(Verdict::WORST_FIRST.map(count).to_vec())
}

fn progress(state: &State, width: u16) -> Line<'_> {
    let verify = &state.verify;
    let (done, total) = (verify.done(), verify.rows.len());
    let words = match (&verify.run, verify.phase) {
        (_, Some(phase)) => phase_words(phase).to_owned(),
        (Some(run), None) => {
            format!("{} requests in {:.1} s", run.stats.probes, std::time::Duration::from_millis(run.stats.wall_ms).as_secs_f64())
        }
        (None, None) => "not run yet".to_owned(),
    };
    let bar = usize::from(width.min(40)).saturating_sub(2);
    let filled = bar * done / total.max(1);
    let (full, empty) = if state.palette.ascii { ("#", "-") } else { ("█", "░") };
    Line::from(vec![
        Span::styled(full.repeat(filled), state.palette.busy()),
        Span::styled(empty.repeat(bar - filled), state.palette.dim()),
        Span::raw(format!(" {done}/{total} checks  {words}")),
    ])
}

const fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting for the release",
        Phase::Sweeping => "clearing what earlier runs left",
        Phase::Preparing => "getting tokens",
        Phase::Checking => "asking",
        Phase::Cleaning => "deleting what this run made",
    }
}

fn list(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let rows = state.verify.visible();
    let height = usize::from(area.height.saturating_sub(2));
    let first = (state.verify.cursor + 1)
        .saturating_sub(height)
        .max(state.verify.cursor.saturating_sub(height / 2))
        .min(rows.len().saturating_sub(height));
    let width = usize::from(area.width.saturating_sub(2));
    let lines =
        rows.iter().enumerate().skip(first).take(height).map(|(index, row)| line(state, row, index == state.verify.cursor, width));
    frame.render_widget(paragraph(lines.collect(), framed(state, title(state, rows.len()))), area);
}

fn title(state: &State, shown: usize) -> Line<'_> {
    let verify = &state.verify;
    let caret = if verify.typing { "_" } else { "" };
    let filter = if verify.filter.is_empty() && !verify.typing { String::new() } else { format!(" /{}{caret}", verify.filter) };
    let findings = if verify.findings_only { " findings only" } else { "" };
    Line::raw(format!(" checks {shown}/{}{filter}{findings} ", verify.rows.len()))
}

fn line<'a>(state: &State, row: &'a Row, chosen: bool, width: usize) -> Line<'a> {
    let (word, style) = status(state, row);
    let mark = if chosen { ">" } else { " " };
    let text = match &row.progress {
        Progress::Done(result) if result.verdict != Verdict::Pass => result.summary.as_str(),
        _ => row.title,
    };
    let id = format!("{:32} ", row.id);
    let used = mark.len() + 15 + id.len();
    let text: String = text.chars().take(width.saturating_sub(used)).collect();
    let line = Line::from(vec![Span::raw(mark), Span::styled(word, style), Span::raw(id), Span::styled(text, state.palette.dim())]);
    if chosen { line.style(state.palette.cursor()) } else { line }
}

fn status(state: &State, row: &Row) -> (String, Style) {
    let palette = state.palette;
    match &row.progress {
        Progress::Waiting => (format!("{:15}", "· waiting"), palette.dim()),
        Progress::Running => (format!("{:15}", "> asking"), palette.busy()),
        Progress::Done(result) => {
            (format!("{} {:13}", result.verdict.glyph(palette.ascii), result.verdict), palette.verdict(result.verdict))
        }
    }
}

fn detail(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let Some(row) = state.verify.selected() else { return frame.render_widget(framed(state, " details "), area) };
    let lines = details(row, usize::from(area.width.saturating_sub(2)));
    let height = usize::from(area.height.saturating_sub(2));
    let first = usize::from(state.verify.scroll).min(lines.len().saturating_sub(height));
    let shown = lines.into_iter().skip(first).take(height).map(|(tone, text)| Line::styled(text, toned(state, tone)));
    frame.render_widget(paragraph(shown.collect(), framed(state, " details ")), area);
}

fn toned(state: &State, tone: Tone) -> Style {
    match tone {
        Tone::Heading => state.palette.strong(),
        Tone::Text => Style::new(),
        Tone::Quiet => state.palette.dim(),
        Tone::Verdict(verdict) => state.palette.verdict(verdict),
    }
}
