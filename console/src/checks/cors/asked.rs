//! Which origins get in: the control, declared origins on every status, foreign ones on every surface.

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Outcome, battery};
use super::access::{admitted, refused};
use super::foreign::Family;
use super::surface::{Surface, crossed, family, is_declared, options, representatives, stranger};
use crate::http::{Probe, evidence};
use crate::run::Finding;

/// Asks `cases` and judges each as coming from foreign origins.
pub(super) async fn all_refused(cx: &Context, cases: Vec<Case>) -> Checked {
    battery(cx, "requests from foreign origins", cases, |case, answer| {
        let sent: Vec<_> = case.probe.sent("origin").filter(|value| !is_declared(cx, value)).collect();
        refused(case.probe.method(), &sent, answer)
    })
    .await
}

/// Every origin of one family, on the first tier.
pub(super) async fn family_refused(cx: Context, mistake: Family) -> Checked {
    let cases = family(&cx, mistake);
    if cases.is_empty() {
        return Ok(Outcome::skip("no origin of this kind can be derived from the declared ones"));
    }
    all_refused(&cx, cases).await
}

/// Proves that the good case works: a declared origin gets in on the authenticated GET and on the preflight for it. One is enough:
/// whether each of them does is a check of its own.
pub(super) async fn control(cx: Context) -> Checked {
    let mut seen = Vec::new();
    for origin in &cx.target.origins {
        let mut works = true;
        let surfaces = [Surface::Read, Surface::Preflight];
        for case in surfaces.iter().filter_map(|surface| surface.case(&cx, origin.as_str(), &[origin.as_str()])) {
            let answer = cx.send(&case.probe).await?;
            let judgement = admitted(origin, &answer, true, Judgement::unclear);
            works &= judgement.finding == Finding::Held;
            seen.push(evidence(&answer, &case.name, judgement.finding, judgement.observed));
        }
        if works {
            let held = seen.into_iter().filter(|piece| piece.finding == Finding::Held).collect();
            return Ok(Outcome::of(format!("{origin} gets in, so that a refusal of others means something"), held));
        }
    }
    Ok(Outcome::of("no declared origin gets in: refusals of others would mean nothing", seen))
}

/// Puts every declared origin into every case, and asks that it be let in.
async fn all_admitted(cx: &Context, cases: &[Case], success: bool, missing: fn(String) -> Judgement) -> Checked {
    let origins = &cx.target.origins;
    let names: Vec<_> = origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    battery(cx, "requests from declared origins", crossed(cases, &names), |case, answer| {
        let sent = case.probe.sent("origin").next().unwrap_or_default();
        match origins.iter().find(|origin| origin.as_str().as_bytes() == sent) {
            Some(origin) => admitted(origin, answer, success, missing),
            None => Judgement::unclear("not a declared origin"),
        }
    })
    .await
}

/// Every declared origin gets in where a front end needs it.
pub(super) async fn allowed_success(cx: Context) -> Checked {
    let path = specimens::list_path(&cx);
    let mut cases = vec![
        Case::new("preflight for GET", options(&cx, &path, "GET")),
        Case::new("preflight for POST", options(&cx, &path, "POST")),
    ];
    cases.extend(specimens::read(&cx).map(|probe| Case::new("GET", probe)));
    all_admitted(&cx, &cases, true, Judgement::broken).await
}

/// The first declared origin gets in on errors too, so that the front end can tell an error from a broken network.
pub(super) async fn allowed_errors(cx: Context) -> Checked {
    all_admitted(&cx, &specimens::errors(&cx), false, Judgement::weak).await
}

/// Representatives on every error status.
pub(super) async fn errors(cx: Context) -> Checked {
    let cases = specimens::errors(&cx).into_iter().filter(|case| !case.name.starts_with("401")).collect::<Vec<_>>();
    all_refused(&cx, crossed(&cases, &representatives(&cx))).await
}

/// Representatives on every other route that may be asked safely. A path that is public on purpose may say `*`.
pub(super) async fn routes(cx: Context) -> Checked {
    let paths = &cx.target.paths;
    let named = paths.protected.iter().chain(&paths.live).chain(&paths.health).cloned();
    let asked: Vec<_> = named.chain(["/".to_owned(), specimens::missing_path(&cx)]).collect();
    let open = |path: &String| cx.target.policy.public.contains(path);
    let gets = asked.iter().filter(|path| !open(path)).map(|path| Case::new(format!("GET {path}"), Probe::get(path.clone())));
    let mut cases = crossed(&gets.collect::<Vec<_>>(), &representatives(&cx));
    let preflights =
        asked.iter().filter(|path| !open(path)).map(|path| Case::new(format!("preflight {path}"), options(&cx, path, "GET")));
    cases.extend(crossed(&preflights.collect::<Vec<_>>(), &[stranger(&cx)]));
    all_refused(&cx, cases).await
}

/// Representatives on other methods and forms of the declared resource.
pub(super) async fn methods(cx: Context) -> Checked {
    let (list, item) = (specimens::list_path(&cx), specimens::missing_path(&cx));
    let mut cases = vec![
        Case::new("OPTIONS without a requested method", Probe::new("OPTIONS", list.clone())),
        Case::new("GET with a trailing slash", Probe::get(format!("{list}/"))),
        Case::new("GET with a query", Probe::get(format!("{list}?{}", cx.random("query")))),
    ];
    cases
        .extend(["PUT", "PATCH", "DELETE"].map(|method| Case::new(format!("preflight for {method}"), options(&cx, &item, method))));
    if let Some(user) = &cx.users.a {
        cases.push(Case::new("HEAD", Probe::new("HEAD", list).bearer(&user.token)));
        if cx.target.may_write() {
            let delete = Probe::new("DELETE", item).bearer(&user.token);
            cases.push(Case::new("DELETE of a missing object", delete));
        }
    }
    all_refused(&cx, crossed(&cases, &representatives(&cx))).await
}

/// Request headers that claim another host or origin change nothing.
pub(super) async fn claims(cx: Context) -> Checked {
    let evil = stranger(&cx);
    let host = evil.trim_start_matches("https://").to_owned();
    let claims = [
        ("x-forwarded-host", host.clone()),
        ("x-original-host", host.clone()),
        ("x-host", host.clone()),
        ("forwarded", format!("host={host};proto=https")),
        ("x-forwarded-origin", evil.clone()),
        ("x-origin", evil.clone()),
        ("referer", format!("{evil}/")),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("x-requested-with", "XMLHttpRequest".to_owned()),
    ];
    let base = || specimens::read(&cx).unwrap_or_else(|| specimens::anonymous(&cx));
    let cases = claims.map(|(name, value)| Case::new(format!("{name}: {value}"), base().header(name, value).origin(&evil)));
    let mut cases = Vec::from(cases);
    if cx.target.is_loopback() {
        cases.push(Case::new(format!("host: {host}"), base().header("host", host).origin(&evil)));
    }
    all_refused(&cx, cases).await
}

/// The same question eight times over: replicas that disagree, and answers from a cache.
pub(super) async fn replicas(cx: Context) -> Checked {
    let Some(allowed) = cx.target.origins.first() else { return Ok(Outcome::skip("no origin is declared")) };
    let evil = stranger(&cx);
    let origins = [allowed.as_str(), evil.as_str()];
    let rounds = (1..=8).flat_map(|round| origins.map(|origin| (round, origin)));
    let cases = rounds.filter_map(|(round, origin)| Surface::Preflight.case(&cx, &format!("{origin}, round {round}"), &[origin]));
    battery(&cx, "repeated preflights", cases.collect(), |case, answer| {
        let sent: Vec<_> = case.probe.sent("origin").collect();
        if sent.first().is_some_and(|value| is_declared(&cx, value)) {
            admitted(allowed, answer, true, Judgement::broken)
        } else {
            refused("OPTIONS", &sent, answer)
        }
    })
    .await
}
