//! The screen, drawn from the state alone.
//!
//! ```text
//!  postflight  DEMO  target, url                 condition, verdict
//!  1 Watch  2 Verify  3 Audit
//! ╭ the view ───────────────────────────────────────────────────╮
//! │                                                             │
//! ╰─────────────────────────────────────────────────────────────╯
//!  the last note
//!  the keys that mean something now
//! ```
//!
//! Knows where everything stands ([`Places`]); `update` asks it how far things can scroll. Changes nothing.

mod audit;
mod details;
mod frame;
mod list;
mod overlay;
mod pieces;
mod verify;
mod watch;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::State;
use super::palette::in_ascii;
use super::state::View;

/// Where the parts of the screen stand.
struct Places {
    header: Rect,
    tabs: Rect,
    body: Rect,
    note: Rect,
    keys: Rect,
}

impl Places {
    fn of(area: Rect) -> Self {
        let [header, tabs, body, note, keys] = pieces::rows(area, [1, 1, area.height.saturating_sub(4), 1, 1]);
        Self { header, tabs, body, note, keys }
    }

    fn within(size: Size) -> Self {
        Self::of(Rect::from((Position::ORIGIN, size)))
    }
}

/// Draws everything. Any size works, an empty one included.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let places = Places::of(frame.area());
    frame.render_widget(frame::header(state, places.header.width), places.header);
    frame.render_widget(frame::tabs(state), places.tabs);
    match state.view {
        View::Watch => watch::draw(state, frame, places.body),
        View::Verify => verify::draw(state, frame, places.body),
        View::Audit => audit::draw(state, frame, places.body),
    }
    frame.render_widget(frame::note(state, places.note.width), places.note);
    if let Some(shown) = &state.overlay {
        overlay::draw(state, shown, frame, places.body);
    }
    frame.render_widget(frame::hints(state, places.keys.width), places.keys);
    if state.palette.ascii {
        translate(frame.buffer_mut());
    }
}

/// Replaces whatever is not ASCII, text of any origin included.
fn translate(buffer: &mut Buffer) {
    for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
        let letter = cell.symbol().chars().next().map_or('?', in_ascii);
        cell.set_char(letter);
    }
}

/// How many lines of the selected check's details do not fit: as far as they scroll.
pub(super) fn beyond_details(state: &State) -> usize {
    let Some(row) = state.verify.selected().filter(|_| state.verify.open) else { return 0 };
    let inner = pieces::inner(verify::places(Places::within(state.size).body, true).details);
    details::lines(state, row, inner.width.into()).len().saturating_sub(inner.height.into())
}

/// How many lines of the Audit screen do not fit.
pub(super) fn beyond_audit(state: &State) -> usize {
    let inner = pieces::inner(Places::within(state.size).body);
    audit::lines(state, inner.width.into()).len().saturating_sub(inner.height.into())
}

/// How many lines of the help do not fit.
pub(super) fn beyond_help(state: &State) -> usize {
    overlay::beyond(state, Places::within(state.size).body)
}

/// A page: the lines that a view shows at once, less one to keep the place.
pub(super) fn page(state: &State) -> isize {
    let lines = pieces::inner(Places::within(state.size).body).height.saturating_sub(3);
    isize::try_from(lines.max(1)).unwrap_or(1)
}
