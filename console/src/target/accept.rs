//! `[[accept]]`: known findings that somebody answers for until a date.
//!
//! Owns how an entry is written and what is wrong with one. What an acceptance does to a result is said in `verify`.

use serde::Deserialize;
use time::{Date, Duration, Month};
use toml::Spanned;
use toml::value::Datetime;

use super::mistake::{at, suggestion};
use crate::checks;

/// Days that a finding may be accepted ahead.
const AT_MOST: Duration = Duration::days(366);

/// One `[[accept]]` table, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptEntry {
    /// Id of the check whose finding is accepted.
    pub check: Spanned<String>,
    /// Only on this target; on every target of the file when absent.
    pub target: Option<Spanned<String>>,
    /// Why it is tolerated.
    pub reason: Spanned<String>,
    /// Who answers for it.
    pub owner: Spanned<String>,
    /// The last day (UTC), as a TOML date: `2026-12-31`.
    pub until: Spanned<Datetime>,
    /// Only findings whose evidence is labelled with this text.
    #[serde(rename = "match")]
    pub matching: Option<Spanned<String>>,
}

/// A known finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Id of the check.
    pub check: String,
    /// The target that it holds for; every one when absent.
    pub target: Option<String>,
    /// Why it is tolerated.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day (UTC) on which it holds.
    pub until: Date,
    /// Text that the label of a finding must contain to be accepted; all findings of the check when absent.
    pub matching: Option<String>,
}

/// The acceptances of a file whose text is `text` and whose targets are `targets`, as of `today`. The error shows the line.
pub(super) fn read(entries: &[AcceptEntry], text: &str, targets: &[&str], today: Date) -> Result<Vec<Acceptance>, String> {
    entries.iter().map(|entry| entry.accepted(text, targets, today)).collect()
}

impl AcceptEntry {
    fn accepted(&self, text: &str, targets: &[&str], today: Date) -> Result<Acceptance, String> {
        let wrong = |span, message: String| Err(at(text, span, &message));
        if checks::find(self.check.get_ref()).is_none() {
            return wrong(self.check.span(), unknown_check(self.check.get_ref()));
        }
        if let Some(target) = self.target.as_ref().filter(|target| !targets.contains(&target.get_ref().as_str())) {
            return wrong(target.span(), unknown_target(target.get_ref(), targets));
        }
        let said = [Some(&self.reason), Some(&self.owner), self.matching.as_ref()];
        if let Some(empty) = said.into_iter().flatten().find(|said| said.get_ref().trim().is_empty()) {
            return wrong(
                empty.span(),
                "must not be empty: a finding is accepted for a reason, and somebody answers for it".into(),
            );
        }
        let until = match day(*self.until.get_ref()) {
            Some(until) if until <= today + AT_MOST => until,
            Some(_) => return wrong(self.until.span(), "more than a year ahead: a finding is accepted for a year at most".into()),
            None => return wrong(self.until.span(), "write the last day as a date without a time, like 2026-12-31".into()),
        };
        Ok(Acceptance {
            check: self.check.get_ref().clone(),
            target: self.target.as_ref().map(|target| target.get_ref().clone()),
            reason: self.reason.get_ref().trim().to_owned(),
            owner: self.owner.get_ref().trim().to_owned(),
            until,
            matching: self.matching.as_ref().map(|label| label.get_ref().clone()),
        })
    }
}

fn unknown_check(id: &str) -> String {
    let suggestion = suggestion(id, checks::catalogue().map(|check| check.id));
    format!("no check is called `{id}`{suggestion}; `console checks` lists them all")
}

fn unknown_target(name: &str, targets: &[&str]) -> String {
    format!("this file has no target `{name}`{}", suggestion(name, targets.iter().copied()))
}

/// The day of a TOML date; `None` for a time, or a date with one.
fn day(date: Datetime) -> Option<Date> {
    let Datetime { date: Some(day), time: None, offset: None } = date else { return None };
    Date::from_calendar_date(day.year.into(), Month::try_from(day.month).ok()?, day.day).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;
    use crate::target::File;

    /// What a file with this `[[accept]]` table means on 23 November 2026.
    fn accepted(table: &str) -> Result<Vec<Acceptance>, String> {
        let text = format!("[targets.production]\nurl = \"https://api.example.com\"\n\n[[accept]]\n{table}\n");
        File::parse_on(&text, date!(2026 - 11 - 23)).map(|file| file.accepted)
    }

    #[test]
    fn an_entry_says_which_finding_who_why_and_until_when() {
        let table = "check = \"headers.nosniff\"\ntarget = \"production\"\nreason = \" the edge adds it \"\nowner = \"ops\"\nuntil = 2027-01-31\nmatch = \"GET /health\"";
        let expected = Acceptance {
            check: "headers.nosniff".into(),
            target: Some("production".into()),
            reason: "the edge adds it".into(),
            owner: "ops".into(),
            until: date!(2027 - 01 - 31),
            matching: Some("GET /health".into()),
        };
        assert_eq!(accepted(table), Ok(vec![expected]));
    }

    const REST: &str = "reason = \"r\"\nowner = \"o\"\nuntil = 2026-12-31";

    #[rstest]
    #[case::a_misspelt_check(&format!("check = \"headers.nosnif\"\n{REST}"), "line 5, column 9", "did you mean `headers.nosniff`?")]
    #[case::an_unknown_target(&format!("check = \"headers.nosniff\"\ntarget = \"prodution\"\n{REST}"), "line 6, column 10", "did you mean `production`?")]
    #[case::no_date("check = \"headers.nosniff\"\nreason = \"r\"\nowner = \"o\"", "line 4, column 1", "missing field `until`")]
    #[case::a_day_too_far(
        "check = \"headers.nosniff\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-11-25",
        "line 8, column 9",
        "a year at most"
    )]
    #[case::a_time(
        "check = \"headers.nosniff\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-31T10:00:00Z",
        "line 8, column 9",
        "without a time"
    )]
    #[case::no_reason(
        "check = \"headers.nosniff\"\nreason = \" \"\nowner = \"o\"\nuntil = 2026-12-31",
        "line 6, column 10",
        "must not be empty"
    )]
    #[case::a_misspelt_key(&format!("check = \"headers.nosniff\"\nbecause = \"x\"\n{REST}"), "line 6, column 1", "unknown field `because`")]
    fn what_is_wrong_is_said_with_its_line(#[case] table: &str, #[case] place: &str, #[case] words: &str) {
        let error = accepted(table).expect_err("it is wrong");
        assert!(error.contains(place) && error.contains(words), "{error}");
    }

    #[test]
    fn a_year_ahead_is_not_too_far_and_the_past_is_no_mistake() {
        for until in ["2027-11-24", "2020-01-01"] {
            let table = format!("check = \"headers.nosniff\"\nreason = \"r\"\nowner = \"o\"\nuntil = {until}");
            assert!(accepted(&table).is_ok(), "{until}");
        }
    }
}
