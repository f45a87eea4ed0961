//! The cards of the suite `robustness`.

use super::super::Check;

/// The suite.
pub const CHECKS: &[Check] = &[];
