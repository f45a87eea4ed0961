//! Runs the catalogue: plan, controls, schedule, deadline, journal and clean-up, as one stream of events.
//!
//! Knows no check by name. Reads a target, asks the checks through `http`, and hands back a [`Run`](crate::run::Run).

mod inputs;

pub use inputs::Inputs;
