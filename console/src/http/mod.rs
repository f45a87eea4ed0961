//! The only room that talks to the network: politeness, caps, timings, redaction and the cleaning of untrusted text.
//!
//! Owns probes, answers, the client, and the raw wire for what an HTTP client would tidy up. Knows nothing of checks and verdicts.

mod answer;
mod asked_wait;
mod clean;
mod client;
mod credential;
mod csrf;
mod edge;
mod elsewhere;
mod exchange;
mod gate;
mod given_away;
mod in_vain;
mod in_words;
mod inside;
mod limits;
mod manner;
mod meter;
mod overheard;
mod patience;
mod pool;
mod preconditions;
mod probe;
mod raw;
mod record;
mod scope;
mod strain;
pub mod tls;
mod trouble;
pub mod trust;
mod unsaid;
mod vault;

pub use answer::{Answer, Headers};
pub use clean::clean;
pub use client::Client;
pub use credential::Credential;
pub use csrf::CsrfToken;
pub use elsewhere::Elsewhere;
pub use gate::Window;
pub(crate) use given_away::hash_in;
pub(crate) use inside::inside;
pub use limits::Limits;
pub use meter::{Meter, MeterReading};
pub(crate) use patience::BAD_GATEWAYS;
pub use probe::{Body, Probe};
pub use raw::{Ending, Raw, Reply};
pub use record::evidence;
pub use scope::Scope;
pub use trouble::Trouble;
