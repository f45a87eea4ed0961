//! One writer for each form over one finished audit: for `--format`, `--report` and `console report` alike.

use std::io::Write as _;
use std::path::Path;

use crate::audit::{self, Audit, AuditError};
use crate::cli::Form;
use crate::run::{Event, Run};

use super::human;

/// The audit in `form`, as a whole text.
pub fn render(form: Form, audit: &Audit) -> Result<String, AuditError> {
    match form {
        Form::Human => Ok(human::report(audit)),
        Form::Ndjson => Ok(replay(&audit.run)?),
        Form::Json => audit::json(audit),
        Form::Markdown => Ok(audit::brief(audit)),
        Form::Html => audit::html(audit),
        Form::Junit => audit::junit(audit),
        Form::Sarif => audit::sarif(audit),
        Form::Github => Ok(audit::github(audit)),
    }
}

/// The events of a finished run, a line each, as far as its document tells them.
fn replay(run: &Run) -> Result<String, serde_json::Error> {
    let started = Event::Started {
        run: run.id.clone(),
        target: run.target.name.clone(),
        url: run.target.url.clone(),
        checks: run.checks.iter().map(|check| check.id.clone()).collect(),
    };
    let releases = run.releases.iter().map(|release| Event::Release { release: release.clone() });
    let results = run.checks.iter().map(|check| Event::CheckFinished { result: Box::new(check.clone()) });
    let notes = run.notes.iter().map(|note| Event::Note { text: note.clone() });
    let events = std::iter::once(started).chain(releases).chain(results).chain(notes);
    let events = events.chain([Event::Finished { run: Box::new(run.clone()) }]);
    events.map(|event| serde_json::to_string(&event).map(|line| line + "\n")).collect()
}

/// Adds the summary of `audit` to the page of a GitHub step, whose file `GITHUB_STEP_SUMMARY` names.
pub fn step_summary(audit: &Audit, file: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file)?;
    file.write_all(audit::brief(audit).as_bytes())
}
