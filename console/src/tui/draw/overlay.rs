//! What is drawn over the screen: the keys, or what went wrong.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::{centred, framed, paragraph};
use crate::tui::State;
use crate::tui::action::help;
use crate::tui::state::Overlay;

/// Draws `overlay` in the middle of the screen.
pub(super) fn draw(state: &State, overlay: &Overlay, frame: &mut Frame<'_>) {
    let (title, lines) = match overlay {
        Overlay::Help(query) => (format!(" keys /{query}_ "), keys(state, query)),
        Overlay::Fault(text) => (" that did not work (any key closes) ".to_owned(), fault(text)),
    };
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = centred(frame.area(), 76, height);
    frame.render_widget(Clear, area);
    frame.render_widget(paragraph(lines, framed(state, title)), area);
}

fn keys<'a>(state: &State, query: &str) -> Vec<Line<'a>> {
    let line = |(keys, words): (String, &'static str)| {
        Line::from(vec![Span::styled(format!(" {keys:20}"), state.palette.strong()), Span::raw(words)])
    };
    let lines: Vec<_> = help(state, query).into_iter().map(line).collect();
    if lines.is_empty() { vec![Line::raw(" no key does that here")] } else { lines }
}

fn fault<'a>(text: &str) -> Vec<Line<'a>> {
    text.lines().flat_map(|line| textwrap::wrap(line, 72)).map(|line| Line::raw(format!(" {line}"))).collect()
}
