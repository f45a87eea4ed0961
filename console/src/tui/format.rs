//! Words for the screen: the details of a check as lines, and the request that can be copied.

use super::state::{Progress, Row, Verify};
use crate::checks;
use crate::run::{CheckResult, Evidence, Finding, Verdict};

/// How a line is meant; the palette decides how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Heading,
    Text,
    Quiet,
    Verdict(Verdict),
}

/// The details of `row`, wrapped to `width` columns.
pub(super) fn details(row: &Row, width: usize) -> Vec<(Tone, String)> {
    let mut page = Page { lines: Vec::new(), width: width.max(20) };
    page.add(Tone::Heading, &format!("{}: {}", row.id, row.title));
    match &row.progress {
        Progress::Waiting => page.add(Tone::Quiet, "not asked yet"),
        Progress::Running => page.add(Tone::Quiet, "being asked"),
        Progress::Done(result) => page.result(result),
    }
    page.card(row.id);
    if let Progress::Done(result) = &row.progress {
        page.evidence(&result.evidence);
    }
    page.lines
}

struct Page {
    lines: Vec<(Tone, String)>,
    width: usize,
}

impl Page {
    fn add(&mut self, tone: Tone, text: &str) {
        for line in text.lines() {
            self.lines
                .extend(textwrap::wrap(&line.replace('\t', "    "), self.width).into_iter().map(|line| (tone, line.into_owned())));
        }
    }

    fn section(&mut self, heading: &str, text: &str) {
        self.lines.push((Tone::Text, String::new()));
        self.add(Tone::Heading, heading);
        self.add(Tone::Text, text);
    }

    fn result(&mut self, result: &CheckResult) {
        let requests = if result.probes == 1 { "1 request".to_owned() } else { format!("{} requests", result.probes) };
        let line = format!("{}  severity {}  {requests}, {} ms", result.verdict, result.severity, result.elapsed_ms);
        self.add(Tone::Verdict(result.verdict), &line);
        self.section("Seen", &result.summary);
    }

    fn card(&mut self, id: &str) {
        let Some(check) = checks::find(id) else { return };
        self.section("Expected", check.expectation);
        self.section("Why it matters", check.why);
        let references: Vec<_> = check.references.iter().map(|reference| reference.name).collect();
        self.section("Written down in", &references.join("; "));
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        for piece in evidence {
            self.section(&format!("Evidence ({}): {}", finding(piece.finding), piece.label), &piece.observed);
            let Some(exchange) = &piece.exchange else { continue };
            self.add(Tone::Quiet, &exchange.curl);
            if let Some(response) = &exchange.response {
                self.add(Tone::Quiet, &format!("< {} in {:.1} ms", response.status, response.elapsed_ms));
                for (name, value) in &response.headers {
                    self.add(Tone::Quiet, &format!("< {name}: {value}"));
                }
                self.add(Tone::Quiet, &response.body);
            }
        }
    }
}

const fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Held => "held",
        Finding::Weak => "weak",
        Finding::Unclear => "unclear",
        Finding::Broken => "broken",
    }
}

/// The curl line of the first evidence of the selected check.
pub(super) fn curl(verify: &Verify) -> Option<String> {
    match &verify.selected()?.progress {
        Progress::Done(result) => result.evidence.iter().find_map(|piece| Some(piece.exchange.as_ref()?.curl.clone())),
        Progress::Waiting | Progress::Running => None,
    }
}
