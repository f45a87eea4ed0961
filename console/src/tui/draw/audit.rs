//! The Audit screen: what the report will say of every requirement, and where it goes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::frame::verdict_words;
use super::pieces::{inner, scrolled, seconds};
use crate::audit::{Judged, Standing};
use crate::run::{Run, Verdict};
use crate::text::{cell, counted, fit, wrap};
use crate::tui::state::Preview;
use crate::tui::{Palette, State};

/// Columns of glyph and word, of a requirement's id, and of both with their gaps.
const VERDICT: usize = 14;
const ID: usize = 7;
const INDENT: usize = 1 + VERDICT + 2 + ID + 2;

/// Draws the screen into `area`.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let lines = lines(state, inner(area).width.into());
    scrolled(frame, area, " Audit ", lines, state.audit.scroll);
}

/// Everything that the screen says, in lines of at most `columns`.
pub(super) fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let mut lines = match &state.verify.run {
        Some(run) => of_run(state, run, columns),
        None if state.verify.running() => vec![Line::raw(" The run is under way; the report is about finished runs.")],
        None => vec![Line::raw(" No run yet: r runs the checks, then w writes the audit.")],
    };
    lines.push(Line::default());
    lines.extend(files(state, columns));
    if let Some(preview) = &state.audit.preview {
        lines.push(Line::default());
        lines.extend(requirements(state, preview, columns));
    }
    lines
}

fn of_run(state: &State, run: &Run, columns: usize) -> Vec<Line<'static>> {
    let counts = run.counts;
    let verdict = Line::styled(format!(" {}", verdict_words(run.verdict)), state.palette.verdict(run.verdict));
    let tally = format!(
        "{} passed, {} warned, {} failed, {} skipped, {} inconclusive",
        counts.pass, counts.warn, counts.fail, counts.skip, counts.inconclusive
    );
    let made = format!(
        "{} in {}; {} made, {} deleted, {} left behind",
        counted(run.stats.probes, "request"),
        seconds(run.stats.wall_ms),
        counted(run.cleanup.created as u64, "object"),
        run.cleanup.deleted,
        run.cleanup.left.len()
    );
    let mut lines = vec![verdict];
    for text in [&run.headline, &tally, &made] {
        lines.extend(wrap(text, columns.saturating_sub(2)).into_iter().map(|line| Line::raw(format!(" {line}"))));
    }
    lines
}

fn files(state: &State, columns: usize) -> Vec<Line<'static>> {
    let audit = &state.audit;
    let planned = || ["audit.html", "audit.md", "audit.json"].map(|name| format!("{}/{name}", state.setting.out)).to_vec();
    let (heading, paths) = match (audit.written.is_empty(), audit.writing) {
        (_, true) => ("Writing …", planned()),
        (true, false) => ("w will write", planned()),
        (false, false) => ("Written", audit.written.clone()),
    };
    let mut lines = vec![Line::styled(format!(" {heading}"), Palette::STRONG)];
    lines.extend(paths.iter().map(|path| Line::raw(format!("   {}", fit(path, columns.saturating_sub(4))))));
    lines.push(Line::raw(fit(&decisions(state), columns)));
    lines
}

fn decisions(state: &State) -> String {
    let from = &state.setting.adr_dir;
    match &state.audit.preview {
        None => format!(" Decision records are read from {from}"),
        Some(preview) if preview.unreadable > 0 => {
            format!(" {} from {from}, {} unreadable", counted(preview.decisions as u64, "decision record"), preview.unreadable)
        }
        Some(preview) => format!(" {} from {from}", counted(preview.decisions as u64, "decision record")),
    }
}

fn requirements(state: &State, preview: &Preview, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(" Requirements", Palette::STRONG)];
    lines.extend(preview.requirements.iter().flat_map(|judged| requirement(state, judged, columns)));
    lines
}

/// The requirement's text; what is not a PASS says why below it.
fn requirement(state: &State, judged: &Judged, columns: usize) -> Vec<Line<'static>> {
    let (word, style) = standing(state, judged.standing);
    let left = columns.saturating_sub(INDENT + 1);
    let mut text = wrap(judged.requirement.text, left);
    if judged.standing != (Standing { verdict: Some(Verdict::Pass), in_part: false }) {
        text.extend(wrap(&judged.reason, left));
    }
    let head = vec![
        Span::raw(" "),
        Span::styled(cell(&word, VERDICT), style),
        Span::styled(format!("  {}  ", cell(judged.requirement.id, ID)), Palette::STRONG),
    ];
    let margins = std::iter::once(head).chain(std::iter::repeat(vec![Span::raw(" ".repeat(INDENT))]));
    margins.zip(text).map(|(margin, line)| margin.into_iter().chain([Span::raw(line)]).collect()).collect()
}

/// `✔ PASS`, `✔ PASS in part` where something was not asked, `· NOT JUDGED`.
fn standing(state: &State, standing: Standing) -> (String, Style) {
    match standing.verdict {
        Some(verdict @ (Verdict::Pass | Verdict::Warn)) if standing.in_part => {
            (format!("{} in part", verdict_words(verdict)), state.palette.verdict(verdict))
        }
        Some(verdict) => (verdict_words(verdict), state.palette.verdict(verdict)),
        None => ("· NOT JUDGED".to_owned(), Style::new()),
    }
}
