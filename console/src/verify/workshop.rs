//! Makes objects on the target: announced in the journal before, recorded after, deleted at the end.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::budget::OF_AN_OBJECT;
use super::journal::{Entry, Journal};
use super::marker::Marker;
use crate::checks::{Object, Objects, User};
use crate::http::{Answer, Client, Probe, Trouble};
use crate::target::Target;

/// Something that was made and must go.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) user: User,
    pub(super) id: String,
    pub(super) path: String,
}

/// The run's maker of objects.
pub(super) struct Workshop {
    target: Arc<Target>,
    client: Client,
    journal: Option<Journal>,
    run: Uuid,
    next: AtomicU32,
    announced: AtomicUsize,
    made: Mutex<Vec<Made>>,
}

impl Workshop {
    /// A workshop; without a journal it makes nothing.
    pub(super) fn new(target: Arc<Target>, client: Client, journal: Option<Journal>, run: Uuid) -> Self {
        Self { target, client, journal, run, next: AtomicU32::new(0), announced: AtomicUsize::new(0), made: Mutex::default() }
    }

    /// Everything made so far.
    pub(super) fn made(&self) -> Vec<Made> {
        self.made.lock().map(|made| made.clone()).unwrap_or_default()
    }

    /// How many creations were announced.
    pub(super) fn announcements(&self) -> usize {
        self.announced.load(Ordering::Relaxed)
    }

    /// Notes that an object is gone.
    pub(super) fn deleted(&self, id: &str) {
        if let Some(journal) = &self.journal {
            let _ = journal.record(&Entry::Deleted { id: id.to_owned() });
        }
    }

    /// Gives the journal back, to be finished when everything is gone.
    pub(super) fn into_journal(self) -> Option<Journal> {
        self.journal
    }

    fn record(&self, entry: &Entry) -> Result<(), Trouble> {
        let none = || Trouble::NotGiven("creating objects is not allowed in this run".into());
        self.journal.as_ref().ok_or_else(none)?.record(entry).map_err(|error| Trouble::NotGiven(error.to_string()))
    }

    fn announce_now(&self, user: &User) -> Result<String, Trouble> {
        let nonce = format!("{}{:04}", user.name.to_ascii_lowercase(), self.next.fetch_add(1, Ordering::Relaxed));
        let marker = Marker::text(self.run, self.client.lifetime(), &nonce);
        self.client.set_aside(OF_AN_OBJECT)?;
        self.record(&Entry::Announced { user: user.name.into(), subject: user.subject.clone(), marker: marker.clone() })?;
        self.announced.fetch_add(1, Ordering::Relaxed);
        Ok(marker)
    }

    async fn create_now(&self, user: &User) -> Result<Object, Trouble> {
        let canary = self.announce_now(user)?;
        let list = self.target.paths.list.replace("{user_id}", user.subject.as_deref().unwrap_or("me"));
        let created = self.client.send(&Probe::post(list, &self.target.resource.body(&canary)).bearer(&user.token)).await?;
        let id = created.json().filter(|_| created.is_success()).and_then(|json| self.target.resource.id(&json));
        let refused =
            || Trouble::Unexpected(format!("creating an object as {} was answered {} without an id", user.name, created.status));
        let id = id.ok_or_else(refused)?;
        let path = self.target.paths.item.replace("{user_id}", user.subject.as_deref().unwrap_or("me")).replace("{id}", &id);
        self.record(&Entry::Created { marker: canary.clone(), id: id.clone() })?;
        if let Ok(mut made) = self.made.lock() {
            made.push(Made { user: user.clone(), id: id.clone(), path: path.clone() });
        }
        self.client.send_until(&Probe::get(&path).bearer(&user.token), Answer::is_success).await?;
        Ok(Object { id, path, canary, created })
    }
}

impl Objects for Workshop {
    fn create<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.create_now(user).boxed()
    }

    fn announce<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>> {
        std::future::ready(self.announce_now(user)).boxed()
    }
}
