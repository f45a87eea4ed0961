//! The only room that talks to the network: politeness, caps, timings, redaction and the cleaning of untrusted text.
//!
//! Owns probes, answers and the client. Knows nothing of checks and verdicts.

mod answer;
mod clean;
mod client;
mod credential;
mod elsewhere;
mod probe;
mod record;
mod scope;
mod slots;
mod trouble;
pub mod trust;
mod unsaid;

pub use answer::{Answer, Headers};
pub use clean::clean;
pub use client::{Client, Limits, Meter, MeterReading};
pub use credential::Credential;
pub use elsewhere::Elsewhere;
pub use probe::{Body, Probe};
pub use record::evidence;
pub use scope::Scope;
pub use trouble::Trouble;
