//! What a run looks like without the dashboard: lines for people, one JSON object an event, or one document at the end.
//!
//! Reads the same stream of events that the dashboard draws. Results go to standard output, progress and notes to standard error. A
//! reader that goes away (`| head`) is not an error: the run goes on, so that it can delete what it made. How a finished audit is
//! written in each form is `render`'s choice; the forms themselves belong to `audit`.

mod human;
mod lines;
mod progress;
mod render;

use std::io::{IsTerminal as _, Write as _};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::Form;
use crate::run::Event;
use crate::tui::Palette;

pub use human::{changed, summary};
pub use lines::Lines;
pub use progress::Busy;
pub use render::{render, step_summary};

/// Prints the events of a run until there are no more: lines or NDJSON as they come; for every other form only progress and notes.
pub async fn follow(mut events: UnboundedReceiver<Event>, form: Form) {
    let mut lines = lines();
    if form != Form::Human {
        lines = lines.without_results();
    }
    while let Some(event) = events.recv().await {
        if form == Form::Ndjson {
            say(&(serde_json::to_string(&event).unwrap_or_default() + "\n"));
        }
        lines.event(&event, &mut std::io::stdout(), &mut std::io::stderr());
    }
}

/// Lines as this process can print them.
fn lines() -> Lines {
    let palette = Palette::of_environment(|name| std::env::var(name).ok());
    let progress = std::io::stderr().is_terminal().then(|| width().unwrap_or(80));
    Lines::new(palette, columns(), progress)
}

/// Columns of standard output, where it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    std::io::stdout().is_terminal().then(width).flatten()
}

fn width() -> Option<usize> {
    crossterm::terminal::size().ok().map(|(columns, _)| columns.into()).filter(|columns| *columns > 0)
}

/// Prints `text` as it stands; whether anybody still reads.
pub fn say(text: &str) -> bool {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}
