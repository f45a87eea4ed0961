//! Signing in: what its answers tell strangers, how often one may guess, and where its answer puts the token.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::checks::{Checked, Context, Login, Outcome, Session};
use crate::http::{Answer, Probe, Trouble, clean, evidence};
use crate::run::{Evidence, EvidenceClass, Finding, Verdict};
use crate::target::Carrier;

/// Why nothing can be asked about signing in.
const NO_LOGIN: &str = "no sign-in is declared; describe it under `tokens.login` in postflight.toml";
/// Why nobody can sign in.
pub(super) const NO_ACCOUNT: &str =
    "no account can be had: declare `tokens.signup`, or `users` under `tokens.login`, in postflight.toml";
/// Wrong passwords that a check may spend on one account: far below any lock.
const TRIES: usize = 2;

/// A name like `known` that nobody has.
fn nobody(cx: &Context, known: &Login) -> Login {
    let name = format!("postflight{}", cx.random("nobody"));
    let domain = known.email.split_once('@').map_or("example.com", |(_, domain)| domain);
    let email = format!("{name}@{domain}");
    let username = if known.username.contains('@') { email.clone() } else { name };
    Login { username, email, password: crate::verify::fresh_password() }
}

fn wrong(known: &Login) -> Login {
    Login { password: crate::verify::fresh_password(), ..known.clone() }
}

/// An unknown user and a wrong password get the same answer.
pub(super) async fn uniform(cx: Context) -> Checked {
    let _turn = cx.registry.among_others().await;
    let Some(session) = cx.registry.shared().await? else { return Ok(Outcome::skip(NO_ACCOUNT)) };
    let (known, unknown) = (wrong(&session.login), nobody(&cx, &session.login));
    let probes = cx.registry.login_probe(&known).zip(cx.registry.login_probe(&unknown));
    let Some((known_probe, unknown_probe)) = probes else { return Ok(Outcome::skip(NO_LOGIN)) };
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for _ in 0..TRIES {
        of_unknown.push(cx.send(&unknown_probe.clone().impatient()).await?);
        of_known.push(cx.send(&known_probe.clone().impatient()).await?);
    }
    Ok(compared(&of_known, &known, &of_unknown, &unknown))
}

fn compared(of_known: &[Answer], known: &Login, of_unknown: &[Answer], unknown: &Login) -> Outcome {
    let (Some(right), Some(other)) = (of_known.first(), of_unknown.first()) else {
        return Outcome::inconclusive("nothing was asked");
    };
    let (finding, observed) = alike((right, known), (other, unknown));
    let mut pieces = vec![
        evidence(other, "a user who does not exist", finding, observed.clone()),
        evidence(right, "an existing user with a wrong password", finding, observed.clone()),
    ];
    let (slow, fast) = (quickest(of_known), quickest(of_unknown));
    let times = format!(
        "at best {} ms for an existing user, {} ms for a missing one (reported, not judged)",
        slow.as_millis(),
        fast.as_millis()
    );
    pieces.push(Evidence::of(EvidenceClass::Live, "the time of both", Finding::Held, times));
    Outcome::of(observed, pieces)
}

fn quickest(answers: &[Answer]) -> Duration {
    answers.iter().map(|answer| answer.elapsed).min().unwrap_or_default()
}

fn alike((right, known): (&Answer, &Login), (other, unknown): (&Answer, &Login)) -> (Finding, String) {
    let statuses = [right.status, other.status];
    if statuses.contains(&429) {
        return (Finding::Unclear, "the service asks to wait before another sign-in".to_owned());
    }
    if statuses.iter().any(|status| (200..300).contains(status)) {
        return (Finding::Broken, format!("a wrong password was answered {} and {}", right.status, other.status));
    }
    if right.status != other.status {
        return (
            Finding::Broken,
            format!("{} for an existing user, {} for a missing one: names can be tried out", right.status, other.status),
        );
    }
    if said(right, known) != said(other, unknown) {
        return (Finding::Broken, format!("{} for both, with another body: names can be tried out", right.status));
    }
    (Finding::Held, format!("{} with the same body for both", right.status))
}

/// A body without what was sent, and without the digits of times and request ids.
fn said(answer: &Answer, login: &Login) -> String {
    let text = answer.raw_text().replace(&login.email, "").replace(&login.username, "");
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// After as many wrong passwords as the target declares, the service asks to wait. Runs last, on an account of its own.
pub(super) async fn limit(cx: Context) -> Checked {
    let Some(limit) = cx.target.policy.login_limit else {
        return Ok(Outcome::skip("no limit of failed sign-ins is declared; set `policy.login_limit` in postflight.toml"));
    };
    let _turn = cx.registry.after_others().await;
    let known = cx.registry.spare().await?.map(|session| session.login);
    let login = known.map_or_else(
        || nobody(&cx, &Login { username: String::new(), email: String::new(), password: "".into() }),
        |known| wrong(&known),
    );
    let Some(probe) = cx.registry.login_probe(&login) else { return Ok(Outcome::skip(NO_LOGIN)) };
    let mut answered = cx.send(&probe.clone().impatient()).await?;
    let mut sent = 1;
    while sent <= limit && !asks_to_wait(&answered) {
        answered = cx.send(&probe.clone().impatient()).await?;
        sent += 1;
    }
    let outcome = limited(&answered, sent, limit);
    if outcome.verdict == Verdict::Fail {
        return Ok(outcome);
    }
    let evading = probe.clone().header("x-forwarded-for", "203.0.113.77").impatient();
    let evading = cx.send(&evading).await?;
    let still = asks_to_wait(&evading) || asks_to_wait(&cx.send(&probe.impatient()).await?);
    Ok(outcome.joined(evaded(&evading, still)))
}

/// Whoever counts by an address that anybody can claim counts nothing. `still`: without the claim, the service asks to wait even afterwards.
fn evaded(answer: &Answer, still: bool) -> Evidence {
    let (finding, observed) = match answer.status {
        status if asks_to_wait(answer) => (Finding::Held, format!("{status}: asks to wait all the same")),
        status if !still => (Finding::Held, format!("{status}, and no longer asked to wait without the claim either")),
        status @ 500.. => (Finding::Unclear, format!("{status}: the service did not answer")),
        status => (Finding::Broken, format!("{status}: whoever claims another address may guess on")),
    };
    evidence(answer, "one more with another X-Forwarded-For", finding, observed)
}

const fn asks_to_wait(answer: &Answer) -> bool {
    matches!(answer.status, 423 | 429)
}

fn limited(answer: &Answer, sent: u32, limit: u32) -> Outcome {
    let label = format!("wrong password number {sent}");
    match answer.status {
        status if !asks_to_wait(answer) => {
            let summary = format!("{sent} wrong passwords in a row are all answered; {limit} are declared");
            Outcome::fail(summary).seen(answer, label, format!("{status}, no request to wait"))
        }
        429 if !answer.headers.has("retry-after") => Outcome::warn(format!(
            "asks to wait after {sent} wrong passwords, but not how long"
        ))
        .seen(answer, label, "429 without Retry-After"),
        status => Outcome::pass(format!("asks to wait after {sent} wrong passwords")).seen(answer, label, status.to_string()),
    }
}

/// Where the answer to a sign-in puts the token: not into an address, not into a cache, and into a cookie only a guarded one.
pub(super) async fn answer(cx: Context) -> Checked {
    let _turn = cx.registry.among_others().await;
    let Some(session) = cx.registry.shared().await? else { return Ok(Outcome::skip(NO_ACCOUNT)) };
    let mut pieces = vec![in_address(&session), cached(&session.answer), told(&session)];
    pieces.extend(cookie(&cx, &session));
    pieces.extend(further_cookies(&cx, &session));
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| piece.observed.clone()).unwrap_or_default();
    Ok(Outcome::of(format!("{held} of {} as expected: {worst}", pieces.len()), pieces))
}

fn in_address(session: &Session) -> Evidence {
    let (answer, token) = (&session.answer, session.user.token.expose());
    let fields = ["location", "refresh", "link", "content-location"];
    let named =
        fields.into_iter().find(|name| answer.headers.all(name).any(|value| String::from_utf8_lossy(value).contains(token)));
    let linked = addresses(&answer.json().unwrap_or_default()).iter().any(|address| address.contains(token));
    let (finding, observed) = match (named, linked) {
        (Some(name), _) => (Finding::Broken, format!("the token stands in the address of the header {name}")),
        (None, true) => (Finding::Broken, "the token stands in an address in the body".to_owned()),
        (None, false) => (Finding::Held, "no address holds the token".to_owned()),
    };
    evidence(answer, "addresses in the answer to a sign-in", finding, observed)
}

/// Every address in a JSON body.
fn addresses(body: &serde_json::Value) -> Vec<String> {
    match body {
        serde_json::Value::String(text) if text.contains("://") || text.starts_with('/') => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(addresses).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(addresses).collect(),
        _ => Vec::new(),
    }
}

/// RFC 6749, 5.1: an answer with a token says `Cache-Control: no-store`.
fn cached(answer: &Answer) -> Evidence {
    let rules = answer.headers.list("cache-control");
    let (finding, observed) = match rules.iter().any(|rule| rule == "no-store") {
        true => (Finding::Held, "Cache-Control: no-store"),
        false if rules.iter().any(|rule| rule == "public") => {
            (Finding::Broken, "an answer with a token may be kept by shared caches")
        }
        false => (Finding::Weak, "an answer with a token does not say Cache-Control: no-store"),
    };
    evidence(answer, "caching of the answer to a sign-in", finding, observed)
}

/// How hashes of passwords begin (bcrypt, Argon2, scrypt, PBKDF2 and their spellings in Django and Werkzeug).
const HASHES: [&str; 9] =
    ["$2a$", "$2b$", "$2y$", "$argon2", "$scrypt$", "$pbkdf2", "pbkdf2_sha256$", "pbkdf2:sha", "scrypt:32768"];

/// Names of members that hold a password or its hash, in small letters and without `_` and `-`.
const MEMBERS: [&str; 11] = [
    "password",
    "passwordhash",
    "hashedpassword",
    "passwd",
    "pwd",
    "pwdhash",
    "passhash",
    "passworddigest",
    "encryptedpassword",
    "hash",
    "salt",
];

/// The first such member with a text in it.
fn secret_member(json: &serde_json::Value) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    match json {
        serde_json::Value::Array(items) => items.iter().find_map(secret_member),
        serde_json::Value::Object(members) => members.iter().find_map(|(name, value)| match value {
            serde_json::Value::String(text) if text.len() >= 8 && MEMBERS.contains(&&*plain(name)) => Some(name.clone()),
            other => secret_member(other),
        }),
        _ => None,
    }
}

/// The answer repeats neither the password nor its hash (OWASP API3:2023).
fn told(session: &Session) -> Evidence {
    let text = session.answer.raw_text();
    let password = session.login.password.expose_secret();
    let hash = HASHES.iter().find(|mark| text.contains(**mark));
    let member = session.answer.json().and_then(|json| secret_member(&json));
    let (finding, observed) = match (hash, member) {
        _ if !password.is_empty() && text.contains(password) => (Finding::Broken, "it repeats the password".to_owned()),
        (Some(mark), _) => (Finding::Broken, format!("it holds what looks like the hash of a password ({mark}…)")),
        (None, Some(name)) => (Finding::Broken, format!("its member `{}` is nobody's to see", clean(&name))),
        (None, None) => (Finding::Held, "neither the password nor a hash".to_owned()),
    };
    evidence(&session.answer, "what the answer to a sign-in tells", finding, observed)
}

/// Cookies beside the carrier that hold a token, such as the one for refreshing. They may be meant for another site, so `SameSite=None` is
/// the operator's affair.
fn further_cookies(cx: &Context, session: &Session) -> Vec<Evidence> {
    let carrier = if let Carrier::Cookie(name) = &cx.target.carrier { name.as_str() } else { "" };
    let tokens = [Some(&session.user.token), session.refresh.as_ref()].into_iter().flatten().map(|token| token.expose().to_owned());
    let tokens: Vec<_> = tokens.collect();
    let fields = session.answer.headers.all("set-cookie").map(|value| String::from_utf8_lossy(value).into_owned());
    let held = fields.filter_map(|field| {
        let (name, rest) = field.split_once('=')?;
        let value = rest.split(';').next().unwrap_or_default();
        let word = ["token", "refresh", "jwt", "session"].iter().any(|word| name.to_ascii_lowercase().contains(word));
        let csrf = name.to_ascii_lowercase().contains("csrf") || name.to_ascii_lowercase().contains("xsrf");
        let tells = !csrf && value.len() >= 16 && (word || tokens.iter().any(|token| token == value));
        (name.trim() != carrier && tells)
            .then(|| (name.trim().to_owned(), guarded(&field.to_ascii_lowercase(), cx.target.base.is_https(), true)))
    });
    held.map(|(name, (finding, observed))| evidence(&session.answer, format!("the cookie {}", clean(&name)), finding, observed))
        .collect()
}

/// The cookie that carries the token, where one does (RFC 6265, 4.1.2).
fn cookie(cx: &Context, session: &Session) -> Option<Evidence> {
    let Carrier::Cookie(name) = &cx.target.carrier else { return None };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let own = |field: &String| field.split('=').next().is_some_and(|key| key.trim() == name);
    let field = session.answer.headers.all("set-cookie").map(text).find(own)?;
    let (finding, observed) = guarded(&field.to_ascii_lowercase(), cx.target.base.is_https(), cx.target.policy.credentials);
    Some(evidence(&session.answer, format!("the cookie {name}"), finding, observed))
}

fn guarded(field: &str, https: bool, across_origins: bool) -> (Finding, &'static str) {
    let has = |attribute: &str| field.split(';').skip(1).any(|part| part.trim().replace(' ', "") == attribute);
    match () {
        () if !has("httponly") => (Finding::Broken, "without HttpOnly: any script of the page can take the token"),
        () if https && !has("secure") => (Finding::Broken, "without Secure: the token also travels over plain HTTP"),
        () if has("samesite=none") && !across_origins => {
            (Finding::Broken, "SameSite=None: browsers send the token from foreign pages")
        }
        () if !(has("samesite=strict") || has("samesite=lax") || has("samesite=none")) => {
            (Finding::Weak, "without SameSite: how it travels is left to the browser")
        }
        () => (Finding::Held, "HttpOnly and SameSite"),
    }
}

/// A session's token on the list route.
pub(super) async fn listed(cx: &Context, session: &Session) -> Result<Answer, Trouble> {
    cx.send(&Probe::get(cx.list_path(&session.user)).bearer(&session.user.token)).await
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("session=t; HttpOnly; SameSite=Strict; Path=/", false, Finding::Held)]
    #[case("session=t; HttpOnly; SameSite=Strict", true, Finding::Broken)]
    #[case("session=t; SameSite=Lax", false, Finding::Broken)]
    #[case("session=t; HttpOnly", false, Finding::Weak)]
    #[case("session=t; HttpOnly; Secure; SameSite=None", true, Finding::Broken)]
    #[case("httponly=t; Path=/", false, Finding::Broken)]
    fn a_cookie_with_a_token_is_guarded(#[case] field: &str, #[case] https: bool, #[case] finding: Finding) {
        assert_eq!(guarded(&field.to_ascii_lowercase(), https, false).0, finding);
    }

    #[rstest]
    #[case::same((401, r#"{"detail":"no ann"}"#), (401, r#"{"detail":"no bob"}"#), Finding::Held)]
    #[case::status((401, "{}"), (404, "{}"), Finding::Broken)]
    #[case::words((401, "wrong password"), (401, "no such user"), Finding::Broken)]
    #[case::let_in((200, "{}"), (401, "{}"), Finding::Broken)]
    #[case::limited((429, "{}"), (401, "{}"), Finding::Unclear)]
    fn answers_to_wrong_sign_ins_are_compared(#[case] right: (u16, &str), #[case] other: (u16, &str), #[case] finding: Finding) {
        let login = |name: &str| Login { username: name.into(), email: format!("{name}@x.example"), password: "p".into() };
        let answer = |(status, body)| Answer::canned(status, &[], body);
        assert_eq!(alike((&answer(right), &login("ann")), (&answer(other), &login("bob"))).0, finding);
    }
}
