//! Accepts connections, lets the greeter look at each hello first, and hands the rest to the TLS library.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::super::House;
use super::greeter::{self, Hello};

/// A listener whose connections have completed their handshake.
pub(crate) struct Secured {
    ready: mpsc::Receiver<TlsStream<TcpStream>>,
}

impl Secured {
    /// Handshakes on `listener` side by side; it ends with the receiver.
    pub(crate) fn new(listener: TcpListener, config: Arc<ServerConfig>, house: Arc<House>) -> Self {
        let (sender, ready) = mpsc::channel(64);
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(async move {
            while !sender.is_closed() {
                let accepted = tokio::select! {
                    () = sender.closed() => break,
                    accepted = listener.accept() => accepted,
                };
                let Ok((stream, _)) = accepted else { continue };
                let (acceptor, sender, house) = (acceptor.clone(), sender.clone(), Arc::clone(&house));
                tokio::spawn(async move {
                    if let Some(stream) = greeted(stream, &acceptor, &house).await {
                        let _ = sender.send(stream).await;
                    }
                });
            }
        });
        Self { ready }
    }
}

async fn greeted(mut stream: TcpStream, acceptor: &TlsAcceptor, house: &House) -> Option<TlsStream<TcpStream>> {
    let _ = stream.set_nodelay(true);
    let hello = peeked(&stream).await.and_then(|record| Hello::parse(&record));
    if let Some(answer) = hello.and_then(|hello| greeter::answer(&house.flaws, &hello)) {
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
        return None;
    }
    acceptor.accept(stream).await.ok()
}

/// The first record, without taking it; `None` when none comes within a second.
async fn peeked(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 8 * 1024];
    for _ in 0..200 {
        let count = stream.peek(&mut buffer).await.ok().filter(|count| *count > 0)?;
        let announced = buffer.get(3..5).and_then(|length| Some(5 + usize::from(u16::from_be_bytes(length.try_into().ok()?))));
        if announced.is_some_and(|whole| count >= 5 && count >= whole) {
            return buffer.get(..count).map(<[u8]>::to_vec);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    None
}

impl Secured {
    /// The next connection; `None` when nothing listens any more.
    pub(crate) async fn next(&mut self) -> Option<TlsStream<TcpStream>> {
        self.ready.recv().await
    }
}
