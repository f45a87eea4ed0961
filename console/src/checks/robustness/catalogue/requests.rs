//! What well-framed requests ask: bodies, ids, methods, errors.

use super::super::super::{Check, Need};
use super::super::{ask, bodies, ids, methods, quotes, replay, shape};
use super::common::{
    ALLOW_REMEDY, API4, API8, CWE_20, CWE_89, CWE_444, CWE_650, CWE_674, CWE_755, CWE_918, EXTREME_REMEDY, HEAD_REMEDY,
    IDEMPOTENCY_KEY, IDS_REMEDY, MEDIA_REMEDY, METHODS_REMEDY, PARSE_REMEDY, QUOTES_REMEDY, REPLAY_REMEDY, RFC_8259, RFC_9110,
    RFC_9110_405, RFC_9110_415, RFC_9110_METHODS, RFC_9457, SHAPE_REMEDY, SYNTAX_REMEDY, TRACE_REMEDY, XST,
};
use super::{WRITES, check};
use crate::run::Severity::{High, Info, Low, Medium};

pub(super) const CONTROL: Check = check(
    "robustness.control",
    Info,
    [
        "A well-formed request gets in, by the client and on the raw wire",
        "That something odd is refused means something only where the same request without the oddity is answered, before and \
         after. A service that is down, or a firewall that blocks this client, refuses everything.",
        "The same request brings the same status by the client and byte by byte.",
    ],
    &[RFC_9110],
    SYNTAX_REMEDY,
    &[],
    |cx| Box::pin(ask::control(cx)),
);

pub(super) const JSON_MALFORMED: Check = check(
    "robustness.json.malformed",
    Medium,
    [
        "What is no JSON is refused",
        "A parser that fails into the handler brings 500 and a log entry for whoever sends a brace; one that is too kind takes \
         half of a body for a whole one.",
        "400, 415 or 422. A success is a flaw, and so is 500.",
    ],
    &[RFC_8259, CWE_20, CWE_755],
    PARSE_REMEDY,
    WRITES,
    |cx| Box::pin(bodies::malformed(cx)),
);

pub(super) const JSON_SHAPE: Check = check(
    "robustness.json.shape",
    Low,
    [
        "JSON of another shape is refused, not stumbled over",
        "Code that calls a text method on a number, or reads a field of null, fails where validation is missing; what it fails \
         on, somebody can send again and again.",
        "An error of the client, or a harmless conversion; never 500.",
    ],
    &[CWE_20, API8],
    PARSE_REMEDY,
    WRITES,
    |cx| Box::pin(bodies::shapes(cx)),
);

pub(super) const JSON_EXTREME: Check = check(
    "robustness.json.extreme",
    Medium,
    [
        "Extreme JSON ends no worker",
        "Deep nesting overflows stacks, huge numbers overflow conversions, NUL is a text that databases \
         cannot hold. Where a worker dies of it, one request takes others down with it.",
        "An answer. 500 is a remark, since stock stacks answer some of these so; a connection that just ends is a flaw.",
    ],
    &[RFC_8259, CWE_674, API4],
    EXTREME_REMEDY,
    WRITES,
    |cx| Box::pin(bodies::extremes(cx)),
);

pub(super) const MEDIA_TYPE: Check = check(
    "robustness.media-type",
    Low,
    [
        "Bodies of another media type are refused",
        "A body parser that passes over other types leaves the handler without a body, and the handler fails.",
        "415, or another error of the client. A service that guesses JSON is a remark; 500 is a flaw.",
    ],
    &[RFC_9110_415, CWE_755],
    MEDIA_REMEDY,
    WRITES,
    |cx| Box::pin(bodies::media_types(cx)),
);

pub(super) const IDS: Check = check(
    "robustness.ids",
    Low,
    [
        "Odd ids are not found, and break nothing",
        "Ids go into queries. A number that the database cannot hold, or a text that it cannot compare, brings an error that \
         nobody handled.",
        "404, 400 or 422. 500 is a flaw, and so is no answer at all while others are answered; on NUL alone, 500 is a remark.",
    ],
    &[CWE_20, CWE_755],
    IDS_REMEDY,
    &[Need::Token],
    |cx| Box::pin(ids::odd(cx)),
);

pub(super) const QUOTES: Check = check(
    "robustness.quotes",
    High,
    [
        "A quote ends no text in a statement",
        "A value that is pasted into SQL is read as SQL: whoever can end its text can read every table, on a public search as well as on a \
         private list.",
        "One quote is answered like any text. An error of the service is a flaw where the same with a doubled quote, which SQL reads as a part \
         of the text, is none. Asked in ids, in the usual searches of the list, and in what a document says that paths and queries hold.",
    ],
    &[CWE_89, API8],
    QUOTES_REMEDY,
    &[Need::Token],
    |cx| Box::pin(quotes::unbroken(cx)),
);

pub(super) const METHOD_UNKNOWN: Check = check(
    "robustness.method.unknown",
    High,
    [
        "Unknown methods are refused",
        "Where access is decided by method, one that nobody thought of passes; where a handler takes any, it runs.",
        "405, 501 or 404. A success without a token is a flaw, with one a remark.",
    ],
    &[RFC_9110_METHODS, CWE_650],
    METHODS_REMEDY,
    &[],
    |cx| Box::pin(methods::unknown(cx)),
);

pub(super) const METHOD_ALLOW: Check = check(
    "robustness.method.allow",
    Low,
    [
        "Allow tells the truth",
        "Clients and scanners read which methods there are from Allow (RFC 9110 demands it of every 405). A list written by hand \
         is soon wrong.",
        "405 names methods that are there. One that is not is a flaw; a list that is missing or short is a remark.",
    ],
    &[RFC_9110_405],
    ALLOW_REMEDY,
    &[],
    |cx| Box::pin(methods::allow(cx)),
);

pub(super) const METHOD_TRACE: Check = check(
    "robustness.method.trace",
    Medium,
    [
        "TRACE and TRACK echo nothing",
        "An echo shows what browsers and edges added on the way: cookies, tokens, internal addresses.",
        "Refused. A success without an echo is a remark.",
    ],
    &[RFC_9110_METHODS, XST],
    TRACE_REMEDY,
    &[],
    |cx| Box::pin(methods::trace(cx)),
);

pub(super) const METHOD_CONNECT: Check = check(
    "robustness.method.connect",
    High,
    [
        "CONNECT opens no tunnel",
        "A service that tunnels lets anybody reach the network behind it, under its own address.",
        "Refused, or the connection is closed. The request asks for the service itself, so that nobody else is reached.",
    ],
    &[RFC_9110_METHODS, CWE_918],
    TRACE_REMEDY,
    &[Need::Writes],
    |cx| Box::pin(methods::connect(cx)),
);

pub(super) const METHOD_HEAD: Check = check(
    "robustness.method.head",
    Medium,
    [
        "HEAD is GET without its body",
        "Caches, monitors and proxies believe that. Bytes behind the answer to HEAD are read as the next answer, for whoever \
         comes next; a HEAD that skips the door tells what GET hides.",
        "Same status and header fields, and no body. A missing HEAD or header field is a remark.",
    ],
    &[RFC_9110_METHODS, CWE_444],
    HEAD_REMEDY,
    &[],
    |cx| Box::pin(methods::head(cx)),
);

pub(super) const ERRORS: Check = check(
    "robustness.errors",
    Low,
    [
        "Every error has the declared form",
        "A client that finds HTML where it expects JSON shows its user a parse error; an error without an id cannot be found in \
         the logs.",
        "Every error has the declared members and request id. Where nothing is declared, an error that is not JSON is a remark.",
    ],
    &[RFC_9457],
    SHAPE_REMEDY,
    &[],
    |cx| Box::pin(shape::errors(cx)),
);

pub(super) const IDEMPOTENCY: Check = check(
    "robustness.idempotency",
    Low,
    [
        "A repeated creation makes one object",
        "Clients repeat what they got no answer to. A declared key is the promise that this makes nothing twice. A key that is remembered without its user hands the answer to whoever sends the same one.",
        "The same key brings the first object again, or a refusal; never a second one, and to another user never the first one's.",
    ],
    &[IDEMPOTENCY_KEY],
    REPLAY_REMEDY,
    &[Need::Idempotency, Need::Token, Need::Writes],
    |cx| Box::pin(replay::once(cx)),
);
