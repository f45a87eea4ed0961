//! What the Verify screen knows: every check with how far it is, which of them are shown, and which one is looked at.

use crate::checks::{self, Check};
use crate::run::{CheckResult, Phase, Run, Severity, Verdict};

/// How far one check is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Not asked yet.
    Waiting,
    /// Under way.
    Running,
    /// Concluded.
    Done(Box<CheckResult>),
}

/// One line of the list of checks.
#[derive(Clone, Debug)]
pub struct Row {
    /// The check's id.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// How far it is.
    pub progress: Progress,
}

impl Row {
    /// A row that waits for its turn.
    pub(in crate::tui) const fn waiting((id, title, severity): (&'static str, &'static str, Severity)) -> Self {
        Self { id, title, severity, progress: Progress::Waiting }
    }

    /// The result, once there is one.
    pub fn result(&self) -> Option<&CheckResult> {
        match &self.progress {
            Progress::Done(result) => Some(result),
            Progress::Waiting | Progress::Running => None,
        }
    }

    /// The verdict, once there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        self.result().map(|result| result.verdict)
    }

    /// Whether somebody has to act on it: it failed, warned or could not be judged. What was skipped is no finding, nor is what is accepted.
    pub fn is_finding(&self) -> bool {
        self.result().is_some_and(|result| result.is_open_finding() || result.verdict == Verdict::Inconclusive)
    }

    /// The suite's word and what the id says within the suite: `cors` and `origin.null`.
    pub fn names(&self) -> (&'static str, &'static str) {
        self.id.split_once('.').unwrap_or((self.id, self.id))
    }

    /// The card of the catalogue.
    pub fn check(&self) -> Option<&'static Check> {
        checks::find(self.id)
    }

    fn contains(&self, text: &str) -> bool {
        let verdict = self.verdict().map(|verdict| verdict.word().to_lowercase()).unwrap_or_default();
        self.id.contains(text)
            || self.title.to_lowercase().contains(text)
            || verdict.contains(text)
            || self.severity.word().contains(text)
    }
}

/// The Verify screen.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    /// Every check.
    pub rows: Vec<Row>,
    /// Index into `rows` of the row that is looked at. It stays where it is while results stream in.
    pub cursor: usize,
    /// Whether the details fill the screen.
    pub open: bool,
    /// First line of the details that is shown.
    pub scroll: usize,
    /// Only rows that contain this.
    pub filter: String,
    /// Whether keys go into the filter.
    pub typing: bool,
    /// Only what failed, warned or could not be judged.
    pub findings_only: bool,
    /// What the run is busy with.
    pub phase: Option<Phase>,
    /// Whether the run was told to stop.
    pub stopping: bool,
    /// Requests sent.
    pub probes: u64,
    /// The finished run.
    pub run: Option<Box<Run>>,
}

impl Verify {
    /// The rows that the filters let through, with their index in `rows`.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = (usize, &Row)> {
        let text = self.filter.to_lowercase();
        self.rows.iter().enumerate().filter(move |(_, row)| self.lets_through(row, &text))
    }

    fn lets_through(&self, row: &Row, text: &str) -> bool {
        (!self.findings_only || row.is_finding()) && (text.is_empty() || row.contains(text))
    }

    /// The row under the cursor, if the filters let it through.
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor).filter(|row| self.lets_through(row, &self.filter.to_lowercase()))
    }

    /// Moves the cursor by `steps` visible rows, stopping at the first and the last.
    pub(in crate::tui) fn step(&mut self, steps: isize) {
        let visible: Vec<_> = self.visible().map(|(index, _)| index).collect();
        let at = visible.iter().position(|index| *index >= self.cursor).unwrap_or(visible.len().saturating_sub(1));
        let to = at.saturating_add_signed(steps).min(visible.len().saturating_sub(1));
        self.look_at(visible.get(to).copied());
    }

    /// Moves the cursor to the next finding, or to the one before; from the last one on to the first.
    pub(in crate::tui) fn seek(&mut self, forwards: bool) {
        let found: Vec<_> = self.visible().filter(|(_, row)| row.is_finding()).map(|(index, _)| index).collect();
        let next = if forwards {
            found.iter().find(|index| **index > self.cursor).or(found.first())
        } else {
            found.iter().rfind(|index| **index < self.cursor).or(found.last())
        };
        self.look_at(next.copied());
    }

    fn look_at(&mut self, row: Option<usize>) {
        if let Some(row) = row.filter(|row| *row != self.cursor) {
            (self.cursor, self.scroll) = (row, 0);
        }
    }

    /// Puts the cursor on a visible row again: the next one, else the last. Where none is visible it stays, and nothing is selected.
    pub(in crate::tui) fn settle(&mut self) {
        let after = self.visible().map(|(index, _)| index).find(|index| *index >= self.cursor);
        let row = after.or_else(|| self.visible().next_back().map(|(index, _)| index));
        self.look_at(row);
        self.open &= self.selected().is_some();
    }

    /// Records how far the check called `id` is.
    pub(in crate::tui) fn set(&mut self, id: &str, progress: Progress) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            row.progress = progress;
        }
    }

    /// Records that the check called `id` is being asked. A control that is asked again keeps its first result on screen.
    pub(in crate::tui) fn begin(&mut self, id: &str) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id && row.result().is_none()) {
            row.progress = Progress::Running;
        }
    }

    /// The request that the details show first, as a shell line.
    pub(in crate::tui) fn curl(&self) -> Option<&str> {
        let evidence = &self.selected()?.result()?.evidence;
        evidence.iter().find_map(|piece| Some(piece.exchange.as_ref()?.curl.as_str()))
    }

    /// Whether a run is under way.
    pub const fn running(&self) -> bool {
        self.phase.is_some()
    }

    /// Whether somebody answers for a finding of the list.
    pub fn any_accepted(&self) -> bool {
        self.rows.iter().any(|row| row.result().is_some_and(|result| result.accepted.is_some()))
    }

    /// How many checks came out as `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict() == Some(verdict)).count()
    }

    /// How many checks are concluded.
    pub fn done(&self) -> usize {
        self.rows.iter().filter(|row| row.verdict().is_some()).count()
    }
}
