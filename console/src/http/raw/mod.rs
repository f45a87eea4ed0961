//! The raw wire, where an HTTP client would tidy up: one request byte for byte as given, on a connection of its own, to the target's
//! own host.
//!
//! Owns the description of such a request ([`Raw`]), the connection ([`exchange`]), a parser of answers that believes nothing
//! ([`response`]) and how all of that is shown ([`shown`]). Slots, pace, budget, deadline and counting are the client's: a raw request is
//! one of its requests. Credentials stay typed here too, so that evidence never holds one.

mod exchange;
mod response;
mod shown;

use std::time::Duration;

use super::{Answer, Credential, CsrfToken, record};
use crate::run::Exchange;
use crate::target::Target;

/// A piece of a raw request.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Bytes as they are.
    Plain(Vec<u8>),
    /// The value of a credential; evidence shows its name.
    Secret(Credential),
    /// The header lines that every request of the run has: `User-Agent`, and the target's own extra headers.
    Usual,
    /// Nothing for a while.
    Pause(Duration),
}

/// What a check writes: a piece, or what only the target's way of carrying tokens makes pieces of.
#[derive(Clone, Debug)]
enum Written {
    Part(Part),
    /// Header lines with the credential, and the CSRF token that belongs beside it.
    Bearer(Credential, Option<CsrfToken>),
}

/// One request as bytes. Nothing is added, escaped, folded or counted: what is written here goes on the wire.
#[derive(Clone, Debug)]
pub struct Raw {
    parts: Vec<Written>,
    /// Whether an answer has no body whatever its header fields say (RFC 9112, 6.3): the answer to HEAD, and to CONNECT.
    pub(super) bodiless: bool,
    /// How long to wait for the end of an answer; `None` for as long as any request may take.
    pub(super) patience: Option<Duration>,
    /// How long to listen on after the answer, for a second one or the end of the connection.
    pub(super) linger: Duration,
    pub(super) impatient: bool,
}

impl Raw {
    /// A request of which not a byte is given yet.
    pub const fn new() -> Self {
        Self { parts: Vec::new(), bodiless: false, patience: None, linger: Duration::ZERO, impatient: false }
    }

    /// A request that begins with a well-formed line: `target` stands where the request target does (RFC 9112, 3.2).
    pub fn line(method: &str, target: impl AsRef<[u8]>) -> Self {
        let begun = Self { bodiless: matches!(method, "HEAD" | "CONNECT"), ..Self::new() };
        begun.bytes(method).bytes(" ").bytes(target).bytes(" HTTP/1.1\r\n")
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        match self.parts.last_mut() {
            Some(Written::Part(Part::Plain(plain))) => plain.extend_from_slice(bytes.as_ref()),
            _ => self.parts.push(Written::Part(Part::Plain(bytes.as_ref().to_vec()))),
        }
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.bytes(name).bytes(": ").bytes(value).bytes("\r\n")
    }

    /// Adds a header line with the credential, the way the target carries its tokens, and lines with the CSRF token that belongs beside it.
    #[must_use]
    pub fn bearer(mut self, credential: &Credential, csrf: Option<CsrfToken>) -> Self {
        self.parts.push(Written::Bearer(credential.clone(), csrf));
        self
    }

    /// Adds the value of a credential; evidence shows its name.
    #[must_use]
    pub fn secret(mut self, credential: &Credential) -> Self {
        self.parts.push(Written::Part(Part::Secret(credential.clone())));
        self
    }

    /// Adds the header lines that every request of the run has.
    #[must_use]
    pub fn usual(mut self) -> Self {
        self.parts.push(Written::Part(Part::Usual));
        self
    }

    /// Ends the header section.
    #[must_use]
    pub fn end(self) -> Self {
        self.bytes("\r\n")
    }

    /// Sends nothing for a while before what follows.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.parts.push(Written::Part(Part::Pause(pause)));
        self
    }

    /// Waits this long for the end of an answer.
    #[must_use]
    pub const fn within(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Listens on for this long after the answer.
    #[must_use]
    pub const fn lingering(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Takes a 429 as the answer instead of waiting and asking again.
    #[must_use]
    pub const fn impatient(mut self) -> Self {
        self.impatient = true;
        self
    }

    /// Everything that goes on the wire, in order.
    fn parts(&self, target: &Target) -> impl Iterator<Item = Part> {
        self.parts.iter().flat_map(|written| match written {
            Written::Part(part) => vec![part.clone()],
            Written::Bearer(credential, csrf) => borne(target, credential, csrf.as_ref()),
        })
    }

    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.parts.iter().flat_map(|written| match written {
            Written::Part(Part::Secret(credential)) => vec![credential],
            Written::Part(Part::Plain(_) | Part::Usual | Part::Pause(_)) => Vec::new(),
            Written::Bearer(credential, csrf) => {
                let beside = csrf.iter().flat_map(|csrf| std::iter::once(&csrf.value).chain(&csrf.cookies));
                std::iter::once(credential).chain(beside).collect()
            }
        })
    }
}

/// The run's own `User-Agent`, unless the headers of the target say another.
fn own_agent<'a>(target: &Target, agent: &'a str) -> Option<&'a str> {
    let named = target.headers.iter().any(|(name, _)| name == "user-agent");
    (!named).then_some(agent)
}

/// The header lines that carry a token: all cookies stand in one of them (RFC 6265, 5.4).
fn borne(target: &Target, credential: &Credential, csrf: Option<&CsrfToken>) -> Vec<Part> {
    let plain = |text: String| Part::Plain(text.into_bytes());
    let (name, prefix) = record::carried(&target.carrier);
    let cookies = csrf.and_then(|csrf| csrf.cookies.as_ref());
    let cookies = cookies.map(|cookies| [plain("; ".to_owned()), Part::Secret(cookies.clone())]);
    let header = target.csrf.as_ref().zip(csrf).map(|(declared, csrf)| {
        [plain(format!("{}: ", declared.header)), Part::Secret(csrf.value.clone()), plain("\r\n".to_owned())]
    });
    let token = [plain(format!("{name}: {prefix}")), Part::Secret(credential.clone())].into_iter();
    let line = token.chain(cookies.into_iter().flatten()).chain([plain("\r\n".to_owned())]);
    line.chain(header.into_iter().flatten()).collect()
}

impl Default for Raw {
    fn default() -> Self {
        Self::new()
    }
}

/// How a connection stood when listening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The other side closed it.
    Closed,
    /// The other side reset it.
    Reset,
    /// Still open, as far as could be seen.
    Open,
}

impl Ending {
    /// For a sentence: `and closed`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Open => "left open",
        }
    }
}

/// What came back for one raw request. No answer at all is an outcome like others: many servers just close on what is no HTTP.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The first final answer; interim ones (1xx) are passed over.
    pub answer: Option<Answer>,
    /// How the connection stood at the end.
    pub ending: Ending,
    /// Statuses of further answers on the same connection, in order.
    pub further: Vec<u16>,
    /// Bytes that came behind the last whole answer and are none.
    pub stray: usize,
    /// From the first byte sent to the end of listening.
    pub elapsed: Duration,
    /// Request and answer, redacted and cleaned, ready to be shown.
    pub exchange: Exchange,
}

impl Reply {
    /// Status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// For a sentence: `400, closed`, `no answer, reset`, `200 then 404, left open`.
    pub fn words(&self) -> String {
        let first = self.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let further: String = self.further.iter().map(|status| format!(" then {status}")).collect();
        format!("{first}{further}, {}", self.ending.words())
    }
}
