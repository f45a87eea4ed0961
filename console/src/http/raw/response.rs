//! Reads answers from bytes as they came (RFC 9112), believing nothing: a pure function from what was read to what it holds.

use crate::http::Headers;

/// Bytes of one header section at most.
const HEAD: usize = 64 * 1024;
/// Header fields of one answer at most.
const FIELDS: usize = 128;
/// Interim answers (1xx) passed over at most.
const INTERIM: usize = 16;

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) status: u16,
    pub(super) headers: Headers,
    /// The body, with any chunking taken off.
    pub(super) body: Vec<u8>,
    /// Whether there was more of it than the cap.
    pub(super) truncated: bool,
}

/// What the bytes hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Not yet a whole answer.
    Part,
    /// A whole answer, and where it ends.
    Whole(Message, usize),
    /// Something that is no HTTP/1 answer, with the reason.
    Garbage(&'static str),
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Answers have no body, whatever they say.
    pub(super) bodiless: bool,
    /// The other side will send no more.
    pub(super) ended: bool,
    /// Bytes of a body at most.
    pub(super) cap: usize,
}

/// Reads the first final answer in `bytes`.
pub(super) fn first(bytes: &[u8], manner: Manner) -> Held {
    let mut at = 0;
    for _ in 0..=INTERIM {
        match message(bytes.get(at..).unwrap_or_default(), manner) {
            Held::Whole(message, end) if (100..200).contains(&message.status) && message.status != 101 => at += end,
            Held::Whole(message, end) => return Held::Whole(message, at + end),
            other => return other,
        }
    }
    Held::Garbage("interim answers without end")
}

/// Statuses of the answers in `bytes`, as far as they can be read, and how many bytes behind them are none.
pub(super) fn further(mut bytes: &[u8], manner: Manner) -> (Vec<u16>, usize) {
    let mut statuses = Vec::new();
    while let Held::Whole(message, end) = first(bytes, Manner { ended: true, ..manner }) {
        statuses.push(message.status);
        bytes = bytes.get(end..).unwrap_or_default();
    }
    (statuses, bytes.len())
}

fn message(bytes: &[u8], manner: Manner) -> Held {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let end = match head.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) if manner.ended => return Held::Garbage("closed within the header section of an answer"),
        Ok(httparse::Status::Partial) if bytes.len() > HEAD => return Held::Garbage("a header section without end"),
        Ok(httparse::Status::Partial) => return Held::Part,
        Err(_) => return Held::Garbage("no HTTP/1 answer"),
    };
    let Some(status) = head.code else { return Held::Garbage("no status") };
    let headers = Headers(head.headers.iter().map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec())).collect());
    let rest = bytes.get(end..).unwrap_or_default();
    let framing = if manner.bodiless { Framing::Length(0) } else { framing(status, &headers) };
    match body(rest, framing, manner) {
        Extent::Part => Held::Part,
        Extent::Bad(why) => Held::Garbage(why),
        Extent::Whole { body, truncated, end: length } => Held::Whole(Message { status, headers, body, truncated }, end + length),
    }
}

/// How the end of a body is known (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
    Ambiguous,
}

fn framing(status: u16, headers: &Headers) -> Framing {
    if matches!(status, 100..=199 | 204 | 304) {
        return Framing::Length(0);
    }
    let lengths = headers.list("content-length");
    let codings = headers.list("transfer-encoding");
    match (codings.last().map(String::as_str), lengths.split_first()) {
        (Some("chunked"), None) => Framing::Chunked,
        (Some(_) | None, None) => Framing::UntilClose,
        (None, Some((first, others))) if others.iter().all(|other| other == first) => {
            first.parse().map_or(Framing::Ambiguous, Framing::Length)
        }
        (Some(_) | None, Some(_)) => Framing::Ambiguous,
    }
}

enum Extent {
    Part,
    Whole { body: Vec<u8>, truncated: bool, end: usize },
    Bad(&'static str),
}

fn body(bytes: &[u8], framing: Framing, manner: Manner) -> Extent {
    match framing {
        Framing::Ambiguous => Extent::Bad("an answer whose length is ambiguous"),
        Framing::Chunked => chunks(bytes, manner),
        Framing::UntilClose if bytes.len() > manner.cap => capped(bytes, manner.cap),
        Framing::UntilClose if manner.ended => Extent::Whole { body: bytes.to_vec(), truncated: false, end: bytes.len() },
        Framing::UntilClose => Extent::Part,
        Framing::Length(length) => match usize::try_from(length).ok().and_then(|length| bytes.get(..length)) {
            Some(whole) if whole.len() <= manner.cap => Extent::Whole { body: whole.to_vec(), truncated: false, end: whole.len() },
            _ if bytes.len() > manner.cap => capped(bytes, manner.cap),
            _ if manner.ended => Extent::Bad("closed within the body of an answer"),
            _ => Extent::Part,
        },
    }
}

/// A body of which no more is read.
fn capped(bytes: &[u8], cap: usize) -> Extent {
    Extent::Whole { body: bytes.get(..cap).unwrap_or(bytes).to_vec(), truncated: true, end: bytes.len() }
}

/// Takes chunking off (RFC 9112, 7.1). Trailers are passed over.
fn chunks(bytes: &[u8], manner: Manner) -> Extent {
    let (mut body, mut at) = (Vec::new(), 0);
    let incomplete = if manner.ended { Extent::Bad("closed within the chunks of an answer") } else { Extent::Part };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (line, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return incomplete,
            Err(_) => return Extent::Bad("an answer with bad chunks"),
        };
        if size == 0 {
            let trailers = rest.get(line..).unwrap_or_default();
            return trailers_end(trailers).map_or(incomplete, |end| Extent::Whole { body, truncated: false, end: at + line + end });
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let data = rest.get(line..line.saturating_add(size));
        body.extend_from_slice(data.unwrap_or_else(|| rest.get(line..).unwrap_or_default()));
        if body.len() > manner.cap {
            body.truncate(manner.cap);
            return Extent::Whole { body, truncated: true, end: bytes.len() };
        }
        match rest.get(line.saturating_add(size)..line.saturating_add(size).saturating_add(2)) {
            Some(b"\r\n") if data.is_some() => at += line + size + 2,
            Some(_) => return Extent::Bad("an answer with bad chunks"),
            None => return incomplete,
        }
    }
}

/// Where the trailer section ends: at its first empty line.
fn trailers_end(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const MANNER: Manner = Manner { bodiless: false, ended: false, cap: 16 };

    fn read(bytes: &str, manner: Manner) -> Option<(u16, String, usize)> {
        match first(bytes.as_bytes(), manner) {
            Held::Whole(message, end) => Some((message.status, String::from_utf8(message.body).unwrap(), end)),
            Held::Part | Held::Garbage(_) => None,
        }
    }

    #[rstest]
    #[case::length("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", 200, "ok", 4)]
    #[case::chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\n\r\n", 200, "ok", 0)]
    #[case::trailers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\nrest", 200, "", 4)]
    #[case::interim("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, "", 0)]
    #[case::same_lengths("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nno", 400, "no", 0)]
    fn a_whole_answer_is_read_and_what_follows_is_left(
        #[case] bytes: &str,
        #[case] status: u16,
        #[case] body: &str,
        #[case] left: usize,
    ) {
        assert_eq!(read(bytes, MANNER), Some((status, body.to_owned(), bytes.len() - left)));
    }

    #[rstest]
    #[case::lengths("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc")]
    #[case::both("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    #[case::chunk("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    #[case::overflow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc")]
    #[case::older("<html>")]
    fn what_is_ambiguous_or_no_http_is_garbage(#[case] bytes: &str) {
        assert!(matches!(first(bytes.as_bytes(), MANNER), Held::Garbage(_)));
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection_and_a_long_one_at_the_cap() {
        let bytes = "HTTP/1.0 200 OK\r\n\r\nhello";
        assert_eq!(read(bytes, MANNER), None);
        assert_eq!(read(bytes, Manner { ended: true, ..MANNER }), Some((200, "hello".into(), bytes.len())));
        assert_eq!(read(bytes, Manner { cap: 2, ..MANNER }), Some((200, "he".into(), bytes.len())));
    }

    #[test]
    fn the_answer_to_head_has_no_body_and_what_follows_it_is_seen() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let Held::Whole(_, end) = first(bytes, Manner { bodiless: true, ..MANNER }) else { panic!("no answer") };
        assert_eq!(further(&bytes[end..], MANNER), (vec![], 2));
    }

    #[test]
    fn answers_that_follow_are_counted() {
        let one = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(further(format!("{one}{one}HTTP/1.1").as_bytes(), MANNER), (vec![404, 404], 8));
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_parser_and_an_end_is_never_behind_them(
            bytes in prop::collection::vec(any::<u8>(), 0..200), known in any::<bool>(), ended in any::<bool>(), bodiless in any::<bool>(),
        ) {
            let mut all = if known { b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec() } else { Vec::new() };
            all.extend(bytes);
            if let Held::Whole(_, end) = first(&all, Manner { ended, bodiless, cap: 64 }) {
                prop_assert!(end <= all.len());
            }
            let _ = further(&all, MANNER);
        }
    }
}
