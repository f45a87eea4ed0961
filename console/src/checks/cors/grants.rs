//! What an answer grants beside the origin: wildcards, stale names, cookies, exposed headers, timing.

use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::super::{beside_token, specimens};
use super::access::{Access, combined, varies_by_origin};
use super::asked::is_open_to_all;
use super::surface::{Surface, is_declared, stranger};
use crate::http::{Answer, clean};
use crate::run::Finding;
use crate::target::Policy;

const ACAO: &str = "access-control-allow-origin";

fn text(value: &[u8]) -> String {
    clean(&String::from_utf8_lossy(value))
}

/// The three surfaces, each asked by the first declared origin, by a stranger and without an origin.
fn everywhere(cx: &Context) -> Vec<Case> {
    let evil = stranger(cx);
    let allowed = cx.target.origins.iter().take(1).map(|origin| origin.as_str().to_owned());
    let named: Vec<_> = allowed.chain([evil]).collect();
    let with = |surface: &Surface| {
        let surface = *surface;
        named
            .iter()
            .filter_map(move |origin| surface.case(cx, origin, &[origin.as_str()]))
            .chain(without_origin(cx, surface))
            .collect::<Vec<_>>()
    };
    Surface::ALL.iter().flat_map(with).collect()
}

fn without_origin(cx: &Context, surface: Surface) -> Option<Case> {
    surface.case(cx, "no origin", &[] as &[&str])
}

/// No answer is for everybody.
pub(super) async fn wildcard(cx: Context) -> Checked {
    let mut cases = everywhere(&cx);
    let open = &cx.target.policy.public;
    cases.extend(specimens::public(&cx).into_iter().filter(|case| !open.iter().any(|path| path == case.probe.path())));
    shared_battery(&cx, "answers without a wildcard", cases, |case, answer| {
        let judgement = judge_wildcard(answer);
        if is_open_to_all(&cx, case, answer) { Judgement { finding: Finding::Weak, ..judgement } } else { judgement }
    })
    .await
}

pub(super) fn judge_wildcard(answer: &Answer) -> Judgement {
    match combined(&answer.headers) {
        Some(value) if value == b"*" && answer.headers.has("access-control-allow-credentials") => Judgement::broken(
            "* together with Access-Control-Allow-Credentials: any page may read it, and browsers refuse it with cookies",
        ),
        Some(value) if value == b"*" => Judgement::broken("*: any page may read it"),
        Some(value) if value.contains(&b'*') => Judgement::weak(format!("{}: no browser knows such a pattern", text(&value))),
        Some(value) => Judgement::held(text(&value)),
        None => Judgement::held("no Access-Control-Allow-Origin"),
    }
}

/// A stranger is answered without the name of another origin.
pub(super) async fn stale(cx: Context) -> Checked {
    let evil = stranger(&cx);
    let cases = Surface::ALL.iter().filter_map(|surface| surface.case(&cx, &evil, &[evil.as_str()])).collect();
    shared_battery(&cx, "answers to a stranger", cases, |_, answer| {
        judge_stale(answer, cx.target.origins.len() == 1, |value| is_declared(&cx, value))
    })
    .await
}

/// Judges `Access-Control-Allow-Origin` in an answer to somebody else: absent is best; the name of the only declared origin is harmless
/// as long as caches know that it depends on the origin; a name that is not declared lets that origin in.
pub(super) fn judge_stale(answer: &Answer, only: bool, declared: impl Fn(&[u8]) -> bool) -> Judgement {
    match combined(&answer.headers) {
        None => Judgement::held("no Access-Control-Allow-Origin"),
        Some(value) if !declared(&value) && value != b"*" && !value.contains(&b',') => {
            Judgement::broken(format!("names {}, which is not on the declared allowlist", text(&value)))
        }
        Some(value) if only && varies_by_origin(&answer.headers) => {
            Judgement::held(format!("always names {}, with Vary: Origin", text(&value)))
        }
        Some(value) => Judgement::weak(format!("names {} to somebody else", text(&value))),
    }
}

/// One `Access-Control-Allow-Origin` with one origin.
pub(super) async fn single(cx: Context) -> Checked {
    shared_battery(&cx, "answers with at most one allowed origin", everywhere(&cx), |case, answer| {
        judge_single(answer, case.probe.sent("origin").next().is_some())
    })
    .await
}

/// Judges the number of values. Without an `Origin` in the request no browser looks at them, so that a list is only untidy.
pub(super) fn judge_single(answer: &Answer, cross_origin: bool) -> Judgement {
    let values: Vec<_> = answer.headers.all(ACAO).collect();
    let lists = values.iter().any(|value| value.iter().any(|byte| matches!(byte, b',' | b' ')));
    let several = values.len() > 1 || lists;
    let seen = values.iter().map(|value| text(value)).collect::<Vec<_>>().join(" + ");
    match (several, cross_origin) {
        (true, true) => Judgement::broken(format!("{seen}: browsers refuse more than one value")),
        (true, false) => Judgement::weak(format!("{seen}: more than one value, to a request without an origin")),
        (false, _) => Judgement::held(format!("{} value", values.len())),
    }
}

/// Nothing is granted to a request that has no origin.
pub(super) async fn unasked(cx: Context) -> Checked {
    if beside_token::is_declared(&cx, "origin") {
        return Ok(Outcome::skip("every request to this target carries an origin; see `headers` in postflight.toml"));
    }
    let cases = Surface::ALL.iter().filter_map(|surface| without_origin(&cx, *surface)).collect();
    shared_battery(&cx, "answers to requests without an origin", cases, |_, answer| {
        judge_unasked(answer, cx.target.origins.len() == 1, |value| is_declared(&cx, value))
    })
    .await
}

/// Judges an answer to a request without `Origin`: the fixed name of the only declared origin with `Vary: Origin` is a way to do it; of
/// several, a cache may hand one to the others; anything undeclared is a grant that nobody asked for.
pub(super) fn judge_unasked(answer: &Answer, only: bool, declared: impl Fn(&[u8]) -> bool) -> Judgement {
    let undeclared = answer.headers.all(ACAO).find(|value| !declared(value));
    match (undeclared, combined(&answer.headers)) {
        (_, None) => Judgement::held("no Access-Control-Allow-Origin"),
        (Some(value), _) => Judgement::broken(format!("grants {}, unasked", text(value))),
        (None, Some(value)) if only && varies_by_origin(&answer.headers) => {
            Judgement::held(format!("always names {}, with Vary: Origin", text(&value)))
        }
        (None, Some(value)) => Judgement::weak(format!("names {} unasked", text(&value))),
    }
}

/// Cookies are granted only where they are used.
pub(super) async fn credentials(cx: Context) -> Checked {
    shared_battery(&cx, "answers with the right word on cookies", everywhere(&cx), |case, answer| {
        let origin = case.probe.sent("origin").next().unwrap_or_default();
        judge_credentials(&cx.target.policy, is_declared(&cx, origin), origin, answer)
    })
    .await
}

/// Judges `Access-Control-Allow-Credentials`. Without a usable `Access-Control-Allow-Origin` it has no effect (Starlette sends it to
/// denied origins), so there it is information.
pub(super) fn judge_credentials(policy: &Policy, declared: bool, origin: &[u8], answer: &Answer) -> Judgement {
    let access = Access::of(&answer.headers, origin);
    let values: Vec<_> = answer.headers.all("access-control-allow-credentials").collect();
    match values.as_slice() {
        [] if policy.credentials && declared && access.is_usable() => {
            Judgement::broken("cookies are used, but Access-Control-Allow-Credentials is missing")
        }
        [] => Judgement::held("no Access-Control-Allow-Credentials"),
        [b"true"] if access == Access::Anyone => Judgement::broken("true together with *: browsers refuse it"),
        [b"true"] if access == Access::Granted && !declared => Judgement::broken("a foreign origin may send cookies"),
        [b"true"] if access.is_usable() && !policy.credentials => Judgement::weak("true, though the service uses no cookies"),
        [b"true"] => Judgement::held("true"),
        [value] => Judgement::broken(format!("{:?} is no value that browsers know; only \"true\" is", text(value))),
        _ => Judgement::broken("more than one Access-Control-Allow-Credentials"),
    }
}

/// Only declared answer headers are exposed.
pub(super) async fn exposed(cx: Context) -> Checked {
    let cases = everywhere(&cx);
    shared_battery(&cx, "answers that expose only declared headers", cases, |_, answer| judge_exposed(&cx.target.policy, answer))
        .await
}

/// Judges `Access-Control-Expose-Headers`. Names beyond the default policy are a remark; beyond a policy of the operator's own, a flaw.
pub(super) fn judge_exposed(policy: &Policy, answer: &Answer) -> Judgement {
    let names = answer.headers.list("access-control-expose-headers");
    let secret =
        names.iter().find(|name| ["authorization", "set-cookie", "cookie", "proxy-authorization"].contains(&name.as_str()));
    let is_own_id = |name: &String| policy.declared.request_id.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let beyond = names.iter().find(|name| !policy.exposed_headers.contains(name) && !is_own_id(name));
    let declared = policy.exposed_headers != Policy::default().exposed_headers;
    match (secret, beyond) {
        (Some(name), _) => Judgement::broken(format!("exposes {name}")),
        (None, Some(name)) if declared => Judgement::broken(format!("exposes {name}, which the policy does not list")),
        (None, Some(name)) => Judgement::weak(format!("exposes {name}, which the policy does not list")),
        (None, None) => Judgement::held(format!("exposes {} headers", names.len())),
    }
}

/// Precise timings are for declared origins at most.
pub(super) async fn timing(cx: Context) -> Checked {
    let cases = everywhere(&cx);
    shared_battery(&cx, "answers that keep their timing", cases, |_, answer| judge_timing(answer, |value| is_declared(&cx, value)))
        .await
}

/// Judges `Timing-Allow-Origin` (Resource Timing, 4.5).
pub(super) fn judge_timing(answer: &Answer, declared: impl Fn(&[u8]) -> bool) -> Judgement {
    let names = answer.headers.list("timing-allow-origin");
    match names.iter().find(|name| !declared(name.as_bytes())) {
        Some(name) => Judgement::broken(format!("Timing-Allow-Origin: {}", clean(name))),
        None => Judgement::held(if names.is_empty() { "no Timing-Allow-Origin" } else { "only declared origins" }),
    }
}
