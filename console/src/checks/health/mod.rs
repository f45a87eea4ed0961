//! The health suite: does the service answer, does deep health prove what it says, and does it say no more than it should?
//!
//! Owns liveness, deep health, freshness, the clock and what health answers give away. Which release answers belongs to `release`.

mod api;
mod body;
mod catalogue;
mod clock;
mod leaks;
mod sample;
mod states;

pub use catalogue::CHECKS;
pub(super) use leaks::{inner_host, tells};
pub(super) use sample::samples;
