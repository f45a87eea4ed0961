//! The Audit screen: what the report will say and where it goes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{framed, paragraph};
use crate::run::Run;
use crate::tui::State;

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = match &state.verify.run {
        Some(run) => of_run(state, run),
        None => vec![Line::raw(" No run yet: r runs the checks, then w writes the audit.")],
    };
    lines.push(Line::raw(""));
    lines.push(Line::raw(format!(" Decision records from {}; files go to {}", state.setting.adr_dir, state.setting.out)));
    lines.extend(state.audit.written.iter().map(|path| Line::styled(format!(" wrote {path}"), state.palette.strong())));
    if state.audit.writing {
        lines.push(Line::styled(" writing …", state.palette.busy()));
    }
    frame.render_widget(paragraph(lines, framed(state, " audit ")), area);
}

fn of_run<'a>(state: &State, run: &Run) -> Vec<Line<'a>> {
    let palette = state.palette;
    let counts = run.counts;
    let verdict = Span::styled(format!(" {} {}", run.verdict.glyph(palette.ascii), run.verdict), palette.verdict(run.verdict));
    vec![
        Line::from(vec![verdict, Span::raw(format!("  {}", run.headline))]),
        Line::raw(""),
        Line::raw(format!(
            " {} passed, {} warned, {} failed, {} skipped, {} inconclusive",
            counts.pass, counts.warn, counts.fail, counts.skip, counts.inconclusive
        )),
        Line::raw(format!(
            " {} requests; {} objects made, {} deleted, {} left behind",
            run.stats.probes,
            run.cleanup.created,
            run.cleanup.deleted,
            run.cleanup.left.len()
        )),
        Line::raw(format!(" run {} at {}", run.id, run.started_at)),
    ]
}
