//! What objects of killed runs live in: removed with what is in it, which no list of any other user's shows.

use std::collections::BTreeSet;

use super::Swept;
use super::objects::{marked, remove_all, still_made, sweep_marked, unseen};
use crate::checks::User;
use crate::checks::json_id::json_id;
use crate::http::Client;
use crate::target::Target;
use crate::verify::journal::{Abandoned, Kind};
use crate::verify::marker::Marker;

/// Removes every parent of `user` whose marker is one that `wanted` accepts, and before it what such runs made in it.
pub(super) async fn sweep_parents(client: &Client, target: &Target, user: &User, wanted: impl Fn(Marker) -> bool) -> Swept {
    let Some(of_parents) = target.of_parents() else { return Swept::default() };
    let ids = match marked(client, &of_parents, user, &wanted).await {
        Ok(ids) => ids,
        Err(trouble) => return unseen(user, trouble),
    };
    let mut swept = Swept::default();
    for inside in ids.iter().filter(|_| target.lists_by_parent()).map(|id| inside(user, id)) {
        swept.add(sweep_marked(client, target, &inside, &wanted).await);
    }
    swept.add(remove_all(client, &of_parents, user, ids).await);
    swept
}

/// `user` in each parent that the journal of a killed run names and that is still what that run made; the user alone where paths name none.
pub(super) async fn homes(client: &Client, target: &Target, user: &User, dead: &Abandoned) -> Vec<User> {
    match target.of_parents().filter(|_| target.lists_by_parent()) {
        Some(of_parents) => {
            let ids: BTreeSet<_> = dead.undeleted(Kind::Parent);
            let there = still_made(client, &of_parents, user, ids, dead.run).await;
            there.iter().map(|id| inside(user, id)).collect()
        }
        None => vec![user.clone()],
    }
}

/// Removes the parents that the journal of a killed run names.
pub(super) async fn remove_parents(client: &Client, target: &Target, user: &User, dead: &Abandoned) -> Swept {
    let Some(of_parents) = target.of_parents() else { return Swept::default() };
    let ids = still_made(client, &of_parents, user, dead.undeleted(Kind::Parent), dead.run).await;
    let mut swept = remove_all(client, &of_parents, user, ids).await;
    swept.add(sweep_parents(client, target, user, |marker| marker.run == dead.run).await);
    swept
}

fn inside(user: &User, id: &str) -> User {
    User { parent: Some(json_id(id)), ..user.clone() }
}
