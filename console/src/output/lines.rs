//! The lines of a run as they come: a line a check on standard output, notes and, on a terminal, one progress line on standard error.
//!
//! A state is a word and a glyph, colour only an addition. Nothing of progress, colour or cutting reaches a pipe or a file.

use std::io::Write;

use super::human::{check_line, is_told_alone, release_line};
use super::progress::{Progress, WIPE};
use crate::run::{CheckResult, Event, Verdict};
use crate::text::{counted, fit};
use crate::tui::Palette;

/// Prints events as lines.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What the terminal can show; standard output gets colours only where `columns` is known.
    palette: Palette,
    /// Columns of standard output where that is a terminal: longer lines are cut there. Files and pipes get everything.
    columns: Option<usize>,
    /// Whether results are printed at all.
    results: bool,
    /// The progress line, where standard error is a terminal.
    progress: Option<Progress>,
    /// What was said last of the release that is waited for.
    waiting: String,
}

impl Lines {
    /// Lines for people, for a standard output of `columns` (a terminal) or of none, and with a progress line of `progress` columns.
    pub fn new(palette: Palette, columns: Option<usize>, progress: Option<usize>) -> Self {
        let progress = progress.map(|columns| Progress::new(palette, columns));
        Self { palette, columns, results: true, progress, waiting: String::new() }
    }

    /// Only progress and notes on standard error: the result has another form.
    #[must_use]
    pub fn without_results(self) -> Self {
        Self { results: false, ..self }
    }

    /// Prints what `event` has to say: results to `out`, progress and notes to `err`.
    pub fn event(&mut self, event: &Event, out: &mut dyn Write, err: &mut dyn Write) {
        let said = self.said(event);
        let remark = self.remark(event);
        let Some(progress) = &mut self.progress else {
            // A reader that went away is no error: the run goes on, so that it can delete what it made.
            let _ = out.write_all(said.as_bytes()).and_then(|()| err.write_all(remark.as_bytes()));
            return;
        };
        let before = progress.drawn();
        progress.take(event);
        if said.is_empty() && remark.is_empty() && progress.drawn() == before {
            return;
        }
        let _ = err.write_all(WIPE.as_bytes()).and_then(|()| err.flush());
        let _ = out.write_all(said.as_bytes()).and_then(|()| out.flush());
        let _ = err.write_all(remark.as_bytes());
        let _ = err.write_all(progress.drawn().as_bytes()).and_then(|()| err.flush());
    }

    /// What goes to standard error beside the progress line. Without such a line, what answers while a release is waited for is said
    /// each time it differs.
    fn remark(&mut self, event: &Event) -> String {
        match event {
            Event::Note { text } => format!("note: {text}\n"),
            Event::Waiting { seen, .. } if self.progress.is_none() && *seen != self.waiting => {
                self.waiting.clone_from(seen);
                format!("waiting for the release: {seen}\n")
            }
            _ => String::new(),
        }
    }

    fn said(&self, event: &Event) -> String {
        match event {
            _ if !self.results => String::new(),
            Event::Started { target, url, checks, run } => {
                format!("Verifying {target} at {url} ({}, run {run})\n\n", counted(checks.len() as u64, "check"))
            }
            Event::Release { release } => format!("Release: {}\n\n", release_line(release)),
            Event::CheckFinished { result } if is_told_alone(result) => self.check(result) + "\n",
            _ => String::new(),
        }
    }

    /// A check's line, cut and coloured for a terminal.
    fn check(&self, result: &CheckResult) -> String {
        let line = check_line(result);
        let Some(columns) = self.columns else { return line };
        let glyph = result.verdict.glyph(self.palette.ascii);
        let line = fit(&format!("{glyph} {line}"), columns);
        let line = if self.palette.ascii { line.replace('…', "~") } else { line };
        paint(&line, colour(result).filter(|_| self.palette.colour), glyph.len() + 1 + result.words().len())
    }
}

/// The colour of a verdict, of the sixteen of the terminal's own theme, as SGR parameters.
const fn colour(result: &CheckResult) -> Option<&'static str> {
    match (&result.accepted, result.verdict) {
        (Some(_), _) | (None, Verdict::Warn) => Some("33"),
        (None, Verdict::Pass) => Some("32"),
        (None, Verdict::Fail) => Some("1;31"),
        (None, Verdict::Inconclusive) => Some("1;35"),
        (None, Verdict::Skip) => None,
    }
}

/// The first `bytes` of `line` in a colour; without one, no escape code at all.
pub(super) fn paint(line: &str, colour: Option<&str>, bytes: usize) -> String {
    match (colour, line.split_at_checked(bytes)) {
        (Some(colour), Some((word, rest))) => format!("\x1b[{colour}m{word}\x1b[0m{rest}"),
        _ => line.to_owned(),
    }
}
