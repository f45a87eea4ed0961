//! The procfile suite: will the platform start this release, and the right program of it?
//!
//! Reads the files of HEAD as the builder would: `parse` is the Procfile, `command` a start command, `builder` what Railpack makes of the
//! repository. A deployment that cannot start shows up live only as "Application failed to respond"; here the reason shows.

mod ask;
mod builder;
mod catalogue;
mod command;
mod parse;

pub use catalogue::CHECKS;
