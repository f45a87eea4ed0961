//! The screen, drawn from the state alone.
//!
//! ```text
//! ┌ header: target, url, verdict ───────────────────────────────┐
//! │ 1 Watch   2 Verify   3 Audit                                │
//! │                                                             │
//! │   the view                                                  │
//! │                                                             │
//! │ last note                                                   │
//! └ hint bar: the keys that mean something now ─────────────────┘
//! ```

mod audit;
mod overlay;
mod verify;
mod watch;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::State;
use super::action::hints;
use super::state::View;

/// Draws everything. Any size works, an empty one included.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let [header, tabs, body, note, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(headline(state), header);
    frame.render_widget(tab_line(state), tabs);
    match state.view {
        View::Watch => watch::draw(state, frame, body),
        View::Verify => verify::draw(state, frame, body),
        View::Audit => audit::draw(state, frame, body),
    }
    frame.render_widget(last_note(state), note);
    frame.render_widget(hint_bar(state, keys.width), keys);
    if let Some(shown) = &state.overlay {
        overlay::draw(state, shown, frame);
    }
}

fn headline(state: &State) -> Line<'_> {
    let palette = state.palette;
    let mut spans = vec![Span::styled("postflight ", palette.accent())];
    if state.setting.demo {
        spans.push(Span::styled("DEMO ", palette.strong()));
    }
    if state.setting.name != "demo" {
        spans.push(Span::raw(format!("{} ", state.setting.name)));
    }
    spans.push(Span::styled(format!("{} ", state.setting.url), palette.dim()));
    if let Some(run) = &state.verify.run {
        spans.push(Span::styled(format!("{} {}", run.verdict.glyph(palette.ascii), run.verdict), palette.verdict(run.verdict)));
    }
    Line::from(spans)
}

fn tab_line(state: &State) -> Line<'_> {
    let tab = |(index, view): (usize, &View)| {
        let style = if *view == state.view { state.palette.cursor() } else { state.palette.dim() };
        [Span::styled(format!(" {} {} ", index + 1, view.word()), style), Span::raw(" ")]
    };
    Line::from(View::ALL.iter().enumerate().flat_map(tab).collect::<Vec<_>>())
}

fn last_note(state: &State) -> Line<'_> {
    let text = if state.leaving {
        Some("leaving as soon as what the run made is deleted; q again leaves at once")
    } else {
        state.notes.back().map(String::as_str)
    };
    Line::styled(text.unwrap_or_default(), state.palette.dim())
}

/// The keys that mean something now, as many as fit.
fn hint_bar(state: &State, width: u16) -> Line<'static> {
    let mut spans = Vec::new();
    let mut left = usize::from(width);
    for (key, words) in hints(state) {
        let needed = key.len() + words.len() + 3;
        let Some(rest) = left.checked_sub(needed) else { break };
        left = rest;
        spans.push(Span::styled(key, state.palette.strong()));
        spans.push(Span::raw(format!(" {words}  ")));
    }
    Line::from(spans)
}

/// A titled frame, in ASCII where the terminal has nothing else.
fn framed<'a>(state: &State, title: impl Into<Line<'a>>) -> Block<'a> {
    const ASCII: border::Set<'_> = border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    };
    let set = if state.palette.ascii { ASCII } else { border::ROUNDED };
    Block::bordered().border_set(set).border_style(state.palette.dim()).title(title)
}

fn paragraph<'a>(lines: Vec<Line<'a>>, block: Block<'a>) -> Paragraph<'a> {
    Paragraph::new(lines).block(block)
}

/// The middle of `area`, at most `width` by `height`.
fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
