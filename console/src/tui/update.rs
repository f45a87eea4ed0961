//! How the state changes: one message in, the new state and what to do about it out. No clock, no network, no terminal.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::State;
use super::action::{Action, action};
use super::draw;
use super::state::{Help, Leaving, Mode, Overlay, Preview, Progress, View};
use crate::run::{Event, Phase, Run};
use crate::watch::Poll;

/// What reaches the dashboard.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key, or a new size of the terminal.
    Input(Input),
    /// Something happened in a run.
    Run(Event),
    /// A poll came back.
    Poll(Box<Poll>),
    /// What the report of the finished run will say.
    Previewed(Box<Preview>),
    /// The audit was written to these files.
    Written(Vec<String>),
    /// The text is on its way into the clipboard.
    Copied,
    /// Something could not be done.
    Fault(String),
    /// The process was asked to end (SIGTERM, SIGINT, SIGHUP).
    Terminated,
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
    let intents = match message {
        Message::Input(input) => entered(state, &input),
        Message::Run(event) => happened(state, event),
        other => {
            reported(state, other);
            Vec::new()
        }
    };
    settle(state);
    intents
}

/// Makes everything fit again: the cursor is on a visible row, nothing is scrolled beyond its end.
fn settle(state: &mut State) {
    state.verify.settle();
    state.verify.scroll = state.verify.scroll.min(draw::beyond_details(state));
    state.audit.scroll = state.audit.scroll.min(draw::beyond_audit(state));
    let beyond = draw::beyond_help(state);
    if let Some(Overlay::Help(help)) = &mut state.overlay {
        help.scroll = help.scroll.min(beyond);
    }
}

fn reported(state: &mut State, message: Message) {
    match message {
        Message::Poll(poll) => state.watch.take(*poll),
        Message::Previewed(preview) => state.audit.preview = Some(preview),
        Message::Written(paths) => written(state, paths),
        Message::Copied => state.note("the request is in the clipboard as curl (where the terminal takes OSC 52)"),
        Message::Fault(text) => fault(state, text),
        Message::Terminated => state.leaving = Leaving::Now,
        Message::Input(_) | Message::Run(_) => {}
    }
}

fn fault(state: &mut State, text: String) {
    state.fault = Some(text.clone());
    state.overlay = Some(Overlay::Fault(text));
    state.audit.writing = false;
    (state.verify.phase, state.verify.stopping) = (None, false);
    state.verify.rows.iter_mut().filter(|row| row.progress == Progress::Running).for_each(|row| row.progress = Progress::Waiting);
}

fn written(state: &mut State, paths: Vec<String>) {
    (state.audit.writing, state.fault) = (false, None);
    state.note(format!("wrote {}", paths.join(", ")));
    state.audit.written = paths;
}

fn happened(state: &mut State, event: Event) -> Vec<Intent> {
    match event {
        Event::Started { .. } => restart(state),
        Event::Phase { phase } => state.verify.phase = Some(phase),
        Event::Waiting { seen, .. } => state.note(seen),
        Event::Release { release } => state.watch.release = Some(release),
        Event::CheckStarted { id } => state.verify.begin(&id),
        Event::CheckFinished { result } => state.verify.set(&result.id.clone(), Progress::Done(result)),
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
    (state.verify.run, state.verify.probes, state.fault) = (None, 0, None);
    (state.audit.preview, state.audit.written) = (None, Vec::new());
}

fn conclude(state: &mut State, run: Box<Run>) -> Vec<Intent> {
    (state.verify.phase, state.verify.stopping) = (None, false);
    state.verify.probes = run.stats.probes;
    for check in &run.checks {
        state.verify.set(&check.id, Progress::Done(Box::new(check.clone())));
    }
    state.verify.run = Some(run);
    let findings = state.verify.rows.iter().filter(|row| row.is_finding()).count();
    state.note(if findings > 0 { "done; n goes to the next finding, f shows nothing else" } else { "done; no findings" });
    let write = state.setting.at_once && state.leaving == Leaving::No;
    state.audit.writing = write;
    if write { vec![Intent::Write] } else { Vec::new() }
}

fn entered(state: &mut State, input: &Input) -> Vec<Intent> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => pressed(state, key),
        Input::Resize(width, height) => {
            state.size = Size::new(*width, *height);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn pressed(state: &mut State, key: &KeyEvent) -> Vec<Intent> {
    match (action(state, key), state.mode()) {
        (Some(action), _) => act(state, action),
        (None, Mode::Typing) => {
            typed(state, key.code);
            Vec::new()
        }
        (None, Mode::Fault) => {
            state.overlay = None;
            Vec::new()
        }
        (None, Mode::Screen | Mode::Help) => Vec::new(),
    }
}

/// The line of text that is being typed, and whether it still is.
fn field(state: &mut State) -> (&mut String, &mut bool) {
    match &mut state.overlay {
        Some(Overlay::Help(help)) => (&mut help.query, &mut help.typing),
        _ => (&mut state.verify.filter, &mut state.verify.typing),
    }
}

fn typed(state: &mut State, code: KeyCode) {
    let (line, _) = field(state);
    match code {
        KeyCode::Backspace => drop(line.pop()),
        KeyCode::Char(c) if !c.is_control() => line.push(c),
        _ => {}
    }
}

fn act(state: &mut State, action: Action) -> Vec<Intent> {
    match action {
        Action::Quit => return quit(state),
        Action::Run => return start(state),
        Action::Stop => return stop(state),
        Action::Write => return write(state),
        Action::Copy => return state.verify.curl().map(|curl| Intent::Copy(curl.to_owned())).into_iter().collect(),
        Action::Show(view) => state.view = view,
        Action::NextView => state.view = state.view.after(1),
        Action::PreviousView => state.view = state.view.after(View::ALL.len() - 1),
        Action::Pause => state.watch.pause(),
        Action::Help | Action::Close | Action::Search | Action::Keep | Action::Discard | Action::Filter => aside(state, action),
        Action::Findings => state.verify.findings_only = !state.verify.findings_only,
        Action::NextFinding => state.verify.seek(true),
        Action::PreviousFinding => state.verify.seek(false),
        Action::Back => back(state),
        Action::Open => (state.verify.open, state.verify.scroll) = (true, 0),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::Top | Action::Bottom => travel(state, action),
    }
    Vec::new()
}

/// What has to do with the help and with typing.
fn aside(state: &mut State, action: Action) {
    match action {
        Action::Help => state.overlay = Some(Overlay::Help(Help::default())),
        Action::Close => state.overlay = None,
        Action::Discard => {
            let (line, typing) = field(state);
            line.clear();
            *typing = false;
        }
        other => *field(state).1 = other != Action::Keep,
    }
}

/// The first quit stops a run and waits until what it made is deleted; a second one leaves at once.
fn quit(state: &mut State) -> Vec<Intent> {
    state.overlay = state.overlay.take().filter(|overlay| matches!(overlay, Overlay::Fault(_)));
    state.leaving = if state.leaving == Leaving::No { Leaving::WhenDone } else { Leaving::Now };
    if state.verify.running() { stop(state) } else { Vec::new() }
}

fn stop(state: &mut State) -> Vec<Intent> {
    state.verify.stopping = true;
    vec![Intent::Stop]
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
    let page = draw::page(state);
    let steps = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::Top => isize::MIN,
        _ => isize::MAX,
    };
    match (&mut state.overlay, state.view) {
        (Some(Overlay::Help(help)), _) => help.scroll = help.scroll.saturating_add_signed(steps),
        (_, View::Verify) if state.verify.open => state.verify.scroll = state.verify.scroll.saturating_add_signed(steps),
        (_, View::Verify) => state.verify.step(steps),
        (_, View::Audit) => state.audit.scroll = state.audit.scroll.saturating_add_signed(steps),
        (_, View::Watch) => {}
    }
}
