//! What a preflight of a declared origin is granted: methods, headers, time, and nothing of a private network.

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::access::Access;
use super::surface::{crossed, options, some_item, some_toggle, stranger};
use crate::http::{Answer, Probe, clean};
use crate::target::{Carrier, Policy, Target};

/// Longest time that Chromium keeps a preflight, in seconds.
const MAX_AGE: u64 = 7_200;
/// Longest time that any browser keeps a preflight (Firefox), in seconds.
const MAX_AGE_ANYWHERE: u64 = 86_400;

fn first(cx: &Context) -> Vec<String> {
    cx.target.origins.iter().take(1).map(|origin| origin.as_str().to_owned()).collect()
}

/// A preflight of the first declared origin for any method and any list of headers.
fn asked(cx: &Context, name: &str, method: &str, headers: &str) -> Vec<Case> {
    let path = specimens::list_path(cx);
    let probe = |origin: String| Probe::preflight(path.clone(), origin.as_bytes(), method, headers);
    first(cx).into_iter().map(|origin| Case::new(name, probe(origin))).collect()
}

/// Whether the browser would go on after this preflight.
fn passes(case: &Case, answer: &Answer) -> bool {
    let origin = case.probe.sent("origin").next().unwrap_or_default();
    answer.is_success() && Access::of(&answer.headers, origin).is_usable()
}

fn granted(answer: &Answer, name: &str) -> Vec<String> {
    answer.headers.list(name)
}

/// No route asks a preflight for a token.
pub(super) async fn anonymous(cx: Context) -> Checked {
    let paths = &cx.target.paths;
    let item = some_item(&cx).await?;
    let toggle = some_toggle(&cx).await;
    let routes = [(specimens::list_path(&cx), "GET"), (item.clone(), "GET"), (item, "DELETE")];
    let more = toggle.map(|path| (path, "PATCH")).into_iter().chain(paths.protected.iter().map(|path| (path.clone(), "GET")));
    let cases: Vec<_> = routes
        .into_iter()
        .chain(more)
        .map(|(path, method)| Case::new(format!("preflight for {method} {path}"), options(&cx, &path, method)))
        .collect();
    shared_battery(&cx, "preflights without a token", crossed(&cases, &first(&cx)), judge_anonymous).await
}

fn judge_anonymous(case: &Case, answer: &Answer) -> Judgement {
    match answer.status {
        401 | 403 => Judgement::broken(format!("{}: preflights carry no token, so the browser stops here", answer.status)),
        502.. => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        status if passes(case, answer) => Judgement::held(format!("{status}, passes")),
        status => Judgement::weak(format!("{status}, does not pass")),
    }
}

/// Methods that the declared resource is changed with are granted.
pub(super) async fn declared_methods(cx: Context) -> Checked {
    let item = some_item(&cx).await?;
    let update = cx.target.resource.update.methods();
    let cases: Vec<_> = ["DELETE"].iter().chain(update).map(|method| Case::new(*method, options(&cx, &item, method))).collect();
    shared_battery(&cx, "preflights that grant a declared method", crossed(&cases, &first(&cx)), |case, answer| {
        judge_declared(case, answer, update.len() > 1)
    })
    .await
}

/// Judges whether the method that was asked for is granted: by name or by `*` (Fetch standard, "CORS-preflight fetch", step 7). Where
/// both PUT and PATCH are declared, one of them may be missing.
fn judge_declared(case: &Case, answer: &Answer, either: bool) -> Judgement {
    let names = granted(answer, "access-control-allow-methods");
    let asked =
        String::from_utf8_lossy(case.probe.sent("access-control-request-method").next().unwrap_or_default()).to_ascii_lowercase();
    let listed = names.iter().any(|name| *name == asked || name == "*");
    match answer.status {
        502.. => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        status if listed && passes(case, answer) => Judgement::held(format!("{status}, granted")),
        status if either && asked != "delete" => Judgement::weak(format!("{status}, granted are only {}", names.join(", "))),
        status => Judgement::broken(format!("{status}, granted are only {:?}", names.join(", "))),
    }
}

/// Only declared methods are granted.
pub(super) async fn methods(cx: Context) -> Checked {
    let canary = format!("PF{}", cx.random("method").to_ascii_uppercase());
    let wanted = super::surface::requested(&cx);
    let names = ["GET", "POST", "DELETE", "TRACE", "CONNECT", canary.as_str()];
    let cases = names.iter().flat_map(|method| asked(&cx, &format!("preflight for {method}"), method, &wanted)).collect();
    shared_battery(&cx, "preflights that grant only declared methods", cases, |case, answer| {
        judge_methods(&cx.target.policy, case, answer)
    })
    .await
}

/// Judges `Access-Control-Allow-Methods` of a preflight that passes. `*`, what browsers forbid and what nobody has heard of is waved
/// through, not chosen; another real method (Starlette's `*` lists `QUERY`) is a remark unless the operator's own policy leaves it out.
pub(super) fn judge_methods(policy: &Policy, case: &Case, answer: &Answer) -> Judgement {
    let names = granted(answer, "access-control-allow-methods");
    let beyond = |name: &&String| !policy.methods.iter().any(|method| method.eq_ignore_ascii_case(name));
    let waved = |name: &&String| matches!(name.as_str(), "*" | "trace" | "track" | "connect") || name.starts_with("pf");
    let own_policy = policy.methods != Policy::default().methods;
    let worst = names.iter().filter(beyond).find(waved).or_else(|| names.iter().find(beyond)).filter(|_| passes(case, answer));
    match worst {
        Some(name) if own_policy || waved(&name) => Judgement::broken(format!("{}: grants {}", answer.status, upper(name))),
        Some(name) => Judgement::weak(format!("{}: grants {}", answer.status, upper(name))),
        None => no_failure(answer, format!("grants {}", upper(&names.join(", ")))),
    }
}

fn upper(name: &str) -> String {
    clean(name).to_ascii_uppercase()
}

fn no_failure(answer: &Answer, observed: impl Into<String>) -> Judgement {
    let observed = format!("{}: {}", answer.status, clean(&observed.into()));
    match answer.status {
        502..=504 => Judgement::unclear(observed),
        500.. => Judgement::weak(observed),
        _ => Judgement::held(observed),
    }
}

/// Only declared request headers are granted, and never one that nobody has heard of.
pub(super) async fn headers(cx: Context) -> Checked {
    let wanted = super::surface::requested(&cx);
    let canary = format!("x-pf-{}", cx.random("header"));
    let mut cases = asked(&cx, "preflight for the usual headers", "POST", &wanted);
    cases.extend(asked(&cx, "preflight for an unknown header", "POST", &canary));
    cases.extend(asked(&cx, "preflight for an unknown header among the usual", "POST", &format!("{wanted},{canary}")));
    cases.extend(asked(&cx, "preflight for headers that claim an identity", "POST", "x-forwarded-user,x-user-id"));
    shared_battery(&cx, "preflights that grant only declared headers", cases, |case, answer| {
        judge_headers(&cx.target, case, answer)
    })
    .await
}

/// Names that browsers send without asking (Fetch standard, "CORS-safelisted request-header"): granting them grants nothing.
const SAFELISTED: [&str; 5] = ["accept", "accept-language", "content-language", "content-type", "range"];

/// Judges `Access-Control-Allow-Headers` of a preflight that passes. Most stock stacks grant whatever is asked for unless told
/// otherwise, and only to origins that are let in anyway: beyond the default policy that is a remark. Where the operator declared the
/// list (`policy.request_headers`), anything beyond it is a flaw; an operator who means any header declares `*`.
pub(super) fn judge_headers(target: &Target, case: &Case, answer: &Answer) -> Judgement {
    let (policy, names) = (&target.policy, granted(answer, "access-control-allow-headers"));
    let listed = |name: &String| policy.request_headers.iter().any(|header| header == "*" || header == name);
    let of_csrf = |name: &String| target.csrf.as_ref().is_some_and(|csrf| csrf.header == *name);
    let of_carrier = |name: &String| matches!(&target.carrier, Carrier::Header(header) if header.eq_ignore_ascii_case(name));
    let known = |name: &String| listed(name) || of_csrf(name) || of_carrier(name) || SAFELISTED.contains(&name.as_str());
    let own_policy = policy.request_headers != Policy::default().request_headers;
    match names.iter().find(|name| !known(name)).filter(|_| passes(case, answer)) {
        Some(name) if own_policy => Judgement::broken(format!("grants {}, which is not declared", clean(name))),
        Some(name) => Judgement::weak(format!("grants {}, which is not declared", clean(name))),
        None => no_failure(answer, format!("grants {}", names.join(", "))),
    }
}

/// A preflight is remembered, but not for long.
pub(super) async fn max_age(cx: Context) -> Checked {
    let cases = asked(&cx, "preflight", "POST", &super::surface::requested(&cx));
    shared_battery(&cx, "preflights with a bounded life", cases, |_, answer| judge_max_age(answer)).await
}

/// Judges `Access-Control-Max-Age` in seconds (Fetch standard; absent means 5).
pub(super) fn judge_max_age(answer: &Answer) -> Judgement {
    let Some(text) = answer.headers.text("access-control-max-age") else {
        return Judgement::weak("absent: browsers ask again every 5 seconds");
    };
    match text.trim().parse::<u64>() {
        Ok(0) => Judgement::weak("0: browsers ask before every request"),
        Ok(seconds @ 1..=MAX_AGE) => Judgement::held(format!("{seconds} s")),
        Ok(seconds @ ..=MAX_AGE_ANYWHERE) => Judgement::weak(format!("{seconds} s: more than Chromium keeps")),
        Ok(seconds) => Judgement::broken(format!("{seconds} s: a withdrawn origin would stay in for longer than a day")),
        Err(_) => Judgement::broken(format!("{text:?} is no number of seconds")),
    }
}

/// The token's own header (that of the CSRF token, where the token is a cookie) is granted. `*` covers any but `Authorization`, and none where
/// cookies may come along (Fetch standard, "CORS non-wildcard request-header name" and "CORS-preflight fetch", 7).
pub(super) async fn authorization(cx: Context) -> Checked {
    let name = match &cx.target.carrier {
        Carrier::Bearer | Carrier::Scheme(_) => "authorization".to_owned(),
        Carrier::Header(name) => name.to_ascii_lowercase(),
        Carrier::Cookie(_) => match &cx.target.csrf {
            Some(csrf) => csrf.header.clone(),
            None => return Ok(Outcome::skip("the token travels as a cookie")),
        },
    };
    let cases = asked(&cx, "preflight for the token's header", "GET", &name);
    shared_battery(&cx, "preflights that name the token's header", cases, |_, answer| judge_header(&name, answer)).await
}

pub(super) fn judge_header(name: &str, answer: &Answer) -> Judgement {
    let names = granted(answer, "access-control-allow-headers");
    let is_wild = names.iter().any(|other| other == "*");
    let is_covered = name != "authorization" && answer.headers.text("access-control-allow-credentials").as_deref() != Some("true");
    match answer.status {
        502.. => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        status if names.iter().any(|other| other == name) => Judgement::held(format!("{status}: {name} by name")),
        status if is_wild && is_covered => Judgement::held(format!("{status}: {name} by *")),
        _ if is_wild => Judgement::broken(format!("only *, which does not cover {name}")),
        status => Judgement::broken(format!("{status}: {name} is not granted, so no front end can send the token")),
    }
}

/// Every form in which a browser or a careless client may ask is answered without a failure, and the browser's own form is understood.
pub(super) async fn forms(cx: Context) -> Checked {
    let wanted = super::surface::requested(&cx);
    let many = (0..50).map(|n| format!("x-pf-{n:02}")).collect::<Vec<_>>().join(",");
    let list = [
        ("browser form", "POST", wanted.clone()),
        ("50 names", "POST", many),
        ("4 KiB of names", "POST", "x-pf,".repeat(800)),
        ("spaces and capitals", "POST", "Authorization, Content-Type".to_owned()),
        ("empty items", "POST", ",,".to_owned()),
        ("odd characters", "POST", "a b;c=\"d\"".to_owned()),
        ("lower-case method", "patch", wanted.clone()),
        ("method that is none", "G E T", wanted.clone()),
        ("overlong method", &"M".repeat(300), wanted),
    ]
    .map(|(name, method, headers)| asked(&cx, name, method, &headers));
    let mut cases = list.concat();
    cases.extend(
        asked(&cx, "empty list of headers", "POST", "")
            .into_iter()
            .map(|case| Case::new(case.name, case.probe.header("access-control-request-headers", ""))),
    );
    shared_battery(&cx, "forms of preflight", cases, judge_form).await
}

fn judge_form(case: &Case, answer: &Answer) -> Judgement {
    match answer.status {
        502..=504 => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        500.. => Judgement::broken(format!("{}: the preflight made the service fail", answer.status)),
        status if case.name == "browser form" && !passes(case, answer) => {
            Judgement::broken(format!("{status}: what every browser sends does not pass"))
        }
        status => Judgement::held(format!("{status}")),
    }
}

/// Access to a private network is never granted.
pub(super) async fn private_network(cx: Context) -> Checked {
    let names = ["access-control-request-private-network", "access-control-request-local-network"];
    let wish = |names: Vec<&str>| {
        let probe = options(&cx, &specimens::list_path(&cx), "GET");
        Case::new(names.join(", "), names.iter().fold(probe, |probe, name| probe.header(name, "true")))
    };
    let cases: Vec<_> = cx.at_once(names).into_iter().map(wish).collect();
    let origins: Vec<_> = first(&cx).into_iter().chain([stranger(&cx)]).collect();
    shared_battery(&cx, "preflights from a public network", crossed(&cases, &origins), |_, answer| judge_private_network(answer))
        .await
}

/// Judges the answer of the Private Network Access draft (and its successor's name).
pub(super) fn judge_private_network(answer: &Answer) -> Judgement {
    let names = ["access-control-allow-private-network", "access-control-allow-local-network"];
    match names.iter().find(|name| answer.headers.text(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))) {
        Some(name) => Judgement::broken(format!("{name}: true")),
        None => Judgement::held("not granted"),
    }
}

/// Declared routes are not redirected, and redirects beside them do not lose the origin.
pub(super) async fn redirects(cx: Context) -> Checked {
    let list = specimens::list_path(&cx);
    let slash = if list.ends_with('/') { list.trim_end_matches('/').to_owned() } else { format!("{list}/") };
    let both = |path: &str, name: &str| {
        [Case::new(format!("GET {name}"), Probe::get(path)), Case::new(format!("preflight {name}"), options(&cx, path, "GET"))]
    };
    let cases = [both(&list, DECLARED), both(&slash, "beside the route")].concat();
    let https = cx.target.base.is_https();
    shared_battery(&cx, "requests without a harmful redirect", crossed(&cases, &first(&cx)), |case, answer| {
        judge_redirect(case, answer, https)
    })
    .await
}

const DECLARED: &str = "of the route";

fn judge_redirect(case: &Case, answer: &Answer, https: bool) -> Judgement {
    let location = answer.headers.text("location").unwrap_or_default();
    let origin = case.probe.sent("origin").next().unwrap_or_default();
    let usable = Access::of(&answer.headers, origin).is_usable();
    let preflight = case.probe.method() == "OPTIONS";
    let downgrade = https && location.starts_with("http://");
    match answer.status {
        502.. => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        300..400 if preflight && case.name.contains(DECLARED) => {
            Judgement::broken(format!("{} to {location}: browsers refuse a redirected preflight", answer.status))
        }
        300..400 if preflight => {
            Judgement::weak(format!("{} to {location}: browsers refuse a redirected preflight", answer.status))
        }
        300..400 if downgrade && case.name.contains(DECLARED) => {
            Judgement::broken(format!("{} to {location}: the token would travel without TLS", answer.status))
        }
        300..400 if !usable || downgrade => Judgement::weak(format!("{} to {location}: browsers stop here", answer.status)),
        status => Judgement::held(format!("{status}")),
    }
}
