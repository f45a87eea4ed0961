//! What a check may use: the target, the client, two users, the signing key, and a way to make objects that are surely deleted.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::{Map, Value};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use crate::http::{Answer, Client, Credential, Probe, Trouble};
use crate::target::{Call, Route, RouteAuth, Target};

pub use crate::token::Forge;

/// A user of the target.
#[derive(Clone, Debug)]
pub struct User {
    /// `A` or `B`.
    pub name: &'static str,
    /// The token.
    pub token: Credential,
    /// The subject that the token names, where that is known; it goes into `{user_id}`.
    pub subject: Option<String>,
    /// The e-mail address that the account signs in with, where it has one.
    pub email: Option<String>,
}

/// The users of a run.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// User A: the victim.
    pub a: Option<User>,
    /// User B: the other one.
    pub b: Option<User>,
}

/// An object that the run made.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its id, as it goes into a path.
    pub id: String,
    /// Its path for its owner.
    pub path: String,
    /// A string that occurs nowhere else: the title of the object contains it.
    pub canary: String,
    /// The answer to the creation.
    pub created: Answer,
    /// The answer to its owner's first read, where objects have a route of their own.
    pub read: Option<Answer>,
}

/// What an object is for that several checks of a run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Anybody may try to read it, nobody may try to change it.
    Witness,
    /// What must be refused whoever's object it is attacks it: no token, or one that is not good.
    Exposed,
    /// The other user attacks it.
    Contested,
    /// Its owner changes it at will; nobody counts on what it holds.
    Scratch,
}

/// Makes objects. Every creation is journaled and synced before it is sent, and deleted when the run ends, however it ends.
pub trait Objects: Send + Sync {
    /// Creates an object of `user` with a fresh canary.
    fn create<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>>;

    /// The object of `user` that all checks of a run share in this role.
    fn shared<'a>(&'a self, user: &'a User, role: Role) -> BoxFuture<'a, Result<Object, Trouble>>;

    /// The object of `user` that checks share which only read.
    fn witness<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.shared(user, Role::Witness)
    }

    /// The title that `user` tries to give to objects of others, announced once for all checks.
    fn attempted<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>>;

    /// Announces that `user` is about to send a creation in a form of the check's own (a mass assignment, a write without preflight),
    /// which may or may not make an object: returns the canary to put into its title, so that a sweep finds whatever appears.
    fn announce<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>>;

    /// Notes that a check deleted the object `id` itself, as the service says.
    fn deleted<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()>;

    /// Notes the id of what an announced creation of `user` made, so that it is deleted even where no list would show it.
    fn made<'a>(&'a self, user: &'a User, id: &'a str) -> BoxFuture<'a, ()>;
}

/// What an account signs in with.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name.
    pub username: String,
    /// E-mail address; the user name where that is one.
    pub email: String,
    /// Password.
    pub password: SecretString,
}

/// A signed-in account.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who it is, with the token that was issued.
    pub user: User,
    /// What it signed in with.
    pub login: Login,
    /// The refresh token, where one came.
    pub refresh: Option<Credential>,
    /// The answer that brought the token.
    pub answer: Answer,
    /// Whether this run made the account, so that it may be signed out, changed and deleted.
    pub disposable: bool,
}

/// What came of a sign-up.
#[derive(Clone, Debug)]
pub enum SignedUp {
    /// An account, signed in, and the answer to the sign-up itself.
    Made(Box<Session>, Box<Answer>),
    /// The answer that refused it.
    Refused(Box<Answer>),
}

/// What a refresh brought.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The answer.
    pub answer: Answer,
    /// The new token; `None` where it was refused.
    pub token: Option<Credential>,
    /// The new refresh token, where one came.
    pub refresh: Option<Credential>,
}

/// Signs in and up. Every account that it makes is journaled before, and deleted when the run ends where the target can do that.
pub trait Registry: Send + Sync {
    /// One session that all checks share and none may end; `None` where the target declares no way to get one.
    fn shared(&self) -> BoxFuture<'_, Result<Option<Session>, Trouble>>;

    /// An account of the caller's own; `None` where none can be made.
    fn spare(&self) -> BoxFuture<'_, Result<Option<Session>, Trouble>>;

    /// The same, made with these members in the body of the sign-up.
    fn spare_with<'a>(&'a self, members: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<SignedUp>, Trouble>>;

    /// Signs in to a spare account again.
    fn sign_in<'a>(&'a self, login: &'a Login) -> BoxFuture<'a, Result<Session, Trouble>>;

    /// The request of a declared call for `session`, without its token.
    fn probe(&self, call: &Call, session: &Session, new_password: &SecretString) -> Probe;

    /// The sign-up request of `login`; `None` where none is declared or this run may make no account.
    fn signup_probe(&self, login: &Login) -> Option<Probe>;

    /// Whose token an answer to a sign-up brings; `None` where it brings none, or does not tell.
    fn signed_up_as(&self, answer: &Answer) -> Option<String>;

    /// The sign-in request of `login`; `None` where none is declared.
    fn login_probe(&self, login: &Login) -> Option<Probe>;

    /// The sign-in request of `login` with any JSON value in the place of its password; `None` where none is declared, or it is no JSON.
    fn login_with(&self, login: &Login, password: &Value) -> Option<Probe>;

    /// Whether an answer to a sign-in brings a token.
    fn brings_token(&self, answer: &Answer) -> bool;

    /// Exchanges the refresh token of `session`.
    fn refresh<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Refreshed, Trouble>>;

    /// Notes that a check deleted a spare account itself.
    fn deleted<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, ()>;

    /// Held by a check while it signs in.
    fn among_others(&self) -> BoxFuture<'_, OwnedRwLockReadGuard<()>>;

    /// Held by a check that exhausts the sign-in: waits until those that came before have ended.
    fn after_others(&self) -> BoxFuture<'_, OwnedRwLockWriteGuard<()>>;
}

/// Everything a check may use. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is verified.
    pub target: Arc<Target>,
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
    /// Seed of every random choice of the run (its id): the same seed gives the same probes.
    pub seed: Arc<str>,
    /// Whether every variant is asked on every surface, or the most telling ones.
    pub exhaustive: bool,
    /// Answers that several checks look at.
    pub shared: Arc<super::Shared>,
    /// What the repository and the release gate need; see [`crate::verify::Inputs`].
    pub inputs: Arc<crate::verify::Inputs>,
}

impl Context {
    /// The same for one of several chains of requests that run side by side in one check, so that the longest is measured, not their sum.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self { client: self.client.scoped().0, ..self.clone() }
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
    /// repeats a kind of mistake that one of the first asks about.
    pub fn telling<T>(&self, all: impl IntoIterator<Item = T>, count: usize) -> Vec<T> {
        let most = if self.exhaustive { usize::MAX } else { count };
        all.into_iter().take(most).collect()
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

    /// The collection's path as `user` addresses it.
    pub fn list_path(&self, user: &User) -> String {
        fill(&self.target.paths.list, user, None)
    }

    /// An object's path as `user` addresses it.
    pub fn item_path(&self, user: &User, id: &str) -> String {
        fill(&self.target.paths.item, user, Some(id))
    }

    /// The path of a read that works with the user's token: the collection, or the route declared in its place.
    pub fn read_path(&self, user: &User) -> String {
        fill(self.target.paths.read.as_ref().unwrap_or(&self.target.paths.list), user, None)
    }

    /// GET of [`Self::read_path`] with the user's token: the good case of most suites.
    pub fn read(&self, user: &User) -> Probe {
        Probe::get(self.read_path(user)).bearer(&user.token)
    }

    /// GET of the collection with the user's token.
    pub fn list(&self, user: &User) -> Probe {
        Probe::get(self.list_path(user)).bearer(&user.token)
    }

    /// The id of the object that `answer`, to an announced creation of `user`, says was made; `None` when it was refused or names none. The
    /// object is deleted when the run ends.
    pub async fn made(&self, user: &User, answer: &Answer) -> Option<String> {
        let body = answer.json();
        let id = self.target.resource.created_id(body.as_ref(), answer.headers.text("location").as_deref());
        let id = id.filter(|_| answer.is_success())?;
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

    /// Ten characters `a-z0-9` that depend only on the run and `purpose`.
    pub fn random(&self, purpose: &str) -> String {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::digest(format!("{}/{purpose}", self.seed));
        digest.iter().take(10).map(|byte| char::from_digit(u32::from(byte % 36), 36).unwrap_or('x')).collect()
    }

    /// An id in the form of `like` that nothing has: for "missing" answers. Numbers stay numbers, everything else becomes a UUID.
    pub fn missing_id(&self, like: &Object) -> String {
        if like.id.parse::<u64>().is_ok() { "987654321".to_owned() } else { uuid::Uuid::new_v4().to_string() }
    }
}

/// Fills `{id}` and `{user_id}`.
fn fill(template: &str, user: &User, id: Option<&str>) -> String {
    let path = template.replace("{user_id}", user.subject.as_deref().unwrap_or("me"));
    id.map_or_else(|| path.clone(), |id| path.replace("{id}", id))
}
