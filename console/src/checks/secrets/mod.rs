//! The secrets suite: is any secret of the service where it must not be, and is each one fit for its purpose?
//!
//! Reads the tree and the whole history once a run ([`ScanCell`]), looks for the values of declared secrets in every form and for
//! well-known forms of credentials, and judges the values themselves. Evidence names path, commit, line and rule; it never holds a secret.
//!
//! `scan` reads, `search` and `needles` find, `rules` is the table of known forms, `judge` tells secrets from placeholders, `allow` is what
//! the operator accepts; `fallback`, `dotenv` and `hygiene` are rules of their own; `ask` makes findings of it, `catalogue` is the cards.

mod allow;
mod ask;
mod catalogue;
mod dotenv;
mod fallback;
mod hygiene;
mod judge;
mod needles;
mod rules;
mod scan;
mod search;

pub use catalogue::CHECKS;
pub use scan::ScanCell;
pub(crate) use scan::with_repository;
