//! The connections of the twin, and where the flaws of the suite `robustness` act that a framework would not let through: what is wrong with
//! them is wrong before there is a request.
//!
//! Hardened: hyper, which refuses malformed and ambiguous requests, behind a time-out for the first header section.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::House;

/// Seconds that a header section may take from its first byte.
pub(crate) const HEADER_SECS: u64 = 5;
/// How long nothing must come for a request to count as sent.
const QUIET: Duration = Duration::from_millis(150);

/// Serves until `stop`.
pub(crate) async fn serve(listener: TcpListener, router: Router, house: Arc<House>, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else { continue };
        let connection = connection(stream, router.clone(), Arc::clone(&house));
        tokio::spawn(stop.clone().run_until_cancelled_owned(connection));
    }
}

async fn connection(mut stream: TcpStream, router: Router, house: Arc<House>) {
    let _ = stream.set_nodelay(true);
    let tricks: Vec<_> = TRICKS.iter().filter(|(flaw, _)| house.has(flaw)).collect();
    let patience = Duration::from_secs(if house.has("robustness.slow-headers") { 60 } else { HEADER_SECS });
    // The time runs from the first byte: a crowded machine may take longer than that between a connection and its request.
    let _ = stream.readable().await;
    let Ok(mut request) = tokio::time::timeout(patience, head(&mut stream)).await else { return };
    if let [method, _, _] = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().split(' ').collect::<Vec<_>>()[..]
    {
        house.note(method);
    }
    if !tricks.is_empty() {
        body(&mut stream, &mut request).await;
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let Some(answer) = tricks.iter().find_map(|(_, trick)| trick(&text)) else {
        let (read, write) = stream.into_split();
        let stream = TokioIo::new(tokio::io::join(std::io::Cursor::new(request).chain(read), write));
        let _ = http1::Builder::new().serve_connection(stream, TowerToHyperService::new(router)).await;
        return;
    };
    let _ = stream.write_all(&answer).await;
    // What keeps the connection open is the peer's affair, as long as it listens for a second answer.
    let open = u64::from(!answer.is_empty());
    let _ = tokio::time::timeout(Duration::from_secs(open), stream.read(&mut [0; 1])).await;
}

/// Reads the header section of the first request, or as much of one as anybody needs.
async fn head(stream: &mut TcpStream) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    while bytes.len() < 128 * 1024 && !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend(buffer.iter().take(count)),
            _ => break,
        }
    }
    bytes
}

/// Reads on until nothing comes any more.
async fn body(stream: &mut TcpStream, bytes: &mut Vec<u8>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(QUIET, stream.read(&mut buffer)).await {
        bytes.extend(buffer.iter().take(count));
    }
}

/// What a flaw answers to a request; nothing for what it does not concern. An empty answer ends the connection.
type Trick = fn(&str) -> Option<Vec<u8>>;

const TRICKS: &[(&str, Trick)] = &[
    ("robustness.trace", |request| request.starts_with("TRACE ").then(|| answer("200 OK", request))),
    ("robustness.track", |request| request.starts_with("TRACK ").then(|| answer("200 OK", request))),
    ("robustness.trace-without-echo", |request| request.starts_with("TRACE ").then(|| answer("200 OK", "{}"))),
    ("robustness.connect", |request| {
        request.starts_with("CONNECT ").then(|| b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec())
    }),
    ("robustness.head-body", |request| request.starts_with("HEAD ").then(|| answer("404 Not Found", "{\"status\":404}"))),
    ("headers.version-of-malformed", |request| {
        let refusal = b"HTTP/1.1 400 Bad Request\r\nserver: nginx/1.18.0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        request.starts_with("GET\r\n").then(|| refusal.to_vec())
    }),
    ("robustness.files-dots", |request| file(request, |target| target.contains("/../"))),
    ("robustness.files-encoded", |request| file(request, |target| target.contains("..%2f"))),
    ("robustness.files-encoded-dots", |request| file(request, |target| target.contains("%2e%2e"))),
    ("robustness.files-twice-encoded", |request| file(request, |target| target.contains("%252f"))),
    ("robustness.files-backslash", |request| file(request, |target| target.contains('\\'))),
    ("robustness.files-doubled-dots", |request| file(request, |target| target.contains("..../"))),
    ("robustness.files-root", |request| file(request, |target| target == "//etc/passwd")),
    ("robustness.door-dots", |request| list(request, |target| target.starts_with('/') && target.contains("/../"))),
    ("robustness.door-encoded-dots", |request| list(request, |target| target.contains("%2e%2e"))),
    ("robustness.door-parameter", |request| list(request, |target| target.contains("..;"))),
    ("robustness.door-dot", |request| list(request, |target| target.starts_with("/./"))),
    ("robustness.door-backslash", |request| list(request, |target| target.contains('\\'))),
    ("robustness.door-absolute", |request| list(request, |target| target.starts_with("http://"))),
    ("robustness.hostless-fails", |request| fails(!lower(request).contains("\r\nhost:"))),
    ("robustness.nul-fails", |request| fails(target(request).contains('\0'))),
    ("robustness.folding-fails", |request| fails(request.contains("\r\n b\r\n"))),
    ("robustness.header-fails", |request| fails(request.len() > 512 * 1024)),
    ("robustness.headers-unlimited", |request| (request.len() > 512 * 1024).then(|| answer("200 OK", "{}"))),
    ("robustness.depth-ends-worker", |request| request.contains("[[[[[[[[").then(Vec::new)),
    ("robustness.length-beside-chunks", |request| two(request, |head, body| both(head) && body.starts_with("0\r\n"))),
    ("robustness.length-before-chunks", |request| two(request, |head, body| both(head) && !body.starts_with("0\r\n"))),
    ("robustness.body-of-get", |request| two(request, |head, body| lengths(head).len() == 1 && body.starts_with("GET "))),
    ("robustness.first-length", |request| two(request, |head, _| lengths(head).first() == Some(&"2") && lengths(head).len() == 2)),
    ("robustness.last-length", |request| two(request, |head, _| lengths(head).last() == Some(&"2") && lengths(head).len() == 2)),
    ("robustness.listed-length", |request| two(request, |head, _| lengths(head).iter().any(|length| length.contains(',')))),
    ("robustness.any-coding", |request| two(request, |head, _| head.contains("xchunked"))),
    ("robustness.padded-coding", |request| two(request, |head, _| head.contains("\u{b}chunked"))),
    ("robustness.spaced-coding", |request| two(request, |head, _| head.contains("transfer-encoding :"))),
    ("robustness.chunk-no-number", |request| two(request, |_, body| body.starts_with("zz"))),
    ("robustness.chunk-negative", |request| two(request, |_, body| body.starts_with("-1"))),
    ("robustness.chunk-wraps", |request| two(request, |_, body| body.starts_with("1000000000"))),
    ("robustness.chunk-too-long", |request| two(request, |_, body| body.starts_with("2\r\n{}{}"))),
];

fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-request-id: 1\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn fails(fails: bool) -> Option<Vec<u8>> {
    fails.then(|| answer("500 Internal Server Error", "{}"))
}

fn lower(request: &str) -> String {
    request.to_ascii_lowercase()
}

fn target(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

fn file(request: &str, climbs: fn(&str) -> bool) -> Option<Vec<u8>> {
    let target = target(request);
    let file = target.contains("etc/passwd") || target.contains("etc\\passwd");
    (file && climbs(target)).then(|| answer("200 OK", "root:x:0:0:root:/root:/bin/sh\n"))
}

/// The list for whoever finds the detour, token or not.
fn list(request: &str, finds: fn(&str) -> bool) -> Option<Vec<u8>> {
    let target = target(request);
    let found = target.replace('\\', "/").ends_with("/tasks") && finds(target);
    (found && !lower(request).contains("authorization:")).then(|| answer("200 OK", "{\"items\":[],\"next_cursor\":null}"))
}

/// Two answers to what looks like two requests.
fn two(request: &str, taken: fn(&str, &str) -> bool) -> Option<Vec<u8>> {
    let (head, body) = request.split_once("\r\n\r\n")?;
    let hidden = body.contains("GET /postflight-");
    let both = || [answer("401 Unauthorized", "{}"), answer("404 Not Found", "{}")].concat();
    (hidden && taken(&lower(head), body)).then(both)
}

fn both(head: &str) -> bool {
    !lengths(head).is_empty() && head.contains("transfer-encoding: chunked")
}

fn lengths(head: &str) -> Vec<&str> {
    head.lines().filter_map(|line| line.strip_prefix("content-length: ")).collect()
}
