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

use super::csrf;
use super::journal::{Abandoned, Entry, abandoned};
use super::listed;
use super::marker::Marker;
use super::registrar::{self, Former, Registrar};
use super::users;
use super::workshop::{Made, Workshop};
use crate::checks::{User, Users};
use crate::http::{Client, Limits, Probe, Trouble};
use crate::run::{Cleanup, LeftBehind};
use crate::target::{Target, Tokens};

/// How long clean-up may take after a run ended.
pub(super) const GRACE: Duration = Duration::from_secs(20);
/// How often clean-up looks again while it still finds something: what a killed run had sent may be carried out after it died.
const LOOKS: usize = 5;
/// Pause before looking again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// How long after the last line of its journal a sign-up of a killed run may still be carried out.
const CARRIED_OUT: Duration = Duration::from_secs(1);
/// Objects read at most where a list does not show titles.
const READS: usize = 50;

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
    /// What no later look can name any more: only the journal did, which is settled.
    lost: Vec<LeftBehind>,
    /// Users whose token is not let in at their own list, with the answer.
    pub(super) refused: Vec<(&'static str, Trouble)>,
    /// Users whose list was not asked for, since nothing takes a connection.
    closed: Vec<(&'static str, Trouble)>,
    /// Runs that are known to be dead.
    pub(super) dead: BTreeSet<Uuid>,
}

impl Swept {
    fn add(&mut self, more: Self) {
        self.removed += more.removed;
        self.left.extend(more.left);
        self.lost.extend(more.lost);
        self.refused.extend(more.refused);
        self.closed.extend(more.closed);
    }

    /// Counts what such users may have as left: nothing of theirs could be looked for.
    fn with_refused_left(mut self) -> Self {
        let unseen = self.refused.drain(..).chain(self.closed.drain(..));
        self.left.extend(unseen.map(|(user, trouble)| unlisted(user, &trouble)));
        self.with_lost_left()
    }

    /// Notes objects of a user whom nobody is in this run. Where each run signs up users of its own, nobody will be in a later one either.
    fn unowned(&mut self, what: String, target: &Target) {
        let fixed = target.accounts.signup.as_ref().is_some_and(|signup| signup.names.is_some() || signup.password.is_some());
        let (all, why) = if matches!(target.tokens, Tokens::Signup) && !fixed {
            (&mut self.lost, "their owner's password was known to that run alone: remove them by hand")
        } else {
            (&mut self.left, "no token for that user in this run")
        };
        all.push(left(what, why));
    }

    /// Counts what cannot be named any more as left.
    pub(super) fn with_lost_left(mut self) -> Self {
        self.left.append(&mut self.lost);
        self
    }

    /// What another look found, after this one.
    fn then(mut self, mut again: Self) -> Self {
        self.lost.append(&mut again.lost);
        Self { removed: self.removed + again.removed, lost: self.lost, ..again }
    }
}

fn unlisted(user: &str, trouble: &Trouble) -> LeftBehind {
    left(format!("objects of user {user}"), format!("cannot list them: {trouble}"))
}

/// Removes everything that earlier runs left on `target`: by the journals in `journal`, and by the markers that objects carry.
pub async fn cleanup(target: Arc<Target>, journal: &Path, limits: Limits, stop: CancellationToken) -> Result<Swept, Trouble> {
    let client = Client::new(Arc::clone(&target), limits, &Uuid::now_v7().simple().to_string(), stop)?;
    let registrar = Registrar::new(Arc::clone(&target), client.clone(), None);
    let users = users::returning(&registrar, &target).await?;
    let mut swept = leftovers(&client, &target, &users, journal, Age::Any).await;
    let mut clean = swept.removed == 0 && swept.left.is_empty();
    for _ in 1..LOOKS {
        if clean {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let again = leftovers(&client, &target, &users, journal, Age::Any).await;
        clean = again.removed == 0 && again.left.is_empty();
        swept = swept.then(again);
    }
    Ok(swept.with_refused_left())
}

/// What killed runs left: first what their journals name, then what carries a marker of a run that is over.
pub(super) async fn leftovers(client: &Client, target: &Target, users: &Users, journal: &Path, age: Age) -> Swept {
    let mut swept = Swept::default();
    if age == Age::Settled && !target.resource.offers.delete {
        return swept;
    }
    for dead in abandoned(journal, &target.base.to_string()) {
        swept.dead.insert(dead.run);
        settle(client, target, users, dead, &mut swept).await;
    }
    swept.add(sweep_users(client, target, users, |marker| is_over(marker, age)).await);
    swept
}

fn is_over(marker: Marker, age: Age) -> bool {
    age == Age::Any || marker.is_over(OffsetDateTime::now_utc())
}

/// Deals with the journal of one killed run; it is kept while something in it may still be removed.
async fn settle(client: &Client, target: &Target, users: &Users, dead: Abandoned, swept: &mut Swept) {
    let accounts = registrar::revive(client, target, dead.accounts()).await;
    let mut found = Swept::default();
    for (name, subject) in dead.owners() {
        if let Some(user) = owner(target, users, &accounts, &name, subject.as_deref()) {
            found.add(objects_of(client, target, &user, &dead).await);
        } else {
            let what = format!("objects of run {} made as {}", dead.run.simple(), subject.unwrap_or(name));
            found.unowned(what, target);
        }
    }
    let may_come = dead.silent_for().is_none_or(|silent| silent < CARRIED_OUT);
    for (name, former) in accounts {
        let removed = match former {
            Former::Open(session) => registrar::remove_revived(client, target, &session).await,
            Former::Refused if may_come => Err("its sign-up may still be under way: clean up again in a moment".to_owned()),
            Former::Unasked(why) => Err(why),
            Former::Refused => {
                found.lost.push(left(format!("account {name}"), REFUSED));
                continue;
            }
            Former::Locked => {
                found.lost.push(left(format!("account {name}"), LOCKED));
                continue;
            }
        };
        match removed {
            Ok(()) => found.removed += 1,
            Err(why) => found.left.push(left(format!("account {name}"), why)),
        }
    }
    if found.left.is_empty() {
        dead.settle();
    } else {
        // The next look will name it again.
        found = found.with_lost_left();
    }
    swept.add(found);
}

/// What the run of `dead` made as this user: what its journal names, and what carries its marker.
async fn objects_of(client: &Client, target: &Target, user: &User, dead: &Abandoned) -> Swept {
    let _ = csrf::provide(client, target, user, None).await;
    let ids = still_made(client, target, user, undeleted(&dead.entries), dead.run).await;
    let mut swept = remove_all(client, target, user, ids).await;
    swept.add(sweep_marked(client, target, user, |marker| marker.run == dead.run).await);
    swept
}

/// Why an account stays that nobody can sign in to.
const LOCKED: &str =
    "its password was known to that run alone: remove it by hand, and name a `tokens.signup.password` for later runs";

/// Why nobody knows whether an account is there.
const REFUSED: &str = "signing in to it is refused: it was never made, or has another password by now";

/// The user of this run who can delete for the journaled one: the same subject, or a token minted for it.
fn owner(target: &Target, users: &Users, accounts: &[(String, Former)], name: &str, subject: Option<&str>) -> Option<User> {
    let same = |user: &&User| user.subject.as_deref() == subject && (subject.is_some() || user.name == name);
    let mut open = accounts.iter().filter_map(|(_, former)| match former {
        Former::Open(session) => Some(&session.user),
        _ => None,
    });
    let again = open.find(same);
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

/// Those of these objects of `user` that are still what `run` made.
async fn still_made(client: &Client, target: &Target, user: &User, ids: BTreeSet<String>, run: Uuid) -> Vec<String> {
    let asked = ids.into_iter().map(async |id| {
        let path = item_path(target, user, &id);
        is_still(client, target, user, &path, run).await.then_some(id)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Deletes these objects of `user`, side by side.
async fn remove_all(client: &Client, target: &Target, user: &User, ids: Vec<String>) -> Swept {
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

/// Whether what has this path now is still what `run` made. Some databases give the number of a deleted object to the next one, and that
/// one may be anybody's, or one that this run makes in the next moment: the answer is no where nothing is there, and where a title without the
/// run's marker can be read.
async fn is_still(client: &Client, target: &Target, user: &User, path: &str, run: Uuid) -> bool {
    let Ok(answer) = client.send(&Probe::get(path).bearer(&user.token)).await else { return true };
    if target.resource.offers.get && matches!(answer.status, 404 | 410) {
        return false;
    }
    let json = answer.json().filter(|_| answer.is_success());
    let title = json.as_ref().and_then(|json| target.resource.title(json));
    title.is_none_or(|title| Marker::find(title).is_some_and(|marker| marker.run == run))
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
        Err(trouble @ Trouble::NoList { status: 401 | 403, .. }) => {
            Swept { refused: vec![(user.name, trouble)], ..Swept::default() }
        }
        Err(trouble) if trouble.is_closed_door() => Swept { closed: vec![(user.name, trouble)], ..Swept::default() },
        Err(trouble) => Swept { left: vec![unlisted(user.name, &trouble)], ..Swept::default() },
    }
}

/// Ids of the user's objects whose marker is one that `wanted` accepts. Where the list shows no titles, the objects themselves are read.
async fn marked(client: &Client, target: &Target, user: &User, wanted: impl Fn(Marker) -> bool) -> Result<Vec<String>, Trouble> {
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

fn item_path(target: &Target, user: &User, id: &str) -> String {
    target.paths.item.replace("{user_id}", user.subject.as_deref().unwrap_or("me")).replace("{id}", id)
}

/// Deletes what no check takes notice of any more, while others go on. What cannot be deleted now is tried again by [`own`].
pub(super) async fn early(client: &Client, registrar: &Registrar, workshop: &Workshop, run: Uuid, unused: Vec<Made>) {
    join_all(unused.iter().map(|object| take_away(client, registrar, workshop, object, run))).await;
}

/// Deletes what this run made and what is still there of it: what it knows by id, then whatever else carries its marker, then what became of the last requests of the
/// `dead` runs that were swept at the beginning.
pub(super) async fn own(
    client: &Client,
    registrar: &Registrar,
    users: &Users,
    workshop: &Workshop,
    run: Uuid,
    dead: &BTreeSet<Uuid>,
) -> Cleanup {
    let target = registrar.target();
    let made = workshop.made();
    let there = made.iter().filter(|object| !object.gone);
    let results = join_all(there.map(|object| take_away(client, registrar, workshop, object, run))).await;
    let left: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    let mut cleanup = Cleanup { created: made.len(), deleted: made.len() - left.len(), left, ..Cleanup::default() };
    if workshop.announcements() > 0 {
        let swept = sweep_users(client, target, users, |marker| marker.run == run).await;
        cleanup.created += swept.removed;
        cleanup.deleted += swept.removed;
        cleanup.left.extend(swept.left);
        // A token that was never let in has made nothing, nor has one for a service that takes no connection; one that made something and
        // ended since leaves it.
        let owners: BTreeSet<_> = made.iter().map(|object| object.user.name).collect();
        let ended = swept.refused.iter().chain(&swept.closed).filter(|(user, _)| owners.contains(user));
        cleanup.left.extend(ended.map(|(user, trouble)| unlisted(user, trouble)));
    }
    if !dead.is_empty() {
        let swept = sweep_users(client, target, users, |marker| dead.contains(&marker.run)).await;
        cleanup.swept += swept.removed;
        cleanup.left.extend(swept.left);
        cleanup.left.extend(swept.closed.iter().map(|(user, trouble)| unlisted(user, trouble)));
    }
    cleanup
}

async fn sweep_users(client: &Client, target: &Target, users: &Users, wanted: impl Fn(Marker) -> bool) -> Swept {
    let users = [&users.a, &users.b].into_iter().flatten();
    let marked = join_all(users.map(|user| sweep_marked(client, target, user, &wanted))).await;
    let mut swept = Swept::default();
    for more in marked {
        swept.add(more);
    }
    swept
}

async fn take_away(
    client: &Client,
    registrar: &Registrar,
    workshop: &Workshop,
    object: &Made,
    run: Uuid,
) -> Result<(), LeftBehind> {
    let target = registrar.target();
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
