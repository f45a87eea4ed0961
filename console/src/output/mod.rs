//! What a run looks like without the dashboard: lines for people, one JSON object an event, or one document at the end.
//!
//! Reads the same stream of events that the dashboard draws. Results go to standard output, progress and notes to standard error. A
//! reader that goes away (`| head`) is not an error: the run goes on, so that it can delete what it made.

mod human;

use std::io::{IsTerminal as _, Write as _};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::Format;
use crate::run::{Event, Run};

pub use human::{Human, summary};

/// Prints the events of a run in `format` until the run is finished, and returns its document.
pub async fn follow(mut events: UnboundedReceiver<Event>, format: Format) -> Option<Run> {
    let human = Human { progress: std::io::stderr().is_terminal(), columns: columns() };
    while let Some(event) = events.recv().await {
        match format {
            Format::Human => human.event(&event, &mut std::io::stdout(), &mut std::io::stderr()),
            Format::Ndjson => line(&serde_json::to_string(&event).unwrap_or_default()),
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

/// Columns of standard output, where it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    let terminal = std::io::stdout().is_terminal();
    terminal.then(|| crossterm::terminal::size().ok()).flatten().map(|(columns, _)| columns.into()).filter(|columns| *columns > 0)
}

/// Prints `text` as it stands; whether anybody still reads.
pub fn say(text: &str) -> bool {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

fn line(text: &str) {
    say(&format!("{text}\n"));
}
