//! Carries out intents: starts and stops runs, polls, writes the audit, fills the clipboard. Answers with messages.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::state::{Preview, Setting};
use super::{Carry, Intent, Message, Setup};
use crate::audit::Audit;
use crate::checks::secrets::ScanCell;
use crate::run::{Event, Events, Run};
use crate::verify::{Inputs, VerifyError};
use crate::{commands, verify, watch};

/// The hands of the dashboard.
pub(super) struct Driver {
    setup: Setup,
    messages: UnboundedSender<Message>,
    stop: CancellationToken,
    watching: CancellationToken,
    run: Arc<Mutex<Option<Run>>>,
    working: Option<JoinHandle<()>>,
}

impl Driver {
    /// A driver, and where its messages arrive. Signals that ask the process to end arrive there too.
    pub(super) fn new(setup: Setup) -> (Self, UnboundedReceiver<Message>) {
        let (messages, inbox) = unbounded_channel();
        tokio::spawn(listen(messages.clone()));
        let driver = Self {
            setup,
            messages,
            stop: CancellationToken::new(),
            watching: CancellationToken::new(),
            run: Arc::default(),
            working: None,
        };
        (driver, inbox)
    }

    /// What the screens need to know of the setup.
    pub(super) fn setting(&self) -> Setting {
        let setup = &self.setup;
        let checks = setup.options.suites.iter().flat_map(|suite| suite.checks());
        Setting {
            name: setup.target.name.clone(),
            url: setup.target.base.to_string(),
            demo: setup.options.demo,
            at_once: setup.at_once,
            checks: checks.map(|check| (check.id, check.title, check.severity)).collect(),
            adr_dir: setup.adr_dir.display().to_string(),
            out: setup.out.display().to_string(),
        }
    }

    /// Whether work is under way that must not be cut off: a run, or the writing of an audit.
    pub(super) fn is_working(&self) -> bool {
        self.working.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Stops everything, waits until a run has deleted what it made and an audit is on disk, and returns the last finished run.
    pub(super) async fn end(mut self) -> Option<Run> {
        self.stop.cancel();
        self.watching.cancel();
        if let Some(task) = self.working.take() {
            let _ = task.await;
        }
        kept(&self.run).clone()
    }

    fn verify(&mut self) {
        self.stop = CancellationToken::new();
        let (events, stream) = Events::channel();
        tokio::spawn(pass_on(stream, self.messages.clone()));
        let Setup { target, options, inputs, .. } = self.setup.clone();
        let inputs = Inputs { scan: ScanCell::default(), ..inputs };
        let running = tokio::spawn(verify::run(target, options, inputs, events, self.stop.clone()));
        let (messages, keep, adr_dir) = (self.messages.clone(), Arc::clone(&self.run), self.setup.adr_dir.clone());
        self.working = Some(tokio::spawn(async move {
            match concluded(running).await {
                Ok(run) => {
                    let preview = tokio::task::spawn_blocking({
                        let run = run.clone();
                        move || preview(run, &adr_dir)
                    });
                    *kept(&keep) = Some(run);
                    if let Ok(preview) = preview.await {
                        let _ = messages.send(Message::Previewed(Box::new(preview)));
                    }
                }
                Err(fault) => drop(messages.send(Message::Fault(fault))),
            }
        }));
    }

    fn watch(&self) {
        let (polls, mut stream) = tokio::sync::mpsc::channel(16);
        let (target, stop, messages) = (Arc::clone(&self.setup.target), self.watching.clone(), self.messages.clone());
        tokio::spawn(async move { watch::Watcher::new(target, watch::Pace::default()).run(polls, stop).await });
        tokio::spawn(async move {
            while let Some(poll) = stream.recv().await {
                let _ = messages.send(Message::Poll(Box::new(poll)));
            }
        });
    }

    /// Writes the audit once the run is put away; it follows the run's last event within moments.
    fn write(&mut self) {
        let before = self.working.take();
        let (setup, messages, run) = (self.setup.clone(), self.messages.clone(), Arc::clone(&self.run));
        self.working = Some(tokio::spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            let Some(run) = kept(&run).clone() else { return };
            let written = tokio::task::spawn_blocking(move || commands::verify::publish(&run, &setup.adr_dir, &setup.out));
            let message = match written.await {
                Ok(Ok(paths)) => Message::Written(paths.iter().map(|path| path.display().to_string()).collect()),
                Ok(Err(error)) => Message::Fault(causes(&error)),
                Err(error) => Message::Fault(format!("the audit was not written: {error}; please report this as a bug")),
            };
            let _ = messages.send(message);
        }));
    }

    /// Asks the terminal to put `text` into the clipboard (OSC 52); terminals that cannot, ignore it.
    fn copy(&self, text: &str) {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = std::io::stdout();
        let copied = write!(out, "\x1b]52;c;{encoded}\x07").and_then(|()| out.flush());
        let _ = self.messages.send(copied.map_or_else(|error| Message::Fault(error.to_string()), |()| Message::Copied));
    }
}

impl Carry for Driver {
    fn carry_out(&mut self, intent: Intent) {
        match intent {
            Intent::Watch => self.watch(),
            Intent::Verify => self.verify(),
            Intent::Stop => self.stop.cancel(),
            Intent::Write => self.write(),
            Intent::Copy(text) => self.copy(&text),
        }
    }
}

fn kept(run: &Mutex<Option<Run>>) -> std::sync::MutexGuard<'_, Option<Run>> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass_on(mut stream: UnboundedReceiver<Event>, messages: UnboundedSender<Message>) {
    while let Some(event) = stream.recv().await {
        let _ = messages.send(Message::Run(event));
    }
}

/// The run, or why there is none, in words.
async fn concluded(running: JoinHandle<Result<Run, VerifyError>>) -> Result<Run, String> {
    match running.await {
        Ok(Ok(run)) => Ok(run),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => {
            Err("the run broke off by a mistake of this program; please report it. `console cleanup` removes what it made"
                .to_owned())
        }
    }
}

/// An error with its causes, those left out that the one before says already.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if !text.contains(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}\n{cause}") };
        }
    }
    text
}

/// What the report will say beside the checks. Decision records that cannot be read now are said to be unreadable when it is written.
fn preview(run: Run, adr_dir: &std::path::Path) -> Preview {
    let audit = Audit::of(run, crate::adr::read_dir(adr_dir).unwrap_or_default());
    Preview {
        requirements: audit.requirements,
        decisions: audit.decisions.adrs.len(),
        unreadable: audit.decisions.unreadable.len(),
    }
}

/// Waits for a signal that asks the process to end. In raw mode ctrl-c is a key; SIGINT here comes from elsewhere.
async fn listen(messages: UnboundedSender<Message>) {
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    let _ = futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    let _ = messages.send(Message::Terminated);
}
