//! Reads architecture decision records of every common dialect, lints them, and says which check verifies which decision.
//!
//! Owns the Markdown files of one directory: [`read_dir`] turns them into [`Decisions`]. MADR 2 to 4 (front matter), Nygard and
//! adr-tools (`## Status`), log4brains (`- Status: accepted`) and plain `Status: accepted` lines are understood; a file that cannot be
//! read is reported beside the others, never hidden and never fatal. Renders nothing: `audit` does, and must treat
//! [`Adr::body_markdown`] as untrusted text (control and direction characters are already visible escapes, markup is as written).

mod document;
mod links;
mod lint;
mod metadata;
mod model;
mod parse;
mod read;
mod status;
#[cfg(test)]
mod tests;

pub use lint::{Level, Lint, RULES, Rule};
pub use model::{Adr, AdrId, Decisions, Link, Skipped, Status, Unreadable, VerifiedBy};
pub use read::{AdrError, read_dir};
