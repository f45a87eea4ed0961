//! Changes of one's own account that ask for too much: powers, and the address of somebody else.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::change::{Change, EMAILS, account, denied, harmless, kept, looked_at, objects, of_objection};
use crate::checks::isolation::powers::opened;
use crate::checks::roles::{asked_for, gather, powers};
use crate::checks::{Context, Judgement, Session};
use crate::http::{Answer, Trouble};
use crate::run::{Evidence, Finding};

/// The victim gives itself what makes an administrator: all the usual names at once, or one of them where the service objects to that, or what the
/// account itself says that it is not.
pub(super) async fn given_powers(cx: &Context, victim: &Session, change: Change<'_>) -> Result<Evidence, Trouble> {
    let Change { route, method } = change;
    let before = looked_at(cx, victim, route).await?;
    let mut had = powers(victim);
    gather(&before.as_ref().and_then(Answer::json).unwrap_or_default(), &mut had);
    let kept = kept(method, before.as_ref().map(account).unwrap_or_default());
    let all = asked_for();
    let only =
        |wanted: &str| -> Map<_, _> { all.get(wanted).map(|value| (wanted.to_owned(), value.clone())).into_iter().collect() };
    let (usual, flag) = (only("role"), only("is_superuser"));
    let own = before.as_ref().map(account).map(|account| denied(&account)).unwrap_or_default();
    let beside = |asked: Map<String, Value>| kept.clone().into_iter().chain(asked).collect();
    let bodies = [beside(all), beside(usual), beside(flag), own];
    let (mut answer, mut gained) = (None, BTreeSet::new());
    for body in bodies.into_iter().filter(|body: &Map<_, _>| !body.is_empty()) {
        let probe = change.probe(cx, victim, &Value::Object(body));
        let told = cx.send(&probe.bearer(&victim.user.token)).await?;
        let objected = objects(&told);
        if told.is_success() {
            gather(&told.json().unwrap_or_default(), &mut gained);
            let after = looked_at(cx, victim, route).await?;
            gather(&after.and_then(|after| after.json()).unwrap_or_default(), &mut gained);
        }
        answer = Some(told);
        if !objected {
            break;
        }
    }
    let answer = answer.ok_or_else(|| Trouble::Unexpected("nothing was asked".into()))?;
    let gained: Vec<_> = gained.difference(&had).cloned().collect();
    if gained.is_empty() && answer.is_success() {
        // A service need not say what it has granted.
        let opened = opened(cx, victim).await?.into_iter().find(|piece| piece.finding == Finding::Broken);
        if let Some(door) = opened {
            return Ok(door);
        }
    }
    let judgement = match answer.status {
        status if !gained.is_empty() => Judgement::broken(format!("{status}: the account says {} now", gained.join(", "))),
        status @ 200..=299 => Judgement::held(format!("{status}, and the account says nothing more than before")),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        // What is refused for the form of its body says nothing of the powers in it.
        _ if objects(&answer) => {
            let mark = format!("pf{}", cx.random(&format!("isolation.accounts/own {method} {}", route.path)));
            let plain = change.probe(cx, victim, &harmless(method, before.as_ref(), &mark));
            of_objection(&answer, &cx.send(&plain.bearer(&victim.user.token)).await?)
        }
        status => Judgement::held(format!("refused: {status}")),
    };
    Ok(judgement.seen(&answer, format!("{method} {} of the own account, as an administrator", route.path)))
}

/// The victim gives its own account the e-mail address of another one, which would be taken over with it. `None` where the account holds none.
pub(super) async fn readdressed(
    cx: &Context,
    victim: &Session,
    other: &Session,
    change: Change<'_>,
) -> Result<Option<Evidence>, Trouble> {
    let Change { route, method } = change;
    let Some(before) = looked_at(cx, victim, route).await? else { return Ok(None) };
    let now = account(&before);
    let Some(name) = EMAILS.into_iter().find(|name| now.get(*name).is_some_and(Value::is_string)) else { return Ok(None) };
    // Not every sign-up tells an address: what the other's account holds is what could be taken.
    let told = looked_at(cx, other, route).await?;
    let Some(taken) = told.and_then(|told| account(&told).remove(name)).filter(Value::is_string) else { return Ok(None) };
    let mut now = kept(method, now);
    now.insert(name.to_owned(), taken.clone());
    let probe = change.probe(cx, victim, &Value::Object(now));
    let answer = cx.send(&probe.bearer(&victim.user.token)).await?;
    let after = looked_at(cx, victim, route).await?;
    let holds = after.is_some_and(|after| account(&after).get(name) == Some(&taken));
    // Where all tokens name one subject, it tells nobody from anybody.
    let apart = other.user.claimed_subject() != victim.user.claimed_subject();
    let judgement = match answer.status {
        status if holds => Judgement::broken(format!("{status}: two accounts have one address now")),
        status @ 200..=299 if apart && cx.registry.holds_token_of(&answer, other) => {
            Judgement::broken(format!("{status}: the answer signs in to the account whose address it is"))
        }
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("{status}, and the address is the other's alone")),
    };
    Ok(Some(judgement.seen(&answer, format!("{method} {} of the own account, with the address of another one", route.path))))
}
