//! The registrar as checks use it: sessions to share or to have alone, and the requests of declared calls.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::Registrar;
use super::grants::{Granted, read};
use super::login::fresh;
use crate::checks::{Login, Refreshed, Registry, Session, SignedUp, User};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::target::Call;
use crate::token::Compact;
use crate::verify::calls::{Filling, refresh_in, subject_in, token_in};
use crate::verify::csrf;

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

    fn sign_up_again<'a>(&'a self, login: &'a Login) -> BoxFuture<'a, Result<Option<SignedUp>, Trouble>> {
        async move {
            if self.target.accounts.signup.is_none() || self.journal.is_none() {
                return Ok(None);
            }
            self.sign_up("C", login, None, &Map::new()).await.map(Some)
        }
        .boxed()
    }

    fn sign_in<'a>(&'a self, login: &'a Login) -> BoxFuture<'a, Result<Session, Trouble>> {
        async move {
            let granted = self.granted(login).await?;
            let granted = Granted { subject: self.ledger.subject_of(login).or(granted.subject), ..granted };
            let session = self.session("C", login.clone(), granted, true);
            self.keep(session.clone());
            self.ready(session).await
        }
        .boxed()
    }

    fn probe(&self, call: &Call, session: &Session, new_password: &SecretString) -> Probe {
        if self.target.accounts.delete.as_ref() == Some(call) {
            self.ledger.goes(session);
        }
        let filling = Filling::of(&session.login)
            .with_cookies(&session.answer)
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
        // Signing in twice is two sessions of the same account.
        self.target.accounts.login.as_ref().map(|grant| Filling::of(login).probe(&grant.call).repeatable())
    }

    fn login_with(&self, login: &Login, password: &Value) -> Option<Probe> {
        let grant = self.target.accounts.login.as_ref().filter(|grant| !grant.call.form)?;
        let body = Filling::instead(&grant.call.body, "{password}", password);
        (body != grant.call.body).then(|| Filling::of(login).probe(&Call { body, ..grant.call.clone() }).repeatable())
    }

    fn login_by_operator(&self, login: &Login, password: &Value) -> Option<Probe> {
        let grant = self.target.accounts.login.as_ref().filter(|grant| !grant.call.form)?;
        // The pattern keeps everybody else's account out of it.
        let exactly = |name: &str| json!({ "$ne": null, "$regex": format!("^{name}$") });
        let named = [("{username}", exactly(&login.username)), ("{email}", exactly(&login.email))];
        let named = named.iter().fold(grant.call.body.clone(), |body, (place, operator)| Filling::instead(&body, place, operator));
        let body = Filling::instead(&named, "{password}", password);
        (named != grant.call.body).then(|| Filling::of(login).probe(&Call { body, ..grant.call.clone() }).repeatable())
    }

    fn holds_token_of(&self, answer: &Answer, session: &Session) -> bool {
        let Some(subject) = session.user.claimed_subject() else { return false };
        let cookies = answer.headers.all("set-cookie").map(|value| String::from_utf8_lossy(value).into_owned());
        let texts = std::iter::once(answer.raw_text()).chain(cookies);
        let mut tokens = texts.flat_map(|text| Compact::all_in(&text).collect::<Vec<_>>());
        tokens.any(|token| token.names(&subject) || token.subject().as_ref() == Some(&subject))
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
                    let user = User { token: token.clone(), ..session.user.clone() };
                    let provided = csrf::provide(&self.client, &self.target, &user, Some(&granted.answer)).await;
                    // Where the refresh says no other, the session keeps the CSRF token that it has.
                    if let (Err(_), Some(own)) = (provided, self.client.csrf_of(&session.user.token)) {
                        self.client.keep_csrf(&user.token, own);
                    }
                    if session.disposable {
                        // The one before may have ended with that.
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
}
