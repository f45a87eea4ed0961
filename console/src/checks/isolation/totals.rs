//! What lists count: a total that knows of more than B's own tells B of others.

use std::time::Duration;

use crate::checks::paging::{has_more_pages, is_last, next_query};
use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Trouble};
use crate::run::{Evidence, Finding};

use super::listing::{ids, shown_to_a};
use super::page::{Page, joined, list, totals};
use super::stage::{Victim, beginning, conclude, piece};
use super::tallies;

/// Page sizes that services commonly have: a page with so many objects may be a full one.
const PAGE_SIZES: [usize; 12] = [1, 10, 15, 20, 25, 30, 40, 50, 100, 200, 500, 1000];

/// Pauses before looking again: a list may lag behind its own count (a search index, a read replica).
const PAUSES: [u64; 3] = [0, 1_200, 2_500];

/// B's list before and after A makes objects. Other checks make objects of B meanwhile, so totals are held against the objects of the
/// same answer, and two answers are compared only where they list the same.
pub(super) async fn totals_of_b(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let page = Page::showing(&cx, victim.canary()).await?;
    let mut looks = Vec::new();
    for pause in PAUSES {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let look = looked(&cx, &victim, &page).await?;
        let settled = look.worst() <= Finding::Held && look.whole && !look.restless;
        looks.push(look);
        if settled {
            break;
        }
    }
    // Where other checks wrote as B each time, or as A between two looks, it tells when they have ended.
    if looks.last().is_some_and(|look| !look.compared || look.restless) {
        cx.client.until(cx.quiet.turn_of("isolation.list.totals")).await?;
        looks.push(looked(&cx, &victim, &page).await?);
    }
    // A lag is over in the last of them. What is not, was seen best where B's list kept still, and most spoke against it.
    let settled = looks.pop_if(|last| last.worst() <= Finding::Held);
    let best = settled.or_else(|| looks.into_iter().max_by_key(|look| (look.told, look.worst())));
    let Some(Look { mut pieces, compared, .. }) = best else {
        return Ok(Outcome::inconclusive("nothing was asked"));
    };
    pieces.extend(tallies::of_b(&cx).await?);
    pieces.push(shown_to_a(&page));
    let words = "what B's list counts is B's own";
    let more = if compared {
        ", whatever A writes"
    } else {
        "; other checks wrote as B each time that A did, so before and after were not compared"
    };
    Ok(conclude(&format!("{words}{more}"), pieces))
}

/// What B's list counts.
struct Look {
    pieces: Vec<Evidence>,
    /// Whether it could be compared before and after a write of A's.
    compared: bool,
    /// Whether that tells whose objects a total counts: only B's whole list shows what other checks make as B.
    told: bool,
    /// Whether all was seen that totals count, where there are any.
    whole: bool,
    /// Whether something moved once more than A wrote.
    restless: bool,
}

impl Look {
    fn worst(&self) -> Finding {
        self.pieces.iter().map(|piece| piece.finding).max().unwrap_or(Finding::Held)
    }
}

async fn looked(cx: &Context, victim: &Victim, page: &Page) -> Result<Look, Trouble> {
    let around = Around::undisturbed(cx, page.first()).await?;
    let search = joined(page.first(), &format!("q={}", beginning(victim.canary())));
    let filtered = cx.send(&list(cx, cx.b()?, &search)).await?;
    let compared = around.is_undisturbed(cx);
    let told = compared && around.query == page.first();
    let stays = told.then(|| totals(cx, &around.before) == totals(cx, &around.after));
    let rest = Rest::of(cx, around.query, &around.before).await?;
    let partial = rest.is_more() || is_partial(&around.before, ids(cx, &around.before).len());
    let looks = [("before A writes", &around.before), ("after A wrote", &around.after)];
    let mut pieces: Vec<_> = looks
        .into_iter()
        .map(|(when, answer)| piece(answer, format!("B's list, {when}"), own(counted(cx, answer, partial), stays)))
        .collect();
    pieces.push(piece(&filtered, "B's list, searching for A's title", found(cx, &around.after, &filtered, partial)));
    let judged = matches!(rest, Rest::Judged(..));
    let whole = !partial || judged || totals(cx, &around.before).is_empty();
    if let Rest::Judged(last, judgement) = rest {
        pieces.push(piece(&last, "B: the last page of the list", own(judgement, stays)));
    }
    pieces.extend(compared.then(|| piece(&around.after, "B's list, before and after", moved(cx, &around, partial))));
    Ok(Look { pieces, compared, told, whole, restless: around.is_restless(cx) })
}

/// Pages of B's that are followed at most.
const FOLLOWED: usize = 5;

/// What comes behind the first page of B's list: totals that count what B cannot see promise objects that never come.
enum Rest {
    /// Nothing that the service can be asked for.
    None,
    /// More than was followed, or than a moment ago.
    More,
    /// The last page, and what it says of the total.
    Judged(Box<Answer>, Judgement),
}

impl Rest {
    /// B's list to its end, where a total says that there is more. Any number of objects may be a full page.
    async fn of(cx: &Context, query: &str, first: &Answer) -> Result<Self, Trouble> {
        let start = ids(cx, first);
        let most = totals(cx, first).into_iter().max_by_key(|(_, total)| *total).filter(|(_, total)| *total > start.len() as u64);
        let Some((name, total)) = most else { return Ok(Self::None) };
        let (mut seen, mut last) = (start.len(), first.clone());
        for number in 2..2 + FOLLOWED {
            let Some(answer) = after(cx, query, &last, (number, seen), &start).await? else {
                return Ok(if seen > start.len() { Self::More } else { Self::None });
            };
            let more = ids(cx, &answer);
            seen += more.len();
            if more.is_empty() || is_last(&answer) {
                let judgement = promised(cx, query, seen as u64, (&name, total)).await?;
                return Ok(judgement.map_or(Self::More, |judgement| Self::Judged(Box::new(answer), judgement)));
            }
            last = answer;
        }
        Ok(Self::More)
    }

    const fn is_more(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The page after `last`: where that names it, by its number, or behind as many objects as were `seen`. `None` where a service takes notice of
/// none of these, and begins at the `start` again.
async fn after(
    cx: &Context,
    query: &str,
    last: &Answer,
    (number, seen): (usize, usize),
    start: &[String],
) -> Result<Option<Answer>, Trouble> {
    let usual = || [format!("page={number}"), format!("offset={seen}"), format!("skip={seen}")].map(|next| joined(query, &next));
    for next in next_query(last).map_or_else(|| usual().into(), |next| vec![next]) {
        let answer = cx.send(&list(cx, cx.b()?, &next)).await?;
        let again = ids(cx, &answer).iter().filter(|id| start.contains(id)).count() * 2 > start.len();
        if answer.is_success() && !again {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// A total beside all the objects that came. One that is smaller by now counted what went meanwhile.
async fn promised(cx: &Context, query: &str, seen: u64, (name, total): (&str, u64)) -> Result<Option<Judgement>, Trouble> {
    if total <= seen {
        return Ok(Some(Judgement::held(format!("{seen} objects on all pages, {name} {total}"))));
    }
    let again = cx.send(&list(cx, cx.b()?, query)).await?;
    let lasting = totals(cx, &again).iter().any(|(other, now)| *other == name && *now >= total);
    Ok(lasting.then(|| Judgement::broken(format!("{name} says {total}, but after {seen} objects comes no more"))))
}

/// B's list around a write of A's.
struct Around<'q> {
    /// What was asked of the list.
    query: &'q str,
    /// Just before A makes an object.
    before: Answer,
    /// Just after.
    after: Answer,
    /// Once more, where the two differ: what differs by itself does so again.
    again: Option<Answer>,
}

impl<'q> Around<'q> {
    async fn look(cx: &Context, query: &'q str) -> Result<Self, Trouble> {
        let probe = &list(cx, cx.b()?, query);
        let before = cx.send(probe).await?;
        cx.objects.create(cx.a()?).await?;
        let after = cx.send(probe).await?;
        let differ = before.body != after.body || before.headers.text("etag") != after.headers.text("etag");
        let again = if differ { Some(cx.send(probe).await?) } else { None };
        Ok(Self { query, before, after, again })
    }

    /// Looks until B's own objects are the same before and after: other checks make objects of B meanwhile. The `whole` list first, then
    /// the `first` object alone, which is likelier to stay.
    async fn undisturbed(cx: &Context, whole: &'q str) -> Result<Self, Trouble> {
        let mut around = Self::look(cx, whole).await?;
        let first = "limit=1";
        for (query, pause) in [(first, 0), (whole, 300), (first, 600), (whole, 900)] {
            if around.is_undisturbed(cx) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            around = Self::look(cx, query).await?;
        }
        Ok(around)
    }

    fn is_undisturbed(&self, cx: &Context) -> bool {
        let same = |answer: &Answer| ids(cx, &self.before) == ids(cx, answer);
        same(&self.after) && self.again.as_ref().is_none_or(same)
    }

    /// Whether totals or `ETag` moved before the third look as well: by themselves, or with what other checks wrote as A.
    fn is_restless(&self, cx: &Context) -> bool {
        let told = |answer: &Answer| (totals(cx, answer), answer.headers.text("etag"));
        self.again.as_ref().is_some_and(|again| told(&self.before) != told(&self.after) && told(&self.after) != told(again))
    }
}

/// Whether there may be more than these `seen` objects.
fn is_partial(answer: &Answer, seen: usize) -> bool {
    next_query(answer).is_some() || has_more_pages(answer) || (PAGE_SIZES.contains(&seen) && !is_last(answer))
}

/// A total beyond the list counts others' objects only where it follows what they write; one that `stays` counts what lists of B leave out
/// (archived or deleted objects). Where B's list moved meanwhile, nothing tells which.
fn own(counted: Judgement, stays: Option<bool>) -> Judgement {
    match (counted.finding, stays) {
        (Finding::Broken, Some(true)) => Judgement::weak(format!("{}, before A writes and after", counted.observed)),
        (Finding::Broken, None) => Judgement::unclear(format!("{}, and other checks wrote as B meanwhile", counted.observed)),
        _ => counted,
    }
}

/// A search by B for what A wrote. A total that is the whole list's as well takes no notice of searches.
fn found(cx: &Context, whole: &Answer, filtered: &Answer, partial: bool) -> Judgement {
    let unfiltered = ids(cx, filtered).len() >= ids(cx, whole).len();
    let counted = counted(cx, filtered, partial && unfiltered);
    if counted.finding == Finding::Broken && totals(cx, filtered) == totals(cx, whole) {
        return Judgement::held(format!("{}, as without the search", counted.observed));
    }
    counted
}

/// A total that is larger than a page which is not full counts what B cannot see.
fn counted(cx: &Context, answer: &Answer, partial: bool) -> Judgement {
    let seen = ids(cx, answer).len();
    let full = partial || is_partial(answer, seen);
    let named = totals(cx, answer);
    match named.iter().find(|(_, total)| *total > seen as u64) {
        Some((name, total)) if !full => Judgement::broken(format!("{name} says {total}, but the list holds {seen} objects")),
        _ if named.is_empty() => Judgement::held(format!("{seen} objects, no total")),
        _ => Judgement::held(format!("{seen} objects, totals {named:?}")),
    }
}

/// The same objects with another total or another `ETag`, and once more so: something that B cannot see moved them.
fn moved(cx: &Context, around: &Around<'_>, partial: bool) -> Judgement {
    let Around { before, after, again, .. } = around;
    // A count and a list are two queries, between which another check may have made an object of B: then the third look differs again.
    let lasting = |told: &dyn Fn(&Answer) -> Vec<String>| {
        again.as_ref().is_some_and(|again| told(before) != told(after) && told(after) == told(again))
    };
    let counts = |answer: &Answer| totals(cx, answer).iter().map(|(name, total)| format!("{name} {total}")).collect();
    // Beside a part of the list, a total also counts what other checks make as B; one below what is listed was counted before such a write.
    let seen = ids(cx, before).len();
    let settled = totals(cx, before).iter().all(|(_, total)| *total >= seen as u64);
    if settled && !partial && lasting(&counts) {
        return Judgement::broken(format!("the same objects, but totals {:?} became {:?}", totals(cx, before), totals(cx, after)));
    }
    if before.body == after.body && lasting(&|answer| answer.headers.text("etag").into_iter().collect()) {
        return Judgement::broken("the same bytes, but another ETag after A wrote");
    }
    if totals(cx, before) == totals(cx, after) {
        return Judgement::held("the same objects and totals");
    }
    Judgement::held(format!(
        "totals {:?} became {:?}, with what other checks made of B's or not",
        totals(cx, before),
        totals(cx, after)
    ))
}
