//! Searches and filters: by the usual names, by what an object holds itself, and by what closes the text of a query.

use futures::future::join_all;
use serde_json::Value;

use crate::checks::{Checked, Context, Judgement, User, at_once_or_each};
use crate::http::Trouble;
use crate::run::Evidence;

use super::injected::{self, CLOSED};
use super::listing::{case, leak_free, shown_to_a};
use super::page::{Page, joined, list};
use super::plain::{Detours, To};
use super::stage::{Victim, beginning, join, piece};

/// Parameters by which services search; the most usual first.
pub(in crate::checks) const SEARCHES: [&str; 12] = [
    "q",
    "search",
    "filter[title]",
    "query",
    "keyword",
    "s",
    "term",
    "text",
    "title__contains",
    "where[title]",
    "title__startswith",
    "search_query",
];
/// Parameters that are asked alone where a service objects to many at once.
const ALONE: usize = 3;
/// Words by which services filter, whatever an object's own fields hold.
const STATES: [&str; 5] = ["status=pending", "state=open", "filter=active", "done=false", "completed=false"];
/// Filters and searches, several parameters at once: whoever ignores one of them ignores all, and whoever knows one finds A's object by it.
pub(super) async fn search(cx: Context) -> Checked {
    let victim = Victim::described(&cx).await?;
    let page = Page::showing(&cx, Victim::shared(&cx).await?.canary()).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let begin = beginning(victim.canary());
    let searches: Vec<_> = SEARCHES.iter().map(|name| format!("{name}={begin}")).collect();
    let titled = filter(&cx.target.resource.fields.title, begin);
    // A first: an answer that is kept by its address alone is then served to B.
    let mut asked = vec![titled.clone()];
    for several in [own_values(&cx, &victim), STATES.map(str::to_owned).to_vec(), [vec![titled], searches].concat()] {
        asked.extend(at_once(&cx, a, &page, &several).await?);
    }
    // What compares whole titles knows no beginning.
    asked.push(filter(&cx.target.resource.fields.title, victim.canary()));
    let queries: Vec<_> = asked.iter().map(|query| joined(page.first(), query)).collect();
    let proof = searched(&cx, &victim, &queries).await?;
    let mut cases: Vec<_> = queries.iter().map(|query| case(&cx, b, query)).collect();
    for closed in cx.telling(CLOSED, 4) {
        let all: Vec<_> = SEARCHES.iter().map(|name| format!("{name}={closed}")).collect();
        let each = at_once(&cx, b, &page, &all).await?;
        cases.extend(each.iter().map(|query| case(&cx, b, &joined(page.first(), query)).of_an_odd_form()));
    }
    cases.extend(injected::of_list(&cx, &page)?);
    let detours = Detours { cx: &cx, victim: &victim, query: page.first(), to: To::List };
    let outcome = detours.ask("searches of B", cases, |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page), proof]))
}

/// These parameters in one query, or the first of them each alone where the service objects.
async fn at_once(cx: &Context, user: &User, page: &Page, several: &[String]) -> Result<Vec<String>, Trouble> {
    let [all, each] = [vec![several.join("&")], cx.telling(several.iter().cloned(), ALONE)];
    if all.iter().all(String::is_empty) {
        return Ok(Vec::new());
    }
    let named = |queries: &[String]| queries.iter().map(|query| case(cx, user, &joined(page.first(), query))).collect::<Vec<_>>();
    let Some(first) = named(&all).pop() else { return Ok(all) };
    let chosen = at_once_or_each(cx, first, named(&each)).await?.len();
    Ok(if chosen == 1 { all } else { each })
}

fn filter(field: &str, value: &str) -> String {
    let written = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("{}={}", written(field), written(value))
}

/// Values of an object's fields that are asked for at most.
const VALUES: usize = 6;

/// Filters by what A's object holds itself: flags, and short words such as a priority or a category. The flag that the target declares comes
/// first; ids, times and texts are no filters.
fn own_values(cx: &Context, victim: &Victim) -> Vec<String> {
    let fields = &cx.target.resource.fields;
    let object = victim.read.json().and_then(|json| cx.target.resource.object(&json)?.as_object().cloned()).unwrap_or_default();
    let value = |value: &Value| match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::String(word) if is_a_word(word) => Some(word.clone()),
        _ => None,
    };
    let declared = fields.done.iter().map(|done| filter(done, "false"));
    let others = object.iter().filter(|(name, _)| fields.done.as_ref() != Some(*name) && !is_of_a_person(name));
    let others = others.filter_map(|(name, held)| Some(filter(name, &value(held)?)));
    declared.chain(others).take(VALUES).collect()
}

/// A short word of letters: no id, no time, no sentence, no name.
fn is_a_word(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-'))
}

fn is_of_a_person(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["user", "owner", "author", "by", "id", "_id", "uid"].iter().any(|part| name == *part || name.ends_with(part))
        || name.contains("user")
}

/// The same searches by A: how many of them find the object says how far the refusals to B carry.
async fn searched(cx: &Context, victim: &Victim, queries: &[String]) -> Result<Evidence, Trouble> {
    let a = cx.a()?;
    let probes: Vec<_> = queries.iter().map(|query| list(cx, a, query)).collect();
    let answers = join_all(probes.iter().map(|probe| cx.once(probe))).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let found = answers.iter().filter(|answer| answer.is_success() && victim.is_shown_in(answer)).count();
    let observed = format!("{found} of {} searches show the object to A", answers.len());
    let shown = answers.iter().find(|answer| victim.is_shown_in(answer)).or(answers.first());
    let piece = shown.map(|answer| piece(answer, "the same searches by A", Judgement::held(observed)));
    piece.ok_or_else(|| Trouble::Unexpected("no search was answered".into()))
}
