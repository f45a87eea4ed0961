//! A `ClientHello` by hand (RFC 5246, 7.4.1.2): versions and cipher suites that a modern TLS library will not say.

/// A protocol version as it stands in a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

impl Version {
    /// SSL 3.0 (RFC 6101, obsolete since RFC 7568).
    pub const SSL3: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246, obsolete since RFC 8996).
    pub const TLS10: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346, obsolete since RFC 8996).
    pub const TLS11: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS12: Self = Self(0x0303);

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SSL3 => "SSL 3.0",
            Self::TLS10 => "TLS 1.0",
            Self::TLS11 => "TLS 1.1",
            Self::TLS12 => "TLS 1.2",
            _ => "an unknown version",
        }
    }
}

/// Families of cipher suites by their numbers in the IANA registry.
pub mod suites {
    /// What TLS 1.2 is spoken with today, forward secret ones first.
    pub const MODERN: &[u16] = &[
        0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xc023, 0xc027, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c,
        0x009d, 0x002f, 0x0035,
    ];
    /// What SSL 3.0 to TLS 1.1 were spoken with.
    pub const LEGACY: &[u16] =
        &[0xc009, 0xc00a, 0xc013, 0xc014, 0x0033, 0x0039, 0x0032, 0x0038, 0x002f, 0x0035, 0xc012, 0x0016, 0x000a, 0x0005, 0x0004];
    /// Without encryption.
    pub const NULL: &[u16] = &[0x0001, 0x0002, 0x003b, 0xc001, 0xc006, 0xc00b, 0xc010];
    /// Without a certificate: anybody can answer.
    pub const ANONYMOUS: &[u16] =
        &[0x0034, 0x003a, 0x006c, 0x006d, 0x00a6, 0x00a7, 0x0018, 0x001b, 0xc015, 0xc016, 0xc017, 0xc018, 0xc019];
    /// Keys of 40 or 56 bits: export grade and single DES.
    pub const EXPORT: &[u16] =
        &[0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0062, 0x0064, 0x0009, 0x000c, 0x000f, 0x0012, 0x0015];
    /// RC4 (RFC 7465).
    pub const RC4: &[u16] = &[0x0004, 0x0005, 0xc002, 0xc007, 0xc00c, 0xc011];
    /// Triple DES (CVE-2016-2183).
    pub const TRIPLE_DES: &[u16] = &[0x000a, 0x000d, 0x0010, 0x0013, 0x0016, 0xc003, 0xc008, 0xc00d, 0xc012];
}

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746, 3.3).
const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// What to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The highest version.
    pub version: Version,
    /// The cipher suites.
    pub suites: &'static [u16],
    /// Whether DEFLATE (RFC 3749) is offered beside no compression.
    pub deflate: bool,
}

impl Hello {
    /// A hello of `version` with these suites and no compression.
    pub const fn new(version: Version, suites: &'static [u16]) -> Self {
        Self { version, suites, deflate: false }
    }

    /// The record to send. `host` is a name for the server name extension; an address has none (RFC 6066, 3).
    pub(super) fn bytes(&self, host: Option<&str>) -> Vec<u8> {
        let mut body = self.version.0.to_be_bytes().to_vec();
        body.extend(rand::random::<[u8; 32]>());
        body.push(0);
        let numbers = self.suites.iter().chain(&[RENEGOTIATION_SCSV]);
        body.extend(prefixed16(&numbers.flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>()));
        body.extend(if self.deflate { vec![2, 1, 0] } else { vec![1, 0] });
        if self.version > Version::SSL3 {
            body.extend(prefixed16(&self.extensions(host)));
        }
        let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
        let message: Vec<u8> = [1].into_iter().chain(length.into_iter().skip(1)).chain(body).collect();
        let record = self.version.min(Version::TLS10).0.to_be_bytes();
        [22].into_iter().chain(record).chain(prefixed16(&message)).collect()
    }

    fn extensions(&self, host: Option<&str>) -> Vec<u8> {
        let name = |host: &str| extension(0, &prefixed16(&[&[0][..], &prefixed16(host.as_bytes())].concat()));
        let mut all = host.map(name).unwrap_or_default();
        // x25519, P-256, P-384, ffdhe2048; uncompressed points; extended master secret (RFC 7627).
        all.extend(extension(10, &prefixed16(&[0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x01, 0x00])));
        all.extend(extension(11, &[1, 0]));
        all.extend(extension(23, &[]));
        if self.version >= Version::TLS12 {
            // ECDSA, PSS and PKCS#1 with SHA-256, 384 and 512, then with SHA-1 for the oldest.
            let schemes = [4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1];
            all.extend(extension(13, &prefixed16(&schemes)));
        }
        all
    }
}

/// `bytes` after their length in 16 bits.
fn prefixed16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    length.to_be_bytes().into_iter().chain(bytes.iter().copied()).collect()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    kind.to_be_bytes().into_iter().chain(prefixed16(data)).collect()
}
