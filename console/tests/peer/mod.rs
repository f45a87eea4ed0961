//! A peer that speaks HTTP badly on purpose: raw sockets, one script for each kind of malice.
#![allow(clippy::expect_used, reason = "test support: what cannot be set up stops the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// One thing that the peer does with a connection; it closes after the last.
pub(crate) enum Move {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends the same bytes until the other side goes away.
    Forever(Vec<u8>),
    /// Sends one byte a second.
    Dribble(Vec<u8>),
    /// Says nothing and keeps the connection open.
    Hang,
}

/// What to do with a request: its head and body as text.
pub(crate) type Script = Box<dyn Fn(&str) -> Vec<Move> + Send + Sync>;

/// A listening peer. Dropping it stops it.
pub(crate) struct Peer {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

impl Peer {
    /// Listens on a free loopback port and plays `script` for each connection.
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (seen, stop) = (Arc::<Mutex<Vec<String>>>::default(), CancellationToken::new());
        let (script, requests, stopped) = (Arc::new(script), Arc::clone(&seen), stop.clone());
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = stopped.run_until_cancelled(listener.accept()).await {
                let play = play(stream, Arc::clone(&script), Arc::clone(&requests));
                tokio::spawn(stopped.clone().run_until_cancelled_owned(play));
            }
        });
        Self { address, seen, _stop: stop.drop_guard() }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request that reached it.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no reader panicked").clone()
    }
}

async fn play(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut stream).await;
    seen.lock().expect("no writer panicked").push(request.clone());
    for step in script(&request) {
        if act(&mut stream, step).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Reads a request as far as it comes at once: the head, and as much of a body as it announces.
async fn read(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    while !is_whole(&bytes) {
        match tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => bytes.extend(buffer.iter().take(count)),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= announced.unwrap_or(0)
}

async fn act(stream: &mut TcpStream, step: Move) -> std::io::Result<()> {
    match step {
        Move::Send(bytes) => stream.write_all(&bytes).await,
        Move::Forever(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Move::Dribble(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        Move::Hang => std::future::pending().await,
    }
}
