//! Flaws of the suite `robustness`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
