//! The two users of a run.

use crate::http::Credential;
use crate::token::Compact;

/// A user of the target.
#[derive(Clone, Debug)]
pub struct User {
    /// `A` or `B`.
    pub name: &'static str,
    /// The token.
    pub token: Credential,
    /// The user's id, where that is known: what the target declares, else what the token says. It goes into `{user_id}`.
    pub subject: Option<String>,
    /// The name that the account signs in with, where it has one that is no address.
    pub username: Option<String>,
    /// The e-mail address that the account signs in with, where it has one.
    pub email: Option<String>,
    /// Cookies that the sign-in set beside the token, as one header field (RFC 6265, 4.2).
    pub cookies: Option<Credential>,
}

impl User {
    /// What names the user beside the subject: a service may know its users by any of these.
    pub fn other_names(&self) -> impl Iterator<Item = &str> {
        let names = self.username.iter().chain(&self.email).filter(|name| self.subject.as_ref() != Some(name));
        names.map(String::as_str)
    }

    /// Whom the token names: the user's id where some claim holds it; else what stands in `sub`, such as an e-mail address. For an opaque
    /// token, the id.
    pub fn claimed_subject(&self) -> Option<String> {
        let Some(token) = Compact::parse(self.token.expose()) else { return self.subject.clone() };
        self.subject.clone().filter(|subject| token.names(subject)).or_else(|| token.subject()).or_else(|| self.subject.clone())
    }
}

/// The users of a run.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// User A: the victim.
    pub a: Option<User>,
    /// User B: the other one.
    pub b: Option<User>,
}
