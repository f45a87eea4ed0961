//! What people see: the dashboard drawn into a buffer, its keys, its loop, the real program in a pseudo-terminal, lines and help texts.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod drawn;
mod fixture;
mod help;
mod keys;
mod lines;
mod looped;
mod pty;
mod terminal;
