//! `console report`: renders a finished run again, in every form.

use std::path::Path;

use anyhow::Context as _;

use super::{Exit, verify};
use crate::audit;
use crate::cli::ReportArgs;

/// Renders the document that `args` names, with today's decision records.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let (run, changes) = audit::read(&args.file).with_context(|| format!("cannot render {}", args.file.display()))?;
    let earlier = verify::earlier(args.since.as_deref(), &run.target.name, run.started_at)?;
    let mut audit = verify::audit(run, &args.paths.adr_dir)?.with_changes(changes);
    if let Some(earlier) = earlier {
        audit = audit.since(&earlier);
    }
    if let Some(form) = args.format {
        verify::print(form, &audit)?;
    }
    verify::write_forms(&args.report, &audit)?;
    let usual = (args.format.is_none() && args.report.is_empty()).then(|| Path::new("out"));
    if let Some(out) = args.out.as_deref().or(usual) {
        verify::write_reports(&audit, out)?;
    }
    Ok(Exit::Pass)
}
