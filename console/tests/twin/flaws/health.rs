//! Flaws of the suite `health`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
