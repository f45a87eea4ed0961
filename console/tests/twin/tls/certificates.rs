//! Certificates made when a twin starts: a private authority, and what a flaw makes of the server's own.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, Error, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::HOST;
use crate::twin::Flaws;

/// What a server shows, and whom its clients are told to trust.
pub(crate) struct Papers {
    /// The authority.
    pub(crate) authority: CertificateDer<'static>,
    /// What the server sends, its own certificate first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The key that it signs with.
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Papers {
    /// The papers of a server with these flaws.
    pub(crate) fn of(flaws: &Flaws) -> Self {
        let (root, root_key) = (authority("Twin root"), new_key());
        let root_issuer = Issuer::from_params(&root, &root_key);
        let anchor = root.self_signed(&root_key).expect("a root");
        let (middle, middle_key) = (authority("Twin intermediate"), new_key());
        let middle_der = middle.signed_by(&middle_key, &root_issuer).expect("an intermediate");
        let issuer = Issuer::from_params(&middle, &middle_key);
        let key = new_key();
        let leaf = leaf(flaws, &key, &issuer);
        let mut chain = vec![leaf];
        if !flaws.has("tls.missing-intermediate") {
            chain.push(middle_der.der().clone());
        }
        let trusted = if flaws.has("tls.unknown-authority") { stranger() } else { anchor };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Self { authority: trusted.der().clone(), chain, key }
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key")
}

fn params(name: &str, subject: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, subject);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = params.not_before + Duration::days(90);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params("unused.invalid", name);
    params.subject_alt_names.clear();
    // It was there before any certificate that it signed, and stays after.
    params.not_before -= Duration::days(300);
    params.not_after += Duration::days(300);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// An authority that signed nothing here.
fn stranger() -> Certificate {
    authority("Somebody else's root").self_signed(&new_key()).expect("a root")
}

fn leaf(flaws: &Flaws, key: &KeyPair, issuer: &Issuer<'_, &KeyPair>) -> CertificateDer<'static> {
    let name = if flaws.has("tls.wrong-name") { "other.tasks-twin.example" } else { HOST };
    let mut params = params(name, "Twin");
    let now = OffsetDateTime::now_utc();
    let days = |from: i64, to: i64| (now + Duration::days(from), now + Duration::days(to));
    let span = [("tls.expired", days(-90, -2)), ("tls.not-yet-valid", days(2, 90)), ("tls.expires-soon", days(-85, 5))];
    if let Some((_, (from, to))) = span.iter().find(|(flaw, _)| flaws.has(flaw)) {
        (params.not_before, params.not_after) = (*from, *to);
    }
    let signed = match () {
        () if flaws.has("tls.self-signed") => params.self_signed(key),
        () if flaws.has("tls.small-key") => params.signed_by(&Rsa::of(128), issuer),
        () if flaws.has("tls.sha1") => params.signed_by(key, &Issuer::new(authority("Twin intermediate"), Rsa::of(256))),
        () => params.signed_by(key, issuer),
    };
    let der = signed.expect("a certificate").der().clone();
    if flaws.has("tls.sha1") { with_sha1(&der) } else { der }
}

/// An RSA key of which nobody has the private half: certificates can name it, but what it signs is noise.
struct Rsa(Vec<u8>);

impl Rsa {
    /// A key with a modulus of so many bytes: 128 or 256.
    fn of(bytes: usize) -> Self {
        let modulus: Vec<u8> =
            std::iter::once(0).chain((0..bytes).map(|index| u8::try_from(index % 200).unwrap_or(0) | 0x81)).collect();
        let content = [integer(&modulus), integer(&[1, 0, 1])].concat();
        Self([vec![0x30], length(content.len()), content].concat())
    }
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    [vec![2], length(bytes.len()), bytes.to_vec()].concat()
}

/// A length as DER writes it.
fn length(bytes: usize) -> Vec<u8> {
    let long = u16::try_from(bytes).expect("a short key").to_be_bytes();
    match long {
        [0, short] if short < 0x80 => vec![short],
        [0, short] => vec![0x81, short],
        [high, low] => vec![0x82, high, low],
    }
}

impl PublicKeyData for Rsa {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Rsa {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![7; 256])
    }
}

/// The certificate with "SHA-1 with RSA" wherever it said "SHA-256 with RSA".
fn with_sha1(der: &CertificateDer<'_>) -> CertificateDer<'static> {
    const SHA256: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    let mut bytes = der.to_vec();
    let places: Vec<_> =
        bytes.windows(SHA256.len()).enumerate().filter(|(_, window)| *window == SHA256).map(|(at, _)| at).collect();
    for place in places {
        if let Some(last) = bytes.get_mut(place + SHA256.len() - 1) {
            *last = 5;
        }
    }
    CertificateDer::from(bytes)
}
