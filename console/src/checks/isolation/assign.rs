//! Mass assignment (OWASP API3:2023): may a body set what is the service's to set: owner, id, times, roles?

use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::checks::{Checked, Context, Judgement, Outcome, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::act::Act;
use super::claim::{OWNER_FIELDS, subject};
use super::judge;
use super::stage::{Victim, conclude, join, missing_like, piece, settle};

/// A moment that no clock of a service shows.
const LONG_AGO: &str = "1999-01-01T00:00:00Z";

/// A field that is not the caller's to set, and the value tried.
#[derive(Clone)]
struct Foreign {
    field: String,
    value: Value,
}

fn fields(owner: &str) -> Vec<Foreign> {
    let number = |text: &str| text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
    let owners = OWNER_FIELDS.map(|field| Foreign { field: field.into(), value: number(owner) });
    let others =
        [("created_at", json!(LONG_AGO)), ("createdAt", json!(LONG_AGO)), ("role", json!("admin")), ("is_admin", json!(true))];
    let others = others.map(|(field, value)| Foreign { field: field.into(), value });
    owners.into_iter().chain(others).collect()
}

fn with(cx: &Context, body: Value, foreign: &Foreign) -> Value {
    cx.target.resource.with(body, &foreign.field, foreign.value.clone())
}

pub(super) async fn on_create(cx: Context) -> Checked {
    let victim = Victim::new(&cx).await?;
    let owner = subject(cx.a()?, &victim).unwrap_or_else(|| "1".to_owned());
    let mut pieces = try_join_all(fields(&owner).into_iter().map(|foreign| created(&cx, foreign))).await?;
    pieces.extend(at_path_of_a(&cx).await?);
    Ok(conclude("B cannot set any of them when making an object", pieces))
}

/// B makes an object with one such field, then A and B both look for it.
async fn created(cx: &Context, foreign: Foreign) -> Result<Evidence, Trouble> {
    let b = cx.b()?;
    let canary = cx.objects.announce(b).await?;
    let body = with(cx, cx.target.resource.body(&canary), &foreign);
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    let label = format!("B makes an object with `{}`: {}", foreign.field, foreign.value);
    match cx.made(b, &answer) {
        _ if answer.is_server_error() => Ok(piece(&answer, label, Judgement::weak(format!("{}: an error", answer.status)))),
        _ if !answer.is_success() => Ok(piece(&answer, label, Judgement::held(format!("{}: refused", answer.status)))),
        Some(id) => {
            let seen = both(cx, &id).await?;
            Ok(piece(&answer, label, landed(cx, &seen, &canary, &foreign)))
        }
        None => Ok(piece(&answer, label, Judgement::unclear(format!("{} without an id to look for", answer.status)))),
    }
}

/// Where paths name the user, B makes an object at A's path. `None` where they do not.
async fn at_path_of_a(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    if cx.list_path(a) == cx.list_path(b) {
        return Ok(None);
    }
    let canary = cx.objects.announce(b).await?;
    let answer = cx.send(&Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&b.token)).await?;
    let id = answer.json().filter(|_| answer.is_success()).and_then(|json| cx.target.resource.id(&json));
    let judgement = match id {
        Some(id) if cx.eventually(&cx.item(a, &id), |seen| seen.contains(&canary)).await?.contains(&canary) => {
            Judgement::broken(format!("{}: it is A's now: an object was planted in somebody else's account", answer.status))
        }
        _ if answer.is_success() => Judgement::weak(format!("{}, though A does not see it", answer.status)),
        _ => judge::refusal(&cx.target.policy.foreign, answer.status, false),
    };
    Ok(Some(piece(&answer, "B makes an object at A's path", judgement)))
}

/// How A and B see an object of B's: each by the own path, and by the other's where paths name the user.
struct Seen {
    by_a: Answer,
    by_b: Answer,
}

async fn both(cx: &Context, id: &str) -> Result<Seen, Trouble> {
    let (of_a, of_b) = (cx.item(cx.a()?, id), cx.item(cx.b()?, id));
    let by_b = cx.eventually(&of_b, Answer::is_success).await?;
    let by_a = cx.send(&of_a).await?;
    Ok(Seen { by_a, by_b })
}

/// Whose object is it now, and did the field stick?
fn landed(cx: &Context, seen: &Seen, canary: &str, foreign: &Foreign) -> Judgement {
    let shown = |answer: &Answer| answer.is_success() && answer.contains(canary);
    let stuck = seen.by_b.json().and_then(|json| cx.target.resource.object(&json)?.get(&foreign.field).cloned());
    if shown(&seen.by_a) {
        Judgement::broken("it is A's now: an object was planted in somebody else's account")
    } else if !shown(&seen.by_b) {
        Judgement::broken(format!("its maker gets {}: the body decided whose or which it is", seen.by_b.status))
    } else if stuck.is_some_and(|value| same_value(&value, &foreign.value)) {
        Judgement::weak(format!("`{}` was taken from the body", foreign.field))
    } else {
        Judgement::held("ignored")
    }
}

/// Times are compared by their year, since services write them in their own form.
fn same_value(stored: &Value, sent: &Value) -> bool {
    stored == sent || (sent == LONG_AGO && stored.as_str().is_some_and(|text| text.starts_with("1999-01-01")))
}

pub(super) async fn on_update(cx: Context) -> Checked {
    let (victim, object) = (Victim::new(&cx).await?, cx.objects.create(cx.b()?).await?);
    let owner = subject(cx.a()?, &victim).unwrap_or_else(|| "1".to_owned());
    let b = cx.b()?;
    let before = cx.send(&cx.item(b, &object.id)).await?;
    let mut tried = fields(&owner);
    let id = missing_like(&object.id, &cx.random("isolation.assign.update"));
    tried.push(Foreign { field: id_field(&cx), value: json!(id) });
    let probes: Vec<_> = tried.iter().map(|foreign| update(&cx, b, &object.id, &object.canary, foreign)).collect();
    let answers = try_join_all(probes.iter().map(|probe| cx.send(probe))).await?;
    settle().await;
    let seen = both(&cx, &object.id).await?;
    let pieces = tried.iter().zip(&answers).map(|(foreign, answer)| {
        let label = format!("B changes an own object, setting `{}`: {}", foreign.field, foreign.value);
        piece(answer, label, updated(&cx, answer, &seen, &before, &object.canary, foreign))
    });
    Ok(conclude("B cannot set any of them when changing an object", pieces.collect()))
}

fn update(cx: &Context, b: &User, id: &str, canary: &str, foreign: &Foreign) -> Probe {
    let resource = &cx.target.resource;
    let act = Act::change(cx);
    let body = if act == Act::Put { resource.full(canary) } else { resource.patch(canary) };
    Probe::new(act.word(), cx.item_path(b, id)).json(&with(cx, body, foreign)).bearer(&b.token)
}

/// All fields are tried side by side on one object, so what became of it is held against those that were accepted.
fn updated(cx: &Context, answer: &Answer, seen: &Seen, before: &Answer, canary: &str, foreign: &Foreign) -> Judgement {
    match answer.status {
        500.. => Judgement::weak(format!("{}: an error", answer.status)),
        200..=299 => match landed(cx, seen, canary, foreign) {
            taken if taken.finding == Finding::Weak && is_given(cx, before, &foreign.field) => {
                Judgement::broken(format!("`{}`, which the service gave it, was overwritten", foreign.field))
            }
            judgement => judgement,
        },
        status => Judgement::held(format!("{status}: refused")),
    }
}

/// Whether the field was the service's own answer to which object it is and whose: a service that keeps any field it is sent had none.
fn is_given(cx: &Context, before: &Answer, field: &str) -> bool {
    let identity = field == id_field(cx) || OWNER_FIELDS.contains(&field);
    identity && before.json().is_some_and(|json| cx.target.resource.object(&json).is_some_and(|object| object.get(field).is_some()))
}

/// The top-level name of the id.
pub(super) fn id_field(cx: &Context) -> String {
    cx.target.resource.fields.id.rsplit('/').next().unwrap_or("id").to_owned()
}

/// B makes an object and says that its id is that of A's object.
pub(super) async fn id_chosen(cx: Context) -> Checked {
    let victim = Victim::new(&cx).await?;
    let names = [id_field(&cx), "_id".into(), "uuid".into(), "pk".into()];
    let pieces = try_join_all(names.map(|name| collided(&cx, &victim, name))).await?;
    let outcome = conclude("B's objects get ids of their own, or none", pieces);
    Ok(join(outcome, [victim.intact(&cx).await?]))
}

async fn collided(cx: &Context, victim: &Victim, name: String) -> Result<Evidence, Trouble> {
    let b = cx.b()?;
    let canary = cx.objects.announce(b).await?;
    let id = victim.read.json().and_then(|json| cx.target.resource.object(&json)?.pointer(&cx.target.resource.fields.id).cloned());
    let foreign = Foreign { field: name, value: id.unwrap_or_else(|| json!(victim.object.id)) };
    let body = with(cx, cx.target.resource.body(&canary), &foreign);
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    let given = cx.made(b, &answer);
    let judgement = if answer.is_success() && given.as_deref() == Some(victim.object.id.as_str()) {
        Judgement::broken(format!("{}: B's object has the id of A's", answer.status))
    } else {
        judge::harmless(answer.status, answer.contains(victim.canary()))
    };
    Ok(piece(&answer, format!("B makes an object with `{}` of A's", foreign.field), judgement))
}

/// A title that A used must be free for B: a refusal would tell B what A wrote.
pub(super) async fn same_title(cx: Context) -> Checked {
    let victim = Victim::new(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let canary = cx.objects.announce(b).await?;
    let title = format!("{} {canary}", victim.canary());
    let item = cx.item_path(a, &victim.object.id);
    let set = cx.send(&Act::change(&cx).probe(&cx, &item, &title).bearer(&a.token)).await?;
    if !set.is_success() {
        return Ok(Outcome::inconclusive("A cannot set the title of the own object").seen(
            &set,
            "A changes the own object",
            "refused",
        ));
    }
    let body = cx.target.resource.body(&title);
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    cx.made(b, &answer);
    let judgement = match answer.status {
        200..=299 => Judgement::held(format!("{}: made like any other", answer.status)),
        409 | 400 | 422 => Judgement::broken(format!("{}: B learns that somebody has this title", answer.status)),
        status => Judgement::unclear(format!("{status}")),
    };
    Ok(conclude("a title that A used is free for B", vec![piece(&answer, "B makes an object with the title of A's", judgement)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(json!("1999-01-01T00:00:00.000+00:00"), json!(LONG_AGO), true)]
    #[case(json!("2026-11-23T00:00:00Z"), json!(LONG_AGO), false)]
    #[case(json!("admin"), json!("admin"), true)]
    #[case(json!(null), json!(true), false)]
    fn a_field_stuck_when_it_reads_back_as_sent(#[case] stored: Value, #[case] sent: Value, #[case] stuck: bool) {
        assert_eq!(same_value(&stored, &sent), stuck);
    }
}
