//! The accounts of a run: signed in with what the target names, or signed up for this run alone, journaled before they are made and
//! deleted at its end where the target has a route for that.
//!
//! Owns how an account comes to a session and which ones there are; `login` names new ones, `registry` is what checks see of it, `removal`
//! deletes.

mod login;
mod registry;
mod removal;

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::budget::OF_AN_ACCOUNT;
use super::calls::{Filling, cookies_in, filled_object, refresh_in, subject_in, token_in};
use super::csrf;
use super::journal::{Entry, Journal};
use crate::checks::{Login, Session, SignedUp, User, Users};
use crate::http::{Answer, Client, Credential, Trouble, clean};
use crate::run::LeftBehind;
use crate::target::{Call, Grant, NamedUser, Signup, Target, password_of};

use login::fresh;
use removal::{When, found, remove};

pub(crate) use login::password;
pub(super) use removal::{Former, remove_revived, revive};

/// What an answer to a sign-up or sign-in brought.
struct Granted {
    token: SecretString,
    subject: Option<String>,
    refresh: Option<Credential>,
    answer: Answer,
}

/// An account that the run signed up.
#[derive(Clone)]
struct Account {
    session: Session,
    /// The check that has it to itself; `None` where several share it.
    check: Option<&'static str>,
}

/// Why an account stays that was made and brings no session.
const WITHOUT_A_TOKEN: &str = "it was signed up, and nothing brings a token for it: remove it by hand";

/// A sign-up that was sent.
#[derive(Clone)]
struct Pending {
    login: Login,
    /// Whether the service said that there is an account now.
    made: bool,
}

/// The run's maker of accounts. Clones share everything but the client.
#[derive(Clone)]
pub(super) struct Registrar {
    target: Arc<Target>,
    client: Client,
    journal: Option<Arc<Journal>>,
    made: Arc<Mutex<Vec<Account>>>,
    /// Sign-ups that nobody has come to a session by.
    pending: Arc<Mutex<Vec<Pending>>>,
    /// Accounts whose deletion was asked for, whether it was answered or not.
    going: Arc<Mutex<Vec<Session>>>,
    /// The check that uses it.
    check: Option<&'static str>,
    /// The session that checks share, and how far down a chain of requests it came.
    shared: Arc<OnceCell<(Option<Session>, u64)>>,
}

/// Which of the accounts that the run signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of A and B, who own objects.
    Users,
    /// All others.
    Spare,
    /// Those that this check had to itself.
    Check(&'static str),
}

impl Whose {
    fn includes(self, account: &Account) -> bool {
        let of_users = matches!(account.session.user.name, "A" | "B");
        match self {
            Self::Users => of_users,
            Self::Spare => !of_users,
            Self::Check(id) => account.check == Some(id),
        }
    }

    const fn when(self) -> When {
        match self {
            Self::Users | Self::Spare => When::AtTheEnd,
            Self::Check(_) => When::AmongChecks,
        }
    }
}

impl Registrar {
    /// A registrar; without a journal it signs nobody up.
    pub(super) fn new(target: Arc<Target>, client: Client, journal: Option<Arc<Journal>>) -> Self {
        let (made, pending, going) = (Arc::default(), Arc::default(), Arc::default());
        Self { target, client, journal, made, pending, going, check: None, shared: Arc::default() }
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
        let answer = self.client.send(&Filling::of(login).probe(&grant.call)).await?;
        read(grant, answer).map_err(|answer| refused("signing in", login, grant, &answer))
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

    /// Signs `login` up, with further members in the body.
    async fn sign_up(
        &self,
        name: &'static str,
        login: &Login,
        index: Option<usize>,
        members: &Map<String, Value>,
    ) -> Result<SignedUp, Trouble> {
        let signup = self.signup()?;
        self.client.keep_unsaid(&password_of(&login.username), login.password.expose_secret());
        if self.target.accounts.delete.is_some() {
            self.client.set_aside(OF_AN_ACCOUNT)?;
        }
        self.record(Entry::Account { user: name.to_owned(), name: login.username.clone() }).await?;
        self.expect(login);
        let answer = match self.client.send(&Filling::of(login).probe(&with_members(signup, members))).await {
            // Nothing took the connection, so that nobody was signed up.
            Err(trouble) if trouble.is_closed_door() => {
                self.answered(login);
                self.forget(&login.username).await;
                return Err(trouble);
            }
            answer => answer?,
        };
        let exists = index.is_some() && signup.names.is_some() && matches!(answer.status, 400 | 403 | 409 | 422);
        if !answer.is_success() || exists {
            self.answered(login);
        } else {
            self.note_made(login);
        }
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
            self.answered(login);
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

    fn expect(&self, login: &Login) {
        if let Ok(mut pending) = self.pending.lock() {
            pending.push(Pending { login: login.clone(), made: false });
        }
    }

    fn answered(&self, login: &Login) {
        if let Ok(mut pending) = self.pending.lock() {
            pending.retain(|other| other.login.username != login.username);
        }
    }

    /// Notes that the service has made this account: it is there, whatever signing in to it brings.
    fn note_made(&self, login: &Login) {
        if let Ok(mut pending) = self.pending.lock() {
            pending.iter_mut().filter(|other| other.login.username == login.username).for_each(|other| other.made = true);
        }
    }

    /// Takes in what sign-ups made that brought no session, or were cut off before they were answered; what cannot be told, or removed, comes back.
    async fn look_for_pending(&self, client: &Client) -> Vec<LeftBehind> {
        let pending = self.pending.lock().map(|mut pending| std::mem::take(&mut *pending)).unwrap_or_default();
        let mut unknown = Vec::new();
        for Pending { login, made } in pending {
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

    /// Notes that a deletion of this account is about to be sent; whether one was before.
    fn goes(&self, session: &Session) -> bool {
        self.going.lock().is_ok_and(|mut going| {
            let before = going.iter().any(|other| other.login.username == session.login.username);
            going.push(session.clone());
            before
        })
    }

    /// Whether this user's account was to be deleted: whoever asks for that asks for the deletion of all it holds.
    pub(super) fn is_going(&self, user: &User) -> bool {
        self.going.lock().is_ok_and(|going| going.iter().any(|session| session.user.token.expose() == user.token.expose()))
    }

    async fn forget(&self, name: &str) {
        let _ = self.record(Entry::AccountDeleted { name: name.to_owned() }).await;
        if let Ok(mut made) = self.made.lock() {
            made.retain(|account| account.session.login.username != name);
        }
    }

    /// Keeps a session for the end; a later one of the same account takes the place of the earlier.
    fn keep(&self, session: Session) {
        if let Ok(mut made) = self.made.lock() {
            made.retain(|account| account.session.login.username != session.login.username);
            made.push(Account { session, check: self.check });
        }
    }

    /// The subject of an account that this run signed up, where `login` is that account's own: another password may belong to another one.
    fn known_subject(&self, login: &Login) -> Option<String> {
        let made = self.made.lock().ok()?;
        let known = &made.iter().find(|account| account.session.login.username == login.username)?.session;
        let given = login.password.expose_secret();
        let own = [&known.login.password, &known.login.next_password()].iter().any(|password| password.expose_secret() == given);
        known.user.subject.clone().filter(|_| own)
    }

    /// Whether there is an account to delete.
    pub(super) fn has_made(&self) -> bool {
        let pending = self.pending.lock().is_ok_and(|pending| !pending.is_empty());
        pending || self.made.lock().is_ok_and(|made| !made.is_empty())
    }

    /// Deletes those accounts that were signed up, with a client of its own; what stays comes back, and is tried again when next asked for.
    pub(super) async fn close(&self, client: &Client, whose: Whose) -> Vec<LeftBehind> {
        let unknown = if whose == Whose::Spare { self.look_for_pending(client).await } else { Vec::new() };
        let made = self.made.lock().map(|made| made.clone()).unwrap_or_default();
        let chosen = made.iter().filter(|account| whose.includes(account)).map(|account| &account.session);
        let closed = chosen.map(async |session| {
            let name = &session.login.username;
            match remove(client, &self.target, session, whose.when(), self.goes(session)).await {
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

/// What a grant's answer brought; the answer itself when it brought no token.
fn read(grant: &Grant, answer: Answer) -> Result<Granted, Box<Answer>> {
    let token = grant.token.as_ref().filter(|_| answer.is_success()).and_then(|at| token_in(&answer, at));
    let Some(token) = token else { return Err(Box::new(answer)) };
    Ok(Granted {
        subject: subject_in(&answer, grant, Some(&token)),
        refresh: refresh_in(&answer, grant.refresh_token.as_ref()),
        token,
        answer,
    })
}

fn refused(doing: &str, login: &Login, grant: &Grant, answer: &Answer) -> Trouble {
    let place = grant.token.as_ref().map_or_else(String::new, |at| format!(" without a token {at}"));
    let others = others_that_hold_a_token(answer);
    Trouble::NotGiven(format!(
        "{doing} as `{}` at {} was answered {}{place}{others}",
        login.username, grant.call.path, answer.status
    ))
}

/// Shortest text that may be a token.
const SHORTEST_TOKEN: usize = 20;

/// Where else a successful answer has what may be a token, for the end of a sentence.
fn others_that_hold_a_token(answer: &Answer) -> String {
    let Some(json) = answer.json().filter(|_| answer.is_success()) else { return String::new() };
    let is_token = |value: &Value| value.as_str().is_some_and(|text| text.len() >= SHORTEST_TOKEN && !text.contains([' ', '@']));
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let below = |(name, value): (&String, &Value)| {
        let deeper: Vec<_> =
            members(value).iter().filter(|(_, value)| is_token(value)).map(|(inner, _)| format!("{name}/{inner}")).collect();
        if is_token(value) { vec![name.clone()] } else { deeper }
    };
    let places: Vec<_> = members(&json).iter().flat_map(below).map(|place| format!("`/{place}`")).collect();
    if places.is_empty() { String::new() } else { format!(", though {} may hold one", clean(&places.join(", "))) }
}

/// Shortest value of a cookie that is a secret, and not a word.
const SHORTEST_COOKIE: usize = 16;

fn session(name: &'static str, login: Login, granted: Granted, disposable: bool) -> Session {
    let token = Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), granted.token);
    let email = Some(login.email.clone()).filter(|email| email.contains('@'));
    let cookies =
        cookies_in(&granted.answer, token.expose()).map(|cookies| Credential::new(format!("<cookies of {name}>"), cookies));
    let username = Some(login.username.clone()).filter(|name| !name.contains('@'));
    let user = User { name, token, subject: granted.subject, username, email, parent: None, cookies };
    Session { user, login, refresh: granted.refresh, answer: granted.answer, signed_up: None, disposable }
}

/// The sign-up with further members in its body.
fn with_members(signup: &Signup, members: &Map<String, Value>) -> Call {
    let mut call = signup.grant.call.clone();
    if let Some(body) = filled_object(&mut call.body) {
        body.extend(members.clone());
    }
    call
}
