//! The end of the accounts that a run signed up: deleting them, also those that a killed run left behind.

use secrecy::SecretString;

use super::grants::{read, session};
use super::login::of_signup;
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

/// Deletes an account: with its token, or with a new one where that has ended. One that lets nobody in any more is gone where its deletion
/// `was_asked` for before: the answer to that may have been cut off.
pub(super) async fn remove(client: &Client, target: &Target, session: &Session, when: When, was_asked: bool) -> Result<(), String> {
    let call = target.accounts.delete.as_ref().ok_or("no route deletes accounts: declare `tokens.delete`, or remove it by hand")?;
    let subject = || SecretString::from(session.user.subject.as_deref().unwrap_or("me"));
    let in_time = |probe: Probe| match when {
        When::AmongChecks => probe.impatient(),
        When::AtTheEnd => probe,
    };
    let probe = in_time(Filling::of(&session.login).with("{user_id}", subject()).probe(call));
    let told = |trouble: Trouble| trouble.to_string();
    let first = probe.clone().bearer(&session.user.token);
    let (mut answer, was_asked) = match client.send(&first).await {
        // Whether it was carried out nobody knows; asking again changes nothing (RFC 9110, 9.2.2).
        Err(Trouble::Transport(_)) => (client.send(&first).await.map_err(told)?, true),
        other => (other.map_err(told)?, was_asked),
    };
    if let (401 | 403, Some(grant)) = (answer.status, &target.accounts.login) {
        let mut is_gone = was_asked;
        // The run may have been stopped after it changed the password.
        for login in both(&session.login) {
            let again = client.send(&in_time(Filling::of(&login).probe(&grant.call))).await.map_err(told)?;
            match read(grant, again) {
                Ok(granted) => {
                    let user = User { token: Credential::new("<a new token>", granted.token), ..session.user.clone() };
                    let _ = csrf::provide(client, target, &user, Some(&granted.answer)).await;
                    answer = client.send(&probe.bearer(&user.token)).await.map_err(told)?;
                    is_gone = false;
                    break;
                }
                Err(refused) => is_gone &= !refused.is_server_error(),
            }
        }
        if is_gone {
            return Ok(());
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

/// An account of a killed run, as signing in found it.
pub(in crate::verify) enum Former {
    /// It lets in what the operator's password names.
    Open(Box<Session>),
    /// It refuses that: it was never made, or is being made in this moment.
    Refused,
    /// Whether it is there could not be asked, for this reason.
    Unasked(String),
    /// Nobody knows its password any more.
    Locked,
}

/// The accounts of a killed run, each by its name. Only those can be signed in to whose password the operator set.
pub(in crate::verify) async fn revive(client: &Client, target: &Target, accounts: Vec<(String, String)>) -> Vec<(String, Former)> {
    let mut revived = Vec::new();
    for (user, username) in accounts {
        let former = former(client, target, &user, &username).await;
        revived.push((username, former));
    }
    revived
}

async fn former(client: &Client, target: &Target, user: &str, username: &str) -> Former {
    let Some((signup, grant)) = target.accounts.signup.as_ref().zip(target.accounts.login.as_ref()) else { return Former::Locked };
    let Some(password) = &signup.password else { return Former::Locked };
    let name = ["A", "B"].into_iter().find(|name| *name == user).unwrap_or("C");
    // The run may have died after it changed the password.
    for login in both(&of_signup(signup, username.to_owned(), password.clone())) {
        let answer = match client.send(&Filling::of(&login).probe(&grant.call)).await {
            Ok(answer) => answer,
            Err(trouble) => return Former::Unasked(trouble.to_string()),
        };
        match read(grant, answer) {
            Ok(granted) => return Former::Open(Box::new(reopened(client, target, session(name, login, granted, true)).await)),
            Err(answer) if answer.is_server_error() => {
                return Former::Unasked(format!("signing in was answered {}", answer.status));
            }
            Err(_) => {}
        }
    }
    Former::Refused
}

/// Deletes a revived account.
pub(in crate::verify) async fn remove_revived(client: &Client, target: &Target, session: &Session) -> Result<(), String> {
    remove(client, target, session, When::AtTheEnd, false).await
}
