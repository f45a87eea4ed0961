//! Mass assignment (OWASP API3:2023): may a body set what is the service's to set: owner, id, times, roles?

use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::checks::{Act, Checked, Context, Judgement, Object, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::claim::sent_to_a;
use super::judge;
use super::owner::{ForbiddenField, fields, subject};
use super::stage::{Victim, conclude, look, missing_like, piece, settle};
use super::tenancy;
use super::whose::{READS_ALL, Seen, Whose, both, id_field, landed, overwritten};

/// Names that a creation sends alone where the most telling ones are enough: each may cost an object.
const ON_CREATE: usize = 2;
/// The same for an update.
const ON_UPDATE: usize = 3;

/// Names of the owner that are sent alone where a schema objects to the others.
const SINGLY: usize = 4;

/// What is sent in one body: the names by which this service or most others say whose an object is alone, the others together, since whoever
/// ignores one ignores all. An exhaustive run sends each alone.
fn bodies(cx: &Context, victim: &Victim, owner: Option<&str>, telling: usize) -> Vec<Vec<ForbiddenField>> {
    let all = fields(cx, victim, owner);
    let alone = if cx.exhaustive { all.len() } else { telling };
    let (owners, others): (Vec<_>, Vec<_>) = all.iter().skip(alone).cloned().partition(|foreign| foreign.owner);
    let by_name = cx.users.a.iter().flat_map(User::other_names).map(|name| by_name(cx, victim, name));
    let together = [owners, others].into_iter().chain(by_name).filter(|group| !group.is_empty());
    all.into_iter().take(alone).map(|foreign| vec![foreign]).chain(together).collect()
}

/// What names the tenant of A, or what else A's objects are kept in, each alone.
async fn of_places(cx: &Context, victim: &Victim) -> Result<Vec<Vec<ForbiddenField>>, Trouble> {
    Ok(tenancy::places(cx, victim).await?.into_iter().map(|place| vec![ForbiddenField::of(place)]).collect())
}

/// Fields in which services keep an owner by another name than the id.
const BY_NAME: [&str; 5] = ["author", "username", "owner", "user", "created_by"];

/// The owner by another `name` than the id. A field that the object shows with anything else is no owner's: books have authors, too.
fn by_name(cx: &Context, victim: &Victim, name: &str) -> Vec<ForbiddenField> {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let fits = |field: &&str| object.and_then(|object| object.get(*field)).is_none_or(|shown| names(shown, name));
    let field = |field: &str| ForbiddenField { field: field.to_owned(), value: json!(name), owner: true };
    BY_NAME.into_iter().filter(fits).map(field).collect()
}

/// Whether a value is this name, or an object with a member that is.
fn names(shown: &Value, name: &str) -> bool {
    shown == name || shown.as_object().is_some_and(|members| members.values().any(|member| member == name))
}

pub(super) fn with(cx: &Context, body: Value, foreign: &[ForbiddenField]) -> Value {
    let set = |body, foreign: &ForbiddenField| cx.target.resource.with(body, &foreign.field, foreign.value.clone());
    foreign.iter().fold(body, set)
}

/// The fields with their values, for people.
fn named(foreign: &[ForbiddenField]) -> String {
    foreign.iter().map(|foreign| format!("`{}`: {}", foreign.field, foreign.value)).collect::<Vec<_>>().join(", ")
}

fn all_held(doing: &str, owner: Option<&str>) -> String {
    let untried = if owner.is_some() { "" } else { "; the owner was not tried, since nothing tells who A is to the service" };
    format!("B cannot set any of them when {doing} an object{untried}")
}

pub(super) async fn on_create(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let owner = subject(&cx, cx.a()?, &victim);
    let foreign = bodies(&cx, &victim, owner.as_deref(), ON_CREATE).into_iter().chain(of_places(&cx, &victim).await?);
    let foreign: Vec<_> = foreign.collect();
    let mut pieces = try_join_all(foreign.iter().map(|foreign| created(cx.branch(), foreign.clone()))).await?;
    let refused = foreign.iter().zip(&pieces).filter_map(|(foreign, piece)| Some((foreign, status_of(piece)?)));
    let unsaid = cx.telling(singly(refused), SINGLY).into_iter().map(|foreign| created(cx.branch(), foreign));
    pieces.extend(try_join_all(unsaid).await?);
    pieces.extend(at_path_of_a(&cx).await?);
    Ok(conclude(&all_held("making", owner.as_deref()), pieces))
}

/// Each owner alone of those that were sent in one body and refused: a schema that knows no further members objects to the other names.
fn singly<'a>(tried: impl Iterator<Item = (&'a Vec<ForbiddenField>, u16)>) -> Vec<Vec<ForbiddenField>> {
    let objects = |status: u16| matches!(status, 400 | 422);
    let refused = tried.filter(|(foreign, status)| foreign.len() > 1 && objects(*status)).flat_map(|(foreign, _)| foreign);
    let mut alone: Vec<Vec<ForbiddenField>> = Vec::new();
    for one in refused.filter(|one| one.owner) {
        if alone.iter().flatten().all(|known| known.field != one.field) {
            alone.push(vec![one.clone()]);
        }
    }
    alone.sort_by_key(|one| one.iter().any(|foreign| !OF_OWNERS.contains(&foreign.field.as_str())));
    alone
}

/// The names that most services have which say otherwise than `user_id`, in either style.
const OF_OWNERS: [&str; 4] = ["userId", "author_id", "ownerId", "created_by"];

fn status_of(piece: &Evidence) -> Option<u16> {
    Some(piece.exchange.as_ref()?.response.as_ref()?.status)
}

/// B makes an object with such fields, then A and B both look for it. One that neither of them sees is tried again: a service that lost it
/// under load would look the same.
async fn created(cx: Context, foreign: Vec<ForbiddenField>) -> Result<Evidence, Trouble> {
    let first = created_once(&cx, &foreign).await?;
    if first.finding == Finding::Broken { created_once(&cx, &foreign).await } else { Ok(first) }
}

async fn created_once(cx: &Context, foreign: &[ForbiddenField]) -> Result<Evidence, Trouble> {
    let b = cx.b()?;
    let canary = cx.objects.announce(b).await?;
    let body = with(cx, cx.resource_of(b).body(&canary), foreign);
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    let label = format!("B makes an object with {}", named(foreign));
    match cx.made(b, &answer).await {
        _ if answer.is_server_error() => Ok(piece(&answer, label, Judgement::weak(format!("{}: an error", answer.status)))),
        _ if !answer.is_success() => Ok(piece(&answer, label, Judgement::held(format!("{}: refused", answer.status)))),
        Some(id) => {
            let seen = both(cx, &id, &canary).await?;
            Ok(piece(&answer, label, landed(cx, &id, &seen, &canary, foreign)))
        }
        None => {
            settle().await;
            let judgement = match Whose::by_lists(cx, &canary).await? {
                Whose::As => Judgement::broken(format!("{}: A's list alone shows it: it was planted there", answer.status)),
                Whose::Bs => Judgement::held("B's list alone shows it"),
                Whose::Unclear => Judgement::unclear(format!("{} without an id to look for", answer.status)),
            };
            Ok(piece(&answer, label, judgement))
        }
    }
}

/// Where paths name the user, B makes an object at A's path. `None` where they do not.
async fn at_path_of_a(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let a = cx.a()?;
    let Some((canary, answer)) = sent_to_a(cx).await? else { return Ok(None) };
    let id = answer.json().filter(|_| answer.is_success()).and_then(|json| cx.target.resource.id(&json));
    let judgement = match id {
        Some(id) if cx.eventually(&cx.item(a, &id), |seen| seen.contains(&canary)).await?.contains(&canary) => {
            match Whose::where_all_is_read(cx, &id, &canary).await? {
                Some(Whose::Unclear) => Judgement::unclear(READS_ALL),
                Some(Whose::Bs) => Judgement::weak(format!("{}, though it is B's", answer.status)),
                None | Some(Whose::As) => {
                    Judgement::broken(format!("{}: it is A's now: an object was planted in somebody else's account", answer.status))
                }
            }
        }
        _ if answer.is_success() => Judgement::weak(format!("{}, though A does not see it", answer.status)),
        _ => judge::refusal(&cx.target.policy.foreign, answer.status, false),
    };
    Ok(Some(piece(&answer, "B makes an object at A's path", judgement)))
}

pub(super) async fn on_update(cx: Context) -> Checked {
    let (victim, object) = tokio::try_join!(Victim::shared(&cx), cx.objects.create(cx.b()?))?;
    let owner = subject(&cx, cx.a()?, &victim);
    let b = cx.b()?;
    let before = match &object.read {
        Some(read) => read.clone(),
        None => look(&cx, b, &object).await?,
    };
    let mut tried = changes(&cx, &victim, owner.as_deref(), &object);
    tried.extend(of_places(&cx, &victim).await?.into_iter().map(|foreign| (Act::change(&cx), foreign)));
    let mut answers = sent(&cx, &object, &tried).await?;
    let alone = answers.iter().zip(&tried).map(|(answer, (_, foreign))| (foreign, answer.status));
    let alone: Vec<_> = cx.telling(singly(alone), SINGLY).into_iter().map(|foreign| (Act::change(&cx), foreign)).collect();
    answers.extend(sent(&cx, &object, &alone).await?);
    tried.extend(alone);
    settle().await;
    let seen = both(&cx, &object.id, &object.canary).await?;
    let pieces = tried.iter().zip(&answers).map(|((act, foreign), answer)| {
        let label = format!("B: {} of an own object, setting {}", act.word(), named(foreign));
        piece(answer, label, updated(&cx, answer, &seen, &before, &object, foreign))
    });
    Ok(conclude(&all_held("changing", owner.as_deref()), pieces.collect()))
}

async fn sent(cx: &Context, object: &Object, tried: &[(Act, Vec<ForbiddenField>)]) -> Result<Vec<Answer>, Trouble> {
    let probes: Vec<_> = tried.iter().map(|(act, foreign)| update(cx, *act, object, foreign)).collect::<Result<_, Trouble>>()?;
    try_join_all(probes.iter().map(|probe| cx.send(probe))).await
}

/// What B sends about an own object, and by which act.
fn changes(cx: &Context, victim: &Victim, owner: Option<&str>, object: &Object) -> Vec<(Act, Vec<ForbiddenField>)> {
    let mut tried = bodies(cx, victim, owner, ON_UPDATE);
    let id = missing_like(&object.id, &cx.random("isolation.assign.update"));
    tried.push(vec![ForbiddenField { field: id_field(cx), value: json!(id), owner: false }]);
    let changed = Act::change(cx);
    // Where both are there, a handler each: the owner is tried by PUT as well.
    let by_both = changed == Act::Patch && cx.target.resource.update.puts();
    let owners: Vec<_> = tried.iter().flatten().filter(|one| by_both && one.owner).cloned().collect();
    let alone = owners.first().map(|first| vec![first.clone()]);
    let put = alone.into_iter().chain([owners]).filter(|group| !group.is_empty()).map(|group| (Act::Put, group));
    tried.into_iter().map(|foreign| (changed, foreign)).chain(put).collect()
}

pub(super) fn update(cx: &Context, act: Act, object: &Object, foreign: &[ForbiddenField]) -> Result<Probe, Trouble> {
    let b = cx.b()?;
    let resource = cx.resource_of(b);
    let body = if act == Act::Put { resource.full(&object.canary) } else { resource.patch(&object.canary) };
    Ok(Probe::new(act.word(), cx.item_path(b, &object.id)).json(&with(cx, body, foreign)).bearer(&b.token))
}

/// All fields are tried side by side on one object, so what became of it is held against those that were accepted.
fn updated(cx: &Context, answer: &Answer, seen: &Seen, before: &Answer, object: &Object, foreign: &[ForbiddenField]) -> Judgement {
    match answer.status {
        500.. => Judgement::weak(format!("{}: an error", answer.status)),
        200..=299 => {
            match (landed(cx, &object.id, seen, &object.canary, foreign), overwritten(cx, &object.id, seen, before, foreign)) {
                (taken, Some(field)) if taken.finding == Finding::Weak => {
                    Judgement::broken(format!("`{field}`, which the service gave it, was overwritten"))
                }
                (judgement, _) => judgement,
            }
        }
        status => Judgement::held(format!("{status}: refused")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::the_name(json!("ann"), true)]
    #[case::whoever_has_it(json!({ "id": 7, "username": "ann" }), true)]
    #[case::of_a_book(json!("Ursula K. Le Guin"), false)]
    #[case::unsaid(json!(null), false)]
    fn a_field_that_shows_something_else_is_no_owners(#[case] shown: Value, #[case] owner: bool) {
        assert_eq!(names(&shown, "ann"), owner);
    }
}
