//! Whether the database has the schema of the release.

use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::run::Finding;
use crate::watch::schema_at;

use super::{said, sampled};

/// The last migration applied, as the service names it, against the newest one of the release.
pub(super) async fn head(cx: Context) -> Checked {
    let at = &cx.target.release;
    let answers = sampled(&cx, 1).await?;
    let seen = answers.first().and_then(|answer| schema_at(answer, at));
    let Some(expected) = &at.schema_head else {
        let seen = seen.map_or_else(String::new, |seen| format!("; the service names {seen}"));
        return Ok(Outcome::skip(format!(
            "the newest migration is not declared; set `release.migrations` or `release.schema_head` in postflight.toml{seen}"
        )));
    };
    if seen.is_none() && at.schema.is_none() {
        return Ok(Outcome::skip("the service does not name the version of its schema; say where with `release.schema`"));
    }
    let judgement = judged(seen.as_deref(), expected);
    let summary = judgement.observed.clone();
    Ok(Outcome::of(
        summary,
        answers.iter().map(|answer| said(answer, "the schema that the service names", judgement.clone())).collect(),
    ))
}

/// A database that is ahead serves the release that comes next as well: services must live with that while a deploy overlaps.
fn judged(seen: Option<&str>, expected: &str) -> Judgement {
    let Some(seen) = seen else {
        return Judgement::weak("the service does not name the version where `release.schema` says".to_owned());
    };
    let numbers = [seen, expected].map(|text| text.parse::<u128>().ok());
    let (finding, words) = match numbers {
        _ if seen == expected => (Finding::Held, "which is the newest migration".to_owned()),
        [Some(seen), Some(expected)] if seen == expected => (Finding::Held, "which is the newest migration".to_owned()),
        [Some(seen), Some(newest)] if seen > newest => {
            (Finding::Weak, format!("ahead of {expected}: another release has migrated it"))
        }
        [Some(_), Some(_)] => (Finding::Broken, format!("but the newest migration is {expected}: it was not applied")),
        _ => (Finding::Broken, format!("but {expected} is expected")),
    };
    Judgement { finding, observed: format!("the database is at {seen}, {words}") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::newest(Some("20261123000001"), "20261123000001", Finding::Held)]
    #[case::zeros(Some("7"), "0007", Finding::Held)]
    #[case::behind(Some("6"), "0007", Finding::Broken)]
    #[case::ahead(Some("8"), "0007", Finding::Weak)]
    #[case::hash(Some("1975ea83b712"), "ae1027a6acf1", Finding::Broken)]
    #[case::same_hash(Some("1975ea83b712"), "1975ea83b712", Finding::Held)]
    #[case::silent(None, "0007", Finding::Weak)]
    fn a_schema_behind_its_release_is_broken(#[case] seen: Option<&str>, #[case] expected: &str, #[case] finding: Finding) {
        assert_eq!(judged(seen, expected).finding, finding);
    }
}
