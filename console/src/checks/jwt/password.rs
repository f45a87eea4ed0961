//! What stands for a password: nothing but the right one signs in, and only it may be replaced. Asked of an account of this run alone.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::{Map, Value, json};

use secrecy::ExposeSecret as _;

use crate::checks::json_id::json_id;
use crate::checks::roles::{asked_for, gather, powers};
use crate::checks::{Checked, Context, Judgement, Login, Outcome, Session};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::Call;

use super::accounts::NO_LOGIN;
use super::sessions::NO_SPARE;
use super::variants;

/// A sign-in that must not succeed.
type Wrong = (&'static str, Probe);

/// Everything that a careless comparison takes for the right password, and a change of the password by somebody who does not know it.
pub(super) async fn only_the_right_one(cx: Context) -> Checked {
    if cx.target.accounts.login.is_none() {
        return Ok(Outcome::skip(NO_LOGIN));
    }
    let Some(session) = cx.registry.spare().await? else { return Ok(Outcome::skip(NO_SPARE)) };
    let right = cx.registry.login_probe(&session.login).ok_or_else(|| Trouble::NotGiven("no sign-in is declared".into()))?;
    let right = cx.send(&right).await?;
    if !cx.registry.brings_token(&right) {
        let words = format!("the right password is answered {}, so that refusals of others prove nothing", right.status);
        return Ok(Outcome::inconclusive(words).seen(&right, "the right password", right.status.to_string()));
    }
    let (wrong, unnamed) = (attempts(&cx, &session), without_its_name(&cx, &session));
    let mut answers = in_turns(&cx, &wrong, &session).await?;
    // No limit of the account counts what does not name it.
    answers.extend(try_join_all(unnamed.iter().map(|(_, probe)| cx.send(probe))).await?);
    let wrong = [wrong, unnamed].concat();
    let judged = wrong.iter().zip(&answers).map(|((name, _), answer)| judge(name, answer, cx.registry.brings_token(answer)));
    let mut pieces: Vec<_> = judged.collect();
    // The name first, while the account has the password that it was made with.
    let otherwise = variants::signed_up(&cx, &session).await?;
    if otherwise.iter().all(|piece| piece.finding != Finding::Broken) {
        pieces.extend(replaced(&cx, &session).await?);
        pieces.extend(replaced_for_another(&cx, &session).await?);
        pieces.extend(signed_up_again(&cx, &session).await?);
    }
    pieces.extend(otherwise);
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let worst = pieces.iter().max_by_key(|piece| piece.finding);
    let worst = worst.map(|piece| format!("{}: {}", piece.label, piece.observed)).unwrap_or_default();
    Ok(Outcome::of(format!("{held} of {} refused; {worst}", pieces.len()), pieces))
}

/// How many characters the shortest of truncating hashes looks at (crypt(3) with DES).
const LOOKED_AT: usize = 8;

/// The beginning of a password that some hashes look at, with another end.
fn with_another_end(password: &str) -> Option<String> {
    Some(format!("{}-other-end", password.get(..LOOKED_AT).filter(|beginning| beginning.len() < password.len())?))
}

/// Wrong passwords in a row: fewer than any service locks an account for.
const IN_A_ROW: usize = 3;

/// Sends the attempts, a few at a time: the right password between them makes services forget the wrong ones.
async fn in_turns(cx: &Context, wrong: &[Wrong], session: &Session) -> Result<Vec<Answer>, Trouble> {
    let mut answers = Vec::with_capacity(wrong.len());
    for (turn, some) in wrong.chunks(IN_A_ROW).enumerate() {
        if let Some(right) = cx.registry.login_probe(&session.login).filter(|_| turn > 0) {
            cx.send(&right).await?;
        }
        answers.extend(try_join_all(some.iter().map(|(_, probe)| cx.send(probe))).await?);
    }
    Ok(answers)
}

/// What a careless comparison may take for the right password, on the account itself.
fn attempts(cx: &Context, session: &Session) -> Vec<Wrong> {
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
    all.into_iter().filter_map(|(name, probe)| Some((name, probe?.impatient()))).collect()
}

/// Operators of a query in the place of the name, with one in the place of the password, and with the right password.
fn without_its_name(cx: &Context, session: &Session) -> Vec<Wrong> {
    let by_operator = |password: Value| cx.registry.login_by_operator(&session.login, &password);
    let all = [
        ("operators in the places of name and password", by_operator(json!({ "$ne": null }))),
        ("an operator in the place of the name", by_operator(json!(session.login.password.expose_secret()))),
    ];
    all.into_iter().filter_map(|(name, probe)| Some((name, probe?.impatient()))).collect()
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

/// Members by which a body says whose password is meant; the last two only where the route does nothing else, since whoever changes a profile
/// would take those names over.
const WHOSE: [&str; 6] = ["userId", "user_id", "id", "uid", "username", "email"];
const OF_A_PROFILE: usize = 2;

/// A change of the password whose body names another account of this run, and the role of an administrator; `None` where none is declared, or
/// there is no other one.
async fn replaced_for_another(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let Some(call) = &cx.target.accounts.password else { return Ok(None) };
    let Some(other) = cx.registry.shared().await?.filter(|other| other.disposable) else { return Ok(None) };
    let new = session.login.next_password();
    let opens = Login { password: new.clone(), ..other.login.clone() };
    let Some(opens) = cx.registry.login_probe(&opens) else { return Ok(None) };
    let (ids, _) = WHOSE.split_at(WHOSE.len() - OF_A_PROFILE);
    let all = if call.method == "POST" { &WHOSE[..] } else { ids };
    let mut answer = None;
    for names in [all, &WHOSE[..1]] {
        let more = if names.len() > 1 { asked_for() } else { Map::new() };
        let call = Call { body: naming(&call.body, &other, names, more), ..call.clone() };
        let asked = cx.send(&cx.registry.probe(&call, session, &new).bearer(&session.user.token)).await?;
        // A service that knows none of the names may object to them; one that knows the usual one alone objects to the others.
        let objects = matches!(asked.status, 400 | 422);
        answer = Some(asked);
        if !objects {
            break;
        }
    }
    let Some(answer) = answer else { return Ok(None) };
    let taken = answer.is_success() && cx.registry.brings_token(&cx.send(&opens.impatient()).await?);
    if answer.is_success() && !taken {
        // The names were ignored: the account is deleted with what signs in to it now.
        cx.registry.sign_in(&Login { password: new, ..session.login.clone() }).await?;
    }
    let mut gained = BTreeSet::new();
    gather(&answer.json().filter(|_| answer.is_success()).unwrap_or_default(), &mut gained);
    let gained: Vec<_> = gained.difference(&powers(session)).cloned().collect();
    let (finding, observed) = match answer.status {
        status if !gained.is_empty() => (Finding::Broken, format!("{status}: the account says {} now", gained.join(", "))),
        status if taken => (Finding::Broken, format!("{status}: the new password opens the other account")),
        status @ 200..=299 => (Finding::Held, format!("{status}, and the other account keeps its own")),
        status @ 500..=599 => (Finding::Weak, format!("refused by falling over: {status}")),
        status => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Some(Judgement { finding, observed }.seen(&answer, "a new password for another account, as an administrator")))
}

/// The body of a call with members that name the account of `other`, and `more`.
fn naming(body: &Value, other: &Session, names: &[&str], more: Map<String, Value>) -> Value {
    let subject = json_id(other.user.subject.as_deref().unwrap_or(&other.login.username));
    let value = |name: &str| match name {
        "username" => json!(other.login.username),
        "email" => json!(other.login.email),
        _ => subject.clone(),
    };
    let mut changed = if body.is_object() { body.clone() } else { json!({}) };
    if let Some(members) = crate::verify::filled_object(&mut changed) {
        members.extend(more);
        members.extend(names.iter().map(|name| ((*name).to_owned(), value(name))));
    }
    changed
}

/// A second sign-up under the name of the account, with another password; `None` where none is declared.
async fn signed_up_again(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let other = Login { password: crate::verify::fresh_password(), ..session.login.clone() };
    let Some(probe) = cx.registry.signup_probe(&other) else { return Ok(None) };
    let answer = cx.send(&probe.impatient()).await?;
    let told = cx.registry.signed_up_as(&answer).filter(|_| answer.is_success());
    let opens = answer.is_success() && cx.registry.holds_token_of(&answer, session);
    if opens || (told.is_some() && told == session.user.subject) {
        let words = format!("{}: it signs in to the account, whatever its password is", answer.status);
        return Ok(Some(Judgement::broken(words).seen(&answer, "a sign-up under the name of the account")));
    }
    let (finding, observed) = match (answer.status, opened(cx, session, &other, &answer).await?) {
        (status, Some(true)) => (Finding::Broken, format!("{status}: its password opens the account from now on")),
        (status, Some(false)) => (Finding::Weak, format!("{status}: there are two accounts of one name now")),
        (status @ 200..=299, None) => (Finding::Held, format!("{status}, though its password opens nothing")),
        (status @ 500..=599, None) => (Finding::Weak, format!("refused by falling over: {status}")),
        (status, None) => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Some(Judgement { finding, observed }.seen(&answer, "a sign-up under the name of the account")))
}

/// Whether what a second sign-up set signs in, and to this very account: by whom its token names, or else since the first password is good for
/// nothing any more. The account is deleted with what signs in to it now; a second one is deleted as well, where accounts can be.
async fn opened(cx: &Context, session: &Session, other: &Login, answer: &Answer) -> Result<Option<bool>, Trouble> {
    if !answer.is_success() {
        return Ok(None);
    }
    let second = match cx.registry.sign_in(other).await {
        Err(Trouble::NotGiven(_)) => return Ok(None),
        second => second?,
    };
    let same = match variants::have_one_subject(cx, session, &second)? {
        Some(same) => same,
        None => variants::opens(cx, &session.login, &session.login).await?.is_none(),
    };
    if let Some(delete) = cx.target.accounts.delete.as_ref().filter(|_| !same) {
        cx.send(&cx.registry.probe(delete, session, &session.login.password).bearer(&session.user.token)).await?;
    }
    Ok(Some(same))
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

/// A change of the password with a wrong one in the place of the old; `None` where none is declared, or it asks for no old one.
async fn replaced(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let Some(call) = &cx.target.accounts.password else { return Ok(None) };
    if !call.body.to_string().contains("{password}") {
        return Ok(None);
    }
    let unknowing =
        Session { login: Login { password: crate::verify::fresh_password(), ..session.login.clone() }, ..session.clone() };
    let answer = cx.send(&cx.registry.probe(call, &unknowing, &session.login.next_password()).bearer(&session.user.token)).await?;
    if answer.is_success() {
        // The account is deleted with what signs in to it now.
        cx.registry.sign_in(&Login { password: session.login.next_password(), ..session.login.clone() }).await?;
    }
    let (finding, observed) = match answer.status {
        status @ 200..=299 => (Finding::Broken, format!("{status}: whoever finds a session open takes the account over")),
        status @ 500..=599 => (Finding::Weak, format!("refused by falling over: {status}")),
        status => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Some(Judgement { finding, observed }.seen(&answer, "a new password with a wrong old one")))
}
