//! Origins that no HTTP client can send: bytes that it refuses to write into a header, and a header folded over two lines.

use futures::future::try_join_all;

use super::access::refused;
use crate::checks::wire::{at, begun_as_a, shown};
use crate::checks::{Context, Judgement, specimens};
use crate::http::{Answer, Raw, Trouble};
use crate::run::Evidence;

/// What stands where the value of `Origin` does, each with its name. Servers must refuse control bytes or take them out (RFC 9110, 5.5),
/// and a folded line as well (RFC 9112, 5.2).
fn values(cx: &Context) -> Vec<(&'static str, Vec<u8>)> {
    let Some(allowed) = cx.target.origins.first() else { return Vec::new() };
    let foreign = format!("https://{}.com", cx.random("foreign origin"));
    let with = |between: &[u8]| [allowed.as_str().as_bytes(), between, foreign.as_bytes()].concat();
    vec![("NUL behind the allowed one", with(b"\0")), ("a foreign one on a folded line", with(b"\r\n "))]
}

/// Asks with each of them. No answer at all is a refusal; `judge` has the last word on what a browser could use.
pub(super) async fn unsendable(cx: &Context, judge: impl Fn(Judgement, &Answer) -> Judgement) -> Result<Vec<Evidence>, Trouble> {
    let values = values(cx);
    let raw = |value: &[u8]| -> Raw { begun_as_a(cx, "GET", at(cx, &specimens::read_path(cx))).header("origin", value).end() };
    let replies = try_join_all(values.iter().map(async |(_, value)| cx.send_raw(&raw(value)).await)).await?;
    let piece = |((name, value), reply): (&(&str, Vec<u8>), crate::http::Reply)| {
        let unanswered = || Judgement::held(reply.words());
        let judgement =
            reply.answer.as_ref().map_or_else(unanswered, |answer| judge(refused(false, &[value.as_slice()], answer), answer));
        shown(&reply, format!("GET with {name}, on the raw wire"), judgement.finding, judgement.observed)
    };
    Ok(values.iter().zip(replies).map(piece).collect())
}
