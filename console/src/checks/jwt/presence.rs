//! Whether a token is asked for at all: the control, and the ways around the door.

use crate::checks::beside_token::{INTERNAL_KEYS, is_declared, own_page, sessions};
use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Judgement, Need, Outcome, battery, shared_battery};
use crate::http::{Answer, Credential, Probe};
use crate::run::{Finding, Source};
use crate::target::Policy;

use super::ask::{not_bearer, refusal, refused_in_words};

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
        (status, true) if answer.refuses_in_words() => Judgement::held(refused_in_words(status)),
        (status, false) if answer.refuses_in_words() => Judgement::unclear(format!("a good token: {}", refused_in_words(status))),
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
pub(super) async fn path(cx: Context) -> Checked {
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
    // A guard that looks for an open path anywhere in the URL (`"/health" in request.url`), or for a file's name at its end.
    let declared = [&cx.target.paths.live, &cx.target.paths.health].into_iter().flatten().map(String::as_str);
    let accounts = &cx.target.accounts;
    let signing = [&accounts.login, &accounts.refresh].into_iter().flatten().map(|grant| grant.call.path.as_str());
    let usual = ["/health", "/login", "/register", "/docs", "/public", "/share", "/static/app.css"];
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
const IDENTITY_HEADERS: [&str; 19] = [
    "x-user-id",
    "x-forwarded-user",
    "x-user",
    "x-remote-user",
    "x-authenticated-user",
    "x-consumer-username",
    "x-ms-client-principal-name",
    "x-ms-client-principal-id",
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
const LOCAL_HEADERS: [&str; 6] =
    ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"];

/// What platforms, proxies and services of one's own say in requests of their own: probes of Kubernetes and of load balancers, jobs, and TLS
/// that somebody else has verified.
const OF_MACHINES: [(&str, &str); 4] = [
    ("user-agent", "kube-probe/1.29 ELB-HealthChecker/2.0 GoogleHC/1.0"),
    ("x-internal-service", "postflight"),
    ("x-vercel-cron", "1"),
    ("x-ssl-client-verify", "SUCCESS"),
];

/// Headers by which a request without a token claims to be one of A's, or to come from the service's own network.
fn claims_of_identity(cx: &Context, subject: &str) -> Vec<(String, String)> {
    let claims = |names: &[&str], value: &str| names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect::<Vec<_>>();
    let all = [
        claims(&IDENTITY_HEADERS, subject),
        claims(&LOCAL_HEADERS, "127.0.0.1"),
        OF_MACHINES.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        // What some guards take for a preflight, whatever the method.
        claims(&["access-control-request-method"], "GET"),
        claims(&["cookie"], &sessions(cx, subject)),
        own_page(cx),
    ];
    all.concat().into_iter().filter(|(name, _)| !is_declared(cx, name)).collect()
}

/// A's subject in identity headers and cookies, a local address in forwarding headers, and the front end's page, without a token.
pub(super) async fn identity(cx: Context) -> Checked {
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
    battery(&cx, "claims of identity without a token", cases, |case, answer| match answer.status {
        status @ 400..=499 if case.probe.sent("host").next().is_some() => Judgement::held(format!("the host is refused: {status}")),
        _ => refusal(expected, Finding::Broken, answer),
    })
    .await
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
        status if answer.refuses_in_words() => Judgement::weak(refused_in_words(status)),
        status @ 200..=299 => Judgement::broken(format!("not refused at all: {status}")),
        status if declared(status) => Judgement::held(format!("{status}, as declared, which owes no challenge")),
        status => Judgement::weak(format!("{status} where 401 with a challenge is due")),
    }
}
