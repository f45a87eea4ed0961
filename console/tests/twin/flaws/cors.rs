//! Flaws of the suite `cors`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
