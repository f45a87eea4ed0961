//! The real programs that tests put beside Postflight: a pooler, a Procfile runner, stock backends of other people; and the real `console`.
//!
//! Each is started on loopback in a throw-away directory, awaited with a deadline and killed when its handle is dropped.
//! A program that is missing is a failed test whose message says what installs it, never a skipped one.
#![allow(dead_code, reason = "each test binary uses only some of the supports it includes")]

pub(crate) mod pgbouncer;
pub(crate) mod process;
pub(crate) mod procfile;
pub(crate) mod stock;
pub(crate) mod verify;
