//! Which accounts a run signed up, what became of each, and which sign-ups nobody has come to a session by.

use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::ExposeSecret as _;

use super::removal::When;
use crate::checks::{Login, Session, User};
use crate::http::Trouble;

/// Which of the accounts that the run signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Whose {
    /// Those of A and B, who own objects.
    Users,
    /// All others.
    Spare,
    /// Those that this check had to itself.
    Check(&'static str),
}

impl Whose {
    fn includes(self, account: &Account) -> bool {
        let of_users = matches!(account.session.user.name, "A" | "B");
        match self {
            Self::Users => of_users,
            Self::Spare => !of_users,
            Self::Check(id) => account.check == Some(id),
        }
    }

    pub(super) const fn when(self) -> When {
        match self {
            Self::Users | Self::Spare => When::AtTheEnd,
            Self::Check(_) => When::AmongChecks,
        }
    }
}

/// An account that the run signed up.
struct Account {
    session: Session,
    /// The check that has it to itself; `None` where several share it.
    check: Option<&'static str>,
}

/// A sign-up that was sent, and that nobody has come to a session by.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) login: Login,
    /// Whether the service said that there is an account now.
    pub(super) made: bool,
}

/// The accounts of a run, from the request that signs one up to the answer that deletes it.
#[derive(Default)]
pub(super) struct Ledger {
    made: Mutex<Vec<Account>>,
    pending: Mutex<Vec<Pending>>,
    /// Those whose deletion was asked for, whether it was answered or not.
    going: Mutex<Vec<Session>>,
    /// Why nobody can sign in any more.
    shut: Mutex<Option<Trouble>>,
}

impl Ledger {
    /// Notes that a limit of the sign-in lets nobody in any more.
    pub(super) fn note_shut(&self, trouble: &Trouble) {
        locked(&self.shut).get_or_insert_with(|| trouble.clone());
    }

    /// Why nobody can sign in any more.
    pub(super) fn shut(&self) -> Option<Trouble> {
        locked(&self.shut).clone()
    }

    /// Notes that a sign-up is about to be sent.
    pub(super) fn expect(&self, login: &Login) {
        locked(&self.pending).push(Pending { login: login.clone(), made: false });
    }

    /// Notes that there is nothing more to learn of this sign-up: it made no account, or one that is kept.
    pub(super) fn settle(&self, login: &Login) {
        locked(&self.pending).retain(|other| other.login.username != login.username);
    }

    /// Notes that the service has made this account: it is there, whatever signing in to it brings.
    pub(super) fn note_made(&self, login: &Login) {
        let mut pending = locked(&self.pending);
        pending.iter_mut().filter(|other| other.login.username == login.username).for_each(|other| other.made = true);
    }

    /// The sign-ups that brought no session, or were cut off before they were answered; they are not pending any more.
    pub(super) fn take_pending(&self) -> Vec<Pending> {
        std::mem::take(&mut *locked(&self.pending))
    }

    /// Keeps a session for the end; a later one of the same account takes the place of the earlier.
    pub(super) fn keep(&self, session: Session, check: Option<&'static str>) {
        let mut made = locked(&self.made);
        made.retain(|account| account.session.login.username != session.login.username);
        made.push(Account { session, check });
    }

    /// Forgets an account that is no more.
    pub(super) fn forget(&self, name: &str) {
        locked(&self.made).retain(|account| account.session.login.username != name);
    }

    /// Those accounts that were signed up and are still there.
    pub(super) fn of(&self, whose: Whose) -> Vec<Session> {
        locked(&self.made).iter().filter(|account| whose.includes(account)).map(|account| account.session.clone()).collect()
    }

    /// Whether there is an account to delete.
    pub(super) fn is_empty(&self) -> bool {
        locked(&self.made).is_empty() && locked(&self.pending).is_empty()
    }

    /// The subject of an account that this run signed up, where `login` is that account's own: another password may belong to another one.
    pub(super) fn subject_of(&self, login: &Login) -> Option<String> {
        let made = locked(&self.made);
        let known = &made.iter().find(|account| account.session.login.username == login.username)?.session;
        let given = login.password.expose_secret();
        let own = [&known.login.password, &known.login.next_password()].iter().any(|password| password.expose_secret() == given);
        known.user.subject.clone().filter(|_| own)
    }

    /// Notes that a deletion of this account is about to be sent; whether one was before.
    pub(super) fn goes(&self, session: &Session) -> bool {
        let mut going = locked(&self.going);
        let before = going.iter().any(|other| other.login.username == session.login.username);
        going.push(session.clone());
        before
    }

    /// Whether this user's account was to be deleted: whoever asks for that asks for the deletion of all it holds.
    pub(super) fn is_going(&self, user: &User) -> bool {
        locked(&self.going).iter().any(|session| session.user.token.expose() == user.token.expose())
    }
}

/// What a lock guards: each change of a list is whole, so that one whose holder failed is as good as any.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
