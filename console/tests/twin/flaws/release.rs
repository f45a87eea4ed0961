//! Flaws of the suite `release`.

use super::{Flaw, flaw, weakness};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw(
        "release.other-commit",
        "Another commit answers than the one that was deployed.",
        &["release.commit"],
        &["configuration.control"],
    ),
    weakness("release.unnamed", "Health does not say which release answers.", &["release.commit"], &[]),
    flaw(
        "release.started-before-deploy",
        "The process that answers was started before the deploy.",
        &["release.started"],
        &["release.steady"],
    ),
    flaw(
        "release.starts-in-the-future",
        "The process says that it starts three days from now.",
        &["release.start-time"],
        &["release.steady"],
    ),
    flaw("release.restarts", "The process starts anew with every answer: a crash loop.", &["release.steady"], &[]),
    flaw(
        "release.replicas-disagree",
        "One replica of three still runs the old commit.",
        &["release.replicas"],
        &["release.commit", "configuration.control"],
    ),
    flaw("release.schema-behind", "The newest migration was not applied.", &["release.schema"], &[]),
    flaw("release.late", "The release answered seven minutes after its deploy.", &["release.soon"], &[]),
];
