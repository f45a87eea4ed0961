//! Further resources of a document: collections beside the declared one, such as labels or projects. What A alone has there is nobody else's
//! either.
//!
//! An object of A's is made where the operator allows unsafe routes, A was signed up for the run, and it can be deleted again. Else one is taken that is
//! there: one that A's list shows and B's does not.

use serde_json::Value;

use crate::checks::objects::settle;
use crate::checks::{Context, Judgement, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::{PARENT_ID, Route, Tokens};

use super::below::marked;
use super::stage::{Victim, missing_for, piece};
use super::{judge, references, routes};

/// Collections that are asked at most, and routes below a member of each.
const MOST: usize = 4;
const BELOW: usize = 3;

/// What B sees and does of A's in further collections; and how many of those have something to see.
pub(super) async fn asked(cx: &Context, victim: &Victim) -> Result<(Vec<Evidence>, usize), Trouble> {
    let (mut pieces, mut told) = (Vec::new(), 0);
    for sibling in found(cx).into_iter().take(if cx.exhaustive { usize::MAX } else { MOST }) {
        let Some(object) = sibling.object_of_a(cx).await? else { continue };
        let seen = sibling.tried(cx, victim, &object).await;
        if object.made {
            sibling.deleted(cx, &object).await;
        }
        let seen = seen?;
        told += usize::from(!seen.is_empty());
        pieces.extend(seen);
    }
    Ok((pieces, told))
}

/// A collection and what there is of one of its members.
struct Sibling<'a> {
    collection: &'a Route,
    /// The route of one member.
    member: &'a Route,
    /// Routes below that.
    below: Vec<&'a Route>,
    /// The name of the placeholder for the member's id.
    id: &'a str,
}

/// A member that is A's alone.
struct Mine {
    id: String,
    /// Whether this run made it.
    made: bool,
}

/// The collections that a document describes with a route of their members.
fn found(cx: &Context) -> Vec<Sibling<'_>> {
    cx.further_routes().filter(|route| is_private(cx, route)).filter_map(|member| sibling(cx, member)).collect()
}

/// Whether something may be made in further collections: no journal knows of it, so that only the end of an account that this run signed up takes
/// it along where the run is killed.
fn may_make(cx: &Context) -> bool {
    let goes_along = matches!(cx.target.tokens, Tokens::Signup) && cx.target.accounts.delete.is_some();
    cx.target.allow_unsafe_routes && cx.writes && goes_along
}

/// Whether a route may be of what is one user's; not so where the operator says that it is shared, and users have checks of their own.
fn is_private(cx: &Context, route: &Route) -> bool {
    !cx.target.is_shared(route) && !route.names_user() && !route.path.contains(PARENT_ID)
}

/// The collection that `member` is the route of one member of; what objects live in is asked elsewhere.
fn sibling<'a>(cx: &'a Context, member: &'a Route) -> Option<Sibling<'a>> {
    let (base, last) = member.path.trim_end_matches('/').rsplit_once('/')?;
    let id = last.strip_prefix('{')?.strip_suffix('}')?;
    let mut routes = cx.further_routes().filter(|route| is_private(cx, route));
    let collection =
        routes.find(|route| route.reads() && route.path.trim_end_matches('/') == base).filter(|_| !base.contains('{'))?;
    let beginning = format!("{}/", member.path.trim_end_matches('/'));
    let below = cx.further_routes().filter(|route| route.reads() && route.path.starts_with(&beginning) && is_private(cx, route));
    Some(Sibling { collection, member, below: below.take(BELOW).collect(), id })
}

impl Sibling<'_> {
    fn at(&self, route: &Route, id: &str) -> String {
        // The placeholder may be called like that of the declared resource.
        route.with_sample(self.id, id).filled(id, "me")
    }

    fn list_of(&self, user: &User) -> Probe {
        Probe::get(self.collection.filled("", "me")).bearer(&user.token)
    }

    /// Where a user sees a member: by its own route, or in the list.
    fn seen_by(&self, user: &User, id: &str) -> Probe {
        if self.member.reads() { Probe::get(self.at(self.member, id)).bearer(&user.token) } else { self.list_of(user) }
    }

    /// Whether an answer to [`Self::seen_by`] shows it.
    fn is_there(&self, cx: &Context, answer: &Answer, id: &str) -> bool {
        answer.is_success() && (self.member.reads() || listed(cx, answer).is_some_and(|ids| ids.iter().any(|other| other == id)))
    }

    /// One that this run makes as A, where it may; else one that A's list shows and B's does not.
    async fn object_of_a(&self, cx: &Context) -> Result<Option<Mine>, Trouble> {
        if let Some(id) = self.made(cx).await? {
            return Ok(Some(Mine { id, made: true }));
        }
        let (of_a, of_b) = (self.list_of(cx.a()?), self.list_of(cx.b()?));
        let (of_a, of_b) = tokio::try_join!(cx.once(&of_a), cx.once(&of_b))?;
        let (Some(of_a), Some(of_b)) = (listed(cx, &of_a), listed(cx, &of_b)) else { return Ok(None) };
        Ok(of_a.into_iter().find(|id| !of_b.contains(id)).map(|id| Mine { id, made: false }))
    }

    async fn made(&self, cx: &Context) -> Result<Option<String>, Trouble> {
        let creates = self.collection.writes().any(|method| method == "POST");
        let deletes = self.member.writes().any(|method| method == "DELETE");
        if !(may_make(cx) && creates && deletes) {
            return Ok(None);
        }
        let body = marked(self.collection.body("POST"), &self.mark(cx, "made"));
        let answer = cx.send(&Probe::post(self.collection.filled("", "me"), &body).bearer(&cx.a()?.token)).await?;
        Ok(answer.json().filter(|_| answer.is_success()).and_then(|body| id_in(cx, &body)))
    }

    /// A text of this run's own.
    fn mark(&self, cx: &Context, what: &str) -> String {
        format!("pf{}", cx.random(&format!("isolation.routes/{}/{what}", self.member.path)))
    }

    async fn deleted(&self, cx: &Context, object: &Mine) {
        let Ok(a) = cx.a() else { return };
        let _ = cx.send(&Probe::new("DELETE", self.at(self.member, &object.id)).bearer(&a.token)).await;
    }

    /// What B sees of it and, where it was made for this, does to it. Nothing where A does not see it, or everybody may.
    async fn tried(&self, cx: &Context, victim: &Victim, object: &Mine) -> Result<Vec<Evidence>, Trouble> {
        let (a, b) = (cx.a()?, cx.b()?);
        let nobody = Probe::get(self.at(self.member, &object.id));
        let (own, list) = (self.seen_by(a, &object.id), self.list_of(b));
        let (own, nobody, list) = tokio::try_join!(cx.send(&own), cx.send(&nobody), cx.send(&list))?;
        let is_shared = listed(cx, &list).is_some_and(|ids| ids.contains(&object.id));
        if !self.is_there(cx, &own, &object.id) || nobody.is_success() || is_shared {
            return Ok(Vec::new());
        }
        let mut pieces = Vec::new();
        if self.member.reads() {
            pieces.push(self.compared(cx, victim, self.member, object, &own).await?);
        }
        for route in &self.below {
            let own = cx.send(&Probe::get(self.at(route, &object.id)).bearer(&a.token)).await?;
            if own.is_success() {
                pieces.push(self.compared(cx, victim, route, object, &own).await?);
            }
        }
        // What this run did not make is read, and nothing is put into it.
        if object.made {
            pieces.extend(references::named(cx, victim, self.collection, &object.id).await?);
            pieces.extend(self.written(cx, object).await?);
        }
        Ok(pieces)
    }

    /// B asks what A was answered by `own`, and the same of an id that nothing has.
    async fn compared(&self, cx: &Context, victim: &Victim, route: &Route, of: &Mine, own: &Answer) -> Result<Evidence, Trouble> {
        let b = cx.b()?;
        let at = |id: &str| Probe::get(self.at(route, id)).bearer(&b.token);
        let (as_b, nothing) = (at(&of.id), at(&missing_for(cx, &of.id, &route.path, "GET")));
        let (as_b, nothing) = tokio::try_join!(cx.send(&as_b), cx.send(&nothing))?;
        let judgement = routes::judged(true, [own, &as_b, &nothing], victim);
        Ok(piece(&as_b, format!("B: GET {} of A's", route.path), judgement))
    }

    /// B changes and deletes it, and A looks after each.
    async fn written(&self, cx: &Context, object: &Mine) -> Result<Vec<Evidence>, Trouble> {
        let (a, b) = (cx.a()?, cx.b()?);
        let mut pieces: Vec<Evidence> = Vec::new();
        for method in ["PATCH", "PUT", "DELETE"].into_iter().filter(|method| self.member.writes().any(|known| known == *method)) {
            if pieces.iter().any(|piece| piece.finding == Finding::Broken) {
                break;
            }
            let mark = self.mark(cx, method);
            let probe = Probe::new(method, self.at(self.member, &object.id)).bearer(&b.token);
            let probe = if method == "DELETE" { probe } else { probe.json(&marked(self.member.body(method), &mark)) };
            let answer = cx.send(&probe).await?;
            let harm = if answer.is_success() { self.harm(cx, a, object, &mark).await? } else { None };
            let judgement = match harm {
                Some(harm) => Judgement::broken(format!("{}: {harm}", answer.status)),
                None => judge::harmless(answer.status, false),
            };
            pieces.push(piece(&answer, format!("B: {method} {} of A's", self.member.path), judgement));
        }
        Ok(pieces)
    }

    async fn harm(&self, cx: &Context, a: &User, object: &Mine, mark: &str) -> Result<Option<&'static str>, Trouble> {
        settle().await;
        let now = cx.send(&self.seen_by(a, &object.id)).await?;
        Ok(match () {
            () if self.is_there(cx, &now, &object.id) => now.contains(mark).then_some("A's is changed"),
            () if now.is_success() || matches!(now.status, 404 | 410) => Some("A no longer has it"),
            () => None,
        })
    }
}

/// The ids of a list, as it is or in an envelope; `None` where it holds none.
fn listed(cx: &Context, answer: &Answer) -> Option<Vec<String>> {
    let body = answer.json().filter(|_| answer.is_success())?;
    let items = items(&body)?;
    Some(items.iter().filter_map(|item| cx.target.resource.id_of(item)).collect())
}

/// The array that a body is, or holds at its top or one level below.
fn items(body: &Value) -> Option<&Vec<Value>> {
    let top = members_of(body);
    let further: Vec<_> = top.iter().flat_map(|value| members_of(value)).collect();
    std::iter::once(body).chain(top).chain(further).find_map(Value::as_array)
}

fn members_of(value: &Value) -> Vec<&Value> {
    value.as_object().map(|members| members.values().collect()).unwrap_or_default()
}

/// The id of the object that a body is or holds.
fn id_in(cx: &Context, body: &Value) -> Option<String> {
    let resource = &cx.target.resource;
    resource.id_of(body).or_else(|| members_of(body).into_iter().find_map(|inner| resource.id_of(inner)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[rstest::rstest]
    #[case::bare(json!([{ "id": 1 }]), 1)]
    #[case::under_a_name(json!({ "total": 2, "labels": [{ "id": 1 }, { "id": 2 }] }), 2)]
    #[case::in_an_envelope(json!({ "data": { "items": [{ "id": 1 }] } }), 1)]
    fn a_list_is_found_wherever_it_stands(#[case] body: Value, #[case] count: usize) {
        assert_eq!(items(&body).map(Vec::len), Some(count));
    }

    #[test]
    fn an_object_is_no_list() {
        assert!(items(&json!({ "id": 1, "name": "x" })).is_none());
    }
}
