//! Lists: whatever B asks of them, they hold only B's own, and count only B's own.

use std::time::Duration;

use futures::future::join_all;

use crate::checks::paging::{has_more_pages, is_last, next_query};
use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery};
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

/// Parameters by which services search and filter; `{}` takes a beginning of the canary, so that an answer that repeats the question
/// does not look like a leak.
const SEARCHES: [&str; 16] = [
    "q={}",
    "search={}",
    // Reading only: the text or the pattern is closed, and everything is true.
    "q=%27%20OR%20%271%27=%271",
    "q=%25%27%20OR%20%271%27%20LIKE%20%271",
    "filter[title]={}",
    "search=%25%27%20OR%20%271%27%20LIKE%20%271",
    "filter={}",
    "search=%27%20OR%20%271%27=%271",
    "title__contains={}",
    "where[title]={}",
    "q=%25",
    "query={}",
    "s={}",
    "title__startswith={}",
    "title[like]={}%25",
    "search=*",
];

pub(super) async fn search(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let page = Page::showing(&cx, &victim.object).await?;
    let b = cx.b()?;
    let begin = beginning(victim.canary());
    let searches = filters(&cx).into_iter().chain(cx.telling(SEARCHES, 5).into_iter().map(str::to_owned));
    let queries: Vec<_> = searches.map(|search| page.with(&search.replace("{}", begin))).collect();
    // A first: an answer that is kept by its address alone is then served to B.
    let proof = searched(&cx, &victim, &queries).await?;
    let cases = queries.iter().map(|query| case(&cx, b, query)).collect();
    let outcome = battery(&cx, "searches of B", cases, |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page), proof]))
}

/// Filters by the fields that the target declares: the title, and the flag as objects are made with it.
fn filters(cx: &Context) -> Vec<String> {
    let fields = &cx.target.resource.fields;
    let name = |field: &str| url::form_urlencoded::byte_serialize(field.as_bytes()).collect::<String>();
    let title = format!("{}={{}}", name(&fields.title));
    std::iter::once(title).chain(fields.done.as_ref().map(|done| format!("{}=false", name(done)))).collect()
}

/// The same searches by A: how many of them find the object says how far the refusals to B carry. What closes the text of a query
/// finds nothing on a sound service, for A as for B, and is not asked.
async fn searched(cx: &Context, victim: &Victim, queries: &[String]) -> Result<Evidence, Trouble> {
    let a = cx.a()?;
    let plain = queries.iter().filter(|query| !query.contains("%27"));
    let probes: Vec<_> = plain.map(|query| list(cx, a, query)).collect();
    let answers = join_all(probes.iter().map(|probe| cx.send(probe))).await.into_iter().collect::<Result<Vec<_>, _>>()?;
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

fn case(cx: &Context, user: &crate::checks::User, query: &str) -> Case {
    let name = if query.is_empty() { "B: the list".to_owned() } else { format!("B: the list with ?{query}") };
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
