//! The base URL of a target: scheme, host, port and an optional path prefix.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

/// Why a base URL is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BaseUrlError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL; write it like https://api.example.com")]
    Malformed(String),
    /// A scheme other than http or https.
    #[error("`{0}` has the scheme `{1}`; only http and https can be verified")]
    Scheme(String, String),
    /// Credentials inside the URL would leak into reports.
    #[error("the URL contains a user name or password; remove them and name a token variable in postflight.toml instead")]
    Credentials,
    /// A query or fragment has no meaning here.
    #[error("`{0}` has a query or fragment; give only scheme, host, port and path prefix")]
    Query(String),
}

/// What cannot be read as a URL may still hold a password: whatever has an `@` is not repeated.
fn malformed(text: &str) -> BaseUrlError {
    if text.contains('@') { BaseUrlError::Credentials } else { BaseUrlError::Malformed(shown(text)) }
}

/// A text without its query and fragment, which may hold a token.
fn shown(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Scheme, host, port and path prefix (without a trailing slash).
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    prefix: String,
}

impl BaseUrl {
    /// Parses `text`; a missing scheme is not guessed.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text).map_err(|_| malformed(text))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme(shown(text), url.scheme().to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query(shown(text)));
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url, prefix })
    }

    /// The path and query to put on the wire for `path` (which begins with a slash): the prefix, then `path`, byte for byte.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The absolute URL for `path`, byte for byte as it would be sent.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), self.prefix)
    }

    /// The origin of the base itself, as a browser would serialise it: `https://api.example.com`.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host without port: `api.example.com`, `127.0.0.1`, `[::1]`.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port, explicit or by scheme.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// `host:port` when the port is not the scheme's own, else `host`: what belongs in a `Host` header.
    pub fn authority(&self) -> String {
        self.url.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()))
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::password("https://ann:canary@api.example")]
    #[case::malformed_with_a_password("https://ann:canary@api.example:port")]
    #[case::other_scheme_with_a_password("ftp://ann:canary@api.example")]
    #[case::token("https://api.example/?token=canary")]
    #[case::malformed_with_a_token("api.example?token=canary")]
    #[case::fragment("https://api.example/#canary")]
    fn a_refused_url_is_not_repeated_with_its_secrets(#[case] text: &str) {
        let told = BaseUrl::parse(text).unwrap_err().to_string();
        assert!(!told.contains("canary"), "{told}");
    }

    #[test]
    fn a_refused_url_without_secrets_is_named() {
        assert_eq!(
            BaseUrl::parse("api.example").unwrap_err().to_string(),
            "`api.example` is not a URL; write it like https://api.example.com"
        );
    }
}
