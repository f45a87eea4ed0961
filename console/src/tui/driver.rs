//! Carries out intents: starts and stops runs, polls, writes the audit, fills the clipboard. Answers with messages.

use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::state::Setting;
use super::{Carry, Intent, Message, Setup};
use crate::run::{Event, Events, Run};
use crate::{commands, verify, watch};

/// The hands of the dashboard.
pub(super) struct Driver {
    setup: Setup,
    messages: UnboundedSender<Message>,
    stop: CancellationToken,
    watching: CancellationToken,
    run: Arc<std::sync::Mutex<Option<Run>>>,
}

impl Driver {
    /// A driver, and where its messages arrive.
    pub(super) fn new(setup: Setup) -> (Self, UnboundedReceiver<Message>) {
        let (messages, inbox) = unbounded_channel();
        let driver =
            Self { setup, messages, stop: CancellationToken::new(), watching: CancellationToken::new(), run: Arc::default() };
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

    fn verify(&mut self) {
        self.stop = CancellationToken::new();
        let (events, mut stream) = Events::channel();
        let (messages, kept) = (self.messages.clone(), Arc::clone(&self.run));
        tokio::spawn(async move {
            while let Some(event) = stream.recv().await {
                if let (Event::Finished { run }, Ok(mut kept)) = (&event, kept.lock()) {
                    *kept = Some((**run).clone());
                }
                let _ = messages.send(Message::Run(event));
            }
        });
        let Setup { target, options, inputs, .. } = self.setup.clone();
        let (messages, stop) = (self.messages.clone(), self.stop.clone());
        tokio::spawn(async move {
            if let Err(error) = verify::run(target, options, inputs, events, stop).await {
                let _ = messages.send(Message::Fault(error.to_string()));
            }
        });
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

    fn write(&self) {
        let run = self.run.lock().ok().and_then(|run| run.clone());
        let (setup, messages) = (self.setup.clone(), self.messages.clone());
        tokio::task::spawn_blocking(move || {
            let Some(run) = run else { return };
            let message = match commands::verify::publish(&run, &setup.adr_dir, &setup.out) {
                Ok(paths) => Message::Written(paths.iter().map(|path| path.display().to_string()).collect()),
                Err(error) => Message::Fault(format!("{error:#}")),
            };
            let _ = messages.send(message);
        });
    }

    /// Asks the terminal to put `text` into the clipboard (OSC 52); terminals that cannot, ignore it.
    fn copy(text: &str) {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = std::io::stdout();
        let _ = write!(out, "\x1b]52;c;{encoded}\x07").and_then(|()| out.flush());
    }
}

impl Carry for Driver {
    fn carry_out(&mut self, intent: Intent) {
        match intent {
            Intent::Watch => self.watch(),
            Intent::Verify => self.verify(),
            Intent::Stop => self.stop.cancel(),
            Intent::Write => self.write(),
            Intent::Copy(text) => Self::copy(&text),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.cancel();
        self.watching.cancel();
    }
}
