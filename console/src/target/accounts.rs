//! The routes of accounts: signing up, signing in and out, refreshing, changing the password, deleting. Describes them; sends nothing.

use secrecy::SecretString;
use serde_json::Value;

/// A user who signs in.
#[derive(Clone, Debug)]
pub struct NamedUser {
    /// User name or e-mail.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

/// Where an answer holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAt {
    /// At a JSON pointer (RFC 6901) in the body.
    Body(String),
    /// In a cookie of this name that the answer sets (RFC 6265).
    Cookie(String),
    /// In a response header of this name, with or without `Bearer ` before it.
    Header(String),
}

impl std::fmt::Display for TokenAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "at {pointer}"),
            Self::Cookie(name) => write!(f, "in the cookie {name}"),
            Self::Header(name) => write!(f, "in the header {name}"),
        }
    }
}

/// A request to an account route. Placeholders in the path, in the headers and in strings of the body are filled in: `{username}`, `{password}`,
/// `{email}`, `{name}`, `{user_id}`, `{new_password}` and `{refresh_token}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Body; `Null` for none.
    pub body: Value,
    /// Whether the body goes as a form (`application/x-www-form-urlencoded`) instead of JSON.
    pub form: bool,
    /// Further request headers.
    pub headers: Vec<(String, String)>,
}

/// A request whose answer may hold a token.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The request.
    pub call: Call,
    /// Where the answer holds the token; `None` where it holds none.
    pub token: Option<TokenAt>,
    /// JSON pointer to the user's id in the answer, where the token itself does not say it.
    pub subject: Option<String>,
    /// Where the answer holds a refresh token; `None` where it holds none.
    pub refresh_token: Option<TokenAt>,
}

/// How accounts are made and named.
#[derive(Clone, Debug)]
pub struct Signup {
    /// The sign-up itself.
    pub grant: Grant,
    /// User names of A and B; made anew for every run when absent.
    pub names: Option<[String; 2]>,
    /// Domain of the e-mail addresses.
    pub domain: String,
    /// The password of all accounts; a random one for each when absent.
    pub password: Option<SecretString>,
}

/// An account that was disabled, and may do nothing any more.
#[derive(Clone, Debug)]
pub enum Disabled {
    /// A token that was issued to it.
    Token(SecretString),
    /// Its subject, for which the signing key can mint a token.
    Subject(String),
}

/// The routes of accounts, as far as the target declares them.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// Signing up.
    pub signup: Option<Signup>,
    /// Signing in.
    pub login: Option<Grant>,
    /// The accounts that sign in, where they exist already.
    pub users: Option<[NamedUser; 2]>,
    /// Deletes the account of whoever asks.
    pub delete: Option<Call>,
    /// Ends the session of whoever asks.
    pub logout: Option<Call>,
    /// Exchanges a refresh token for a new token.
    pub refresh: Option<Grant>,
    /// Changes the password of whoever asks.
    pub password: Option<Call>,
    /// An account that was disabled.
    pub disabled: Option<Disabled>,
    /// A token that the service issued, and that has ended: a JWT whose `exp` is past.
    pub expired: Option<SecretString>,
}

impl Accounts {
    /// The passwords that were given, with the names that stand for them.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (String, SecretString)> {
        let signup = self.signup.iter().filter_map(|signup| signup.password.clone());
        let users = self.users.iter().flatten().map(|user| (password_of(&user.username), user.password.clone()));
        let disabled = self.disabled.iter().filter_map(|disabled| match disabled {
            Disabled::Token(token) => Some(("<token of a disabled account>".to_owned(), token.clone())),
            Disabled::Subject(_) => None,
        });
        let expired = self.expired.iter().map(|token| (EXPIRED.to_owned(), token.clone()));
        users.chain(signup.map(|password| ("<password of every account>".to_owned(), password))).chain(disabled).chain(expired)
    }
}

/// What stands for the token that has ended wherever people look.
pub(crate) const EXPIRED: &str = "<a token that has ended>";

/// What stands for the password of an account wherever people look.
pub(crate) fn password_of(username: &str) -> String {
    format!("<password of {username}>")
}
