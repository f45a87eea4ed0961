//! How this suite asks: the control, volleys of raw requests, and what every judgement has in common.

use std::time::Duration;

use futures::future::join_all;

use super::super::battery::summarise;
use super::super::specimens;
use super::super::wire::{at, begun_as_a, shown};
use super::super::{Checked, Context, Judgement, Outcome};
use crate::http::{Ending, Probe, Raw, Reply, Trouble, inside};
use crate::run::{Evidence, EvidenceClass, Finding, Source};

/// Why updates are not sent on the raw wire to a service that demands `If-Match` (RFC 6585, 3).
pub(super) const PRECONDITION: &str = "an update must name here what it changes (If-Match, or a version in its body), which changes with each update: what is refused for its body looks like what is stale";

/// Whether an update on the raw wire, answered `status`, needs such a precondition.
pub(super) fn needs_precondition(cx: &Context, status: Option<u16>) -> bool {
    status == Some(428) || cx.target.resource.version.is_some()
}

/// One raw request and what it is called.
pub(super) struct RawCase {
    pub(super) name: String,
    pub(super) raw: Raw,
    /// Whether a connection that ends without an answer is a finding, and so must end so twice.
    telling_end: bool,
    /// Whether it is no request of HTTP/1 at all.
    no_request: bool,
}

impl RawCase {
    pub(super) fn new(name: impl Into<String>, raw: Raw) -> Self {
        Self { name: name.into(), raw, telling_end: false, no_request: false }
    }

    /// A case in which the end of the connection is a finding.
    pub(super) fn with_telling_end(self) -> Self {
        Self { telling_end: true, ..self }
    }

    /// The same for what is no request of HTTP/1: an answer without a status line, as HTTP/0.9 had it, is as good as a refusal.
    pub(super) fn being_no_request(self) -> Self {
        Self { no_request: true, ..self }
    }

    async fn send(&self, cx: &Context) -> Result<Reply, Trouble> {
        let reply = cx.send_raw(&self.raw).await?;
        let ended = reply.answer.is_none() && reply.ending != Ending::Open;
        if ended && self.telling_end { cx.send_raw(&self.raw).await } else { Ok(reply) }
    }
}

/// `probe` with A's token, when there is one.
pub(super) fn as_a(cx: &Context, probe: Probe) -> Probe {
    match &cx.users.a {
        Some(user) => probe.bearer(&user.token),
        None => probe,
    }
}

/// The good case: a well-formed request gets in, and the raw wire brings what the client brings. What is refused elsewhere is then
/// refused for what is wrong with it.
pub(super) async fn control(cx: Context) -> Checked {
    let list = specimens::read_path(&cx);
    if !specimens::is_there(&cx).await? {
        let words = format!("GET {list} and GET / are answered 404, and no health path is known: is this the URL of the service?");
        return Ok(Outcome::inconclusive(format!("{words} Name `paths.list` and `paths.health` in postflight.toml")));
    }
    let probe = as_a(&cx, Probe::get(list.clone()));
    let raw = begun_as_a(&cx, "GET", at(&cx, &list)).within(Duration::from_secs(10)).end();
    let (usual, reply) = futures::try_join!(cx.send(&probe), cx.send_raw(&raw))?;
    let fine = if cx.users.a.is_some() { usual.is_success() } else { usual.status < 500 };
    let same = reply.status() == Some(usual.status);
    let words = format!("{} by the client, {} on the raw wire", usual.status, reply.words());
    let outcome = if fine && same { Outcome::pass(words) } else { Outcome::inconclusive(words) };
    let finding = if fine && same { Finding::Held } else { Finding::Unclear };
    Ok(outcome.with(shown(&reply, "a well-formed request on the raw wire", finding, reply.words())).seen(
        &usual,
        "the same by the client",
        usual.status.to_string(),
    ))
}

/// Sends every case at once and judges each reply. What an edge refuses never reaches the service: for malformed requests that is as good.
pub(super) async fn volley(
    cx: &Context,
    noun: &str,
    cases: Vec<RawCase>,
    judge: impl Fn(&RawCase, &Reply) -> Judgement,
) -> Checked {
    let replies = join_all(cases.iter().map(|case| case.send(cx))).await;
    let judged = |(case, reply): (&RawCase, Result<Reply, Trouble>)| match reply {
        Ok(reply) => {
            let judgement = judge(case, &reply);
            Ok(shown(&reply, &case.name, judgement.finding, judgement.observed))
        }
        Err(trouble @ Trouble::Transport(_)) if case.no_request => {
            Ok(Evidence::of(EvidenceClass::Live, &case.name, Finding::Held, trouble.to_string()))
        }
        Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => {
            Ok(Evidence::of(EvidenceClass::Live, &case.name, Finding::Unclear, trouble.to_string()))
        }
        Err(trouble) => Err(trouble),
    };
    let evidence: Vec<_> = cases.iter().zip(replies).map(judged).collect::<Result<_, _>>()?;
    Ok(summarise(noun, beside_a_plain_one(cx, &cases, evidence).await?))
}

/// What a service fails on that it also fails on without anything odd about it is no evidence: a plain request without a token decides, for
/// those that had none.
async fn beside_a_plain_one(cx: &Context, cases: &[RawCase], mut evidence: Vec<Evidence>) -> Result<Vec<Evidence>, Trouble> {
    let status_of = |piece: &Evidence| Some(piece.exchange.as_ref()?.response.as_ref()?.status);
    let suspect = |case: &RawCase, piece: &Evidence| {
        let bare = case.raw.credentials().next().is_none();
        bare && piece.finding > Finding::Held && status_of(piece).is_some_and(failed)
    };
    if !cases.iter().zip(&evidence).any(|(case, piece)| suspect(case, piece)) {
        return Ok(evidence);
    }
    let plain = cx.once(&Probe::get(specimens::read_path(cx))).await?;
    for (case, piece) in cases.iter().zip(&mut evidence) {
        if failed(plain.status) && suspect(case, piece) {
            piece.finding = Finding::Unclear;
            piece.observed = format!("{}, and so is a plain request without a token", plain.status);
        }
    }
    Ok(evidence)
}

/// Whether a status says that the service itself failed on the request, and not that it, or something in front of it, refused or could
/// not be reached: 501 and 505 are refusals, 502 to 504 and the private ones of content networks (520 to 530) speak for others.
pub(super) const fn failed(status: u16) -> bool {
    matches!(status, 500 | 506..=519 | 531..)
}

/// What a reply is that needs no closer look: an outage in front of the service, silence, or a failure of the service. `failing` says
/// what a failure is worth.
pub(super) fn out_of_order(reply: &Reply, failing: fn(String) -> Judgement) -> Option<Judgement> {
    match (&reply.answer, reply.ending) {
        (None, Ending::Open) => Some(Judgement::weak(format!("no answer within {} s", reply.elapsed.as_secs()))),
        (Some(answer), _) if failed(answer.status) && answer.source != Source::Edge => {
            if let Some(kind) = inside(&answer.raw_text().to_ascii_lowercase()) {
                return Some(Judgement::broken(format!("{}: the request made the service fail, with {kind}", reply.words())));
            }
            Some(failing(format!("{}: the request made the service fail", reply.words())))
        }
        (Some(answer), _) if matches!(answer.status, 502..=504 | 520..=530) || failed(answer.status) => {
            Some(Judgement::unclear(format!("{}: the service did not answer", answer.status)))
        }
        (Some(_) | None, _) => None,
    }
}
