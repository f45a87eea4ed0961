//! The cards of the suite `configuration`.

use super::super::Check;

/// The suite.
pub const CHECKS: &[Check] = &[];
