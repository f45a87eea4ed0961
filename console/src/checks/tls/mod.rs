//! The TLS suite: certificate, protocol versions, and what plain HTTP answers.

mod catalogue;

pub use catalogue::CHECKS;
