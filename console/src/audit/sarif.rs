//! The audit as SARIF 2.1.0: a rule for each check that was selected, a result for each FAIL and WARN, with who answers for it as its
//! suppression.
//!
//! What could not be judged is no result but a notification of the invocation: a log without results must not read as a pass. A live
//! finding has no line of source. Its logical locations are the requests; its physical one is the file that describes the target, since
//! code scanning refuses a result without a place in the repository.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString, Notification, PhysicalLocation,
    PropertyBag, Region, ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference, Result as Finding, ResultLevel,
    Run as Log, RunAutomationDetails, Sarif, Suppression, Tool, ToolComponent,
};
use sha2::{Digest as _, Sha256};
use time::format_description::well_known::Rfc3339;

use super::{Audit, AuditError};
use crate::checks::{self, Check};
use crate::http::clean;
use crate::run::{Accepted, CheckResult, Evidence, Finding as Seen, Run, Severity, Verdict};

/// Where the format is defined.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The file that describes targets: the place in a repository that a live finding belongs to.
const DESCRIPTION: &str = "postflight.toml";
/// Requests that are named at most as places of one finding.
const PLACES: usize = 10;

/// The audit as SARIF 2.1.0.
pub fn sarif(audit: &Audit) -> Result<String, AuditError> {
    let run = &audit.run;
    let found = run.checks.iter().enumerate().filter(|(_, check)| matches!(check.verdict, Verdict::Fail | Verdict::Warn));
    let log = Log::builder()
        .tool(Tool::builder().driver(driver(run)).build())
        .automation_details(automation(run))
        .invocations(vec![invocation(run)])
        .results(found.map(|(rule, check)| result(run, rule, check)).collect::<Vec<_>>())
        .properties(properties([
            ("verdict", json!(run.verdict.word())),
            ("headline", json!(clean(&run.headline))),
            ("counts", json!(run.counts)),
        ]))
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![log]).build();
    Ok(serde_json::to_string_pretty(&sarif)? + "\n")
}

fn driver(run: &Run) -> ToolComponent {
    ToolComponent::builder()
        .name("Postflight")
        .version(run.tool.version.clone())
        .semantic_version(run.tool.version.clone())
        .rules(run.checks.iter().map(rule).collect::<Vec<_>>())
        .build()
}

/// One category for each target, so that a later run of the same target replaces an earlier one.
fn automation(run: &Run) -> RunAutomationDetails {
    let id = format!("postflight/{}/{}", clean(&run.target.name).replace('/', "-"), clean(&run.id));
    RunAutomationDetails::builder().id(id).description(message(format!("Postflight verification of {}", run.target.url))).build()
}

fn invocation(run: &Run) -> Invocation {
    let ended = run.started_at + std::time::Duration::from_millis(run.stats.wall_ms);
    let at = |time: time::OffsetDateTime| time.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default();
    let unjudged = run.checks.iter().enumerate().filter(|(_, check)| !check.verdict.judged());
    let notes = run.notes.iter().map(|note| Notification::builder().message(message(note)).level(json!("note")).build());
    Invocation::builder()
        .execution_successful(true)
        .start_time_utc(at(run.started_at))
        .end_time_utc(at(ended))
        .tool_execution_notifications(unjudged.map(|(rule, check)| unsaid(rule, check)).chain(notes).collect::<Vec<_>>())
        .build()
}

/// What a check could not judge, and why.
fn unsaid(rule: usize, check: &CheckResult) -> Notification {
    let level = if check.verdict == Verdict::Inconclusive { "warning" } else { "note" };
    Notification::builder()
        .associated_rule(ReportingDescriptorReference::builder().id(clean(&check.id)).index(index(rule)).build())
        .message(message(format!("{}: {}", check.verdict, check.summary)))
        .level(json!(level))
        .build()
}

fn index(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(-1)
}

fn message(text: impl AsRef<str>) -> Message {
    Message::builder().text(clean(text.as_ref())).build()
}

fn words(text: impl AsRef<str>) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(clean(text.as_ref())).build()
}

fn properties<const N: usize>(pairs: [(&str, Value); N]) -> PropertyBag {
    let additional_properties: BTreeMap<_, _> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PropertyBag { tags: None, additional_properties }
}

/// The rule of a check: what the catalogue says of it, or what its result does where the catalogue does not know it.
fn rule(check: &CheckResult) -> ReportingDescriptor {
    let configuration = ReportingConfiguration::builder().level(json!(level(check.severity))).build();
    let properties = PropertyBag {
        tags: Some(tags(check)),
        ..properties([("security-severity", json!(score(check.severity))), ("severity", json!(check.severity.word()))])
    };
    let mut rule = ReportingDescriptor::builder()
        .id(clean(&check.id))
        .short_description(words(&check.title))
        .default_configuration(configuration)
        .properties(properties)
        .build();
    if let Some(card) = checks::find(&check.id) {
        rule.full_description = Some(words(card.why));
        rule.help = Some(help(card));
        rule.help_uri = card.references.first().map(|reference| reference.url.to_owned());
    }
    rule
}

fn help(card: &Check) -> MultiformatMessageString {
    let stacks = [("axum", card.remedy.axum), ("FastAPI", card.remedy.fastapi), ("Express", card.remedy.express)];
    let remedies: Vec<_> = stacks.iter().map(|(stack, words)| format!("{stack}: {words}")).collect();
    let sources: Vec<_> = card.references.iter().map(|reference| format!("[{}]({})", reference.name, reference.url)).collect();
    let text = format!("Expected: {}\n\nHow to mend it:\n{}", card.expectation, remedies.join("\n"));
    let markdown = format!(
        "**Expected**: {}\n\n**How to mend it**\n\n- {}\n\nWritten down in {}.",
        card.expectation,
        remedies.join("\n- "),
        sources.join(", ")
    );
    MultiformatMessageString::builder().text(text).markdown(markdown).build()
}

/// Suite and requirements, and weaknesses in the form that code scanning knows.
fn tags(check: &CheckResult) -> Vec<String> {
    let cwe = |name: &str| name.to_ascii_lowercase().strip_prefix("cwe-").map(|number| format!("external/cwe/cwe-{number}"));
    let references = checks::find(&check.id).map_or(&[][..], |card| card.references);
    let mut tags = vec!["security".to_owned(), clean(&check.suite)];
    tags.extend(check.requirements.iter().map(|id| clean(id)));
    tags.extend(references.iter().filter_map(|reference| cwe(reference.name)));
    let mut unique = Vec::with_capacity(tags.len());
    for tag in tags {
        if !unique.contains(&tag) {
            unique.push(tag);
        }
    }
    unique
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A CVSS-like figure, by which code scanning sorts.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn result(run: &Run, rule: usize, check: &CheckResult) -> Finding {
    let level = match (check.verdict, level(check.severity)) {
        (Verdict::Fail, "error") => ResultLevel::Error,
        (_, "note") => ResultLevel::Note,
        _ => ResultLevel::Warning,
    };
    let carrying = check.evidence.iter().filter(|piece| matches!(piece.finding, Seen::Broken | Seen::Weak));
    let text = carrying.clone().next().map_or_else(String::new, |piece| format!("\n{}: {}", piece.label, piece.observed));
    Finding::builder()
        .rule_id(clean(&check.id))
        .rule_index(index(rule))
        .level(level)
        .message(message(format!("{}: {}{text}", check.title, check.summary)))
        .locations(vec![place(check, carrying.take(PLACES).filter_map(request).collect())])
        .partial_fingerprints(BTreeMap::from([("postflight/v1".to_owned(), fingerprint(run, check))]))
        .suppressions(check.accepted.iter().map(suppression).collect::<Vec<_>>())
        .properties(properties([("verdict", json!(check.words()))]))
        .build()
}

/// Where the target is described, and the requests that showed the finding.
fn place(check: &CheckResult, requests: Vec<LogicalLocation>) -> Location {
    let file = ArtifactLocation::builder().uri(DESCRIPTION).uri_base_id("%SRCROOT%").build();
    let physical = PhysicalLocation::builder().artifact_location(file).region(Region::builder().start_line(1_i64).build()).build();
    let none = || vec![LogicalLocation::builder().fully_qualified_name(clean(&check.id)).kind("check").build()];
    let logical = if requests.is_empty() { none() } else { requests };
    Location::builder().physical_location(physical).logical_locations(logical).build()
}

fn request(piece: &Evidence) -> Option<LogicalLocation> {
    let request = &piece.exchange.as_ref()?.request;
    let name = format!("{} {}", clean(&request.method), clean(&request.url));
    Some(LogicalLocation::builder().name(clean(&piece.label)).fully_qualified_name(name).kind("request").build())
}

/// The same finding of the same target has the same fingerprint in every run, whatever ids its requests held.
fn fingerprint(run: &Run, check: &CheckResult) -> String {
    let digest = Sha256::digest(format!("{}\n{}", run.target.name, check.id));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn suppression(accepted: &Accepted) -> Suppression {
    Suppression::builder()
        .kind(json!("external"))
        .status(json!("accepted"))
        .justification(clean(&accepted.reason))
        .properties(properties([("owner", json!(clean(&accepted.owner))), ("until", json!(accepted.until.to_string()))]))
        .build()
}
