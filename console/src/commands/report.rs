//! `console report`: renders the reports of a finished run again.

use anyhow::Context as _;

use super::{Exit, verify};
use crate::audit;
use crate::cli::ReportArgs;

/// Renders the document that `args` names, with today's decision records.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let run = audit::load(&args.file).with_context(|| format!("cannot render {}", args.file.display()))?;
    verify::write_reports(&run, &args.paths.adr_dir, &args.out)?;
    Ok(Exit::Pass)
}
