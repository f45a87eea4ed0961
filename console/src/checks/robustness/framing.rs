//! Ambiguous framing: requests of which one reader sees one, and another two (RFC 9112, 11.2: request smuggling).
//!
//! The second request that some reader would see asks for a path that nothing has, so that its answer is a 404 and nothing else comes of
//! it. A flaw is only what can be seen for certain: two answers, in a form that no stock server takes for two requests.

use std::time::Duration;

use super::super::specimens;
use super::super::wire::{at, begun};
use super::super::{Checked, Context, Judgement};
use super::ask::{RawCase, out_of_order, volley};
use crate::http::{Raw, Reply};

/// How long to listen for a second answer.
const LINGER: Duration = Duration::from_millis(600);

/// The form that some stock servers read as two requests.
const TOLERATED: &str = "a length beside chunks";

struct Forms<'a> {
    cx: &'a Context,
    path: String,
    hidden: Vec<u8>,
}

impl Forms<'_> {
    /// A request with these framing lines and this body, followed by the hidden request.
    fn with(&self, lines: &[u8], body: &[u8]) -> Raw {
        begun(self.cx, "GET", &self.path).bytes(lines).end().bytes(body).lingering(LINGER)
    }

    /// An empty chunked body and the hidden request, all of it covered by a length, under some spelling of `Transfer-Encoding`.
    fn covered(&self, coding: &[u8]) -> Raw {
        let body = self.ended();
        self.with(&[format!("content-length: {}\r\n", body.len()).as_bytes(), coding, b"\r\n"].concat(), &body)
    }

    /// The last chunk, and the hidden request behind it.
    fn ended(&self) -> Vec<u8> {
        [b"0\r\n\r\n", self.hidden.as_slice()].concat()
    }

    /// A chunked body with a bad chunk, and the hidden request behind its end.
    fn chunked(&self, chunk: &[u8]) -> Raw {
        self.with(b"transfer-encoding: chunked\r\n", &[chunk, &self.ended()].concat())
    }
}

fn cases(cx: &Context) -> Vec<RawCase> {
    let unknown = at(cx, &format!("/postflight-{}", cx.random("hidden request")));
    let hidden = format!("GET {unknown} HTTP/1.1\r\nhost: {}\r\n\r\n", cx.target.base.authority()).into_bytes();
    let forms = Forms { cx, path: at(cx, &specimens::read_path(cx)), hidden };
    let all = forms.hidden.len();
    let whole = format!("{all:x}\r\n{}\r\n0\r\n\r\n", String::from_utf8_lossy(&forms.hidden));
    let lengths = |lines: String, body: &[u8]| forms.with(lines.as_bytes(), &[body, &forms.hidden].concat());
    let case = RawCase::new;
    vec![
        case(TOLERATED, forms.covered(b"transfer-encoding: chunked")),
        case("a request within a chunk, and a length that ends before it", {
            let line = whole.find("\r\n").map_or(0, |at| at + 2);
            forms.with(format!("content-length: {line}\r\ntransfer-encoding: chunked\r\n").as_bytes(), whole.as_bytes())
        }),
        case("GET with a body", lengths(format!("content-length: {all}\r\n"), b"")),
        case("two lengths, the shorter first", lengths(format!("content-length: 2\r\ncontent-length: {}\r\n", all + 2), b"{}")),
        case("two lengths, the longer first", lengths(format!("content-length: {}\r\ncontent-length: 2\r\n", all + 2), b"{}")),
        case("two lengths in one line", lengths(format!("content-length: 2, {}\r\n", all + 2), b"{}")),
        case("a coding that is not chunked", forms.covered(b"transfer-encoding: xchunked")),
        case("chunked after a vertical tab", forms.covered(b"transfer-encoding: \x0bchunked")),
        case("a space before the colon of the coding", forms.covered(b"transfer-encoding : chunked")),
        case("a chunk size that is no number", forms.chunked(b"zz\r\n{}\r\n")),
        case("a negative chunk size", forms.chunked(b"-1\r\n{}\r\n")),
        case("a chunk size beyond 64 bits", forms.chunked(b"10000000000000002\r\n{}\r\n")),
        case("a chunk longer than its size", forms.chunked(b"2\r\n{}{}\r\n")),
    ]
}

/// One request is one request, however it is framed.
pub(super) async fn ambiguous(cx: Context) -> Checked {
    volley(&cx, "ambiguous requests", cases(&cx), judge).await
}

/// Judges by the answers. To read chunks, to pass over a length beside them and to keep the connection is what stock hyper and h11 do,
/// though RFC 9112, 6.1 wants it closed: a remark.
pub(super) fn judge(case: &RawCase, reply: &Reply) -> Judgement {
    let words = reply.words();
    // A server that chokes on the rest says so and closes; only what is answered like a request was taken for one.
    let obeyed = reply.further.iter().any(|status| !matches!(status, 400 | 408 | 411 | 413 | 431 | 501 | 505));
    match (obeyed, case.name == TOLERATED) {
        (true, true) => Judgement::weak(format!("{words}: the connection was kept, and the rest read as a request")),
        (true, false) => Judgement::broken(format!("{words}: one request was answered as two")),
        (false, _) => match out_of_order(reply, Judgement::weak) {
            Some(judgement) if reply.answer.is_some() => judgement,
            _ => Judgement::held(words),
        },
    }
}
