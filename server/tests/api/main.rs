//! The server, over real TCP, on both engines. One file a topic.

#[path = "../support/mod.rs"]
mod support;

mod create;
mod isolation;
mod list;
mod preconditions;
mod update;
