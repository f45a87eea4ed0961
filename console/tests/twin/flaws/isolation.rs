//! Flaws of the suite `isolation`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
