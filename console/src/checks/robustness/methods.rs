//! Methods: unknown ones, the truth of `Allow`, TRACE, CONNECT, and HEAD beside GET.

use std::time::Duration;

use futures::future::join_all;

use super::super::battery::summarise;
use super::super::specimens;
use super::super::wire::{at, begun, begun_as_a, shown};
use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::ask::{RawCase, as_a, failed, out_of_order, volley};
use crate::http::{Answer, Probe, Reply, Trouble};
use crate::run::{Evidence, Source};

/// A method that no declared route has, and that is safe wherever it is known (RFC 4918, 9.1).
const SAFE: &str = "PROPFIND";
/// One that nothing knows, and whose effect nobody can promise: sent only where the run may write.
const INVENTED: &str = "POSTFLIGHT";

/// Unknown methods are refused, and open no door that a token opens.
pub(super) async fn unknown(cx: Context) -> Checked {
    let path = specimens::read_path(&cx);
    let open = cx.once(&Probe::get(path.clone())).await?.is_success();
    let methods: &[&str] = if cx.writes { &[SAFE, INVENTED] } else { &[SAFE] };
    let probe = |method: &str| Probe::new(method, path.clone()).shareable();
    let plain = methods.iter().map(|method| Case::new(format!("{method} without a token"), probe(method)).closed_by_anybody());
    let known = cx.users.a.iter().flat_map(|user| methods.iter().map(move |method| (user, *method)));
    let known = known.map(|(user, method)| Case::new(method, probe(method).bearer(&user.token)).closed_by_anybody());
    let cases = plain.chain(known).collect();
    shared_battery(&cx, "unknown methods", cases, |case, answer| judge_unknown(case.name.ends_with("token") && !open, answer)).await
}

/// Judges the answer to an unknown method. `closed`: without a token, GET is refused.
pub(super) fn judge_unknown(closed: bool, answer: &Answer) -> Judgement {
    match answer.status {
        status @ 200..=299 if closed => Judgement::broken(format!("{status}: let in without a token")),
        status @ 200..=299 => Judgement::weak(format!("{status}: answered as if it were known")),
        status if failed(status) && answer.source != Source::Edge => {
            Judgement::broken(format!("{status}: the method made the service fail"))
        }
        status @ (502..=504 | 520..=530) => Judgement::unclear(format!("{status}: the service did not answer")),
        status => Judgement::held(status.to_string()),
    }
}

/// A 405 says in `Allow` which methods there are (RFC 9110, 15.5.6), and says the truth.
pub(super) async fn allow(cx: Context) -> Checked {
    let path = specimens::read_path(&cx);
    let refused = cx.once(&as_a(&cx, Probe::new(SAFE, path.clone()).shareable())).await?;
    if refused.source == Source::Edge {
        let words =
            format!("the edge turns unknown methods away ({}), before the service could name those that it has", refused.status);
        return Ok(Outcome::skip(words.clone()).seen(&refused, "PROPFIND", words));
    }
    if refused.status != 405 {
        let words = format!("an unknown method is answered {}, which owes no Allow", refused.status);
        return Ok(Outcome::pass(words.clone()).seen(&refused, "PROPFIND", words));
    }
    let named = refused.headers.list("allow");
    let safe = ["get", "head", "options", "trace"].into_iter().filter(|method| named.iter().any(|name| name == method));
    let asked = safe.map(async |method| {
        let method = method.to_ascii_uppercase();
        let reply = cx.send_raw(&begun_as_a(&cx, &method, at(&cx, &path)).end()).await?;
        let judgement = judge_kept(&method, reply.status());
        Ok(shown(&reply, format!("{method}, which Allow names"), judgement.finding, judgement.observed))
    });
    let mut evidence = join_all(asked).await.into_iter().collect::<Result<Vec<Evidence>, Trouble>>()?;
    let judgement = judge_allow(&named);
    evidence.push(crate::http::evidence(&refused, "PROPFIND", judgement.finding, judgement.observed));
    Ok(summarise("statements about methods", evidence))
}

/// Whether a method that `Allow` names is there. What answers preflights may pass on any other OPTIONS, as the `cors` of npm does.
pub(super) fn judge_kept(method: &str, status: Option<u16>) -> Judgement {
    match status {
        Some(status @ 405) if method == "OPTIONS" => Judgement::weak(format!("{status}: Allow names what only preflights are for")),
        Some(status @ (405 | 501)) => Judgement::broken(format!("{status}: Allow names a method that is not there")),
        Some(status) => Judgement::held(status.to_string()),
        None => Judgement::unclear("no answer"),
    }
}

/// Judges the list itself. Starlette names the methods of one route only where several share a path: a remark.
pub(super) fn judge_allow(named: &[String]) -> Judgement {
    let list = named.join(", ").to_ascii_uppercase();
    match () {
        () if named.is_empty() => Judgement::weak("405 without Allow"),
        () if !named.iter().any(|name| name == "get") => {
            Judgement::weak(format!("405 with Allow: {list}, without GET, which is there"))
        }
        () => Judgement::held(format!("405 with Allow: {list}")),
    }
}

/// TRACE and TRACK echo nothing: what an edge or a browser added would come back with it (CWE-693).
pub(super) async fn trace(cx: Context) -> Checked {
    let canary = cx.random("trace");
    let path = at(&cx, &specimens::read_path(&cx));
    let case = |method: &str| RawCase::new(method, begun(&cx, method, &path).header("x-postflight-canary", &canary).end());
    // TRACE is safe by definition (RFC 9110, 9.2.1); TRACK is what one old server calls it, and nobody promises anything of it.
    let methods: &[&str] = if cx.writes { &["TRACE", "TRACK"] } else { &["TRACE"] };
    volley(&cx, "echoing methods refused", methods.iter().map(|method| case(method)).collect(), |_, reply| {
        judge_trace(&canary, reply)
    })
    .await
}

fn judge_trace(canary: &str, reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match &reply.answer {
        Some(answer) if answer.is_success() && answer.contains(canary) => {
            Judgement::broken(format!("{}: the request comes back with its header fields", reply.words()))
        }
        Some(answer) if answer.is_success() => Judgement::weak(format!("{}: answered as if it were known", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}

/// CONNECT opens no tunnel. It asks for the service's own address, so that a proxy would reach nobody else.
pub(super) async fn connect(cx: Context) -> Checked {
    let own = format!("{}:{}", cx.target.base.host(), cx.target.base.port());
    let cases = vec![RawCase::new("CONNECT to its own address", begun(&cx, "CONNECT", own).end())];
    volley(&cx, "tunnels refused", cases, |_, reply| {
        out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
            Some(200..=299) => Judgement::broken(format!("{}: a tunnel is open", reply.words())),
            _ => Judgement::held(reply.words()),
        })
    })
    .await
}

/// Header fields that HEAD should have as GET has them; those that vary from one answer to the next are left out.
const COMPARED: [&str; 11] = [
    "content-type",
    "cache-control",
    "vary",
    "x-content-type-options",
    "content-security-policy",
    "strict-transport-security",
    "referrer-policy",
    "x-frame-options",
    "cross-origin-resource-policy",
    "www-authenticate",
    "allow",
];

/// HEAD is GET without the body (RFC 9110, 9.3.2): same door, same header fields, and nothing behind them.
pub(super) async fn head(cx: Context) -> Checked {
    let list = specimens::read_path(&cx);
    let mut cases =
        vec![("the list without a token", list.clone(), false), ("an unknown path", specimens::unknown_path(&cx), false)];
    if cx.users.a.is_some() {
        cases.push(("the list", list, true));
    }
    let asked = cases.into_iter().map(async |(name, path, token)| {
        let raw = |method| {
            let begun = if token { begun_as_a(&cx, method, at(&cx, &path)) } else { begun(&cx, method, at(&cx, &path)) };
            begun.lingering(Duration::from_millis(if method == "HEAD" { 250 } else { 0 })).end()
        };
        let (get, head) = (raw("GET"), raw("HEAD"));
        let (get, head) = futures::try_join!(cx.send_raw(&get), cx.send_raw(&head))?;
        let judgement = judge_head(&get, &head);
        Ok(shown(&head, format!("HEAD of {name}"), judgement.finding, judgement.observed))
    });
    let evidence = join_all(asked).await.into_iter().collect::<Result<_, Trouble>>()?;
    Ok(summarise("answers to HEAD", evidence))
}

/// Judges HEAD beside GET.
pub(super) fn judge_head(get: &Reply, head: &Reply) -> Judgement {
    let (Some(get), Some(answer)) = (&get.answer, &head.answer) else {
        return Judgement::unclear(format!("HEAD: {}", head.words()));
    };
    let missing: Vec<_> = COMPARED.into_iter().filter(|name| get.headers.list(name) != answer.headers.list(name)).collect();
    match (get.status, answer.status) {
        _ if head.stray > 0 || !head.further.is_empty() => {
            Judgement::broken(format!("{}: {} bytes of a body behind HEAD", answer.status, head.stray))
        }
        (_, status @ (502..=504 | 520..=530)) => Judgement::unclear(format!("{status}: the service did not answer")),
        (from, to @ 200..=299) if from >= 400 => Judgement::broken(format!("{to}, where GET is {from}")),
        (from, to) if failed(to) && !failed(from) => Judgement::broken(format!("{to}: HEAD made the service fail")),
        (from, to) if from != to => Judgement::weak(format!("{to}, where GET is {from}")),
        (_, status) if !missing.is_empty() => Judgement::weak(format!("{status}, but not as GET: {}", missing.join(", "))),
        (_, status) => Judgement::held(format!("{status}, as GET")),
    }
}
