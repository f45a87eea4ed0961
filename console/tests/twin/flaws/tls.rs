//! Flaws of the suite `tls`.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
