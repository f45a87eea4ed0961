//! The progress line of a terminal: what a run is busy with, how far it is, what it has found so far. One line, always shorter than
//! the terminal, redrawn when something happens.

use std::io::{IsTerminal as _, Write as _};

use crate::run::{Event, Phase, Verdict};
use crate::text::{counted, fit};
use crate::tui::Palette;

/// Width of the bar in cells at most; on a narrow terminal it takes a third of the columns, and below [`NARROW`] columns it is left out.
const BAR: usize = 24;
const NARROW: usize = 40;

/// Removes the line from the screen.
pub(super) const WIPE: &str = "\r\x1b[K";

/// A line on standard error, where that is a terminal, that stays until this is dropped.
#[derive(Debug)]
pub struct Busy(bool);

impl Busy {
    /// Says `words` until it is dropped.
    pub fn with(words: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        if terminal {
            let columns = super::width().unwrap_or(80).saturating_sub(1);
            let _ = write!(std::io::stderr(), "{}", fit(words, columns));
        }
        Self(terminal)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0 {
            let _ = write!(std::io::stderr(), "{WIPE}");
        }
    }
}

/// What the line knows.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    palette: Palette,
    columns: usize,
    phase: Option<Phase>,
    probes: u64,
    /// Checks concluded, and checks in all.
    done: (usize, usize),
    findings: usize,
    /// What answers while a release is waited for.
    seen: String,
}

impl Progress {
    pub(super) fn new(palette: Palette, columns: usize) -> Self {
        Self { palette, columns, phase: None, probes: 0, done: (0, 0), findings: 0, seen: String::new() }
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Started { checks, .. } => self.done = (0, checks.len()),
            Event::Phase { phase } => self.phase = Some(*phase),
            Event::Progress { probes, done, total } => (self.probes, self.done) = (*probes, (*done, *total)),
            Event::CheckFinished { result } if result.is_open_finding() || result.verdict == Verdict::Inconclusive => {
                self.findings += 1;
            }
            Event::Waiting { seen, waited_ms, timeout_ms } => {
                self.seen = format!("{} of {} s: {seen}", waited_ms / 1_000, timeout_ms / 1_000);
            }
            Event::Finished { .. } => self.phase = None,
            Event::CheckStarted { .. } | Event::CheckFinished { .. } | Event::Release { .. } | Event::Note { .. } => {}
        }
    }

    /// The line; nothing before the run begins and after it has ended. It never reaches the last column, where some terminals wrap.
    pub(super) fn drawn(&self) -> String {
        let Some(phase) = self.phase else { return String::new() };
        let words = match phase {
            Phase::Waiting => format!("waiting for the release, {}", self.seen),
            Phase::Preparing => "getting tokens".to_owned(),
            Phase::Sweeping => "clearing what earlier runs left".to_owned(),
            Phase::Checking => return self.checking(),
            Phase::Cleaning => "deleting what this run made".to_owned(),
        };
        self.fitted(words.trim_end_matches(", "))
    }

    fn checking(&self) -> String {
        let (done, total) = self.done;
        let found = if self.findings > 0 { format!(", {}", counted(self.findings as u64, "finding")) } else { String::new() };
        let words = format!("{done}/{total} checks{found}, {}", counted(self.probes, "request"));
        if self.columns < NARROW {
            return self.fitted(&words);
        }
        let width = BAR.min(self.columns / 3);
        let filled = (width * done / total.max(1)).min(width);
        let (full, empty) = if self.palette.ascii { ("#", "-") } else { ("█", "░") };
        let bar = format!("{}{}", full.repeat(filled), empty.repeat(width - filled));
        let line = self.fitted(&format!("{bar} {words}"));
        super::lines::paint(&line, Some("36").filter(|_| self.palette.colour), full.len() * filled)
    }

    fn fitted(&self, line: &str) -> String {
        let line = fit(line, self.columns.saturating_sub(1));
        if self.palette.ascii { line.replace('…', "~") } else { line }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn line(palette: Palette, columns: usize, phase: Phase) -> String {
        let mut progress = Progress::new(palette, columns);
        progress.take(&Event::Phase { phase });
        progress.take(&Event::Progress { probes: 58, done: 1, total: 7 });
        progress.take(&Event::Waiting { seen: "503 from the app".into(), waited_ms: 4_200, timeout_ms: 300_000 });
        progress.drawn()
    }

    const PLAIN: Palette = Palette { colour: false, ascii: false };
    const ASCII: Palette = Palette { colour: false, ascii: true };
    const COLOUR: Palette = Palette { colour: true, ascii: false };

    #[rstest]
    #[case::wide(PLAIN, 80, Phase::Checking, "███░░░░░░░░░░░░░░░░░░░░░ 1/7 checks, 58 requests")]
    #[case::ascii(ASCII, 80, Phase::Checking, "###--------------------- 1/7 checks, 58 requests")]
    #[case::colour(COLOUR, 80, Phase::Checking, "\u{1b}[36m███\u{1b}[0m░░░░░░░░░░░░░░░░░░░░░ 1/7 checks, 58 requests")]
    #[case::narrow(PLAIN, 42, Phase::Checking, "██░░░░░░░░░░░░ 1/7 checks, 58 requests")]
    #[case::narrower(PLAIN, 20, Phase::Checking, "1/7 checks, 58 req…")]
    #[case::narrower_in_ascii(ASCII, 20, Phase::Checking, "1/7 checks, 58 req~")]
    #[case::nothing(PLAIN, 0, Phase::Checking, "")]
    #[case::waiting(PLAIN, 80, Phase::Waiting, "waiting for the release, 4 of 300 s: 503 from the app")]
    #[case::cleaning(PLAIN, 80, Phase::Cleaning, "deleting what this run made")]
    fn the_line_says_what_goes_on_in_the_columns_there_are(
        #[case] palette: Palette,
        #[case] columns: usize,
        #[case] phase: Phase,
        #[case] expected: &str,
    ) {
        assert_eq!(line(palette, columns, phase), expected);
    }
}
