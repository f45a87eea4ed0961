//! Flaws of the suite `headers`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
