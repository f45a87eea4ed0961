//! One table of keys: it feeds the dispatch, the hint bar and the help.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::State;
use super::state::{Leaving, Mode, View};

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
    NextFinding,
    PreviousFinding,
    Open,
    Back,
    Filter,
    Findings,
    Copy,
    Write,
    Pause,
    Keep,
    Discard,
    Close,
    Search,
}

/// A key, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode, &'static str),
}

impl Key {
    /// Letters mean themselves while a line of text is typed.
    fn matches(self, event: &KeyEvent, mode: Mode) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match self {
            Self::Char(c) => event.code == KeyCode::Char(c) && !control && mode != Mode::Typing,
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
    /// What the help says.
    pub(super) words: &'static str,
    /// The one or two words of the hint bar; empty for keys that are only in the help.
    pub(super) hint: &'static str,
    /// In which modes the keys mean this.
    pub(super) modes: &'static [Mode],
    /// Whether they mean anything now.
    pub(super) when: fn(&State) -> bool,
}

const ENTER: Key = Key::Code(KeyCode::Enter, "enter");
const ESC: Key = Key::Code(KeyCode::Esc, "esc");

const SCREEN: &[Mode] = &[Mode::Screen];
const HELP: &[Mode] = &[Mode::Help];
const TYPING: &[Mode] = &[Mode::Typing];
const LISTS: &[Mode] = &[Mode::Screen, Mode::Help, Mode::Typing];
const CALM: &[Mode] = &[Mode::Screen, Mode::Help];
const ANY: &[Mode] = &[Mode::Screen, Mode::Typing, Mode::Help, Mode::Fault];

/// Every key, those of the hint bar in its order. The first that matches wins.
pub(super) const BINDINGS: &[Binding] = &[
    screen(&[Key::Char('r')], Action::Run, "run the checks", "run", may_run),
    screen(&[Key::Char('s')], Action::Stop, "stop the run and delete what it made", "stop", may_stop),
    screen(&[ENTER], Action::Open, "open the details", "open", may_open),
    screen(&[ESC], Action::Back, "close the details, or show every check again", "back", may_go_back),
    screen(&[Key::Char('/')], Action::Filter, "filter the checks by id, title, verdict or severity", "filter", on_list),
    screen(&[Key::Char('f')], Action::Findings, "only findings: failed, warned, inconclusive", "findings", on_list),
    screen(&[Key::Char('y')], Action::Copy, "copy the request as curl", "curl", has_request),
    screen(&[Key::Char('w')], Action::Write, "write the audit", "write", can_write),
    screen(&[Key::Char('p')], Action::Pause, "hold the screen still, or go on", "pause", on_watch),
    screen(&[Key::Char('1')], Action::Show(View::Watch), "Watch: is it up, how fast, which release", "", always),
    screen(&[Key::Char('2')], Action::Show(View::Verify), "Verify: the checks and their evidence", "", always),
    screen(&[Key::Char('3')], Action::Show(View::Audit), "Audit: requirements and what will be written", "", always),
    screen(
        &[Key::Code(KeyCode::Tab, "tab"), Key::Char('l'), Key::Code(KeyCode::Right, "right")],
        Action::NextView,
        "next screen",
        "next",
        always,
    ),
    screen(
        &[Key::Code(KeyCode::BackTab, "shift-tab"), Key::Char('h'), Key::Code(KeyCode::Left, "left")],
        Action::PreviousView,
        "previous screen",
        "",
        always,
    ),
    screen(&[Key::Char('n')], Action::NextFinding, "next finding", "finding", any_finding),
    screen(&[Key::Char('N')], Action::PreviousFinding, "previous finding", "", any_finding),
    travel(&[Key::Char('k'), Key::Code(KeyCode::Up, "up")], Action::Up, "up"),
    travel(&[Key::Char('j'), Key::Code(KeyCode::Down, "down")], Action::Down, "down"),
    travel(&[Key::Code(KeyCode::PageUp, "page-up"), Key::Ctrl('b')], Action::PageUp, "a page up"),
    travel(&[Key::Code(KeyCode::PageDown, "page-down"), Key::Ctrl('f')], Action::PageDown, "a page down"),
    travel(&[Key::Char('g'), Key::Code(KeyCode::Home, "home")], Action::Top, "to the first"),
    travel(&[Key::Char('G'), Key::Code(KeyCode::End, "end")], Action::Bottom, "to the last"),
    Binding { keys: &[ENTER], action: Action::Keep, words: "keep the text", hint: "keep", modes: TYPING, when: always },
    Binding { keys: &[ESC], action: Action::Discard, words: "clear the text", hint: "clear", modes: TYPING, when: always },
    Binding {
        keys: &[Key::Char('/')],
        action: Action::Search,
        words: "search the keys",
        hint: "search",
        modes: HELP,
        when: always,
    },
    Binding {
        keys: &[ESC, Key::Char('?'), Key::Char('q'), ENTER],
        action: Action::Close,
        words: "close the help",
        hint: "close",
        modes: HELP,
        when: always,
    },
    screen(&[Key::Char('?')], Action::Help, "these keys", "help", always),
    screen(&[Key::Char('q')], Action::Quit, "quit; a run under way first deletes what it made", "quit", staying),
    screen(&[Key::Char('q')], Action::Quit, "leave at once; the run cleans up behind the shell", "leave at once", leaving),
    Binding { keys: &[Key::Ctrl('c')], action: Action::Quit, words: "quit, from anywhere", hint: "", modes: ANY, when: always },
];

const fn screen(
    keys: &'static [Key],
    action: Action,
    words: &'static str,
    hint: &'static str,
    when: fn(&State) -> bool,
) -> Binding {
    Binding { keys, action, words, hint, modes: SCREEN, when }
}

const fn travel(keys: &'static [Key], action: Action, words: &'static str) -> Binding {
    Binding { keys, action, words, hint: "", modes: LISTS, when: State::travels }
}

const fn always(_: &State) -> bool {
    true
}

fn on_watch(state: &State) -> bool {
    state.view == View::Watch
}

fn on_verify(state: &State) -> bool {
    state.view == View::Verify
}

fn on_list(state: &State) -> bool {
    on_verify(state) && !state.verify.open
}

fn may_open(state: &State) -> bool {
    on_list(state) && state.verify.selected().is_some()
}

fn may_go_back(state: &State) -> bool {
    on_verify(state) && (state.verify.open || !state.verify.filter.is_empty() || state.verify.findings_only)
}

fn any_finding(state: &State) -> bool {
    on_verify(state) && state.verify.visible().any(|(_, row)| row.is_finding())
}

fn has_request(state: &State) -> bool {
    on_verify(state) && state.verify.curl().is_some()
}

fn may_run(state: &State) -> bool {
    !state.verify.running() && !state.audit.writing && staying(state)
}

fn may_stop(state: &State) -> bool {
    state.verify.running() && !state.verify.stopping && staying(state)
}

fn can_write(state: &State) -> bool {
    state.verify.run.is_some() && !state.audit.writing
}

fn staying(state: &State) -> bool {
    state.leaving == Leaving::No
}

fn leaving(state: &State) -> bool {
    !staying(state)
}

/// The bindings that mean something now in `mode`.
fn live(state: &State, modes: &'static [Mode]) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.modes.iter().any(|mode| modes.contains(mode)) && (binding.when)(state))
}

/// What `event` means now.
pub(super) fn action(state: &State, event: &KeyEvent) -> Option<Action> {
    let mode = state.mode();
    let mut live = BINDINGS.iter().filter(|binding| binding.modes.contains(&mode) && (binding.when)(state));
    live.find(|binding| binding.keys.iter().any(|key| key.matches(event, mode))).map(|binding| binding.action)
}

/// The keys that are worth a hint now: name and words.
pub(super) fn hints(state: &State) -> Vec<(String, &'static str)> {
    let mode = state.mode();
    if mode == Mode::Fault {
        return vec![("any key".to_owned(), "closes this")];
    }
    let shown =
        BINDINGS.iter().filter(|binding| !binding.hint.is_empty() && binding.modes.contains(&mode) && (binding.when)(state));
    shown.filter_map(|binding| Some((binding.keys.first()?.name(), binding.hint))).collect()
}

/// Every key that means something now, on the screen or in the help, and whose words or names contain `query`: names and words.
pub(super) fn help(state: &State, query: &str) -> Vec<(String, &'static str)> {
    let query = query.to_lowercase();
    let names = |binding: &Binding| binding.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ");
    let all = live(state, CALM).map(|binding| (names(binding), binding.words));
    all.filter(|(keys, words)| words.to_lowercase().contains(&query) || keys.to_lowercase().contains(&query)).collect()
}
