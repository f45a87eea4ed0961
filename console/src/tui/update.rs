//! How the state changes: one message in, the new state and what to do about it out. No clock, no network, no terminal.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::{Action, action};
use super::state::{HISTORY, Overlay, Progress, View};
use super::{State, format};
use crate::run::{CheckResult, Event, Phase};
use crate::watch::Poll;

const PAGE: usize = 10;

/// What reaches the dashboard.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key, or a new size of the terminal.
    Input(Input),
    /// Something happened in a run.
    Run(Event),
    /// A poll came back.
    Poll(Box<Poll>),
    /// The audit was written to these files.
    Written(Vec<String>),
    /// Something could not be done.
    Fault(String),
}

/// What the operator wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Start polling.
    Watch,
    /// Run the checks.
    Verify,
    /// Stop the run, deleting what it made.
    Stop,
    /// Write the audit of the finished run.
    Write,
    /// Put this text into the clipboard.
    Copy(String),
}

/// Takes one message in.
pub fn update(state: &mut State, message: Message) -> Vec<Intent> {
    match message {
        Message::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => pressed(state, &key),
        Message::Input(_) => Vec::new(),
        Message::Run(event) => happened(state, event),
        Message::Poll(poll) => polled(state, *poll),
        Message::Written(paths) => written(state, paths),
        Message::Fault(text) => fault(state, text),
    }
}

fn fault(state: &mut State, text: String) -> Vec<Intent> {
    state.overlay = Some(Overlay::Fault(text));
    state.audit.writing = false;
    state.verify.phase = None;
    Vec::new()
}

fn written(state: &mut State, paths: Vec<String>) -> Vec<Intent> {
    state.audit.writing = false;
    state.note(format!("wrote {}", paths.join(", ")));
    state.audit.written = paths;
    Vec::new()
}

fn polled(state: &mut State, poll: Poll) -> Vec<Intent> {
    if state.watch.paused {
        return Vec::new();
    }
    if poll.release != crate::run::ReleaseSeen::default() {
        state.watch.release = Some(poll.release.clone());
    }
    state.watch.polls.push_back(poll);
    if state.watch.polls.len() > HISTORY {
        state.watch.polls.pop_front();
    }
    Vec::new()
}

fn happened(state: &mut State, event: Event) -> Vec<Intent> {
    match event {
        Event::Started { .. } => restart(state),
        Event::Phase { phase } => state.verify.phase = Some(phase),
        Event::Release { release } => state.watch.release = Some(release),
        Event::CheckStarted { id } => set(state, &id, Progress::Running),
        Event::CheckFinished { result } => finish(state, *result),
        Event::Progress { probes, .. } => state.verify.probes = probes,
        Event::Note { text } => state.note(text),
        Event::Finished { run } => return conclude(state, run),
    }
    Vec::new()
}

fn restart(state: &mut State) {
    for row in &mut state.verify.rows {
        row.progress = Progress::Waiting;
    }
    (state.verify.run, state.verify.probes) = (None, 0);
    state.audit.written.clear();
}

fn set(state: &mut State, id: &str, progress: Progress) {
    if let Some(row) = state.verify.rows.iter_mut().find(|row| row.id == id) {
        row.progress = progress;
    }
}

fn finish(state: &mut State, result: CheckResult) {
    let id = result.id.clone();
    set(state, &id, Progress::Done(Box::new(result)));
}

fn conclude(state: &mut State, run: Box<crate::run::Run>) -> Vec<Intent> {
    state.verify.phase = None;
    state.verify.probes = run.stats.probes;
    for check in &run.checks {
        finish(state, check.clone());
    }
    state.verify.run = Some(run);
    let write = state.setting.at_once && !state.leaving;
    state.audit.writing = write;
    if write { vec![Intent::Write] } else { Vec::new() }
}

fn pressed(state: &mut State, key: &KeyEvent) -> Vec<Intent> {
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    match &state.overlay {
        _ if interrupt => act(state, Action::Quit),
        Some(Overlay::Help(query)) => search(state, query.clone(), key.code),
        Some(Overlay::Fault(_)) => {
            state.overlay = None;
            Vec::new()
        }
        None if state.verify.typing => type_filter(state, key.code),
        None => action(state, key).map_or_else(Vec::new, |action| act(state, action)),
    }
}

fn search(state: &mut State, mut query: String, code: KeyCode) -> Vec<Intent> {
    match code {
        KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?') => {
            state.overlay = None;
            return Vec::new();
        }
        KeyCode::Backspace => drop(query.pop()),
        KeyCode::Char(c) => query.push(c),
        _ => {}
    }
    state.overlay = Some(Overlay::Help(query));
    Vec::new()
}

fn type_filter(state: &mut State, code: KeyCode) -> Vec<Intent> {
    let verify = &mut state.verify;
    match code {
        KeyCode::Enter => verify.typing = false,
        KeyCode::Esc => {
            verify.typing = false;
            verify.filter.clear();
        }
        KeyCode::Backspace => drop(verify.filter.pop()),
        KeyCode::Char(c) => verify.filter.push(c),
        _ => {}
    }
    verify.cursor = 0;
    Vec::new()
}

fn act(state: &mut State, action: Action) -> Vec<Intent> {
    match action {
        Action::Quit => return quit(state),
        Action::Run => return start(state),
        Action::Stop => return vec![Intent::Stop],
        Action::Write => return write(state),
        Action::Copy => return copy(state),
        Action::Help => state.overlay = Some(Overlay::Help(String::new())),
        Action::Show(view) => state.view = view,
        Action::NextView => state.view = neighbour(state.view, 1),
        Action::PreviousView => state.view = neighbour(state.view, View::ALL.len() - 1),
        Action::Pause => state.watch.paused = !state.watch.paused,
        Action::Back => back(state),
        Action::Filter => state.verify.typing = true,
        Action::Findings => {
            state.verify.findings_only = !state.verify.findings_only;
            state.verify.cursor = 0;
        }
        Action::Open => {
            state.verify.open = state.verify.selected().is_some();
            state.verify.scroll = 0;
        }
        movement => travel(state, movement),
    }
    Vec::new()
}

/// The first quit stops a run and waits until what it made is deleted; a second one leaves at once.
fn quit(state: &mut State) -> Vec<Intent> {
    if state.leaving {
        state.verify.phase = None;
        state.audit.writing = false;
    }
    state.leaving = true;
    if state.verify.running() { vec![Intent::Stop] } else { Vec::new() }
}

fn start(state: &mut State) -> Vec<Intent> {
    state.view = View::Verify;
    state.verify.phase = Some(Phase::Preparing);
    vec![Intent::Verify]
}

fn write(state: &mut State) -> Vec<Intent> {
    state.view = View::Audit;
    state.audit.writing = true;
    vec![Intent::Write]
}

fn copy(state: &mut State) -> Vec<Intent> {
    let Some(curl) = format::curl(&state.verify) else { return Vec::new() };
    state.note("copied the request as curl".to_owned());
    vec![Intent::Copy(curl)]
}

fn neighbour(view: View, steps: usize) -> View {
    let at = View::ALL.iter().position(|other| *other == view).unwrap_or_default();
    View::ALL.get((at + steps) % View::ALL.len()).copied().unwrap_or_default()
}

fn back(state: &mut State) {
    let verify = &mut state.verify;
    if verify.open {
        verify.open = false;
        return;
    }
    verify.filter.clear();
    verify.findings_only = false;
}

fn travel(state: &mut State, action: Action) {
    let last = state.verify.visible().len().saturating_sub(1);
    let verify = &mut state.verify;
    let lines = usize::from(verify.scroll);
    let from = if verify.open { lines } else { verify.cursor };
    let to = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => from + 1,
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => from + PAGE,
        Action::Top => 0,
        Action::Bottom => usize::MAX,
        _ => from,
    };
    if verify.open {
        verify.scroll = u16::try_from(to).unwrap_or(u16::MAX);
    } else {
        verify.cursor = to.min(last);
        verify.scroll = 0;
    }
}
