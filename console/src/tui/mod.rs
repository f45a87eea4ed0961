//! The dashboard: what the event stream looks like on a terminal.
//!
//! State changes only in the pure `update`, drawing only in the pure `draw`; the dashboard shows the stream and sends intents, and the
//! `driver` carries them out. Everything it can do, the command line can do. Drawn only when something changed: idle costs nothing.

mod action;
mod draw;
mod driver;
mod palette;
mod state;
mod terminal;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{Event as Input, KeyEventKind};
use futures::{Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::mpsc::UnboundedReceiver;

pub use palette::Palette;
pub use state::{Audit, Help, Leaving, Mode, Overlay, Preview, Progress, Row, Setting, State, Verify, View, Watch};
pub use update::{Intent, Message, update};

pub use draw::draw;

use crate::cli::{DemoArgs, ReportPaths, TargetArgs};
use crate::commands::{self, Exit};
use crate::output;
use crate::run::Run;
use crate::target::Target;
use crate::verify::{Inputs, Options};
use driver::Driver;

/// What the dashboard works on.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The target.
    pub target: Arc<Target>,
    /// How to verify it.
    pub options: Options,
    /// What beside the target the checks need.
    pub inputs: Inputs,
    /// Where decision records are read.
    pub adr_dir: PathBuf,
    /// Where the audit is written.
    pub out: PathBuf,
    /// Verify at once, and write the audit when done.
    pub at_once: bool,
}

/// Opens the dashboard on the target that `args` names.
pub async fn open(args: &TargetArgs, paths: &ReportPaths) -> anyhow::Result<Exit> {
    let target = Arc::new(commands::selected(args)?);
    let inputs = commands::inputs(args, &target);
    let setup =
        Setup { target, options: Options::default(), inputs, adr_dir: paths.adr_dir.clone(), out: "out".into(), at_once: false };
    show(setup).await
}

/// Opens the dashboard on the demonstration, which starts verifying at once.
pub async fn demo(target: Arc<Target>, options: Options, inputs: Inputs, args: &DemoArgs) -> anyhow::Result<Exit> {
    let (adr_dir, out) = (args.paths.adr_dir.clone(), args.out.clone());
    show(Setup { target, options, inputs, adr_dir, out, at_once: true }).await
}

/// Runs the dashboard on the real terminal until the operator leaves. Returns only when nothing is under way any more: a run has deleted
/// what it made, an audit is on disk.
async fn show(setup: Setup) -> anyhow::Result<Exit> {
    let palette = Palette::of_environment(|name| std::env::var(name).ok());
    let (mut driver, inbox) = Driver::new(setup);
    let mut terminal = terminal::enter()?;
    let state = State::new(driver.setting(), palette, terminal.size()?);
    let shown = run(&mut terminal, state, inbox, crossterm::event::EventStream::new(), &mut driver).await;
    drop(terminal);
    let ended = end(driver).await;
    let state = shown?;
    for path in &state.audit.written {
        output::say(&format!("wrote {path}\n"));
    }
    if let Some(fault) = state.fault {
        anyhow::bail!(fault);
    }
    Ok(ended.map_or(Exit::Pass, |run| run.verdict.into()))
}

/// Waits behind the plain terminal for what is under way; ctrl-c cuts it off.
async fn end(driver: Driver) -> Option<Run> {
    if driver.is_working() {
        eprintln!("deleting what the run made; ctrl-c leaves it there (`console cleanup` removes it later)");
    }
    tokio::select! {
        run = driver.end() => run,
        () = commands::interrupted() => std::process::exit(130),
    }
}

/// The loop: the driver's messages first, then input; drawn only when something changed and nothing more waits. Ends when the state says
/// so or input ends.
pub async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    mut state: State,
    mut inbox: UnboundedReceiver<Message>,
    mut input: impl Stream<Item = std::io::Result<Input>> + Unpin,
    driver: &mut impl Carry,
) -> anyhow::Result<State>
where
    B::Error: Send + Sync + 'static,
{
    for intent in state.opening() {
        driver.carry_out(intent);
    }
    while !state.finished() {
        terminal.draw(|frame| draw(&state, frame))?;
        let Some(message) = next(&mut inbox, &mut input).await else { break };
        let mut pending = Some(message);
        while let Some(message) = pending {
            for intent in update(&mut state, message) {
                driver.carry_out(intent);
            }
            pending = inbox.try_recv().ok();
        }
    }
    Ok(state)
}

/// Carries out what the operator wants.
pub trait Carry {
    /// Begins to do it; results come back as messages.
    fn carry_out(&mut self, intent: Intent);
}

/// The next message, or `None` when input has ended. Input that changes nothing (mouse, focus, keys that are let go) is passed over.
async fn next(
    inbox: &mut UnboundedReceiver<Message>,
    input: &mut (impl Stream<Item = std::io::Result<Input>> + Unpin),
) -> Option<Message> {
    loop {
        let event = tokio::select! {
            biased;
            Some(message) = inbox.recv() => return Some(message),
            event = input.next() => event?.ok()?,
        };
        let matters = match &event {
            Input::Key(key) => key.kind != KeyEventKind::Release,
            Input::Resize(..) => true,
            _ => false,
        };
        if matters {
            return Some(Message::Input(event));
        }
    }
}
