//! What came of writes that were refused: a guard that answers 401 and forgets to return lets the handler run all the same.

use futures::future::try_join_all;

use crate::checks::objects::settle;
use crate::checks::{Context, Judgement, Object, User};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::run::Evidence;

use super::writes::writes;

/// A's own look after writes with a bad token: what a creation with the `canary` made, and what became of `object`. Others attack it too, so that
/// harm to it is confirmed on an object that nothing but the bad `token` was tried on.
pub(super) async fn carried_out(cx: &Context, object: &Object, canary: &str, token: &Credential) -> Result<Vec<Evidence>, Trouble> {
    let a = cx.a()?;
    settle().await;
    let listed = cx.fresh(&Probe::get(cx.list_path(a)).bearer(&a.token)).await?;
    let judgement = if listed.contains(canary) {
        Judgement::broken("it holds what was created with a bad token, whatever that was answered")
    } else {
        Judgement::held("nothing that a bad token created")
    };
    let mut pieces = vec![judgement.seen(&listed, "A's list after that")];
    if cx.target.resource.offers.get && harm(cx, a, object).await?.is_some() {
        pieces.extend(confirmed(cx, a, canary, token).await?);
    }
    Ok(pieces)
}

/// The writes once more, on an object of their own.
async fn confirmed(cx: &Context, a: &User, canary: &str, token: &Credential) -> Result<Option<Evidence>, Trouble> {
    let object = cx.objects.create(a).await?;
    let probes: Vec<_> = writes(cx, &object, canary)?.into_iter().map(|probe| probe.bearer(token)).collect();
    try_join_all(probes.iter().map(|probe| cx.send(probe))).await?;
    settle().await;
    let harmed = harm(cx, a, &object).await?;
    let broken = || Judgement::broken("changed or deleted with a bad token, whatever that was answered");
    Ok(harmed.map(|answer| broken().seen(&answer, "A's object after that")))
}

/// What A sees of an object that somebody without a good token changed or deleted.
async fn harm(cx: &Context, a: &User, object: &Object) -> Result<Option<Answer>, Trouble> {
    let answer = cx.fresh(&cx.item(a, &object.id)).await?;
    let harmed = matches!(answer.status, 404 | 410) || answer.contains(&format!("{} by nobody", object.canary));
    Ok(Some(answer).filter(|_| harmed))
}
