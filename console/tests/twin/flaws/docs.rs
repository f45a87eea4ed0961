//! Flaws of the suite `docs`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
