//! Watches a service while a release lands: which release answers, how fast, and how long nothing did.
//!
//! Owns the reading of release identity, the polling loop, the latency history and the wait for one release. Judges no check and
//! draws nothing: it sends [`Poll`]s to whoever listens.

mod release;

pub use release::{is_commit, release_of, same_commit, started_of};
mod stub;
pub use stub::*;
