//! Which origins get in: the control, declared origins on every status, foreign ones on every surface.

use futures::future::{join_all, try_join_all};

use super::super::specimens;
use super::super::{Act, Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::access::{Access, admitted, combined, is_preflight, refused};
use super::foreign::{Family, malformed, pair, random};
use super::raw;
use super::surface::{Reach, Surface, crossed, family, is_declared, options, represented, some_item, stranger};
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::target::Origin;

/// How the service refuses strangers: the documented pattern for Express throws, and so answers 500. That is remarked once, where plain
/// strangers are asked; elsewhere it is how this service refuses.
pub(super) async fn strangers_fail(cx: &Context) -> Result<bool, Trouble> {
    let evil = stranger(cx);
    let probe = specimens::read(cx).unwrap_or_else(|| specimens::anonymous(cx));
    Ok(matches!(cx.once(&probe.origin(evil)).await?.status, 500 | 501))
}

/// Judges one answer to foreign origins; a declared one beside them is left out.
pub(super) fn judge_foreign(cx: &Context, case: &Case, answer: &Answer, strangers_fail: bool) -> Judgement {
    let sent: Vec<_> = case.probe.sent("origin").filter(|value| !is_declared(cx, value)).collect();
    match refused(is_preflight(&case.probe), &sent, answer) {
        judgement if judgement.finding == Finding::Weak && strangers_fail && answer.is_server_error() => {
            Judgement::held(format!("{}, as to any stranger", answer.status))
        }
        judgement if judgement.finding == Finding::Broken && is_open_to_all(cx, case, answer) => {
            Judgement::weak(format!("{}: *, on what tells nobody anything; `policy.public` accepts it", answer.status))
        }
        judgement => judgement,
    }
}

/// Whether an answer says `*`, without cookies, where the same stands for everybody: whether the service is there, and with which public keys it
/// signs.
pub(super) fn is_open_to_all(cx: &Context, case: &Case, answer: &Answer) -> bool {
    let constant = [&cx.target.paths.live, &cx.target.paths.jwks].into_iter().flatten().any(|path| path == case.probe.path());
    let anyone = Access::of(&answer.headers, b"") == Access::Anyone;
    constant && anyone && !answer.headers.has("access-control-allow-credentials")
}

/// Values that are no origin at all: to fail on them alone is as bad as to let them in.
pub(super) async fn malformed_refused(cx: Context) -> Checked {
    let fails = strangers_fail(&cx).await?;
    let cases = family(&cx, Reach::Malformed, malformed);
    let judge = |judgement: Judgement, answer: &Answer| match judgement.finding {
        Finding::Weak if answer.is_server_error() => Judgement::broken(judgement.observed),
        _ => judgement,
    };
    let noun = "requests with malformed origins";
    let by_client = shared_battery(&cx, noun, cases, |case, answer| judge(judge_foreign(&cx, case, answer, fails), answer));
    let (outcome, raw) = futures::try_join!(by_client, raw::unsendable(&cx, judge))?;
    Ok(raw.into_iter().fold(outcome, Outcome::joined))
}

/// Two `Origin` headers. Browsers send one; a service that picks the good one of two is careless, one that lets the foreign one in is
/// open.
pub(super) async fn pair_refused(cx: Context) -> Checked {
    let fails = strangers_fail(&cx).await?;
    let cases = family(&cx, Reach::Wide, pair);
    // A service with one front end may name it to everybody, which lets nobody else in.
    let probe = specimens::read(&cx).unwrap_or_else(|| specimens::anonymous(&cx));
    let of_stranger = cx.once(&probe.origin(stranger(&cx))).await?;
    let fixed = combined(&of_stranger.headers).is_some_and(|value| is_declared(&cx, &value));
    shared_battery(&cx, "requests with two origins", cases, |case, answer| {
        let judgement = judge_foreign(&cx, case, answer, fails);
        match combined(&answer.headers) {
            Some(value) if !fixed && judgement.finding == Finding::Held && is_declared(&cx, &value) => {
                Judgement::weak(format!("{}: takes the pair for the declared one", answer.status))
            }
            _ => judgement,
        }
    })
    .await
}

/// Asks `cases` and judges each as coming from foreign origins.
async fn all_refused(cx: &Context, cases: Vec<Case>) -> Checked {
    let fails = strangers_fail(cx).await?;
    shared_battery(cx, FOREIGN, cases, |case, answer| judge_foreign(cx, case, answer, fails)).await
}

const FOREIGN: &str = "requests from foreign origins";

/// Plain strangers: here a refusal by 500 is remarked.
pub(super) async fn strangers_refused(cx: Context) -> Checked {
    let cases = family(&cx, Reach::Whole, random);
    shared_battery(&cx, FOREIGN, cases, |case, answer| judge_foreign(&cx, case, answer, false)).await
}

/// Every origin of one family.
pub(super) async fn family_refused(cx: Context, reach: Reach, mistake: Family) -> Checked {
    let cases = family(&cx, reach, mistake);
    if cases.is_empty() {
        return Ok(Outcome::skip("no origin of this kind can be derived from the declared ones"));
    }
    all_refused(&cx, cases).await
}

/// Every value of a family that no browser ever sends: an origin in capitals, with a path, with a user name. Letting one in lets no page
/// in, and stock libraries do (Flask-CORS and Spring compare without case, django-cors-headers and Spring parse before they compare): a
/// remark on the comparison. What the same laxity lets in that browsers do send is found by the other families.
pub(super) async fn unsent_refused(cx: Context, reach: Reach, mistake: Family) -> Checked {
    let cases = family(&cx, reach, mistake);
    if cases.is_empty() {
        return Ok(Outcome::skip("no form of this kind can be derived from the declared origins"));
    }
    let fails = strangers_fail(&cx).await?;
    shared_battery(&cx, FOREIGN, cases, |case, answer| match judge_foreign(&cx, case, answer, fails) {
        judgement if judgement.finding == Finding::Broken => {
            Judgement::weak(format!("{}, though no browser sends this form", judgement.observed))
        }
        judgement => judgement,
    })
    .await
}

/// Proves that the good case works: a declared origin gets in. One is enough: whether each of them does is a check of its own.
pub(super) async fn control(cx: Context) -> Checked {
    let mut seen = Vec::new();
    for origin in &cx.target.origins {
        let mut pieces = proof(&cx, origin).await?;
        if pieces.iter().any(|piece| piece.finding == Finding::Held) {
            // What the other one could not show, such as a success where the token is not let in, takes nothing from that.
            pieces.iter_mut().filter(|piece| piece.finding == Finding::Unclear).for_each(|piece| piece.finding = Finding::Weak);
            return Ok(Outcome::of(format!("{origin} gets in, so that a refusal of others means something"), pieces));
        }
        seen.extend(pieces);
    }
    for piece in &mut seen {
        piece.finding = Finding::Unclear;
    }
    Ok(Outcome::of("no declared origin gets in: refusals of others would mean nothing", seen))
}

/// The authenticated GET and the preflight for it. Either proves that origins get in; the other is then a remark here and a finding of
/// its own check. Where neither does, a URL that nobody asked before tells whether a cache stands between.
async fn proof(cx: &Context, origin: &Origin) -> Result<Vec<Evidence>, Trouble> {
    let fresh = Probe::get(format!("{}?pf={}", specimens::list_path(cx), cx.random("fresh"))).origin(origin.as_str());
    let fresh = cx.users.a.as_ref().map(|user| Case::new("GET of a fresh URL", fresh.bearer(&user.token)));
    let surfaces = [Surface::Read, Surface::Preflight];
    let usual = surfaces.iter().filter_map(|surface| surface.case(cx, origin.as_str(), &[origin.as_str()]));
    let mut pieces = try_join_all(usual.map(|case| proven(cx, origin, case))).await?;
    if let Some(case) = fresh.filter(|_| pieces.iter().all(|piece| piece.finding != Finding::Held)) {
        pieces.push(proven(cx, origin, case).await?);
    }
    Ok(pieces)
}

async fn proven(cx: &Context, origin: &Origin, case: Case) -> Result<Evidence, Trouble> {
    let answer = cx.send(&case.probe).await?;
    let judgement = admitted(origin, &answer, true, Judgement::weak);
    Ok(evidence(&answer, &case.name, judgement.finding, judgement.observed))
}

/// Asks that each declared origin be let in.
async fn all_admitted(cx: &Context, cases: Vec<Case>) -> Checked {
    let origins = &cx.target.origins;
    shared_battery(cx, "requests from declared origins", cases, |case, answer| {
        let sent = case.probe.sent("origin").next().unwrap_or_default();
        match origins.iter().find(|origin| origin.as_str().as_bytes() == sent) {
            Some(origin) => admitted(origin, answer, true, Judgement::broken),
            None => Judgement::unclear("not a declared origin"),
        }
    })
    .await
}

/// Every declared origin gets in where a front end needs it.
pub(super) async fn allowed_success(cx: Context) -> Checked {
    let path = specimens::list_path(&cx);
    let origins = cx.target.origins.iter().map(ToString::to_string);
    let preflight = |method: &str| Case::new(format!("preflight for {method}"), options(&cx, &path, method));
    // A preflight for GET that gets one origin in gets in every other that one for POST gets in.
    let for_get = crossed(&[preflight("GET")], &cx.telling(origins.clone(), 1));
    let read = specimens::read(&cx).map(|probe| Case::new("GET", probe));
    let of_each: Vec<_> = std::iter::once(preflight("POST")).chain(read).collect();
    let cases = [for_get, crossed(&of_each, &origins.collect::<Vec<_>>())].concat();
    all_admitted(&cx, cases).await
}

/// A declared origin (each of them in an exhaustive run) may read the answer to a write.
pub(super) async fn allowed_writes(cx: Context) -> Checked {
    let user = cx.a()?;
    let most = if cx.exhaustive { cx.target.origins.len() } else { 1 };
    let written = cx.target.origins.iter().take(most).map(async |origin| {
        let canary = cx.objects.announce(user).await?;
        let body = cx.target.resource.body(&canary);
        let answer = cx.send(&Probe::post(cx.list_path(user), &body).bearer(&user.token).origin(origin.as_str())).await?;
        cx.made(user, &answer).await;
        let judgement = admitted(origin, &answer, true, Judgement::broken);
        Ok(evidence(&answer, format!("POST with {origin}"), judgement.finding, judgement.observed))
    });
    let pieces = join_all(written).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone());
    Ok(Outcome::of(worst.unwrap_or_else(|| "no origin is declared".to_owned()), pieces))
}

/// The first declared origin (each of them in an exhaustive run) gets in on errors too, so that the front end can tell an error from a broken
/// network.
pub(super) async fn allowed_errors(cx: Context) -> Checked {
    let origins = &cx.target.origins;
    let most = if cx.exhaustive { origins.len() } else { 1 };
    let names: Vec<_> = origins.iter().take(most).map(|origin| origin.as_str().to_owned()).collect();
    let errors: Vec<_> = specimens::errors(&cx).await.into_iter().chain([specimens::mistaken(&cx)]).collect();
    shared_battery(&cx, "errors that a declared origin may read", crossed(&errors, &names), |case, answer| {
        let asked = case.probe.sent("origin").next().unwrap_or_default();
        let origin = origins.iter().find(|origin| origin.as_str().as_bytes() == asked);
        origin.map_or_else(|| Judgement::unclear("no origin is declared"), |origin| judge_error(origin, answer))
    })
    .await
}

/// Judges an error: without any grant the front end cannot tell what went wrong, which is a nuisance; a grant that is broken (two
/// values, a list, another origin) is a mistake.
fn judge_error(origin: &Origin, answer: &Answer) -> Judgement {
    let missing = if answer.headers.has("access-control-allow-origin") { Judgement::broken } else { Judgement::weak };
    admitted(origin, answer, false, missing)
}

/// Representatives on every error status.
pub(super) async fn errors(cx: Context) -> Checked {
    let mistaken = crossed(&[specimens::mistaken(&cx)], &[stranger(&cx)]);
    let outcome = all_refused(&cx, represented(&cx, &specimens::errors(&cx).await).into_iter().chain(mistaken).collect()).await?;
    Ok(outcome.and_says(specimens::not_had(&cx)))
}

/// Representatives on every other route that may be asked safely. A path that is public on purpose may say `*`.
pub(super) async fn routes(cx: Context) -> Checked {
    let paths = &cx.target.paths;
    let subject = cx.users.a.as_ref().and_then(|user| user.subject.clone()).unwrap_or_else(|| "me".to_owned());
    let open = |path: &String| cx.target.policy.public.contains(path);
    // What needs no token needs no preflight either (Fetch standard, "CORS-preflight fetch").
    let tokenless = paths.live.iter().chain(&paths.health).cloned().chain(["/".to_owned()]).filter(|path| !open(path));
    let id = specimens::missing_id(&cx).await;
    let protected = paths.protected.iter().map(|path| path.replace("{user_id}", &subject).replace("{id}", id));
    let (further, left_out) = cx.some_of(cx.target.routes.all.iter().filter(|route| route.reads()).collect(), MOST);
    let further = further.into_iter().map(|route| route.filled(id, &subject));
    let tokened: Vec<_> =
        [specimens::path_of(&cx, id)].into_iter().chain(protected).chain(further).filter(|path| !open(path)).collect();
    // A route of its own may open itself only where it answers, so it is asked with the token that it needs.
    let token = |probe: Probe| cx.users.a.iter().fold(probe, |probe, user| probe.bearer(&user.token));
    let gets = tokenless.chain(tokened.iter().cloned());
    let gets = gets.map(|path| Case::new(format!("GET {path}"), token(Probe::get(path))));
    let mut cases = represented(&cx, &gets.collect::<Vec<_>>());
    let preflights = tokened.iter().map(|path| Case::new(format!("preflight {path}"), options(&cx, path, "GET")));
    let signing_in = account_paths(&cx);
    let signing_in = signing_in.iter().map(|path| Case::new(format!("preflight for POST {path}"), options(&cx, path, "POST")));
    cases.extend(crossed(&preflights.chain(signing_in).chain(misread_sign_in(&cx)).collect::<Vec<_>>(), &[stranger(&cx)]));
    Ok(all_refused(&cx, cases).await?.and_says(&left_out))
}

/// Further routes that are asked at most.
const MOST: usize = 20;

/// A sign-in whose body nobody can read: the answer of that route, at the cost of no attempt.
fn misread_sign_in(cx: &Context) -> Option<Case> {
    let path = cx.target.accounts.login.as_ref().map(|grant| &grant.call).filter(|call| call.method == "POST")?.path.clone();
    let probe = Probe::new("POST", path.clone()).body(Some("application/json"), "{\"postflight\":").alone().shareable();
    cx.writes.then(|| Case::new(format!("POST {path} with malformed JSON"), probe).beside_others())
}

/// The declared routes that sign in, up and on.
fn account_paths(cx: &Context) -> std::collections::BTreeSet<String> {
    let accounts = &cx.target.accounts;
    let login = accounts.login.iter().map(|grant| &grant.call);
    let refresh = accounts.refresh.iter().map(|grant| &grant.call);
    let calls = login.chain(refresh).chain(&accounts.logout);
    calls.filter(|call| call.method == "POST" && !call.path.contains('{')).map(|call| call.path.clone()).collect()
}

/// Representatives on other methods and forms of the declared resource.
pub(super) async fn methods(cx: Context) -> Checked {
    let (list, item) = (specimens::list_path(&cx), some_item(&cx).await?);
    let mut cases = vec![
        Case::new("OPTIONS without a requested method", Probe::new("OPTIONS", list.clone())),
        Case::new("GET with a trailing slash", Probe::get(format!("{list}/"))),
        Case::new("GET with a query", Probe::get(format!("{list}?{}", cx.random("query")))),
    ];
    cases
        .extend(["PUT", "PATCH", "DELETE"].map(|method| Case::new(format!("preflight for {method}"), options(&cx, &item, method))));
    if let Some(user) = &cx.users.a {
        cases.push(Case::new("HEAD", Probe::new("HEAD", list).bearer(&user.token)));
        // A decorator of one route (`@cross_origin()` of Flask-CORS) opens that route alone.
        cases.push(Case::new("GET of an object", Probe::get(item).bearer(&user.token)));
        if cx.writes {
            let delete = Probe::new("DELETE", specimens::missing_path(&cx).await).bearer(&user.token);
            cases.push(Case::new("DELETE of a missing object", delete));
        }
    }
    let toggles = toggles(&cx).await?;
    all_refused(&cx, represented(&cx, &cases).into_iter().chain(crossed(&toggles, &[stranger(&cx)])).collect()).await
}

/// The toggle of an object that nothing has, and the preflight for it: a route of its own may have a decorator of its own.
async fn toggles(cx: &Context) -> Result<Vec<Case>, Trouble> {
    let (Some(user), true) = (&cx.users.a, cx.writes) else { return Ok(Vec::new()) };
    let Some(path) = Act::Toggle.path(cx, user, specimens::missing_id(cx).await) else { return Ok(Vec::new()) };
    let preflight = Case::new("preflight for the toggle", options(cx, &path, "PATCH"));
    let toggle = Act::Toggle.probe(cx, &path, "").bearer(&user.token);
    Ok(vec![preflight, Case::new("the toggle of a missing object", toggle)])
}

/// Request headers that claim another host or origin change nothing.
pub(super) async fn claims(cx: Context) -> Checked {
    let evil = stranger(&cx);
    let host = evil.trim_start_matches("https://").to_owned();
    let allowed = cx.target.origins.first().map(ToString::to_string).unwrap_or_default();
    let claims = [
        // A page may have the whole of its address sent along (`referrerpolicy="unsafe-url"`), and an allowed origin in its path.
        ("referer", format!("{evil}/{allowed}/")),
        ("x-forwarded-host", host.clone()),
        ("x-original-host", host.clone()),
        ("x-host", host.clone()),
        ("forwarded", format!("host={host};proto=https")),
        ("x-forwarded-origin", evil.clone()),
        ("x-origin", evil.clone()),
        // One that begins like an allowed one.
        ("referer", format!("{allowed}.{host}/")),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("x-requested-with", "XMLHttpRequest".to_owned()),
    ];
    let base = || specimens::read(&cx).unwrap_or_else(|| specimens::anonymous(&cx)).origin(&evil);
    let (referers, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(|(name, _)| *name == "referer");
    let groups = referers.into_iter().map(|referer| vec![referer]).chain(cx.at_once(others));
    let mut cases: Vec<_> = groups.map(|claims| claiming(base(), &claims)).collect();
    if cx.target.is_loopback() {
        cases.push(Case::new(format!("host: {host}"), base().header("host", host)));
    }
    all_refused(&cx, cases).await
}

/// A request with these headers.
fn claiming(probe: Probe, claims: &[(&str, String)]) -> Case {
    let name = claims.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ");
    Case::new(name, claims.iter().fold(probe, |probe, (name, value)| probe.header(name, value)))
}

/// The same question over and over: replicas that disagree, and answers from a cache.
pub(super) async fn replicas(cx: Context) -> Checked {
    let Some(allowed) = cx.target.origins.first() else { return Ok(Outcome::skip("no origin is declared")) };
    let evil = stranger(&cx);
    let origins = [allowed.as_str(), evil.as_str()];
    let surface = if cx.users.a.is_some() { Surface::Read } else { Surface::Preflight };
    let rounds = cx.telling(1..=8, 3).into_iter().flat_map(|round| origins.map(|origin| (round, origin)));
    let turn = |(round, origin): (usize, &str)| {
        Some(surface.case(&cx, &format!("{origin}, round {round}"), &[origin])?.in_turn(round - 1))
    };
    let cases = rounds.filter_map(turn);
    let fails = strangers_fail(&cx).await?;
    shared_battery(&cx, "repeated requests", cases.collect(), |case, answer| {
        if case.probe.sent("origin").any(|value| is_declared(&cx, value)) {
            admitted(allowed, answer, true, Judgement::broken)
        } else {
            judge_foreign(&cx, case, answer, fails)
        }
    })
    .await
}
