//! How the target is reached beside its URL: who vouches for its certificate, where plain HTTP answers, where the origin server stands.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

use super::BaseUrl;

/// What is known of the transport.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// Certificates of private authorities (DER) that are trusted for this target, beside those of the platform.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Where plain HTTP would answer: `http://host:port`. Where it is not declared, port 80 of the host is meant if the target is on 443.
    pub plain_http: Option<BaseUrl>,
    /// Where the origin server stands behind the CDN, as `https://host:port`; nobody but the CDN should get an answer there.
    pub direct: Option<BaseUrl>,
}

/// Why a part of the transport is refused.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The file of the private authority cannot be read.
    #[error("ca: cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It holds no certificate.
    #[error("ca: {} holds no certificate in PEM form (RFC 7468)", .0.display())]
    NoCertificate(PathBuf),
    /// Not an address for plain HTTP.
    #[error("plain_http: `{0}` is not a plain HTTP address; write it like \"http://api.example.com:80\"")]
    Plain(String),
    /// Not an address of a server.
    #[error("direct: `{0}` is not a host and port; write it like \"203.0.113.7:443\"")]
    Direct(String),
}

impl Transport {
    /// Reads the certificates in `ca` (PEM, one or more) and parses the two addresses.
    pub fn read(ca: Option<&Path>, plain_http: Option<&str>, direct: Option<&str>) -> Result<Self, TransportError> {
        Ok(Self {
            authorities: ca.map(authorities).transpose()?.unwrap_or_default(),
            plain_http: plain_http.map(plain).transpose()?,
            direct: direct.map(server).transpose()?,
        })
    }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let text = std::fs::read(path).map_err(|source| TransportError::Read { path: path.to_owned(), source })?;
    let all: Vec<_> = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    if all.is_empty() { Err(TransportError::NoCertificate(path.to_owned())) } else { Ok(all) }
}

fn plain(text: &str) -> Result<BaseUrl, TransportError> {
    let bare = |base: &BaseUrl| !base.is_https() && base.path("").is_empty();
    BaseUrl::parse(text).ok().filter(bare).ok_or_else(|| TransportError::Plain(text.to_owned()))
}

fn server(text: &str) -> Result<BaseUrl, TransportError> {
    let bare = |base: &BaseUrl| base.path("").is_empty() && !text.contains('/');
    BaseUrl::parse(&format!("https://{text}")).ok().filter(bare).ok_or_else(|| TransportError::Direct(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::path(
        Some("http://h:1/x"),
        None,
        "plain_http: `http://h:1/x` is not a plain HTTP address; write it like \"http://api.example.com:80\""
    )]
    #[case::https(
        Some("https://h"),
        None,
        "plain_http: `https://h` is not a plain HTTP address; write it like \"http://api.example.com:80\""
    )]
    #[case::url(None, Some("https://h"), "direct: `https://h` is not a host and port; write it like \"203.0.113.7:443\"")]
    fn an_address_that_is_none_says_how_to_write_it(#[case] plain: Option<&str>, #[case] direct: Option<&str>, #[case] said: &str) {
        assert_eq!(Transport::read(None, plain, direct).unwrap_err().to_string(), said);
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        let error = Transport::read(Some(file.path()), None, Some("10.0.0.1:8443")).unwrap_err().to_string();
        assert!(error.ends_with("holds no certificate in PEM form (RFC 7468)"), "{error}");
    }
}
