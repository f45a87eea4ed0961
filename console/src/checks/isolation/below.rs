//! What B writes at and below A's object, on routes beside the declared ones, where the operator allows it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::checks::{Checked, Context, Judgement, Role, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;
use crate::target::{Route, SAMPLE};

use super::routes::MOST;
use super::stage::{Victim, attacked, conclude, missing_for, piece};
use super::{apart, judge};

/// Every unsafe method of every route that takes an id, by B: whether they did something shows in A's object afterwards. Beside the evidence, how
/// many were refused for their body.
pub(super) async fn written(cx: &Context) -> Result<(Vec<Evidence>, usize), Trouble> {
    let unread = &AtomicUsize::new(0);
    let outcome = attacked(cx, Role::Contested, |victim| async move { all(cx, &victim, unread).await }).await?;
    Ok((outcome.evidence, unread.load(Ordering::Relaxed)))
}

async fn all(cx: &Context, victim: &Victim, unread: &AtomicUsize) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let mut pieces = Vec::new();
    unread.store(0, Ordering::Relaxed);
    // At B's own path there may be an object of B's with the same number.
    let most = if apart::are_counted_apart(cx).await? { 1 } else { 2 };
    let (routes, left_out) = cx.some_of(cx.further_routes().filter(|route| route.takes_id()).collect(), MOST);
    for route in routes {
        let at = |user: &User| route.filled(&victim.object.id, user.subject.as_deref().unwrap_or("me"));
        let mut paths = vec![at(a), at(b)];
        paths.dedup();
        paths.truncate(most);
        for (method, path) in pairs(route, &paths) {
            pieces.extend(tried(cx, victim, Write { route, method: &method, path: &path }, unread).await?);
        }
    }
    Ok(conclude(&format!("B changes nothing of A's{left_out}"), pieces))
}

/// Every unsafe method of a route with every path.
fn pairs(route: &Route, paths: &[String]) -> Vec<(String, String)> {
    route.writes().flat_map(|method| paths.iter().map(|path| (method.to_owned(), path.clone()))).collect()
}

/// What B sends.
#[derive(Clone, Copy)]
struct Write<'a> {
    route: &'a Route,
    method: &'a str,
    path: &'a str,
}

/// One write and what came of it; nothing where its body was refused for everybody, which is counted.
async fn tried(cx: &Context, victim: &Victim, write: Write<'_>, unread: &AtomicUsize) -> Result<Option<Evidence>, Trouble> {
    let (Write { route, method, path }, b) = (write, cx.b()?);
    let mark = format!("pf{}", cx.random(&format!("isolation.routes/{method} {path}")));
    let body = marked(route.body(method), &mark);
    let answer = cx.send(&Probe::new(method, path).json(&body).bearer(&b.token)).await?;
    // What B was given of it would show in the lists of B that other checks read.
    if let Some(copy) = cx.made(b, &answer).await.filter(|copy| *copy != victim.object.id) {
        cx.send(&Probe::new("DELETE", cx.item_path(b, &copy)).bearer(&b.token)).await?;
    }
    let judgement = match (victim.leaks_in(&answer) && !cx.target.is_read_by_others(), answer.status) {
        (true, status) => Some(judge::harmless(status, true)),
        (false, 400 | 415 | 422) => {
            unread.fetch_add(1, Ordering::Relaxed);
            objected(cx, victim, write, &answer).await?
        }
        (false, 200..=299) => Some(done(cx, victim, write, &answer, &mark).await?),
        (false, status) => Some(judge::harmless(status, false)),
    };
    Ok(judgement.map(|judgement| piece(&answer, format!("B: {method} {path}"), judgement)))
}

/// What the body is refused for everybody says nothing of who asked.
async fn objected(cx: &Context, victim: &Victim, write: Write<'_>, answer: &Answer) -> Result<Option<Judgement>, Trouble> {
    let tells = |status: u16| cx.target.policy.uniform_foreign && matches!(status, 403 | 404 | 410);
    let status = for_nothing(cx, victim, write).await?;
    Ok(tells(status).then(|| {
        let words = "for an id that nothing has: whose A's object is was not looked at before the body";
        Judgement::weak(format!("{}, but {status} {words}", answer.status))
    }))
}

/// A write that was answered with success. Where users read each other's objects, they may answer them as well.
async fn done(cx: &Context, victim: &Victim, write: Write<'_>, answer: &Answer, mark: &str) -> Result<Judgement, Trouble> {
    let status = answer.status;
    if cx.target.is_read_by_others() && is_an_answer(write.route, write.method) {
        return Ok(Judgement::held(format!("{status}: who may read it may answer it")));
    }
    if (400..500).contains(&for_nothing(cx, victim, write).await?) {
        return Ok(Judgement::broken(format!("{status}: it was done to A's object; of an id that nothing has it is refused")));
    }
    if is_shown_to_a(cx, write, mark).await? {
        return Ok(Judgement::broken(format!("{status}: A is shown there what B wrote")));
    }
    Ok(judge::harmless(status, false))
}

/// Whether a write below an object is an answer to it, a comment or a mark of whoever sends it, or takes such a mark back.
fn is_an_answer(route: &Route, method: &str) -> bool {
    let marks = || route.writes().any(|method| matches!(method, "POST" | "PUT"));
    let is_below = !route.path.trim_end_matches('/').ends_with('}');
    method == "POST" || (is_below && marks() && matches!(method, "PUT" | "DELETE"))
}

/// How the same of B's is answered for an id that nothing has: a success that this has as well says nothing of A's object.
async fn for_nothing(cx: &Context, victim: &Victim, Write { route, method, .. }: Write<'_>) -> Result<u16, Trouble> {
    let (b, missing) = (cx.b()?, missing_for(cx, &victim.object.id, &route.path, method));
    let path = route.filled(&missing, b.subject.as_deref().unwrap_or("me"));
    Ok(cx.send(&Probe::new(method, path).json(&route.body(method)).bearer(&b.token)).await?.status)
}

/// Whether A, who reads what lies below the own object, is shown what B wrote there.
async fn is_shown_to_a(cx: &Context, Write { route, path, .. }: Write<'_>, mark: &str) -> Result<bool, Trouble> {
    if !route.reads() {
        return Ok(false);
    }
    let answer = cx.send(&Probe::get(path).bearer(&cx.a()?.token)).await?;
    Ok(answer.is_success() && answer.contains(mark))
}

/// A sample body with a mark of its own in the place of the texts that stand for any.
pub(super) fn marked(body: Value, mark: &str) -> Value {
    match body {
        Value::String(text) if text.starts_with(SAMPLE) => Value::String(mark.to_owned()),
        Value::Array(items) => items.into_iter().map(|item| marked(item, mark)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, marked(value, mark))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[rstest::rstest]
    #[case::comment("/articles/{id}/comments", &["GET", "POST"], "POST", true)]
    #[case::takes_a_mark_back("/articles/{id}/favorite", &["POST", "DELETE"], "DELETE", true)]
    #[case::star("/gists/{id}/star", &["PUT", "DELETE"], "PUT", true)]
    #[case::pin_of_the_owner("/articles/{id}/pin", &["DELETE"], "DELETE", false)]
    #[case::child("/articles/{id}/comments/{comment}", &["PUT", "DELETE"], "DELETE", false)]
    fn what_answers_an_object_is_told_from_what_changes_it(
        #[case] path: &str,
        #[case] methods: &[&str],
        #[case] method: &str,
        #[case] answers: bool,
    ) {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        let route = Route::by_hand(path, methods, crate::target::RouteAuth::Bearer, &crate::target::Paths::default());
        assert_eq!(is_an_answer(&route, method), answers);
    }

    #[test]
    fn texts_that_stand_for_any_are_marked_and_others_are_not() {
        let body = json!({ "text": "postflightxxxx", "kind": "note", "tags": ["postflight"], "mail": "a@example.com", "n": 1 });
        let expected = json!({ "text": "pf1", "kind": "note", "tags": ["pf1"], "mail": "a@example.com", "n": 1 });
        assert_eq!(marked(body, "pf1"), expected);
    }
}
