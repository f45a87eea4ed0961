//! Which answers are looked at: the common ones, for each rule about one header.

use super::super::specimens;
use super::super::wire::PATIENCE;
use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::judges;
use crate::http::{Answer, Probe, Raw, Trouble, clean, evidence};
use crate::target::Policy;

/// A rule about one answer. `personal` answers were asked for with a token.
pub(super) type Rule = fn(&Policy, &Answer) -> Judgement;

/// The list (with a token), the same without a token, a missing object and an unknown path.
pub(super) async fn common(cx: &Context) -> Vec<Case> {
    let read = |probe: Probe| {
        let is_list = probe.path() == specimens::list_path(cx);
        let name = if is_list { "200 of the list".to_owned() } else { format!("200 of GET {}", probe.path()) };
        Case::new(name, probe)
    };
    let list = specimens::read(cx).map(read);
    let errors =
        specimens::errors(cx).await.into_iter().filter(|case| ["401", "404"].iter().any(|status| case.name.starts_with(status)));
    list.into_iter().chain(errors).collect()
}

/// The service answers at all, with a success.
pub(super) async fn control(cx: Context) -> Checked {
    let public = || specimens::public(&cx).into_iter().next().map(|case| case.probe);
    let Some(probe) = specimens::read(&cx).or_else(public) else {
        return Ok(Outcome::skip("neither a token nor a health path is declared"));
    };
    let answer = cx.send(&probe).await?;
    let outcome = if answer.is_success() {
        Outcome::pass(format!("{} with {} header fields to judge", answer.status, answer.headers.iter().count()))
    } else {
        Outcome::inconclusive(format!("{} instead of a success", answer.status))
    };
    Ok(outcome.seen(&answer, format!("GET {}", probe.path()), answer.status.to_string()))
}

/// One rule on the common answers.
pub(super) async fn judged(cx: Context, noun: &'static str, rule: Rule) -> Checked {
    shared_battery(&cx, noun, common(&cx).await, |_, answer| answered(answer).unwrap_or_else(|| rule(&cx.target.policy, answer)))
        .await
}

/// The banner, also in the answer to a line that is no request: it often comes from a server in front of the service (a proxy's
/// `400 Bad Request`), which no route can set right.
pub(super) async fn banners(cx: Context) -> Checked {
    let line = Raw::new().bytes("GET\r\n").header("host", cx.target.base.authority()).usual().within(PATIENCE).end();
    let noun = "answers without a banner";
    let (outcome, reply) = tokio::join!(judged(cx.clone(), noun, judges::banners), cx.client.send_raw(&line));
    let (outcome, reply) = match (outcome?, reply) {
        // Without a version, a line may be one of HTTP/0.9, whose answers have no header (Python's `http.server`).
        (outcome, Err(Trouble::Transport(_) | Trouble::Timeout(_))) => return Ok(outcome),
        (outcome, reply) => (outcome, reply?),
    };
    let Some(answer) = &reply.answer else { return Ok(outcome) };
    let Judgement { finding, observed } = judges::banners(&cx.target.policy, answer);
    Ok(outcome.joined(evidence(answer, "a line that is no request", finding, observed)))
}

/// What the target's own policy says of single headers.
pub(super) async fn declared(cx: Context) -> Checked {
    let policy = &cx.target.policy.headers;
    if !policy.has_rules() {
        return Ok(Outcome::skip("the policy says nothing of single headers; see `policy.headers` in postflight.toml"));
    }
    shared_battery(&cx, "answers as the policy wants their headers", common(&cx).await, |_, answer| {
        let broken = || policy.broken(|name| answer.headers.text(name)).map(|broken| Judgement::broken(clean(&broken)));
        answered(answer).or_else(broken).unwrap_or_else(|| Judgement::held("as declared"))
    })
    .await
}

/// What keeps an answer from being judged: the service did not write it.
pub(super) fn answered(answer: &Answer) -> Option<Judgement> {
    matches!(answer.status, 502..=504).then(|| Judgement::unclear(format!("{}: the service did not answer", answer.status)))
}

/// What caches may keep: strict for answers to a token, and for errors, which change from one moment to the next.
pub(super) async fn caching(cx: Context) -> Checked {
    shared_battery(&cx, "answers that no cache keeps", common(&cx).await, |case, answer| {
        answered(answer).unwrap_or_else(|| judges::caching(&cx.target.policy, case.name.starts_with("200"), answer))
    })
    .await
}

/// HSTS over TLS, and none without. Where the console stands behind the edge itself, it says what the edge would say.
pub(super) async fn transport(cx: Context) -> Checked {
    let https = cx.target.base.is_https();
    let mut cases = common(&cx).await;
    if !https {
        let list = specimens::read(&cx).unwrap_or_else(|| specimens::anonymous(&cx));
        cases.push(Case::new("200 behind a TLS edge", list.header("x-forwarded-proto", "https")));
    }
    shared_battery(&cx, "answers with the right transport policy", cases, |case, answer| {
        let edge = forwarded(&case.probe);
        answered(answer).unwrap_or_else(|| judges::transport(&cx.target.policy, https, edge, answer))
    })
    .await
}

fn forwarded(probe: &Probe) -> bool {
    probe.sent("x-forwarded-proto").next().is_some()
}

/// Cookies carry the flags that they need on this transport.
pub(super) async fn cookies(cx: Context) -> Checked {
    let https = cx.target.base.is_https();
    shared_battery(&cx, "answers without an unprotected cookie", common(&cx).await, |_, answer| {
        answered(answer).unwrap_or_else(|| judges::cookies(&cx.target.policy, https, answer))
    })
    .await
}
