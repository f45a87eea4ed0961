//! How a run is to be conducted.

use std::path::PathBuf;

use crate::checks::Suite;
use crate::http::Limits;
use crate::verify::Demands;

/// Options of one run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Suites to ask, in catalogue order.
    pub suites: Vec<Suite>,
    /// Of those, only the checks of these ids, beside their controls; all of them when absent.
    pub only: Option<Vec<&'static str>>,
    /// What bounds the run.
    pub limits: Limits,
    /// Create nothing, even where it is allowed.
    pub read_only: bool,
    /// Ask every variant on every surface instead of the most telling ones.
    pub exhaustive: bool,
    /// Where journals of creations are kept.
    pub journal: PathBuf,
    /// What must be judged, and what counts as failing.
    pub demands: Demands,
    /// Whether this is the demonstration on the embedded server.
    pub demo: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            suites: Suite::ALL.to_vec(),
            only: None,
            limits: Limits::default(),
            read_only: false,
            exhaustive: false,
            journal: super::default_directory(),
            demands: Demands::default(),
            demo: false,
        }
    }
}
