//! What stands in a certificate (RFC 5280), read for people and for rules.

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::super::clean;

/// A public key, by what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// Elliptic curve over a field of so many bits.
    Curve(usize),
    /// Ed25519 or Ed448.
    Edwards,
    /// Anything else, by its object identifier.
    Other(String),
}

/// The readable parts of one certificate; texts are cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Names and addresses it is valid for.
    pub names: Vec<String>,
    /// From when.
    pub not_before: OffsetDateTime,
    /// Until when.
    pub not_after: OffsetDateTime,
    /// Its key.
    pub key: Key,
    /// Object identifier of the algorithm that it is signed with.
    pub signature: String,
}

impl Certificate {
    /// Reads `der`; `None` when it is no certificate.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.iter().filter_map(name).collect()).unwrap_or_default();
        Some(Self {
            subject: clean(&parsed.subject().to_string()),
            issuer: clean(&parsed.issuer().to_string()),
            names,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            key: key(&parsed),
            signature: parsed.signature_algorithm.algorithm.to_id_string(),
        })
    }

    /// Whether it signed itself: a root, whose signature nobody relies on.
    pub fn is_root(&self) -> bool {
        self.subject == self.issuer
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(clean(name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}

fn key(parsed: &X509Certificate<'_>) -> Key {
    let algorithm = parsed.public_key().algorithm.algorithm.to_id_string();
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Key::Rsa(key.key_size()),
        Ok(PublicKey::EC(point)) => Key::Curve(point.key_size()),
        _ if matches!(&*algorithm, "1.3.101.112" | "1.3.101.113") => Key::Edwards,
        _ => Key::Other(algorithm),
    }
}
