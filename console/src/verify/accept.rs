//! What the acceptances of a target make of results: a known finding is marked while somebody answers for it, and no day longer.
//!
//! Never changes a verdict. An acceptance with a text holds only while every piece of evidence that carries the verdict is labelled with
//! such a text, so that a new flaw of the same check fails again.

use time::Date;

use crate::checks::FLAWS_KEPT;
use crate::run::{Accepted, CheckResult, Evidence, Finding, Verdict};
use crate::target::Acceptance;

/// `result` as it stands on `today`: accepted, or with the words that an acceptance has ended or covers only a part.
pub(super) fn applied(mut result: CheckResult, acceptances: &[Acceptance], today: Date) -> CheckResult {
    let touching: Vec<_> = acceptances.iter().filter(|acceptance| touches(acceptance, &result)).collect();
    let (live, ended): (Vec<_>, Vec<_>) = touching.into_iter().partition(|acceptance| acceptance.until >= today);
    if covers(&live, &result) {
        result.accepted = merged(&live);
    } else if let Some(remark) = remark(&live, &ended, &result) {
        result.summary = format!("{}; {remark}", result.summary);
    }
    result
}

/// Why acceptances that are about a finding do not cover it.
fn remark(live: &[&Acceptance], ended: &[&Acceptance], result: &CheckResult) -> Option<String> {
    if let Some(Acceptance { owner, until, .. }) = ended.first() {
        return Some(format!("the acceptance of {owner} ended on {until}"));
    }
    live.first()?;
    let other = carrying(result).find(|piece| !labelled(live, piece));
    Some(other.map_or_else(
        || "not accepted: there are more findings than are kept, so that not each can be matched".to_owned(),
        |other| format!("accepted only in part, not for {}", other.label),
    ))
}

/// What to say of acceptances whose finding is gone: their check was judged, and nothing that it found is theirs.
pub(super) fn stale(results: &[CheckResult], acceptances: &[Acceptance]) -> Vec<String> {
    let judged = |acceptance: &&Acceptance| results.iter().any(|result| result.id == acceptance.check && result.verdict.judged());
    let needed = |acceptance: &&Acceptance| results.iter().any(|result| touches(acceptance, result));
    let gone = acceptances.iter().filter(|acceptance| judged(acceptance) && !needed(acceptance));
    gone.map(said).collect()
}

fn said(acceptance: &Acceptance) -> String {
    let which = acceptance.matching.as_ref().map(|label| format!(" with `{label}`")).unwrap_or_default();
    let Acceptance { check, owner, until, .. } = acceptance;
    format!("the finding of {check}{which} that {owner} accepted until {until} is gone; remove its [[accept]] from postflight.toml")
}

/// Whether the acceptance is about something that the check found.
fn touches(acceptance: &Acceptance, result: &CheckResult) -> bool {
    let found = matches!(result.verdict, Verdict::Fail | Verdict::Warn) && acceptance.check == result.id;
    found && acceptance.matching.as_ref().is_none_or(|label| carrying(result).any(|piece| piece.label.contains(label)))
}

/// The evidence that makes the verdict what it is.
fn carrying(result: &CheckResult) -> impl Iterator<Item = &Evidence> {
    let finding = if result.verdict == Verdict::Warn { Finding::Weak } else { Finding::Broken };
    result.evidence.iter().filter(move |piece| piece.finding == finding)
}

fn labelled(live: &[&Acceptance], piece: &Evidence) -> bool {
    live.iter().any(|acceptance| acceptance.matching.as_ref().is_none_or(|label| piece.label.contains(label)))
}

/// Whether all that was found is accepted. Evidence that may have been cut off cannot be matched.
fn covers(live: &[&Acceptance], result: &CheckResult) -> bool {
    let whole = live.iter().any(|acceptance| acceptance.matching.is_none());
    let complete = result.evidence.iter().filter(|piece| piece.finding != Finding::Held).count() < FLAWS_KEPT;
    whole || (!live.is_empty() && complete && carrying(result).all(|piece| labelled(live, piece)))
}

/// Several acceptances of one check as one: it holds as long as the first of them.
fn merged(live: &[&Acceptance]) -> Option<Accepted> {
    let whole: Vec<_> = live.iter().filter(|acceptance| acceptance.matching.is_none()).copied().collect();
    let used = if whole.is_empty() { live } else { whole.as_slice() };
    let all = |part: fn(&Acceptance) -> &String| {
        let mut parts: Vec<_> = used.iter().map(|acceptance| part(acceptance).as_str()).collect();
        parts.dedup();
        parts.join("; ")
    };
    let until = used.iter().map(|acceptance| acceptance.until).min()?;
    Some(Accepted { reason: all(|acceptance| &acceptance.reason), owner: all(|acceptance| &acceptance.owner), until })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;
    use crate::run::Severity;

    const TODAY: Date = date!(2026 - 11 - 23);

    fn acceptance(matching: Option<&str>, until: Date) -> Acceptance {
        Acceptance {
            check: "headers.nosniff".into(),
            target: None,
            reason: "the edge adds it".into(),
            owner: "ops".into(),
            until,
            matching: matching.map(str::to_owned),
        }
    }

    fn result(verdict: Verdict, evidence: &[(&str, Finding)]) -> CheckResult {
        CheckResult {
            id: "headers.nosniff".into(),
            suite: "headers".into(),
            title: "t".into(),
            severity: Severity::High,
            verdict,
            accepted: None,
            judged_on: None,
            summary: "seen".into(),
            evidence: evidence.iter().map(|(label, finding)| Evidence::repository(*label, *finding, "so")).collect(),
            requirements: Vec::new(),
            probes: 1,
            elapsed_ms: 1,
        }
    }

    const TWO: &[(&str, Finding)] = &[("GET /a", Finding::Broken), ("GET /b", Finding::Broken), ("GET /c", Finding::Held)];

    #[rstest]
    #[case::whole_until_its_last_day(Verdict::Fail, TWO, &[(None, TODAY)], true, "seen")]
    #[case::ended_yesterday(Verdict::Fail, TWO, &[(None, date!(2026 - 11 - 22))], false, "seen; the acceptance of ops ended on 2026-11-22")]
    #[case::renewed(Verdict::Fail, TWO, &[(None, date!(2026 - 11 - 22)), (None, TODAY)], true, "seen")]
    #[case::a_warning(Verdict::Warn, &[("GET /a", Finding::Weak)], &[(Some("/a"), TODAY)], true, "seen")]
    #[case::one_of_two(Verdict::Fail, TWO, &[(Some("/a"), TODAY)], false, "seen; accepted only in part, not for GET /b")]
    #[case::both(Verdict::Fail, TWO, &[(Some("/a"), TODAY), (Some("/b"), TODAY)], true, "seen")]
    #[case::one_live_one_ended(Verdict::Fail, TWO, &[(Some("/a"), TODAY), (Some("/b"), date!(2026 - 11 - 22))], false, "seen; the acceptance of ops ended on 2026-11-22")]
    #[case::about_another_finding(Verdict::Fail, TWO, &[(Some("/z"), TODAY)], false, "seen")]
    #[case::held_evidence_does_not_count(Verdict::Fail, TWO, &[(Some("/c"), TODAY)], false, "seen")]
    #[case::nothing_to_match(Verdict::Fail, &[], &[(Some("/a"), TODAY)], false, "seen")]
    #[case::a_pass_is_not_accepted(Verdict::Pass, &[], &[(None, TODAY)], false, "seen")]
    #[case::nor_what_could_not_be_judged(Verdict::Inconclusive, &[], &[(None, TODAY)], false, "seen")]
    fn a_finding_is_accepted_while_somebody_answers_for_all_of_it(
        #[case] verdict: Verdict,
        #[case] evidence: &[(&str, Finding)],
        #[case] acceptances: &[(Option<&str>, Date)],
        #[case] accepted: bool,
        #[case] summary: &str,
    ) {
        let acceptances: Vec<_> = acceptances.iter().map(|(label, until)| acceptance(*label, *until)).collect();
        let after = applied(result(verdict, evidence), &acceptances, TODAY);
        assert_eq!((after.accepted.is_some(), after.summary.as_str(), after.verdict), (accepted, summary, verdict));
    }

    #[test]
    fn findings_that_may_have_been_cut_off_are_not_matched() {
        let many = vec![("GET /a", Finding::Broken); FLAWS_KEPT];
        let after = applied(result(Verdict::Fail, &many), &[acceptance(Some("/a"), TODAY)], TODAY);
        assert!(after.accepted.is_none() && after.summary.contains("more findings than are kept"), "{}", after.summary);
    }

    #[test]
    fn several_acceptances_hold_as_long_as_the_first_of_them() {
        let acceptances = [acceptance(Some("/a"), date!(2027 - 01 - 01)), acceptance(Some("/b"), TODAY)];
        let after = applied(result(Verdict::Fail, TWO), &acceptances, TODAY);
        let expected = Accepted { reason: "the edge adds it".into(), owner: "ops".into(), until: TODAY };
        assert_eq!(after.accepted, Some(expected));
    }

    #[rstest]
    #[case::gone(Verdict::Pass, None, 1)]
    #[case::still_there(Verdict::Fail, None, 0)]
    #[case::another_finding_than_the_accepted_one(Verdict::Fail, Some("/z"), 1)]
    #[case::not_asked(Verdict::Skip, None, 0)]
    #[case::not_judged(Verdict::Inconclusive, None, 0)]
    fn an_acceptance_whose_finding_is_gone_is_named(#[case] verdict: Verdict, #[case] label: Option<&str>, #[case] notes: usize) {
        assert_eq!(stale(&[result(verdict, TWO)], &[acceptance(label, TODAY)]).len(), notes);
    }
}
