//! Requests that are no well-formed HTTP: lines and header sections with one mistake each.

use super::super::specimens;
use super::super::wire::{PATIENCE, at, begun};
use super::super::{Checked, Context, Judgement};
use super::ask::{RawCase, out_of_order, volley};
use crate::http::{Probe, Raw, Reply};

/// The one mistake that a server may set right by itself (RFC 9112, 5.2).
const FOLDED: &str = "a folded header line";

/// Requests with exactly one mistake, for a path that answers `good`.
fn cases(cx: &Context, path: &str) -> Vec<RawCase> {
    let target = at(cx, path);
    let host = cx.target.base.authority();
    let line = |line: String| Raw::new().bytes(line).bytes("\r\n").header("host", &host).usual().within(PATIENCE).end();
    let after = |bytes: &[u8]| begun(cx, "GET", &target).bytes(bytes).end();
    let case = RawCase::new;
    vec![
        case("no Host", Raw::line("GET", &target).usual().within(PATIENCE).end()),
        case("two different Hosts", begun(cx, "GET", &target).header("host", "postflight.invalid").end()),
        case("a line that is none", line("GET".to_owned())).being_no_request(),
        case("a space in the target", line(format!("GET {target} x HTTP/1.1"))),
        case("NUL in the target", line(format!("GET {target}\0 HTTP/1.1"))),
        case(FOLDED, after(b"x-postflight: a\r\n b\r\n")),
        case("a bare CR in a header line", after(b"x-postflight: a\rb: c\r\n")),
        case("a space before the colon", after(b"x-postflight : a\r\n")),
    ]
}

/// Malformed requests are refused or put up with, and never by failing.
pub(super) async fn malformed(cx: Context) -> Checked {
    let path = cx.target.paths.live.clone().or_else(|| cx.target.paths.health.clone()).unwrap_or_else(|| specimens::read_path(&cx));
    let good = cx.send(&Probe::get(path.clone())).await?.status;
    volley(&cx, "malformed requests", cases(&cx, &path), |case, reply| judge(good, case.name == FOLDED, reply)).await
}

/// Judges the answer to a malformed request; `good` is what the well-formed one brings, which some mistakes `may` be answered with. Stock servers
/// put up with others.
pub(super) fn judge(good: u16, may: bool, reply: &Reply) -> Judgement {
    out_of_order(reply, Judgement::broken).unwrap_or_else(|| match reply.status() {
        Some(status) if status == good && !may => Judgement::weak(format!("{}: taken for a well-formed one", reply.words())),
        _ => Judgement::held(reply.words()),
    })
}
