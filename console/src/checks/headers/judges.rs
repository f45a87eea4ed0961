//! The rules: what each header's value means.

use super::super::Judgement;
use super::super::health::inner_host;
use crate::http::{Answer, Headers, clean};
use crate::target::Policy;

/// Seconds of a year: the least that HSTS is worth (RFC 6797, 6.1.1; the preload list asks for it).
const YEAR: u64 = 31_536_000;

/// A missing header: a flaw where the policy requires it, a remark otherwise.
pub(super) fn missing(policy: &Policy, name: &str) -> Judgement {
    let required = policy.headers.required.iter().any(|other| other.eq_ignore_ascii_case(name));
    if required {
        Judgement::broken(format!("no {name}, which the policy requires"))
    } else if policy.headers.optional.iter().any(|other| other.eq_ignore_ascii_case(name)) {
        Judgement::held(format!("no {name}, which the policy leaves open"))
    } else {
        Judgement::weak(format!("no {name}"))
    }
}

/// The value of a header, trimmed and in lower case.
fn value(headers: &Headers, name: &str) -> Option<String> {
    headers.text(name).map(|value| value.trim().to_ascii_lowercase())
}

/// `X-Content-Type-Options` (Fetch standard): `nosniff` is its only value.
pub(super) fn nosniff(policy: &Policy, answer: &Answer) -> Judgement {
    match value(&answer.headers, "x-content-type-options") {
        None => missing(policy, "x-content-type-options"),
        Some(value) if value.split(',').next().is_some_and(|first| first.trim() == "nosniff") => Judgement::held("nosniff"),
        Some(value) => Judgement::broken(format!("{value:?}: browsers know only nosniff")),
    }
}

/// The sources of a directive of a content security policy.
fn directive<'a>(policy: &'a str, name: &str) -> Option<Vec<&'a str>> {
    policy.split(';').find_map(|directive| {
        let mut words = directive.split_ascii_whitespace();
        (words.next() == Some(name)).then(|| words.collect())
    })
}

/// Whether these sources let in the whole web.
fn is_open(sources: &[&str]) -> bool {
    sources.iter().any(|source| matches!(*source, "*" | "http:" | "https:" | "http://*" | "https://*"))
}

/// `Content-Security-Policy` (CSP Level 3). An API needs nothing, so `default-src 'none'` is best; what lets scripts in from anywhere or
/// inline is worse than none, since it looks like protection.
pub(super) fn content_policy(policy: &Policy, answer: &Answer) -> Judgement {
    let Some(value) = value(&answer.headers, "content-security-policy") else {
        return missing(policy, "content-security-policy");
    };
    let scripts = directive(&value, "script-src").or_else(|| directive(&value, "default-src"));
    let inline = |sources: &[&str]| {
        let strict = sources.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"));
        sources.iter().any(|source| *source == "'unsafe-eval'" || (*source == "'unsafe-inline'" && !strict))
    };
    match scripts {
        Some(sources) if is_open(&sources) || inline(&sources) => Judgement::broken(format!("scripts from {}", sources.join(" "))),
        None => Judgement::weak(format!("says nothing of scripts: {value}")),
        Some(_) => Judgement::held(value),
    }
}

/// Who may frame the answer: `frame-ancestors` (CSP Level 3), and `X-Frame-Options` (RFC 7034) for what does not know it.
pub(super) fn framing(policy: &Policy, answer: &Answer) -> Judgement {
    let ancestors = value(&answer.headers, "content-security-policy");
    let ancestors = ancestors.as_deref().and_then(|policy| directive(policy, "frame-ancestors"));
    let options = value(&answer.headers, "x-frame-options");
    match (ancestors, options.as_deref()) {
        (Some(sources), _) if is_open(&sources) => Judgement::broken(format!("frame-ancestors {}", sources.join(" "))),
        (_, Some(other)) if !matches!(other, "deny" | "sameorigin") => {
            Judgement::broken(format!("X-Frame-Options: {other:?}, which browsers ignore"))
        }
        (_, Some(options)) => Judgement::held(format!("X-Frame-Options: {options}")),
        (Some(_), None) if policy.headers.required.iter().any(|name| name == "x-frame-options") => {
            missing(policy, "x-frame-options")
        }
        (Some(sources), None) => {
            Judgement::weak(format!("frame-ancestors {}, but no X-Frame-Options for older browsers", sources.join(" ")))
        }
        (None, None) => missing(policy, "x-frame-options"),
    }
}

/// `Referrer-Policy`: the last value that browsers know counts.
pub(super) fn referrer(policy: &Policy, answer: &Answer) -> Judgement {
    let known =
        ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin", "origin-when-cross-origin"];
    let values = answer.headers.list("referrer-policy");
    match values.last().map(String::as_str) {
        None => missing(policy, "referrer-policy"),
        Some("unsafe-url") => Judgement::broken("unsafe-url: whole addresses go to every site"),
        Some("no-referrer-when-downgrade") => Judgement::weak("no-referrer-when-downgrade: whole addresses go to every https site"),
        Some(value) if known.contains(&value) => Judgement::held(value),
        Some(value) => Judgement::broken(format!("{value:?}: browsers do not know it")),
    }
}

/// `Cross-Origin-Resource-Policy` (Fetch standard). Any of its three values is a decision; another value is none.
pub(super) fn resource_policy(policy: &Policy, answer: &Answer) -> Judgement {
    match answer.headers.text("cross-origin-resource-policy").as_deref().map(str::trim) {
        None => missing(policy, "cross-origin-resource-policy"),
        Some(value @ ("same-origin" | "same-site" | "cross-origin")) => Judgement::held(value),
        Some(value) => Judgement::broken(format!("{value:?}: browsers do not know it and load the answer anywhere")),
    }
}

/// The seconds of a directive such as `max-age`.
fn seconds(directives: &[String], name: &str) -> Option<u64> {
    directives
        .iter()
        .find_map(|directive| directive.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim().trim_matches('"').parse().ok())
}

/// `Cache-Control` (RFC 9111, 5.2.2). Answers to a token are stored by shared caches only when they say so: `public`, `s-maxage` (3.5).
/// Fields that content networks go by in place of `Cache-Control` (RFC 9213).
const FOR_EDGES: [&str; 4] = ["cdn-cache-control", "cloudflare-cdn-cache-control", "vercel-cdn-cache-control", "surrogate-control"];

fn is_kept_by_edges(answer: &Answer, field: &str) -> bool {
    let directives = answer.headers.list(field);
    let is_forbidden = ["no-store", "private"].iter().any(|name| directives.iter().any(|directive| directive == name));
    !is_forbidden && ["max-age", "s-maxage"].iter().any(|name| seconds(&directives, name).is_some_and(|age| age > 0))
}

pub(super) fn caching(policy: &Policy, personal: bool, answer: &Answer) -> Judgement {
    let directives = answer.headers.list("cache-control");
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    let age = |name: &str| seconds(&directives, name).unwrap_or(0);
    let said = directives.join(", ");
    if let Some(field) = FOR_EDGES.iter().find(|field| personal && is_kept_by_edges(answer, field)) {
        return Judgement::broken(format!("{field}: {}: shared caches keep it for others", answer.headers.list(field).join(", ")));
    }
    if has("no-store") && !has("public") {
        return Judgement::held(said);
    }
    match () {
        () if has("public") || age("s-maxage") > 0 => Judgement::broken(format!("{said}: shared caches may keep it for others")),
        () if directives.is_empty() && personal => missing(policy, "cache-control"),
        () if personal && !(has("private") || has("no-cache")) && age("max-age") > 0 => {
            Judgement::broken(format!("{said}: personal data is kept where others may find it"))
        }
        () if personal => Judgement::weak(format!("{said}: no-store would keep personal data out of every cache")),
        () => Judgement::held(if said.is_empty() { "no Cache-Control".to_owned() } else { said }),
    }
}

/// `Strict-Transport-Security` (RFC 6797): over TLS for at least a year; over plain HTTP it must not be sent and means nothing. `edge`:
/// the request said that a TLS edge stands before the service.
pub(super) fn transport(policy: &Policy, https: bool, edge: bool, answer: &Answer) -> Judgement {
    let name = "strict-transport-security";
    let Some(text) = value(&answer.headers, name) else {
        return if https { missing(policy, name) } else { Judgement::held("none") };
    };
    let directives: Vec<_> = text.split(';').map(|directive| directive.trim().to_owned()).collect();
    match seconds(&directives, "max-age") {
        _ if !https && !edge => Judgement::weak(format!("{text:?} over plain HTTP, where browsers ignore it")),
        _ if answer.headers.all(name).count() > 1 => Judgement::broken("more than one: browsers take the first"),
        None => Judgement::broken(format!("{text:?} has no max-age, so browsers ignore it")),
        Some(0) => Judgement::broken("max-age=0: browsers forget that the service needs TLS"),
        Some(seconds) if seconds < YEAR => Judgement::weak(format!("{seconds} s: less than a year")),
        Some(seconds) => Judgement::held(format!("{seconds} s")),
    }
}

/// `Content-Type` says what the body is (RFC 8259, 11: JSON has no charset parameter, and is UTF-8).
pub(super) fn content_type(_: &Policy, answer: &Answer) -> Judgement {
    let text = answer.raw_text();
    let body = text.trim_start();
    let json = (body.starts_with('{') || body.starts_with('[')) && answer.json().is_some();
    let label = value(&answer.headers, "content-type");
    let Some(label) = label else {
        return match answer.status {
            _ if body.is_empty() => Judgement::held("no body"),
            // Passport writes the word of the status so: nothing of a user is in it.
            400.. if !json => Judgement::weak("an error text without Content-Type: browsers guess"),
            _ => Judgement::broken("a body without Content-Type: browsers guess"),
        };
    };
    let (kind, parameters) = label.split_once(';').unwrap_or((&label, ""));
    let says_json = kind.trim() == "application/json" || kind.trim().ends_with("+json");
    let charset =
        parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("charset=")).map(|name| name.trim_matches('"'));
    match (json, says_json) {
        (true, false) => Judgement::broken(format!("JSON labelled {label}")),
        (false, true) if !body.is_empty() && !answer.truncated && answer.json().is_none() => {
            Judgement::broken(format!("labelled {label}, but the body is not JSON"))
        }
        (true, true) if charset.is_some_and(|name| !matches!(name, "utf-8" | "utf8")) => {
            Judgement::broken(format!("{label}: JSON is UTF-8 and nothing else"))
        }
        _ => Judgement::held(label),
    }
}

/// Headers of debuggers: they lead to pages or files of the inside (Symfony's profiler, ASP.NET's source files).
const DEBUGGERS: [&str; 5] =
    ["x-debug-token-link", "x-debug-token", "x-debug-exception", "x-debug-exception-file", "x-sourcefiles"];
/// Headers whose very presence names the software.
const BANNERS: [&str; 5] = ["x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "x-runtime-version"];

/// Headers that name the software. A product alone is common; a version tells which holes to try; a debugger's header leads inside.
pub(super) fn banners(_: &Policy, answer: &Answer) -> Judgement {
    let first =
        |names: &[&'static str]| names.iter().find_map(|name| answer.headers.text(name).map(|text| format!("{name}: {text}")));
    let server = answer.headers.text("server");
    let versioned = server.as_ref().filter(|text| text.contains('/') && text.chars().any(|c| c.is_ascii_digit()));
    let via = answer.headers.text("via").filter(|_| has_product(answer));
    match first(&DEBUGGERS) {
        Some(told) => return Judgement::broken(told),
        None if versioned.is_some() => return Judgement::weak(format!("server: {}", server.unwrap_or_default())),
        None => {}
    }
    match (first(&BANNERS), via) {
        (Some(told), _) => Judgement::weak(told),
        (None, Some(via)) => Judgement::weak(format!("via: {via}")),
        (None, None) => Judgement::held(server.map_or_else(|| "no banner".to_owned(), |text| format!("server: {text}"))),
    }
}

/// Whether `Via` holds a comment or product with a version, beside the protocol version that it always has (RFC 9110, 7.6.3).
fn has_product(answer: &Answer) -> bool {
    let via = answer.headers.text("via").unwrap_or_default();
    via.split_ascii_whitespace().skip(1).any(|word| word.contains('/') && word.chars().any(|c| c.is_ascii_digit()))
}

/// `X-XSS-Protection`: the filter it turns on was removed from browsers because it made holes of its own.
pub(super) fn xss_filter(_: &Policy, answer: &Answer) -> Judgement {
    match value(&answer.headers, "x-xss-protection") {
        None => Judgement::held("absent"),
        Some(value) if value.starts_with('0') => Judgement::held("0"),
        Some(value) => Judgement::broken(format!("{value}: turns on a filter that could be abused")),
    }
}

/// Cookies of platforms in front of the application; their flags are not the application's choice.
const PLATFORM_COOKIES: [&str; 8] = ["__cf", "_cfuvid", "cf_", "awsalb", "arraffinity", "__vercel", "_vercel", "gaesa"];

/// `Set-Cookie` (RFC 6265bis, 4.1.2): what a session needs. Without TLS, `Secure` cannot be asked for.
pub(super) fn cookies(policy: &Policy, https: bool, answer: &Answer) -> Judgement {
    let cookies: Vec<_> =
        answer.headers.all("set-cookie").map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).collect();
    let own = |cookie: &&String| !PLATFORM_COOKIES.iter().any(|prefix| cookie.starts_with(prefix));
    let worst =
        cookies.iter().filter(own).map(|cookie| judge_cookie(policy, https, cookie)).max_by_key(|judgement| judgement.finding);
    worst.unwrap_or_else(|| Judgement::held("no cookie"))
}

fn judge_cookie(policy: &Policy, https: bool, cookie: &str) -> Judgement {
    let name = clean(cookie.split('=').next().unwrap_or_default());
    let attributes: Vec<_> = cookie.split(';').skip(1).map(str::trim).collect();
    let has = |attribute: &str| attributes.contains(&attribute);
    match () {
        () if !has("httponly") && !is_for_scripts(cookie) => {
            Judgement::broken(format!("{name} can be read by scripts: no HttpOnly"))
        }
        () if !has("secure") && https => Judgement::broken(format!("{name} travels without TLS: no Secure")),
        () if has("samesite=none") && !policy.credentials => {
            Judgement::broken(format!("{name} is sent along by every site: SameSite=None"))
        }
        () if !has("secure") => Judgement::weak(format!("{name} has no Secure")),
        () if !attributes.iter().any(|attribute| attribute.starts_with("samesite=")) => {
            Judgement::weak(format!("{name} has no SameSite"))
        }
        () => Judgement::held(format!("{name} is protected")),
    }
}

/// Whether scripts are meant to read a cookie, in lower case: the second half of a double submit (OWASP, Cross-Site Request Forgery Prevention
/// Cheat Sheet), or a word such as a language, which is no secret.
fn is_for_scripts(cookie: &str) -> bool {
    const LONGEST_WORD: usize = 12;
    let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or((cookie, ""));
    let value = value.trim().trim_matches('"');
    let of_a_session = ["session", "token", "auth", "sid", "jwt"].iter().any(|part| name.contains(part));
    let word = (1..=LONGEST_WORD).contains(&value.len()) && value.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_'));
    name.contains("csrf") || name.contains("xsrf") || (word && !of_a_session)
}

/// Headers of which browsers take one value: a second one contradicts the first, or is ignored, depending on the browser.
const SINGLE: [&str; 7] = [
    "x-content-type-options",
    "x-frame-options",
    "strict-transport-security",
    "cross-origin-resource-policy",
    "content-type",
    "cache-control",
    "x-xss-protection",
];

/// No header says two things.
pub(super) fn duplicates(_: &Policy, answer: &Answer) -> Judgement {
    let mut finding = Judgement::held("each once");
    for name in SINGLE {
        let values: Vec<_> =
            answer.headers.all(name).map(|value| clean(&String::from_utf8_lossy(value)).to_ascii_lowercase()).collect();
        match values.as_slice() {
            [] | [_] => {}
            [first, rest @ ..] if rest.iter().any(|value| value != first) => {
                return Judgement::broken(format!("{name}: {}", values.join(" + ")));
            }
            [first, ..] => finding = Judgement::weak(format!("{name}: {first} twice")),
        }
    }
    let directives = answer.headers.list("cache-control");
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    if has("public") && (has("no-store") || has("private")) {
        return Judgement::broken(format!("cache-control: {} contradicts itself", directives.join(", ")));
    }
    finding
}

/// What lies behind the service, as timings tell it.
const BACKENDS: [&str; 8] = ["db", "sql", "query", "redis", "postgres", "mysql", "mongo", "select"];

/// `Server-Timing` and `NEL`: what the service does inside, and reports about users to third parties.
/// The first header of the service's own that holds a statement of SQL, or the name or address of a host that only insiders should know.
fn inside(answer: &Answer) -> Option<(String, &'static str)> {
    let own = answer.headers.iter().filter(|(name, _)| name.starts_with("x-"));
    own.map(|(name, value)| (name, String::from_utf8_lossy(value).to_ascii_lowercase())).find_map(|(name, value)| {
        let statement =
            ["select ", "insert into ", "update ", "delete from "].iter().any(|word| value.trim_start().starts_with(word));
        let what =
            if statement { Some("a query of the database") } else { inner_host(&value).map(|_| "the name of an inner host") };
        Some((clean(name), what?))
    })
}

pub(super) fn telemetry(_: &Policy, answer: &Answer) -> Judgement {
    if let Some((name, what)) = inside(answer) {
        return Judgement::broken(format!("{name} tells {what}"));
    }
    let timing = value(&answer.headers, "server-timing");
    let words = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| BACKENDS.contains(&word));
    match timing {
        Some(timing) if words(&timing) => Judgement::broken(format!("Server-Timing: {timing}")),
        Some(timing) => Judgement::weak(format!("Server-Timing: {timing}")),
        // The edge of Cloudflare adds it to everything, and reports to itself what it has seen anyway.
        None if answer.headers.text("report-to").is_some_and(|to| to.contains("nel.cloudflare.com")) => {
            Judgement::held("NEL of the edge")
        }
        None if answer.headers.has("nel") => Judgement::weak("NEL: browsers report about users to a third party"),
        None => Judgement::held("none"),
    }
}
