//! Flaws of the suite `release`.

use super::{Flaw, flaw};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("release.other-commit", "Another commit answers than the one that was deployed.", &[], &[]),
    flaw("release.unnamed", "Health does not say which release answers.", &[], &[]),
    flaw("release.started-before-deploy", "The process that answers was started before the deploy.", &[], &[]),
    flaw("release.starts-in-the-future", "The process says that it starts three days from now.", &[], &[]),
    flaw("release.restarts", "The process starts anew with every answer: a crash loop.", &[], &[]),
    flaw("release.replicas-disagree", "One replica of three still runs the old commit.", &[], &[]),
];
