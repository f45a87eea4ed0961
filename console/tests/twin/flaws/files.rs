//! Flaws of the suites `secrets` and `procfile`. They need no running twin: each is a repository made for the purpose.

use super::Flaw;

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[];
