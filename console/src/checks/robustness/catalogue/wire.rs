//! What only the raw wire can ask, and what could disturb: hosts, paths, syntax, sizes, framing, time, rate.

use super::super::super::{Check, Need};
use super::super::{framing, hosts, lines, paths, rate, sizes, slow};
use super::common::{
    API4, API8, CWE_22, CWE_288, CWE_400, CWE_409, CWE_444, CWE_644, FRAMING_REMEDY, GZIP_REMEDY, HEADER_LIMIT_REMEDY,
    HOSTS_REMEDY, LIMIT_REMEDY, PATHS_REMEDY, RATE_REMEDY, RFC_6585, RFC_9110_413, RFC_9112_FRAMING, RFC_9112_SMUGGLING,
    RFC_9112_TARGET, SLOW_REMEDY, SYNTAX_REMEDY,
};
use super::{WRITES, check};
use crate::run::Severity::{Critical, High, Low, Medium};

pub(super) const SLOW_HEADERS: Check = check(
    "robustness.slow.headers",
    Medium,
    [
        "Slow header sections are given up",
        "A connection that sends a byte now and then costs its sender nothing and the service a place.",
        "An answer or the end of the connection within the declared time, however steadily bytes arrive.",
    ],
    &[CWE_400, API4],
    SLOW_REMEDY,
    &[Need::Intrusive, Need::HeaderTimeout],
    |cx| Box::pin(slow::headers(cx)),
);

pub(super) const SLOW_BODY: Check = check(
    "robustness.slow.body",
    Medium,
    [
        "Slow bodies are given up",
        "The same with a body: by then the request has a worker, and often a database connection.",
        "An answer or the end of the connection within the declared time, however steadily bytes arrive.",
    ],
    &[CWE_400, API4],
    SLOW_REMEDY,
    &[Need::Intrusive, Need::BodyTimeout, Need::Token, Need::Writes],
    |cx| Box::pin(slow::body(cx)),
);

pub(super) const RATE_LIMIT: Check = check(
    "robustness.rate-limit",
    Medium,
    [
        "The declared rate limit holds, and says when to come back",
        "Without a limit one client has all of the service. Without Retry-After clients come back at once; without the CORS grant \
         a browser cannot even tell its page why.",
        "429 within the declared number, with Retry-After and the grant for an allowed origin alone. A user of its own asks, so that \
         nobody else is held up.",
    ],
    &[RFC_6585, API4],
    RATE_REMEDY,
    &[Need::Intrusive, Need::RateLimit, Need::SigningKey],
    |cx| Box::pin(rate::limit(cx)),
);

pub(super) const FRAMING: Check = check(
    "robustness.framing",
    High,
    [
        "One request is one request, however it is framed",
        "Where an edge and a service disagree about where a request ends, the rest of one user's request becomes the beginning of \
         another's: its answer, its token, its account.",
        "400 and the end of the connection. A hidden request that is answered is a flaw; where a length merely stands beside good \
         chunks, a remark.",
    ],
    &[RFC_9112_SMUGGLING, RFC_9112_FRAMING, CWE_444],
    FRAMING_REMEDY,
    &[Need::Intrusive],
    |cx| Box::pin(framing::ambiguous(cx)),
);

pub(super) const BODY: Check = check(
    "robustness.body",
    Medium,
    [
        "Bodies over the limit are refused",
        "What is read into memory before anybody looks at it is memory for whoever sends it, many times at once. Limits on \
         announced lengths alone are passed by chunks.",
        "An update that is taken is refused once white space makes it too long (413, another refusal, or the end of the connection), \
         whether its length is announced or not. Without a declared limit, taking 2 MiB is a remark.",
    ],
    &[RFC_9110_413, API4, CWE_400],
    LIMIT_REMEDY,
    WRITES,
    |cx| Box::pin(sizes::body(cx)),
);

pub(super) const HOST_FORWARDED: Check = check(
    "robustness.host.forwarded",
    Medium,
    [
        "Made-up forwarding headers come back nowhere",
        "Links and redirects that are built from X-Forwarded-Host lead to whatever its sender likes. Where a cache keeps such an \
         answer, everybody is led there.",
        "Not reflected. In an answer that no shared cache keeps, a reflection is a remark.",
    ],
    &[CWE_644, CWE_444, API8],
    HOSTS_REMEDY,
    &[],
    |cx| Box::pin(hosts::forwarded(cx)),
);

pub(super) const HOST_FOREIGN: Check = check(
    "robustness.host.foreign",
    Low,
    [
        "Requests for foreign hosts break nothing and are not echoed",
        "A Host that nobody configured meets code that looks it up, or that builds links with it (password resets are the \
         classic). An absolute target meets code that forwards.",
        "Refused, or answered as any other request. An echo is a remark, 500 a flaw.",
    ],
    &[RFC_9112_TARGET, CWE_644],
    HOSTS_REMEDY,
    &[],
    |cx| Box::pin(hosts::host(cx)),
);

pub(super) const PATH_FILES: Check = check(
    "robustness.path.files",
    Critical,
    [
        "No path climbs to files of the machine",
        "A path with dot segments, escaped or not, that is joined to a directory leads out of it. HTTP clients take the segments \
         out, so that their users never see it.",
        "No form brings a file.",
    ],
    &[CWE_22, API8],
    PATHS_REMEDY,
    &[],
    |cx| Box::pin(paths::files(cx)),
);

pub(super) const PATH_DOOR: Check = check(
    "robustness.path.door",
    Critical,
    [
        "No detour leads around the door",
        "Where a proxy or a middleware lets paths through by their beginning, and what is behind it normalises them, a detour \
         through a public path reaches what is closed.",
        "Without a token no form of the path brings the list.",
    ],
    &[CWE_288, RFC_9112_TARGET],
    PATHS_REMEDY,
    &[Need::Token],
    |cx| Box::pin(paths::door(cx)),
);

pub(super) const SYNTAX: Check = check(
    "robustness.syntax",
    Low,
    [
        "Malformed requests are refused",
        "What two readers understand differently is what attacks are made of: a request without Host, with two, with a folded \
         line or a bare CR. Code that never expected them fails.",
        "400, another refusal, or the end of the connection. To put up with one is a remark, 500 a flaw.",
    ],
    &[RFC_9112_TARGET, CWE_444],
    SYNTAX_REMEDY,
    &[],
    |cx| Box::pin(lines::malformed(cx)),
);

pub(super) const HEADER_SIZE: Check = check(
    "robustness.header-size",
    Medium,
    [
        "Header sections have a limit",
        "A header section is read before anything is known of its sender.",
        "431, 414, 400, or the end of the connection. To read 1 MiB is a remark, 500 a flaw.",
    ],
    &[RFC_6585, API4],
    HEADER_LIMIT_REMEDY,
    &[Need::Intrusive],
    |cx| Box::pin(sizes::headers(cx)),
);

pub(super) const COMPRESSED: Check = check(
    "robustness.compressed",
    Medium,
    [
        "The limit holds for what a compressed body swells to",
        "Sixteen kilobytes of gzip are sixteen megabytes of JSON; a limit on the bytes that arrive does not see them.",
        "Compressed bodies are not read, or refused when what comes out is over the limit.",
    ],
    &[CWE_409, API4],
    GZIP_REMEDY,
    &[Need::Intrusive, Need::Token, Need::Writes],
    |cx| Box::pin(sizes::compressed(cx)),
);
