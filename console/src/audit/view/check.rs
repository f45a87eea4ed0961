//! One check as a report shows it: its result, its card of the catalogue, its evidence.

use serde::Serialize;

use super::CheckLink;
use super::words::{self, State};
use crate::adr::Adr;
use crate::audit::Audit;
use crate::audit::escape::web_link;
use crate::checks;
use crate::run::{CheckResult, Evidence, Exchange, Finding, Verdict};

/// One check.
#[derive(Debug, Serialize)]
pub(super) struct CheckView<'a> {
    #[serde(flatten)]
    link: CheckLink<'a>,
    severity: &'static str,
    /// What was seen, in one or two sentences; may quote the service.
    summary: &'a str,
    /// Whether the reader should see it without a click.
    open: bool,
    /// Who answers for the finding.
    judged_on: Option<&'a str>,
    accepted: Option<AcceptedCard<'a>>,
    card: Option<Card>,
    evidence: Vec<EvidenceView<'a>>,
    requirements: Vec<RequirementLink<'a>>,
    decisions: Vec<DecisionLink<'a>>,
    /// Requests that the check sent.
    probes: u64,
    elapsed: String,
}

/// Who answers for a finding, why and until when.
#[derive(Debug, Serialize)]
struct AcceptedCard<'a> {
    reason: &'a str,
    owner: &'a str,
    until: String,
}

/// What the catalogue says of a check; absent for checks that this version does not know.
#[derive(Debug, Serialize)]
struct Card {
    why: &'static str,
    expectation: &'static str,
    references: Vec<ReferenceView>,
    remedies: Vec<RemedyView>,
}

/// Where a rule is written down.
#[derive(Debug, Serialize)]
struct ReferenceView {
    name: &'static str,
    /// Only where it is an address that may be linked.
    url: Option<&'static str>,
}

/// How to mend a failure in one stack.
#[derive(Debug, Serialize)]
struct RemedyView {
    stack: &'static str,
    text: &'static str,
}

/// A reference to a requirement.
#[derive(Debug, Serialize)]
struct RequirementLink<'a> {
    id: &'a str,
    /// Whether the table of requirements has it.
    known: bool,
}

/// A reference to a decision.
#[derive(Debug, Serialize)]
pub(super) struct DecisionLink<'a> {
    label: String,
    anchor: String,
    title: &'a str,
}

impl<'a> From<&'a Adr> for DecisionLink<'a> {
    fn from(adr: &'a Adr) -> Self {
        Self { label: adr.label(), anchor: adr.id.anchor(), title: &adr.title }
    }
}

/// One observation.
#[derive(Debug, Serialize)]
struct EvidenceView<'a> {
    state: State,
    label: &'a str,
    observed: &'a str,
    class: &'static str,
    source: Option<&'static str>,
    exchange: Option<ExchangeView<'a>>,
    /// Whether the exchange is shown without a click: the first flaw.
    open: bool,
}

/// A request and its answer, each as one text.
#[derive(Debug, Serialize)]
struct ExchangeView<'a> {
    request: String,
    /// Absent where nothing came back.
    response: Option<String>,
    /// Status and duration in a few words.
    gist: String,
    curl: &'a str,
}

impl<'a> CheckView<'a> {
    pub(super) fn new(audit: &'a Audit, check: &'a CheckResult) -> Self {
        let known = |id: &str| audit.requirements.iter().any(|judged| judged.requirement.id == id);
        Self {
            link: CheckLink::from(check),
            severity: check.severity.word(),
            summary: &check.summary,
            open: check.verdict == Verdict::Fail && check.accepted.is_none(),
            judged_on: check.judged_on.as_deref(),
            accepted: check.accepted.as_ref().map(|it| AcceptedCard {
                reason: &it.reason,
                owner: &it.owner,
                until: words::day(it.until),
            }),
            card: checks::find(&check.id).map(card),
            evidence: evidence(check),
            requirements: check.requirements.iter().map(|id| RequirementLink { id, known: known(id) }).collect(),
            decisions: audit.decisions.for_check(&check.id).map(DecisionLink::from).collect(),
            probes: check.probes,
            elapsed: words::duration(check.elapsed_ms),
        }
    }
}

/// The pieces in the order of the document, which is worst first.
fn evidence(check: &CheckResult) -> Vec<EvidenceView<'_>> {
    let mut views: Vec<_> = check.evidence.iter().map(EvidenceView::from).collect();
    if let (Some(first), Some(Finding::Broken)) = (views.first_mut(), check.evidence.first().map(|piece| piece.finding)) {
        first.open = true;
    }
    views
}

/// The catalogue's words, for the reader who has never heard of the check.
fn card(check: &checks::Check) -> Card {
    let references = check.references.iter();
    let stacks = [("axum", check.remedy.axum), ("FastAPI", check.remedy.fastapi), ("Express", check.remedy.express)];
    Card {
        why: check.why,
        expectation: check.expectation,
        references: references.map(|reference| ReferenceView { name: reference.name, url: web_link(reference.url) }).collect(),
        remedies: stacks.into_iter().map(|(stack, text)| RemedyView { stack, text }).collect(),
    }
}

impl<'a> From<&'a Evidence> for EvidenceView<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self {
            state: evidence.finding.into(),
            label: &evidence.label,
            observed: &evidence.observed,
            class: words::class(evidence.class),
            source: evidence.source.map(words::source),
            exchange: evidence.exchange.as_ref().map(ExchangeView::from),
            open: false,
        }
    }
}

impl<'a> From<&'a Exchange> for ExchangeView<'a> {
    fn from(exchange: &'a Exchange) -> Self {
        let request = &exchange.request;
        let line = format!("{} {}", request.method, request.url);
        let response = exchange.response.as_ref();
        Self {
            request: message(&line, &request.headers, request.body.as_deref().unwrap_or_default(), false),
            response: response.map(|it| message(&format!("HTTP {}", it.status), &it.headers, &it.body, it.truncated)),
            gist: response.map_or_else(|| "no answer".to_owned(), |it| format!("{} in {:.0} ms", it.status, it.elapsed_ms)),
            curl: &exchange.curl,
        }
    }
}

/// A message as it reads on the wire: first line, headers, an empty line, the body.
fn message(first: &str, headers: &[(String, String)], body: &str, truncated: bool) -> String {
    let mut text = first.to_owned();
    for (name, value) in headers {
        text.push_str(&format!("\n{name}: {value}"));
    }
    if !body.is_empty() {
        text.push_str(&format!("\n\n{body}"));
    }
    if truncated {
        text.push_str("\n[more of the body was cut off]");
    }
    text
}
