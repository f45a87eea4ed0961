//! Makes objects on the target: announced in the journal before, recorded after, deleted at the end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::budget::OF_AN_OBJECT;
use super::journal::{Entry, Journal, Kind};
use super::listed;
use super::marker::Marker;
use super::parents::Parents;
use crate::checks::{Object, Objects, Role, Suite, User};
use crate::http::{Answer, Client, Probe, Trouble, clean};
use crate::target::Target;

/// The first number in the markers of what objects live in: no run makes so many objects.
const OF_PARENTS: u32 = 9_000;

/// Something that was made and must go.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) user: User,
    pub(super) id: String,
    pub(super) path: String,
    /// Whose checks alone use it; `None` where checks of several suites share it.
    suite: Option<Suite>,
    /// Whether it was deleted meanwhile.
    pub(super) gone: bool,
}

/// An object that is made when it is first asked for, and how far down a chain of requests that was.
type Once = OnceCell<(Object, u64)>;

/// Objects that several checks use, by owner and role.
type SharedObjects = Mutex<HashMap<(&'static str, Role), Arc<Once>>>;

/// The run's maker of objects, or of what they live in.
pub(super) struct Workshop {
    kind: Kind,
    target: Arc<Target>,
    journal: Option<Arc<Journal>>,
    run: Uuid,
    next: AtomicU32,
    announced: AtomicUsize,
    made: Mutex<Vec<Made>>,
    /// The objects that checks share.
    shared: SharedObjects,
    /// The title that checks try to give to the objects of others.
    attempted: OnceCell<String>,
}

impl Workshop {
    /// A workshop; without a journal it makes nothing. What its objects live in has markers like theirs, so that whoever is shown it is shown
    /// something of this run.
    pub(super) fn new(kind: Kind, target: Arc<Target>, journal: Option<Arc<Journal>>, run: Uuid) -> Self {
        Self {
            kind,
            target,
            journal,
            run,
            next: AtomicU32::new(if kind == Kind::Parent { OF_PARENTS } else { 0 }),
            announced: AtomicUsize::new(0),
            made: Mutex::default(),
            shared: SharedObjects::default(),
            attempted: OnceCell::new(),
        }
    }

    /// What it makes things on: the target, or that of the parents.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it may make anything.
    pub(super) const fn makes(&self) -> bool {
        self.journal.is_some()
    }

    /// Everything made so far.
    pub(super) fn made(&self) -> Vec<Made> {
        self.made.lock().map(|made| made.clone()).unwrap_or_default()
    }

    /// What is still there of what was made for these.
    pub(super) fn left(&self, of: impl Fn(Option<Suite>) -> bool) -> Vec<Made> {
        self.made().into_iter().filter(|made| !made.gone && of(made.suite)).collect()
    }

    /// How many creations were announced.
    pub(super) fn announcements(&self) -> usize {
        self.announced.load(Ordering::Relaxed)
    }

    /// Notes that an object is gone.
    pub(super) async fn deleted(&self, id: &str) {
        if let Ok(mut made) = self.made.lock()
            && let Some(made) = made.iter_mut().find(|made| made.id == id && !made.gone)
        {
            made.gone = true;
        }
        let _ = self.record(Entry::Deleted { id: id.to_owned(), kind: self.kind }).await;
    }

    /// Returns when the entry is on disk.
    async fn record(&self, entry: Entry) -> Result<(), Trouble> {
        let none = || Trouble::NotGiven("creating objects is not allowed in this run".into());
        self.journal.as_ref().ok_or_else(none)?.recorded(entry).await
    }

    async fn announce(&self, client: &Client, user: &User) -> Result<String, Trouble> {
        let nonce = format!("{}{:04}", user.name.to_ascii_lowercase(), self.next.fetch_add(1, Ordering::Relaxed));
        let marker = Marker::text(self.run, client.lifetime(), &nonce);
        client.set_aside(OF_AN_OBJECT)?;
        self.record(Entry::Announced { user: user.name.into(), subject: user.subject.clone(), marker: marker.clone() }).await?;
        self.announced.fetch_add(1, Ordering::Relaxed);
        Ok(marker)
    }

    pub(super) async fn create(&self, client: &Client, user: &User, suite: Option<Suite>) -> Result<Object, Trouble> {
        let canary = self.announce(client, user).await?;
        let body = self.target.resource.within(user.parent.as_ref()).body(&canary);
        // One that was made without an answer is found by its marker.
        let post = Probe::post(user.path(&self.target.paths.list), &body).bearer(&user.token).repeatable();
        let created = client.send(&post).await?;
        let id = match self.id_of(&created) {
            Some(id) => id,
            None => self.listed_id(client, user, &created).await?.ok_or_else(|| refused(user, &created))?,
        };
        let path = self.item_path(user, &id);
        self.note(user, &canary, &id, suite).await?;
        let mut read = None;
        if self.target.resource.offers.get {
            read = Some(client.send_until(&Probe::get(&path).bearer(&user.token), Answer::is_success).await?);
        }
        Ok(Object { id, path, canary, created, read })
    }

    async fn note(&self, user: &User, marker: &str, id: &str, suite: Option<Suite>) -> Result<(), Trouble> {
        let path = self.item_path(user, id);
        if let Ok(mut made) = self.made.lock() {
            made.push(Made { user: user.clone(), id: id.to_owned(), path, suite, gone: false });
        }
        self.record(Entry::Created { marker: marker.to_owned(), id: id.to_owned(), kind: self.kind }).await
    }

    fn item_path(&self, user: &User, id: &str) -> String {
        user.path(&self.target.paths.item).replace("{id}", id)
    }

    fn kept(&self, user: &User, role: Role) -> Result<Arc<Once>, Trouble> {
        let mut all = self.shared.lock().map_err(|_| Trouble::Unexpected("another check failed while it made an object".into()))?;
        Ok(Arc::clone(all.entry((user.name, role)).or_default()))
    }

    /// The id under which the list shows what was created, where the answer to the creation names none.
    async fn listed_id(&self, client: &Client, user: &User, created: &Answer) -> Result<Option<String>, Trouble> {
        let sent = created.exchange.request.body.as_deref().and_then(Marker::in_text);
        let Some(marker) = sent.filter(|_| created.is_success() && self.target.resource.offers.list) else { return Ok(None) };
        let listed = listed::all(client, &self.target, user).await?;
        let ours = listed.items.iter().find(|item| item.to_string().to_ascii_lowercase().contains(marker));
        Ok(ours.and_then(|item| self.target.resource.id_of(item)))
    }

    fn id_of(&self, created: &Answer) -> Option<String> {
        let body = created.json().filter(|_| created.is_success());
        let location = created.headers.text("location").filter(|_| created.is_success());
        self.target.resource.created_id(body.as_ref(), location.as_deref())
    }
}

/// Why there is no object, with what helps: many frameworks redirect a path that lacks its last slash, or has one too many.
fn refused(user: &User, created: &Answer) -> Trouble {
    let helps = match (created.status, created.headers.text("location")) {
        (300..=399, Some(to)) => format!(", a redirect to {}; declare `paths.list` in that form", clean(&to)),
        (200..=299, _) => " without an id".to_owned(),
        _ => match clean(&created.raw_text()).chars().take(160).collect::<String>() {
            said if said.is_empty() => String::new(),
            said => format!(": {said}"),
        },
    };
    Trouble::Unexpected(format!("creating an object as {} was answered {}{helps}", user.name, created.status))
}

/// The workshop as one check uses it: what is sent counts for that check.
pub(super) struct Bench {
    pub(super) workshop: Arc<Workshop>,
    pub(super) parents: Option<Arc<Parents>>,
    pub(super) client: Client,
    /// Whose checks use what is made here; `None` outside of any suite.
    pub(super) suite: Option<Suite>,
}

impl Bench {
    /// The object of `user` in this role, made now where nobody asked for it before.
    async fn once(&self, user: &User, role: Role) -> Result<Object, Trouble> {
        let make = async || {
            let object = self.workshop.create(&self.client, user, None).await?;
            Ok::<_, Trouble>((object, self.client.scope().chain()))
        };
        let kept = self.workshop.kept(user, role)?;
        let (object, link) = kept.get_or_try_init(make).await?;
        self.client.waited_for(*link);
        Ok(object.clone())
    }
}

impl Objects for Bench {
    fn housed<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<User, Trouble>> {
        async move {
            match &self.parents {
                Some(parents) => parents.provide(&self.client, user).await,
                None => Ok(user.clone()),
            }
        }
        .boxed()
    }

    fn create<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.workshop.create(&self.client, user, self.suite).boxed()
    }

    fn shared<'a>(&'a self, user: &'a User, role: Role) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.once(user, role).boxed()
    }

    fn attempted<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>> {
        let announce = || self.workshop.announce(&self.client, user);
        async move { self.workshop.attempted.get_or_try_init(announce).await.cloned() }.boxed()
    }

    fn announce<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>> {
        self.workshop.announce(&self.client, user).boxed()
    }

    fn deleted<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()> {
        self.workshop.deleted(id).boxed()
    }

    fn listed<'a>(&'a self, user: &'a User, created: &'a Answer) -> BoxFuture<'a, Option<String>> {
        self.workshop.listed_id(&self.client, user, created).map(|found| found.ok().flatten()).boxed()
    }

    fn made<'a>(&'a self, user: &'a User, id: &'a str) -> BoxFuture<'a, ()> {
        // The journal has the announcement; without this line a later run looks for the marker.
        self.workshop.note(user, "", id, self.suite).map(drop).boxed()
    }
}
