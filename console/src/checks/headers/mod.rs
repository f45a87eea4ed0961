//! The headers suite: what an API tells browsers and caches about its answers, by value and not by presence.
//!
//! A missing header is a remark unless the operator's policy requires it; a value that does harm is a flaw. Values are judged on the
//! common answers (200, 401, 404); one check asks whether they are the same on every other status.

mod asked;
mod catalogue;
mod judges;
mod spread;

#[cfg(test)]
mod tests;

pub use catalogue::CHECKS;
