//! The only room that talks to the network: politeness, caps, timings, redaction and the cleaning of untrusted text.
//!
//! Owns probes, answers and the client. Knows nothing of checks and verdicts.

mod answer;
mod clean;
mod client;
mod credential;
mod edge;
mod elsewhere;
mod pace;
mod probe;
mod record;
mod trouble;
pub mod trust;
mod unsaid;
mod vault;

pub use answer::{Answer, Headers};
pub use clean::clean;
pub use client::{Client, Limits, Meter, MeterReading, Scope};
pub use credential::Credential;
pub use elsewhere::Elsewhere;
pub use pace::Window;
pub use probe::{Body, Probe};
pub use record::evidence;
pub use trouble::Trouble;
