//! What stands for a password: nothing but the right one signs in, and only it may be replaced. Asked of an account of this run alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::checks::json_id::json_id;
use crate::checks::roles::{asked_for, gather, powers};
use crate::checks::{Checked, Context, Judgement, Login, Outcome, Session};
use crate::http::{Answer, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::Call;

use super::accounts::{NO_LOGIN, asks_to_wait};
use super::attempts::unless_limited;
use super::sessions::NO_SPARE;
use super::{attempts, variants};

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
    let (mut pieces, session) = attempts::refused(&cx, session).await?;
    let (more, untried) = replaced_in_any_way(&cx, &session).await?;
    pieces.extend(more);
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let worst = pieces.iter().max_by_key(|piece| piece.finding);
    let worst = worst.map(|piece| format!("{}: {}", piece.label, piece.observed)).unwrap_or_default();
    let outcome = Outcome::of(format!("{held} of {} refused; {worst}", pieces.len()), pieces);
    let says = |outcome: Outcome, what: &str| outcome.and_says(&format!("; {what} was not tried, for the service asks to wait"));
    Ok(untried.into_iter().fold(outcome, says))
}

/// What replaces the password of an account without knowing it; and what of that a limit of its own kept from being tried.
async fn replaced_in_any_way(cx: &Context, session: &Session) -> Result<(Vec<Evidence>, Vec<&'static str>), Trouble> {
    let (mut pieces, mut untried) = (Vec::new(), Vec::new());
    // The name first, while the account has the password that it was made with.
    let otherwise = unless_limited(variants::signed_up(cx, session).await)?;
    if otherwise.iter().flatten().all(|piece| piece.finding != Finding::Broken) {
        match unless_limited(changed(cx, session).await)? {
            Some(of_changes) => pieces.extend(of_changes),
            None => untried.push("a change of the password"),
        }
        if otherwise.is_some() {
            pieces.extend(signed_up_again(cx, session).await?);
        }
    }
    match otherwise {
        Some(otherwise) => pieces.extend(otherwise),
        None => untried.push("a second sign-up under the name"),
    }
    Ok((pieces, untried))
}

/// Changes of the password by somebody who does not know it, and of another account's.
async fn changed(cx: &Context, session: &Session) -> Result<Vec<Evidence>, Trouble> {
    let mut pieces = Vec::new();
    pieces.extend(replaced(cx, session).await?);
    pieces.extend(replaced_for_another(cx, session).await?);
    Ok(pieces)
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

/// A second sign-up under the name of the account, with another password; `None` where none is declared, or it is only asked to wait.
async fn signed_up_again(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let other = Login { password: crate::verify::fresh_password(), ..session.login.clone() };
    let Some(probe) = cx.registry.signup_probe(&other) else { return Ok(None) };
    let answer = cx.send(&probe.impatient()).await?;
    if asks_to_wait(&answer) {
        return Ok(None);
    }
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

/// A change of the password with a wrong one in the place of the old, and, where that is refused, with none at all; `None` where none is declared,
/// or it asks for no old one.
async fn replaced(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let Some(call) = &cx.target.accounts.password else { return Ok(None) };
    if !call.body.to_string().contains("{password}") {
        return Ok(None);
    }
    let unknowing =
        Session { login: Login { password: crate::verify::fresh_password(), ..session.login.clone() }, ..session.clone() };
    let mut unproven = call.clone();
    if let Some(members) = unproven.body.as_object_mut() {
        members.retain(|_, value| value != "{password}");
    }
    let wrong = without_proof(cx, (call, session), &unknowing, "a new password with a wrong old one").await?;
    if wrong.finding == Finding::Broken || unproven.body == call.body {
        return Ok(Some(wrong));
    }
    let missing = without_proof(cx, (&unproven, session), &unknowing, "a new password without the old one").await?;
    Ok(Some(if missing.finding > wrong.finding { missing } else { wrong }))
}

/// A change of the password of `session` as somebody would send it who does not know the old one.
async fn without_proof(
    cx: &Context,
    (call, session): (&Call, &Session),
    unknowing: &Session,
    label: &str,
) -> Result<Evidence, Trouble> {
    let answer = cx.send(&cx.registry.probe(call, unknowing, &session.login.next_password()).bearer(&session.user.token)).await?;
    if answer.is_success() {
        // The account is deleted with what signs in to it now.
        cx.registry.sign_in(&Login { password: session.login.next_password(), ..session.login.clone() }).await?;
    }
    let (finding, observed) = match answer.status {
        status @ 200..=299 => (Finding::Broken, format!("{status}: whoever finds a session open takes the account over")),
        status @ 500..=599 => (Finding::Weak, format!("refused by falling over: {status}")),
        status => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Judgement { finding, observed }.seen(&answer, label))
}
