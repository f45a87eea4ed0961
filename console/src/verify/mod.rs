//! Runs the catalogue: plan, controls, schedule, deadline, journal and clean-up, as one stream of events.
//!
//! Knows no check by name. Reads a target, asks the checks through `http`, and hands back a [`Run`].

mod accept;
mod budget;
mod calls;
mod conclude;
mod csrf;
mod engine;
mod inputs;
mod journal;
mod listed;
mod marker;
mod needs;
mod options;
mod parents;
mod plan;
mod purse;
mod registrar;
mod releases;
mod routes;
mod sentinel;
mod stand_in;
mod sweep;
mod users;
mod workshop;

use std::sync::Arc;

use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub(crate) use calls::filled_object;
pub use conclude::{Demands, FailOn, conclude};
pub use inputs::Inputs;
pub use journal::{Journal, JournalError, default_directory};
pub use options::Options;
pub use plan::{Plan, plan};
pub(crate) use registrar::password as fresh_password;
pub use routes::document;
pub use sweep::{Swept, cleanup};

use crate::http::Trouble;
use crate::run::{Event, Events, Run};
use crate::target::Target;
use crate::watch::with_usual_health;

use needs::Given;

/// Why a verification could not even begin.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The client could not be made.
    #[error("cannot set up the HTTP client: {0}")]
    Client(#[source] Trouble),
    /// Nothing may be created without a journal of it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Verifies `target`. Whatever happens after the first request (errors, the deadline, `stop`), what was made is deleted again and a
/// [`Run`] comes back.
pub async fn run(
    target: Arc<Target>,
    options: Options,
    inputs: Inputs,
    events: Events,
    stop: CancellationToken,
) -> Result<Run, VerifyError> {
    let target = with_usual_health(target, options.limits, &stop).await;
    if target.paths.guessed {
        events.note(match &target.paths.health {
            Some(path) => format!("no health path is declared, so {path} is taken for it"),
            None => "no health path is declared, and none of the usual ones answers".to_owned(),
        });
    }
    let target = routes::complete(target, &options, &events, &stop).await;
    let options = within_means(options, &target, &inputs, &events);
    let engine = engine::Engine::new(Arc::clone(&target), options.clone(), inputs, events.clone(), stop.clone())?;
    let run = Box::pin(engine.run()).await?;
    let run = stand_in::judge(run, &target, &options, &events, stop).await;
    events.send(Event::Finished { run: Box::new(run.clone()) });
    Ok(run)
}

/// The options, without every variant where limits leave no room for them.
fn within_means(options: Options, target: &Target, inputs: &Inputs, events: &Events) -> Options {
    let given = Given::planned(target, &options, inputs);
    if !options.exhaustive || budget::has_room_for_every_variant(&options.suites, &options.limits, &given) {
        return options;
    }
    events.note("the limits leave no room for --exhaustive, so that the most telling variants are asked; a longer --deadline or a larger budget asks all");
    Options { exhaustive: false, ..options }
}
