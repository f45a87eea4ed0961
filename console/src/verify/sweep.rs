//! Deletes what runs made: this one's objects at its end, and what killed runs left, by journal and by marker.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::journal::{Abandoned, Entry, abandoned};
use super::marker::Marker;
use super::registrar;
use super::users;
use super::workshop::{Made, Workshop};
use crate::checks::paging::next_query;
use crate::checks::{Session, User, Users};
use crate::http::{Client, Limits, Probe, Trouble};
use crate::run::{Cleanup, LeftBehind};
use crate::target::{Target, Tokens};

/// How long clean-up may take after a run ended.
pub(super) const GRACE: Duration = Duration::from_secs(20);
/// A marked object older than this belongs to no living run: runs end within their deadline.
const SETTLED: time::Duration = time::Duration::hours(1);
/// Pages of a list that are read at most when looking for markers.
const PAGES: usize = 50;

/// Which marked objects may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Only those whose run must be over by now.
    Settled,
    /// All of them: the operator said that no run is under way.
    Any,
}

/// What a sweep removed and what it could not.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// Objects removed.
    pub removed: usize,
    /// Objects still there.
    pub left: Vec<LeftBehind>,
}

impl Swept {
    fn add(&mut self, more: Self) {
        self.removed += more.removed;
        self.left.extend(more.left);
    }
}

/// Removes everything that earlier runs left on `target`: by the journals in `journal`, and by the markers that objects carry.
pub async fn cleanup(target: Arc<Target>, journal: &Path, limits: Limits, stop: CancellationToken) -> Result<Swept, Trouble> {
    let client = Client::new(Arc::clone(&target), limits, &Uuid::now_v7().simple().to_string(), stop)?;
    let registrar = registrar::Registrar::new(Arc::clone(&target), client.clone(), None);
    let users = users::obtain(&registrar, &target).await?;
    Ok(leftovers(&client, &target, &users, journal, Age::Any).await)
}

/// What killed runs left: first what their journals name, then what carries a marker of a run that is over.
pub(super) async fn leftovers(client: &Client, target: &Target, users: &Users, journal: &Path, age: Age) -> Swept {
    let mut swept = Swept::default();
    if age == Age::Settled && !target.resource.offers.delete {
        return swept;
    }
    for dead in abandoned(journal, &target.base.to_string()) {
        settle(client, target, users, dead, &mut swept).await;
    }
    let users = [&users.a, &users.b].into_iter().flatten();
    let marked = users.map(|user| sweep_marked(client, target, user, move |marker| is_over(marker, age)));
    join_all(marked).await.into_iter().for_each(|more| swept.add(more));
    swept
}

fn is_over(marker: Marker, age: Age) -> bool {
    age == Age::Any || marker.began().is_some_and(|began| OffsetDateTime::now_utc() - began > SETTLED)
}

/// Deals with the journal of one killed run; it is kept when something in it could not be removed.
async fn settle(client: &Client, target: &Target, users: &Users, dead: Abandoned, swept: &mut Swept) {
    let mut complete = true;
    let accounts = dead.accounts();
    let revived = registrar::revive(client, target, &accounts).await;
    for (name, subject) in dead.owners() {
        let Some(user) = owner(target, users, &revived, &name, subject.as_deref()) else {
            let who = subject.unwrap_or(name);
            swept
                .left
                .push(left(format!("objects of run {} made as {who}", dead.run.simple()), "no token for that user in this run"));
            complete = false;
            continue;
        };
        let before = swept.left.len();
        swept.add(remove_all(client, target, &user, undeleted(&dead.entries)).await);
        swept.add(sweep_marked(client, target, &user, |marker| marker.run == dead.run).await);
        complete &= swept.left.len() == before;
    }
    for (_, name) in accounts {
        let again = revived.iter().find(|session| session.login.username == name);
        let removed = match again {
            Some(session) => registrar::remove_revived(client, target, session).await,
            None => Err("its password was known to that run alone; remove it by hand".to_owned()),
        };
        match removed {
            Ok(()) => swept.removed += 1,
            Err(why) => swept.left.push(left(format!("account {name}"), why)),
        }
    }
    if complete {
        dead.settle();
    }
}

/// The user of this run who can delete for the journaled one: the same subject, or a token minted for it.
fn owner(target: &Target, users: &Users, revived: &[Session], name: &str, subject: Option<&str>) -> Option<User> {
    let same = |user: &&User| user.subject.as_deref() == subject && (subject.is_some() || user.name == name);
    let again = revived.iter().map(|session| &session.user).find(same);
    let known = again.or_else(|| [&users.a, &users.b].into_iter().flatten().find(same)).cloned();
    known.or_else(|| match &target.tokens {
        Tokens::Mint(mint) => subject.map(|subject| users::minted_for(mint, name, subject)),
        _ => None,
    })
}

fn undeleted(entries: &[Entry]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for entry in entries {
        match entry {
            Entry::Created { id, .. } => ids.insert(id.clone()),
            Entry::Deleted { id } => ids.remove(id),
            _ => false,
        };
    }
    ids
}

/// Deletes these objects of `user`, side by side.
async fn remove_all(client: &Client, target: &Target, user: &User, ids: impl IntoIterator<Item = String>) -> Swept {
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

fn left(what: impl Into<String>, why: impl Into<String>) -> LeftBehind {
    LeftBehind { what: what.into(), why: why.into() }
}

/// Deletes one object: `true` when it was there, `false` when it was already gone.
async fn delete(client: &Client, target: &Target, user: &User, path: &str) -> Result<bool, String> {
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

/// Removes every object of `user` whose marker is one that `wanted` accepts.
async fn sweep_marked(client: &Client, target: &Target, user: &User, wanted: impl Fn(Marker) -> bool) -> Swept {
    match marked(client, target, user, wanted).await {
        Ok(found) => remove_all(client, target, user, found).await,
        Err(trouble) => {
            let left = left(format!("objects of user {}", user.name), format!("cannot list them: {trouble}"));
            Swept { removed: 0, left: vec![left] }
        }
    }
}

/// Ids of the user's objects whose marker is one that `wanted` accepts, over all pages that a `next_cursor` leads to.
async fn marked(client: &Client, target: &Target, user: &User, wanted: impl Fn(Marker) -> bool) -> Result<Vec<String>, Trouble> {
    let list = list_path(target, user);
    let (mut page, mut found) = (list.clone(), Vec::new());
    if !target.resource.offers.list {
        return Ok(found);
    }
    for _ in 0..PAGES {
        let answer = client.send(&Probe::get(&page).bearer(&user.token)).await?;
        let refused = || Trouble::Unexpected(format!("GET {list} was answered {}", answer.status));
        let json = answer.json().filter(|_| answer.is_success()).ok_or_else(refused)?;
        let items = target.resource.items(&json).into_iter().flatten();
        found.extend(items.filter_map(|item| marked_id(target, item, &wanted)));
        let Some(next) = next_query(&answer) else { break };
        page = format!("{list}?{next}");
    }
    Ok(found)
}

fn marked_id(target: &Target, item: &Value, wanted: impl Fn(Marker) -> bool) -> Option<String> {
    let fields = &target.resource.fields;
    Marker::find(item.get(&fields.title)?.as_str()?).filter(|marker| wanted(*marker))?;
    target.resource.id_of(item)
}

fn list_path(target: &Target, user: &User) -> String {
    target.paths.list.replace("{user_id}", user.subject.as_deref().unwrap_or("me"))
}

fn item_path(target: &Target, user: &User, id: &str) -> String {
    target.paths.item.replace("{user_id}", user.subject.as_deref().unwrap_or("me")).replace("{id}", id)
}

/// Deletes what this run made: what it knows by id, then whatever else carries its marker.
pub(super) async fn own(client: &Client, target: &Target, users: &Users, workshop: &Workshop, run: Uuid) -> Cleanup {
    let made = workshop.made();
    let results = join_all(made.iter().map(|object| take_away(client, target, workshop, object))).await;
    let mut cleanup =
        Cleanup { created: made.len(), deleted: results.iter().filter(|result| result.is_ok()).count(), ..Cleanup::default() };
    cleanup.left.extend(results.into_iter().filter_map(Result::err));
    if workshop.announcements() > 0 {
        let users = [&users.a, &users.b].into_iter().flatten();
        let marked = users.map(|user| sweep_marked(client, target, user, move |marker| marker.run == run));
        for swept in join_all(marked).await {
            cleanup.created += swept.removed;
            cleanup.deleted += swept.removed;
            cleanup.left.extend(swept.left);
        }
    }
    cleanup
}

async fn take_away(client: &Client, target: &Target, workshop: &Workshop, object: &Made) -> Result<(), LeftBehind> {
    delete(client, target, &object.user, &object.path).await.map_err(|why| left(&object.path, why))?;
    workshop.deleted(&object.id).await;
    Ok(())
}
