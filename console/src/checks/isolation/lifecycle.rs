//! The two ends of an object: what A deleted is gone for everybody, and what was refused at its creation never was.

use futures::future::try_join_all;

use serde_json::{Value, json};

use crate::checks::{Act, Checked, Context, Judgement, Outcome, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::judge;
use super::page::{Page, list};
use super::stage::{Victim, conclude, piece, settle};

pub(super) async fn deleted(cx: Context) -> Checked {
    let victim = Victim::new(&cx).await?;
    let a = cx.a()?;
    if victim.object.id.parse::<u64>().is_ok() {
        // Some databases give the number of the last object to the next one, once that is gone: here a later one is the last.
        cx.objects.create(a).await?;
    }
    let item = cx.item_path(a, &victim.object.id);
    let gone = cx.send(&Act::Delete.probe(&cx, &item, "").bearer(&a.token)).await?;
    if !gone.is_success() {
        let words = format!("{}: A cannot delete the own object", gone.status);
        return Ok(Outcome::inconclusive(words.clone()).seen(&gone, "A deletes the own object", words));
    }
    until_gone(&cx, &victim).await?;
    let lists = of_what_is_deleted(&cx, &victim).await?;
    let asked = asked_afterwards(&cx, &victim).await?;
    let mut pieces: Vec<Evidence> = vec![piece(&gone, "A deletes the own object", Judgement::held(gone.status.to_string()))];
    pieces.extend(asked.iter().map(|(act, user, answer)| {
        let judgement = if is_another(&cx, &victim, answer) {
            Judgement::held(format!("{}: the id is another object's by now", answer.status))
        } else if user.name == a.name {
            of_the_owner(&cx, *act, answer, &victim)
        } else {
            after_the_end(*act, answer, victim.canary())
        };
        piece(answer, format!("{}: {} afterwards", user.name, act.word()), judgement)
    }));
    let last = cx.send(&cx.item(a, &victim.object.id)).await?;
    let put = asked.iter().any(|(act, _, answer)| *act == Act::Put && answer.is_success());
    let judgement = match of_the_owner(&cx, Act::Get, &last, &victim) {
        _ if is_another(&cx, &victim, &last) => Judgement::held(format!("{}: the id is another object's by now", last.status)),
        still if still.finding == Finding::Broken && put => {
            Judgement::weak(format!("{}: there again, by A's own PUT", last.status))
        }
        judgement => judgement,
    };
    pieces.push(piece(&last, "A reads it once more", judgement));
    pieces.extend(lists);
    Ok(conclude("a deleted object is gone for everybody, and a second DELETE changes nothing", pieces))
}

/// Whether an answer shows an object that was made after the one that is gone, under its id: some databases give numbers out again.
fn is_another(cx: &Context, victim: &Victim, answer: &Answer) -> bool {
    let json = answer.json().filter(|_| answer.is_success());
    let title = json.as_ref().and_then(|json| cx.target.resource.title(json));
    title.is_some_and(|title| !title.is_empty() && !title.to_ascii_lowercase().contains(&victim.canary().to_ascii_lowercase()))
}

/// Asks for deleted objects, by the parameters and the path that services have for that.
const DELETED: &str =
    "include_deleted=true&includeDeleted=true&with_deleted=true&withDeleted=true&deleted=true&trashed=true&trash=true";
/// The same by words.
const DELETED_BY_WORDS: &str = "include=trash&status=deleted&state=deleted&filter=deleted&show=deleted&view=trash&scope=deleted";

/// Where objects are only marked as deleted, lists of those are lists all the same: B's show nothing of A's.
async fn of_what_is_deleted(cx: &Context, victim: &Victim) -> Result<Vec<Evidence>, Trouble> {
    let b = cx.b()?;
    let trash = Probe::get(format!("{}/trash", cx.list_path(b).trim_end_matches('/'))).bearer(&b.token);
    let asked = [
        ("B: the list with what is deleted", list(cx, b, DELETED)),
        ("B: the list of what is deleted", list(cx, b, DELETED_BY_WORDS)),
        ("B: GET of the trash", trash),
    ];
    let asked = asked.map(async |(label, probe)| {
        let answer = cx.send(&probe).await?;
        let judgement = judge::harmless(answer.status, answer.contains(victim.canary()));
        // Whoever does not know the parameters may fail on them, which other checks look at.
        let judgement = if judgement.finding == Finding::Weak { Judgement::held(judgement.observed) } else { judgement };
        Ok::<_, Trouble>(piece(&answer, label, judgement))
    });
    try_join_all(asked).await
}

/// Every way to ask for an object that is gone. Reads come first and PUT last: it may make what is not there (RFC 9110, 9.3.4), and then it
/// is. Where they show that the id is another object's by now, nothing is changed there.
async fn asked_afterwards<'a>(cx: &'a Context, victim: &Victim) -> Result<Vec<(Act, &'a User, Answer)>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let title = format!("{} again", victim.canary());
    let reads = [(Act::Get, a), (Act::Get, b)];
    let changes = [(Act::Patch, a), (Act::Delete, a), (Act::Delete, b), (Act::Toggle, a)];
    let mut asked = Vec::new();
    for turn in [&reads[..], &changes[..], &[(Act::Put, a)]] {
        let sent = turn.iter().filter_map(|(act, user)| {
            let probe = act.probe(cx, &act.path(cx, a, &victim.object.id)?, &title).bearer(&user.token);
            Some(async move {
                let answer = cx.send(&probe).await?;
                // Toggles differ in their method.
                let other = Probe::post(probe.path(), &serde_json::json!({})).bearer(&user.token);
                let by_another = *act == Act::Toggle && answer.status == 405;
                let answer = if by_another { cx.send(&other).await? } else { answer };
                Ok::<_, Trouble>((*act, *user, answer))
            })
        });
        asked.extend(try_join_all(sent).await?);
        if asked.iter().any(|(_, _, answer): &(Act, &User, Answer)| is_another(cx, victim, answer)) {
            break;
        }
    }
    Ok(asked)
}

/// Waits until a deletion that was answered with success shows, or can be said not to.
async fn until_gone(cx: &Context, victim: &Victim) -> Result<(), Trouble> {
    settle().await;
    if cx.target.resource.offers.get {
        cx.eventually(&cx.item(cx.a()?, &victim.object.id), |answer| !answer.contains(victim.canary())).await?;
    }
    Ok(())
}

/// What the policy accepts for the owner, where objects are only marked as deleted; else as for everybody.
fn of_the_owner(cx: &Context, act: Act, answer: &Answer, victim: &Victim) -> Judgement {
    if cx.target.policy.deleted.contains(answer.status) {
        return Judgement::held(format!("{}, as the policy accepts", answer.status));
    }
    after_the_end(act, answer, victim.canary())
}

/// 404 or 410 in every way of asking; a second DELETE may also say 2xx without a body of the object.
fn after_the_end(act: Act, answer: &Answer, canary: &str) -> Judgement {
    let status = answer.status;
    match act {
        Act::Get if answer.is_success() && answer.contains(canary) => Judgement::broken(format!("{status}: still there")),
        Act::Get if answer.is_success() => Judgement::weak(format!("{status} for an object that is gone")),
        Act::Put if answer.is_success() => Judgement::weak(format!("{status}: PUT makes an object under a used id")),
        Act::Patch | Act::Toggle if answer.is_success() => {
            Judgement::broken(format!("{status}: the deleted object can be changed"))
        }
        _ if answer.is_server_error() => Judgement::weak(format!("{status}: an error of the service")),
        _ => Judgement::held(format!("{status}")),
    }
}

/// A creation that is refused leaves nothing, for A as for B. A's own good object shows that the list would show it.
pub(super) async fn refused(cx: Context) -> Checked {
    let a = cx.a()?;
    let Some((label, canary, answer)) = refusal(&cx).await? else {
        return Ok(Outcome::skip("the service takes any value for a title, so nothing was refused"));
    };
    settle().await;
    let good = cx.objects.create(a).await?;
    let page = Page::showing(&cx, &good.canary).await?;
    let by_b = cx.send(&Probe::get(format!("{}?{}", cx.list_path(cx.b()?), page.query)).bearer(&cx.b()?.token)).await?;
    let mut pieces = vec![piece(&answer, label, Judgement::held(format!("{}: refused", answer.status)))];
    for (label, list) in [("A's list afterwards", &page.answer), ("B's list afterwards", &by_b)] {
        let judgement = if list.contains(&canary) {
            Judgement::broken("it was refused, and is there all the same")
        } else {
            Judgement::held("nothing of it")
        };
        pieces.push(piece(list, label, judgement));
    }
    Ok(conclude("what was refused is nowhere", pieces))
}

/// A creation by A that the service refuses, and its answer: a good title beside another value of the wrong type, so that the title would show
/// what was kept, else a title that is a list. `None` where the service takes both: what it made is deleted at once, since it may not show its
/// marker.
async fn refusal(cx: &Context) -> Result<Option<(&'static str, String, Answer)>, Trouble> {
    let (a, resource) = (cx.a()?, &cx.target.resource);
    let done = resource.fields.done.as_deref().map(|done| ("A creates an object whose state is none", done));
    for (label, field) in done.into_iter().chain([("A creates an object whose title is no text", resource.fields.title.as_str())]) {
        // Each has a canary of its own: what the service took and deleted is not what it refused.
        let canary = cx.objects.announce(a).await?;
        let kept = if field == resource.fields.title { json!(canary) } else { Value::Null };
        let body = resource.with(resource.body(&canary), field, json!([kept, { "not": "what belongs here" }]));
        let answer = cx.send(&Probe::post(cx.list_path(a), &body).bearer(&a.token)).await?;
        if !answer.is_success() {
            return Ok(Some((label, canary, answer)));
        }
        unmade(cx, a, &answer).await?;
    }
    Ok(None)
}

/// Deletes what `answer` says was made.
async fn unmade(cx: &Context, a: &User, answer: &Answer) -> Result<(), Trouble> {
    let Some(id) = cx.made(a, answer).await.filter(|_| cx.target.resource.offers.delete) else { return Ok(()) };
    let gone = cx.send(&Probe::new("DELETE", cx.item_path(a, &id)).bearer(&a.token)).await?;
    let refused = || Trouble::Unexpected(format!("an odd object was made, and its DELETE was answered {}", gone.status));
    gone.is_success().then_some(()).ok_or_else(refused)
}
