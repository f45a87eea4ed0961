//! Names of the host that the client made up: they come back in no link and no redirect.

use futures::future::join_all;

use super::super::battery::summarise;
use super::super::paging::asking;
use super::super::specimens;
use super::super::wire::{at, begun};
use super::super::{Checked, Context, Judgement};
use super::ask::{RawCase, as_a, out_of_order, volley};
use crate::http::{Answer, Probe, Raw, Trouble, evidence};
use crate::run::Evidence;

/// Header fields by which proxies say which host was asked for.
const FORWARDED: [&str; 5] = ["x-forwarded-host", "x-host", "x-forwarded-server", "x-original-host", "x-http-host-override"];

/// The list, its redirect to or from a slash, and a path that nothing has.
fn paths(cx: &Context) -> Vec<String> {
    let list = specimens::read_path(cx);
    let other = list.strip_suffix('/').map_or_else(|| format!("{list}/"), str::to_owned);
    vec![list, other, specimens::unknown_path(cx)]
}

/// Forwarding headers that anybody may send, each with a host of its own that nobody has (RFC 6761: `.invalid`).
pub(super) async fn forwarded(cx: Context) -> Checked {
    let mark = cx.random("forwarded host");
    let probe = |path: String| {
        let probe = as_a(&cx, Probe::get(path)).header("forwarded", format!("host=forwarded.{mark}.invalid"));
        FORWARDED.iter().fold(probe, |probe, name| probe.header(name, format!("{name}.{mark}.invalid")))
    };
    // The first page of several has links.
    let paged = |(at, path): (usize, String)| if at == 0 { asking(&path, "limit=1") } else { path };
    let probes: Vec<_> = paths(&cx).into_iter().enumerate().map(paged).map(probe).collect();
    let answers = join_all(probes.iter().map(|probe| cx.send(probe))).await;
    let judged = |(probe, answer): (&Probe, Result<Answer, Trouble>)| {
        let answer = answer?;
        let judgement = judge_forwarded(&format!(".{mark}.invalid"), &answer);
        Ok(evidence(&answer, format!("GET {} with forwarding headers", probe.path()), judgement.finding, judgement.observed))
    };
    let evidence = probes.iter().zip(answers).map(judged).collect::<Result<Vec<Evidence>, Trouble>>()?;
    Ok(summarise("answers to made-up forwarding headers", evidence))
}

/// Judges whether the host in a header came back. In an answer that a shared cache may keep, the next visitor gets it (CWE-444, cache
/// poisoning); in a private one, whoever sent it. A service that is asked directly may be one whose proxy sets `X-Forwarded-Host` itself, and whose
/// framework makes the URL of a redirect of it (Werkzeug behind `ProxyFix`): that nobody sets it shows only through whatever stands in front.
pub(super) fn judge_forwarded(mark: &str, answer: &Answer) -> Judgement {
    let kept = !answer.headers.list("cache-control").iter().any(|word| matches!(&**word, "no-store" | "private" | "no-cache"));
    match (reflected(mark, answer), kept) {
        (Some(place), true) if place == "location" && is_of_a_proxy(mark, answer) => Judgement::weak(format!(
            "{}: the made-up host comes back in {place}; right only where a proxy in front always sets the header itself",
            answer.status
        )),
        (Some(place), true) => {
            Judgement::broken(format!("{}: the made-up host comes back in {place}, and a cache may keep it", answer.status))
        }
        (Some(place), false) => Judgement::weak(format!("{}: the made-up host comes back in {place}", answer.status)),
        (None, _) => Judgement::held(format!("{}, not reflected", answer.status)),
    }
}

/// Whether a redirect names the host that the proxy in front would have named in `X-Forwarded-Host`, had there been one.
fn is_of_a_proxy(mark: &str, answer: &Answer) -> bool {
    let location = answer.headers.text("location").unwrap_or_default();
    location.contains(&format!("{}{mark}", FORWARDED[0])) && !answer.came_through_a_front()
}

/// Where a mark comes back.
fn reflected(mark: &str, answer: &Answer) -> Option<String> {
    let field = answer.headers.iter().find(|(_, value)| String::from_utf8_lossy(value).contains(mark));
    field.map(|(name, _)| name.to_owned()).or_else(|| answer.contains(mark).then(|| "the body".to_owned()))
}

/// A foreign `Host`, and a foreign host in an absolute request target. No token goes with them: an edge might know that host.
pub(super) async fn host(cx: Context) -> Checked {
    let mark = format!("{}.invalid", cx.random("host"));
    let cases = paths(&cx).into_iter().take(2).flat_map(|path| {
        let target = at(&cx, &path);
        let host = Raw::line("GET", &target).header("host", &mark).usual().within(super::super::wire::PATIENCE).end();
        let absolute = begun(&cx, "GET", format!("http://{mark}{target}")).end();
        [RawCase::new(format!("{path} with a foreign Host"), host), RawCase::new(format!("{path} of a foreign host"), absolute)]
    });
    volley(&cx, "answers to foreign hosts", cases.collect(), |_, reply| {
        out_of_order(reply, Judgement::broken).unwrap_or_else(|| match &reply.answer {
            Some(answer) => match reflected(&mark, answer) {
                Some(place) => Judgement::weak(format!("{}: the foreign host comes back in {place}", reply.words())),
                None => Judgement::held(format!("{}, not reflected", reply.words())),
            },
            None => Judgement::held(reply.words()),
        })
    })
    .await
}
