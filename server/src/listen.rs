//! The port: binding it, accepting connections, and letting go of them.
//!
//! This room owns everything that happens before there is a request: dual-stack sockets, how many connections, how large
//! headers may be and how long they may take. `axum::serve` sets no timer, so a client could hold a connection with half a
//! header for ever; hence hyper's HTTP/1.1 server in a loop of our own. HTTP/2 is the edge's business.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::config::Host;
use crate::limits::Patience;

/// Connections at once; the next one waits in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// Bytes of one request's line and headers together; more is 431.
const HEADER_BYTES: usize = 64 * 1024;
/// Headers of one request; more is 431.
const HEADERS: usize = 64;
/// The kernel's queue of connections that were not accepted yet.
const BACKLOG: i32 = 1024;
/// How long to wait when the process has no file descriptors left.
const BREATHER: Duration = Duration::from_millis(50);

/// Binds `port`. `[::]` takes both IP versions (Railway's private network is IPv6); where the machine has no IPv6, `0.0.0.0`.
pub(crate) fn bind(host: Host, port: u16) -> io::Result<TcpListener> {
    match bound(SocketAddr::new(host.ip, port)) {
        Err(error) if host.fallback && error.kind() != io::ErrorKind::AddrInUse => bound((Ipv4Addr::UNSPECIFIED, port).into()),
        bound => bound,
    }
}

/// A listening socket. `SO_REUSEADDR` lets a restart bind while old connections wait out their time.
fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serves connections until `stop` completes, then lets requests in flight end within `patience.drain`.
/// Returns how many connections had to be cut off.
pub(crate) async fn serve<H, A>(listener: TcpListener, patience: Patience, stop: impl Future<Output = ()>, handler: H) -> usize
where
    H: Fn(IpAddr, Request<Body>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let accepting = accept(&listener, &graceful, places, patience, handler);
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    let open = graceful.count();
    tokio::time::timeout(patience.drain, graceful.shutdown()).await.map_or(open, |()| 0)
}

/// Takes connections while there is place for them. An error of `accept` is the machine's trouble (no descriptors left) or
/// one client's; neither may end the loop.
async fn accept<H, A>(listener: &TcpListener, graceful: &GracefulShutdown, places: Arc<Semaphore>, patience: Patience, handler: H)
where
    H: Fn(IpAddr, Request<Body>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection = graceful.watch(connection(stream, peer.ip(), patience, handler.clone()));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
}

/// One HTTP/1.1 connection. hyper refuses ambiguous framing (two lengths, length and chunked) and closes.
fn connection<H, A>(
    stream: TcpStream,
    peer: IpAddr,
    patience: Patience,
    handler: H,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error>
where
    H: Fn(IpAddr, Request<Body>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let answer = handler(peer, request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.headers).max_headers(HEADERS).max_buf_size(HEADER_BYTES);
    builder.serve_connection(TokioIo::new(stream), service)
}
