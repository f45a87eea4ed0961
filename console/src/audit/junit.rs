//! The audit as JUnit XML: a test suite for each suite, a test case for each check.
//!
//! FAIL is a failure, INCONCLUSIVE an error, SKIP a skip. A WARN passes and says so in its output: JUnit has no word for it. A finding
//! that somebody answers for is skipped with the words `FAIL (accepted)`, so that it is neither red nor forgotten.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite, XmlString};
use time::format_description::well_known::Rfc3339;

use super::{Audit, AuditError};
use crate::http::clean;
use crate::run::{CheckResult, Evidence, Finding, Run, Verdict};

/// The audit as JUnit XML. Characters that XML cannot hold are left out.
pub fn junit(audit: &Audit) -> Result<String, AuditError> {
    let run = &audit.run;
    let mut report = Report::new(format!("postflight {}", clean(&run.target.name)));
    report.set_time(Duration::from_millis(run.stats.wall_ms));
    let mut suites: Vec<&str> = run.checks.iter().map(|check| check.suite.as_str()).collect();
    suites.dedup();
    report.add_test_suites(suites.into_iter().map(|word| suite(run, word)));
    Ok(report.to_string()?)
}

fn suite(run: &Run, word: &str) -> TestSuite {
    let mut suite = TestSuite::new(clean(word));
    let checks: Vec<_> = run.checks.iter().filter(|check| check.suite == word).collect();
    suite.set_time(Duration::from_millis(checks.iter().map(|check| check.elapsed_ms).sum()));
    if let Ok(at) = run.started_at.format(&Rfc3339) {
        suite.extra.insert(XmlString::new("timestamp"), XmlString::new(at));
    }
    suite.add_property(Property::new("target", clean(&run.target.url)));
    suite.add_property(Property::new("run", clean(&run.id)));
    suite.add_test_cases(checks.into_iter().map(case));
    suite
}

fn case(check: &CheckResult) -> TestCase {
    let mut case = TestCase::new(clean(&check.id), status(check));
    case.set_classname(clean(&check.suite));
    case.set_time(Duration::from_millis(check.elapsed_ms));
    case.add_property(Property::new("verdict", check.words()));
    case.add_property(Property::new("severity", check.severity.word()));
    if let Some(accepted) = &check.accepted {
        case.add_property(Property::new("accepted.owner", clean(&accepted.owner)));
        case.add_property(Property::new("accepted.reason", clean(&accepted.reason)));
        case.add_property(Property::new("accepted.until", accepted.until.to_string()));
    }
    if check.verdict == Verdict::Warn {
        case.set_system_out(format!("{}: {}\n{}", check.words(), clean(&check.summary), seen(check)));
    }
    case
}

fn status(check: &CheckResult) -> TestCaseStatus {
    let mut status = match (&check.accepted, check.verdict) {
        (Some(_), _) | (None, Verdict::Skip) => TestCaseStatus::skipped(),
        (None, Verdict::Fail) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (None, Verdict::Inconclusive) => TestCaseStatus::non_success(NonSuccessKind::Error),
        (None, Verdict::Pass | Verdict::Warn) => return TestCaseStatus::success(),
    };
    let summary = clean(&check.summary);
    let message = check.accepted.as_ref().map_or_else(
        || summary.clone(),
        |it| format!("{} by {} until {}: {}", check.words(), clean(&it.owner), it.until, clean(&it.reason)),
    );
    status.set_message(message).set_type(format!("{} {}", check.severity, check.verdict));
    status.set_description(format!("{}\n{summary}\n{}", clean(&check.title), seen(check)));
    status
}

/// What the verdict rests on, with the line that repeats it.
fn seen(check: &CheckResult) -> String {
    let told = |piece: &Evidence| {
        let curl = piece.exchange.as_ref().map(|exchange| format!("\n  {}", clean(&exchange.curl))).unwrap_or_default();
        format!("{}: {}{curl}\n", clean(&piece.label), clean(&piece.observed))
    };
    check.evidence.iter().filter(|piece| piece.finding != Finding::Held).map(told).collect()
}
