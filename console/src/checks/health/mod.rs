//! The health suite.

use super::Check;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[];
