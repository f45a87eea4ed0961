//! Watches a service while a release lands: which release answers, how fast, and how long nothing did.
//!
//! Owns the reading of release identity, the polling loop, the latency history and the wait for one release. Judges no check and
//! draws nothing: it sends [`Poll`]s to whoever listens.

mod history;
mod poll;
mod release;
mod usual;
mod wait;
mod watcher;

pub use history::{Change, History, Percentiles};
pub use poll::{Asked, Condition, Poll};
pub use release::{is_commit, release_at, release_of, same_commit, schema_at, started_at, started_of};
pub use usual::with_usual_health;
pub use wait::{Landed, WaitError, Wanted, wait_for, wait_for_release};
pub use watcher::{Pace, Watcher};
