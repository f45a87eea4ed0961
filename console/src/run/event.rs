//! The one stream of events that a run in progress emits; screen, plain lines and NDJSON all read it.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{CheckResult, ReleaseSeen, Run};
use crate::http::clean;

/// What a run is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Waiting for the release that was deployed.
    Waiting,
    /// Clearing what an interrupted run left.
    Sweeping,
    /// Getting tokens and proving that the good case works.
    Preparing,
    /// Asking the checks.
    Checking,
    /// Deleting what this run made.
    Cleaning,
}

/// Something that happened in a run. Serialised as one NDJSON line with a `type` field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The run began; `checks` lists every id that will be reported, in order.
    Started {
        /// The run's id, as it stands in the user agent and in every marker.
        run: String,
        /// Name of the target.
        target: String,
        /// Base URL of the target.
        url: String,
        /// Ids of the selected checks.
        checks: Vec<String>,
    },
    /// The run entered a phase.
    Phase {
        /// The phase.
        phase: Phase,
    },
    /// The release that was deployed does not answer yet, or not steadily.
    Waiting {
        /// What answers instead, in a few words.
        seen: String,
        /// For how long it has been waited, in milliseconds.
        waited_ms: u64,
        /// How long it will be waited at most, in milliseconds.
        timeout_ms: u64,
    },
    /// A release answered.
    Release {
        /// What it said of itself.
        release: ReleaseSeen,
    },
    /// A check began.
    CheckStarted {
        /// Its id.
        id: String,
    },
    /// A check was concluded. A later event with the same id replaces it (a closing control may withdraw what it covers).
    CheckFinished {
        /// The result.
        result: Box<CheckResult>,
    },
    /// How far the run is; sent at most a few times a second.
    Progress {
        /// Requests sent so far.
        probes: u64,
        /// Checks concluded so far.
        done: usize,
        /// Checks selected.
        total: usize,
    },
    /// Something the operator should read: a retry, a wait, an object left behind.
    Note {
        /// One sentence, cleaned.
        text: String,
    },
    /// The run ended; the document is complete.
    Finished {
        /// The whole record.
        run: Box<Run>,
    },
}

/// The sending side of the stream. Sending never blocks and never fails: a reader that went away is nobody's error. Remembers the notes,
/// so that the document of the run has them too.
#[derive(Clone, Debug)]
pub struct Events {
    stream: mpsc::UnboundedSender<Event>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Events {
    /// A stream and its reader.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (stream, receiver) = mpsc::unbounded_channel();
        (Self { stream, notes: Arc::default() }, receiver)
    }

    /// Emits one event.
    pub fn send(&self, event: Event) {
        let _ = self.stream.send(event);
    }

    /// Emits a note.
    pub fn note(&self, text: impl Into<String>) {
        let text = clean(&text.into());
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        self.send(Event::Note { text });
    }

    /// Every note so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
