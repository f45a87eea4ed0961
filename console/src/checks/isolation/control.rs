//! The control: both users can make, read, change and list what is their own, and they are two different users.

use crate::checks::{Act, Checked, Context, Judgement, Object, User};
use crate::http::{Answer, Trouble, clean};
use crate::run::{Evidence, Finding};
use crate::target::Update;

use super::stage::{conclude, look, piece};

pub(super) async fn control(cx: Context) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    if a.token.expose() == b.token.expose() || (a.subject.is_some() && a.subject == b.subject) {
        return Err(Trouble::NotGiven("both tokens belong to the same user; isolation needs two".into()));
    }
    let (of_a, of_b) = {
        let (for_a, for_b) = (cx.branch(), cx.branch());
        tokio::try_join!(own(&for_a, a), own(&for_b, b))?
    };
    Ok(conclude("both users make, read, change and list their own objects", [of_a, of_b].concat()))
}

/// Both users still read what is their own.
pub(super) async fn still(cx: Context) -> Checked {
    let still = async |user: &User| read(&cx, user, &cx.objects.witness(user).await?).await;
    let (of_a, of_b) = tokio::try_join!(still(cx.a()?), still(cx.b()?))?;
    Ok(conclude("both users read their own objects", vec![of_a, of_b]))
}

/// Both users still make objects, change them, and read the change. That lists are theirs, each check of lists proves by itself.
pub(super) async fn anew(cx: Context) -> Checked {
    let anew = async |user: &User| {
        let object = cx.objects.create(user).await?;
        match cx.target.resource.update {
            Update::None => read(&cx, user, &object).await.map(|piece| vec![piece]),
            _ => changed(&cx, user, object).await.map(Vec::from),
        }
    };
    let (of_a, of_b) = tokio::try_join!(anew(cx.a()?), anew(cx.b()?))?;
    Ok(conclude("both users make, change and read their own objects", [of_a, of_b].concat()))
}

async fn read(cx: &Context, user: &User, object: &Object) -> Result<Evidence, Trouble> {
    let answer = look(cx, user, object).await?;
    Ok(piece(&answer, format!("{} reads the own object", user.name), must(shows(&answer, &object.canary), &answer)))
}

/// Walks through the life of an object of `user`, as far as the target has routes for it. What does not work leaves isolation unjudged; it
/// is no flaw of it.
async fn own(cx: &Context, user: &User) -> Result<Vec<Evidence>, Trouble> {
    let (object, who, resource) = (cx.objects.create(user).await?, user.name, &cx.target.resource);
    let read = match &object.read {
        Some(read) => read.clone(),
        None => look(cx, user, &object).await?,
    };
    let mut pieces = vec![piece(&read, format!("{who} reads the own object"), must(shows(&read, &object.canary), &read))];
    if resource.offers.list {
        let list = cx.send(&cx.list(user)).await?;
        pieces.push(piece(&list, format!("{who} lists own objects"), listed(cx, &list, &object)));
    }
    if resource.update != Update::None {
        pieces.extend(changed(cx, user, object).await?);
    }
    Ok(pieces)
}

async fn changed(cx: &Context, user: &User, object: Object) -> Result<[Evidence; 2], Trouble> {
    let who = user.name;
    let title = format!("{} new", object.canary);
    let change = Act::change(cx).probe_of(&cx.resource_of(user), &cx.item_path(user, &object.id), &title);
    let changed = cx.send(&change.bearer(&user.token)).await?;
    let object = followed(cx, user, object, &changed).await;
    let after = if cx.target.resource.offers.get {
        cx.eventually(&cx.item(user, &object.id), |answer| shows(answer, &title)).await?
    } else {
        look(cx, user, &Object { canary: title.clone(), ..object }).await?
    };
    Ok([
        piece(&changed, format!("{who} changes the own object"), must(changed.is_success(), &changed)),
        piece(&after, format!("{who} reads the change back"), must(shows(&after, &title), &after)),
    ])
}

/// The object under its new id, where the service makes ids of titles and says so when it has changed one.
async fn followed(cx: &Context, user: &User, object: Object, changed: &Answer) -> Object {
    let json = changed.json().filter(|_| changed.is_success());
    let now = json.and_then(|json| cx.target.resource.id(&json)).filter(|id| *id != object.id);
    let Some(id) = now else { return object };
    cx.objects.made(user, &id).await;
    Object { path: cx.item_path(user, &id), id, ..object }
}

fn shows(answer: &Answer, text: &str) -> bool {
    answer.is_success() && answer.contains(text)
}

fn must(holds: bool, answer: &Answer) -> Judgement {
    let finding = if holds { Finding::Held } else { Finding::Unclear };
    let observed = if holds { format!("{}", answer.status) } else { what_helps(answer) };
    Judgement { finding, observed }
}

/// What must work does not; a redirect to the same path with or without a slash says how to mend the target.
fn what_helps(answer: &Answer) -> String {
    match (answer.status, answer.headers.text("location")) {
        (300..=399, Some(to)) => format!("{}: redirected to {}; declare the path in that form", answer.status, clean(&to)),
        (status, _) => format!("{status}: what must work does not"),
    }
}

/// A list must be one; a new object need not be on its first page.
fn listed(cx: &Context, answer: &Answer, object: &Object) -> Judgement {
    let items = answer.json().and_then(|json| cx.target.resource.items(&json).map(<[serde_json::Value]>::len));
    match items {
        Some(count) if answer.is_success() && answer.contains(&object.canary) => {
            Judgement::held(format!("{} with {count} objects, the new one among them", answer.status))
        }
        Some(count) if answer.is_success() => {
            Judgement::held(format!("{} with {count} objects on the first page, the new one on another", answer.status))
        }
        _ => Judgement::unclear(format!("{}: no list where `task.items` of the target points", answer.status)),
    }
}
