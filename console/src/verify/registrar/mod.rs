//! The accounts of a run: signed in with what the target names, or signed up for this run alone, journaled before they are made and
//! deleted at its end where the target has a route for that.
//!
//! Owns how an account comes to a session and goes again; `login` names new ones, `grants` reads what signing in brought, `ledger` knows
//! which there are, `registry` is what checks see of it, `removal` deletes.

mod grants;
mod ledger;
mod login;
mod registry;
mod removal;

use std::sync::Arc;

use futures::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::budget::OF_AN_ACCOUNT;
use super::calls::{Filling, filled_object, subject_in};
use super::csrf;
use super::journal::{Entry, Journal};
use crate::checks::{Login, Session, SignedUp, User, Users};
use crate::http::{Answer, Client, Trouble};
use crate::run::LeftBehind;
use crate::target::{Call, NamedUser, Signup, Target, password_of};

use grants::{Granted, read, refused, session};
use ledger::{Ledger, Pending};
use login::fresh;
use removal::{found, remove};

pub(super) use ledger::Whose;
pub(crate) use login::password;
pub(super) use removal::{Former, remove_revived, revive};

/// Why an account stays that was made and brings no session.
const WITHOUT_A_TOKEN: &str = "it was signed up, and nothing brings a token for it: remove it by hand";

/// The run's maker of accounts. Clones share everything but the client.
#[derive(Clone)]
pub(super) struct Registrar {
    target: Arc<Target>,
    client: Client,
    journal: Option<Arc<Journal>>,
    ledger: Arc<Ledger>,
    /// The check that uses it.
    check: Option<&'static str>,
    /// The session that checks share, and how far down a chain of requests it came.
    shared: Arc<OnceCell<(Option<Session>, u64)>>,
}

impl Registrar {
    /// A registrar; without a journal it signs nobody up.
    pub(super) fn new(target: Arc<Target>, client: Client, journal: Option<Arc<Journal>>) -> Self {
        Self { target, client, journal, ledger: Arc::default(), check: None, shared: Arc::default() }
    }

    /// Sends its requests.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// The same registrar as one check uses it: what is sent counts for that check.
    pub(super) fn by(&self, client: &Client, check: &'static str) -> Self {
        Self { client: client.clone(), check: Some(check), ..self.clone() }
    }

    /// Signs in as an account that exists already.
    pub(super) async fn sign_in_as(&self, name: &'static str, who: &NamedUser) -> Result<Session, Trouble> {
        let login = Login { username: who.username.clone(), email: who.username.clone(), password: who.password.clone() };
        let granted = self.granted(&login).await?;
        self.ready(self.session(name, login, granted, false)).await
    }

    async fn granted(&self, login: &Login) -> Result<Granted, Trouble> {
        let none = || Trouble::NotGiven("no login route is declared".into());
        let grant = self.target.accounts.login.as_ref().ok_or_else(none)?;
        let answer = self.client.send(&Filling::of(login).probe(&grant.call)).await;
        if let Err(trouble) = answer.as_ref()
            && trouble.is_limit()
        {
            self.ledger.note_shut(trouble);
        }
        read(grant, answer?).map_err(|answer| refused("signing in", login, grant, &answer))
    }

    fn login_refreshes(&self) -> bool {
        self.target.accounts.login.as_ref().is_some_and(|login| login.refresh_token.is_some())
    }

    /// Makes an account for this run. `index` is 0 for A and 1 for B, who may have fixed names.
    pub(super) async fn sign_up_as(&self, name: &'static str, index: Option<usize>) -> Result<Session, Trouble> {
        let signup = self.signup()?;
        let login = fresh(signup, name, index);
        match self.sign_up(name, &login, index, &Map::new()).await? {
            SignedUp::Made(session, _) => Ok(*session),
            SignedUp::Refused(answer) => Err(refused("signing up", &login, &signup.grant, &answer)),
        }
    }

    /// A and B, where accounts of fixed names were signed up by an earlier run and still let them in.
    pub(super) async fn returning(&self) -> Users {
        let fixed = self.target.accounts.signup.as_ref().filter(|signup| signup.names.is_some());
        let signed_in = async |name, index| {
            let login = fresh(fixed?, name, Some(index));
            let granted = self.granted(&login).await.ok()?;
            Some(self.ready(self.session(name, login, granted, false)).await.ok()?.user)
        };
        let (a, b) = tokio::join!(signed_in("A", 0), signed_in("B", 1));
        Users { a, b }
    }

    fn signup(&self) -> Result<&Signup, Trouble> {
        self.target.accounts.signup.as_ref().ok_or_else(|| Trouble::NotGiven("no sign-up is declared".into()))
    }

    /// What the sign-up of `login` is answered, and whether there is an account now.
    async fn answer_to(&self, signup: &Signup, login: &Login, members: &Map<String, Value>) -> Result<Answer, Trouble> {
        let answer = match self.client.send(&Filling::of(login).probe(&with_members(signup, members))).await {
            // Nothing took the connection, or a limit let nothing through, so that nobody was signed up.
            Err(trouble) if trouble.is_closed_door() || trouble.is_limit() => {
                self.ledger.settle(login);
                self.forget(&login.username).await;
                return Err(trouble);
            }
            answer => answer?,
        };
        if answer.is_success() {
            self.ledger.note_made(login);
        } else {
            self.ledger.settle(login);
        }
        Ok(answer)
    }

    /// Signs `login` up, with further members in the body.
    async fn sign_up(
        &self,
        name: &'static str,
        login: &Login,
        index: Option<usize>,
        members: &Map<String, Value>,
    ) -> Result<SignedUp, Trouble> {
        let signup = self.signup()?;
        // What nothing can sign in to, nothing can delete.
        if let Some(trouble) = self.ledger.shut().filter(|_| signup.grant.token.is_none() && self.target.accounts.delete.is_some())
        {
            return Err(trouble);
        }
        self.client.keep_unsaid(&password_of(&login.username), login.password.expose_secret());
        if self.target.accounts.delete.is_some() {
            self.client.set_aside(OF_AN_ACCOUNT)?;
        }
        self.record(Entry::Account { user: name.to_owned(), name: login.username.clone() }).await?;
        self.ledger.expect(login);
        let answer = self.answer_to(signup, login, members).await?;
        let exists = index.is_some() && signup.names.is_some() && matches!(answer.status, 400 | 403 | 409 | 422);
        if !answer.is_success() && !exists {
            self.forget(&login.username).await;
            return Ok(SignedUp::Refused(Box::new(answer)));
        }
        let first = answer.clone();
        let granted = self.granted_by(signup, login, answer).await?;
        let session = self.session(name, login.clone(), granted, !exists);
        let another = session.answer.exchange.request.url != first.exchange.request.url;
        let session = Session { signed_up: another.then(|| Box::new(first.clone())), ..session };
        if exists {
            self.forget(&session.login.username).await;
        } else {
            self.keep(session.clone());
            self.ledger.settle(login);
        }
        Ok(SignedUp::Made(Box::new(self.ready(session).await?), Box::new(first)))
    }

    /// What a sign-up brought: signing in brings what its answer leaves out. Whom the target declares it to name says more than a claim does:
    /// many name the account by its e-mail address there.
    async fn granted_by(&self, signup: &Signup, login: &Login, answer: Answer) -> Result<Granted, Trouble> {
        let subject = subject_in(&answer, &signup.grant, None);
        let granted = match read(&signup.grant, answer) {
            Ok(granted) if granted.refresh.is_none() && self.login_refreshes() => self.granted(login).await?,
            Ok(granted) => granted,
            Err(_) if self.target.accounts.login.is_some() => self.granted(login).await?,
            Err(answer) => return Err(refused("signing up", login, &signup.grant, &answer)),
        };
        Ok(Granted { subject: subject.or(granted.subject), ..granted })
    }

    /// A session whose tokens nothing says from now on.
    fn session(&self, name: &'static str, login: Login, granted: Granted, disposable: bool) -> Session {
        let session = session(name, login, granted, disposable);
        for credential in std::iter::once(&session.user.token).chain(&session.refresh).chain(&session.user.cookies) {
            self.client.keep_unsaid(credential.name(), credential.expose());
        }
        // Services list sessions by what their cookies hold, or by its part before the signature.
        let cookies = session.user.cookies.iter().flat_map(|all| all.expose().split("; "));
        let values = cookies.filter_map(|pair| pair.split_once('=').map(|(_, value)| value));
        for value in values.flat_map(|value| [Some(value), value.split_once('.').map(|(id, _)| id)]).flatten() {
            if value.len() >= SHORTEST_COOKIE {
                self.client.keep_unsaid("<a cookie>", value);
            }
        }
        session
    }

    /// The session, once its writes carry what the service wants beside the token.
    async fn ready(&self, session: Session) -> Result<Session, Trouble> {
        csrf::provide_any(&self.client, &self.target, &session.user, Some(&session.answer)).await?;
        Ok(session)
    }

    async fn record(&self, entry: Entry) -> Result<(), Trouble> {
        let none = || Trouble::NotGiven("creating accounts is not allowed in this run".into());
        self.journal.as_ref().ok_or_else(none)?.recorded(entry).await
    }

    /// Takes in what sign-ups made that brought no session, or were cut off before they were answered; what cannot be told, or removed, comes back.
    async fn look_for_pending(&self, client: &Client) -> Vec<LeftBehind> {
        let mut unknown = Vec::new();
        for Pending { login, made } in self.ledger.take_pending() {
            let left = |why: String| LeftBehind { what: format!("account {}", login.username), why };
            match found(client, &self.target, &login).await {
                Ok(Some(session)) => self.keep(session),
                _ if made && self.target.accounts.login.is_none() => unknown.push(left(WITHOUT_A_TOKEN.into())),
                Ok(None) if made => unknown.push(left(WITHOUT_A_TOKEN.into())),
                Ok(None) => self.forget(&login.username).await,
                Err(why) => unknown.push(left(why)),
            }
        }
        unknown
    }

    /// Whether this user's account was to be deleted: whoever asks for that asks for the deletion of all it holds.
    pub(super) fn is_going(&self, user: &User) -> bool {
        self.ledger.is_going(user)
    }

    async fn forget(&self, name: &str) {
        let _ = self.record(Entry::AccountDeleted { name: name.to_owned() }).await;
        self.ledger.forget(name);
    }

    fn keep(&self, session: Session) {
        self.ledger.keep(session, self.check);
    }

    /// Whether there is an account to delete.
    pub(super) fn has_made(&self) -> bool {
        !self.ledger.is_empty()
    }

    /// Deletes those accounts that were signed up, with a client of its own; what stays comes back, and is tried again when next asked for.
    pub(super) async fn close(&self, client: &Client, whose: Whose) -> Vec<LeftBehind> {
        let unknown = if whose == Whose::Spare { self.look_for_pending(client).await } else { Vec::new() };
        let closed = self.ledger.of(whose).into_iter().map(async |session| {
            let name = &session.login.username;
            match remove(client, &self.target, &session, whose.when(), self.ledger.goes(&session)).await {
                Ok(()) => {
                    self.forget(name).await;
                    None
                }
                Err(why) => Some(LeftBehind { what: format!("account {name}"), why }),
            }
        });
        join_all(closed).await.into_iter().flatten().chain(unknown).collect()
    }

    async fn some(&self) -> Result<Option<Session>, Trouble> {
        let accounts = &self.target.accounts;
        match (&accounts.users, &accounts.signup) {
            (Some([a, _]), _) => self.sign_in_as("A", a).await.map(Some),
            (None, Some(_)) if self.journal.is_some() => self.sign_up_as("C", None).await.map(Some),
            _ => Ok(None),
        }
    }
}

/// Shortest value of a cookie that is a secret, and not a word.
const SHORTEST_COOKIE: usize = 16;

/// The sign-up with further members in its body.
fn with_members(signup: &Signup, members: &Map<String, Value>) -> Call {
    let mut call = signup.grant.call.clone();
    if let Some(body) = filled_object(&mut call.body) {
        body.extend(members.clone());
    }
    call
}
