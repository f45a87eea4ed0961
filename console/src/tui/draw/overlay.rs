//! What is drawn over the screen: the keys, or what went wrong.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::pieces::{centred, inner, scrolled};
use crate::text::{cell, fit, wrap};
use crate::tui::action::help;
use crate::tui::state::{Help, Overlay};
use crate::tui::{Palette, State};

/// Columns of an overlay at most, its frame included.
const WIDTH: u16 = 74;
/// Columns of the keys' names.
const KEYS: usize = 20;

/// Draws `overlay` in the middle of `area`.
pub(super) fn draw(state: &State, overlay: &Overlay, frame: &mut Frame<'_>, area: Rect) {
    let (title, lines, scroll) = match overlay {
        Overlay::Help(help) => (help_title(help), keys(state, help), help.scroll),
        Overlay::Fault(text) => (" That did not work ".to_owned(), fault(text, area), 0),
    };
    let place = place(area, lines.len());
    frame.render_widget(Clear, place);
    scrolled(frame, place, &title, lines, scroll);
}

/// How many lines of the help do not fit into `area`.
pub(super) fn beyond(state: &State, area: Rect) -> usize {
    let Some(Overlay::Help(help)) = &state.overlay else { return 0 };
    let lines = keys(state, help).len();
    lines.saturating_sub(inner(place(area, lines)).height.into())
}

fn place(area: Rect, lines: usize) -> Rect {
    centred(area, WIDTH, u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2))
}

fn help_title(help: &Help) -> String {
    let caret = if help.typing { "_" } else { "" };
    if help.query.is_empty() && !help.typing { " Keys ".to_owned() } else { format!(" Keys /{}{caret} ", fit(&help.query, 40)) }
}

fn keys(state: &State, shown: &Help) -> Vec<Line<'static>> {
    let line = |(keys, words): (String, &'static str)| {
        Line::from(vec![Span::styled(format!(" {} ", cell(&keys, KEYS)), Palette::STRONG), Span::raw(words)])
    };
    let lines: Vec<_> = help(state, &shown.query).into_iter().map(line).collect();
    if lines.is_empty() { vec![Line::raw(" no key does that here")] } else { lines }
}

fn fault(text: &str, area: Rect) -> Vec<Line<'static>> {
    let columns = usize::from(area.width.min(WIDTH)).saturating_sub(4);
    wrap(text, columns).into_iter().map(|line| Line::raw(format!(" {line}"))).collect()
}
