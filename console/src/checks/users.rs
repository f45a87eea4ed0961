//! The two users of a run.

use serde_json::Value;

use crate::http::Credential;
use crate::target::PARENT_ID;
use crate::token::{Compact, as_text};

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
    /// The id of what the user's objects live in, where the target has such a thing.
    pub parent: Option<Value>,
    /// Cookies that the sign-in set beside the token, as one header field (RFC 6265, 4.2).
    pub cookies: Option<Credential>,
}

impl User {
    /// A path as this user goes it: with the own subject for `{user_id}`, and the id of the own parent for `{parent_id}`.
    pub fn path(&self, template: &str) -> String {
        let parent = || self.parent.as_ref().and_then(as_text).unwrap_or_else(|| "me".to_owned());
        let path = template.replace("{user_id}", self.subject.as_deref().unwrap_or("me"));
        if path.contains(PARENT_ID) { path.replace(PARENT_ID, &parent()) } else { path }
    }

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

/// A path as it is asked where no user is known.
pub(super) fn path_of_nobody(template: &str) -> String {
    template.replace("{user_id}", "me").replace(PARENT_ID, "me")
}

/// The users of a run.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// User A: the victim.
    pub a: Option<User>,
    /// User B: the other one.
    pub b: Option<User>,
}
