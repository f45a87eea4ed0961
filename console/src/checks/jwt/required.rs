//! Every declared and documented route without a token.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::checks::battery::{concluded, shared_answers};
use crate::checks::{Act, Case, Checked, Context, Judgement, Need, Object, Outcome, Role, User, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Finding;
use crate::target::Route;

use super::ask::{refusal, refused_in_words};
use super::writes::writes;

/// An object of A to ask about, by its path; where nothing may be created, one that is there already, or an id that nothing has.
pub(super) async fn some_object(cx: &Context) -> Result<(String, Option<Object>), Trouble> {
    let a = cx.a()?;
    match cx.objects.witness(a).await {
        Ok(object) => Ok((object.path.clone(), Some(object))),
        Err(Trouble::NotGiven(_)) => {
            let there = there_already(cx).await;
            Ok((cx.item_path(a, there.as_deref().unwrap_or(NO_OBJECT)), None))
        }
        Err(trouble) => Err(trouble),
    }
}

/// An id that nothing has.
const NO_OBJECT: &str = "00000000-0000-4000-8000-000000000000";

/// The id of an object that A has already: routers that know the type of an id answer another one with 404, whoever asks.
async fn there_already(cx: &Context) -> Option<String> {
    let listed = cx.once(&cx.list(cx.a().ok()?)).await.ok()?.json()?;
    cx.target.resource.id_of(cx.target.resource.items(&listed)?.first()?)
}

/// Judges an answer to a request without a token.
fn asked_for_a_token(cx: &Context, answer: &Answer) -> Judgement {
    match answer.status {
        405 | 501 => Judgement::held(format!("the route has no such method: {}", answer.status)),
        status if cx.target.policy.unauthenticated.contains(status) => Judgement::held(format!("refused: {status}")),
        status @ (400 | 404 | 409 | 412 | 415 | 422 | 428) => {
            Judgement::weak(format!("answered {status}: the request was looked at before the token"))
        }
        _ => refusal(&cx.target.policy.unauthenticated, Finding::Broken, answer),
    }
}

/// Further routes that are asked at most.
const MOST: usize = 150;

/// The safe methods that a path is asked by. A guard that knows GET alone shows on the resource; elsewhere only an exhaustive run looks for
/// it again.
fn methods(cx: &Context, is_resource: bool) -> impl Iterator<Item = &'static str> + use<> {
    let head = cx.exhaustive || is_resource;
    std::iter::once("GET").chain(head.then_some("HEAD"))
}

/// Safe methods on every declared route, without a token.
pub(super) async fn safe_methods(cx: Context) -> Checked {
    let (item, object) = some_object(&cx).await?;
    let id = object.as_ref().map_or("1", |object| object.id.as_str());
    let a = cx.a()?;
    let subject = a.subject.as_deref().unwrap_or("me");
    let own = own_paths(&cx, a, item);
    let of_resource_itself = own.len();
    let protected = cx.target.paths.protected.iter().map(|path| path.replace("{user_id}", subject).replace("{id}", id));
    let paths: Vec<_> = own.into_iter().chain(protected).collect();
    let of_resource = paths.iter().enumerate().flat_map(|(at, path)| {
        let case = move |method| Case::new(format!("{method} {path} without a token"), Probe::new(method, path));
        methods(&cx, at < of_resource_itself).map(case)
    });
    let (further, left_out) = cx.some_of(cx.further_routes().filter(|route| route.reads()).collect(), MOST);
    let of_others = further.iter().flat_map(|route| {
        methods(&cx, false).map(|method| {
            Case::new(format!("{method} {} without a token", route.path), Probe::new(method, route.filled(id, subject)))
        })
    });
    let cases: Vec<_> = of_resource.chain(of_others).collect();
    if cases.is_empty() {
        return Ok(Outcome::skip(Need::OwnReads.reason()));
    }
    let asked = shared_answers(&cx, &cases).await;
    let in_words = asked.iter().flatten().any(Answer::refuses_in_words);
    let to_a = to_a(&cx, &further, &cases, &asked, |route| route.filled(id, subject)).await;
    let (cases, asked) = without_nothing(cases, asked, &cx.item_path(a, NO_OBJECT));
    if cases.is_empty() {
        return Ok(Outcome::skip(Need::OwnReads.reason()));
    }
    let outcome = concluded("reads without a token", &cases, asked, |case, answer| {
        match further.iter().find(|route| route.filled(id, subject) == case.probe.path()) {
            Some(route) if !paths.contains(&case.probe.path().to_owned()) => {
                further_asks(&cx, route, answer, to_a.get(case.probe.path()).copied())
            }
            _ if case.probe.method() == "HEAD" && answer.is_success() && in_words => {
                Judgement::weak(format!("{}, which has no body to refuse in as GET does", answer.status))
            }
            // Where GET is there and HEAD is not, some routers say so by 404.
            _ if case.probe.method() == "HEAD" && answer.status == 404 => Judgement::held("404: no such route for HEAD"),
            _ => asked_for_a_token(&cx, answer),
        }
    })?;
    Ok(outcome.and_says(&left_out))
}

/// The read paths of the resource itself, as far as they are not public on purpose.
fn own_paths(cx: &Context, a: &User, item: String) -> Vec<String> {
    let list = (!cx.target.tries_tokens_in_public()).then(|| cx.read_path(a));
    list.into_iter().chain((!cx.target.is_read_in_public()).then_some(item)).collect()
}

/// The cases without those where somebody is told that `nothing` is there, an id that nothing has: that shows nothing, whoever asks.
fn without_nothing(
    cases: Vec<Case>,
    asked: Vec<Result<Answer, Trouble>>,
    nothing: &str,
) -> (Vec<Case>, Vec<Result<Answer, Trouble>>) {
    let tells = |(case, answer): &(Case, Result<Answer, Trouble>)| {
        case.probe.path() != nothing || !answer.as_ref().is_ok_and(|answer| LOOKED_AT.contains(&answer.status))
    };
    cases.into_iter().zip(asked).filter(tells).unzip()
}

/// Statuses of a route that looked at the request before the token, or hides what is there.
pub(super) const LOOKED_AT: [u16; 4] = [400, 404, 410, 422];

/// What A is answered with the token, by path, where a route that must ask for one answered without it as if it looked nothing up for lack of one.
async fn to_a(
    cx: &Context,
    further: &[&Route],
    cases: &[Case],
    asked: &[Result<Answer, Trouble>],
    filled: impl Fn(&Route) -> String,
) -> BTreeMap<String, u16> {
    let looked_at = |case: &&Case, answer: &Result<Answer, Trouble>| {
        let must = further.iter().any(|route| cx.target.must_guard(route) && filled(route) == case.probe.path());
        must && case.probe.method() == "GET" && answer.as_ref().is_ok_and(|answer| LOOKED_AT.contains(&answer.status))
    };
    let paths = cases.iter().zip(asked).filter(|(case, answer)| looked_at(case, answer)).map(|(case, _)| case.probe.path());
    let asked = paths.map(async |path| {
        let answer = cx.once(&Probe::get(path).bearer(&cx.a().ok()?.token)).await.ok()?;
        Some((path.to_owned(), answer.status))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Names at the end of a path that say themselves that a route is public.
const OPEN: [&str; 12] =
    ["ready", "readyz", "live", "livez", "ping", "status", "version", "login", "auth", "register", "signup", "jwks"];
/// The same anywhere in it: what lies below is of the same kind.
const OPEN_BELOW: [&str; 6] = ["docs", "redoc", "openapi", "swagger", "health", "healthz"];

fn is_open_by_name(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).map(|part| part.trim_end_matches(".json"));
    path == "/"
        || parts.clone().next_back().is_some_and(|last| OPEN.contains(&last))
        || parts.any(|part| OPEN_BELOW.contains(&part))
}

/// A further route must refuse where it is declared to, or lies below the collection that does. What nobody declared and nothing guards may be
/// meant so: a remark, unless its name says so.
///
/// `to_a`: what A is answered with the token, where that was asked. A route that answers both alike that there is nothing may as well look at no
/// token at all (a sample id that nothing has hides it).
fn further_asks(cx: &Context, route: &Route, answer: &Answer, to_a: Option<u16>) -> Judgement {
    match answer.status {
        status if answer.refuses_in_words() => Judgement::weak(refused_in_words(status)),
        status @ 200..=299 if cx.target.must_guard(route) => Judgement::broken(format!("{status} without a token")),
        status @ 200..=299 if is_open_by_name(&route.path) => Judgement::held(format!("{status}, public by its name")),
        status @ 200..=299 => {
            Judgement::weak(format!("{status}, and nothing says whether it is meant so; list it under `policy.public` if it is"))
        }
        status @ 300..=399 if !cx.target.must_guard(route) && is_open_by_name(&route.path) => {
            Judgement::held(format!("{status}, a redirect from what is public by its name"))
        }
        status if to_a == Some(status) => Judgement::weak(format!(
            "{status} with A's token and without one: nothing shows that it asks for one; declare it under `routes` with an id that exists"
        )),
        status @ (400 | 404 | 405 | 409 | 410 | 415 | 422 | 501) => Judgement::held(format!("{status}: nothing was shown")),
        _ => refusal(&cx.target.policy.unauthenticated, Finding::Weak, answer),
    }
}

/// Unsafe methods on the declared resource, without a token: only an object of this run is at stake, and what a creation might make
/// carries an announced canary.
pub(super) async fn unsafe_methods(cx: Context) -> Checked {
    let a = cx.a()?;
    let object = if cx.exhaustive { cx.objects.create(a) } else { cx.objects.shared(a, Role::Exposed) };
    let (object, canary) = futures::try_join!(object, cx.objects.announce(a))?;
    let case = |probe: Probe| Case::new(format!("{} {} without a token", probe.method(), probe.path()), probe);
    let cases = writes(&cx, &object, &canary)?.into_iter().map(case).collect();
    let toggle = cx.target.paths.toggle.as_ref().and_then(|_| Act::Toggle.path(&cx, a, &object.id));
    let subject = a.subject.as_deref().unwrap_or("me");
    // What nothing says to need a token may be meant for everybody.
    let further: BTreeMap<_, _> = cx
        .further_routes()
        .filter(|route| !cx.target.must_guard(route))
        .map(|route| (route.filled(&object.id, subject), route))
        .collect();
    shared_battery(&cx, "writes without a token", cases, |case, answer| match answer.status {
        // Toggles differ in their method; one that is not offered is not looked for by everybody as 405 either.
        404 if toggle.as_deref() == Some(case.probe.path()) => Judgement::held("404: the toggle has another method"),
        _ => match further.get(case.probe.path()) {
            Some(route) => further_asks(&cx, route, answer, None),
            None => asked_for_a_token(&cx, answer),
        },
    })
    .await
}
