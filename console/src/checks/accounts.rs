//! Accounts as a check sees them: what signs in, what a sign-in, a sign-up or a refresh brought, and who does that. Asking and deleting belong
//! to `verify`.

use futures::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::User;
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::target::Call;

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

impl Login {
    /// What checks change the password to: the old one and more, so that a later run that knows the old one can still sign in.
    pub fn next_password(&self) -> SecretString {
        format!("{}2b", self.password.expose_secret()).into()
    }
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
    /// The answer to the sign-up, where that is another one.
    pub signed_up: Option<Box<Answer>>,
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

    /// Makes an account under the name, the address and the password of one that was deleted.
    fn sign_up_again<'a>(&'a self, login: &'a Login) -> BoxFuture<'a, Result<Option<SignedUp>, Trouble>>;

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

    /// The sign-in request of `login` with operators of a query in the place of its name, which match this very account, and any JSON value in the
    /// place of its password; `None` where none is declared, or it is no JSON.
    fn login_by_operator(&self, login: &Login, password: &Value) -> Option<Probe>;

    /// Whether an answer holds a token of `session`'s account, wherever it stands.
    fn holds_token_of(&self, answer: &Answer, session: &Session) -> bool;

    /// Whether an answer to a sign-in brings a token.
    fn brings_token(&self, answer: &Answer) -> bool;

    /// Exchanges the refresh token of `session`.
    fn refresh<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Refreshed, Trouble>>;

    /// Notes that a check deleted a spare account itself.
    fn deleted<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, ()>;
}
