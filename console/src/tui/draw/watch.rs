//! Watch.
use crate::tui::State;
use ratatui::Frame;
use ratatui::layout::Rect;

pub(super) fn draw(_state: &State, _frame: &mut Frame<'_>, _area: Rect) {}
