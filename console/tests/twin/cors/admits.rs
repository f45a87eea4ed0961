//! The mistakes that let a foreign origin in, each as a rule over the origin that was sent.

use super::super::ORIGINS;

/// What a flaw lets in. The argument is the `Origin` as sent.
type Rule = fn(&str) -> bool;

/// Flaw by flaw: which origins it lets in beside the allowed ones.
pub(super) const ADMITS: &[(&str, Rule)] = &[
    ("cors.reflects-any", |_| true),
    ("cors.reflects-https", |origin| origin.starts_with("https://")),
    ("cors.allows-null", |origin| origin == "null"),
    ("cors.ignores-scheme", |origin| any(|_, host| without_scheme(origin) == Some(host))),
    ("cors.prefix-match", |origin| any(|allowed, _| origin.starts_with(allowed))),
    ("cors.prefix-then-dot", |origin| any(|allowed, _| follows(origin, allowed, |c| c == '.'))),
    ("cors.suffix-match", |origin| any(|_, host| over_https(origin) && origin.ends_with(host))),
    ("cors.suffix-after-hyphen", |origin| any(|_, host| over_https(origin) && origin.ends_with(&format!("-{host}")))),
    ("cors.subdomains", |origin| any(|_, host| over_https(origin) && origin.ends_with(&format!(".{host}")))),
    ("cors.contains", |origin| any(|_, host| origin.contains(host))),
    ("cors.unescaped-dots", |origin| any(|allowed, _| dots_match(origin, allowed, |_, _| true))),
    ("cors.unescaped-first-dot", |origin| any(|allowed, _| dots_match(origin, allowed, |index, _| index == 0))),
    ("cors.unescaped-last-dot", |origin| any(|allowed, _| dots_match(origin, allowed, |index, count| index + 1 == count))),
    ("cors.any-project-on-vercel", |origin| over_https(origin) && origin.ends_with(".vercel.app")),
    ("cors.preview-deployments", |origin| origin.starts_with("https://tasks-twin-") && origin.ends_with(".vercel.app")),
    ("cors.preview-of-a-commit", |origin| {
        let name = origin.strip_prefix("https://tasks-twin-").and_then(|rest| rest.strip_suffix(".vercel.app"));
        name.and_then(|name| name.split_once('-')).is_some_and(|(_, scope)| !scope.contains('-'))
    }),
    ("cors.shared-platforms", |origin| over_https(origin) && PLATFORMS.iter().any(|platform| origin.ends_with(platform))),
    ("cors.any-port", |origin| any(|allowed, _| follows(origin, allowed, |c| c == ':'))),
    ("cors.default-port", |origin| any(|allowed, _| origin.strip_suffix(":443") == Some(allowed))),
    ("cors.trailing-dot", |origin| any(|allowed, _| origin.strip_suffix('.') == Some(allowed))),
    ("cors.trailing-slash", |origin| any(|allowed, _| origin.strip_suffix('/') == Some(allowed))),
    ("cors.ignores-case", |origin| any(|allowed, _| origin.eq_ignore_ascii_case(allowed))),
    ("cors.user-info", |origin| any(|allowed, _| follows(origin, allowed, |c| matches!(c, '@' | ':')) && origin.contains('@'))),
    ("cors.special-after-host", |origin| any(|allowed, _| follows(origin, allowed, is_special))),
    ("cors.cut-at-semicolon", |origin| origin.split_once(';').is_some_and(|(before, _)| ORIGINS.contains(&before))),
    ("cors.special-before-host", |origin| any(|_, host| special_before(origin, host))),
    ("cors.localhost", |origin| LOCAL.contains(&host_of(origin))),
    ("cors.loopback-literals", |origin| ["[::1]", "0.0.0.0"].contains(&host_of(origin))),
    ("cors.local-names", |origin| [".local", ".test", ".internal"].iter().any(|name| host_of(origin).ends_with(name))),
    ("cors.localhost-over-https", |origin| origin == "https://localhost:3000"),
    ("cors.port-of-another-framework", |origin| origin == "http://localhost:4200"),
    ("cors.test-names", |origin| host_of(origin).rsplit_once('.').is_some_and(|(_, last)| last == "test")),
    ("cors.names-below-localhost", |origin| host_of(origin).ends_with(".localhost")),
    ("cors.app-schemes", |origin| origin.contains("://") && !origin.starts_with("http")),
    ("cors.webviews", |origin| origin.starts_with("vscode-webview://")),
    ("cors.opaque-schemes", |origin| {
        ["data:", "blob:", "about:", "file:", "javascript:"].iter().any(|name| origin.starts_with(name))
    }),
    ("cors.searches-text", |origin| !origin.is_empty() && ORIGINS.join(",").contains(origin)),
    ("cors.star-as-origin", |origin| origin == "*"),
    ("cors.list-member", |origin| is_list(origin) && origin.split([' ', ',']).any(|member| ORIGINS.contains(&member))),
    ("cors.address-literals", |origin| is_address(host_of(origin)) && !LOCAL.contains(&host_of(origin))),
    ("cors.homographs", |origin| host_of(origin).starts_with("xn--") || !origin.is_ascii()),
    ("cors.very-long", |origin| origin.len() > 4096),
];

const PLATFORMS: [&str; 10] = [
    ".netlify.app",
    ".github.io",
    ".pages.dev",
    ".herokuapp.com",
    ".onrender.com",
    ".up.railway.app",
    ".web.app",
    ".firebaseapp.com",
    ".workers.dev",
    ".surge.sh",
];
const LOCAL: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];

/// Whether `rule` holds for any allowed origin and its host.
fn any(rule: impl Fn(&str, &str) -> bool) -> bool {
    ORIGINS.iter().any(|allowed| rule(allowed, without_scheme(allowed).unwrap_or_default()))
}

fn over_https(origin: &str) -> bool {
    origin.starts_with("https://")
}

fn without_scheme(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, rest)| rest)
}

/// The host of an origin, without scheme and port.
fn host_of(origin: &str) -> &str {
    let rest = without_scheme(origin).unwrap_or_default();
    match rest.find(']') {
        Some(end) => rest.get(..=end).unwrap_or(rest),
        None => rest.split(':').next().unwrap_or_default(),
    }
}

/// Whether `origin` goes on after `allowed`, with a character that fits.
fn follows(origin: &str, allowed: &str, fits: impl Fn(char) -> bool) -> bool {
    origin.strip_prefix(allowed).and_then(|rest| rest.chars().next()).is_some_and(fits)
}

fn is_special(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '.' | ':' | '@')
}

/// `https://evil<c>host` with a character that no host name holds.
fn special_before(origin: &str, host: &str) -> bool {
    let before = origin.strip_prefix("https://").and_then(|rest| rest.strip_suffix(host));
    before.and_then(|rest| rest.chars().last()).is_some_and(|c| is_special(c) && c != '-')
}

/// Matches as a pattern in which those dots of `allowed` that `loose(index, count)` names stand for any character.
fn dots_match(origin: &str, allowed: &str, loose: impl Fn(usize, usize) -> bool) -> bool {
    let count = allowed.matches('.').count();
    let mut index = 0;
    origin.chars().count() == allowed.chars().count()
        && origin.chars().zip(allowed.chars()).all(|(sent, wanted)| {
            let this = index;
            index += usize::from(wanted == '.');
            sent == wanted || (wanted == '.' && loose(this, count))
        })
}

fn is_list(origin: &str) -> bool {
    origin.contains([' ', ','])
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || (!host.is_empty() && host.chars().all(|c| c.is_ascii_digit() || c == '.'))
}
