//! Claims in a header: what a gateway would tell a service behind it, what lets a service's own people do more, other paths, and cookies.

use futures::future::try_join_all;

use crate::checks::beside_token::{INTERNAL_KEYS, is_declared, own_page};
use crate::checks::{Case, Checked, Context, Judgement, User};
use crate::http::{Probe, Trouble};
use crate::run::Evidence;

use super::Scene;
use crate::checks::isolation::forms::closed_to_users;
use crate::checks::isolation::judge;
use crate::checks::isolation::page::list;
use crate::checks::isolation::stage::join;
use crate::checks::isolation::tenancy;

/// Headers by which a gateway would tell a service behind it who the user is.
const HEADERS: [&str; 23] = [
    "x-user-id",
    "x-forwarded-user",
    "x-user",
    "x-remote-user",
    "x-auth-request-user",
    "x-impersonate-user",
    "x-tenant-id",
    "x-consumer-id",
    "x-userid",
    "remote-user",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-auth-user",
    "x-consumer-custom-id",
    "x-account-id",
    "x-on-behalf-of",
    "x-hasura-user-id",
    "x-amzn-oidc-identity",
    "x-act-as",
    "x-acting-as",
    "sudo",
    "x-delegated-user",
    "x-user-context",
];

/// Headers by which a service lets its own people, or itself, do more.
const POWERS: [(&str, &str); 10] = [
    ("x-admin", "true"),
    ("x-is-admin", "true"),
    ("x-role", "admin"),
    ("x-user-role", "admin"),
    ("x-internal", "true"),
    ("x-internal-request", "true"),
    ("x-debug", "true"),
    ("x-test", "true"),
    ("x-bypass-auth", "true"),
    ("x-internal-service", "postflight"),
];

/// Representations of a list that are often written beside JSON.
const AS_TABLE: &str = "text/csv, application/vnd.ms-excel;q=0.9, application/xml;q=0.8";

/// Parts of the names of headers that stand for a token where a gateway has verified it: these are also sent without one.
const GATEWAYS: [&str; 7] = ["user-id", "forwarded", "remote", "authenticated-user", "auth-request", "consumer-id", "oidc"];

pub(in crate::checks::isolation) async fn header(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let b = cx.b()?;
    let item = cx.item_path(cx.a()?, &scene.victim.object.id);
    let mut cases = Vec::new();
    let subject = scene.subject.as_str();
    let named = |said: &[(&str, &str)]| said.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let page = own_page(&cx);
    let page = page.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let keys = INTERNAL_KEYS.map(|name| (name, "")).into_iter().filter(|(name, _)| !is_declared(&cx, name));
    for said in cx.at_once(HEADERS.map(|name| (name, subject)).into_iter().chain(POWERS).chain(keys).chain(page)) {
        let all = named(&said);
        cases.push(Case::new(format!("B: A's object with {all}"), claim(&said, Probe::get(&item).bearer(&b.token))));
        cases.push(Case::new(format!("B: the list with {all}"), claim(&said, list(&cx, b, &scene.page.query))));
    }
    // Another representation may have a query of its own.
    cases.push(Case::new("B: the list as CSV", list(&cx, b, &scene.page.query).header("accept", AS_TABLE)));
    for name in cx.a()?.other_names().filter(|name| name.chars().all(|c| c.is_ascii_graphic())) {
        let said: Vec<_> = HEADERS.into_iter().filter(|header| !is_declared(&cx, header)).map(|header| (header, name)).collect();
        cases.push(Case::new(
            format!("B: A's object with a name of A in {}", named(&said)),
            claim(&said, Probe::get(&item).bearer(&b.token)),
        ));
    }
    cases.extend(by_tenant(&cx, &scene, b, &item).await?);
    let gateways = HEADERS.into_iter().filter(|name| GATEWAYS.iter().any(|word| name.contains(word)));
    for said in cx.at_once(gateways.map(|name| (name, subject)).chain(POWERS)) {
        cases.push(Case::new(format!("nobody: A's object with {}", named(&said)), claim(&said, Probe::get(&item))));
    }
    cases.extend(rerouted(&cx, b, &item));
    cases.extend(in_cookies(&cx, b, &item, subject));
    let outcome = scene.ask(&cx, "headers that claim to be A", cases).await?;
    Ok(join(outcome, empowered(&cx).await?))
}

/// A request with these headers.
fn claim(said: &[(&str, &str)], probe: Probe) -> Probe {
    said.iter().fold(probe, |probe, (name, value)| probe.header(name, *value))
}

/// B with headers that name the tenant of A's object.
async fn by_tenant(cx: &Context, scene: &Scene, b: &User, item: &str) -> Result<Vec<Case>, Trouble> {
    let mut cases = Vec::new();
    for tenant in tenancy::tenants(cx, &scene.victim).await? {
        let said = tenancy::headers(&tenant);
        let said: Vec<_> =
            said.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| !is_declared(cx, name)).collect();
        let named = |what: &str| format!("B: {what} with the {} of A in headers", tenant.name);
        cases.push(Case::new(named("A's object"), claim(&said, Probe::get(item).bearer(&b.token))));
        cases.push(Case::new(named("the list"), claim(&said, list(cx, b, &scene.page.query))));
    }
    Ok(cases)
}

/// Headers that say where a request comes from: some services let their own machine in.
const ADDRESSES: [&str; 4] = ["x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip"];

/// Routes for administrators that are tried with headers that claim to be one.
const RESERVED: usize = 4;

/// B on what is closed to ordinary users, with every header by which a service lets its own people in.
async fn empowered(cx: &Context) -> Result<Vec<Evidence>, Trouble> {
    let (b, closed) = (cx.b()?, closed_to_users(cx).await?);
    let here = ADDRESSES.map(|name| (name, "127.0.0.1"));
    let said: Vec<_> = POWERS.into_iter().chain(here).filter(|(name, _)| !is_declared(cx, name)).collect();
    let all = said.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let asked = cx.telling(closed, RESERVED).into_iter().map(async |path| {
        let probe = said.iter().fold(Probe::get(&path).bearer(&b.token), |probe, (name, value)| probe.header(name, *value));
        let answer = cx.send(&probe).await?;
        let judgement = match answer.status {
            status @ 200..=299 => Judgement::broken(format!("{status}, where B is refused without them")),
            status => judge::harmless(status, false),
        };
        // Closed is closed, whoever closes it.
        Ok::<_, Trouble>(judgement.seen_anywhere(&answer, format!("B: GET {path} with {all}")))
    });
    try_join_all(asked).await
}

/// Cookies beside the token that name A.
fn in_cookies(cx: &Context, b: &User, item: &str, subject: &str) -> Vec<Case> {
    let case = |names: Vec<&str>| {
        let cookies = names.iter().map(|name| format!("{name}={subject}")).collect::<Vec<_>>().join("; ");
        let probe = Probe::get(item).bearer(&b.token).header("cookie", cookies);
        Case::new(format!("B: A's object with the cookie {}", names.join(", ")), probe)
    };
    cx.at_once(["user_id", "uid", "sub", "userId"]).into_iter().map(case).collect()
}

/// Headers that some frameworks take for the path, behind the back of a proxy that decided by the real one.
fn rerouted(cx: &Context, b: &User, item: &str) -> Vec<Case> {
    let full = cx.target.base.path(item);
    let names = cx.at_once(["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path", "x-original-uri"]);
    let towards = |probe: Probe, names: &[&str]| names.iter().fold(probe, |probe, name| probe.header(name, &full));
    let cases = |names: &Vec<&str>| {
        let (list, all) = (Probe::get(cx.list_path(b)).bearer(&b.token), names.join(", "));
        let as_b = Case::new(format!("B: the list with {all} of A's object"), towards(list, names));
        [as_b, Case::new(format!("nobody: / with {all} of A's object"), towards(Probe::get("/"), names))]
    };
    names.iter().flat_map(cases).collect()
}
