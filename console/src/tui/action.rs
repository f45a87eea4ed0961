//! One table of keys: it feeds the dispatch, the hint bar and the help.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::State;
use super::state::View;

/// Everything a key can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    Help,
    Show(View),
    NextView,
    PreviousView,
    Run,
    Stop,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Open,
    Back,
    Filter,
    Findings,
    Copy,
    Write,
    Pause,
}

/// A key, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode, &'static str),
}

impl Key {
    fn matches(self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match self {
            Self::Char(c) => event.code == KeyCode::Char(c) && !control,
            Self::Ctrl(c) => event.code == KeyCode::Char(c) && control,
            Self::Code(code, _) => event.code == code,
        }
    }

    /// How it is written in hints: `q`, `ctrl-c`, `enter`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Char(c) => c.to_string(),
            Self::Ctrl(c) => format!("ctrl-{c}"),
            Self::Code(_, name) => name.to_owned(),
        }
    }
}

/// Keys, what they do, and when.
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) words: &'static str,
    /// Whether the key means anything now.
    pub(super) when: fn(&State) -> bool,
    /// Whether the hint bar shows it.
    pub(super) hint: bool,
}

const fn always(_: &State) -> bool {
    true
}

fn on_verify(state: &State) -> bool {
    state.view == View::Verify
}

fn on_watch(state: &State) -> bool {
    state.view == View::Watch
}

const fn idle(state: &State) -> bool {
    !state.verify.running()
}

const fn running(state: &State) -> bool {
    state.verify.running()
}

fn closed_list(state: &State) -> bool {
    on_verify(state) && !state.verify.open
}

fn something_to_leave(state: &State) -> bool {
    on_verify(state) && (state.verify.open || !state.verify.filter.is_empty() || state.verify.findings_only)
}

fn has_evidence(state: &State) -> bool {
    on_verify(state) && super::format::curl(&state.verify).is_some()
}

const fn can_write(state: &State) -> bool {
    state.verify.run.is_some() && !state.audit.writing
}

/// Every key. The first match wins.
pub(super) const BINDINGS: &[Binding] = &[
    Binding { keys: &[Key::Char('r')], action: Action::Run, words: "run the checks", when: idle, hint: true },
    Binding { keys: &[Key::Char('s')], action: Action::Stop, words: "stop the run", when: running, hint: true },
    Binding { keys: &[Key::Code(KeyCode::Enter, "enter")], action: Action::Open, words: "open", when: closed_list, hint: true },
    Binding { keys: &[Key::Code(KeyCode::Esc, "esc")], action: Action::Back, words: "back", when: something_to_leave, hint: true },
    Binding { keys: &[Key::Char('/')], action: Action::Filter, words: "filter", when: closed_list, hint: true },
    Binding { keys: &[Key::Char('f')], action: Action::Findings, words: "findings only", when: closed_list, hint: true },
    Binding { keys: &[Key::Char('y')], action: Action::Copy, words: "copy as curl", when: has_evidence, hint: true },
    Binding { keys: &[Key::Char('w')], action: Action::Write, words: "write the audit", when: can_write, hint: true },
    Binding { keys: &[Key::Char('p')], action: Action::Pause, words: "pause", when: on_watch, hint: true },
    Binding { keys: &[Key::Char('1')], action: Action::Show(View::Watch), words: "watch", when: always, hint: false },
    Binding { keys: &[Key::Char('2')], action: Action::Show(View::Verify), words: "verify", when: always, hint: false },
    Binding { keys: &[Key::Char('3')], action: Action::Show(View::Audit), words: "audit", when: always, hint: false },
    Binding {
        keys: &[Key::Code(KeyCode::Tab, "tab"), Key::Char('l'), Key::Code(KeyCode::Right, "right")],
        action: Action::NextView,
        words: "next screen",
        when: always,
        hint: true,
    },
    Binding {
        keys: &[Key::Code(KeyCode::BackTab, "shift-tab"), Key::Char('h'), Key::Code(KeyCode::Left, "left")],
        action: Action::PreviousView,
        words: "previous screen",
        when: always,
        hint: false,
    },
    Binding {
        keys: &[Key::Char('k'), Key::Code(KeyCode::Up, "up")],
        action: Action::Up,
        words: "up",
        when: on_verify,
        hint: false,
    },
    Binding {
        keys: &[Key::Char('j'), Key::Code(KeyCode::Down, "down")],
        action: Action::Down,
        words: "down",
        when: on_verify,
        hint: false,
    },
    Binding {
        keys: &[Key::Code(KeyCode::PageUp, "page-up")],
        action: Action::PageUp,
        words: "a page up",
        when: on_verify,
        hint: false,
    },
    Binding {
        keys: &[Key::Code(KeyCode::PageDown, "page-down")],
        action: Action::PageDown,
        words: "a page down",
        when: on_verify,
        hint: false,
    },
    Binding {
        keys: &[Key::Char('g'), Key::Code(KeyCode::Home, "home")],
        action: Action::Top,
        words: "first",
        when: on_verify,
        hint: false,
    },
    Binding {
        keys: &[Key::Char('G'), Key::Code(KeyCode::End, "end")],
        action: Action::Bottom,
        words: "last",
        when: on_verify,
        hint: false,
    },
    Binding { keys: &[Key::Char('?')], action: Action::Help, words: "help", when: always, hint: true },
    Binding { keys: &[Key::Char('q'), Key::Ctrl('c')], action: Action::Quit, words: "quit", when: always, hint: true },
];

/// What `event` means now.
pub(super) fn action(state: &State, event: &KeyEvent) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| (binding.when)(state) && binding.keys.iter().any(|key| key.matches(event)))
        .map(|binding| binding.action)
}

/// The keys that are worth a hint now: name and words.
pub(super) fn hints(state: &State) -> Vec<(String, &'static str)> {
    let shown = BINDINGS.iter().filter(|binding| binding.hint && (binding.when)(state));
    shown.filter_map(|binding| Some((binding.keys.first()?.name(), binding.words))).collect()
}

/// Every key that means something now and whose words or name contain `query`: names and words.
pub(super) fn help(state: &State, query: &str) -> Vec<(String, &'static str)> {
    let names = |binding: &Binding| binding.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ");
    let all = BINDINGS.iter().filter(|binding| (binding.when)(state)).map(|binding| (names(binding), binding.words));
    all.filter(|(keys, words)| words.contains(query) || keys.contains(query)).collect()
}
