//! Attacks on the account of somebody else: at its own route, and by its id in a body.

use serde_json::Value;

use super::change::{Change, account, harmless, looked_at, objects, of_objection, path};
use crate::checks::isolation::stage::settle;
use crate::checks::json_id::json_id;
use crate::checks::{Context, Judgement, Session, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

/// B changes the account of the victim.
pub(super) async fn changed_by_b(cx: &Context, victim: &Session, change: Change<'_>) -> Result<Evidence, Trouble> {
    let Change { route, method } = change;
    let before = looked_at(cx, victim, route).await?;
    let mark = format!("pf{}", cx.random(&format!("isolation.accounts {method} {}", route.path)));
    let sent = async |body: &Value, by: &User| cx.send(&change.probe(cx, victim, body).bearer(&by.token)).await;
    // Some object to what the account itself says, such as a name that is taken, namely by itself.
    let bodies = [harmless(method, before.as_ref(), &mark), harmless("PATCH", before.as_ref(), &mark)];
    let (mut body, mut answer) = (&bodies[0], sent(&bodies[0], cx.b()?).await?);
    if objects(&answer) && bodies[1] != bodies[0] {
        (body, answer) = (&bodies[1], sent(&bodies[1], cx.b()?).await?);
    }
    settle().await;
    let after = looked_at(cx, victim, route).await?;
    let done = after.is_some_and(|after| after.contains(&mark)) || (answer.is_success() && answer.contains(&mark));
    let judgement = if objects(&answer) && !done {
        let own = sent(body, &victim.user).await?;
        of_objection(&answer, &own)
    } else {
        of_attempt(&answer, done, "changed")
    };
    Ok(judgement.seen(&answer, format!("B: {method} {} of another account", route.path)))
}

/// Members by which a body would say whose account is meant.
const WHOSE: [&str; 4] = ["id", "user_id", "userId", "_id"];

/// The other account of this run changes its own, and its body names the victim's. `None` where nothing shows what becomes of the victim's.
pub(super) async fn named_in_body(
    cx: &Context,
    victim: &Session,
    other: &Session,
    change: Change<'_>,
) -> Result<Option<Evidence>, Trouble> {
    let Change { route, method } = change;
    let Some(subject) = victim.user.subject.as_deref() else { return Ok(None) };
    let Some(before) = looked_at(cx, victim, route).await? else { return Ok(None) };
    let mark = format!("pf{}", cx.random(&format!("isolation.accounts/id {method} {}", route.path)));
    let own = looked_at(cx, other, route).await?;
    let shown = |name: &&str| account(&before).contains_key(*name);
    let names: Vec<_> = WHOSE.into_iter().filter(shown).collect();
    let names = if names.is_empty() { WHOSE.to_vec() } else { names };
    let sent = async |members: &Value| cx.send(&change.probe(cx, other, members).bearer(&other.user.token)).await;
    let plain = harmless(method, own.as_ref(), &mark);
    let mut naming = plain.as_object().cloned().unwrap_or_default();
    naming.extend(names.into_iter().map(|name| (name.to_owned(), json_id(subject))));
    let answer = sent(&Value::Object(naming)).await?;
    settle().await;
    let after = looked_at(cx, victim, route).await?;
    let judgement = match answer.status {
        status if after.is_some_and(|after| after.contains(&mark)) => {
            Judgement::broken(format!("{status}: the account that the body names was changed"))
        }
        _ if objects(&answer) => of_objection(&answer, &sent(&plain).await?),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("{status}, and the account that the body names is as before")),
    };
    Ok(Some(judgement.seen(&answer, format!("{method} {} of the own account, with the id of another one", route.path))))
}

/// B deletes the account of the victim, which then is let in no more.
pub(super) async fn deleted_by_b(
    cx: &Context,
    victim: &Session,
    Change { route, method }: Change<'_>,
) -> Result<Evidence, Trouble> {
    let answer = cx.send(&Probe::new(method, path(route, victim)).bearer(&cx.b()?.token)).await?;
    let mut gone = false;
    if answer.is_success() {
        settle().await;
        let before = looked_at(cx, victim, route).await?.is_some();
        let login = cx.registry.login_probe(&victim.login);
        let opens = match login {
            Some(login) => cx.registry.brings_token(&cx.send(&login.impatient()).await?),
            None => before,
        };
        gone = !opens;
        if gone {
            cx.registry.deleted(victim).await;
        }
    }
    Ok(of_attempt(&answer, gone, "deleted").seen(&answer, format!("B: {method} {} of another account", route.path)))
}

fn of_attempt(answer: &Answer, done: bool, what: &str) -> Judgement {
    match answer.status {
        status if done => Judgement::broken(format!("{status}: the account is {what} by somebody else")),
        status @ 200..=299 => Judgement::weak(format!("{status}, though nothing of the account is {what}")),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("refused: {status}")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::run::Finding;

    #[rstest]
    #[case::refused(403, false, Finding::Held)]
    #[case::done(200, true, Finding::Broken)]
    #[case::done_behind_a_refusal(403, true, Finding::Broken)]
    #[case::nothing_done(204, false, Finding::Weak)]
    fn what_becomes_of_the_account_counts(#[case] status: u16, #[case] done: bool, #[case] finding: Finding) {
        assert_eq!(of_attempt(&Answer::canned(status, &[], ""), done, "changed").finding, finding);
    }
}
