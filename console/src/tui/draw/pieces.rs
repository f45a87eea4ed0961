//! What the views are made of: framed boxes that scroll, words for times and durations.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph};
use time::OffsetDateTime;

use crate::tui::Palette;

/// A titled frame.
pub(super) fn framed<'a>(title: impl Into<Line<'a>>) -> Block<'a> {
    Block::bordered().border_set(border::ROUNDED).border_style(Palette::FAINT).title(title.into().style(Palette::STRONG))
}

/// What is inside the frame of `area`.
pub(super) fn inner(area: Rect) -> Rect {
    area.inner(Margin::new(1, 1))
}

/// Draws `lines` into a titled frame, from line `first` on; the frame says which lines are shown where not all are.
pub(super) fn scrolled(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'_>>, first: usize) {
    let (height, total) = (usize::from(inner(area).height), lines.len());
    let first = first.min(total.saturating_sub(height));
    let mut block = framed(title);
    if total > height && height > 0 {
        let which = format!(" {}–{} of {total} ", first + 1, first + height);
        block = block.title_bottom(Line::styled(which, Palette::STRONG).right_aligned());
    }
    let shown: Vec<_> = lines.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(shown).block(block), area);
}

/// Splits `area` into rows of these heights; where it is not high enough, the last ones get less or nothing. The last takes what is left
/// when its height is `u16::MAX`. (A constraint solver that has too little room may decide differently each time.)
pub(super) fn rows<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut top = area.y;
    heights.map(|height| {
        let height = height.min(area.bottom().saturating_sub(top));
        let row = Rect { y: top, height, ..area };
        top += height;
        row
    })
}

/// Splits `area` into two columns, the first of `percent` of its width.
pub(super) fn columns(area: Rect, percent: u16) -> [Rect; 2] {
    let left = u16::try_from(u32::from(area.width) * u32::from(percent) / 100).unwrap_or(area.width).min(area.width);
    [Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area }]
}

/// The middle of `area`, at most `width` by `height`.
pub(super) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// `1.4 s`, from milliseconds.
pub(super) fn seconds(ms: u64) -> String {
    format!("{:.1} s", Duration::from_millis(ms).as_secs_f64())
}

/// `3.4 ms`, `120 ms`, `1.2 s`, from milliseconds.
pub(super) fn millis(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// `2h 13m 5s`.
pub(super) fn lasting(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

/// `21:40:07`, UTC.
pub(super) fn clock(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}
