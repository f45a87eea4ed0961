//! Flaws that the suite `tls` must find. Their twin is started behind TLS.

use super::{Flaw, flaw, weakness};

/// Where no connection can be trusted, the controls of all suites are left open, and everything behind them.
const UNREACHABLE: &[&str] = &[
    "tls.*",
    "health.control",
    "release.control",
    "cors.control",
    "jwt.control",
    "isolation.control",
    "headers.control",
    "docs.control",
    "robustness.control",
    "configuration.control",
];

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw(
        "tls.unknown-authority",
        "The certificate leads to an authority that nobody declared.",
        &["tls.certificate.trusted"],
        UNREACHABLE,
    ),
    flaw("tls.self-signed", "The certificate vouches for itself.", &["tls.certificate.trusted"], UNREACHABLE),
    flaw(
        "tls.missing-intermediate",
        "The server sends its own certificate without the intermediate.",
        &["tls.certificate.trusted"],
        UNREACHABLE,
    ),
    flaw("tls.wrong-name", "The certificate is for another host.", &["tls.certificate.name"], UNREACHABLE),
    flaw("tls.expired", "The certificate expired two days ago.", &["tls.certificate.validity"], UNREACHABLE),
    flaw("tls.not-yet-valid", "The certificate is valid from the day after tomorrow.", &["tls.certificate.validity"], UNREACHABLE),
    weakness("tls.expires-soon", "The certificate expires in five days.", &["tls.certificate.validity"], &[]),
    flaw("tls.small-key", "The certificate has an RSA key of 1024 bits.", &["tls.certificate.key"], UNREACHABLE),
    flaw("tls.sha1", "The certificate is signed with SHA-1.", &["tls.certificate.signature"], UNREACHABLE),
    weakness("tls.without-1.3", "TLS 1.2 is the newest version.", &["tls.versions.modern"], &[]),
    flaw("tls.nothing-modern", "TLS 1.1 is the newest version.", &["tls.versions.modern", "tls.versions.obsolete"], UNREACHABLE),
    flaw("tls.ssl-3.0", "SSL 3.0 is taken.", &["tls.versions.obsolete"], &[]),
    flaw("tls.1.0", "TLS 1.0 is taken.", &["tls.versions.obsolete"], &[]),
    flaw("tls.1.1", "TLS 1.1 is taken.", &["tls.versions.obsolete"], &[]),
    flaw("tls.null-suites", "Suites without encryption are taken.", &["tls.ciphers"], &[]),
    flaw("tls.anonymous-suites", "Suites without a certificate are taken.", &["tls.ciphers"], &[]),
    flaw("tls.export-suites", "Suites of export grade are taken.", &["tls.ciphers"], &[]),
    flaw("tls.rc4", "RC4 is taken.", &["tls.ciphers"], &[]),
    weakness("tls.triple-des", "3DES is taken.", &["tls.ciphers"], &[]),
    flaw("tls.compression", "What is encrypted is compressed before.", &["tls.compression"], &[]),
    flaw("tls.unsafe-renegotiation", "Secure renegotiation is not indicated.", &["tls.renegotiation"], &[]),
    weakness("tls.without-http2", "HTTP/1.1 alone is offered.", &["tls.http2"], &["cors.protocol"]),
    flaw("tls.plain-api", "The whole API answers on plain HTTP too.", &["tls.plain.api", "tls.plain.redirect"], &[]),
    flaw(
        "tls.plain-challenge",
        "Plain HTTP asks for a token instead of leading to https.",
        &["tls.plain.api", "tls.plain.redirect"],
        &[],
    ),
    flaw("tls.plain-token", "Plain HTTP leads to https, but whoever brings a token is served.", &["tls.plain.api"], &[]),
    flaw("tls.redirect-elsewhere", "Plain HTTP leads to another host.", &["tls.plain.redirect"], &[]),
    flaw("tls.redirect-plain", "Plain HTTP leads to plain HTTP.", &["tls.plain.redirect"], &[]),
    weakness("tls.redirect-temporary", "Plain HTTP leads to https for this time only.", &["tls.plain.redirect"], &[]),
    weakness("tls.any-name", "The API answers to any name and to the bare address.", &["tls.names"], &[]),
    flaw("tls.direct-open", "The origin server behind the CDN serves everybody.", &["tls.direct"], &[]),
    flaw("tls.direct-plain", "The origin server behind the CDN serves everybody on plain HTTP.", &["tls.direct"], &[]),
];
