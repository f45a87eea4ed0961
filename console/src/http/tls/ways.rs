//! Other ways to the same service: plain HTTP, a wrong name, the origin server behind a CDN, one protocol alone.
//!
//! Only the last carries credentials, and it verifies the certificate. On the others a credential is refused before anything is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::super::pool::Way;
use super::super::trust::{self, Protocols};
use super::super::{Answer, Client, Probe, Trouble};
use super::handshake::Recorder;
use crate::target::{BaseUrl, Target};

/// Longest wait for one answer on a way where usually nothing answers.
const PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    /// A client for the same target that speaks one protocol alone; it verifies the certificate like this one.
    pub fn only(&self, protocols: Protocols) -> Result<Self, Trouble> {
        let tls = trust::config(self.target(), protocols)?;
        self.derived(
            Arc::clone(self.shared_target()),
            self.limits().request_timeout,
            Way { tls: Some(tls), address: None, connections: self.limits().most() },
        )
    }

    /// Asks `base` in the clear; `None` when nothing answers there. A credential goes there only where the network is this machine.
    pub async fn plainly(&self, base: &BaseUrl, probe: &Probe) -> Result<Option<Answer>, Trouble> {
        if !(base.is_loopback() && self.target().is_loopback()) {
            without_credential(probe)?;
        }
        let client = self.derived(Arc::new(self.bare_target(base)), self.patience(), Way::default())?;
        answered(client.send(probe).await)
    }

    /// Asks the server at `address` as if it were `base`, whatever certificate it shows; `None` when it does not answer.
    pub async fn misled(&self, base: &BaseUrl, address: Option<SocketAddr>, probe: &Probe) -> Result<Option<Answer>, Trouble> {
        without_credential(probe)?;
        let tls = Some(Arc::new(Recorder::default()).config(Protocols::Http1)?);
        let client = self.derived(Arc::new(self.bare_target(base)), self.patience(), Way { tls, address, ..Way::default() })?;
        answered(client.send(probe).await)
    }

    /// The first address of a host; `None` when it has none.
    pub async fn address_of(&self, base: &BaseUrl) -> Result<Option<SocketAddr>, Trouble> {
        let host = base.host().trim_start_matches('[').trim_end_matches(']');
        let found = self.bounded(async { Ok(tokio::net::lookup_host((host, base.port())).await.ok()) }).await?;
        Ok(found.and_then(|mut all| all.next()))
    }

    fn patience(&self) -> Duration {
        self.limits().request_timeout.min(PATIENCE)
    }

    /// The target elsewhere: how its tokens travel and how its answers are told, but none of its secrets.
    fn bare_target(&self, base: &BaseUrl) -> Target {
        let target = self.target();
        Target { carrier: target.carrier.clone(), app_header: target.app_header.clone(), ..Target::new(base.clone()) }
    }
}

fn without_credential(probe: &Probe) -> Result<(), Trouble> {
    let refused = || Trouble::Unexpected("a credential does not travel over a connection that is not trusted".into());
    if probe.carries_credential() { Err(refused()) } else { Ok(()) }
}

fn answered(answer: Result<Answer, Trouble>) -> Result<Option<Answer>, Trouble> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Trouble::Transport(_) | Trouble::Timeout(_)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
