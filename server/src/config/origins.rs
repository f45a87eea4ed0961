//! The origin allowlist: exact origins, spelled as browsers send them.
//!
//! An origin is compared by bytes, so one that no browser would send is not harmless: it locks the front end out. Each rule
//! says the fix. What an allowed origin may do is the business of [`crate::origin`].

use url::{Host, Url};

use super::Environment;
use super::reader::Reader;

impl Reader<'_> {
    /// The allowlist; required once deployed, since an API for browsers without one is a mistake.
    pub(super) fn origins(&mut self, environment: Environment) -> Vec<String> {
        let Some(text) = self.get("CORS_ORIGINS") else {
            if environment.is_deployed() {
                self.wrong(
                    "CORS_ORIGINS",
                    "is missing: the exact https origins of the front end, for example https://app.example.com",
                );
            }
            return Vec::new();
        };
        let mut origins = Vec::new();
        for (at, origin) in text.split(',').map(str::trim).enumerate() {
            if let Err(fix) = exact(origin, environment) {
                self.wrong("CORS_ORIGINS", format!("entry {}: {fix}", at + 1));
            } else if origins.iter().any(|known| known == origin) {
                self.wrong("CORS_ORIGINS", format!("entry {}: is there twice", at + 1));
            } else {
                origins.push(origin.to_owned());
            }
        }
        origins
    }
}

/// What is wrong with an origin, and the fix.
fn exact(origin: &str, environment: Environment) -> Result<(), &'static str> {
    refused_spelling(origin)?;
    let url = Url::parse(origin).map_err(|_| "is not a URL: write https://host")?;
    let host = url.host().ok_or("names no host: write https://host")?;
    let developer = !environment.is_deployed() && is_local(&host);
    match url.scheme() {
        "https" => {}
        "http" if developer => {}
        "http" => return Err("is http: browsers would send tokens in the clear; use https"),
        _ => return Err("is not an https origin"),
    }
    if !developer {
        public(&host)?;
    }
    if url.origin().ascii_serialization() == origin {
        Ok(())
    } else {
        Err("is not spelled as browsers send it: lower case, no default port, punycode for other alphabets")
    }
}

/// Mistakes that deserve a sentence of their own, seen before a parser repairs them.
fn refused_spelling(origin: &str) -> Result<(), &'static str> {
    let after_scheme = origin.split_once("://").map_or("", |(_, rest)| rest);
    if origin.is_empty() {
        Err("is empty: remove the extra comma")
    } else if origin.contains('*') {
        Err("has a wildcard: name each origin exactly")
    } else if origin == "null" {
        Err("is null, which any sandboxed page can send")
    } else if origin.starts_with('[') || origin.contains(['"', '\'']) {
        Err("is JSON or quoted: write plain origins separated by commas")
    } else if origin.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Err("has a space in it: separate origins with commas")
    } else if origin.ends_with('/') {
        Err("has a trailing slash: remove it")
    } else if after_scheme.contains(['/', '?', '#']) {
        Err("has a path: an origin is only scheme, host and port")
    } else if after_scheme.contains('@') {
        Err("has user information: an origin is only scheme, host and port")
    } else if origin.contains(|c: char| c.is_ascii_uppercase()) {
        Err("has upper-case letters: browsers send lower case")
    } else {
        Ok(())
    }
}

fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// A name that somebody can own: not this machine, not a bare address, not a reserved ending.
fn public(host: &Host<&str>) -> Result<(), &'static str> {
    let Host::Domain(name) = host else {
        return Err("is an IP address: use the front end's domain name");
    };
    let reserved = ["localhost", "local", "test", "internal", "invalid"];
    match name.rsplit('.').next() {
        _ if is_local(host) => Err("is localhost: a page on anybody's own machine could use the API"),
        Some("") => Err("ends in a dot: browsers send the name without it"),
        Some(last) if reserved.contains(&last) => Err("has a reserved ending that nobody owns"),
        _ if !name.contains('.') => Err("is not a full domain name"),
        _ => Ok(()),
    }
}
