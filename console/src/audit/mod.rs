//! The audit: one model of a run, the decisions behind it and the requirements it speaks for, and the files that show it.
//!
//! Owns what a reader is told: which requirement stands how, which measures were seen at work, what could not be judged and why, and
//! how hostile text is kept from becoming live in HTML and Markdown. Judges nothing itself (`checks` does), reads no ADR (`adr` does)
//! and knows no network. The same run and decisions always give the same bytes.

mod brief;
mod changes;
mod earlier;
mod escape;
mod files;
mod github;
mod junit;
mod measures;
mod model;
mod prose;
mod requirements;
mod sarif;
mod templates;
mod view;

pub use brief::{MOST, brief};
pub use changes::{Change, Changes, ListChange};
pub use earlier::earlier;
pub use files::{AuditError, Written, load, put, read, write};
pub use github::github;
pub use junit::junit;
pub use measures::{MEASURES, Measure};
pub use model::{Audit, Judged, MeasureSeen, Standing};
pub use requirements::{Carrier, REQUIREMENTS, Requirement};
pub use sarif::sarif;
pub use templates::{html, json, markdown};
