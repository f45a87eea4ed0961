//! A proxy that delays: every byte arrives a fixed time after it was sent, in each direction, however many connections there are.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A running proxy; dropping it stops it.
pub(crate) struct Proxy {
    base: String,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands before `http://HOST:PORT`.
    pub(crate) async fn start(base: &str, one_way: Duration) -> Self {
        let behind = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        Self { base, task: tokio::spawn(accept(listener, behind, one_way)) }
    }

    /// Where it listens.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, behind: String, one_way: Duration) {
    while let Ok((caller, _)) = listener.accept().await {
        let behind = behind.clone();
        tokio::spawn(async move {
            let Ok(service) = TcpStream::connect(&behind).await else { return };
            let _ = (caller.set_nodelay(true), service.set_nodelay(true));
            let ((from_caller, to_caller), (from_service, to_service)) = (caller.into_split(), service.into_split());
            tokio::join!(pump(from_caller, to_service, one_way), pump(from_service, to_caller, one_way));
        });
    }
}

/// Carries bytes, each piece `one_way` after it was read.
async fn pump(mut from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin + Send + 'static, one_way: Duration) {
    let (late, arriving) = mpsc::channel(1_024);
    let writing = tokio::spawn(write(to, arriving));
    let mut piece = vec![0; 64 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let bytes = piece.get(..length).unwrap_or_default().to_vec();
        if late.send((Instant::now() + one_way, bytes)).await.is_err() {
            break;
        }
    }
    drop(late);
    let _ = writing.await;
}

async fn write(mut to: impl AsyncWrite + Unpin, mut arriving: mpsc::Receiver<(Instant, Vec<u8>)>) {
    while let Some((due, bytes)) = arriving.recv().await {
        tokio::time::sleep_until(due).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
