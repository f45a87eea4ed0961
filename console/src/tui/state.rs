//! Everything the dashboard knows. Plain data; changed only by `update`.

use std::collections::VecDeque;

use super::Palette;
use super::update::Intent;
use crate::run::{CheckResult, Phase, ReleaseSeen, Run, Severity, Verdict};
use crate::watch::Poll;

/// Polls kept for the history.
pub(super) const HISTORY: usize = 240;
/// Notes kept.
pub(super) const NOTES: usize = 50;

/// What does not change while the dashboard is open.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Name of the target.
    pub name: String,
    /// Its base URL.
    pub url: String,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// Verify at once and write the audit when done.
    pub at_once: bool,
    /// Id, title and severity of every check, in order.
    pub checks: Vec<(&'static str, &'static str, Severity)>,
    /// Where decision records are read.
    pub adr_dir: String,
    /// Where the audit is written.
    pub out: String,
}

/// The screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Live state, latency, release.
    #[default]
    Watch,
    /// Checks and their evidence.
    Verify,
    /// What will be written.
    Audit,
}

impl View {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 3] = [Self::Watch, Self::Verify, Self::Audit];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Watch => "Watch",
            Self::Verify => "Verify",
            Self::Audit => "Audit",
        }
    }
}

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
    /// The verdict, once there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.progress {
            Progress::Done(result) => Some(result.verdict),
            Progress::Waiting | Progress::Running => None,
        }
    }
}

/// The Watch screen.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Recent polls, oldest first.
    pub polls: VecDeque<Poll>,
    /// Whether new polls are shown.
    pub paused: bool,
    /// The release that answered last.
    pub release: Option<ReleaseSeen>,
}

/// The Verify screen.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    /// Every check.
    pub rows: Vec<Row>,
    /// Index into the visible rows.
    pub cursor: usize,
    /// Whether the details fill the screen.
    pub open: bool,
    /// First line of the details that is shown.
    pub scroll: u16,
    /// Only rows that contain this.
    pub filter: String,
    /// Whether keys go into the filter.
    pub typing: bool,
    /// Only what failed, warned or stayed open.
    pub findings_only: bool,
    /// What the run is busy with.
    pub phase: Option<Phase>,
    /// Requests sent.
    pub probes: u64,
    /// The finished run.
    pub run: Option<Box<Run>>,
}

impl Verify {
    /// The rows that the filters let through, with their index.
    pub fn visible(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| self.shows(row)).collect()
    }

    fn shows(&self, row: &Row) -> bool {
        let finding = row.verdict().is_some_and(|verdict| verdict != Verdict::Pass);
        let text = self.filter.to_lowercase();
        let matches = || row.id.contains(&text) || row.title.to_lowercase().contains(&text) || verdict_word(row).contains(&text);
        (!self.findings_only || finding) && (text.is_empty() || matches())
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Option<&Row> {
        self.visible().get(self.cursor).copied()
    }

    /// Whether a run is under way.
    pub const fn running(&self) -> bool {
        self.phase.is_some()
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

fn verdict_word(row: &Row) -> String {
    row.verdict().map(|verdict| verdict.word().to_lowercase()).unwrap_or_default()
}

/// The Audit screen.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Files that were written.
    pub written: Vec<String>,
    /// Whether writing is under way.
    pub writing: bool,
}

/// Something drawn over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys; holds what is searched for.
    Help(String),
    /// Something went wrong.
    Fault(String),
}

/// Everything.
#[derive(Clone, Debug)]
pub struct State {
    /// What does not change.
    pub setting: Setting,
    /// What the terminal can show.
    pub palette: Palette,
    /// The screen that is shown.
    pub view: View,
    /// Screen 1.
    pub watch: Watch,
    /// Screen 2.
    pub verify: Verify,
    /// Screen 3.
    pub audit: Audit,
    /// What is drawn over it.
    pub overlay: Option<Overlay>,
    /// Recent notes, oldest first.
    pub notes: VecDeque<String>,
    /// The operator wants to leave; a run under way first deletes what it made.
    pub leaving: bool,
}

impl State {
    /// The state at the start: on the Verify screen when it starts at once, else on Watch.
    pub fn new(setting: Setting, palette: Palette) -> Self {
        let row = |&(id, title, severity): &(&'static str, &'static str, Severity)| Row {
            id,
            title,
            severity,
            progress: Progress::Waiting,
        };
        let verify = Verify { rows: setting.checks.iter().map(row).collect(), ..Verify::default() };
        let view = if setting.at_once { View::Verify } else { View::Watch };
        Self {
            setting,
            palette,
            view,
            watch: Watch::default(),
            verify,
            audit: Audit::default(),
            overlay: None,
            notes: VecDeque::new(),
            leaving: false,
        }
    }

    /// What to do before the first key: watch, and verify where that was asked for.
    pub fn opening(&mut self) -> Vec<Intent> {
        let mut intents = vec![Intent::Watch];
        if self.setting.at_once {
            self.verify.phase = Some(Phase::Preparing);
            intents.push(Intent::Verify);
        }
        intents
    }

    /// Whether the dashboard may close.
    pub const fn finished(&self) -> bool {
        self.leaving && !self.verify.running() && !self.audit.writing
    }

    /// Adds a note.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push_back(text);
        if self.notes.len() > NOTES {
            self.notes.pop_front();
        }
    }
}
