//! How a token travels: literals in its place, other schemes, two headers at once, places where a token does not belong, forms that are no
//! token, and cookies without what must stand beside them.

mod csrf;
mod misplaced;
mod scheme;
mod structure;

pub(super) use csrf::csrf;
pub(super) use misplaced::{body, cookie, header, query};
pub(super) use scheme::{duplicate, literal, scheme};
pub(super) use structure::structure;
