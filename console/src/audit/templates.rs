//! The three renderers: HTML and Markdown through the templates of `report-templates`, JSON as the run itself.

use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tera::{Context, EscapeFn, Kwargs, State, Tera, Value};

use super::view::{View, Ways};
use super::{Audit, AuditError, Changes, escape};
use crate::run::Run;

/// The stylesheet, which stands inside the page.
const STYLESHEET: &str = include_str!("../../../report-templates/audit.css");

const HTML: &[(&str, &str)] = &[
    ("parts.html", include_str!("../../../report-templates/parts.html")),
    ("check.html", include_str!("../../../report-templates/check.html")),
    ("summary.html", include_str!("../../../report-templates/summary.html")),
    ("details.html", include_str!("../../../report-templates/details.html")),
    ("decisions.html", include_str!("../../../report-templates/decisions.html")),
    ("audit.html", include_str!("../../../report-templates/audit.html")),
];

const MARKDOWN: &[(&str, &str)] = &[
    ("check.md", include_str!("../../../report-templates/check.md")),
    ("audit.md", include_str!("../../../report-templates/audit.md")),
];

/// What is known of the places of files as seen from `out/`, the usual folder of a report.
fn from_out() -> Ways {
    Ways { adrs: "../history/adr".to_owned(), detection: None }
}

/// One HTML file that needs nothing else: no script, no network, readable with JavaScript switched off.
pub fn html(audit: &Audit) -> Result<String, AuditError> {
    html_beside(audit, &from_out())
}

/// The HTML report of a folder from which these `ways` lead on.
pub(super) fn html_beside(audit: &Audit, ways: &Ways) -> Result<String, AuditError> {
    let mut context = Context::from_serialize(&View::new(audit, ways))?;
    context.insert("stylesheet", STYLESHEET);
    context.insert("stylesheet_hash", &base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLESHEET)));
    Ok(engine(HTML, escape::html, escape::html_prose)?.render("audit.html", &context)?)
}

/// The same report as Markdown, with links to the ADR files as seen from `out/`.
pub fn markdown(audit: &Audit) -> Result<String, AuditError> {
    markdown_beside(audit, &from_out())
}

/// The Markdown report of a folder from which these `ways` lead on.
pub(super) fn markdown_beside(audit: &Audit, ways: &Ways) -> Result<String, AuditError> {
    let context = Context::from_serialize(&View::new(audit, ways))?;
    let text = engine(MARKDOWN, escape::markdown, escape::markdown_prose)?.render("audit.md", &context)?;
    Ok(tidy(&text))
}

/// The run document itself, and what changed since an earlier run where that was asked.
pub fn json(audit: &Audit) -> Result<String, AuditError> {
    let document = Document { run: &audit.run, changes: audit.changes.as_ref() };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// `audit.json`; `docs/audit.schema.json` describes it.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    run: &'a Run,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a Changes>,
}

/// The engine for one form: everything that a template prints is escaped for it, unless a filter below has done so.
fn engine(templates: &'static [(&str, &str)], escape: EscapeFn, prose: fn(&str) -> String) -> Result<Tera, AuditError> {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape);
    tera.autoescape_on([".html", ".md"]);
    tera.register_filter("prose", move |text: &str, _: Kwargs, _: &State| Value::safe_string(&prose(text)));
    tera.register_filter("fence", |text: &str, _: Kwargs, _: &State| Value::safe_string(&escape::fence(text)));
    tera.register_filter("span", |text: &str, _: Kwargs, _: &State| Value::safe_string(&escape::span(text)));
    tera.register_filter("path", |text: &str, _: Kwargs, _: &State| Value::safe_string(&escape::path(text)));
    tera.register_filter("anchor", |text: &str, _: Kwargs, _: &State| escape::anchor(text));
    tera.add_raw_templates(templates.iter().copied())?;
    Ok(tera)
}

/// Never more than one empty line, none at the ends: loops and conditions of a template leave some.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced: Option<&str> = None;
    let mut empty = true;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fenced {
            Some(fence) if line == fence => fenced = None,
            None if ticks >= 3 => fenced = line.get(..ticks),
            _ => {}
        }
        if fenced.is_none() && line.trim().is_empty() {
            empty = true;
            continue;
        }
        if empty && !out.is_empty() {
            out.push('\n');
        }
        empty = false;
        out.push_str(if fenced.is_some() { line } else { line.trim_end() });
        out.push('\n');
    }
    out
}
