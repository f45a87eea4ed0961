//! What a check may use: the target, the client, two users, the signing key, and a way to make objects that are surely deleted.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Objects, Quiet, Registry, Shared, User, Users};
use crate::http::{Answer, BAD_GATEWAYS, Client, Ending, Probe, Raw, Reply, Trouble};
use crate::target::{PARENT_ID, Resource, Route, RouteAuth, Target};
use crate::verify::Inputs;

pub use crate::token::Forge;

/// Everything a check may use. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is verified, as A sees it: bodies and further routes name what A's objects live in.
    pub target: Arc<Target>,
    /// The resource as it is described.
    pub described: Arc<Resource>,
    /// Sends probes.
    pub client: Client,
    /// The users.
    pub users: Arc<Users>,
    /// Mints and forges tokens with the service's own key, when it was given.
    pub forge: Option<Arc<Forge>>,
    /// Whether the run may send what could create objects: the host allows it and the operator did not ask for reads alone.
    pub writes: bool,
    /// Makes objects.
    pub objects: Arc<dyn Objects>,
    /// Makes accounts.
    pub registry: Arc<dyn Registry>,
    /// Which checks have ended.
    pub quiet: Arc<Quiet>,
    /// Seed of every random choice of the run (its id): the same seed gives the same probes.
    pub seed: Arc<str>,
    /// Whether every variant is asked on every surface, or the most telling ones.
    pub exhaustive: bool,
    /// Variants that this check left to an exhaustive run.
    pub left_out: Arc<AtomicUsize>,
    /// Answers that several checks look at.
    pub shared: Arc<Shared>,
    /// What the repository and the release gate need.
    pub inputs: Arc<Inputs>,
}

impl Context {
    /// The same for one of several chains of requests that run side by side in one check, so that the longest is measured, not their sum.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self { client: self.client.scoped().0, ..self.clone() }
    }

    /// The same for what lies on the target's host beside the path of its URL; `None` where that path is the root itself.
    pub fn at_root(&self) -> Option<Self> {
        let rooted = || Self { client: self.client.at_root(), shared: Arc::default(), ..self.clone() };
        (!self.target.base.path("").is_empty()).then(rooted)
    }

    /// User A, or the trouble that there is none.
    pub fn a(&self) -> Result<&User, Trouble> {
        self.users.a.as_ref().ok_or_else(|| Trouble::NotGiven("no token of user A".into()))
    }

    /// User B, or the trouble that there is none.
    pub fn b(&self) -> Result<&User, Trouble> {
        self.users.b.as_ref().ok_or_else(|| Trouble::NotGiven("no token of user B".into()))
    }

    /// The forge, or the trouble that no key was given.
    pub fn forge(&self) -> Result<&Forge, Trouble> {
        self.forge.as_deref().ok_or_else(|| Trouble::NotGiven("no signing key".into()))
    }

    /// Sends one probe.
    pub async fn send(&self, probe: &Probe) -> Result<Answer, Trouble> {
        self.client.send(probe).await
    }

    /// The reply to `raw`, asked for again where nobody answered it: a worker that is just being replaced is silent, and a proxy whose
    /// connection the service closed at that moment says 502. Only what happens again says something of the request.
    pub async fn send_raw(&self, raw: &Raw) -> Result<Reply, Trouble> {
        let mut reply = self.client.send_raw(raw).await?;
        for again in 0..BAD_GATEWAYS {
            match &reply.answer {
                Some(answer) if matches!(answer.status, 502..=504) => {}
                // Listening on for nothing takes its time.
                None if reply.ending == Ending::Open && again == 0 => {}
                _ => break,
            }
            reply = self.client.send_raw(raw).await?;
        }
        Ok(reply)
    }

    /// The answer to a `probe` that other checks ask as well: it is sent once in a run. What could change anything is sent each time, and
    /// an exhaustive run asks everything anew.
    pub async fn once(&self, probe: &Probe) -> Result<Answer, Trouble> {
        Ok(self.once_in_turn(probe, 0).await?.0)
    }

    /// The answer to the `turn`th sending of a `probe` that other checks repeat as well, and how long ago it came.
    pub async fn once_in_turn(&self, probe: &Probe, turn: usize) -> Result<(Answer, Duration), Trouble> {
        if self.exhaustive || !probe.is_shareable() {
            return Ok((self.send(probe).await?, Duration::ZERO));
        }
        self.shared.answer(&self.client, probe, turn).await
    }

    /// An answer to a safe `probe` that was asked for from now on: checks that want the same at the same time get one.
    pub async fn fresh(&self, probe: &Probe) -> Result<Answer, Trouble> {
        if self.exhaustive { self.send(probe).await } else { self.shared.fresh(&self.client, probe).await }
    }

    /// The first `count` of `all`, which stand in the order in which they tell most; all of them in an exhaustive run. What is left out
    /// repeats a kind of mistake that one of the first asks about, and is counted for the check to say so.
    pub fn telling<T>(&self, all: impl IntoIterator<Item = T>, count: usize) -> Vec<T> {
        let mut all: Vec<T> = all.into_iter().collect();
        if !self.exhaustive {
            self.left_out.fetch_add(all.len().saturating_sub(count), Ordering::Relaxed);
            all.truncate(count);
        }
        all
    }

    /// All of `all` in one, since whoever ignores one of them ignores all; each alone in an exhaustive run.
    pub fn at_once<T>(&self, all: impl IntoIterator<Item = T>) -> Vec<Vec<T>> {
        let all = all.into_iter();
        if self.exhaustive { all.map(|one| vec![one]).collect() } else { vec![all.collect()] }
    }

    /// Sends a safe `probe` until `holds`, for about a second at most, and returns the last answer either way. Some stacks answer before
    /// they commit (FastAPI runs what follows a dependency's `yield` after the response), so a proof that something *is* there must
    /// be patient.
    pub async fn eventually(&self, probe: &Probe, holds: impl Fn(&Answer) -> bool) -> Result<Answer, Trouble> {
        self.client.send_until(probe, holds).await
    }

    /// The resource as `user` makes and changes own objects.
    pub fn resource_of(&self, user: &User) -> Cow<'_, Resource> {
        self.described.within(user.parent.as_ref())
    }

    /// The collection's path as `user` addresses it.
    pub fn list_path(&self, user: &User) -> String {
        user.path(&self.target.paths.list)
    }

    /// An object's path as `user` addresses it.
    pub fn item_path(&self, user: &User, id: &str) -> String {
        user.path(&self.target.paths.item).replace("{id}", id)
    }

    /// The path of a read that works with the user's token: the collection, or the route declared in its place. Who has nothing that objects
    /// could live in reads the list of what they live in.
    pub fn read_path(&self, user: &User) -> String {
        let path = self.target.paths.read.as_ref().unwrap_or(&self.target.paths.list);
        let homeless = user.parent.is_none() && path.contains(PARENT_ID);
        let parents = self.target.parent.as_ref().filter(|parent| homeless && parent.resource.offers.list);
        user.path(parents.map_or(path, |parent| &parent.list))
    }

    /// GET of [`Self::read_path`] with the user's token: the good case of most suites.
    pub fn read(&self, user: &User) -> Probe {
        Probe::get(self.read_path(user)).bearer(&user.token)
    }

    /// GET of the collection with the user's token.
    pub fn list(&self, user: &User) -> Probe {
        Probe::get(self.list_path(user)).bearer(&user.token)
    }

    /// The id of the object that `answer`, to an announced creation of `user`, says was made, or under which the list shows it; `None` when it was
    /// refused or is nowhere. The object is deleted when the run ends.
    pub async fn made(&self, user: &User, answer: &Answer) -> Option<String> {
        let body = answer.json();
        let id = self.target.resource.created_id(body.as_ref(), answer.headers.text("location").as_deref());
        let id = match id.filter(|_| answer.is_success()) {
            Some(id) => id,
            None => self.objects.listed(user, answer).await?,
        };
        self.objects.made(user, &id).await;
        Some(id)
    }

    /// The routes beside the declared resource that are not public on purpose.
    pub fn further_routes(&self) -> impl Iterator<Item = &Route> {
        self.target.routes.all.iter().filter(|route| route.auth != RouteAuth::None)
    }

    /// GET of one object with the user's token.
    pub fn item(&self, user: &User, id: &str) -> Probe {
        Probe::get(self.item_path(user, id)).bearer(&user.token)
    }

    /// The first `most` of these routes, or all of them in an exhaustive run, and what to say of the others at the end of a summary.
    pub fn some_of<T>(&self, mut routes: Vec<T>, most: usize) -> (Vec<T>, String) {
        let left_out = if self.exhaustive { 0 } else { routes.len().saturating_sub(most) };
        routes.truncate(routes.len() - left_out);
        let words = match left_out {
            0 => String::new(),
            1 => "; 1 further route only with --exhaustive".to_owned(),
            count => format!("; {count} further routes only with --exhaustive"),
        };
        (routes, words)
    }

    /// Ten characters `a-z0-9` that depend only on the run and `purpose`.
    pub fn random(&self, purpose: &str) -> String {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::digest(format!("{}/{purpose}", self.seed));
        digest.iter().take(10).map(|byte| char::from_digit(u32::from(byte % 36), 36).unwrap_or('x')).collect()
    }
}
