//! The server, over real TCP, on both engines. One file a topic.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod authentication;
mod commands;
mod connections;
mod create;
mod documentation;
mod errors;
mod headers;
mod health;
mod isolation;
mod list;
mod metrics;
mod origin;
mod outage;
mod preconditions;
mod rate_limit;
mod update;
