//! The details of one check as wrapped lines: what was seen, what was expected, why it matters, how to mend it, the evidence.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::frame::result_words;
use super::pieces::millis;
use crate::checks::{Check, Need};
use crate::run::{CheckResult, Evidence, EvidenceClass, Exchange, Finding, Source, Verdict};
use crate::text::{counted, wrap};
use crate::tui::state::{Progress, Row};
use crate::tui::{Palette, State};

/// Exchanges that are shown whole; of the other pieces of evidence, one line each.
const WHOLE: usize = 3;

/// The details of `row`, wrapped to `columns`.
pub(super) fn lines(state: &State, row: &Row, columns: usize) -> Vec<Line<'static>> {
    let mut page = Page { lines: Vec::new(), columns: columns.saturating_sub(2).max(10), palette: state.palette };
    page.head(row);
    if let Some(result) = row.result() {
        page.section("Seen", &result.summary);
        page.accepted(result);
    }
    if let Some(check) = row.check() {
        page.card(check, row.verdict());
    }
    if let Some(result) = row.result() {
        page.evidence(&result.evidence);
    }
    if let Some(check) = row.check() {
        page.sources(check);
    }
    page.lines
}

struct Page {
    lines: Vec<Line<'static>>,
    columns: usize,
    palette: Palette,
}

impl Page {
    fn add(&mut self, indent: usize, style: Style, text: &str) {
        let margin = " ".repeat(indent + 1);
        let wrapped = wrap(text, self.columns.saturating_sub(indent));
        self.lines.extend(wrapped.into_iter().map(|line| Line::styled(format!("{margin}{line}"), style)));
    }

    fn heading(&mut self, heading: &str) {
        self.lines.push(Line::default());
        self.add(0, Palette::STRONG, heading);
    }

    fn section(&mut self, heading: &str, text: &str) {
        self.heading(heading);
        self.add(0, Style::new(), text);
    }

    fn head(&mut self, row: &Row) {
        self.add(0, Palette::STRONG, row.title);
        let (word, style) = match &row.progress {
            Progress::Waiting => ("· not asked yet".to_owned(), Style::new()),
            Progress::Running => ("▸ being asked".to_owned(), self.palette.busy()),
            Progress::Done(result) => (result_words(result), self.palette.verdict(result.verdict)),
        };
        let severity = Span::styled(row.severity.word(), self.palette.severity(row.severity));
        let mut spans = vec![Span::raw(" "), Span::styled(word, style), Span::raw("   severity "), severity];
        spans.extend(row.result().map(|result| Span::raw(format!("   {}", figures(result)))));
        self.lines.push(Line::from(spans));
    }

    fn accepted(&mut self, result: &CheckResult) {
        let Some(accepted) = &result.accepted else { return };
        self.section("Accepted", &format!("{}; {} answers for it until {}", accepted.reason, accepted.owner, accepted.until));
    }

    fn card(&mut self, check: &Check, verdict: Option<Verdict>) {
        if check.is_control() {
            self.section(
                "Control",
                "Proves that the good case works. While it does not hold, nothing else of this suite is judged.",
            );
        }
        self.section("Expected", check.expectation);
        self.section("Why it matters", check.why);
        if !matches!(verdict, Some(Verdict::Pass | Verdict::Skip)) {
            self.remedy(check);
        }
        if verdict.is_none() && !check.needs.is_empty() {
            self.heading("Skipped when");
            check.needs.iter().copied().map(Need::reason).for_each(|reason| self.add(0, Style::new(), reason));
        }
    }

    fn remedy(&mut self, check: &Check) {
        self.heading("How to mend it");
        let stacks = [("axum", check.remedy.axum), ("FastAPI", check.remedy.fastapi), ("Express", check.remedy.express)];
        for (stack, words) in stacks.into_iter().filter(|(_, words)| !words.is_empty()) {
            self.add(0, Style::new(), &format!("{stack}: {words}"));
        }
    }

    fn sources(&mut self, check: &Check) {
        self.heading("Written down in");
        for reference in check.references {
            self.add(0, Style::new(), &format!("{} {}", reference.name, reference.url));
        }
        self.section("Speaks for", &check.requirements.join(", "));
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        if evidence.is_empty() {
            return;
        }
        self.heading(&format!("Evidence ({})", evidence.len()));
        let mut whole = 0;
        for piece in evidence {
            self.piece(piece);
            if let Some(exchange) = piece.exchange.as_ref().filter(|_| whole < WHOLE) {
                self.exchange(exchange);
                whole += 1;
            }
        }
    }

    fn piece(&mut self, piece: &Evidence) {
        let (glyph, word, verdict) = finding(piece.finding);
        let origin = origin(piece);
        self.add(0, self.palette.verdict(verdict), &format!("{glyph} {word}: {}", piece.label));
        self.add(2, Style::new(), &format!("{} ({origin})", piece.observed));
    }

    fn exchange(&mut self, exchange: &Exchange) {
        self.add(2, Style::new(), &exchange.curl);
        match &exchange.response {
            None => self.add(2, Style::new(), "< no answer"),
            Some(response) => {
                self.add(2, Style::new(), &format!("< {} in {}", response.status, millis(response.elapsed_ms)));
                for (name, value) in &response.headers {
                    self.add(2, Style::new(), &format!("< {name}: {value}"));
                }
                self.add(2, Style::new(), &response.body);
                if response.truncated {
                    self.add(2, Style::new(), "… (more of the body is not shown)");
                }
            }
        }
        self.lines.push(Line::default());
    }
}

fn figures(result: &CheckResult) -> String {
    format!("{}, {} ms", counted(result.probes, "request"), result.elapsed_ms)
}

const fn finding(finding: Finding) -> (&'static str, &'static str, Verdict) {
    match finding {
        Finding::Held => ("✔", "held", Verdict::Pass),
        Finding::Weak => ("▲", "weak", Verdict::Warn),
        Finding::Unclear => ("?", "unclear", Verdict::Inconclusive),
        Finding::Broken => ("✘", "broken", Verdict::Fail),
    }
}

/// Where a piece of evidence comes from; a report may claim no more than that can carry.
const fn origin(piece: &Evidence) -> &'static str {
    match (piece.class, piece.source) {
        (EvidenceClass::Live, Some(Source::App)) => "live, from the application",
        (EvidenceClass::Live, Some(Source::Edge)) => "live, from the edge",
        (EvidenceClass::Live, _) => "live",
        (EvidenceClass::Repository, _) => "repository",
        (EvidenceClass::Configuration, _) => "configuration",
        (EvidenceClass::SelfReported, _) => "self-reported",
    }
}
