//! The only room that talks to the network: politeness, caps, timings, redaction and the cleaning of untrusted text.
//!
//! Owns probes, answers, the client, and the raw wire for what an HTTP client would tidy up. Knows nothing of checks and verdicts.

mod answer;
mod clean;
mod client;
mod credential;
mod edge;
mod elsewhere;
mod meter;
mod pace;
mod pool;
mod probe;
mod raw;
mod record;
mod scope;
mod slots;
pub mod tls;
mod trouble;
pub mod trust;
mod unsaid;
mod vault;

pub use answer::{Answer, Headers};
pub use clean::clean;
pub use client::{Client, Limits};
pub use credential::Credential;
pub use elsewhere::Elsewhere;
pub use meter::{Meter, MeterReading};
pub use pace::Window;
pub use probe::{Body, Probe};
pub use raw::{Ending, Raw, Reply};
pub use record::evidence;
pub use scope::Scope;
pub use trouble::Trouble;
