//! Makes objects on the target: announced in the journal before, recorded after, deleted at the end.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;
use uuid::Uuid;

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
    journal: Option<Arc<Journal>>,
    run: Uuid,
    next: AtomicU32,
    announced: AtomicUsize,
    made: Mutex<Vec<Made>>,
    /// The objects that checks share, of A and of others.
    witnesses: [OnceCell<(Object, u64)>; 2],
}

impl Workshop {
    /// A workshop; without a journal it makes nothing.
    pub(super) fn new(target: Arc<Target>, journal: Option<Journal>, run: Uuid) -> Self {
        let journal = journal.map(Arc::new);
        Self {
            target,
            journal,
            run,
            next: AtomicU32::new(0),
            announced: AtomicUsize::new(0),
            made: Mutex::default(),
            witnesses: [const { OnceCell::const_new() }; 2],
        }
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
    pub(super) async fn deleted(&self, id: &str) {
        let _ = self.record(Entry::Deleted { id: id.to_owned() }).await;
    }

    /// The journal, to be finished when everything is gone.
    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_deref()
    }

    /// Returns when the entry is on disk. Syncing blocks, so it has a thread of its own.
    async fn record(&self, entry: Entry) -> Result<(), Trouble> {
        let none = || Trouble::NotGiven("creating objects is not allowed in this run".into());
        let journal = Arc::clone(self.journal.as_ref().ok_or_else(none)?);
        let written = tokio::task::spawn_blocking(move || journal.record(&entry)).await;
        written.map_err(|error| Trouble::Unexpected(error.to_string()))?.map_err(|error| Trouble::NotGiven(error.to_string()))
    }

    async fn announce(&self, user: &User) -> Result<String, Trouble> {
        let nonce = format!("{}{:04}", user.name.to_ascii_lowercase(), self.next.fetch_add(1, Ordering::Relaxed));
        let marker = Marker::text(self.run, &nonce);
        self.record(Entry::Announced { user: user.name.into(), subject: user.subject.clone(), marker: marker.clone() }).await?;
        self.announced.fetch_add(1, Ordering::Relaxed);
        Ok(marker)
    }

    async fn create(&self, client: &Client, user: &User) -> Result<Object, Trouble> {
        let canary = self.announce(user).await?;
        let list = self.target.paths.list.replace("{user_id}", user.subject.as_deref().unwrap_or("me"));
        let created = client.send(&Probe::post(list, &self.target.resource.body(&canary)).bearer(&user.token)).await?;
        let id = created.json().filter(|_| created.is_success()).and_then(|json| self.target.resource.id(&json));
        let refused =
            || Trouble::Unexpected(format!("creating an object as {} was answered {} without an id", user.name, created.status));
        let id = id.ok_or_else(refused)?;
        let path = self.target.paths.item.replace("{user_id}", user.subject.as_deref().unwrap_or("me")).replace("{id}", &id);
        self.record(Entry::Created { marker: canary.clone(), id: id.clone() }).await?;
        if let Ok(mut made) = self.made.lock() {
            made.push(Made { user: user.clone(), id: id.clone(), path: path.clone() });
        }
        let read = client.send_until(&Probe::get(&path).bearer(&user.token), Answer::is_success).await?;
        Ok(Object { id, path, canary, created, read })
    }
}

/// The workshop as one check uses it: what is sent counts for that check.
pub(super) struct Bench {
    pub(super) workshop: Arc<Workshop>,
    pub(super) client: Client,
}

impl Objects for Bench {
    fn create<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.workshop.create(&self.client, user).boxed()
    }

    fn witness<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        let [of_a, of_others] = &self.workshop.witnesses;
        let witness = if user.name == "A" { of_a } else { of_others };
        let make = move || async {
            let object = self.workshop.create(&self.client, user).await?;
            Ok::<_, Trouble>((object, self.client.scope().chain()))
        };
        async move {
            let (object, link) = witness.get_or_try_init(make).await?;
            self.client.waited_for(*link);
            Ok(object.clone())
        }
        .boxed()
    }

    fn announce<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>> {
        self.workshop.announce(user).boxed()
    }
}
