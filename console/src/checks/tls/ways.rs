//! Other ways to the API than the verified connection: plain HTTP, a foreign name, the origin server behind the CDN.

use super::super::specimens;
use super::super::{Checked, Context, Judgement, Outcome};
use super::{outcome, seen};
use crate::http::{Answer, Probe, evidence};
use crate::run::{Evidence, Finding, Source};
use crate::target::BaseUrl;

const NO_PLAIN: &str = "no address of plain HTTP is known; set `plain_http = \"http://host:port\"` in postflight.toml";
const NO_DIRECT: &str = "no origin server behind a CDN is declared; set `direct = \"host:port\"` in postflight.toml";
/// A token that no key ever signed: whoever looks at it is the application.
const BOGUS: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwb3N0ZmxpZ2h0In0.cG9zdGZsaWdodA";

/// Where plain HTTP would answer: declared, or the usual port beside 443.
fn plain_base(cx: &Context) -> Option<BaseUrl> {
    let base = &cx.target.base;
    let usual = || BaseUrl::parse(&format!("http://{}", base.host())).ok().filter(|_| base.port() == 443);
    cx.target.transport.plain_http.clone().or_else(usual)
}

/// The path of the list below the plain address, which has no prefix of its own.
fn plain_path(cx: &Context) -> String {
    cx.target.base.path(&specimens::list_path(cx))
}

/// Plain HTTP leads to https for good, or nowhere.
pub(super) async fn redirect(cx: Context) -> Checked {
    let Some(base) = plain_base(&cx) else { return Ok(Outcome::skip(NO_PLAIN)) };
    let label = format!("GET {}{} in the clear", base, plain_path(&cx));
    let Some(answer) = cx.client.plainly(&base, &Probe::get(plain_path(&cx))).await? else { return Ok(nothing(label)) };
    Ok(outcome(vec![piece(&answer, label, led(&cx, &answer))]))
}

fn nothing(label: String) -> Outcome {
    outcome(vec![seen(label, Judgement::held("nothing answers"))])
}

fn piece(answer: &Answer, label: impl Into<String>, judgement: Judgement) -> Evidence {
    evidence(answer, label, judgement.finding, judgement.observed)
}

/// Judges where an answer to plain HTTP leads.
fn led(cx: &Context, answer: &Answer) -> Judgement {
    let location = answer.headers.text("location");
    match (answer.status, location) {
        (301 | 308, Some(location)) => destination(cx, answer.status, &location),
        (302 | 303 | 307, Some(location)) => {
            let judgement = destination(cx, answer.status, &location);
            let temporary = || Judgement::weak(format!("{}: a temporary redirect is not remembered", judgement.observed));
            if judgement.finding == Finding::Held { temporary() } else { judgement }
        }
        (status, _) if serves(answer) => Judgement::broken(format!("{status}: the API answers instead of leading to https")),
        (status, _) => Judgement::held(format!("refused with {status}")),
    }
}

fn destination(cx: &Context, status: u16, location: &str) -> Judgement {
    let parsed = url::Url::parse(location);
    let host = parsed.as_ref().ok().and_then(url::Url::host_str).unwrap_or_default();
    match &parsed {
        Ok(url) if url.scheme() != "https" => Judgement::broken(format!("{status} to {location}, which is not https")),
        Ok(_) if !host.eq_ignore_ascii_case(cx.target.base.host()) => {
            Judgement::broken(format!("{status} to another host: {location}"))
        }
        Ok(_) => Judgement::held(format!("{status} to {location}")),
        Err(_) => Judgement::broken(format!("{status} to {location}, which stays on plain HTTP")),
    }
}

/// Whether an answer to a request without a good token is the API's: it was let in, it was asked for a token, or it bears the
/// application's mark.
pub(super) fn serves(answer: &Answer) -> bool {
    let json = answer.json().is_some();
    match (answer.status, answer.source) {
        (_, Source::Edge) | (300..=399, _) => false,
        (200..=299, Source::Unknown) => json,
        (401, _) | (_, Source::App) => true,
        (403, _) => json && answer.headers.text("content-type").is_some_and(|kind| kind.contains("json")),
        _ => false,
    }
}

/// No token is looked at in the clear. The real one is sent only where the network is this machine.
pub(super) async fn plain_api(cx: Context) -> Checked {
    let Some(base) = plain_base(&cx) else { return Ok(Outcome::skip(NO_PLAIN)) };
    let get = || Probe::get(plain_path(&cx));
    let mut cases = vec![("without a token", get()), ("with a token that nobody signed", get().header("authorization", BOGUS))];
    if let Some(user) = cx.users.a.as_ref().filter(|_| base.is_loopback() && cx.target.is_loopback()) {
        cases.push(("with A's token", get().bearer(&user.token)));
    }
    let mut pieces = Vec::new();
    for (label, probe) in cases {
        pieces.push(reached(label, cx.client.plainly(&base, &probe).await?));
    }
    Ok(outcome(pieces))
}

/// Judges an answer on a way where the API must not be.
fn unserved(answer: &Answer) -> Judgement {
    if serves(answer) {
        Judgement::broken(format!("{}: the API answers here", answer.status))
    } else {
        Judgement::held(format!("{}: not the API", answer.status))
    }
}

/// A server that was asked for by a foreign name, or by its bare address, does not serve the API. It can only warn: many correct
/// services have one name and look at none.
pub(super) async fn names(cx: Context) -> Checked {
    let address = cx.client.handshake().await?.address;
    let foreign = format!("postflight-{}.invalid", cx.random("foreign name"));
    let mut cases = vec![(format!("asked for as {foreign}"), foreign)];
    if cx.target.base.host().parse::<std::net::IpAddr>().is_err() && !cx.target.base.host().starts_with('[') {
        let host = if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() };
        cases.push(("asked for by its address".to_owned(), host));
    }
    let mut pieces = Vec::new();
    for (label, host) in cases {
        let Ok(base) = BaseUrl::parse(&format!("https://{host}:{}", address.port())) else { continue };
        pieces.push(match cx.client.misled(&base, Some(address), &Probe::get(plain_path(&cx))).await? {
            None => seen(label, Judgement::held("no connection")),
            Some(answer) if serves(&answer) => {
                piece(&answer, label, Judgement::weak(format!("{}: the API answers to any name", answer.status)))
            }
            Some(answer) => piece(&answer, label, Judgement::held(format!("{}: not the API", answer.status))),
        });
    }
    Ok(outcome(pieces))
}

/// The origin server answers nobody but the CDN. It is asked for by the target's own name, in TLS and in the clear, without a token.
pub(super) async fn direct(cx: Context) -> Checked {
    let Some(direct) = &cx.target.transport.direct else { return Ok(Outcome::skip(NO_DIRECT)) };
    let host = cx.target.base.host();
    let probe = Probe::get(plain_path(&cx)).header("host", host);
    let address = cx.client.address_of(direct).await?;
    let named = BaseUrl::parse(&format!("https://{host}:{}", direct.port()));
    let clear = BaseUrl::parse(&direct.origin().replacen("https", "http", 1));
    let mut pieces = Vec::new();
    if let (Ok(named), Some(_)) = (named, address) {
        pieces.push(reached("over TLS", cx.client.misled(&named, address, &probe).await?));
    }
    if let (Ok(clear), Some(_)) = (clear, address) {
        pieces.push(reached("in the clear", cx.client.plainly(&clear, &probe).await?));
    }
    if pieces.is_empty() {
        pieces.push(seen(direct.host(), Judgement::held("its name leads to no address")));
    }
    Ok(outcome(pieces))
}

fn reached(label: &str, answer: Option<Answer>) -> Evidence {
    match answer {
        None => seen(label, Judgement::held("nothing answers")),
        Some(answer) => piece(&answer, label, unserved(&answer)),
    }
}
