//! The robustness suite: odd, oversized and malformed requests, each answered and none obeyed.

mod catalogue;

pub use catalogue::CHECKS;
