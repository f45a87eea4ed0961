//! Lists: whatever B asks of them, they hold only B's own.

use futures::future::try_join_all;

use crate::checks::battery::concluded;
use crate::checks::paging::next_query;
use crate::checks::{Case, Checked, Context, Judgement, Outcome, User, battery};
use crate::http::{Answer, Trouble};
use crate::run::{Evidence, Finding};

use super::judge;
use super::page::{Page, joined, list};
use super::stage::{Victim, join, piece};

/// Sizes, orders and offsets, each added to the query that shows A's object to A.
const SHAPES: [&str; 17] = [
    "",
    "limit=100000",
    "page=-1",
    "limit=100&per_page=100&page_size=100&size=100",
    "order_by=user_id",
    "sort=title&sort_by=title&sortBy=title&orderBy=title&ordering=title&order=title",
    "limit=-1",
    "offset=1&skip=1",
    "page=2&limit=1&per_page=1&page_size=1&size=1",
    "per_page=100000&page_size=100000&size=100000",
    "fields=*",
    "limit=0",
    "page=2",
    "sort=title",
    "sort=-created_at",
    "include=owner",
    "completed=false",
];

pub(super) async fn pages(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let page = Page::showing(&cx, victim.canary()).await?;
    let b = cx.b()?;
    let cases = cx.telling(SHAPES, 9).into_iter().map(|shape| case(&cx, b, &page.with(shape)));
    let outcome = battery(&cx, "lists of B", cases.collect(), |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page)]))
}

pub(super) async fn cursor(cx: Context) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let (one, other) = tokio::try_join!(cx.objects.witness(a), cx.objects.create(a))?;
    let Some((mut next, mut as_a)) = followed(&cx, a).await? else {
        return Ok(Outcome::skip("lists of this service name no next page, so there is no cursor to replay"));
    };
    // A cursor that holds on to an object, or to a page that it fills alone, leads nowhere when another check deletes that one meanwhile.
    for _ in 0..AGAIN {
        if ids(&cx, &as_a).is_empty() {
            cx.objects.create(a).await?;
            if let Some(again) = followed(&cx, a).await? {
                (next, as_a) = again;
            }
        }
    }
    if ids(&cx, &as_a).is_empty() {
        return Ok(Outcome::inconclusive("A's own cursor leads A to no object").seen(&as_a, "A follows the own cursor", "nothing"));
    }
    // What B's own list shows as well is shared with B, or said to everybody.
    let of_b = ids(&cx, &cx.once(&list(&cx, b, "")).await?);
    let own: Vec<_> = ids(&cx, &as_a).into_iter().filter(|id| !of_b.contains(id)).collect();
    let replayed = case(&cx, b, &next);
    let answer = cx.send(&replayed.probe).await?;
    let mut leaked: Vec<_> =
        [&one, &other].into_iter().filter(|object| answer.contains(&object.canary)).map(|object| object.id.clone()).collect();
    leaked.extend(ids(&cx, &answer).into_iter().filter(|id| own.contains(id)).map(|id| id.trim_matches('"').to_owned()));
    let judgement = judge::harmless(answer.status, are_still_of_a(&cx, &leaked).await?);
    let outcome = concluded("replays of A's cursor by B", &[replayed], vec![Ok(answer)], |_, _| judgement.clone())?;
    let proof = piece(&as_a, "A follows the own cursor", Judgement::held(format!("{} objects", ids(&cx, &as_a).len())));
    Ok(join(outcome, [proof]))
}

/// Whether any of these objects is A's to see: what another check made B's meanwhile, by a body that says whose it is, is no longer.
async fn are_still_of_a(cx: &Context, leaked: &[String]) -> Result<bool, Trouble> {
    if !cx.target.resource.offers.get {
        return Ok(!leaked.is_empty());
    }
    let a = cx.a()?;
    let looks = leaked.iter().take(LEAKS).map(|id| async move { cx.send(&cx.item(a, id)).await });
    Ok(try_join_all(looks).await?.iter().any(Answer::is_success))
}

/// Objects that are looked at again, where a page showed them to B.
const LEAKS: usize = 5;

/// How many more times a cursor is asked for that led nowhere.
const AGAIN: usize = 3;

/// The query of A's second page, and A's answer to it; `None` where the first names no next one.
async fn followed(cx: &Context, a: &User) -> Result<Option<(String, Answer)>, Trouble> {
    let small = cx.send(&list(cx, a, "limit=1")).await?;
    // Strict services refuse a parameter that they do not know.
    let (size, first) = if small.is_success() { ("limit=1", small) } else { ("", cx.once(&list(cx, a, "")).await?) };
    let Some(next) = next_query(&first) else { return Ok(None) };
    // A bare number counts pages of the size that was asked for.
    let next = if next.contains("limit") || next.contains("cursor") { next } else { joined(size, &next) };
    let as_a = cx.send(&list(cx, a, &next)).await?;
    Ok(Some((next, as_a)))
}

/// The ids on a page; an object that shows none stands for itself.
pub(super) fn ids(cx: &Context, answer: &Answer) -> Vec<String> {
    let Some(json) = answer.json() else { return Vec::new() };
    let items = cx.target.resource.items(&json).into_iter().flatten();
    items.map(|item| item.pointer(&cx.target.resource.fields.id).unwrap_or(item).to_string()).collect()
}

pub(super) fn case(cx: &Context, user: &User, query: &str) -> Case {
    let who = user.name;
    let name = if query.is_empty() { format!("{who}: the list") } else { format!("{who}: the list with ?{query}") };
    Case::new(name, list(cx, user, query))
}

/// What is B's to see may be answered with success, as long as it holds nothing of A's.
pub(super) fn leak_free(victim: &Victim, answer: &Answer) -> Judgement {
    judge::harmless(answer.status, victim.is_shown_in(answer))
}

/// The positive control: A's own list shows the object.
pub(super) fn shown_to_a(page: &Page) -> Evidence {
    let observed = format!("{}, the object among others", page.answer.status);
    let judgement = Judgement { finding: Finding::Held, observed };
    piece(&page.answer, format!("A: the list with ?{}", page.query), judgement)
}
