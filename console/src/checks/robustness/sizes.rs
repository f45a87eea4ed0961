//! Sizes: bodies over the limit, header sections without measure, and what a compressed body swells to.

use std::io::Write as _;
use std::time::Duration;

use super::super::battery::counted;
use super::super::specimens;
use super::super::wire::{at, begun, begun_as_a};
use super::super::{Checked, Context, Judgement, Object, Outcome, Role};
use super::ask::{PRECONDITION, RawCase, needs_precondition, out_of_order, volley};
use crate::http::{Reply, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::target::Update;

/// Bytes of a body that is too large for a list of tasks, where no limit is declared.
const LARGE: u64 = 2 << 20;
/// Bytes that are sent at most to see a declared limit.
const MOST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(8);

/// A body over the limit is refused, whether its length is announced or not. It is an update of an object of the run, made long with white
/// space (RFC 8259, 2): the same update without it must be taken, so that a refusal is about the length.
pub(super) async fn body(cx: Context) -> Checked {
    let declared = cx.target.policy.declared.max_body;
    let size = declared.map_or(LARGE, |limit| limit.saturating_add(1));
    let Some(size) = usize::try_from(size).ok().filter(|_| size <= MOST) else {
        return Ok(Outcome::skip(format!("the declared limit of {size} bytes is more than what is sent: {MOST}")));
    };
    if cx.target.resource.update == Update::None {
        return Ok(Outcome::skip(
            "objects of this service cannot be changed, and only an update can be made long without making anything",
        ));
    }
    let Object { path, canary, .. } = cx.objects.shared(cx.a()?, Role::Scratch).await?;
    let (method, small) = changing(&cx, &canary);
    let large = small.replacen('{', &format!("{{{}", " ".repeat(size)), 1).into_bytes();
    let begun = || begun_as_a(&cx, method, at(&cx, &path)).header("content-type", "application/json").within(PATIENCE);
    let announced = |body: &[u8]| begun().header("content-length", body.len().to_string()).end().bytes(body);
    let taken = cx.send_raw(&announced(small.as_bytes())).await?;
    if needs_precondition(&cx, taken.status()) {
        return Ok(Outcome::skip(PRECONDITION));
    }
    if !taken.status().is_some_and(|status| (200..300).contains(&status)) {
        return Ok(Outcome::inconclusive(format!("a small {method} on the raw wire: {}", taken.words())));
    }
    let chunked = |body: &[u8]| {
        let head = begun().header("transfer-encoding", "chunked").end();
        let raw =
            body.chunks(64 << 10).fold(head, |raw, chunk| raw.bytes(format!("{:x}\r\n", chunk.len())).bytes(chunk).bytes("\r\n"));
        raw.bytes("0\r\n\r\n")
    };
    let name = |how: &str| format!("{method} of {} bytes, {how}", large.len());
    let in_chunks = name("in chunks");
    let cases = vec![RawCase::new(name("announced"), announced(&large)), RawCase::new(&in_chunks, chunked(&large))];
    let outcome = volley(&cx, NOUN, cases, |_, reply| judge_body(declared.is_some(), reply)).await?;
    let taken = |piece: &Evidence| piece.label == in_chunks && piece.finding > Finding::Held && is_success(piece);
    if !outcome.evidence.iter().any(taken) || !are_passed_over(&cx).await? {
        return Ok(outcome);
    }
    let unread = |piece: Evidence| {
        let observed = format!("{}, {PASSED_OVER}", piece.observed);
        if taken(&piece) { Evidence { finding: Finding::Held, observed, ..piece } } else { piece }
    };
    Ok(counted(NOUN, outcome.evidence.into_iter().map(unread).collect()))
}

const NOUN: &str = "bodies over the limit refused";
const PASSED_OVER: &str = "though nothing of it was: a short one in chunks is passed over as well";

fn is_success(piece: &Evidence) -> bool {
    let answer = piece.exchange.as_ref().and_then(|exchange| exchange.response.as_ref());
    answer.is_some_and(|answer| (200..300).contains(&answer.status))
}

/// An update of the title, and its method.
fn changing(cx: &Context, title: &str) -> (&'static str, String) {
    let resource = &cx.target.resource;
    let (method, body) = if resource.update.patches() { ("PATCH", resource.patch(title)) } else { ("PUT", resource.full(title)) };
    (method, body.to_string())
}

/// Whether bodies in chunks are passed over, however short: WSGI has no word for them, and the update says that it was carried out. Nothing is too
/// long then.
async fn are_passed_over(cx: &Context) -> Result<bool, Trouble> {
    if !cx.target.resource.offers.get {
        return Ok(false);
    }
    let a = cx.a()?;
    let object = cx.objects.create(a).await?;
    let title = format!("{} in chunks", object.canary);
    let (method, body) = changing(cx, &title);
    let raw = begun_as_a(cx, method, at(cx, &object.path)).header("content-type", "application/json").within(PATIENCE);
    let raw = raw.header("transfer-encoding", "chunked").end().bytes(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    let answered = cx.send_raw(&raw).await?.status().is_some_and(|status| (200..300).contains(&status));
    Ok(answered && !cx.eventually(&cx.item(a, &object.id), |answer| answer.contains(&title)).await?.contains(&title))
}

/// Judges the answer to a large body. Where no limit is declared, taking it is a remark: several stock stacks have no limit, and the
/// platform may have one.
pub(super) fn judge_body(declared: bool, reply: &Reply) -> Judgement {
    let words = reply.words();
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        Some(200..=299) if declared => Judgement::broken(format!("{words}: taken, though it is over the declared limit")),
        Some(200..=299) => Judgement::weak(format!("{words}: taken, white space and all")),
        // Whoever refuses what is taken without the white space has a limit, whatever it is called.
        _ => Judgement::held(words),
    })
}

/// Header sections without measure.
pub(super) async fn headers(cx: Context) -> Checked {
    let path = at(&cx, &specimens::read_path(&cx));
    let begun = |target: String| begun(&cx, "GET", target).within(PATIENCE);
    let many = (0..5_000).fold(begun(path.clone()), |raw, index| raw.header(&format!("x-postflight-{index}"), "x"));
    let cases = vec![
        RawCase::new("a header field of 1 MiB", begun(path.clone()).header("x-postflight", vec![b'x'; 1 << 20]).end()),
        RawCase::new("5000 header fields", many.end()),
        RawCase::new("a target of 1 MiB", begun(format!("{path}?{}", "x".repeat(1 << 20))).end()),
    ];
    volley(&cx, "header sections without measure refused", cases, |_, reply| judge_headers(reply)).await
}

/// Judges the answer to a giant header section: 431, 414, 400, or the end of the connection.
pub(super) fn judge_headers(reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        None | Some(400 | 413 | 414 | 431) => Judgement::held(reply.words()),
        Some(_) => Judgement::weak(format!("{}: read to its end", reply.words())),
    })
}

/// What gzip makes of `bytes` (RFC 1952).
fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_err(|error| Trouble::Unexpected(format!("cannot compress: {error}")))
}

/// Where compressed bodies are read at all, the limit holds for what they swell to (CWE-409).
pub(super) async fn compressed(cx: Context) -> Checked {
    let a = cx.a()?;
    let canary = cx.objects.announce(a).await?;
    let path = at(&cx, &cx.list_path(a));
    let packed = |body: &[u8]| {
        let raw = begun_as_a(&cx, "POST", &path).header("content-type", "application/json").header("content-encoding", "gzip");
        raw.header("content-length", body.len().to_string()).within(PATIENCE).end().bytes(body)
    };
    let good = cx.target.resource.body(&canary).to_string();
    let small = cx.send_raw(&packed(&gzip(good.as_bytes())?)).await?;
    let told = answers_compressed(&cx).await?;
    if !matches!(small.status(), Some(200..=299)) {
        let words = format!("{}: compressed bodies are not read", small.words());
        let piece = super::super::wire::shown(&small, "a small compressed body", Finding::Held, words.clone());
        return Ok(Outcome::pass(words).with(piece).with(told));
    }
    let swollen = [good.as_bytes(), b" ".repeat(usize::try_from(MOST).unwrap_or_default()).as_slice()].concat();
    let cases = vec![RawCase::new("16 MiB in some 16 KiB", packed(&gzip(&swollen)?))];
    let declared = cx.target.policy.declared.max_body.is_some();
    let outcome =
        volley(&cx, "compressed bodies over the limit refused", cases, |_, reply| judge_compressed(declared, reply)).await?;
    Ok(outcome.with(told))
}

/// Whether answers to a token are compressed: told, not judged. One that repeats what was asked beside a secret tells the secret by its size
/// (BREACH), which an API that takes bearer tokens from scripts rarely does.
async fn answers_compressed(cx: &Context) -> Result<Evidence, Trouble> {
    let answer = cx.send(&cx.read(cx.a()?).header("accept-encoding", "gzip")).await?;
    let observed = match answer.headers.text("content-encoding") {
        Some(coding) => format!("{}: compressed with {coding}, so none may hold a secret beside what was asked", answer.status),
        None => format!("{}: not compressed", answer.status),
    };
    Ok(evidence(&answer, "the answer to a token, for information", Finding::Held, observed))
}

/// Judges the answer to a body that swells. White space behind an object is part of it, so that a service that reads it all takes it.
fn judge_compressed(declared: bool, reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        Some(200..=299) if declared => {
            Judgement::broken(format!("{}: swollen and taken, though it is over the declared limit", reply.words()))
        }
        Some(200..=299) => Judgement::weak(format!("{}: swollen and taken", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}
