//! Flaws of the suite `jwt`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
