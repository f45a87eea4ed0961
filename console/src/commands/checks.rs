//! `console checks`: the catalogue as a list, or one check explained.

use anyhow::Context as _;
use serde_json::json;

use super::Exit;
use crate::checks::{Check, catalogue, find};
use crate::cli::{ChecksArgs, Format};
use crate::output::say;

/// Lists the catalogue, or explains the check that `args` names.
pub(super) fn run(args: &ChecksArgs) -> anyhow::Result<Exit> {
    say(&match (&args.id, args.format) {
        (Some(id), Format::Human) => explained(named(id)?),
        (Some(id), _) => format!("{}\n", card(named(id)?)),
        (None, Format::Human) => listed(),
        (None, Format::Json) => format!("{}\n", catalogue().map(card).collect::<serde_json::Value>()),
        (None, Format::Ndjson) => catalogue().map(|check| format!("{}\n", card(check))).collect(),
    });
    Ok(Exit::Pass)
}

fn named(id: &str) -> anyhow::Result<&'static Check> {
    find(id).with_context(|| format!("no check is called `{id}`; `console checks` lists them all"))
}

fn listed() -> String {
    let width = catalogue().map(|check| check.id.len()).max().unwrap_or_default();
    catalogue().map(|check| format!("{:width$}  {:8}  {}\n", check.id, check.severity, check.title)).collect()
}

fn card(check: &Check) -> serde_json::Value {
    let references: Vec<_> =
        check.references.iter().map(|reference| json!({ "name": reference.name, "url": reference.url })).collect();
    json!({
        "id": check.id, "suite": check.suite, "title": check.title, "severity": check.severity, "why": check.why,
        "expectation": check.expectation, "requirements": check.requirements, "references": references,
        "remedy": { "axum": check.remedy.axum, "fastapi": check.remedy.fastapi, "express": check.remedy.express },
    })
}

fn explained(check: &Check) -> String {
    let references: String =
        check.references.iter().map(|reference| format!("  {} <{}>\n", reference.name, reference.url)).collect();
    let needs: String = check.needs.iter().map(|need| format!("  otherwise skipped: {}\n", need.reason())).collect();
    format!(
        "{}: {}\n\nSeverity      {}\nRequirements  {}\n\nWhy it matters\n  {}\n\nWhat is expected\n  {}\n\nHow to mend it\n  axum     {}\n  FastAPI  {}\n  Express  {}\n\nWritten down in\n{references}\nNeeds\n{}",
        check.id,
        check.title,
        check.severity,
        check.requirements.join(", "),
        check.why,
        check.expectation,
        check.remedy.axum,
        check.remedy.fastapi,
        check.remedy.express,
        if needs.is_empty() { "  nothing beside the URL\n" } else { &needs },
    )
}
