//! The operator's console: verifies a live deployment and publishes the audit.
//!
//! Data flows one way: `target` → `verify` (the `checks` over `http`) → `run::Run` → `audit` (with the decisions of `adr`) → files;
//! the events of a run feed the `tui` and the plain lines alike. Nothing here knows the tasks server, except `demo`, which starts it.

pub mod adr;
pub mod audit;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod http;
pub mod output;
pub mod repository;
pub mod run;
pub mod target;
pub(crate) mod text;
pub mod token;
pub mod tui;
pub mod verify;
pub mod watch;
