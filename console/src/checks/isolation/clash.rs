//! What A has and B claims for an own object: the id of A's, or its title.

use futures::future::try_join_all;
use serde_json::json;

use crate::checks::{Act, Checked, Context, Judgement, Outcome, Role, User};
use crate::http::{Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::assign::{update, with};
use super::judge;
use super::owner::ForbiddenField;
use super::stage::{Victim, attacked, conclude, piece, settle};
use super::whose::id_field;

/// B makes an object, and changes one, and says that its id is that of A's object.
pub(super) async fn id_chosen(cx: Context) -> Checked {
    let (cx, names) = (&cx, &[id_field(&cx), "_id".into(), "uuid".into(), "pk".into()]);
    attacked(cx, Role::Contested, |victim| async move {
        let asked = cx.telling(names, 2).into_iter().map(|name| collided(cx, &victim, name.clone()));
        let mut pieces = try_join_all(asked).await?;
        pieces.extend(turned_away(cx, &victim).await?);
        Ok(conclude("B's objects get ids of their own, or none", pieces))
    })
    .await
}

/// A field that says that the object is A's.
fn id_of(cx: &Context, victim: &Victim, name: String) -> ForbiddenField {
    let id = victim.read.json().and_then(|json| cx.target.resource.object(&json)?.pointer(&cx.target.resource.fields.id).cloned());
    ForbiddenField { field: name, value: id.unwrap_or_else(|| json!(victim.object.id)), owner: false }
}

/// B changes an own object, and the body says that it is A's: a handler that looks the object of the path up, and then stores the body, changes
/// A's. Whoever looks at A's afterwards sees it.
async fn turned_away(cx: &Context, victim: &Victim) -> Result<Option<Evidence>, Trouble> {
    let act = if cx.target.resource.update.puts() { Act::Put } else { Act::Patch };
    if !act.is_declared(cx) {
        return Ok(None);
    }
    let own = cx.objects.create(cx.b()?).await?;
    let foreign = id_of(cx, victim, id_field(cx));
    let answer = cx.send(&update(cx, act, &own, std::slice::from_ref(&foreign))?).await?;
    let judgement = judge::harmless(answer.status, victim.leaks_in(&answer));
    Ok(Some(piece(&answer, format!("B: {} of an own object with `{}` of A's", act.word(), foreign.field), judgement)))
}

async fn collided(cx: &Context, victim: &Victim, name: String) -> Result<Evidence, Trouble> {
    let b = cx.b()?;
    let canary = cx.objects.announce(b).await?;
    let foreign = id_of(cx, victim, name);
    let body = with(cx, cx.resource_of(b).body(&canary), std::slice::from_ref(&foreign));
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    let given = cx.made(b, &answer).await;
    let is_taken = answer.is_success() && given.as_deref() == Some(victim.object.id.as_str());
    let judgement = match is_taken {
        // Where each user's objects are counted from one, B may have come to the same number.
        true if victim.intact(cx).await?.finding == Finding::Held => {
            Judgement::held(format!("{}: B's object has the id of A's, which is still there beside it", answer.status))
        }
        true => Judgement::broken(format!("{}: B's object has the id of A's", answer.status)),
        false => judge::harmless(answer.status, victim.leaks_in(&answer)),
    };
    Ok(piece(&answer, format!("B makes an object with `{}` of A's", foreign.field), judgement))
}

/// A title that A used must be free for B: a refusal would tell B what A wrote.
pub(super) async fn same_title(cx: Context) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    // Without the canary of A: nothing of B's may hold that.
    let title = format!("{} of both", cx.objects.announce(b).await?);
    let make = async |user: &User| {
        let resource = cx.resource_of(user);
        // What must be like no other's beside the title is each user's own.
        let own = resource.body(&format!("{title} {}", user.name));
        let body = resource.with(own, &resource.fields.title, json!(title));
        let answer = cx.send(&Probe::post(cx.list_path(user), &body).bearer(&user.token)).await?;
        let id = cx.made(user, &answer).await;
        Ok::<_, Trouble>((answer, id))
    };
    let (first, of_a) = make(a).await?;
    if !first.is_success() {
        return Ok(Outcome::inconclusive("A cannot make the object").seen(&first, "A makes an object", "refused"));
    }
    settle().await;
    let (answer, of_b) = make(b).await?;
    let is_gone = match of_a.as_ref().filter(|_| of_a == of_b && cx.target.resource.offers.get) {
        Some(id) => {
            let look = cx.send(&Probe::get(cx.item_path(a, id)).bearer(&a.token)).await?;
            // An outage or a limit says nothing of it.
            matches!(look.status, 403 | 404 | 410) || cx.target.policy.no_such().contains(look.status)
        }
        None => false,
    };
    let judgement = match answer.status {
        // Ids that are made of titles: the one of B has taken the place of A's. Where each user's are counted from one, both are there.
        200..=299 if is_gone => {
            Judgement::broken(format!("{}: it has the id of A's object, and has taken its place", answer.status))
        }
        200..=299 => Judgement::held(format!("{}: made like any other", answer.status)),
        409 | 400 | 422 => Judgement::broken(format!("{}: B learns that somebody has this title", answer.status)),
        status => Judgement::unclear(format!("{status}")),
    };
    Ok(conclude("a title that A used is free for B", vec![piece(&answer, "B makes an object with the title of A's", judgement)]))
}
