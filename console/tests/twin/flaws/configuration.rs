//! Flaws of the suite `configuration`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
