//! What killed runs left: by their journals, and by the markers that objects carry.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::objects::{remove_all, still_made, sweep_marked, sweep_users};
use super::parents::{homes, remove_parents, sweep_parents};
use super::{Swept, left};
use crate::checks::{User, Users};
use crate::http::{Client, Limits, Trouble};
use crate::target::{Target, Tokens};
use crate::verify::journal::{Abandoned, Kind, abandoned};
use crate::verify::marker::Marker;
use crate::verify::registrar::{self, Former, Registrar};
use crate::verify::{csrf, users};

/// How often clean-up looks again while it still finds something: what a killed run had sent may be carried out after it died.
const LOOKS: usize = 5;
/// Pause before looking again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// How long after the last line of its journal a sign-up of a killed run may still be carried out.
const CARRIED_OUT: Duration = Duration::from_secs(1);
/// Why an account stays that nobody can sign in to.
const LOCKED: &str =
    "its password was known to that run alone: remove it by hand, and name a `tokens.signup.password` for later runs";
/// Why nobody knows whether an account is there.
const REFUSED: &str = "signing in to it is refused: it was never made, or has another password by now";

/// Which marked objects may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Age {
    /// Only those whose run must be over by now.
    Settled,
    /// All of them: the operator said that no run is under way.
    Any,
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
pub(in crate::verify) async fn leftovers(client: &Client, target: &Target, users: &Users, journal: &Path, age: Age) -> Swept {
    let mut swept = Swept::default();
    if age == Age::Settled && !target.resource.offers.delete {
        return swept;
    }
    for dead in abandoned(journal, &target.base.to_string()) {
        swept.dead.insert(dead.run);
        settle(client, target, users, dead, &mut swept).await;
    }
    swept.add(sweep_users(client, target, users, |marker| is_over(marker, age)).await);
    for user in users.a.iter().chain(&users.b) {
        swept.add(sweep_parents(client, target, user, |marker| is_over(marker, age)).await);
    }
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
            found.add(Box::pin(objects_of(client, target, &user, &dead)).await);
        } else if dead.may_own(&name, subject.as_deref()) {
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
    let mut swept = Swept::default();
    for user in homes(client, target, user, dead).await {
        let ids = still_made(client, target, &user, dead.undeleted(Kind::Object), dead.run).await;
        swept.add(remove_all(client, target, &user, ids).await);
        swept.add(sweep_marked(client, target, &user, |marker| marker.run == dead.run).await);
    }
    swept.add(remove_parents(client, target, user, dead).await);
    swept
}

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
