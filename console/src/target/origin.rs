//! An allowed origin, parsed strictly: exactly what a browser would send.

use std::fmt;

use thiserror::Error;
use url::Url;

/// Why a declared origin is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OriginError {
    /// Not `scheme://host[:port]`.
    #[error("`{0}` is not an origin; write it like https://app.example.com")]
    Malformed(String),
    /// A browser would serialise it otherwise, so it could never match.
    #[error("a browser sends this origin as `{1}`, not as `{0}`; declare it in that form")]
    NotCanonical(String, String),
}

/// An origin in the form in which a browser sends it (Fetch standard, "serializing a request origin").
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(Url, String);

impl Origin {
    /// Parses `text`, which must already be in the browser's form: lower case, no default port, no path, no trailing slash.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let malformed = || OriginError::Malformed(text.to_owned());
        let url = Url::parse(text).map_err(|_| malformed())?;
        let canonical = url.origin().ascii_serialization();
        if url.host_str().is_none() || canonical == "null" {
            return Err(malformed());
        }
        if canonical != text {
            return Err(OriginError::NotCanonical(text.to_owned(), canonical));
        }
        Ok(Self(url, canonical))
    }

    /// The serialised origin: `https://app.example.com`.
    pub fn as_str(&self) -> &str {
        &self.1
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// The host: `app.example.com`.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port where it is not the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}
