//! Objects that a service counts from one for each user: to B, A's id is then the id of an object of B's own. By it, B can ask for nothing of
//! A's, and what B wrote there would be written to what may be no object of this run.

use crate::checks::{Checked, Context, Object, Outcome, User};
use crate::http::{Answer, Probe, Trouble};

/// A check that asks by A's id; SKIP where that reaches what is B's own.
pub(super) async fn by_id<F: Future<Output = Checked>>(cx: Context, check: impl FnOnce(Context) -> F) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let names_user = cx.item_path(a, "1") != cx.item_path(b, "1");
    if !names_user && are_counted_apart(&cx).await? {
        return Ok(Outcome::skip("each user's objects are counted from one: to B, A's id is the id of an object of B's own"));
    }
    check(cx).await
}

/// Whether A's objects and B's are counted apart: each has a number, and one of the two gets an own object by the number of the other's.
pub(super) async fn are_counted_apart(cx: &Context) -> Result<bool, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    if !cx.target.resource.offers.get {
        return Ok(false);
    }
    let (of_a, of_b) = tokio::try_join!(cx.objects.witness(a), cx.objects.witness(b))?;
    if [&of_a, &of_b].iter().any(|object| object.id.parse::<u64>().is_err()) {
        return Ok(false);
    }
    let (to_b, to_a) = tokio::try_join!(asked(cx, b, &of_a), asked(cx, a, &of_b))?;
    Ok(is_another(cx, &to_b, &of_a) || is_another(cx, &to_a, &of_b))
}

/// What `user` gets by the id of somebody else's `object`, at the own path.
async fn asked(cx: &Context, user: &User, object: &Object) -> Result<Answer, Trouble> {
    cx.once(&Probe::get(cx.item_path(user, &object.id)).bearer(&user.token)).await
}

/// Whether the answer is an object of that id, but not that one.
fn is_another(cx: &Context, answer: &Answer, object: &Object) -> bool {
    let id = answer.json().filter(|_| answer.is_success()).and_then(|json| cx.target.resource.id(&json));
    id.as_ref() == Some(&object.id) && !answer.contains(&object.canary)
}
