//! Everything the dashboard knows. Plain data; changed only by `update`.

mod verify;
mod watch;

use std::collections::VecDeque;

use ratatui::layout::Size;

pub use verify::{Progress, Row, Verify};
pub use watch::Watch;

use super::Palette;
use super::update::Intent;
use crate::audit::Judged;
use crate::run::{Phase, Severity};

/// Notes kept.
const NOTES: usize = 50;

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

    /// The screen `steps` further on; after the last comes the first.
    pub(super) fn after(self, steps: usize) -> Self {
        let at = Self::ALL.iter().position(|other| *other == self).unwrap_or_default();
        Self::ALL.get((at + steps) % Self::ALL.len()).copied().unwrap_or_default()
    }
}

/// What the report of the finished run will say beside its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Every requirement and how it stands.
    pub requirements: Vec<Judged>,
    /// How many decision records will be linked.
    pub decisions: usize,
    /// How many files should be decision records but cannot be read.
    pub unreadable: usize,
}

/// The Audit screen.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// What the report will say; absent until a run ended and the decision records were read.
    pub preview: Option<Box<Preview>>,
    /// Files that were written.
    pub written: Vec<String>,
    /// Whether writing is under way.
    pub writing: bool,
    /// First line that is shown.
    pub scroll: usize,
}

/// Something drawn over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys.
    Help(Help),
    /// Something went wrong.
    Fault(String),
}

/// The list of keys, over the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// Only keys whose names or words contain this.
    pub query: String,
    /// Whether keys go into the query.
    pub typing: bool,
    /// First line that is shown.
    pub scroll: usize,
}

/// What the keys are for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The screen itself.
    Screen,
    /// A line of text: what to filter by, or what to search for.
    Typing,
    /// The list of keys.
    Help,
    /// A fault that wants to be read.
    Fault,
}

/// How far leaving is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// The dashboard stays open.
    #[default]
    No,
    /// It closes as soon as a run has deleted what it made and the audit is on disk.
    WhenDone,
    /// It closes now; what is under way ends behind the plain terminal.
    Now,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct State {
    /// What does not change.
    pub setting: Setting,
    /// What the terminal can show.
    pub palette: Palette,
    /// Columns and rows of the terminal.
    pub size: Size,
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
    /// What failed last and was not made good since.
    pub fault: Option<String>,
    /// Whether the operator wants to leave.
    pub leaving: Leaving,
}

impl State {
    /// The state at the start: on the Verify screen when it starts at once, else on Watch.
    pub fn new(setting: Setting, palette: Palette, size: Size) -> Self {
        let verify = Verify { rows: setting.checks.iter().copied().map(Row::waiting).collect(), ..Verify::default() };
        let view = if setting.at_once { View::Verify } else { View::Watch };
        Self {
            setting,
            palette,
            size,
            view,
            watch: Watch::default(),
            verify,
            audit: Audit::default(),
            overlay: None,
            notes: VecDeque::new(),
            fault: None,
            leaving: Leaving::No,
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

    /// What the keys are for.
    pub fn mode(&self) -> Mode {
        match &self.overlay {
            Some(Overlay::Fault(_)) => Mode::Fault,
            Some(Overlay::Help(help)) if !help.typing => Mode::Help,
            Some(Overlay::Help(_)) => Mode::Typing,
            None if self.verify.typing => Mode::Typing,
            None => Mode::Screen,
        }
    }

    /// Whether the screen that is shown has more lines than fit, or a cursor.
    pub fn travels(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Help(_))) || self.view != View::Watch
    }

    /// Whether the dashboard may close.
    pub const fn finished(&self) -> bool {
        match self.leaving {
            Leaving::No => false,
            Leaving::WhenDone => !self.verify.running() && !self.audit.writing,
            Leaving::Now => true,
        }
    }

    /// Adds a note.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push_back(text.into());
        if self.notes.len() > NOTES {
            self.notes.pop_front();
        }
    }
}
