//! Caches and conditions: A's answer is not served to B, and no condition of B's is tried against A's object.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;

use crate::checks::caches;
use crate::checks::paging::asking;
use crate::checks::{Act, Checked, Context, Judgement, Role};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::Carrier;

use super::foreign::ways;
use super::judge;
use super::page::list;
use super::plain::{is_open_to_b, piece_unless_plain, unless_plain};
use super::stage::{Victim, attacked, conclude, deletion_of_nothing, missing_like, piece};

/// One URL that nobody asked before: A first, then B and nobody at once.
pub(super) async fn shared(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let unique = format!("postflight={}", cx.random("isolation.cache.shared"));
    let (item, collection) = (cx.item_path(cx.a()?, &victim.object.id), cx.list_path(cx.a()?));
    let of_list = served(&cx, &victim, collection, &unique);
    let (mut of_item, of_list, again, as_a_file) =
        tokio::try_join!(served(&cx, &victim, item, &unique), of_list, again(&cx, &victim), as_a_file(&cx, &victim))?;
    if of_item.iter().any(|piece| piece.finding == Finding::Broken) {
        // What A never read is in no cache.
        let open = open_unread(&cx).await?;
        let beside = |(piece, open)| if open { piece_unless_plain(piece) } else { piece };
        of_item = of_item.into_iter().zip(open).map(beside).collect();
    }
    Ok(conclude("what A was served is served to nobody else at the same address", [of_item, of_list, again, as_a_file].concat()))
}

/// Whether an object of A's that A has never read is shown to B, and to nobody: for each of the pieces that [`served`] gives.
async fn open_unread(cx: &Context) -> Result<[bool; 3], Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let canary = cx.objects.announce(a).await?;
    let created = cx.send(&Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&a.token)).await?;
    let Some(id) = cx.made(a, &created).await else { return Ok([false; 3]) };
    let probe = Probe::get(cx.item_path(a, &id));
    let as_b = cx.send(&probe.clone().bearer(&b.token)).await?;
    let as_nobody = cx.send(&probe).await?;
    Ok([false, as_b.contains(&canary), as_nobody.contains(&canary)])
}

/// The list under the name of a static file, which edges keep for everybody whatever the service says (web cache deception, CWE-525). Where A
/// gets nothing under such a name, there is nothing to keep.
async fn as_a_file(cx: &Context, victim: &Victim) -> Result<Vec<Evidence>, Trouble> {
    let path = format!("{}/{}.css", cx.list_path(cx.a()?).trim_end_matches('/'), cx.random("isolation.cache.file"));
    let own = cx.send(&Probe::get(&path).bearer(&cx.a()?.token)).await?;
    if !own.is_success() || !holds_something(cx, &own, victim) {
        return Ok(Vec::new());
    }
    let other = cx.send(&Probe::get(&path)).await?;
    Ok(vec![piece(&other, format!("nobody: GET {path}, just after A"), not_as(cx, &own, &other, victim))])
}

/// Pauses before A and B list once more, one after the other.
const AGAIN: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(300)];

/// The plain list by A and then by B, until it shows: a cache that knows no users is often emptied by any write, and other checks write.
async fn again(cx: &Context, victim: &Victim) -> Result<Vec<Evidence>, Trouble> {
    let (a, b) = (list(cx, cx.a()?, ""), list(cx, cx.b()?, ""));
    let mut pieces = Vec::new();
    for pause in AGAIN {
        tokio::time::sleep(pause).await;
        let own = cx.send(&a).await?;
        let other = cx.send(&b).await?;
        let judgement = not_as(cx, &own, &other, victim);
        let broken = judgement.finding == Finding::Broken;
        pieces.push(piece(&other, format!("B: GET {}, just after A", b.path()), judgement));
        if broken {
            break;
        }
    }
    Ok(pieces)
}

/// Asks at `path` with a query that makes the address unique, or without it where the service takes no unknown query.
async fn served(cx: &Context, victim: &Victim, path: String, unique: &str) -> Result<Vec<Evidence>, Trouble> {
    let (a, b) = (&cx.a()?.token, &cx.b()?.token);
    let fresh = asking(&path, unique);
    let own = cx.send(&Probe::get(&fresh).bearer(a)).await?;
    let (path, own) = match own.status {
        400 | 404 | 422 => (path.clone(), cx.send(&Probe::get(&path).bearer(a)).await?),
        _ => (fresh, own),
    };
    let (as_b, as_nobody) = (Probe::get(&path).bearer(b), Probe::get(&path));
    let (as_b, as_nobody) = tokio::try_join!(cx.send(&as_b), cx.send(&as_nobody))?;
    let works = if own.is_success() {
        Judgement::held(format!("{}", own.status))
    } else {
        Judgement::unclear(format!("{}: A is not served at all", own.status))
    };
    Ok(vec![
        piece(&own, format!("A: GET {path}"), works),
        piece(&as_b, format!("B: GET {path}"), not_as(cx, &own, &as_b, victim)),
        piece(&as_nobody, format!("nobody: GET {path}"), not_as(cx, &own, &as_nobody, victim)),
    ])
}

/// The body of a list of A's holds A's canary only where it is on the first page; the very same bytes are a leak as well.
fn not_as(cx: &Context, own: &Answer, other: &Answer, victim: &Victim) -> Judgement {
    let hit = caches::hit(&other.headers).map(|words| format!(", {words}"));
    let same = other.is_success() && other.body == own.body && holds_something(cx, own, victim);
    if same || victim.is_shown_in(other) {
        return Judgement::broken(format!("{} with what A was served{}", other.status, hit.unwrap_or_default()));
    }
    if own.is_success() && other.is_success() && other.body == own.body && !holds_something(cx, own, victim) {
        return Judgement::unclear(format!(
            "{}: A's own answer, which B's is like, shows nothing of what A has; a cache may answer both",
            other.status
        ));
    }
    Judgement::held(format!("{}{}", other.status, hit.unwrap_or_default()))
}

/// Whether there is anything of A's in it: two empty lists are the same, whoever asked.
fn holds_something(cx: &Context, own: &Answer, victim: &Victim) -> bool {
    let listed = |json: &serde_json::Value| cx.target.resource.items(json).is_some_and(|items| !items.is_empty());
    victim.is_shown_in(own) || own.json().is_some_and(|json| listed(&json))
}

pub(super) async fn directives(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let listed = cx.once(&list(&cx, cx.a()?, "")).await?;
    let carrier = match &cx.target.carrier {
        Carrier::Bearer | Carrier::Scheme(_) => "authorization",
        Carrier::Cookie(_) => "cookie",
        Carrier::Header(name) => name,
    };
    let judge =
        |answer: &Answer| judge::cache_control(&answer.headers.list("cache-control"), &answer.headers.list("vary"), carrier);
    let read = |answer: &Answer| if answer.is_success() { judge(answer) } else { Judgement::unclear(answer.status.to_string()) };
    let created = judge(&victim.object.created);
    let created = if created.finding == Finding::Broken { created } else { Judgement::held(created.observed) };
    let pieces = vec![
        piece(&victim.read, "A: an object", read(&victim.read)),
        piece(&listed, "A: the list", read(&listed)),
        piece(&victim.object.created, "A: the answer to a creation", created),
    ];
    Ok(conclude("answers with a user's data stay out of caches that others share", pieces))
}

/// B sends the validators of A's own answer, and conditions that hold for anything that exists.
pub(super) async fn conditional(cx: Context) -> Checked {
    let (cx, title) = (&cx, &cx.objects.attempted(cx.b()?).await?);
    let attack = |victim: Arc<Victim>| async move {
        let conditions = cx.telling(conditions(cx, &victim.read), 7);
        let pieces = try_join_all(conditions.iter().map(|condition| tried(cx, &victim, title, condition))).await?;
        Ok(conclude("no condition of B's is tried against what is A's", pieces.concat()))
    };
    let (outcome, listed) = tokio::try_join!(attacked(cx, Role::Contested, attack), listed(cx))?;
    Ok(outcome.joined(listed))
}

/// One condition on B's requests for A's object: on reads in each way that paths have for it. What a write at B's own path changes, it changes
/// without a condition.
async fn tried(cx: &Context, victim: &Victim, title: &str, condition: &Condition) -> Result<Vec<Evidence>, Trouble> {
    let act = condition.2;
    let mut ways = ways(cx, act, &victim.object.id).await?;
    if !matches!(act, Act::Get | Act::Head) {
        ways.truncate(1);
    }
    try_join_all(ways.iter().map(|(way, path)| tried_at(cx, victim, title, condition, (way, path)))).await
}

/// One conditional request of B for A's object; where it is answered 412, the same for an id that nothing has.
async fn tried_at(
    cx: &Context,
    victim: &Victim,
    title: &str,
    (name, value, act): &Condition,
    (way, path): (&str, &str),
) -> Result<Evidence, Trouble> {
    let (b, id) = (cx.b()?, &victim.object.id);
    let asked = |path: &str| act.probe(cx, path, title).header(name, value).bearer(&b.token);
    let answer = cx.send(&asked(path)).await?;
    let missing = match answer.status {
        412 => {
            let missing = missing_like(id, &cx.random("isolation.conditional"));
            cx.send(&asked(&cx.item_path(b, &missing))).await?.status
        }
        200..=299 if *act == Act::Delete => deletion_of_nothing(cx, id).await?,
        _ => 404,
    };
    let mut judgement = judge::conditional(answer.status, missing, answer.contains(victim.canary()));
    let reads = matches!(act, Act::Get | Act::Head);
    if reads && judgement.finding == Finding::Broken && is_open_to_b(cx, victim, path).await? {
        judgement = unless_plain(judgement);
    }
    Ok(piece(&answer, format!("B: {} by {way}, with {name}: {value}", act.word()), judgement))
}

/// Header, value and method of a conditional request.
type Condition = (&'static str, String, Act);

/// RFC 9110, 13.1 and 14.2. Where A's answer has no `ETag`, a made-up one still asks whether conditions come before ownership. Whoever checks the
/// version in the place of the owner is opened by the true one, or by `*`.
fn conditions(cx: &Context, own: &Answer) -> Vec<Condition> {
    let etag = own.headers.text("etag").unwrap_or_else(|| "\"1\"".to_owned());
    let strong = etag.trim_start_matches("W/").to_owned();
    let held = if own.headers.has("etag") { strong.clone() } else { "*".to_owned() };
    vec![
        ("if-none-match", etag.clone(), Act::Get),
        ("if-none-match", "*".to_owned(), Act::Get),
        ("if-modified-since", "Fri, 31 Dec 2049 23:59:59 GMT".to_owned(), Act::Get),
        ("range", "bytes=0-15".to_owned(), Act::Get),
        ("if-match", "\"nothing-has-this\"".to_owned(), Act::change(cx)),
        ("if-match", held, Act::change(cx)),
        ("if-match", "*".to_owned(), Act::Delete),
        ("if-match", "\"nothing-has-this\"".to_owned(), Act::Delete),
        ("if-match", "\"nothing-has-this\"".to_owned(), Act::Put),
        ("if-match", "\"nothing-has-this\"".to_owned(), Act::Patch),
        ("if-none-match", strong.clone(), Act::Get),
        ("if-range", strong.clone(), Act::Get),
        ("if-match", strong.clone(), Act::Put),
        ("if-match", strong, Act::Patch),
        ("if-none-match", etag, Act::Head),
    ]
}

/// The validator of A's list must not hold for B's.
async fn listed(cx: &Context) -> Result<Evidence, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let own = cx.once(&list(cx, a, "")).await?;
    let empty = own.json().is_some_and(|json| cx.target.resource.items(&json).is_none_or(<[serde_json::Value]>::is_empty));
    let Some(etag) = own.headers.text("etag").filter(|_| !empty) else {
        return Ok(piece(&own, "A's list", Judgement::held(if empty { "nothing in it yet" } else { "no ETag" })));
    };
    let answer = cx.send(&list(cx, b, "").header("if-none-match", &etag)).await?;
    let judgement = match answer.status {
        304 => Judgement::broken("304: the validator of A's list holds for B's"),
        status => Judgement::held(format!("{status}")),
    };
    Ok(piece(&answer, "B: the list with the ETag of A's", judgement))
}
