//! Bodies: no JSON, JSON of the wrong shape, extreme JSON, and JSON under another name.
//!
//! Nothing may come of them that nobody could find again: what could make an object carries an announced canary, and what carries none is
//! sent as an update of an object of the run.

use serde_json::{Value, json};

use super::super::wire::{UNHURRIED, at, begun_as_a};
use super::super::{Checked, Context, Judgement, Object, Outcome, Role};
use super::ask::{PRECONDITION, RawCase, failed, needs_precondition, out_of_order, volley};
use crate::http::{Ending, Probe, Raw, Reply, Trouble};
use crate::run::{Evidence, Source, Verdict};
use crate::target::Update;

/// A request with a body, by A.
fn with_body(cx: &Context, method: &str, path: &str, kind: &str, body: &[u8]) -> Raw {
    // It is all there: whoever does not answer is slow, and waits for nothing.
    let raw = begun_as_a(cx, method, at(cx, path)).within(UNHURRIED).header("content-type", kind);
    raw.header("content-length", body.len().to_string()).end().bytes(body)
}

fn created_as(cx: &Context, kind: &str, body: &[u8]) -> Result<Raw, Trouble> {
    Ok(with_body(cx, "POST", &cx.list_path(cx.a()?), kind, body))
}

/// Bodies that are no JSON. Each would make an object with the canary if it were taken for what it resembles.
fn malformed_bodies(cx: &Context, canary: &str) -> Vec<(&'static str, Vec<u8>)> {
    let good = cx.target.resource.body(canary).to_string();
    let open = good.strip_suffix('}').unwrap_or(&good);
    let broken = good.replacen(canary, &format!("{canary}\u{fffd}"), 1).into_bytes();
    vec![
        ("an object without its end", open.as_bytes().to_vec()),
        ("an object with text behind it", format!("{good} postflight").into_bytes()),
        ("single quotes", good.replace('"', "'").into_bytes()),
        ("a trailing comma", format!("{open},}}").into_bytes()),
        ("broken UTF-8", replaced(&broken, "\u{fffd}".as_bytes(), b"\xff\xfe")),
        ("nothing at all", Vec::new()),
    ]
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match bytes.windows(from.len()).position(|window| window == from) {
        Some(at) => [bytes.get(..at).unwrap_or_default(), to, bytes.get(at + from.len()..).unwrap_or_default()].concat(),
        None => bytes.to_vec(),
    }
}

/// What is no JSON is refused, and never by failing.
pub(super) async fn malformed(cx: Context) -> Checked {
    let canary = cx.objects.announce(cx.a()?).await?;
    let case = |(name, body): (&str, Vec<u8>)| Ok(RawCase::new(name, created_as(&cx, "application/json", &body)?));
    let cases = malformed_bodies(&cx, &canary).into_iter().map(case).collect::<Result<_, Trouble>>()?;
    volley(&cx, "bodies that are no JSON", cases, judge_malformed).await
}

/// Node.js and others read broken UTF-8 as replacement characters, and some parsers take a comma too many: no flaw of the service.
pub(super) fn judge_malformed(case: &RawCase, reply: &Reply) -> Judgement {
    let lenient = case.name.contains("UTF-8") || case.name.contains("comma");
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        Some(200..=299) if lenient => Judgement::weak(format!("{}: taken", reply.words())),
        Some(200..=299) => Judgement::broken(format!("{}: taken for an object", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}

/// Sends bodies as updates of an object of A, whose canary they are made with where they hold text. A plain update comes last: it puts
/// the title back by which the object can be found, and proves that updates on the raw wire are answered.
async fn updates(
    cx: &Context,
    noun: &str,
    bodies: impl FnOnce(&str) -> Vec<(String, Vec<u8>)>,
    judge: fn(&RawCase, &Reply) -> Judgement,
) -> Checked {
    let Object { path, canary, .. } = cx.objects.shared(cx.a()?, Role::Scratch).await?;
    let method = if cx.target.resource.update == Update::Put { "PUT" } else { "PATCH" };
    let raw = |body: &[u8]| with_body(cx, method, &path, "application/json", body);
    let case = |(name, body): (String, Vec<u8>)| RawCase::new(name, raw(&body)).with_telling_end();
    let outcome = volley(cx, noun, bodies(&canary).into_iter().map(case).collect(), judge).await;
    let title = cx.target.resource.holding(&cx.target.resource.fields.title, json!(canary));
    let plain = cx.send_raw(&raw(title.to_string().as_bytes())).await?;
    if needs_precondition(cx, plain.status()) {
        return Ok(Outcome::skip(PRECONDITION));
    }
    if plain.answer.is_none() {
        return Ok(Outcome::inconclusive(format!("a plain update on the raw wire: {}", plain.words())));
    }
    outcome
}

/// JSON, but not of the shape that the resource has, is refused or put up with, and never by failing.
pub(super) async fn shapes(cx: Context) -> Checked {
    let outcome = updates(&cx, "bodies of another shape", |canary| shaped(&cx, canary), judge_shape).await?;
    if outcome.verdict == Verdict::Skip { Ok(outcome) } else { Ok(outcome.joined(untitled(&cx).await?)) }
}

/// A creation that leaves the title out. Should an object come of it, the canary in its description or the id that is told for it finds it.
async fn untitled(cx: &Context) -> Result<Evidence, Trouble> {
    let a = cx.a()?;
    let canary = cx.objects.announce(a).await?;
    let answer = cx.send(&Probe::post(cx.list_path(a), &cx.resource_of(a).untitled(&canary)).bearer(&a.token)).await?;
    if answer.is_success() {
        cx.made(a, &answer).await;
    }
    let judgement = match answer.status {
        status if failed(status) && answer.source != Source::Edge => {
            Judgement::broken(format!("{status}: the request made the service fail"))
        }
        status @ (500.. | 429) => Judgement::unclear(format!("{status}: the service did not answer")),
        status => Judgement::held(status.to_string()),
    };
    Ok(judgement.seen(&answer, format!("a creation without `{}`", cx.target.resource.fields.title)))
}

fn shaped(cx: &Context, canary: &str) -> Vec<(String, Vec<u8>)> {
    let title = &cx.target.resource.fields.title;
    let whole = [("an array", json!([])), ("null", Value::Null)];
    let fields = [
        ("number", json!(5)),
        ("object", json!({ "postflight": null })),
        ("null", Value::Null),
        ("very long text", json!(format!("{canary}{}", "x".repeat(70_000)))),
    ];
    let whole = whole.into_iter().map(|(name, value)| (format!("{name} instead of an object"), value));
    let fields = fields.into_iter().map(|(name, value)| (format!("{name} as `{title}`"), cx.target.resource.holding(title, value)));
    whole.chain(fields).map(|(name, value)| (name, value.to_string().into_bytes())).collect()
}

/// Judges the answer to JSON of another shape. Taking it is the service's own affair: some turn numbers into text.
pub(super) fn judge_shape(case: &RawCase, reply: &Reply) -> Judgement {
    let nested = case.name.starts_with("object");
    // Optional fields of an update let null through to a column that has none: a habit of tutorials.
    let failing = if case.name.starts_with("null as") { Judgement::weak } else { Judgement::broken };
    out_of_order(reply, failing).unwrap_or_else(|| match reply.status() {
        Some(200..=299) if nested => Judgement::weak(format!("{}: taken", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}

/// JSON at the edges of what parsers and databases can hold.
pub(super) async fn extremes(cx: Context) -> Checked {
    updates(&cx, "extreme bodies", |canary| extreme(&cx, canary), judge_extreme).await
}

fn extreme(cx: &Context, canary: &str) -> Vec<(String, Vec<u8>)> {
    let name = &cx.target.resource.fields.title;
    let valued = |value: &str| {
        let body = cx.target.resource.holding(name, json!("<>")).to_string();
        body.replacen("\"<>\"", value, 1).into_bytes()
    };
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let twice = cx.target.resource.holding(name, json!("<>")).to_string();
    let twice = twice.replacen("\"<>\"", &format!("\"{canary}\",\"{name}\":\"{canary} b\""), 1).into_bytes();
    let bodies = [
        ("NUL in text", valued(&format!("\"{canary}\\u0000\""))),
        ("a number beyond all doubles", valued("1e999")),
        ("NaN", valued("NaN")),
        ("5000 arrays in each other", valued(&deep)),
        ("a name that occurs twice", twice),
    ];
    bodies.map(|(name, body)| (name.to_owned(), body)).into()
}

/// Judges the answer to an extreme body. Stock Flask, Express and FastAPI answer some of these with 500, which is a remark; a connection
/// that just ends, and once more when asked again, says that the worker went with it.
pub(super) fn judge_extreme(_: &RawCase, reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::weak).unwrap_or_else(|| match (reply.status(), reply.ending) {
        (None, Ending::Closed | Ending::Reset) => Judgement::broken(format!("{}: the request ended the connection", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}

/// A write under a name that is not JSON's is refused with 415 or another error, and never by failing.
pub(super) async fn media_types(cx: Context) -> Checked {
    let canary = cx.objects.announce(cx.a()?).await?;
    let good = cx.target.resource.body(&canary).to_string();
    let cases = vec![
        RawCase::new("JSON as application/x-postflight", created_as(&cx, "application/x-postflight", good.as_bytes())?),
        RawCase::new("XML", created_as(&cx, "application/xml", b"<postflight/>")?),
        RawCase::new("a media type that is none", created_as(&cx, "postflight", good.as_bytes())?),
    ];
    volley(&cx, "bodies of other media types", cases, judge_media_type).await
}

/// Judges the answer to a body of another media type. None of these is sent without a preflight, so taking one is a remark.
pub(super) fn judge_media_type(_: &RawCase, reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        Some(200..=299) => Judgement::weak(format!("{}: taken for JSON", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}
