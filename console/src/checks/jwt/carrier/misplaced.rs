//! Places where a token does not belong: the query, cookies, other headers and the body. A good token is tried there, and nowhere else.

use crate::checks::beside_token::is_declared;
use crate::checks::jwt::ask::{not_bearer, refusal};
use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery};
use crate::http::{Answer, Credential, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding, Source};
use crate::target::{Carrier, Route};

/// A's token in query parameters, and nowhere else.
pub(in crate::checks::jwt) async fn query(cx: Context) -> Checked {
    let a = cx.a()?;
    let path = cx.read_path(a);
    let joint = if path.contains('?') { '&' } else { '?' };
    let names = ["access_token", "token", "jwt", "accessToken", "authorization", "auth_token", "id_token", "bearer", "api_key"];
    let own = if let Carrier::Cookie(name) = &cx.target.carrier { Some(name.as_str()) } else { None };
    let names: Vec<_> = own.into_iter().chain(names).collect();
    let each = |name: &&str| Case::new(format!("in ?{name}="), Probe::get(format!("{path}{joint}{name}=")).secret_query(&a.token));
    let names = cx.telling(&names, fitting(&a.token));
    let all = repeated(&a.token, &prefixes(&names), "&");
    let carried = |path: &str, joint: char| Probe::get(format!("{path}{joint}")).secret_query(&all);
    let listed = Case::new(format!("in ?{}=", named(&names)), carried(&path, joint));
    let outcome = elsewhere(&cx, "query parameters", listed, names.iter().copied().map(each).collect()).await?;
    let mut pieces = Vec::new();
    for path in opened_by_a_link(&cx) {
        let joint = if path.contains('?') { '&' } else { '?' };
        pieces.extend(linked(&cx, &path, &carried(&path, joint)).await?);
    }
    Ok(pieces.into_iter().fold(outcome, Outcome::joined))
}

/// Further routes that browsers open by themselves, without the page's headers, and whose authors are therefore tempted.
fn opened_by_a_link(cx: &Context) -> Vec<String> {
    const OPENED: [&str; 12] =
        ["export", "download", "stream", "events", "sse", "ws", "feed", "ics", "csv", "pdf", "file", "attachment"];
    let subject = cx.users.a.as_ref().and_then(|a| a.subject.as_deref()).unwrap_or("me");
    let tempting = |route: &&Route| {
        let words = route.path.rsplit('/').next().unwrap_or_default().split(['.', '-', '_']);
        route.reads() && !route.takes_id() && words.into_iter().any(|word| OPENED.contains(&word))
    };
    cx.further_routes().filter(tempting).take(3).map(|route| route.filled("1", subject)).collect()
}

/// A token in the query of such a route, where the route wants one.
async fn linked(cx: &Context, path: &str, probe: &Probe) -> Result<Option<Evidence>, Trouble> {
    let expected = &cx.target.policy.unauthenticated;
    if !expected.contains(cx.once(&Probe::get(path)).await?.status) {
        return Ok(None);
    }
    let answer = cx.send(probe).await?;
    let judgement = refusal(expected, Finding::Broken, &answer);
    Ok(Some(evidence(&answer, format!("in the query of {path}"), judgement.finding, judgement.observed)))
}

/// Cookies in which services keep a token.
const COOKIES: [&str; 13] = [
    "access_token",
    "token",
    "jwt",
    "access_token_cookie",
    "session",
    "better-auth.session_token",
    "auth_token",
    "Authorization",
    "accessToken",
    "jwt_token",
    "auth",
    "auth-token",
    "id_token",
];

/// A's token in cookies of common names.
pub(in crate::checks::jwt) async fn cookie(cx: Context) -> Checked {
    let a = cx.a()?;
    let own = match &cx.target.carrier {
        Carrier::Cookie(name) => Some(name.as_str()),
        _ => None,
    };
    let in_cookies = |name: &str, prefix: &str, token: &Credential| {
        Case::new(format!("in the cookie {name}"), Probe::get(cx.read_path(a)).secret_header("cookie", prefix, token))
    };
    let names = cx.telling(COOKIES.iter().filter(|name| own != Some(name)), fitting(&a.token));
    let all = repeated(&a.token, &prefixes(&names), "; ");
    let all = in_cookies(&named(&names), "", &all);
    let each = names.iter().map(|name| in_cookies(name, &format!("{name}="), &a.token)).collect();
    elsewhere(&cx, "cookies", all, each).await
}

/// Headers in which services take a token, and what stands before it there.
const HEADERS: [(&str, &str); 10] = [
    ("x-auth-token", ""),
    ("x-access-token", ""),
    ("proxy-authorization", "Bearer "),
    ("x-authorization", "Bearer "),
    ("x-jwt-assertion", ""),
    ("token", ""),
    ("x-forwarded-authorization", "Bearer "),
    ("x-api-key", ""),
    ("jwt", ""),
    ("sec-websocket-protocol", "bearer, "),
];

/// A's token in headers other than the declared one.
pub(in crate::checks::jwt) async fn header(cx: Context) -> Checked {
    let a = cx.a()?;
    let own = match &cx.target.carrier {
        Carrier::Header(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    let names: Vec<_> = HEADERS.into_iter().filter(|(name, _)| own.as_deref() != Some(name) && !is_declared(&cx, name)).collect();
    let case = |names: &[(&str, &str)]| {
        let carry = |probe: Probe, (name, prefix): &(&str, &str)| probe.secret_header(name, prefix, &a.token);
        let probe = names.iter().fold(Probe::get(cx.read_path(a)), carry);
        Case::new(format!("in the header {}", names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")), probe)
    };
    let outcome = elsewhere(&cx, "headers", case(&names), names.iter().map(|name| case(&[*name])).collect()).await?;
    if not_bearer(&cx).is_none() {
        return Ok(outcome);
    }
    // The standard header beside one's own (RFC 6750, 2.1) is what services for browsers and for apps offer: a remark.
    let standard = case(&[("authorization", "Bearer ")]);
    let answer = cx.send(&standard.probe).await?;
    let judgement = refusal(&cx.target.policy.unauthenticated, Finding::Weak, &answer);
    Ok(outcome.joined(evidence(&answer, standard.name, judgement.finding, judgement.observed)))
}

/// Length of a request's head that every server reads, in bytes.
const READ: usize = 6_000;

/// How many places can carry `token` in one request; five, one by one, where it is so long that few can.
fn fitting(token: &Credential) -> usize {
    (READ / token.expose().len().max(1)).max(5)
}

/// `token` once behind each prefix, joined.
fn repeated(token: &Credential, prefixes: &[String], joint: &str) -> Credential {
    let written = |token: &str| prefixes.iter().map(|prefix| format!("{prefix}{token}")).collect::<Vec<_>>().join(joint);
    Credential::new(written(token.name()), written(token.expose()))
}

/// Each name as it stands before its value.
fn prefixes(names: &[&&str]) -> Vec<String> {
    names.iter().map(|name| format!("{name}=")).collect()
}

/// Several names in one text.
fn named(names: &[&&str]) -> String {
    names.iter().map(|name| **name).collect::<Vec<_>>().join(", ")
}

/// A's token where it does not belong: in all these places at once first, since whoever looks at none of them refuses that. Otherwise, and
/// where so many tokens may be too long for a request, in each place alone.
async fn elsewhere(cx: &Context, noun: &str, all: Case, each: Vec<Case>) -> Checked {
    let expected = &cx.target.policy.unauthenticated;
    if !cx.exhaustive && cx.a()?.token.expose().len() * each.len() < READ {
        let answer = cx.send(&all.probe).await?;
        if expected.contains(answer.status) && answer.source != Source::Edge {
            let summary = format!("refused in {} {noun} at once: {}", each.len(), answer.status);
            return Ok(Outcome::pass(summary).seen(&answer, all.name, "refused"));
        }
    }
    battery(cx, noun, each, |_, answer| refusal(expected, Finding::Broken, answer)).await
}

/// A's token in the body of a creation, beside the same body with a bad one: where only the token differs, only the token can make a
/// difference. The titles carry an announced canary, in case they get in.
pub(in crate::checks::jwt) async fn body(cx: Context) -> Checked {
    let a = cx.a()?;
    let canary = cx.objects.announce(a).await?;
    let with =
        |token: &str| bodies(&cx, &canary, token).map(|(kind, bytes)| Probe::new("POST", cx.list_path(a)).secret_body(kind, bytes));
    let [bad_form, bad_json] = with("not-a-token");
    let (form, json) = futures::try_join!(cx.send(&bad_form), cx.send(&bad_json))?;
    let [good_form, good_json] = with(a.token.expose());
    let cases = vec![Case::new("in a form", good_form), Case::new("in a JSON body", good_json)];
    battery(&cx, "bodies", cases, |case, answer| {
        let without = if case.name == "in a form" { form.status } else { json.status };
        in_body(without, answer)
    })
    .await
}

/// A creation as a form and as JSON, with a token in it.
fn bodies(cx: &Context, canary: &str, token: &str) -> [(&'static str, String); 2] {
    let resource = &cx.target.resource;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(&resource.fields.title, canary)
        .append_pair("access_token", token)
        .append_pair("token", token)
        .finish();
    let mut json = resource.body(canary);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("access_token".into(), token.into());
        fields.insert("token".into(), token.into());
    }
    [("application/x-www-form-urlencoded", form), ("application/json", json.to_string())]
}

fn in_body(with_bad: u16, answer: &Answer) -> Judgement {
    match answer.status {
        status @ 200..=299 if !answer.refuses_in_words() => Judgement::broken(format!("accepted: {status}")),
        status if status == with_bad => Judgement::held(format!("{status}, as with a bad token in its place")),
        status @ 500..=599 => Judgement::weak(format!("fell over: {status}")),
        status => Judgement::broken(format!("{status}, where a bad token in its place is answered {with_bad}: the token was read")),
    }
}
