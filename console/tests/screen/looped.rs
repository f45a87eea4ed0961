//! The whole loop: scripted input, a driver that answers, a terminal that remembers.

use std::collections::VecDeque;

use console::run::{Event, Phase};
use console::tui::{Carry, Intent, Message, State, View, run};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::Stream;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::fixture::{self, PLAIN, fresh};

/// Answers intents as the real driver would, and remembers them.
struct Fake {
    messages: UnboundedSender<Message>,
    carried: Vec<Intent>,
}

impl Fake {
    fn new() -> (Self, UnboundedReceiver<Message>) {
        let (messages, inbox) = unbounded_channel();
        (Self { messages, carried: Vec::new() }, inbox)
    }

    fn say(&self, message: Message) {
        self.messages.send(message).expect("the loop listens");
    }
}

impl Carry for Fake {
    fn carry_out(&mut self, intent: Intent) {
        match &intent {
            Intent::Verify => {
                self.say(Message::Run(Event::Phase { phase: Phase::Checking }));
                self.say(Message::Run(Event::Finished { run: Box::new(fixture::run()) }));
            }
            Intent::Write => self.say(Message::Written(vec!["out/audit.html".into()])),
            Intent::Watch => fixture::polls().into_iter().for_each(|poll| self.say(Message::Poll(Box::new(poll)))),
            Intent::Stop | Intent::Copy(_) => {}
        }
        self.carried.push(intent);
    }
}

fn letters(keys: &str) -> VecDeque<Input> {
    keys.chars().map(|c| Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))).collect()
}

fn scripted(events: VecDeque<Input>) -> impl Stream<Item = std::io::Result<Input>> + Unpin {
    futures::stream::iter(events.into_iter().map(Ok))
}

async fn looped(mut state: State, input: impl Stream<Item = std::io::Result<Input>> + Unpin) -> (State, Vec<Intent>, String) {
    state.size = ratatui::layout::Size::new(80, 24);
    let (mut driver, inbox) = Fake::new();
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a test backend");
    let state = run(&mut terminal, state, inbox, input, &mut driver).await.expect("a test backend draws");
    (state, driver.carried, fixture::text(terminal.backend().buffer()))
}

#[tokio::test]
async fn keys_run_the_checks_write_the_audit_and_quit() {
    let (state, carried, _) = looped(fresh(PLAIN, 80, 24), scripted(letters("rwq"))).await;
    assert_eq!(carried, [Intent::Watch, Intent::Verify, Intent::Write]);
    assert!(state.finished());
    assert_eq!((state.view, state.audit.written), (View::Audit, vec!["out/audit.html".to_owned()]));
}

#[tokio::test]
async fn the_end_of_input_ends_the_loop_with_the_last_change_drawn() {
    let (state, _, screen) = looped(fresh(PLAIN, 80, 24), scripted(letters("r2"))).await;
    assert!(!state.finished() && screen.contains("FAIL") && screen.contains("412 requests in 3.5 s"), "{screen}");
}

#[tokio::test]
async fn a_read_error_ends_the_loop() {
    let broken = futures::stream::iter([Err(std::io::Error::other("the terminal is gone"))]);
    let (state, ..) = looped(fresh(PLAIN, 80, 24), broken).await;
    assert_eq!(state.watch.history.polls(), 18, "what had arrived before was taken in");
}

#[tokio::test]
async fn keys_that_are_let_go_and_the_mouse_mean_nothing() {
    let mut release = KeyEvent::new(KeyCode::Char('3'), KeyModifiers::NONE);
    release.kind = KeyEventKind::Release;
    let (state, ..) = looped(fresh(PLAIN, 80, 24), scripted([Input::Key(release), Input::FocusGained].into())).await;
    assert_eq!(state.view, View::Watch);
}

#[tokio::test]
async fn the_demonstration_goes_all_the_way_by_itself() {
    let mut setting = fixture::setting();
    setting.at_once = true;
    let state = State::new(setting, PLAIN, ratatui::layout::Size::new(80, 24));
    let (state, carried, _) = looped(state, scripted(letters("3"))).await;
    assert_eq!(carried, [Intent::Watch, Intent::Verify, Intent::Write]);
    assert!(!state.finished(), "it stays open until q");
}
