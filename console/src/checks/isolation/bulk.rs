//! Declared routes that act on several objects: one id of another's among the own ones touches nothing of another's.

use std::sync::Arc;

use serde_json::Value;

use crate::checks::json_id::json_id;
use crate::checks::{Checked, Context, Judgement, Object, Outcome, Role, User};
use crate::http::{Answer, Probe, Trouble};
use crate::target::Bulk;

use super::apart;
use super::stage::{Victim, attacked, conclude, look, piece, settle};

/// B names an own object and A's in one request of every declared bulk route. What B may do with the own one shows that the route works.
pub(super) async fn writes(cx: Context) -> Checked {
    if cx.target.resource.bulk.is_empty() {
        return Ok(Outcome::skip("no bulk route is declared; name them under `task.bulk` in postflight.toml"));
    }
    if apart::are_counted_apart(&cx).await? {
        return Ok(Outcome::skip(
            "each user's objects are counted from one: in a bulk route, A's id is the id of an object of B's own",
        ));
    }
    let mut pieces = Vec::new();
    let cx = &cx;
    for route in &cx.target.resource.bulk {
        let outcome = attacked(cx, Role::Contested, |victim: Arc<Victim>| async move { mixed(cx, route, &victim).await }).await?;
        pieces.extend(outcome.evidence);
    }
    Ok(conclude("no bulk route touches what is another's", pieces))
}

/// One request with an id of each, and what became of B's own object.
async fn mixed(cx: &Context, route: &Bulk, victim: &Victim) -> Checked {
    let b = cx.b()?;
    let own = cx.objects.create(b).await?;
    let answer = cx.send(&probe(route, b, &[&own.id, &victim.object.id])).await?;
    let (done, after) = was_touched(cx, b, &own).await?;
    let label = format!("B: {} {} with an own id and A's", route.method, route.path);
    let mut pieces = vec![piece(&answer, &label, of_mixed(&answer, done, victim.is_shown_in(&answer)))];
    if !done {
        let alone = cx.send(&probe(route, b, &[&own.id])).await?;
        let works = if alone.is_success() {
            Judgement::held(alone.status.to_string())
        } else {
            Judgement::unclear(format!("{}: the route does not work for what is B's own either", alone.status))
        };
        pieces.push(piece(&alone, "B: the same with the own id alone", works));
    } else if matches!(after.status, 404 | 410) {
        cx.objects.deleted(&own.id).await;
    }
    Ok(conclude("nothing of A's", pieces))
}

/// The request for these ids.
fn probe(route: &Bulk, user: &User, ids: &[&str]) -> Probe {
    let path = user.path(&route.path).replace("{ids}", &ids.join(","));
    let probe = Probe::new(&route.method, path).bearer(&user.token);
    let ids: Value = ids.iter().map(|id| json_id(id)).collect();
    if route.body.is_null() { probe } else { probe.json(&filled(&route.body, &ids)) }
}

/// The body with the ids where it says `"{ids}"`.
fn filled(body: &Value, ids: &Value) -> Value {
    match body {
        Value::String(text) if text == "{ids}" => ids.clone(),
        Value::Array(items) => items.iter().map(|item| filled(item, ids)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value, ids))).collect(),
        other => other.clone(),
    }
}

/// Whether B's own object is another one than before, or gone.
async fn was_touched(cx: &Context, b: &User, own: &Object) -> Result<(bool, Answer), Trouble> {
    settle().await;
    match look(cx, b, own).await {
        Ok(after) => {
            let before = own.read.as_ref().map(|read| &read.body);
            Ok((!after.is_success() || before.is_some_and(|before| *before != after.body), after))
        }
        Err(Trouble::Unexpected(_)) => Ok((true, cx.send(&cx.list(b)).await?)),
        Err(trouble) => Err(trouble),
    }
}

/// Passing over what is another's is as good as refusing all of it; a refusal that has done a part is remarked.
fn of_mixed(answer: &Answer, done: bool, leaked: bool) -> Judgement {
    let status = answer.status;
    match status {
        _ if leaked => Judgement::broken(format!("{status} with what is A's in it")),
        500.. => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        400..=499 if done => Judgement::weak(format!("{status}: called refused, but done to B's own object")),
        _ => Judgement::held(status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::run::Finding;

    #[test]
    fn ids_stand_where_the_body_says_so() {
        let body = json!({ "action": "delete", "items": { "ids": "{ids}" } });
        assert_eq!(filled(&body, &json!([1, 2])), json!({ "action": "delete", "items": { "ids": [1, 2] } }));
    }

    #[rstest]
    #[case::passed_over(200, true, false, Finding::Held)]
    #[case::refused_as_a_whole(404, false, false, Finding::Held)]
    #[case::half_done(403, true, false, Finding::Weak)]
    #[case::fell_over(500, false, false, Finding::Weak)]
    #[case::told(207, true, true, Finding::Broken)]
    fn a_part_may_be_passed_over_and_a_whole_refused(
        #[case] status: u16,
        #[case] done: bool,
        #[case] leaked: bool,
        #[case] finding: Finding,
    ) {
        assert_eq!(of_mixed(&Answer::canned(status, &[], ""), done, leaked).finding, finding);
    }
}
