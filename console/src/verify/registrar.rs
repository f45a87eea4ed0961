//! The accounts of a run: signed in with what the target names, or signed up for this run alone, journaled before they are made and
//! deleted at its end where the target has a route for that.

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::budget::OF_AN_ACCOUNT;
use super::calls::{Filling, refresh_in, subject_in, token_in};
use super::journal::{Entry, Journal};
use crate::checks::{Login, Refreshed, Registry, Session, SignedUp, User};
use crate::http::{Answer, Client, Credential, Probe, Trouble};
use crate::run::LeftBehind;
use crate::target::{Call, Grant, NamedUser, Signup, Target, password_of};

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

/// The run's maker of accounts. Clones share everything but the client.
#[derive(Clone)]
pub(super) struct Registrar {
    target: Arc<Target>,
    client: Client,
    journal: Option<Arc<Journal>>,
    made: Arc<Mutex<Vec<Account>>>,
    /// The check that uses it.
    check: Option<&'static str>,
    /// The session that checks share, and how far down a chain of requests it came.
    shared: Arc<OnceCell<(Option<Session>, u64)>>,
    /// Held by every check that signs in; a check that exhausts the sign-in waits for all of them.
    order: Arc<RwLock<()>>,
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
}

impl Registrar {
    /// A registrar; without a journal it signs nobody up.
    pub(super) fn new(target: Arc<Target>, client: Client, journal: Option<Arc<Journal>>) -> Self {
        Self { target, client, journal, made: Arc::default(), check: None, shared: Arc::default(), order: Arc::default() }
    }

    /// The same registrar as one check uses it: what is sent counts for that check.
    pub(super) fn by(&self, client: &Client, check: &'static str) -> Self {
        Self { client: client.clone(), check: Some(check), ..self.clone() }
    }

    /// Signs in as an account that exists already.
    pub(super) async fn sign_in_as(&self, name: &'static str, who: &NamedUser) -> Result<Session, Trouble> {
        let login = Login { username: who.username.clone(), email: who.username.clone(), password: who.password.clone() };
        let granted = self.granted(&login).await?;
        Ok(self.session(name, login, granted, false))
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
        let mut call = signup.grant.call.clone();
        if let Some(body) = call.body.as_object_mut() {
            body.extend(members.clone());
        }
        let answer = self.client.send(&Filling::of(login).probe(&call)).await?;
        let exists = index.is_some() && signup.names.is_some() && matches!(answer.status, 400 | 403 | 409 | 422);
        if !answer.is_success() && !exists {
            self.forget(&login.username).await;
            return Ok(SignedUp::Refused(Box::new(answer)));
        }
        let subject = subject_in(&answer, &signup.grant, None);
        let first = answer.clone();
        let granted = match read(&signup.grant, answer) {
            // Signing in brings what signing up leaves out.
            Ok(granted) if granted.refresh.is_none() && self.login_refreshes() => self.granted(login).await?,
            Ok(granted) => granted,
            Err(_) if self.target.accounts.login.is_some() => self.granted(login).await?,
            Err(answer) => return Err(refused("signing up", login, &signup.grant, &answer)),
        };
        // What the target declares says more than a claim: many name the account by its e-mail address there.
        let granted = Granted { subject: subject.or(granted.subject), ..granted };
        let session = self.session(name, login.clone(), granted, !exists);
        if exists {
            self.forget(&session.login.username).await;
        } else {
            self.keep(session.clone());
        }
        Ok(SignedUp::Made(Box::new(session), Box::new(first)))
    }

    /// A session whose tokens nothing says from now on.
    fn session(&self, name: &'static str, login: Login, granted: Granted, disposable: bool) -> Session {
        let session = session(name, login, granted, disposable);
        for credential in std::iter::once(&session.user.token).chain(&session.refresh) {
            self.client.keep_unsaid(credential.name(), credential.expose());
        }
        session
    }

    async fn record(&self, entry: Entry) -> Result<(), Trouble> {
        let none = || Trouble::NotGiven("creating accounts is not allowed in this run".into());
        self.journal.as_ref().ok_or_else(none)?.recorded(entry).await
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

    /// The subject of an account that this run signed up.
    fn known_subject(&self, username: &str) -> Option<String> {
        let made = self.made.lock().ok()?;
        made.iter().find(|account| account.session.login.username == username)?.session.user.subject.clone()
    }

    /// Whether there is an account to delete.
    pub(super) fn has_made(&self) -> bool {
        self.made.lock().is_ok_and(|made| !made.is_empty())
    }

    /// Deletes those accounts that were signed up, with a client of its own; what stays comes back, and is tried again when next asked for.
    pub(super) async fn close(&self, client: &Client, whose: Whose) -> Vec<LeftBehind> {
        let made = self.made.lock().map(|made| made.clone()).unwrap_or_default();
        let chosen = made.iter().filter(|account| whose.includes(account)).map(|account| &account.session);
        // While checks ask, nobody waits for an account that may as well go at the end.
        let patient = !matches!(whose, Whose::Check(_));
        let closed = chosen.map(async |session| match remove(client, &self.target, session, patient).await {
            Ok(()) => {
                self.forget(&session.login.username).await;
                None
            }
            Err(why) => Some(LeftBehind { what: format!("account {}", session.login.username), why }),
        });
        join_all(closed).await.into_iter().flatten().collect()
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

impl Registry for Registrar {
    fn shared(&self) -> BoxFuture<'_, Result<Option<Session>, Trouble>> {
        let of_all = Self { check: None, ..self.clone() };
        let some = async move || Ok::<_, Trouble>((of_all.some().await?, self.client.scope().chain()));
        async move {
            let (session, link) = self.shared.get_or_try_init(some).await?;
            self.client.waited_for(*link);
            Ok(session.clone())
        }
        .boxed()
    }

    fn spare(&self) -> BoxFuture<'_, Result<Option<Session>, Trouble>> {
        async move {
            let may = self.target.accounts.signup.is_some() && self.journal.is_some();
            if may { self.sign_up_as("C", None).await.map(Some) } else { Ok(None) }
        }
        .boxed()
    }

    fn spare_with<'a>(&'a self, members: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<SignedUp>, Trouble>> {
        async move {
            let Some(signup) = self.target.accounts.signup.as_ref().filter(|_| self.journal.is_some()) else { return Ok(None) };
            self.sign_up("C", &fresh(signup, "C", None), None, members).await.map(Some)
        }
        .boxed()
    }

    fn sign_in<'a>(&'a self, login: &'a Login) -> BoxFuture<'a, Result<Session, Trouble>> {
        async move {
            let granted = self.granted(login).await?;
            let granted = Granted { subject: self.known_subject(&login.username).or(granted.subject), ..granted };
            let session = self.session("C", login.clone(), granted, true);
            self.keep(session.clone());
            Ok(session)
        }
        .boxed()
    }

    fn probe(&self, call: &Call, session: &Session, new_password: &SecretString) -> Probe {
        let filling = Filling::of(&session.login)
            .with("{new_password}", new_password.clone())
            .with("{user_id}", session.user.subject.clone().unwrap_or_else(|| "me".to_owned()).into());
        let refresh = session.refresh.as_ref().map(|refresh| SecretString::from(refresh.expose()));
        let filling = refresh.into_iter().fold(filling, |filling, token| filling.with("{refresh_token}", token));
        filling.probe(call)
    }

    fn signup_probe(&self, login: &Login) -> Option<Probe> {
        let signup = self.target.accounts.signup.as_ref().filter(|_| self.journal.is_some())?;
        Some(Filling::of(login).probe(&signup.grant.call))
    }

    fn signed_up_as(&self, answer: &Answer) -> Option<String> {
        let grant = &self.target.accounts.signup.as_ref()?.grant;
        let token = token_in(answer, grant.token.as_ref()?)?;
        subject_in(answer, grant, Some(&token))
    }

    fn login_probe(&self, login: &Login) -> Option<Probe> {
        self.target.accounts.login.as_ref().map(|grant| Filling::of(login).probe(&grant.call))
    }

    fn login_with(&self, login: &Login, password: &Value) -> Option<Probe> {
        let grant = self.target.accounts.login.as_ref().filter(|grant| !grant.call.form)?;
        let body = Filling::instead(&grant.call.body, "{password}", password);
        (body != grant.call.body).then(|| Filling::of(login).probe(&Call { body, ..grant.call.clone() }))
    }

    fn brings_token(&self, answer: &Answer) -> bool {
        let at = self.target.accounts.login.as_ref().and_then(|grant| grant.token.as_ref());
        answer.is_success() && at.is_some_and(|at| token_in(answer, at).is_some())
    }

    fn refresh<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Refreshed, Trouble>> {
        async move {
            let none = || Trouble::NotGiven("no refresh is declared".into());
            let grant = self.target.accounts.refresh.as_ref().ok_or_else(none)?;
            let answer = self.client.send(&self.probe(&grant.call, session, &session.login.password)).await?;
            // What a sign-in sets, a refresh sets in the same place, unless it is declared otherwise.
            let login = self.target.accounts.login.as_ref();
            let next = refresh_in(&answer, grant.refresh_token.as_ref().or_else(|| login?.refresh_token.as_ref()));
            Ok(match read(grant, answer) {
                Ok(granted) => {
                    let token = Credential::new("<a refreshed token>", granted.token);
                    self.client.keep_unsaid(token.name(), token.expose());
                    if session.disposable {
                        // The one before may have ended with that.
                        let user = User { token: token.clone(), ..session.user.clone() };
                        self.keep(Session { user, ..session.clone() });
                    }
                    Refreshed { answer: granted.answer, token: Some(token), refresh: next }
                }
                Err(answer) => Refreshed { answer: *answer, token: None, refresh: None },
            })
        }
        .boxed()
    }

    fn deleted<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, ()> {
        self.forget(&session.login.username).boxed()
    }

    fn among_others(&self) -> BoxFuture<'_, OwnedRwLockReadGuard<()>> {
        Arc::clone(&self.order).read_owned().boxed()
    }

    fn after_others(&self) -> BoxFuture<'_, OwnedRwLockWriteGuard<()>> {
        Arc::clone(&self.order).write_owned().boxed()
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
    Trouble::NotGiven(format!("{doing} as `{}` at {} was answered {}{place}", login.username, grant.call.path, answer.status))
}

fn session(name: &'static str, login: Login, granted: Granted, disposable: bool) -> Session {
    let token = Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), granted.token);
    let email = Some(login.email.clone()).filter(|email| email.contains('@'));
    let user = User { name, token, subject: granted.subject, email };
    Session { user, login, refresh: granted.refresh, answer: granted.answer, disposable }
}

/// A new account: letters and digits alone, short enough for every form.
fn fresh(signup: &Signup, name: &str, index: Option<usize>) -> Login {
    let fixed = signup.names.as_ref().and_then(|names| names.get(index?).cloned());
    let username = fixed.unwrap_or_else(|| format!("postflight{}{}", name.to_ascii_lowercase(), random(8)));
    let email = if username.contains('@') { username.clone() } else { format!("{username}@{}", signup.domain) };
    Login { username, email, password: signup.password.clone().unwrap_or_else(password) }
}

/// A password that every policy takes: 24 characters, of every class.
pub(crate) fn password() -> SecretString {
    format!("Pf7!{}", random(20)).into()
}

/// Lower-case letters and digits, five bits each.
fn random(length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 32] = rand::random();
    bytes.iter().take(length).filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect()
}

/// Deletes an account: with its token, or with a new one where that has ended.
async fn remove(client: &Client, target: &Target, session: &Session, patient: bool) -> Result<(), String> {
    let call = target.accounts.delete.as_ref().ok_or("no route deletes accounts: declare `tokens.delete`, or remove it by hand")?;
    let subject = || SecretString::from(session.user.subject.as_deref().unwrap_or("me"));
    let in_time = |probe: Probe| if patient { probe } else { probe.impatient() };
    let probe = in_time(Filling::of(&session.login).with("{user_id}", subject()).probe(call));
    let told = |trouble: Trouble| trouble.to_string();
    let mut answer = client.send(&probe.clone().bearer(&session.user.token)).await.map_err(told)?;
    if let (401 | 403, Some(grant)) = (answer.status, &target.accounts.login) {
        let again = client.send(&in_time(Filling::of(&session.login).probe(&grant.call))).await.map_err(told)?;
        if let Ok(granted) = read(grant, again) {
            answer = client.send(&probe.bearer(&Credential::new("<a new token>", granted.token))).await.map_err(told)?;
        }
    }
    match answer.status {
        404 | 410 => Ok(()),
        _ if answer.is_success() => Ok(()),
        status => Err(format!("deleting it was answered {status}")),
    }
}

/// The accounts of a killed run that can still be signed in to: those whose password the operator set.
pub(super) async fn revive(client: &Client, target: &Target, accounts: &[(String, String)]) -> Vec<Session> {
    let Some((signup, grant)) = target.accounts.signup.as_ref().zip(target.accounts.login.as_ref()) else { return Vec::new() };
    let Some(password) = &signup.password else { return Vec::new() };
    let mut revived = Vec::new();
    for (user, username) in accounts {
        let email = if username.contains('@') { username.clone() } else { format!("{username}@{}", signup.domain) };
        let login = Login { username: username.clone(), email, password: password.clone() };
        let Ok(answer) = client.send(&Filling::of(&login).probe(&grant.call)).await else { continue };
        let name = ["A", "B"].into_iter().find(|name| name == user).unwrap_or("C");
        revived.extend(read(grant, answer).ok().map(|granted| session(name, login, granted, true)));
    }
    revived
}

/// Deletes a revived account.
pub(super) async fn remove_revived(client: &Client, target: &Target, session: &Session) -> Result<(), String> {
    remove(client, target, session, true).await
}
