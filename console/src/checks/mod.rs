//! The catalogue: what a live deployment is asked, suite by suite.
//!
//! Owns what a check *is* (id, reason, severity, references, requirements, how to mend it) and how each one asks and judges. Order,
//! controls, deadline and clean-up belong to `verify`.

mod accounts;
mod act;
mod battery;
mod beside_token;
mod caches;
mod check;
mod context;
pub(crate) mod json_id;
mod judgement;
mod objects;
mod outcome;
pub(crate) mod paging;
mod passwords;
mod quiet;
mod roles;
mod shared;
mod specimens;
mod users;
mod wire;

pub mod configuration;
pub mod cors;
pub mod docs;
pub mod headers;
pub mod health;
pub mod isolation;
pub mod jwt;
pub mod procfile;
pub mod release;
pub mod robustness;
pub mod secrets;
pub mod tls;

pub use accounts::{Login, Refreshed, Registry, Session, SignedUp};
pub use act::Act;
pub use battery::{Case, FLAWS_KEPT, at_once_or_each, battery, shared_battery};
use battery::{concluded, shared_answers};
pub use check::{Check, Checked, Moment, Need, Reference, Remedy, Suite};
pub use context::{Context, Forge};
pub use judgement::Judgement;
pub use objects::{Object, Objects, Role};
pub use outcome::Outcome;
pub use quiet::Quiet;
pub(crate) use quiet::{EXHAUSTS, waits_its_turn};
pub use shared::Shared;
pub use users::{User, Users};

/// Every check, suite by suite, in the order in which reports show them.
pub fn catalogue() -> impl Iterator<Item = &'static Check> {
    Suite::ALL.iter().flat_map(|suite| suite.checks())
}

/// The check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    catalogue().find(|check| check.id == id)
}
