//! Wrong passwords that a careless comparison takes for the right one. A service that asks to wait after a few, or locks the account, does what
//! it should: the others are tried on another account then, or after the time that it asks for.

use std::mem;

use futures::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::checks::{Context, Judgement, Login, Session};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding};

use super::accounts::asks_to_wait;

/// A sign-in that must not succeed.
type Wrong = (&'static str, Probe);

/// Wrong passwords in a row: fewer than any service locks an account for.
const IN_A_ROW: usize = 3;

/// Accounts that are used up at most, the first one included.
const ACCOUNTS: usize = 3;

/// Tries everything that must not sign in, on `session`'s account and on further ones, and says of each whether it was refused. The session of
/// an account that can be signed in to comes back.
pub(super) async fn refused(cx: &Context, session: Session) -> Result<(Vec<Evidence>, Session), Trouble> {
    let all = on_the_account(cx, &session).len();
    let mut trial = Trial { cx, session, left: (0..all).collect(), pieces: Vec::new(), accounts: 1, patient: false, limit: None };
    trial.run().await?;
    let limited = trial.accounts > 1 || !trial.left.is_empty();
    // What comes after has to sign in.
    if limited && let Some(unused) = unless_limited(cx.registry.spare().await)?.flatten() {
        trial.session = unused;
    }
    // No limit of the account counts what does not name it.
    let unnamed = without_its_name(cx, &trial.session);
    let judged = trial.judge_all(&unnamed).await?;
    let untried = trial.left.len() + unnamed.len() - judged.len();
    let Trial { session, mut pieces, limit, .. } = trial;
    if untried > 0 {
        let why = limit.map_or_else(|| "the service asks to wait".to_owned(), |limit| limit.to_string());
        let observed = format!("{untried} more were not tried: {why}");
        pieces.push(Evidence::of(EvidenceClass::Live, "what else may be taken for the password", Finding::Unclear, observed));
    }
    Ok((pieces, session))
}

/// The attempts under way.
struct Trial<'a> {
    cx: &'a Context,
    /// The account that is tried now.
    session: Session,
    /// Attempts, by their place in [`on_the_account`], that were not judged yet.
    left: Vec<usize>,
    pieces: Vec<Evidence>,
    /// Accounts that were tried.
    accounts: usize,
    /// Whether each attempt waits as long as it is asked to.
    patient: bool,
    /// The limit that let nothing more be tried.
    limit: Option<Trouble>,
}

impl Trial<'_> {
    /// A few attempts at a time, until none is left or the service lets nobody try any more.
    async fn run(&mut self) -> Result<(), Trouble> {
        loop {
            let judged = self.try_some().await?;
            if self.left.is_empty() || !self.is_let_on(judged).await? {
                return Ok(());
            }
        }
    }

    /// The next few attempts, side by side; how many of them were judged.
    async fn try_some(&mut self) -> Result<usize, Trouble> {
        let all = on_the_account(self.cx, &self.session);
        let some: Vec<_> = self.left.iter().take(self.in_a_row()).filter_map(|at| Some((*at, all.get(*at)?.clone()))).collect();
        let (places, attempts): (Vec<_>, Vec<_>) = some.into_iter().unzip();
        let judged: Vec<_> = self.judge_all(&attempts).await?.into_iter().filter_map(|at| places.get(at)).collect();
        self.left.retain(|at| !judged.contains(&at));
        Ok(judged.len())
    }

    /// Sends attempts side by side and judges their answers; which of them were judged, by their places. One that is only asked to wait was not.
    async fn judge_all(&mut self, attempts: &[Wrong]) -> Result<Vec<usize>, Trouble> {
        let asked = attempts.iter().map(async |(_, probe)| self.cx.send(&self.in_time(probe.clone())).await);
        let answers = join_all(asked).await;
        let mut judged = Vec::new();
        for (at, ((name, _), answer)) in attempts.iter().zip(answers).enumerate() {
            match answer {
                Err(trouble) if trouble.is_limit() => self.limit = Some(trouble),
                Ok(answer) if asks_to_wait(&answer) => {}
                answer => {
                    let answer = answer?;
                    self.pieces.push(judge(name, &answer, self.cx.registry.brings_token(&answer)));
                    judged.push(at);
                }
            }
        }
        Ok(judged)
    }

    /// Fewer than the declared limit, which is reached by the attempt of that number.
    fn in_a_row(&self) -> usize {
        let declared = self.cx.target.policy.login_limit.and_then(|limit| usize::try_from(limit).ok());
        declared.map_or(IN_A_ROW, |limit| limit.saturating_sub(1).clamp(1, IN_A_ROW))
    }

    /// Whether more can be tried after so many were `judged`: with the right password, which makes most services forget the wrong ones, on
    /// another account, or with patience, where everybody is asked to wait.
    async fn is_let_on(&mut self, judged: usize) -> Result<bool, Trouble> {
        let Some(right) = self.cx.registry.login_probe(&self.session.login) else { return Ok(false) };
        if judged > 0 {
            let right = unless_limited(self.cx.send(&self.in_time(right)).await)?;
            if right.is_some_and(|answer| self.cx.registry.brings_token(&answer)) {
                return Ok(true);
            }
            if self.accounts < ACCOUNTS
                && let Some(another) = unless_limited(self.cx.registry.spare().await)?.flatten()
            {
                self.accounts += 1;
                self.session = another;
                return Ok(true);
            }
        }
        Ok(!mem::replace(&mut self.patient, true))
    }

    fn in_time(&self, probe: Probe) -> Probe {
        if self.patient { probe.alone() } else { probe.impatient() }
    }
}

/// What came of it; nothing where the service asks to wait for longer than the run lasts.
pub(super) fn unless_limited<T>(asked: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(trouble) if trouble.is_limit() => Ok(None),
        asked => asked.map(Some),
    }
}

/// How many characters the shortest of truncating hashes looks at (crypt(3) with DES).
const LOOKED_AT: usize = 8;

/// The beginning of a password that some hashes look at, with another end.
fn with_another_end(password: &str) -> Option<String> {
    Some(format!("{}-other-end", password.get(..LOOKED_AT).filter(|beginning| beginning.len() < password.len())?))
}

/// What a careless comparison may take for the right password, on the account itself, the most telling first.
fn on_the_account(cx: &Context, session: &Session) -> Vec<Wrong> {
    let login = &session.login;
    let other = |password: Value| cx.registry.login_with(login, &password);
    // What is a text in JSON is one in a form as well.
    let text = |password: String| cx.registry.login_probe(&Login { password: password.into(), ..login.clone() });
    let capitals = login.password.expose_secret().to_uppercase();
    // The comment ends the condition behind the name of this very account, so that nobody else's could be signed in to. With the right
    // password, since that may be compared outside the query.
    let commented = |name: &str| format!("{name}' -- ");
    let commented = Login { username: commented(&login.username), email: commented(&login.email), ..login.clone() };
    let all = [
        ("an empty password", text(String::new())),
        ("an operator of a query in its place", other(json!({ "$ne": null }))),
        ("an operator of Prisma in its place", other(json!({ "not": "" }))),
        ("its first eight characters and others", with_another_end(login.password.expose_secret()).and_then(text)),
        ("the password and one character more", text(format!("{}x", login.password.expose_secret()))),
        ("`null` in its place", other(Value::Null)),
        ("the password in capitals", text(capitals)),
        ("the name, a quote and a comment", cx.registry.login_probe(&commented)),
        ("a pattern that the name fits", cx.registry.login_probe(&like(login))),
    ];
    all.into_iter().filter_map(|(name, probe)| Some((name, probe?))).collect()
}

/// Operators of a query in the place of the name, with one in the place of the password, and with the right password.
fn without_its_name(cx: &Context, session: &Session) -> Vec<Wrong> {
    let by_operator = |password: Value| cx.registry.login_by_operator(&session.login, &password);
    let all = [
        ("operators in the places of name and password", by_operator(json!({ "$ne": null }))),
        ("an operator in the place of the name", by_operator(json!(session.login.password.expose_secret()))),
    ];
    all.into_iter().filter_map(|(name, probe)| Some((name, probe?))).collect()
}

/// The account by a pattern of SQL's `LIKE` with the right password: who is signed in by that can be anybody whose password is a usual one.
fn like(login: &Login) -> Login {
    let pattern = |name: &str| {
        name.char_indices().nth(3).map_or_else(
            || name.to_owned(),
            |(at, _)| format!("{}%{}", name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default()),
        )
    };
    Login { username: pattern(&login.username), email: pattern(&login.email), ..login.clone() }
}

fn judge(name: &str, answer: &Answer, token: bool) -> Evidence {
    let (finding, observed) = match answer.status {
        status if token => (Finding::Broken, format!("signed in: {status}")),
        status @ 200..=299 => (Finding::Weak, format!("{status}, though without a token")),
        status @ 500..=599 => (Finding::Weak, format!("refused by falling over: {status}")),
        status => (Finding::Held, format!("refused: {status}")),
    };
    Judgement { finding, observed }.seen(answer, name)
}
