//! How a token travels: literals in its place, other schemes, two headers at once, places where a token does not belong, and forms that
//! are no token.

mod misplaced;
mod scheme;
mod structure;

pub(super) use misplaced::{body, cookie, header, query};
pub(super) use scheme::{duplicate, literal, scheme};
pub(super) use structure::structure;
