//! The cards of the suite `tls`.

use super::super::Check;

/// The suite.
pub const CHECKS: &[Check] = &[];
