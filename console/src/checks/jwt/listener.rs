//! A listener of our own on loopback that a verifier must never visit: it notes every path it is asked for and serves the attacker's keys.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::attacker::{self, Kind};
use crate::http::Trouble;

/// Longest wait for a visitor's request line, and its longest form.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST: usize = 8 * 1024;

/// A running listener; dropping it stops it.
pub(super) struct Listener {
    base: String,
    visits: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens on a free port of 127.0.0.1.
    pub(super) async fn start() -> Result<Self, Trouble> {
        let failed = |error: std::io::Error| Trouble::Unexpected(format!("cannot listen on loopback: {error}"));
        let socket = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let base = format!("http://{}", socket.local_addr().map_err(failed)?);
        let visits = Arc::<Mutex<Vec<String>>>::default();
        let task = tokio::spawn(serve(socket, base.clone(), Arc::clone(&visits)));
        Ok(Self { base, visits, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether anybody asked for a path that begins with `prefix`.
    pub(super) fn visited(&self, prefix: &str) -> bool {
        self.visits.lock().is_ok_and(|visits| visits.iter().any(|path| path.starts_with(prefix)))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: TcpListener, base: String, visits: Arc<Mutex<Vec<String>>>) {
    while let Ok((visitor, _)) = socket.accept().await {
        let (base, visits) = (base.clone(), Arc::clone(&visits));
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PATIENCE, answer(visitor, &base, &visits)).await;
        });
    }
}

async fn answer(mut visitor: TcpStream, base: &str, visits: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while request.len() < LONGEST && !request.windows(4).any(|four| four == b"\r\n\r\n") {
        if visitor.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    let line = String::from_utf8_lossy(&request);
    let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let (content_type, body) = page(&path, base);
    if let Ok(mut visits) = visits.lock() {
        visits.push(path);
    }
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    visitor.write_all(head.as_bytes()).await?;
    visitor.write_all(body.as_bytes()).await?;
    visitor.shutdown().await
}

/// What stands at `path`: a discovery document, the attacker's certificate or, everywhere else, the attacker's keys.
fn page(path: &str, base: &str) -> (&'static str, String) {
    if path.contains("x5u") {
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", attacker::certificate());
        return ("application/x-pem-file", pem);
    }
    let body = if path.contains("openid-configuration") || path.contains("oauth-authorization-server") {
        json!({ "issuer": format!("{base}/iss"), "jwks_uri": format!("{base}/iss/jwks.json") })
    } else {
        key_set()
    };
    ("application/json", body.to_string())
}

fn key_set() -> Value {
    let keys: Vec<_> = Kind::ALL.into_iter().filter_map(|kind| attacker::jwk(kind, kind.name())).collect();
    json!({ "keys": keys })
}
