//! The configuration suite: what the service's own `check-config` and the platform say, held against what production needs.

mod catalogue;

pub use catalogue::CHECKS;
