//! Whom a connection to the target trusts: the platform's authorities and those that the target declares, by the rules of the platform.
//!
//! Everything that carries a credential goes through [`config`]; no setting turns its verification off.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::Trouble;
use crate::target::Target;

/// Application protocols (RFC 7301) that a connection offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocols {
    /// HTTP/2 and HTTP/1.1: the server chooses.
    #[default]
    Any,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone.
    Http2,
}

impl Protocols {
    /// Their identifiers, the preferred first.
    pub fn alpn(self) -> Vec<Vec<u8>> {
        let (two, one) = (b"h2".to_vec(), b"http/1.1".to_vec());
        match self {
            Self::Any => vec![two, one],
            Self::Http1 => vec![one],
            Self::Http2 => vec![two],
        }
    }
}

/// A TLS client for `target` that verifies the server's certificate. Without https there is nothing to trust: such a client trusts nobody.
pub fn config(target: &Target, protocols: Protocols) -> Result<ClientConfig, Trouble> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let mut config = if target.base.is_https() {
        builder.dangerous().with_custom_certificate_verifier(verifier(target)?).with_no_client_auth()
    } else {
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = protocols.alpn();
    Ok(config)
}

/// What decides whether a certificate of `target` is trusted.
pub(super) fn verifier(target: &Target) -> Result<Arc<dyn ServerCertVerifier>, Trouble> {
    let authorities = target.transport.authorities.iter().cloned();
    Ok(Arc::new(Verifier::new_with_extra_roots(authorities, provider()).map_err(|error| unusable(&error))?))
}

pub(super) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub(super) fn unusable(error: &rustls::Error) -> Trouble {
    Trouble::Transport(format!("TLS cannot be set up: {error}"))
}
