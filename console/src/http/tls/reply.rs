//! What a server says to a hello: its own hello, an alert, or nothing that is TLS.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::Version;

/// Bytes read at most before a `ServerHello` must be complete.
const CAP: usize = 64 * 1024;
/// `renegotiation_info` (RFC 5746, 3.2).
const RENEGOTIATION_INFO: u16 = 0xff01;

/// The first thing that a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It goes on: a `ServerHello`.
    Hello(ServerHello),
    /// It refuses: the description of a TLS alert (RFC 8446, 6).
    Alert(u8),
    /// It closed the connection without a word.
    Closed,
    /// It said something that is not TLS.
    Garbage,
}

impl Reply {
    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Hello(hello) => format!("accepted with {} and suite 0x{:04x}", hello.version.name(), hello.suite),
            Self::Alert(70) => "refused: protocol_version".to_owned(),
            Self::Alert(40) => "refused: handshake_failure".to_owned(),
            Self::Alert(number) => format!("refused with alert {number}"),
            Self::Closed => "refused: connection closed".to_owned(),
            Self::Garbage => "answered with something that is not TLS".to_owned(),
        }
    }
}

/// A `ServerHello` (RFC 5246, 7.4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// The version that it chose.
    pub version: Version,
    /// The suite that it chose.
    pub suite: u16,
    /// The compression method: 0 is none.
    pub compression: u8,
    /// Types of its extensions.
    pub extensions: Vec<u16>,
}

impl ServerHello {
    /// Whether it indicates secure renegotiation.
    pub fn renegotiates_safely(&self) -> bool {
        self.extensions.contains(&RENEGOTIATION_INFO)
    }

    /// Reads the body of the handshake message.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = body;
        let version = Version(take16(&mut rest)?);
        take(&mut rest, 32)?;
        let session = take(&mut rest, 1)?.first().copied()?;
        take(&mut rest, usize::from(session))?;
        let suite = take16(&mut rest)?;
        let compression = take(&mut rest, 1)?.first().copied()?;
        let mut extensions = Vec::new();
        if take16(&mut rest).is_some() {
            while let Some(kind) = take16(&mut rest) {
                let length = take16(&mut rest)?;
                take(&mut rest, usize::from(length))?;
                extensions.push(kind);
            }
        }
        Some(Self { version, suite, compression, extensions })
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take16(rest: &mut &[u8]) -> Option<u16> {
    take(rest, 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// Reads until the first message is whole, at most [`CAP`] bytes. A broken connection is a closed one.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Reply {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 4096]);
    while bytes.len() < CAP {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend(buffer.iter().take(count)),
            _ => return if bytes.is_empty() { Reply::Closed } else { Reply::Garbage },
        }
        if let Some(reply) = understood(&bytes) {
            return reply;
        }
    }
    Reply::Garbage
}

/// The reply in `bytes`; `None` while more is needed.
fn understood(bytes: &[u8]) -> Option<Reply> {
    let (mut rest, mut message) = (bytes, Vec::new());
    loop {
        let kind = rest.first().copied()?;
        if !matches!(kind, 21 | 22) {
            return Some(Reply::Garbage);
        }
        take(&mut rest, 1)?;
        let version = take16(&mut rest)?;
        if version >> 8 != 3 {
            return Some(Reply::Garbage);
        }
        let length = take16(&mut rest)?;
        let fragment = take(&mut rest, usize::from(length))?;
        if kind == 21 {
            return Some(fragment.get(1).map_or(Reply::Garbage, |description| Reply::Alert(*description)));
        }
        message.extend_from_slice(fragment);
        if let Some(reply) = whole(&message) {
            return Some(reply);
        }
    }
}

/// The reply in a handshake message; `None` while it is not whole.
fn whole(message: &[u8]) -> Option<Reply> {
    let mut rest = message;
    let kind = take(&mut rest, 1)?.first().copied()?;
    let length = take(&mut rest, 3)?.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    if kind != 2 || length > CAP {
        return Some(Reply::Garbage);
    }
    let body = take(&mut rest, length)?;
    Some(ServerHello::parse(body).map_or(Reply::Garbage, Reply::Hello))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn server_hello(extensions: &[u8]) -> Vec<u8> {
        let body = [&[3, 1][..], &[7; 32], &[1, 9], &[0, 5], &[1], extensions].concat();
        let message = [&[2, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat();
        // In two records, as a server may.
        let (first, second) = message.split_at(10);
        [&[22, 3, 1, 0, 10][..], first, &[22, 3, 1, 0, u8::try_from(second.len()).unwrap()], second].concat()
    }

    #[rstest]
    #[case::bare(&[], false)]
    #[case::secure(&[0, 5, 0xff, 1, 0, 1, 0], true)]
    #[tokio::test]
    async fn a_server_hello_says_version_suite_compression_and_extensions(#[case] extensions: &[u8], #[case] safe: bool) {
        let bytes = server_hello(extensions);
        let Reply::Hello(hello) = read(&mut bytes.as_slice()).await else { panic!("no hello") };
        assert_eq!((hello.version, hello.suite, hello.compression), (Version::TLS10, 5, 1));
        assert_eq!(hello.renegotiates_safely(), safe);
    }

    #[rstest]
    #[case(b"", Reply::Closed)]
    #[case(&[21, 3, 3, 0, 2, 2, 70], Reply::Alert(70))]
    #[case(b"HTTP/1.1 400 Bad Request\r\n\r\n", Reply::Garbage)]
    #[case(&[22, 3, 3, 0, 4, 11, 0, 0, 0], Reply::Garbage)]
    #[case(&[22, 3, 3, 0, 9, 2], Reply::Garbage)]
    #[tokio::test]
    async fn what_is_no_hello_is_told_apart(#[case] bytes: &[u8], #[case] reply: Reply) {
        assert_eq!(read(&mut &*bytes).await, reply);
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_break_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 0_usize..3) {
            let bytes = [[&[22, 3, 3][..], &[21, 3, 1], &[]][start], &bytes].concat();
            let _ = understood(&bytes);
        }
    }
}
