//! Handshakes and hellos as part of a run: bounded, counted and paced like every other request.

use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::super::{Client, Trouble, trust};
use super::{Handshake, Hello, Reply, handshake, reply};
use crate::target::BaseUrl;

impl Client {
    /// Completes a TLS handshake with the target, whatever certificate it presents, and says nothing over it.
    pub async fn handshake(&self) -> Result<Handshake, Trouble> {
        let target = self.target();
        let unnamed = |_| Trouble::Unexpected(format!("{} cannot be a name in a certificate", target.base.host()));
        let name = ServerName::try_from(bare(target.base.host()).to_owned()).map_err(unnamed)?;
        let verifier = trust::verifier(target)?;
        self.turn(async { handshake::complete(connect(&target.base).await?, name, &*verifier).await }).await
    }

    /// Says a hello and reads the first thing that comes back.
    pub async fn greet(&self, hello: &Hello) -> Result<Reply, Trouble> {
        let base = &self.target().base;
        let name = Some(base.host()).filter(|host| matches!(ServerName::try_from(bare(host)), Ok(ServerName::DnsName(_))));
        let bytes = hello.bytes(name);
        self.turn(async {
            let mut stream = connect(base).await?;
            // A server may close before it has read everything: what it said still counts.
            let _ = stream.write_all(&bytes).await;
            Ok(reply::read(&mut stream).await)
        })
        .await
    }
}

async fn connect(base: &BaseUrl) -> Result<TcpStream, Trouble> {
    TcpStream::connect((bare(base.host()), base.port())).await.map_err(|error| Trouble::Transport(error.to_string()))
}

/// A host as a resolver takes it: IPv6 without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}
