//! Routes that count, beside the list: a number of B's that follows what A writes counts what is A's.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::checks::{Context, Judgement};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

use super::listing::ids;
use super::page::list;
use super::stage::piece;

/// Words in the last part of a path that promise numbers.
const COUNTING: [&str; 11] =
    ["stats", "statistics", "summary", "count", "counts", "total", "totals", "dashboard", "analytics", "overview", "metrics"];
/// Words in the name of a number that moves by itself.
const MOVING: [&str; 8] = ["time", "uptime", "age", "second", "duration", "latency", "stamp", "date"];
/// Routes that are asked at most, each for both users.
const MOST: usize = 3;
/// Pauses before looking again, where other checks wrote in between.
const PAUSES: [u64; 6] = [0, 300, 600, 900, 1_500, 3_000];

/// What each counting route that answers B says while A writes.
pub(super) async fn of_b(cx: &Context) -> Result<Vec<Evidence>, Trouble> {
    let mut pieces = Vec::new();
    for path in counting(cx)? {
        let probe = Probe::get(path).bearer(&cx.b()?.token);
        let first = cx.once(&probe).await?;
        if first.is_success() && !numbers(&first).is_empty() {
            pieces.extend(followed(cx, &probe).await?);
        }
    }
    Ok(pieces)
}

/// The declared ones, as B's own and, where they name the user, as A's; and the one that services most often have below the collection.
fn counting(cx: &Context) -> Result<Vec<String>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let subjects = [b, a].map(|user| user.subject.as_deref().unwrap_or("me"));
    let counts = |path: &str| {
        let last = path.rsplit('/').next().unwrap_or_default();
        last.split(['.', '-', '_']).any(|word| COUNTING.contains(&word))
    };
    let declared = cx.further_routes().filter(|route| route.reads() && !route.takes_id() && counts(&route.path));
    let protected = cx.target.paths.protected.iter().filter(|path| counts(path) && !path.contains("{id}"));
    let declared = declared.flat_map(|route| subjects.map(|subject| route.filled("1", subject)));
    let protected = protected.flat_map(|path| subjects.map(|subject| path.replace("{user_id}", subject)));
    let below = |user, name: &str| format!("{}/{name}", cx.list_path(user).trim_end_matches('/'));
    let usual = [below(b, "stats"), below(a, "stats"), below(b, "count")];
    Ok(declared.chain(protected).take(2 * MOST).chain(usual).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Looks while A makes two objects, until nobody else wrote meanwhile. `None` where the numbers move by themselves, or with what other checks
/// write: then nothing was compared.
async fn followed(cx: &Context, probe: &Probe) -> Result<Option<Evidence>, Trouble> {
    for pause in PAUSES {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let looks = looks(cx, probe).await?;
        if let Some(judgement) = judge(&looks.iter().map(numbers).collect::<Vec<_>>()) {
            let [.., answer] = &looks;
            return Ok(Some(piece(answer, format!("B: GET {} while A writes", probe.path()), judgement)));
        }
    }
    Ok(None)
}

/// Before A writes, and twice after each of two objects. Where B's own list changed meanwhile, the last look is the first one again, so
/// that nothing can be concluded from the five.
async fn looks(cx: &Context, probe: &Probe) -> Result<[Answer; 5], Trouble> {
    let own = list(cx, cx.b()?, "");
    let before = ids(cx, &cx.send(&own).await?);
    let first = cx.send(probe).await?;
    cx.objects.create(cx.a()?).await?;
    let (second, third) = (cx.send(probe).await?, cx.send(probe).await?);
    cx.objects.create(cx.a()?).await?;
    let (fourth, fifth) = (cx.send(probe).await?, cx.send(probe).await?);
    let undisturbed = ids(cx, &cx.send(&own).await?) == before;
    let fifth = if undisturbed { fifth } else { first.clone() };
    Ok([first, second, third, fourth, fifth])
}

/// `None` where the numbers do not tell whose writes they follow.
fn judge(looks: &[Vec<(String, u64)>]) -> Option<Judgement> {
    let [first, second, third, fourth, fifth] = looks else { return None };
    if looks.iter().all(|look| look == first) {
        return Some(Judgement::held("the same numbers, whatever A writes"));
    }
    let number = |look: &[(String, u64)], name: &str| look.iter().find(|(other, _)| other == name).map(|(_, number)| *number);
    let follows = |(name, start): &&(String, u64)| {
        let then = [second, third, fourth, fifth].map(|look| number(look, name));
        then == [1, 1, 2, 2].map(|more| start.checked_add(more))
    };
    let (name, start) = first.iter().find(follows)?;
    Some(Judgement::broken(format!("`{name}` went from {start} to {} with two objects of A's", start + 2)))
}

/// The whole numbers of an answer by their pointers, but for those that a clock moves.
fn numbers(answer: &Answer) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    if let Some(json) = answer.json() {
        gather(&json, "", &mut all);
    }
    all
}

fn gather(json: &Value, at: &str, all: &mut Vec<(String, u64)>) {
    match json {
        Value::Object(members) => {
            let still = |name: &str| !MOVING.iter().any(|word| name.to_ascii_lowercase().contains(word));
            members.iter().filter(|(name, _)| still(name)).for_each(|(name, value)| gather(value, &format!("{at}/{name}"), all));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| gather(item, &format!("{at}/{index}"), all)),
        Value::Number(number) => all.extend(number.as_u64().map(|number| (at.to_owned(), number))),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::run::Finding;

    #[rstest]
    #[case::still(&[3, 3, 3, 3, 3], Some(Finding::Held))]
    #[case::follows(&[3, 4, 4, 5, 5], Some(Finding::Broken))]
    #[case::others_wrote(&[3, 6, 7, 9, 9], None)]
    #[case::counts_requests(&[3, 4, 5, 6, 7], None)]
    #[case::disturbed(&[3, 4, 4, 5, 3], None)]
    fn only_a_number_that_follows_each_write_counts_what_is_anothers(#[case] seen: &[u64], #[case] expected: Option<Finding>) {
        let looks: Vec<_> = seen.iter().map(|number| vec![("/total".to_owned(), *number)]).collect();
        assert_eq!(judge(&looks).map(|judgement| judgement.finding), expected);
    }

    #[test]
    fn numbers_of_a_clock_are_left_out() {
        let body = json!({ "total": 3, "uptime_s": 9, "by_state": [{ "open": 2 }], "updated_time": 7, "share": 0.5 });
        let found = numbers(&Answer::canned(200, &[], &body.to_string()));
        assert_eq!(found, [("/total".to_owned(), 3), ("/by_state/0/open".to_owned(), 2)]);
    }
}
