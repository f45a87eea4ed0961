//! What this run made: deleted while others go on where nothing takes notice of it any more, and at the end.

use std::collections::BTreeSet;

use futures::future::join_all;
use uuid::Uuid;

use super::objects::{delete, is_still, sweep_users};
use super::{left, unlisted};
use crate::checks::Users;
use crate::http::{Client, Probe};
use crate::run::{Cleanup, LeftBehind};
use crate::target::Target;
use crate::verify::registrar::Registrar;
use crate::verify::workshop::{Made, Workshop};

/// Deletes what no check takes notice of any more, while others go on. What cannot be deleted now is tried again by [`own`].
pub(in crate::verify) async fn early(client: &Client, registrar: &Registrar, workshop: &Workshop, run: Uuid, unused: Vec<Made>) {
    join_all(unused.iter().map(|object| take_away(client, registrar, workshop, object, run))).await;
}

/// Deletes what this run made and what is still there of it: what it knows by id, then whatever else carries its marker, then what became
/// of the last requests of the `dead` runs that were swept at the beginning.
pub(in crate::verify) async fn own(
    client: &Client,
    registrar: &Registrar,
    users: &Users,
    workshop: &Workshop,
    run: Uuid,
    dead: &BTreeSet<Uuid>,
) -> Cleanup {
    let target = workshop.target();
    let made = workshop.made();
    let there = made.iter().filter(|object| !object.gone);
    let taken = there.map(async |object| (object, take_away(client, registrar, workshop, object, run).await.err()));
    let kept: Vec<_> = join_all(taken).await.into_iter().filter_map(|(object, left)| Some((object, left?))).collect();
    let mut cleanup = Cleanup { created: made.len(), deleted: made.len() - kept.len(), ..Cleanup::default() };
    if workshop.announcements() > 0 {
        cleanup = cleanup.and(marked(client, target, users, run, &made).await);
    }
    // What its maker may not delete was planted in the other's account, where it has been swept by now.
    for (object, left) in kept {
        if is_still(client, target, &object.user, &object.path, run).await {
            // The sweep of what is marked may have met it as well.
            cleanup.left.retain(|known| known.what != left.what);
            cleanup.left.push(left);
        } else if cleanup.created > made.len() {
            // The sweep counted it, too.
            cleanup.created -= 1;
        } else {
            cleanup.deleted += 1;
        }
    }
    if dead.is_empty() { cleanup } else { cleanup.and(of_dead(client, target, users, dead).await) }
}

/// Deletes what carries the marker of this `run`, and tells of whom that cannot be told who `made` something.
async fn marked(client: &Client, target: &Target, users: &Users, run: Uuid, made: &[Made]) -> Cleanup {
    let swept = sweep_users(client, target, users, |marker| marker.run == run).await;
    // A token that was never let in has made nothing, nor has one for a service that takes no connection; one that made something and
    // ended since leaves it.
    let owners: BTreeSet<_> = made.iter().map(|object| object.user.name).collect();
    let ended = swept.refused.iter().chain(&swept.closed).filter(|(user, _)| owners.contains(user));
    let unknown = ended.map(|(user, trouble)| unlisted(user, trouble));
    let left = swept.left.into_iter().chain(unknown).collect();
    Cleanup { created: swept.removed, deleted: swept.removed, left, ..Cleanup::default() }
}

/// Deletes what the last requests of dead runs became after the sweep at the beginning.
async fn of_dead(client: &Client, target: &Target, users: &Users, dead: &BTreeSet<Uuid>) -> Cleanup {
    let swept = sweep_users(client, target, users, |marker| dead.contains(&marker.run)).await;
    let unknown = swept.closed.iter().map(|(user, trouble)| unlisted(user, trouble));
    Cleanup { swept: swept.removed, left: swept.left.into_iter().chain(unknown).collect(), ..Cleanup::default() }
}

async fn take_away(
    client: &Client,
    registrar: &Registrar,
    workshop: &Workshop,
    object: &Made,
    run: Uuid,
) -> Result<(), LeftBehind> {
    let target = workshop.target();
    let reusable = object.id.parse::<u64>().is_ok();
    if reusable && !is_still(client, target, &object.user, &object.path, run).await {
        workshop.deleted(&object.id).await;
        return Ok(());
    }
    match delete(client, target, &object.user, &object.path).await {
        Err(_) if registrar.is_going(&object.user) && is_shut_out(client, object).await => {}
        deleted => drop(deleted.map_err(|why| left(&object.path, why))?),
    }
    workshop.deleted(&object.id).await;
    Ok(())
}

/// Whether the service lets the maker of an object in no more.
async fn is_shut_out(client: &Client, object: &Made) -> bool {
    let answer = client.send(&Probe::get(&object.path).bearer(&object.user.token)).await;
    answer.is_ok_and(|answer| matches!(answer.status, 401 | 403))
}
