//! The two users of a run.

use crate::http::Credential;

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
