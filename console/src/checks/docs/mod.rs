//! The docs suite: what should not be there in production (OWASP API9:2023), and what errors give away.
//!
//! Only what is truly served is a flaw: a 2xx whose body is recognised. A front end that answers every path with the same page serves
//! nothing. Every path is compared with an unknown one in the same directory, so that a closed door also looks like a wall.

mod asked;
mod catalogue;
mod errors;
mod paths;
mod recognise;
mod same;

#[cfg(test)]
mod tests;

pub use catalogue::CHECKS;
pub(super) use same::without_ids;
