//! A whole handshake whatever the certificate: it is recorded, and judged afterwards.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme};
use tokio::net::TcpStream;

use super::super::Trouble;
use super::super::trust::{Protocols, provider, unusable};
use super::Certificate;

/// What a completed handshake showed. `Err` holds the reason in words.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// Address of the server.
    pub address: SocketAddr,
    /// Certificates in the order sent, the server's own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Whether TLS 1.3 was chosen; else it was 1.2.
    pub tls13: bool,
    /// Identifier of the application protocol chosen (RFC 7301).
    pub alpn: Option<Vec<u8>>,
    /// Whether the chain leads to a trusted authority, looked at within the certificate's own time and whatever its name.
    pub trust: Result<(), String>,
    /// Whether the certificate is for the name that was asked for.
    pub name: Result<(), String>,
    /// Whether the server proved that it holds the key of the certificate.
    pub proof: Result<(), String>,
}

/// Records what the server presents and refuses nothing. For looking only: no connection that carries a credential may use it.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Recorded>);

#[derive(Debug, Default)]
struct Recorded {
    chain: Vec<CertificateDer<'static>>,
    proof: Option<String>,
}

impl Recorder {
    /// A TLS client that records into `self`.
    pub(super) fn config(self: &Arc<Self>, protocols: Protocols) -> Result<ClientConfig, Trouble> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let verifier = Arc::clone(self) as Arc<dyn ServerCertVerifier>;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = protocols.alpn();
        Ok(config)
    }

    /// Notes whether the server proved that it holds the key, and lets the handshake go on either way.
    fn noted(&self, proven: Result<HandshakeSignatureValid, Error>) -> HandshakeSignatureValid {
        if let (Err(error), Ok(mut recorded)) = (proven, self.0.lock()) {
            recorded.proof = Some(error.to_string());
        }
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(mut recorded) = self.0.lock() {
            recorded.chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        Ok(self.noted(rustls::crypto::verify_tls12_signature(message, cert, dss, &algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        Ok(self.noted(rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Completes a handshake on `stream` for `name` and judges the certificate by `verifier`.
pub(super) async fn complete(
    stream: TcpStream,
    name: ServerName<'static>,
    verifier: &dyn ServerCertVerifier,
) -> Result<Handshake, Trouble> {
    let failed = |error: std::io::Error| Trouble::Transport(super::super::clean(&error.to_string()));
    let recorder = Arc::new(Recorder::default());
    let connector = tokio_rustls::TlsConnector::from(Arc::new(recorder.config(Protocols::Any)?));
    let address = stream.peer_addr().map_err(failed)?;
    let connection = connector.connect(name.clone(), stream).await.map_err(failed)?;
    let (_, session) = connection.get_ref();
    let (tls13, alpn) = (session.protocol_version() == Some(ProtocolVersion::TLSv1_3), session.alpn_protocol().map(<[u8]>::to_vec));
    let (chain, proof) = recorder.0.lock().map(|seen| (seen.chain.clone(), seen.proof.clone())).unwrap_or_default();
    let trust = trusted(&chain, &name, verifier);
    let named = named(&chain, &name);
    Ok(Handshake { address, chain, tls13, alpn, trust, name: named, proof: proof.map_or(Ok(()), Err) })
}

fn named(chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), String> {
    let leaf = chain.first().ok_or("no certificate")?;
    let parsed = ParsedCertificate::try_from(leaf).map_err(|error| error.to_string())?;
    verify_server_name(&parsed, name).map_err(|error| error.to_string())
}

/// Whether the chain is good apart from time and name, which have judgements of their own.
fn trusted(chain: &[CertificateDer<'_>], name: &ServerName<'_>, verifier: &dyn ServerCertVerifier) -> Result<(), String> {
    let (leaf, intermediates) = chain.split_first().ok_or("no certificate")?;
    match verifier.verify_server_cert(leaf, intermediates, name, &[], moment(leaf)) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Now, or the nearest moment at which the certificate is valid.
fn moment(leaf: &CertificateDer<'_>) -> UnixTime {
    let now = UnixTime::now();
    let seconds = |at: time::OffsetDateTime| u64::try_from(at.unix_timestamp()).unwrap_or_default();
    let clamped = Certificate::read(leaf).map(|leaf| now.as_secs().min(seconds(leaf.not_after)).max(seconds(leaf.not_before)));
    clamped.map_or(now, |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs)))
}
