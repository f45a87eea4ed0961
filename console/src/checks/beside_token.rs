//! What requests claim beside their token, or in its place: a session, a page of the front end, to come from the service itself.

use super::Context;
use crate::target::{Carrier, Origin};

/// Keys of services among themselves, to be sent empty: what is compared with a variable that nobody set.
pub(super) const INTERNAL_KEYS: [&str; 5] = ["x-internal-key", "x-internal-token", "x-service-token", "x-admin-key", "x-api-key"];

/// Cookies in which frameworks keep a session.
const SESSIONS: [&str; 8] =
    ["session", "sid", "uid", "user_id", "user", "connect.sid", "next-auth.session-token", "better-auth.session_token"];

/// Whether the target itself declares a header for every request: then it stays what it is.
pub(super) fn is_declared(cx: &Context, name: &str) -> bool {
    cx.target.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
}

/// What a browser sends from a page of the declared front end: some guards let such requests through.
pub(super) fn own_page(cx: &Context) -> Vec<(String, String)> {
    let page = |origin: &Origin| [("origin".to_owned(), origin.to_string()), ("referer".to_owned(), format!("{origin}/"))];
    let page = cx.target.origins.first().map(page).into_iter().flatten();
    page.filter(|(name, _)| !is_declared(cx, name)).collect()
}

/// The value of a `Cookie` field with sessions that hold a bare name of the user, or one with a signature that is none.
pub(super) fn sessions(cx: &Context, subject: &str) -> String {
    let own = |name: &str| matches!(&cx.target.carrier, Carrier::Cookie(own) if own == name);
    let signed = |name: &str| if name.contains(['.', '-']) { ".x" } else { "" };
    let cookie = |name: &str| format!("{name}={subject}{}", signed(name));
    SESSIONS.into_iter().filter(|name| !own(name)).map(cookie).collect::<Vec<_>>().join("; ")
}
