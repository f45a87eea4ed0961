//! Objects of one user: which of them a run made, and their deletion.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::{Swept, left, unlisted};
use crate::checks::{User, Users};
use crate::http::{Client, Probe, Trouble};
use crate::target::Target;
use crate::verify::listed;
use crate::verify::marker::Marker;

/// Objects read at most where a list does not show titles.
const READS: usize = 50;

pub(super) async fn sweep_users(client: &Client, target: &Target, users: &Users, wanted: impl Fn(Marker) -> bool) -> Swept {
    let users = [&users.a, &users.b].into_iter().flatten();
    let marked = join_all(users.map(|user| sweep_marked(client, target, user, &wanted))).await;
    let mut swept = Swept::default();
    for more in marked {
        swept.add(more);
    }
    swept
}

/// Removes every object of `user` whose marker is one that `wanted` accepts.
pub(super) async fn sweep_marked(client: &Client, target: &Target, user: &User, wanted: impl Fn(Marker) -> bool) -> Swept {
    // Where the list is that of a parent, what is in none that is known is found by its parent.
    if target.lists_by_parent() && user.parent.is_none() {
        return Swept::default();
    }
    match marked(client, target, user, wanted).await {
        Ok(found) => remove_all(client, target, user, found).await,
        Err(trouble) => unseen(user, trouble),
    }
}

/// What is known where the user's list cannot be looked through.
pub(super) fn unseen(user: &User, trouble: Trouble) -> Swept {
    match trouble {
        Trouble::NoList { status: 401 | 403, .. } => Swept { refused: vec![(user.name, trouble)], ..Swept::default() },
        _ if trouble.is_closed_door() => Swept { closed: vec![(user.name, trouble)], ..Swept::default() },
        _ => Swept { left: vec![unlisted(user.name, &trouble)], ..Swept::default() },
    }
}

/// Ids of the user's objects whose marker is one that `wanted` accepts. Where the list shows no titles, the objects themselves are read.
pub(super) async fn marked(
    client: &Client,
    target: &Target,
    user: &User,
    wanted: impl Fn(Marker) -> bool,
) -> Result<Vec<String>, Trouble> {
    if !target.resource.offers.list {
        return Ok(Vec::new());
    }
    let listed = listed::all(client, target, user).await?;
    let (titled, untitled): (Vec<_>, Vec<_>) = listed.items.iter().partition(|item| title_of(target, item).is_some());
    let mut found: Vec<_> = titled.into_iter().filter_map(|item| marked_id(target, item, &wanted)).collect();
    for item in untitled.into_iter().take(READS) {
        let Some(id) = target.resource.id_of(item) else { continue };
        let answer = client.send(&Probe::get(item_path(target, user, &id)).bearer(&user.token)).await?;
        let object = answer.json().filter(|_| answer.is_success());
        let object = object.as_ref().and_then(|json| target.resource.object(json));
        found.extend(object.and_then(|object| marked_id(target, object, &wanted)).map(|_| id));
    }
    Ok(found)
}

fn title_of<'a>(target: &Target, item: &'a Value) -> Option<&'a str> {
    item.get(&target.resource.fields.title)?.as_str()
}

fn marked_id(target: &Target, item: &Value, wanted: impl Fn(Marker) -> bool) -> Option<String> {
    Marker::find(title_of(target, item)?).filter(|marker| wanted(*marker))?;
    target.resource.id_of(item)
}

/// Those of these objects of `user` that are still what `run` made.
pub(super) async fn still_made(client: &Client, target: &Target, user: &User, ids: BTreeSet<String>, run: Uuid) -> Vec<String> {
    let asked = ids.into_iter().map(async |id| {
        let path = item_path(target, user, &id);
        is_still(client, target, user, &path, run).await.then_some(id)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Whether what has this path now is still what `run` made. Some databases give the number of a deleted object to the next one, and that
/// one may be anybody's, or one that this run makes in the next moment: the answer is no where nothing is there, and where a title without the
/// run's marker can be read.
pub(super) async fn is_still(client: &Client, target: &Target, user: &User, path: &str, run: Uuid) -> bool {
    let Ok(answer) = client.send(&Probe::get(path).bearer(&user.token)).await else { return true };
    if target.resource.offers.get && matches!(answer.status, 404 | 410) {
        return false;
    }
    let json = answer.json().filter(|_| answer.is_success());
    let title = json.as_ref().and_then(|json| target.resource.title(json));
    title.is_none_or(|title| Marker::find(title).is_some_and(|marker| marker.run == run))
}

/// Deletes these objects of `user`, side by side.
pub(super) async fn remove_all(client: &Client, target: &Target, user: &User, ids: Vec<String>) -> Swept {
    let removed = ids.into_iter().map(async |id| {
        let path = item_path(target, user, &id);
        (delete(client, target, user, &path).await, path)
    });
    let mut swept = Swept::default();
    for (result, path) in join_all(removed).await {
        match result {
            Ok(there) => swept.removed += usize::from(there),
            Err(why) => swept.left.push(left(path, why)),
        }
    }
    swept
}

/// Deletes one object: `true` when it was there, `false` when it was already gone.
pub(super) async fn delete(client: &Client, target: &Target, user: &User, path: &str) -> Result<bool, String> {
    if !target.resource.offers.delete {
        return Err("the target declares no route that deletes it".to_owned());
    }
    let answer = client.send(&Probe::new("DELETE", path).bearer(&user.token)).await.map_err(|trouble| trouble.to_string())?;
    match answer.status {
        404 | 410 => Ok(false),
        status if target.policy.missing.contains(status) => Ok(false),
        _ if answer.is_success() => Ok(true),
        status => Err(format!("DELETE was answered {status}")),
    }
}

fn item_path(target: &Target, user: &User, id: &str) -> String {
    user.path(&target.paths.item).replace("{id}", id)
}
