//! Connection strings, as Neon, Railway, Vercel and `SQLAlchemy` projects write them, made explicit.
//!
//! sqlx would read `postgresql+asyncpg://...?ssl=require`, ignore `ssl` and connect without demanding TLS; it would take
//! `mysql://` for PostgreSQL, and fill gaps from `PG*` variables and `~/.pgpass`. So the string is parsed here, every field
//! is set, whatever is not understood is an error that says the fix, and no error repeats the string.

use std::fmt;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

/// Where a PostgreSQL server is and how to log in. `Debug` and `Display` leave the password out.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    host: String,
    port: u16,
    user: String,
    password: SecretString,
    database: String,
    tls: Tls,
    application: String,
}

/// How the connection is protected, from weakest to strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tls {
    /// Only for this machine and for a private network that is encrypted beneath us.
    Disable,
    /// If the server offers it; same places.
    Prefer,
    /// Encrypted, the server not identified.
    Require,
    /// The certificate is checked, its name is not.
    VerifyCa,
    /// The certificate and the host name are checked against the public roots.
    VerifyFull,
}

/// What is wrong with a connection string. Never contains any of it but the names of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("is not a URL of the form postgresql://user:password@host/database")]
    NotAUrl,
    #[error("is not a PostgreSQL URL: it must start with postgresql:// or postgres://")]
    Scheme,
    #[error("contains a space, quote or control character: percent-encode it if it belongs to the password (%20, %22, %27)")]
    Character,
    #[error("contains a `#`: percent-encode it as %23 if it belongs to the password")]
    Fragment,
    #[error("contains more than one `@`, or a `/` or `?` before it: percent-encode them in the password (%40, %2F, %3F)")]
    Authority,
    #[error("names no {0}")]
    Missing(&'static str),
    #[error("has a percent-encoding that is not UTF-8")]
    Encoding,
    #[error("has a placeholder in it: paste the real connection string")]
    Placeholder,
    #[error("has the parameter `{0}` twice")]
    Duplicate(&'static str),
    #[error(
        "has a parameter that is not understood: only sslmode, ssl, channel_binding, application_name, connect_timeout and pgbouncer are"
    )]
    Parameter,
    #[error("has `options=`, which a transaction-mode pooler does not support: remove it (use the endpoint's own host name)")]
    Options,
    #[error("has an sslmode or ssl value that is not one of disable, allow, prefer, require, verify-ca, verify-full, true, false")]
    TlsValue,
    #[error("says two different things in ssl and sslmode")]
    TlsConflict,
    #[error("would go to a remote host without TLS: use sslmode=require or, better, sslmode=verify-full")]
    TlsRequired,
}

/// Query parameters that are understood; those of the last row are dropped knowingly: channel binding is not offered by the
/// driver (verify-full authenticates the server instead), time-outs and pooling are ours to set.
const SSL: [&str; 2] = ["sslmode", "ssl"];
const APPLICATION: &str = "application_name";
const DROPPED: [&str; 3] = ["channel_binding", "connect_timeout", "pgbouncer"];

impl Address {
    /// Parses and completes a connection string.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let url = well_formed(text)?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(UrlError::Missing("host"))?
            .trim_matches(['[', ']'])
            .to_ascii_lowercase();
        let user = plain(url.username())?;
        let password = plain(url.password().unwrap_or_default())?;
        let database = plain(url.path().trim_start_matches('/'))?;
        let parameters = Parameters::read(&url)?;
        let tls = parameters.tls(is_private(&host), is_neon(&host))?;
        for (value, name) in [(&user, "user"), (&database, "database")] {
            if value.is_empty() {
                return Err(UrlError::Missing(name));
            }
        }
        if password.is_empty() && !is_private(&host) {
            return Err(UrlError::Missing("password"));
        }
        let application = parameters.application.unwrap_or_else(|| "postflight-server".into());
        Ok(Self { port: url.port().unwrap_or(5432), host, user, password: password.into(), database, tls, application })
    }

    /// Options for the driver with every field set, so nothing of the process's environment is left in them. The fields that the
    /// driver cannot clear (`PGOPTIONS`, `PGSSLROOTCERT`, `PGSSLCERT`, `PGSSLKEY`) are refused by the configuration.
    pub(crate) fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().host(&self.host).port(self.port).username(&self.user);
        let options = options.password(self.password.expose_secret()).database(&self.database).application_name(&self.application);
        // A pooler refuses start-up parameters that it does not know; no float is ever read here.
        options.ssl_mode(self.tls.into()).extra_float_digits(None)
    }

    /// Whether the host is a transaction-mode pooler, by Neon's naming.
    pub(crate) fn is_pooler(&self) -> bool {
        self.host.split('.').next().is_some_and(|endpoint| endpoint.ends_with("-pooler"))
    }

    /// Whether the host is Neon's.
    pub(crate) fn is_neon(&self) -> bool {
        is_neon(&self.host)
    }

    /// How the connection is protected.
    pub(crate) fn tls(&self) -> Tls {
        self.tls
    }

    /// To find a secret that is used twice.
    pub(crate) fn password(&self) -> &SecretString {
        &self.password
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{} (TLS {})", self.host, self.port, self.database, self.tls)
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        })
    }
}

impl From<Tls> for PgSslMode {
    fn from(tls: Tls) -> Self {
        match tls {
            Tls::Disable => Self::Disable,
            Tls::Prefer => Self::Prefer,
            Tls::Require => Self::Require,
            Tls::VerifyCa => Self::VerifyCa,
            Tls::VerifyFull => Self::VerifyFull,
        }
    }
}

/// Judges the text before a parser repairs it: `Url` would drop tabs and newlines and cut at `#`.
fn well_formed(text: &str) -> Result<Url, UrlError> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::NotAUrl)?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.split('+').next(), Some("postgres" | "postgresql")) {
        return Err(UrlError::Scheme);
    }
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '\\')) {
        return Err(UrlError::Character);
    }
    if ["<", "${", "***"].iter().any(|mark| rest.contains(mark)) {
        return Err(UrlError::Placeholder);
    }
    if rest.contains('#') {
        return Err(UrlError::Fragment);
    }
    let before_query = rest.split('?').next().unwrap_or_default();
    let authority = before_query.split('/').next().unwrap_or_default();
    if rest.matches('@').count() != authority.matches('@').count() || authority.matches('@').count() > 1 {
        return Err(UrlError::Authority);
    }
    Url::parse(&format!("postgres://{rest}")).map_err(|_| UrlError::NotAUrl)
}

/// One field of the URL, decoded.
fn plain(encoded: &str) -> Result<String, UrlError> {
    let text = percent_decode_str(encoded).decode_utf8().map_err(|_| UrlError::Encoding)?;
    if text.contains('\0') { Err(UrlError::Encoding) } else { Ok(text.into_owned()) }
}

/// This machine, and Railway's private network, which is an encrypted tunnel.
fn is_private(host: &str) -> bool {
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    loopback || host == "localhost" || host.ends_with(".railway.internal")
}

fn is_neon(host: &str) -> bool {
    host.ends_with(".neon.tech")
}

#[derive(Default)]
struct Parameters {
    ssl: [Option<Tls>; 2],
    application: Option<String>,
}

impl Parameters {
    fn read(url: &Url) -> Result<Self, UrlError> {
        let mut parameters = Self::default();
        let mut seen: Vec<&'static str> = Vec::new();
        for (name, value) in url.query_pairs() {
            let known = SSL.iter().chain([&APPLICATION]).chain(&DROPPED).find(|known| **known == name);
            let known = known.ok_or(if name == "options" { UrlError::Options } else { UrlError::Parameter })?;
            if seen.contains(known) {
                return Err(UrlError::Duplicate(known));
            }
            seen.push(known);
            match *known {
                "sslmode" => parameters.ssl[0] = Some(tls_value(&value)?),
                "ssl" => parameters.ssl[1] = Some(tls_value(&value)?),
                APPLICATION => parameters.application = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(parameters)
    }

    /// Remote hosts get full verification unless the string asks for a weaker form of *TLS*; Neon's certificates are public, so
    /// `require` means verify-full there. Private hosts get what they ask for.
    fn tls(&self, private: bool, neon: bool) -> Result<Tls, UrlError> {
        let asked = match self.ssl {
            [Some(one), Some(other)] if one != other => return Err(UrlError::TlsConflict),
            [one, other] => one.or(other),
        };
        match asked {
            _ if neon && asked.is_none_or(|tls| tls >= Tls::Require) => Ok(Tls::VerifyFull),
            None if private => Ok(Tls::Prefer),
            None => Ok(Tls::VerifyFull),
            Some(tls) if private || tls >= Tls::Require => Ok(tls),
            Some(_) => Err(UrlError::TlsRequired),
        }
    }
}

fn tls_value(value: &str) -> Result<Tls, UrlError> {
    match value.to_ascii_lowercase().as_str() {
        "disable" | "false" | "0" => Ok(Tls::Disable),
        "allow" | "prefer" => Ok(Tls::Prefer),
        "require" | "true" | "1" => Ok(Tls::Require),
        "verify-ca" => Ok(Tls::VerifyCa),
        "verify-full" => Ok(Tls::VerifyFull),
        _ => Err(UrlError::TlsValue),
    }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
