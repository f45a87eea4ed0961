//! The plain attempts: B, or nobody, reads, changes and deletes an object of A by its id.

use std::sync::Arc;

use futures::future::try_join_all;

use crate::checks::{Act, Case, Checked, Context, Judgement, Object, Role, battery, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

use super::apart;
use super::forms::names_of_a;
use super::judge;
use super::stage::{Victim, attacked, deletion_of_nothing, join, missing_like, piece};

pub(super) async fn read(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let ways = ways(&cx, Act::Get, &victim.object.id).await?;
    let cases = ways.into_iter().map(|(way, path)| case(&cx, b, Act::Get, way, &path, "")).collect();
    battery(&cx, "reads by B", cases, |_, answer| refusal(&cx, &victim, answer)).await
}

pub(super) async fn head(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let missing = missing_like(&victim.object.id, &cx.random("isolation.foreign.head"));
    let missing = cx.send(&Act::Head.probe(&cx, &cx.item_path(b, &missing), "").bearer(&b.token)).await?.status;
    let ways = ways(&cx, Act::Head, &victim.object.id).await?;
    let cases = ways.into_iter().map(|(way, path)| case(&cx, b, Act::Head, way, &path, "")).collect();
    battery(&cx, "HEAD requests by B", cases, |_, answer| judge::head(&cx.target.policy.no_such(), answer.status, missing)).await
}

pub(super) async fn put(cx: Context) -> Checked {
    write(&cx, Act::Put).await
}

pub(super) async fn patch(cx: Context) -> Checked {
    write(&cx, Act::Patch).await
}

pub(super) async fn delete(cx: Context) -> Checked {
    write(&cx, Act::Delete).await
}

/// The paths by which B might do this to A's object. At B's own there may be an object of B's with the same number.
pub(super) async fn ways(cx: &Context, act: Act, id: &str) -> Result<Vec<(&'static str, String)>, Trouble> {
    let mut ways = act.paths(cx, id)?;
    if ways.len() > 1 && apart::are_counted_apart(cx).await? {
        ways.truncate(1);
    }
    Ok(ways)
}

/// B tries, and A looks whether the object is as before. Before that, A does the same to another with success: otherwise the refusal might
/// only mean that the route does not work.
async fn write(cx: &Context, act: Act) -> Checked {
    let title = &cx.objects.attempted(cx.b()?).await?;
    let proof = proof(cx, act).await?;
    let attack = |victim: Arc<Victim>| async move {
        let ways = ways(cx, act, &victim.object.id).await?;
        let cases = ways.iter().flat_map(|(way, path)| writes(cx, act, way, path, title)).collect();
        let of_nothing = if act == Act::Delete { Some(deletion_of_nothing(cx, &victim.object.id).await?) } else { None };
        shared_battery(cx, "writes by B", cases, |_, answer| match of_nothing {
            Some(missing) => judge::deletion(&cx.target.policy.no_such(), answer.status, victim.leaks_in(answer), missing),
            None => refusal(cx, &victim, answer),
        })
        .await
    };
    let outcome = attacked(cx, Role::Contested, attack).await?;
    Ok(join(outcome, proof))
}

fn writes(cx: &Context, act: Act, way: &str, path: &str, title: &str) -> Vec<Case> {
    let Ok(b) = cx.b() else { return Vec::new() };
    let mut cases = vec![case(cx, b, act, way, path, title)];
    // A change of the done field alone may have a handler of its own, beside a toggle or in its place.
    if act == Act::Patch && cx.target.resource.fields.done.is_some() {
        let probe = Act::Toggle.probe(cx, path, title).bearer(&b.token).shareable();
        cases.push(Case::new(format!("B: PATCH of the done field alone by {way}"), probe));
    }
    cases
}

/// The owner does the same, which must work where the target declares it.
async fn proof(cx: &Context, act: Act) -> Result<Option<Evidence>, Trouble> {
    let a = cx.a()?;
    if !act.is_declared(cx) {
        return Ok(None);
    }
    let object = if act == Act::Delete { cx.objects.create(a).await } else { cx.objects.shared(a, Role::Scratch).await }?;
    let done = async |object: &Object| {
        let title = format!("{} new", object.canary);
        cx.send(&act.probe(cx, &cx.item_path(a, &object.id), &title).bearer(&a.token)).await
    };
    let mut answer = done(&object).await?;
    if answer.status == 404 && act != Act::Delete {
        // Where ids are made of titles, a change by another check has moved the object that they share.
        answer = done(&cx.objects.create(a).await?).await?;
    }
    if act == Act::Delete && answer.is_success() {
        cx.objects.deleted(&object.id).await;
    }
    Ok(Some(piece(&answer, format!("A: {} of the own object", act.word()), of_the_owner(&answer))))
}

/// Judges the owner's own act.
pub(super) fn of_the_owner(answer: &Answer) -> Judgement {
    if answer.is_success() {
        Judgement::held(format!("{}: the same works for the owner", answer.status))
    } else {
        Judgement::unclear(format!("{}: it does not work for the owner either, so the refusal proves nothing", answer.status))
    }
}

/// Nobody, without any token, tries all of it.
pub(super) async fn anonymous(cx: Context) -> Checked {
    let (cx, a) = (&cx, cx.a()?);
    let read = &Victim::shared(cx).await?;
    let in_words = match Act::Get.by_nobody(cx, a, &read.object) {
        Some(probe) => cx.once(&probe).await?.refuses_in_words(),
        None => false,
    };
    let attack = |victim: Arc<Victim>| async move {
        let asked = |act: Act| {
            let reads = matches!(act, Act::Get | Act::Head);
            let object = if reads { &read.object } else { &victim.object };
            if reads && cx.target.is_read_in_public() {
                return None;
            }
            Some(Case::new(format!("nobody: {} of A's object", act.word()), act.by_nobody(cx, a, object)?))
        };
        let mut cases: Vec<_> = Act::ALL.into_iter().filter_map(asked).collect();
        if !cx.target.is_read_in_public() {
            cases.push(Case::new("nobody: GET of A's list", Probe::get(cx.list_path(a))));
        }
        // What other users may read is not for nobody.
        let leaks = |answer: &Answer| [read.canary(), victim.canary()].iter().any(|canary| answer.contains(canary));
        let judge = |case: &Case, answer: &Answer| match answer.status {
            404 if !leaks(answer) => Judgement::held("404"),
            status @ 200..=299 if case.probe.method() == "HEAD" && in_words => {
                Judgement::weak(format!("{status}, which has no body to refuse in as GET does"))
            }
            200..=299 if case.probe.method() == "HEAD" => Judgement::broken(format!("{} without a token", answer.status)),
            status => judge::refusal(&cx.target.policy.unauthenticated, status, leaks(answer)),
        };
        shared_battery(cx, "requests without a token", cases, judge).await
    };
    Ok(join(attacked(cx, Role::Exposed, attack).await?, told_by_health(cx, read).await?))
}

/// Health is for everybody to read, so nothing that A wrote, and nothing that A is called, belongs there.
async fn told_by_health(cx: &Context, victim: &Victim) -> Result<Vec<Evidence>, Trouble> {
    let names: Vec<_> = names_of_a(cx, victim).into_iter().filter(|name| is_distinct(name)).collect();
    let asked = [&cx.target.paths.live, &cx.target.paths.health].into_iter().flatten().map(async |path| {
        let answer = cx.send(&Probe::get(path).impatient()).await?;
        let judgement = match () {
            () if victim.is_shown_in(&answer) => Judgement::broken(format!("{} with the title of A's object", answer.status)),
            () if names.iter().any(|name| answer.contains(name)) => {
                Judgement::broken(format!("{} with what A is called", answer.status))
            }
            () => Judgement::held(format!("{}, nothing of A's", answer.status)),
        };
        Ok::<_, Trouble>(piece(&answer, format!("nobody: GET {path}"), judgement))
    });
    try_join_all(asked).await
}

/// Whether a name can stand for nothing but a user: the word of a service would be in its health anyway.
fn is_distinct(name: &str) -> bool {
    name.len() >= 8 && name.contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '|'))
}

fn case(cx: &Context, user: &crate::checks::User, act: Act, way: &str, path: &str, title: &str) -> Case {
    Case::new(format!("{}: {} with {way}", user.name, act.word()), act.probe(cx, path, title).bearer(&user.token).shareable())
}

pub(super) fn refusal(cx: &Context, victim: &Victim, answer: &Answer) -> Judgement {
    judge::refusal(&cx.target.policy.no_such(), answer.status, victim.leaks_in(answer))
}
