//! What some checks need beside the live target: the repository, the release that was deployed, the values of declared secrets.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use time::OffsetDateTime;

use crate::checks::secrets::ScanCell;

/// Inputs of a run that do not come from the target itself.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The commit that was deployed, if the operator named it; at least seven hexadecimal digits.
    pub commit: Option<String>,
    /// When the deploy began.
    pub deployed_at: Option<OffsetDateTime>,
    /// How long it took from the deploy to the first 200 of that release, when the gate measured it.
    pub waited: Option<Duration>,
    /// Root of the git work tree that was deployed.
    pub repository: Option<PathBuf>,
    /// Declared secrets of the service that the console's own environment holds: variable name and value.
    pub secrets: Vec<(String, SecretString)>,
    /// The reading of the repository that checks share; empty at the start.
    pub scan: ScanCell,
}
