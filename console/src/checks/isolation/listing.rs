//! Lists: whatever B asks of them, they hold only B's own, and count only B's own.

use std::time::Duration;

use futures::future::join_all;

use crate::checks::paging::{has_more_pages, is_last, next_query};
use serde_json::Value;

use crate::checks::{Case, Checked, Context, Judgement, Outcome, User, at_once_or_each, battery, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::judge;
use super::page::{Page, list, totals};
use super::stage::{Victim, beginning, conclude, join, piece};

/// Sizes, orders and offsets, each added to the query that shows A's object to A.
const SHAPES: [&str; 16] = [
    "",
    "limit=100000",
    "page=-1",
    "order_by=user_id",
    "limit=-1",
    "offset=1",
    "per_page=100000",
    "fields=*",
    "limit=0",
    "page_size=100000",
    "skip=0",
    "page=2",
    "sort=title",
    "sort=-created_at",
    "include=owner",
    "completed=false",
];

pub(super) async fn pages(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let page = Page::showing(&cx, &victim.object).await?;
    let b = cx.b()?;
    let cases = cx.telling(SHAPES, 8).into_iter().map(|shape| case(&cx, b, &page.with(shape)));
    let outcome = battery(&cx, "lists of B", cases.collect(), |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page)]))
}

/// Parameters by which services search; the most usual first.
const SEARCHES: [&str; 12] = [
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
const STATES: [&str; 3] = ["status=pending", "state=open", "filter=active"];
/// What closes the text or the pattern of a query and makes everything true (CWE-89). They only read.
const CLOSED: [&str; 6] = [
    "%27%20OR%20%271%27=%271",
    "%25%27%20OR%20%271%27%20LIKE%20%271",
    "%25%27)%20OR%201=1%20--%20",
    "%27)%20OR%201=1%20--%20",
    "%25%27))%20OR%201=1%20--%20",
    "%25",
];

/// Filters and searches, several parameters at once: whoever ignores one of them ignores all, and whoever knows one finds A's object by it.
pub(super) async fn search(cx: Context) -> Checked {
    let victim = Victim::described(&cx).await?;
    let page = Page::showing(&cx, &Victim::shared(&cx).await?.object).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let begin = beginning(victim.canary());
    let searches: Vec<_> = SEARCHES.iter().map(|name| format!("{name}={begin}")).collect();
    let titled = filter(&cx.target.resource.fields.title, begin);
    // A first: an answer that is kept by its address alone is then served to B.
    let mut asked = vec![titled.clone()];
    for several in [own_values(&cx, &victim), STATES.map(str::to_owned).to_vec(), [vec![titled], searches].concat()] {
        asked.extend(at_once(&cx, a, &page, &several).await?);
    }
    let queries: Vec<_> = asked.iter().map(|query| page.with(query)).collect();
    let proof = searched(&cx, &victim, &queries).await?;
    let mut cases: Vec<_> = queries.iter().map(|query| case(&cx, b, query)).collect();
    for closed in cx.telling(CLOSED, 3) {
        let all: Vec<_> = SEARCHES.iter().map(|name| format!("{name}={closed}")).collect();
        let each = at_once(&cx, b, &page, &all).await?;
        cases.extend(each.iter().map(|query| case(&cx, b, &page.with(query))));
    }
    let outcome = shared_battery(&cx, "searches of B", cases, |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page), proof]))
}

/// These parameters in one query, or the first of them each alone where the service objects.
async fn at_once(cx: &Context, user: &User, page: &Page, several: &[String]) -> Result<Vec<String>, Trouble> {
    let [all, each] = [vec![several.join("&")], cx.telling(several.iter().cloned(), ALONE)];
    if all.iter().all(String::is_empty) {
        return Ok(Vec::new());
    }
    let named = |queries: &[String]| queries.iter().map(|query| case(cx, user, &page.with(query))).collect::<Vec<_>>();
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

pub(super) async fn cursor(cx: Context) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let (one, other) = tokio::try_join!(cx.objects.witness(a), cx.objects.create(a))?;
    let first = cx.send(&list(&cx, a, "limit=1")).await?;
    let Some(next) = next_query(&first) else {
        return Ok(Outcome::skip("lists of this service name no next page, so there is no cursor to replay"));
    };
    let as_a = cx.send(&list(&cx, a, &next)).await?;
    let own = ids(&cx, &as_a);
    if own.is_empty() {
        return Ok(Outcome::inconclusive("A's own cursor leads A to no object").seen(&as_a, "A follows the own cursor", "nothing"));
    }
    let cases = vec![case(&cx, b, &next)];
    let outcome = battery(&cx, "replays of A's cursor by B", cases, |_, answer| {
        let canaries = [&one.canary, &other.canary].into_iter().any(|canary| answer.contains(canary));
        judge::harmless(answer.status, canaries || ids(&cx, answer).iter().any(|id| own.contains(id)))
    })
    .await?;
    let proof = piece(&as_a, "A follows the own cursor", Judgement::held(format!("{} objects", own.len())));
    Ok(join(outcome, [proof]))
}

fn ids(cx: &Context, answer: &Answer) -> Vec<String> {
    let Some(json) = answer.json() else { return Vec::new() };
    let items = cx.target.resource.items(&json).into_iter().flatten();
    items.filter_map(|item| item.pointer(&cx.target.resource.fields.id)).map(ToString::to_string).collect()
}

/// Page sizes that services commonly have: a page with so many objects may be a full one.
const PAGE_SIZES: [usize; 12] = [1, 10, 15, 20, 25, 30, 40, 50, 100, 200, 500, 1000];

/// B's list before and after A makes objects. Other checks make objects of B meanwhile, so totals are held against the objects of the
/// same answer, and two answers are compared only where they list the same.
pub(super) async fn totals_of_b(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let page = Page::showing(&cx, &victim.object).await?;
    let b = cx.b()?;
    let around = Around::undisturbed(&cx, &list(&cx, b, &page.query), &list(&cx, b, "limit=1")).await?;
    let filtered = cx.send(&list(&cx, b, &page.with(&format!("q={}", beginning(victim.canary()))))).await?;
    let looks = [("before A writes", &around.before), ("after A wrote", &around.after), ("searching for A's title", &filtered)];
    let mut pieces: Vec<_> =
        looks.into_iter().map(|(when, answer)| piece(answer, format!("B's list, {when}"), counted(&cx, answer))).collect();
    pieces.extend(beyond(&cx, &page, &around.before).await?);
    let compared = around.is_undisturbed(&cx);
    pieces.extend(compared.then(|| piece(&around.after, "B's list, before and after", moved(&cx, &around))));
    pieces.push(shown_to_a(&page));
    let words = "what B's list counts is B's own";
    let more = if compared {
        ", whatever A writes"
    } else {
        "; other checks wrote as B each time that A did, so before and after were not compared"
    };
    Ok(conclude(&format!("{words}{more}"), pieces))
}

/// Pages of B's that are followed at most.
const FOLLOWED: usize = 5;

/// B's list to its end, where it says that there is more: totals that count what B cannot see promise objects that never come.
async fn beyond(cx: &Context, page: &Page, first: &Answer) -> Result<Option<Evidence>, Trouble> {
    let (b, start) = (cx.b()?, ids(cx, first));
    let most = totals(first).into_iter().max_by_key(|(_, total)| *total).filter(|(_, total)| *total > start.len() as u64);
    let Some((name, total)) = most.filter(|_| is_partial(first, start.len())) else { return Ok(None) };
    let (mut seen, mut last) = (start.len(), first.clone());
    for number in 2..2 + FOLLOWED {
        let next = next_query(&last).unwrap_or_else(|| page.with(&format!("page={number}")));
        let answer = cx.send(&list(cx, b, &next)).await?;
        let more = ids(cx, &answer);
        if !answer.is_success() || (more == start && !start.is_empty()) {
            return Ok(None);
        }
        seen += more.len();
        if more.is_empty() || is_last(&answer) {
            let judgement = if total > seen as u64 {
                Judgement::broken(format!("{name} says {total}, but after {seen} objects comes no more"))
            } else {
                Judgement::held(format!("{seen} objects on all pages, {name} {total}"))
            };
            return Ok(Some(piece(&answer, "B: the last page of the list", judgement)));
        }
        last = answer;
    }
    Ok(None)
}

/// B's list around a write of A's.
struct Around {
    /// Just before A makes an object.
    before: Answer,
    /// Just after.
    after: Answer,
    /// Once more, where the two differ: what differs by itself does so again.
    again: Option<Answer>,
}

impl Around {
    async fn look(cx: &Context, probe: &Probe) -> Result<Self, Trouble> {
        let before = cx.send(probe).await?;
        cx.objects.create(cx.a()?).await?;
        let after = cx.send(probe).await?;
        let differ = before.body != after.body || before.headers.text("etag") != after.headers.text("etag");
        let again = if differ { Some(cx.send(probe).await?) } else { None };
        Ok(Self { before, after, again })
    }

    /// Looks until B's own objects are the same before and after: other checks make objects of B meanwhile. The `whole` list first, then
    /// the `first` object alone, which is likelier to stay.
    async fn undisturbed(cx: &Context, whole: &Probe, first: &Probe) -> Result<Self, Trouble> {
        let mut around = Self::look(cx, whole).await?;
        for (probe, pause) in [(first, 0), (whole, 300), (first, 600), (whole, 900)] {
            if around.is_undisturbed(cx) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            around = Self::look(cx, probe).await?;
        }
        Ok(around)
    }

    fn is_undisturbed(&self, cx: &Context) -> bool {
        let same = |answer: &Answer| ids(cx, &self.before) == ids(cx, answer);
        same(&self.after) && self.again.as_ref().is_none_or(same)
    }
}

/// Whether there may be more than these `seen` objects.
fn is_partial(answer: &Answer, seen: usize) -> bool {
    next_query(answer).is_some() || has_more_pages(answer) || (PAGE_SIZES.contains(&seen) && !is_last(answer))
}

/// A total that is larger than a page which is not full counts what B cannot see.
fn counted(cx: &Context, answer: &Answer) -> Judgement {
    let seen = ids(cx, answer).len();
    let full = is_partial(answer, seen);
    let named = totals(answer);
    match named.iter().find(|(_, total)| *total > seen as u64) {
        Some((name, total)) if !full => Judgement::broken(format!("{name} says {total}, but the list holds {seen} objects")),
        _ if named.is_empty() => Judgement::held(format!("{seen} objects, no total")),
        _ => Judgement::held(format!("{seen} objects, totals {named:?}")),
    }
}

/// The same objects with another total or another `ETag`, and once more so: something that B cannot see moved them.
fn moved(cx: &Context, around: &Around) -> Judgement {
    let Around { before, after, again } = around;
    // A count and a list are two queries, between which another check may have made an object of B: then the third look differs again.
    let lasting = |told: fn(&Answer) -> Vec<String>| {
        again.as_ref().is_some_and(|again| told(before) != told(after) && told(after) == told(again))
    };
    let counts = |answer: &Answer| totals(answer).iter().map(|(name, total)| format!("{name} {total}")).collect();
    // Beside a part of the list, a total also counts what other checks make as B; one below what is listed was counted before such a write.
    let seen = ids(cx, before).len();
    let settled = totals(before).iter().all(|(_, total)| *total >= seen as u64);
    if settled && !is_partial(before, seen) && lasting(counts) {
        return Judgement::broken(format!("the same objects, but totals {:?} became {:?}", totals(before), totals(after)));
    }
    if before.body == after.body && lasting(|answer| answer.headers.text("etag").into_iter().collect()) {
        return Judgement::broken("the same bytes, but another ETag after A wrote");
    }
    Judgement::held("the same objects, totals and ETag")
}

fn case(cx: &Context, user: &User, query: &str) -> Case {
    let who = user.name;
    let name = if query.is_empty() { format!("{who}: the list") } else { format!("{who}: the list with ?{query}") };
    Case::new(name, list(cx, user, query))
}

fn leak_free(victim: &Victim, answer: &Answer) -> Judgement {
    judge::harmless(answer.status, victim.is_shown_in(answer))
}

/// The positive control: A's own list shows the object.
pub(super) fn shown_to_a(page: &Page) -> Evidence {
    let observed = format!("{}, the object among others", page.answer.status);
    let judgement = Judgement { finding: Finding::Held, observed };
    piece(&page.answer, format!("A: the list with ?{}", page.query), judgement)
}
