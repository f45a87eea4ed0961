//! Flaws of the suite `release`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
