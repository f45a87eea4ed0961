//! What a TLS peer shows of itself: its certificate, the versions and suites it takes, and who else it serves.
//!
//! The one room where a certificate need not be trusted to be looked at. Nothing here carries a credential over an untrusted connection.

mod certificate;
mod handshake;
mod hello;
mod reply;
mod talk;
mod ways;

pub use certificate::{Certificate, Key};
pub use handshake::Handshake;
pub use hello::{Hello, Version, suites};
pub use reply::{Reply, ServerHello};
