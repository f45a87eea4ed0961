//! Stands before the TLS library and takes, under a flaw, the hellos that the library would refuse.
//!
//! It reads a `ClientHello` and answers with a `ServerHello` alone: enough for whoever asks what is taken.

use crate::twin::Flaws;

/// A `ClientHello` as far as flaws look at it.
pub(super) struct Hello {
    version: u16,
    suites: Vec<u16>,
    deflate: bool,
}

/// Versions that a flaw has the server take.
const OLD: [(&str, u16); 3] = [("tls.ssl-3.0", 0x0300), ("tls.1.0", 0x0301), ("tls.1.1", 0x0302)];
/// Suites that a flaw has the server take, by members that stand for the family.
const WEAK: [(&str, &[u16]); 5] = [
    ("tls.null-suites", &[0x0002, 0x003b]),
    ("tls.anonymous-suites", &[0x0034, 0xc018]),
    ("tls.export-suites", &[0x0003, 0x0008, 0x0009]),
    ("tls.rc4", &[0x0004, 0x0005]),
    ("tls.triple-des", &[0x000a, 0xc012]),
];

impl Hello {
    /// Reads a whole record; `None` when it holds no `ClientHello`.
    pub(super) fn parse(record: &[u8]) -> Option<Self> {
        let body = record.get(9..)?;
        let version = two(body, 0)?;
        let after_session = 35 + usize::from(*body.get(34)?);
        let count = usize::from(two(body, after_session)?);
        let suites = body.get(after_session + 2..after_session + 2 + count)?;
        let suites: Vec<_> = suites.chunks_exact(2).filter_map(|pair| two(pair, 0)).collect();
        let methods = after_session + 2 + count;
        let deflate = body.get(methods + 1..methods + 1 + usize::from(*body.get(methods)?))?.contains(&1);
        Some(Self { version, suites, deflate })
    }

    /// Whether it stops at TLS 1.2: no suite of TLS 1.3 is in it.
    fn is_old(&self) -> bool {
        !self.suites.iter().any(|suite| suite >> 8 == 0x13)
    }

    fn speaks_modern(&self) -> bool {
        self.suites.contains(&0xc02f)
    }
}

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// What is sent instead of letting the library answer.
pub(super) fn answer(flaws: &Flaws, hello: &Hello) -> Option<Vec<u8>> {
    const SECURE: &[u8] = &[0, 5, 0xff, 1, 0, 1, 0];
    if flaws.has("tls.nothing-modern") {
        let alert = vec![21, 3, 1, 0, 2, 2, 70];
        return Some(if hello.version == 0x0302 { server_hello(0x0302, 0x002f, 0, SECURE) } else { alert });
    }
    let old = OLD.iter().find(|(flaw, version)| flaws.has(flaw) && hello.version == *version);
    if let Some((_, version)) = old {
        return Some(server_hello(*version, 0x002f, 0, SECURE));
    }
    let weak = WEAK.iter().filter(|(flaw, _)| flaws.has(flaw)).flat_map(|(_, family)| *family);
    let taken = weak.copied().find(|suite| hello.suites.contains(suite) && !hello.speaks_modern());
    match taken {
        Some(suite) if hello.version == 0x0303 => Some(server_hello(0x0303, suite, 0, SECURE)),
        _ if hello.deflate && flaws.has("tls.compression") => Some(server_hello(0x0303, 0xc02f, 1, SECURE)),
        _ if hello.is_old() && hello.speaks_modern() && flaws.has("tls.unsafe-renegotiation") => {
            Some(server_hello(0x0303, 0xc02f, 0, &[]))
        }
        _ => None,
    }
}

fn server_hello(version: u16, suite: u16, compression: u8, extensions: &[u8]) -> Vec<u8> {
    let [major, minor] = version.to_be_bytes();
    let [high, low] = suite.to_be_bytes();
    let body = [&[major, minor][..], &[9; 32], &[0, high, low, compression], extensions].concat();
    let short = |length: usize| u8::try_from(length).expect("a short hello");
    [&[22, 3, minor.min(1), 0, short(body.len() + 4), 2, 0, 0, short(body.len())], &*body].concat()
}
