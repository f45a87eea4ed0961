//! Whether a token is asked for at all: the control, every declared route without one, and the ways around the door.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::checks::battery::{concluded, shared_answers};
use crate::checks::claims::{INTERNAL_KEYS, is_declared, own_page, sessions};
use crate::checks::paging::asking;
use crate::checks::{Act, Case, Checked, Context, Judgement, Need, Object, Outcome, Role, battery, shared_battery};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::run::{Finding, Source};
use crate::target::{Policy, Route};

use super::ask::{not_bearer, refusal};
use super::writes::writes;

/// What the control calls a request that must not get in.
const WITHOUT: &str = "a request without a token";

/// A's token gets in, and so does one minted now; nobody does without one.
pub(super) async fn control(cx: Context) -> Checked {
    let a = cx.a()?;
    let mut cases = vec![Case::new("A's token", cx.read(a))];
    if let (Some(forge), Some(subject)) = (&cx.forge, a.claimed_subject()) {
        let fresh = Credential::new("<minted now for A>", forge.good(&subject, super::claims::now()));
        cases.push(Case::new("a token minted now for A", Probe::get(cx.read_path(a)).bearer(&fresh)));
    }
    let judge = |case: &Case, answer: &Answer| match (answer.status, case.name == WITHOUT) {
        (status @ 200..=299, false) => Judgement::held(format!("let in: {status}")),
        (status, false) => Judgement::unclear(format!("a good token was answered {status}")),
        (status @ 200..=299, true) => Judgement::unclear(format!(
            "{status}: nobody needs a token there, so that none proves anything; name a GET that wants one under `paths.read`"
        )),
        (status, true) => Judgement::held(status.to_string()),
    };
    cases.push(Case::new(WITHOUT, Probe::get(cx.read_path(a))));
    battery(&cx, "requests", cases, judge).await
}

/// An object of A to ask about; where nothing may be created, an id that nothing has.
pub(super) async fn some_object(cx: &Context) -> Result<(String, Option<Object>), Trouble> {
    let a = cx.a()?;
    match cx.objects.witness(a).await {
        Ok(object) => Ok((object.path.clone(), Some(object))),
        Err(Trouble::NotGiven(_)) => Ok((cx.item_path(a, "00000000-0000-4000-8000-000000000000"), None)),
        Err(trouble) => Err(trouble),
    }
}

/// Judges an answer to a request without a token.
fn asked_for_a_token(cx: &Context, answer: &Answer) -> Judgement {
    match answer.status {
        405 | 501 => Judgement::held(format!("the route has no such method: {}", answer.status)),
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
pub(super) async fn required_read(cx: Context) -> Checked {
    let (item, object) = some_object(&cx).await?;
    let id = object.as_ref().map_or("1", |object| object.id.as_str());
    let a = cx.a()?;
    let subject = a.subject.as_deref().unwrap_or("me");
    let mut paths = Vec::new();
    if !cx.target.tries_tokens_in_public() {
        paths.push(cx.read_path(a));
    }
    if !cx.target.is_read_in_public() {
        paths.push(item);
    }
    let of_resource_itself = paths.len();
    paths.extend(cx.target.paths.protected.iter().map(|path| path.replace("{user_id}", subject).replace("{id}", id)));
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
    let to_a = to_a(&cx, &further, &cases, &asked, |route| route.filled(id, subject)).await;
    let outcome = concluded("reads without a token", &cases, asked, |case, answer| {
        match further.iter().find(|route| route.filled(id, subject) == case.probe.path()) {
            Some(route) if !paths.contains(&case.probe.path().to_owned()) => {
                further_asks(&cx, route, answer, to_a.get(case.probe.path()).copied())
            }
            // Where GET is there and HEAD is not, some routers say so by 404.
            _ if case.probe.method() == "HEAD" && answer.status == 404 => Judgement::held("404: no such route for HEAD"),
            _ => asked_for_a_token(&cx, answer),
        }
    })?;
    Ok(outcome.and_says(&left_out))
}

/// Statuses of a route that looked at the request before the token, or hides what is there.
const LOOKED_AT: [u16; 4] = [400, 404, 410, 422];

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
    let mut parts = path.split('/').filter(|part| !part.is_empty()).map(|part| part.trim_end_matches(".json")).peekable();
    path == "/" || parts.clone().last().is_some_and(|last| OPEN.contains(&last)) || parts.any(|part| OPEN_BELOW.contains(&part))
}

/// A further route must refuse where it is declared to, or lies below the collection that does. What nobody declared and nothing guards may be
/// meant so: a remark, unless its name says so.
///
/// `to_a`: what A is answered with the token, where that was asked. A route that answers both alike that there is nothing may as well look at no
/// token at all (a sample id that nothing has hides it).
fn further_asks(cx: &Context, route: &Route, answer: &Answer, to_a: Option<u16>) -> Judgement {
    match answer.status {
        status @ 200..=299 if cx.target.must_guard(route) => Judgement::broken(format!("{status} without a token")),
        status @ 200..=299 if is_open_by_name(&route.path) => Judgement::held(format!("{status}, public by its name")),
        status @ 200..=299 => {
            Judgement::weak(format!("{status}, and nothing says whether it is meant so; list it under `policy.public` if it is"))
        }
        status if to_a == Some(status) => Judgement::weak(format!(
            "{status} with A's token and without one: nothing shows that it asks for one; declare it under `routes` with an id that exists"
        )),
        status @ (400 | 404 | 405 | 410 | 422 | 501) => Judgement::held(format!("{status}: nothing was shown")),
        _ => refusal(&cx.target.policy.unauthenticated, Finding::Weak, answer),
    }
}

/// Unsafe methods on the declared resource, without a token: only an object of this run is at stake, and what a creation might make
/// carries an announced canary.
pub(super) async fn required_write(cx: Context) -> Checked {
    let a = cx.a()?;
    let object = if cx.exhaustive { cx.objects.create(a) } else { cx.objects.shared(a, Role::Exposed) };
    let (object, canary) = futures::try_join!(object, cx.objects.announce(a))?;
    let case = |probe: Probe| Case::new(format!("{} {} without a token", probe.method(), probe.path()), probe);
    let cases = writes(&cx, &object, &canary)?.into_iter().map(case).collect();
    let toggle = cx.target.paths.toggle.as_ref().and_then(|_| Act::Toggle.path(&cx, a, &object.id));
    shared_battery(&cx, "writes without a token", cases, |case, answer| match answer.status {
        // Toggles differ in their method; one that is not offered is not looked for by everybody as 405 either.
        404 if toggle.as_deref() == Some(case.probe.path()) => Judgement::held("404: the toggle has another method"),
        _ => asked_for_a_token(&cx, answer),
    })
    .await
}

/// Spellings of the list route that a router may fold into it after a gate in front of it looked at the bytes.
fn spellings(path: &str, subject: &str) -> Vec<String> {
    let (head, last) = path.rsplit_once('/').unwrap_or(("", path));
    let first = last.chars().next().unwrap_or('x');
    let encoded = format!("{head}/%{:02x}{}", u32::from(first), last.get(first.len_utf8()..).unwrap_or_default());
    let behind = |suffix: &str| format!("{path}{suffix}");
    let mut all =
        vec![behind("/"), format!("/{path}"), shouted(path, subject), encoded, behind(";x=1"), behind(".json"), behind("%00")];
    all.extend([behind("?"), behind("%2f"), behind("/."), format!("/public/..%2f{}", path.trim_start_matches('/'))]);
    all.extend(["//", "??", ";", "%20", "..;/"].map(behind));
    all.extend([format!("//{}", path.trim_start_matches('/')), format!("/%2e{path}"), format!("/..;{path}")]);
    all.dedup();
    all
}

/// The path in upper case, but for the part that names the user: to a service, another case is another user.
fn shouted(path: &str, subject: &str) -> String {
    let part = |part: &str| if part == subject { part.to_owned() } else { part.to_uppercase() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The list route under other spellings and override headers, without a token: only an answer with the list in it is a flaw.
pub(super) async fn required_path(cx: Context) -> Checked {
    if cx.target.tries_tokens_in_public() {
        return Ok(Outcome::skip(Need::OwnReads.reason()));
    }
    let a = cx.a()?;
    let list = cx.read_path(a);
    let mut cases: Vec<_> = cx
        .telling(spellings(&list, a.subject.as_deref().unwrap_or_default()), 8)
        .into_iter()
        .map(|path| Case::new(format!("GET {path} without a token"), Probe::get(path)))
        .collect();
    let open = cx.target.paths.live.as_deref().or(cx.target.paths.health.as_deref()).unwrap_or("/");
    // A guard that looks for an open path anywhere in the URL (`"/health" in request.url`).
    let declared = [&cx.target.paths.live, &cx.target.paths.health].into_iter().flatten().map(String::as_str);
    let accounts = &cx.target.accounts;
    let signing = [&accounts.login, &accounts.refresh].into_iter().flatten().map(|grant| grant.call.path.as_str());
    let usual = ["/health", "/login", "/register", "/docs", "/public"];
    let named = declared.chain(signing).chain(usual).map(|path| format!("next={path}")).collect::<Vec<_>>().join("&");
    let mentioned = asking(&list, &named);
    cases.push(Case::new(format!("GET {mentioned} without a token"), Probe::get(mentioned)));
    let with =
        |probe: Probe, headers: &[&str], value: &str| headers.iter().fold(probe, |probe, header| probe.header(header, value));
    for headers in cx.at_once(["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path"]) {
        cases.push(Case::new(format!("{} on {open}", headers.join(", ")), with(Probe::get(open), &headers, &list)));
    }
    for headers in cx.at_once(["x-http-method-override", "x-method-override", "x-http-method"]) {
        let probe = with(Probe::new("OPTIONS", &list), &headers, "GET");
        cases.push(Case::new(format!("OPTIONS with {}: GET", headers.join(", ")), probe));
    }
    let cases = cases.into_iter().map(Case::of_an_odd_form).collect();
    battery(&cx, "ways around the door", cases, |_, answer| around(&cx, answer)).await
}

fn around(cx: &Context, answer: &Answer) -> Judgement {
    let listed = answer.json().is_some_and(|body| !body.is_null() && cx.target.resource.items(&body).is_some());
    match answer.status {
        status @ 200..=299 if listed => Judgement::broken(format!("{status} with the list, without a token")),
        status @ 500..=599 if answer.source != Source::Edge => Judgement::weak(format!("fell over: {status}")),
        status => Judgement::held(format!("{status}, no list")),
    }
}

/// Headers by which a gateway tells a service who has been authenticated; from outside they are anybody's claim.
const IDENTITY_HEADERS: [&str; 18] = [
    "x-user-id",
    "x-forwarded-user",
    "x-user",
    "x-remote-user",
    "x-authenticated-user",
    "x-consumer-username",
    "x-ms-client-principal-name",
    "x-amzn-oidc-identity",
    "x-userid",
    "x-auth-user",
    "x-authenticated-userid",
    "x-forwarded-email",
    "remote-user",
    "x-goog-authenticated-user-id",
    "x-dev-user-id",
    "x-dev-user",
    "x-test-user",
    "x-mock-user",
];

/// Headers that name a machine of one's own network.
const LOCAL_HEADERS: [&str; 5] = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "x-client-ip", "true-client-ip"];

/// Headers by which a request without a token claims to be one of A's, or to come from the service's own network.
fn claims_of_identity(cx: &Context, subject: &str) -> Vec<(String, String)> {
    let claims = |names: &[&str], value: &str| names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect::<Vec<_>>();
    let all = [
        claims(&IDENTITY_HEADERS, subject),
        claims(&LOCAL_HEADERS, "127.0.0.1"),
        claims(&["cookie"], &sessions(cx, subject)),
        own_page(cx),
    ];
    all.concat().into_iter().filter(|(name, _)| !is_declared(cx, name)).collect()
}

/// A's subject in identity headers and cookies, a local address in forwarding headers, and the front end's page, without a token.
pub(super) async fn required_identity(cx: Context) -> Checked {
    let a = cx.a()?;
    let path = cx.read_path(a);
    let subject = a.subject.as_deref().filter(|subject| subject.chars().all(|c| c.is_ascii_graphic())).unwrap_or("1");
    let case = |said: Vec<(String, String)>| {
        let probe = said.iter().fold(Probe::get(&path), |probe, (name, value)| probe.header(name, value));
        let named = said.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        Case::new(format!("claims in {named}"), probe)
    };
    let mut cases: Vec<_> = cx.at_once(claims_of_identity(&cx, subject)).into_iter().map(case).collect();
    // Where one of these is there, others may be looked at no more.
    let keys = INTERNAL_KEYS.iter().filter(|name| !is_declared(&cx, name)).map(|name| ((*name).to_owned(), String::new()));
    cases.extend(cx.at_once(keys).into_iter().filter(|keys| !keys.is_empty()).map(case));
    let query: String = url::form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    cases.extend(cx.at_once(["user_id", "sub", "user"]).into_iter().map(|names| {
        let named = names.iter().map(|name| format!("{name}={query}")).collect::<Vec<_>>().join("&");
        Case::new(format!("the subject of A as ?{}=", names.join(", ")), Probe::get(asking(&path, &named)))
    }));
    // Elsewhere, an edge goes by the host.
    let host = cx.target.is_loopback().then(|| Case::new("host: localhost", Probe::get(&path).header("host", "localhost")));
    let expected = &cx.target.policy.unauthenticated;
    cases.extend(host);
    battery(&cx, "claims of identity without a token", cases, |_, answer| refusal(expected, Finding::Broken, answer)).await
}

/// 401 says how to authenticate.
pub(super) async fn challenge(cx: Context) -> Checked {
    if let Some(reason) = not_bearer(&cx) {
        return Ok(Outcome::skip(reason));
    }
    let path = cx.read_path(cx.a()?);
    let junk = Credential::new("<not a token>", "not-a-token");
    let cases =
        vec![Case::new("no token", Probe::get(&path)), Case::new("something that is not a token", Probe::get(&path).bearer(&junk))];
    shared_battery(&cx, "refusals", cases, |_, answer| challenged(&cx.target.policy, answer)).await
}

fn challenged(policy: &Policy, answer: &Answer) -> Judgement {
    let schemes: Vec<_> =
        answer.headers.all("www-authenticate").map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).collect();
    let usual = Policy::default();
    let declared = |status| {
        [(&policy.unauthenticated, &usual.unauthenticated), (&policy.refused_token, &usual.refused_token)]
            .into_iter()
            .any(|(own, usual)| own != usual && own.contains(status))
    };
    match answer.status {
        401 if schemes.iter().any(|value| value.contains("bearer")) => Judgement::held("401 with WWW-Authenticate: Bearer"),
        401 if schemes.is_empty() => Judgement::weak("401 without WWW-Authenticate"),
        401 if schemes.iter().any(|value| value.trim_start().starts_with("basic")) => {
            Judgement::broken("401 with WWW-Authenticate: Basic, at which browsers ask their users for a password")
        }
        401 => Judgement::weak("401 with WWW-Authenticate, but without the scheme Bearer"),
        status @ 200..=299 => Judgement::broken(format!("not refused at all: {status}")),
        status if declared(status) => Judgement::held(format!("{status}, as declared, which owes no challenge")),
        status => Judgement::weak(format!("{status} where 401 with a challenge is due")),
    }
}
