//! The CSRF token of each session, and its way into requests: whoever writes with a token in a cookie sends it along.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::{Client, Credential, Probe};

/// A CSRF token as it travels: the value of the declared header, and the cookies that the service compares it with, as one field.
#[derive(Clone, Debug)]
pub struct CsrfToken {
    /// The value of the header.
    pub value: Credential,
    /// Cookies that came with it (RFC 6265, 4.2).
    pub cookies: Option<Credential>,
}

/// How much of a session's CSRF token a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Carried {
    /// Header and cookies, as the front end sends them.
    #[default]
    Whole,
    /// The cookies alone, which is what a browser adds to a request of a foreign page.
    Cookies,
    /// Nothing.
    Nothing,
}

/// Which session has which CSRF token.
#[derive(Debug, Default)]
pub(super) struct CsrfTokens(Mutex<Vec<(Credential, CsrfToken)>>);

impl CsrfTokens {
    /// That of a session; for a forged token that of A, after whose token forgeries are made, so that nothing but the forgery is wrong.
    fn of(&self, session: &Credential) -> Option<CsrfToken> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.iter().rev().find(|(known, _)| known.expose() == session.expose());
        let of_a = || all.iter().find(|(known, _)| known.name() == "$POSTFLIGHT_TOKEN_A");
        own.or_else(of_a).or_else(|| all.first()).map(|(_, token)| token.clone())
    }
}

impl Client {
    /// From now on, writes with the token `session` carry this CSRF token, and nothing says it.
    pub(crate) fn keep_csrf(&self, session: &Credential, token: CsrfToken) {
        for credential in std::iter::once(&token.value).chain(&token.cookies) {
            self.keep_unsaid(credential.name(), credential.expose());
        }
        self.csrf_tokens().0.lock().unwrap_or_else(PoisonError::into_inner).push((session.clone(), token));
    }

    /// The CSRF token that belongs beside the token `session`.
    pub(crate) fn csrf_of(&self, session: &Credential) -> Option<CsrfToken> {
        self.csrf_tokens().of(session)
    }

    /// `probe` as it goes out: what writes with a token in a cookie has the CSRF token of that session with it.
    pub(super) fn with_csrf<'a>(&self, probe: &'a Probe) -> Cow<'a, Probe> {
        let plain = || Cow::Borrowed(probe);
        let Some((csrf, session)) = self.target().csrf.as_ref().zip(probe.bearer.as_ref()).filter(|_| !probe.is_safe()) else {
            return plain();
        };
        let Some(token) = self.csrf_of(session).filter(|_| probe.csrf != Carried::Nothing) else { return plain() };
        let add = |probe: Probe, name: &str, value: &Credential| probe.secret_header(name, "", value);
        let with_cookies = token.cookies.iter().fold(probe.clone(), |probe, cookies| add(probe, "cookie", cookies));
        let alone = probe.csrf == Carried::Cookies || probe.replaces(&csrf.header);
        Cow::Owned(if alone { with_cookies } else { add(with_cookies, &csrf.header, &token.value) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_its_own_csrf_token_and_a_forgery_that_of_a() {
        let named = |name: &str, value: &str| Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), value.to_owned());
        let token = |value: &str| CsrfToken { value: Credential::new("<CSRF token>", value.to_owned()), cookies: None };
        let known = vec![(named("B", "b"), token("of-b")), (named("A", "a"), token("of-a")), (named("B", "b"), token("of-b-now"))];
        let all = CsrfTokens(Mutex::new(known));
        let of = |session: &Credential| all.of(session).map(|token| token.value.expose().to_owned());
        assert_eq!(of(&named("A", "a")).as_deref(), Some("of-a"));
        assert_eq!(of(&named("B", "b")).as_deref(), Some("of-b-now"));
        assert_eq!(of(&Credential::new("<forged>", "f".to_owned())).as_deref(), Some("of-a"));
    }
}
