//! How a token travels: literals in its place, other schemes, two headers at once, and places where a token does not belong.

use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery};
use crate::http::{Answer, Credential, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding, Source};
use crate::target::{Carrier, Route};

use super::ask::{Forgery, not_bearer, of_a, refusal, refused};
use super::forgery::flipped;

/// What clients send when they have no token and do not notice.
const LITERALS: [&str; 12] =
    ["null", "undefined", "true", "{}", "0", "None", "nil", "false", "[]", "[object Object]", "NaN", "Bearer"];

/// What developers put in the place of a token, and leave in the code.
const STAND_INS: [&str; 10] =
    ["test-token", "dev-token", "mock_token", "mock-token", "test", "token", "dev", "demo-token", "fake-token", "admin"];

/// Literals in the place of a token, and the mere name of A.
pub(super) async fn literal(cx: Context) -> Checked {
    let path = cx.read_path(cx.a()?);
    let literal =
        |text: &str| Case::new(format!("the literal {text}"), Probe::get(&path).bearer(&Credential::new(text, text.to_owned())));
    let mut cases: Vec<_> = cx.telling(LITERALS, 3).into_iter().map(literal).collect();
    cases.extend(cx.telling(STAND_INS, 3).into_iter().map(literal));
    if let Some(subject) = cx.a()?.subject.as_deref().filter(|subject| subject.chars().all(|c| c.is_ascii_graphic())) {
        cases.extend([subject.to_owned(), format!("user_{subject}")].iter().map(|name| literal(name)));
    }
    if not_bearer(&cx).is_none() {
        for value in cx.telling(["", "Bearer ", "null", "Basic Og==", "Bearer", "bearer", "undefined"], 3) {
            cases.push(Case::new(format!("Authorization: {value:?}"), Probe::get(&path).header("authorization", value)));
        }
    }
    let expected = &cx.target.policy.unauthenticated;
    battery(&cx, "literals in the place of a token", cases, |_, answer| refusal(expected, Finding::Broken, answer)).await
}

/// Prefixes before a good token, with what accepting each comes to (RFC 9110, 11.1: schemes are case-insensitive; RFC 6750, 2.1: one space).
const SCHEMES: [(&str, &str, Finding); 13] = [
    ("no scheme", "", Finding::Weak),
    ("scheme of random letters", "Qzxv ", Finding::Weak),
    ("scheme Token", "Token ", Finding::Weak),
    ("Bearer without a space", "Bearer", Finding::Weak),
    ("a tab", "Bearer\t", Finding::Weak),
    ("lower-case bearer", "bearer ", Finding::Held),
    ("two spaces", "Bearer  ", Finding::Weak),
    ("scheme Basic", "Basic ", Finding::Weak),
    ("scheme Digest", "Digest ", Finding::Weak),
    ("scheme JWT", "JWT ", Finding::Weak),
    ("colon after Bearer", "Bearer: ", Finding::Weak),
    ("Bearer twice", "Bearer Bearer ", Finding::Weak),
    ("upper-case BEARER", "BEARER ", Finding::Held),
];

/// A good token under other schemes and spacing.
pub(super) async fn scheme(cx: Context) -> Checked {
    if let Some(reason) = not_bearer(&cx) {
        return Ok(Outcome::skip(reason));
    }
    let a = cx.a()?;
    let path = cx.read_path(a);
    let case = |(name, prefix, _): &(&str, &str, Finding)| {
        Case::new(*name, Probe::get(&path).secret_header("authorization", prefix, &a.token))
    };
    let mut cases: Vec<_> = cx.telling(&SCHEMES, 6).into_iter().map(case).collect();
    cases.extend(
        cx.telling(unproven(a.subject.as_deref().unwrap_or("admin")), 2)
            .into_iter()
            .map(|(name, value)| Case::new(name, Probe::get(&path).header("authorization", value))),
    );
    battery(&cx, "schemes and spacings", cases, |case, answer| {
        let accepted = SCHEMES.iter().find(|(name, ..)| *name == case.name).map_or(Finding::Broken, |(.., accepted)| *accepted);
        refusal(&cx.target.policy.refused_token, accepted, answer)
    })
    .await
}

/// Credentials of other schemes that name A and prove nothing.
fn unproven(subject: &str) -> [(&'static str, String); 4] {
    use base64::Engine as _;
    let basic = |pair: String| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    [
        ("Basic with the name of A and no password", basic(format!("{subject}:"))),
        ("Basic with the name of A twice", basic(format!("{subject}:{subject}"))),
        ("Basic admin:admin", basic("admin:admin".into())),
        ("Negotiate without a ticket", "Negotiate Og==".into()),
    ]
}

/// Two credentials in one request.
pub(super) async fn duplicate(cx: Context) -> Checked {
    if let Some(reason) = not_bearer(&cx) {
        return Ok(Outcome::skip(reason));
    }
    let a = cx.a()?;
    let bad = match of_a(&cx) {
        Ok(token) => Credential::new("<A's token, one bit of the signature flipped>", flipped(&token, 0).token()),
        Err(_) => Credential::new("<A's token in reverse>", a.token.expose().chars().rev().collect::<String>()),
    };
    let pair = |one: &Credential, two: &Credential| {
        let first = Probe::get(cx.read_path(a)).secret_header("authorization", "Bearer ", one);
        first.secret_header("authorization", "Bearer ", two)
    };
    let joined = |one: &Credential, two: &Credential| {
        let name = format!("{}, Bearer {}", one.name(), two.name());
        let value = Credential::new(name, format!("{}, Bearer {}", one.expose(), two.expose()));
        Probe::get(cx.read_path(a)).secret_header("authorization", "Bearer ", &value)
    };
    let cases = vec![
        Case::new("two headers: good, then bad", pair(&a.token, &bad)),
        Case::new("two headers: bad, then good", pair(&bad, &a.token)),
        Case::new("joined by a comma: good, then bad", joined(&a.token, &bad)),
        Case::new("two headers: both bad", pair(&bad, &bad)),
        Case::new("joined by a comma: bad, then good", joined(&bad, &a.token)),
    ];
    battery(&cx, "pairs of credentials", cx.telling(cases, 4), |case, answer| {
        let accepted = if case.name.ends_with("both bad") { Finding::Broken } else { Finding::Weak };
        refusal(&cx.target.policy.refused_token, accepted, answer)
    })
    .await
}

/// A's token in query parameters, and nowhere else.
pub(super) async fn query(cx: Context) -> Checked {
    let a = cx.a()?;
    let path = cx.read_path(a);
    let joint = if path.contains('?') { '&' } else { '?' };
    let names = ["access_token", "token", "jwt", "accessToken", "authorization", "auth_token", "id_token", "bearer", "api_key"];
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

/// A's token in cookies of common names.
pub(super) async fn cookie(cx: Context) -> Checked {
    let a = cx.a()?;
    let own = match &cx.target.carrier {
        Carrier::Cookie(name) => Some(name.as_str()),
        _ => None,
    };
    let names = [
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
    let in_cookies = |name: &str, prefix: &str, token: &Credential| {
        Case::new(format!("in the cookie {name}"), Probe::get(cx.read_path(a)).secret_header("cookie", prefix, token))
    };
    let names = cx.telling(names.iter().filter(|name| own != Some(name)), fitting(&a.token));
    let all = repeated(&a.token, &prefixes(&names), "; ");
    let all = in_cookies(&named(&names), "", &all);
    let each = names.iter().map(|name| in_cookies(name, &format!("{name}="), &a.token)).collect();
    elsewhere(&cx, "cookies", all, each).await
}

/// A's token in headers other than the declared one.
pub(super) async fn header(cx: Context) -> Checked {
    let a = cx.a()?;
    let own = match &cx.target.carrier {
        Carrier::Header(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    let names = vec![
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
    let names: Vec<_> = names.into_iter().filter(|(name, _)| own.as_deref() != Some(name)).collect();
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
pub(super) async fn body(cx: Context) -> Checked {
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
        status @ 200..=299 => Judgement::broken(format!("accepted: {status}")),
        status if status == with_bad => Judgement::held(format!("{status}, as with a bad token in its place")),
        status @ 500..=599 => Judgement::weak(format!("fell over: {status}")),
        status => Judgement::broken(format!("{status}, where a bad token in its place is answered {with_bad}: the token was read")),
    }
}

/// Forms that are not a JWS in compact serialisation (RFC 7515, 7.1), made of the parts of a good token.
pub(super) async fn structure(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let structures = structures(&token.header, &token.payload, &token.signature);
    refused(&cx, "broken structures", cx.telling(structures, 6)).await
}

fn structures(header: &str, payload: &str, signature: &str) -> Vec<Forgery> {
    let flattened = format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
    let general = format!(r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#);
    let none = format!(r#"{{"payload":"{payload}","signatures":[]}}"#);
    let (h, p, s) = (header, payload, signature);
    vec![
        Forgery::fatal("the payload alone", p),
        Forgery::fatal("two dots", ".."),
        Forgery::fatal("a detached payload (RFC 7515, appendix F)", format!("{h}..{s}")),
        Forgery::fatal("an empty header", format!(".{p}.{s}")),
        Forgery::fatal("JSON serialisation without any signature", none),
        Forgery::lenient("a fourth part", format!("{h}.{p}.{s}.{s}")),
        Forgery::lenient("a trailing dot", format!("{h}.{p}.{s}.")),
        Forgery::lenient("flattened JSON serialisation", flattened),
        Forgery::fatal("the header alone", h),
        Forgery::fatal("one dot", "."),
        Forgery::fatal("four dots", "...."),
        Forgery::fatal("a signature alone", format!("..{s}")),
        Forgery::lenient("a fourth and a fifth part", format!("{h}.{p}.{s}.{s}.{s}")),
        Forgery::lenient("a leading dot", format!(".{h}.{p}.{s}")),
        Forgery::lenient("general JSON serialisation", general),
    ]
}
