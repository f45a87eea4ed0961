//! What a run looks like without the dashboard: lines for people, one JSON object an event, or one document at the end.
//!
//! Reads the same stream of events that the dashboard draws. Results go to standard output, progress and notes to standard error.

mod human;

use std::io::{IsTerminal as _, Write};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::Format;
use crate::run::{Event, Run};
use human::Human;

pub use human::summary;

/// Prints the events of a run in `format` until the run is finished, and returns its document.
pub async fn follow(mut events: UnboundedReceiver<Event>, format: Format) -> Option<Run> {
    let mut human = Human::new(std::io::stderr().is_terminal());
    while let Some(event) = events.recv().await {
        match format {
            Format::Human => human.event(&event, &mut std::io::stdout(), &mut std::io::stderr()),
            Format::Ndjson => ndjson(&event),
            Format::Json => {}
        }
        if let Event::Finished { run } = event {
            return Some(finished(*run, format));
        }
    }
    None
}

fn finished(run: Run, format: Format) -> Run {
    if format == Format::Json {
        line(&serde_json::to_string_pretty(&run).unwrap_or_default());
    }
    run
}

fn ndjson(event: &Event) {
    line(&serde_json::to_string(event).unwrap_or_default());
}

/// Prints a line; a reader that went away (`| head`) is not an error.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
