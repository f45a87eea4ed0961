//! The end of the accounts that a run signed up: deleting them, also those that a killed run left behind.

use secrecy::SecretString;

use super::login::of_signup;
use super::{read, session};
use crate::checks::{Login, Session, User};
use crate::http::{Client, Credential, Probe, Trouble};
use crate::target::Target;
use crate::verify::calls::Filling;
use crate::verify::csrf;

/// When an account is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// While checks ask: nobody waits for an account that may as well go at the end.
    AmongChecks,
    /// When nothing else is to do.
    AtTheEnd,
}

/// Deletes an account: with its token, or with a new one where that has ended.
pub(super) async fn remove(client: &Client, target: &Target, session: &Session, when: When) -> Result<(), String> {
    let call = target.accounts.delete.as_ref().ok_or("no route deletes accounts: declare `tokens.delete`, or remove it by hand")?;
    let subject = || SecretString::from(session.user.subject.as_deref().unwrap_or("me"));
    let in_time = |probe: Probe| match when {
        When::AmongChecks => probe.impatient(),
        When::AtTheEnd => probe,
    };
    let probe = in_time(Filling::of(&session.login).with("{user_id}", subject()).probe(call));
    let told = |trouble: Trouble| trouble.to_string();
    let mut answer = client.send(&probe.clone().bearer(&session.user.token)).await.map_err(told)?;
    if let (401 | 403, Some(grant)) = (answer.status, &target.accounts.login) {
        // The run may have been stopped after it changed the password.
        for login in both(&session.login) {
            let again = client.send(&in_time(Filling::of(&login).probe(&grant.call))).await.map_err(told)?;
            if let Ok(granted) = read(grant, again) {
                let user = User { token: Credential::new("<a new token>", granted.token), ..session.user.clone() };
                let _ = csrf::provide(client, target, &user, Some(&granted.answer)).await;
                answer = client.send(&probe.bearer(&user.token)).await.map_err(told)?;
                break;
            }
        }
    }
    match answer.status {
        404 | 410 => Ok(()),
        _ if answer.is_success() => Ok(()),
        status => Err(format!("deleting it was answered {status}")),
    }
}

/// What an account signs in with before and after a check changed its password.
fn both(login: &Login) -> [Login; 2] {
    [login.clone(), Login { password: login.next_password(), ..login.clone() }]
}

/// The session of a sign-up whose answer never came, where it made an account all the same. What cannot be known stays a reason to look.
pub(super) async fn found(client: &Client, target: &Target, login: &Login) -> Result<Option<Session>, String> {
    let grant = target.accounts.login.as_ref().ok_or("its sign-up was cut off: see whether it is there")?;
    let answer = client.send(&Filling::of(login).probe(&grant.call)).await.map_err(|trouble| trouble.to_string())?;
    let Ok(granted) = read(grant, answer) else { return Ok(None) };
    Ok(Some(reopened(client, target, session("C", login.clone(), granted, true)).await))
}

/// A session that deletes: with the CSRF token of its own, if one is to be had.
async fn reopened(client: &Client, target: &Target, session: Session) -> Session {
    let _ = csrf::provide(client, target, &session.user, Some(&session.answer)).await;
    session
}

/// The accounts of a killed run that can still be signed in to: those whose password the operator set.
pub(in crate::verify) async fn revive(client: &Client, target: &Target, accounts: &[(String, String)]) -> Vec<Session> {
    let Some((signup, grant)) = target.accounts.signup.as_ref().zip(target.accounts.login.as_ref()) else { return Vec::new() };
    let Some(password) = &signup.password else { return Vec::new() };
    let mut revived = Vec::new();
    for (user, username) in accounts {
        let name = ["A", "B"].into_iter().find(|name| name == user).unwrap_or("C");
        let login = of_signup(signup, username.clone(), password.clone());
        // The run may have died after it changed the password.
        for login in both(&login) {
            let Ok(answer) = client.send(&Filling::of(&login).probe(&grant.call)).await else { continue };
            if let Ok(granted) = read(grant, answer) {
                revived.push(reopened(client, target, session(name, login, granted, true)).await);
                break;
            }
        }
    }
    revived
}

/// Deletes a revived account.
pub(in crate::verify) async fn remove_revived(client: &Client, target: &Target, session: &Session) -> Result<(), String> {
    remove(client, target, session, When::AtTheEnd).await
}
