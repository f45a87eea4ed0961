//! What caches are told: `Vary`, and whether an answer for one origin ever reaches another.

use super::super::caches::{self, Directives};
use super::super::specimens;
use super::super::{Checked, Context, Judgement, Outcome, shared_battery};
use super::access::{Access, combined, varies_by_origin};
use super::surface::{Surface, crossed, is_declared, stranger};
use crate::http::{Answer, Probe, evidence};
use crate::run::{Evidence, Finding};

/// Answers that name the origin that asked say so to caches.
pub(super) async fn vary_allowed(cx: Context) -> Checked {
    let named = |surface: Surface| {
        let origins = cx.target.origins.iter().take(2);
        origins.filter_map(|origin| surface.case(&cx, origin.as_str(), &[origin.as_str()])).collect::<Vec<_>>()
    };
    let cases = [named(Surface::Read), named(Surface::Anonymous)].concat();
    let several = cx.target.origins.len() > 1;
    shared_battery(&cx, "answers to declared origins with Vary: Origin", cases, |case, answer| {
        let sent = case.probe.sent("origin").next().unwrap_or_default();
        judge_vary_allowed(sent, several, answer)
    })
    .await
}

/// Judges `Vary` beside a granted origin (Fetch standard, "CORS protocol and HTTP caches"). With several declared origins, a header
/// that names just the one that asked depends on the request, and a cache must know; with one it may be fixed.
pub(super) fn judge_vary_allowed(sent: &[u8], several: bool, answer: &Answer) -> Judgement {
    let missing = "names the origin that asked, without Vary: Origin";
    match Access::of(&answer.headers, sent) {
        _ if varies_by_origin(&answer.headers) => Judgement::held("Vary: Origin"),
        Access::Granted if several || Directives::of(&answer.headers).share() => {
            Judgement::broken(format!("{}: {missing}", answer.status))
        }
        Access::Granted => Judgement::weak(format!("{}: {missing}", answer.status)),
        _ => Judgement::held(format!("{}: depends on no origin", answer.status)),
    }
}

/// Answers that grant nothing say as well that another origin would get another answer.
pub(super) async fn vary_everywhere(cx: Context) -> Checked {
    let evil = stranger(&cx);
    let mut cases: Vec<_> = Surface::ALL.iter().filter_map(|surface| surface.case(&cx, &evil, &[evil.as_str()])).collect();
    cases.extend([Surface::Read, Surface::Anonymous].iter().filter_map(|surface| surface.case(&cx, "no origin", &[] as &[&str])));
    let allowed: Vec<_> = cx.target.origins.iter().take(1).map(|origin| origin.as_str().to_owned()).collect();
    cases.extend(crossed(&specimens::errors(&cx).await, &allowed));
    cases.extend(Surface::Preflight.case(&cx, "a declared origin", &allowed));
    shared_battery(&cx, "other answers with Vary: Origin", cases, |case, answer| judge_vary(case.probe.method(), answer)).await
}

/// Judges `Vary` where its absence is a nuisance (a cache may serve the answer without a grant to a declared origin) unless caches are
/// invited to keep the answer. No cache keeps answers to OPTIONS (RFC 9110, 9.3.7); a tidy one names what it depends on all the same.
pub(super) fn judge_vary(method: &str, answer: &Answer) -> Judgement {
    let missing = format!("{} without Vary: Origin", answer.status);
    let names = answer.headers.list("vary");
    let asked = ["access-control-request-method", "access-control-request-headers"];
    let incomplete = asked.into_iter().find(|name| !names.iter().any(|other| other == name || other == "*"));
    match (combined(&answer.headers), incomplete) {
        (Some(_), Some(name)) if method == "OPTIONS" && varies_by_origin(&answer.headers) => {
            Judgement::weak(format!("a preflight without {name} in Vary"))
        }
        _ if varies_by_origin(&answer.headers) => Judgement::held("Vary: Origin"),
        _ if method != "OPTIONS" && Directives::of(&answer.headers).share() => {
            Judgement::broken(format!("{missing}, though caches may keep it: whoever asks first decides for all"))
        }
        (Some(value), _) if value == b"*" => Judgement::held("* depends on no origin"),
        _ => Judgement::weak(missing),
    }
}

/// One URL that nobody else asks, in an order that would poison a cache: without origin, declared, foreign, declared.
pub(super) async fn order(cx: Context) -> Checked {
    let Some(allowed) = cx.target.origins.first() else { return Ok(Outcome::skip("no origin is declared")) };
    let evil = stranger(&cx);
    let path = format!("{}?pf={}", specimens::list_path(&cx), cx.random("cache"));
    let bare = cx.users.a.as_ref().map_or_else(|| Probe::get(path.clone()), |user| Probe::get(path.clone()).bearer(&user.token));
    let mut pieces = Vec::new();
    for origin in [None, Some(allowed.as_str()), Some(evil.as_str()), Some(allowed.as_str())] {
        let probe = origin.map_or_else(|| bare.clone(), |origin| bare.clone().origin(origin));
        let answer = cx.send(&probe).await?;
        pieces.push(step(&cx, origin, &answer));
    }
    Ok(Outcome::of("one URL, asked without an origin, by a declared one, a foreign one and the declared one again", pieces))
}

fn step(cx: &Context, origin: Option<&str>, answer: &Answer) -> Evidence {
    let declared = origin.is_some_and(|origin| is_declared(cx, origin.as_bytes()));
    let judgement = judge_step(origin, declared, answer);
    evidence(answer, origin.unwrap_or("no origin"), judgement.finding, judgement.observed)
}

/// Judges one step: the grant must follow the origin of this request, whoever asked before.
pub(super) fn judge_step(origin: Option<&str>, declared: bool, answer: &Answer) -> Judgement {
    let access = Access::of(&answer.headers, origin.unwrap_or_default().as_bytes());
    let cached = caches::hit(&answer.headers);
    let mut judgement = match (origin, declared, &access) {
        _ if answer.status >= 502 => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        (Some(_), true, access) if access.is_usable() => Judgement::held("let in"),
        (Some(_), true, _) if answer.is_success() => Judgement::broken("a declared origin is not let in"),
        (Some(_), true, _) => Judgement::weak(format!("a declared origin is not let in on {}", answer.status)),
        (_, _, access) if access.is_usable() => Judgement::broken("a foreign origin is let in"),
        _ => Judgement::held("not let in"),
    };
    if let Some(words) = cached {
        judgement.finding = judgement.finding.max(Finding::Weak);
        judgement.observed = format!("{}; a shared cache answered ({words})", judgement.observed);
    }
    judgement
}
