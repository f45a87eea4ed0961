//! The CSRF token that a service wants beside a token in a cookie: where it comes from and how it travels.

use super::TokenAt;

/// What tells a write by the front end from one by a foreign page, which browsers give the cookie as well (CWE-352; OWASP Cross-Site Request
/// Forgery Prevention Cheat Sheet: synchroniser token, double-submit cookie). It goes along with every unsafe method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csrf {
    /// Request header that carries it, in lower case.
    pub header: String,
    /// Where the answer holds it.
    pub token: TokenAt,
    /// The route that hands it out to a session, asked with GET; `None` where the answer to the sign-in holds it.
    pub path: Option<String>,
}
