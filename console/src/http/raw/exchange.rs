//! The connection of a raw request: TCP, or TLS with the trust of the main client; sending and listening at the same time, since a server
//! may answer before it has heard everything.

use std::time::Duration;

use bytes::Bytes;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret as _;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::response::{Held, Manner, Message, first, further};
use super::{Ending, Part, Raw, Reply, own_agent, shown};
use crate::http::exchange::root_cause;
use crate::http::gate::Slot;
use crate::http::patience::Waits;
use crate::http::{Answer, Client, Trouble, record};
use crate::target::Target;

/// Bytes read at most of one body here, where many exchanges may be under way at once: none of them asks for much.
const LONGEST: usize = 128 << 10;
/// What chunking, header sections and further answers may add to the cap of one body.
const BESIDE: usize = 256 * 1024;
/// What connecting may take on top of a request's own patience.
const CONNECTING: Duration = Duration::from_secs(5);
/// After so long without an answer an exchange only waits, and others may have its place on the wire.
const QUIET: Duration = Duration::from_millis(300);

impl Client {
    /// Sends `raw` on a connection of its own. An answer that asks to come back later is waited out, unless the request is impatient. What is not an HTTP/1 answer is
    /// trouble; no answer at all is a [`Reply`] without one.
    pub async fn send_raw(&self, raw: &Raw) -> Result<Reply, Trouble> {
        let heard = self.heard(raw).await;
        match &heard {
            Ok(Reply { answer: Some(answer), .. }) => self.note_limit(answer),
            Err(trouble) if trouble.is_limit() => self.scope().limit(),
            _ => {}
        }
        heard
    }

    async fn heard(&self, raw: &Raw) -> Result<Reply, Trouble> {
        let mut waits = Waits::default();
        loop {
            let reply = self.send_raw_once(raw).await?;
            match &reply.answer {
                Some(answer) if !raw.impatient && self.is_to_wait("", answer, &mut waits)? => {
                    self.wait_as_asked(answer, waits).await?;
                    waits.add();
                }
                _ => return Ok(reply),
            }
        }
    }

    async fn send_raw_once(&self, raw: &Raw) -> Result<Reply, Trouble> {
        let patience = raw.patience.unwrap_or(self.limits().request_timeout);
        let _unfinished = self.unfinished().await;
        let bytes = wire(raw, self.target(), self.agent());
        self.seated(patience + raw.linger + CONNECTING, |slot| async {
            let stream = self.connect().await?;
            let limits =
                Listening { patience, linger: raw.linger, bodiless: raw.bodiless, cap: self.limits().body_cap.min(LONGEST) };
            let heard = talk(stream, &bytes, limits, slot).await?;
            Ok(self.reply(raw, heard))
        })
        .await
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Trouble> {
        let base = &self.target().base;
        let broke = |error: &dyn std::error::Error| Trouble::Transport(root_cause(error));
        let host = base.host().trim_matches(['[', ']']);
        let tcp = TcpStream::connect((host, base.port())).await.map_err(|error| broke(&error))?;
        tcp.set_nodelay(true).map_err(|error| broke(&error))?;
        if !base.is_https() {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|error| broke(&error))?;
        let connector = tokio_rustls::TlsConnector::from(self.tls()?);
        Ok(Box::new(connector.connect(name, tcp).await.map_err(|error| broke(&error))?))
    }

    fn reply(&self, raw: &Raw, heard: Heard) -> Reply {
        let target = self.target();
        let unsaid = self.unsaid_beside(raw.credentials());
        let elapsed_ms = heard.answered.as_secs_f64() * 1e3;
        let request = shown::request(raw, target, self.agent());
        let response = heard.message.as_ref().map(|message| {
            self.answered_after(heard.answered);
            record::response(message.status, &message.headers, &message.body, message.truncated, elapsed_ms, &unsaid)
        });
        let exchange = crate::run::Exchange { request, response, curl: shown::line(raw, target, self.agent()) };
        let answer = heard.message.map(|message| Answer {
            source: self.source_of(message.status, &message.headers, &message.body),
            status: message.status,
            headers: message.headers,
            body: Bytes::from(message.body),
            truncated: message.truncated,
            elapsed: heard.answered,
            received_at: OffsetDateTime::now_utc(),
            exchange: exchange.clone(),
        });
        if let Some(answer) = &answer {
            self.overhear(answer);
        }
        Reply { answer, ending: heard.ending, further: heard.further, stray: heard.stray, elapsed: heard.elapsed, exchange }
    }
}

/// What goes on the wire, piece by piece.
enum Piece {
    Bytes(Vec<u8>),
    Pause(Duration),
}

/// The request with its credentials in place.
fn wire(raw: &Raw, target: &Target, agent: &str) -> Vec<Piece> {
    let line = |name: &str, value: &str| format!("{name}: {value}\r\n");
    let piece = |part: Part| match part {
        Part::Plain(bytes) => Piece::Bytes(bytes),
        Part::Secret(credential) => Piece::Bytes(credential.expose().into()),
        Part::Usual => {
            let extra = target.headers.iter().map(|(name, value)| line(name, value.expose_secret()));
            let own = own_agent(target, agent).map_or_else(String::new, |agent| line("user-agent", agent));
            Piece::Bytes(extra.fold(own, |lines, line| lines + &line).into())
        }
        Part::Pause(pause) => Piece::Pause(pause),
    };
    raw.parts(target).map(piece).collect()
}

/// A connection, whatever carries it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How long to listen, and how to read.
#[derive(Clone, Copy)]
struct Listening {
    patience: Duration,
    linger: Duration,
    bodiless: bool,
    cap: usize,
}

/// What was heard on a connection.
struct Heard {
    message: Option<Message>,
    ending: Ending,
    further: Vec<u16>,
    stray: usize,
    answered: Duration,
    elapsed: Duration,
}

/// Sends and listens until there is an answer and the time to linger is over, the other side ends it, or patience does. A broken pipe
/// while sending is no end: what the other side said before it closed may still be there to read.
async fn talk(stream: impl Stream, pieces: &[Piece], listening: Listening, slot: Slot) -> Result<Heard, Trouble> {
    let (mut read, mut write) = tokio::io::split(stream);
    let sending = async {
        let _ = send(&mut write, pieces).await;
        std::future::pending().await
    };
    tokio::select! {
        heard = listen(&mut read, listening, slot) => heard,
        never = sending => never,
    }
}

async fn send(write: &mut (impl AsyncWrite + Unpin), pieces: &[Piece]) -> std::io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => {
                write.write_all(bytes).await?;
                write.flush().await?;
            }
            Piece::Pause(pause) => tokio::time::sleep(*pause).await,
        }
    }
    Ok(())
}

/// Listens to the end. The slot goes back as soon as there is an answer, or none for a while: what lingers is no load on the other side.
async fn listen(read: &mut (impl AsyncRead + Unpin), listening: Listening, slot: Slot) -> Result<Heard, Trouble> {
    let started = Instant::now();
    let mut slot = Some(slot);
    let (mut bytes, mut buffer, mut answered) = (Vec::new(), vec![0; 16 * 1024], None);
    let ending = loop {
        let manner = Manner { bodiless: listening.bodiless, ended: false, cap: listening.cap };
        if answered.is_none() && matches!(first(&bytes, manner), Held::Whole(..)) {
            answered = Some(started.elapsed());
        }
        slot = slot.filter(|_| answered.is_none() && started.elapsed() < QUIET);
        let until = answered.map_or(started + listening.patience, |answered| started + answered + listening.linger);
        if bytes.len() > listening.cap + BESIDE || answered.is_some() && listening.linger.is_zero() {
            break Ending::Open;
        }
        let next = if slot.is_some() { until.min(started + QUIET) } else { until };
        match tokio::time::timeout_at(next, read.read(&mut buffer)).await {
            Err(_) if next < until => slot = None,
            Err(_) => break Ending::Open,
            Ok(Ok(0)) => break Ending::Closed,
            Ok(Ok(count)) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            // TLS peers that just hang up are common; what was read stands for itself.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => break Ending::Closed,
            Ok(Err(_)) => break Ending::Reset,
        }
    };
    heard(&bytes, ending, started.elapsed(), answered, listening)
}

fn heard(
    bytes: &[u8],
    ending: Ending,
    elapsed: Duration,
    answered: Option<Duration>,
    listening: Listening,
) -> Result<Heard, Trouble> {
    let manner = Manner { bodiless: listening.bodiless, ended: ending != Ending::Open, cap: listening.cap };
    let (message, end) = match first(bytes, manner) {
        Held::Whole(message, end) => (Some(message), end),
        Held::Garbage(_) | Held::Part if bytes.is_empty() => (None, 0),
        Held::Garbage(why) => return Err(Trouble::Transport(why.to_owned())),
        Held::Part => return Err(Trouble::Timeout(listening.patience)),
    };
    let rest = bytes.get(end..).unwrap_or_default();
    let (further, stray) = further(rest, Manner { bodiless: false, ..manner });
    Ok(Heard { message, ending, further, stray, answered: answered.unwrap_or(elapsed), elapsed })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::{Credential, Limits};
    use crate::target::BaseUrl;

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// What came back from a peer that answers `said` and closes, what it heard, and how many requests were counted.
    async fn exchanged(raw: Raw, said: &'static str) -> (Result<Reply, Trouble>, Vec<u8>, u64) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut heard, mut buffer) = (Vec::new(), vec![0; 4096]);
            while !heard.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut buffer).await.unwrap();
                heard.extend_from_slice(&buffer[..count]);
            }
            stream.write_all(said.as_bytes()).await.unwrap();
            heard
        });
        let mut target = Target::new(BaseUrl::parse(&base).unwrap());
        target.headers.push(("x-bypass".into(), "let-me-in-please".to_owned().into()));
        let client = Client::new(Arc::new(target), Limits::default(), "test", CancellationToken::new()).unwrap();
        client.keep_unsaid("$OF_ANOTHER_REQUEST", "heard-in-another-answer");
        let reply = client.send_raw(&raw).await;
        (reply, peer.await.unwrap(), client.meter().sent())
    }

    #[tokio::test]
    async fn bytes_go_out_as_given_and_are_counted_and_no_secret_is_kept() {
        let token = Credential::new("$POSTFLIGHT_TOKEN_A", "eyJ-very-secret");
        let raw = Raw::line("GET", b"/a/../\xff b\\").header("origin", b"\x0b https://x ").usual().bearer(&token, None);
        let (reply, heard, sent) = exchanged(raw.bytes("x: a\r\n b\r\n").end(), OK).await;
        let version = env!("CARGO_PKG_VERSION");
        let usual = format!("user-agent: postflight/{version} run/test\r\nx-bypass: let-me-in-please\r\n");
        let expected = [
            b"GET /a/../\xff b\\ HTTP/1.1\r\norigin: \x0b https://x \r\n".as_slice(),
            usual.as_bytes(),
            b"authorization: Bearer eyJ-very-secret\r\nx: a\r\n b\r\n\r\n",
        ];
        assert_eq!(heard, expected.concat());
        let reply = reply.unwrap();
        assert_eq!((reply.status(), sent), (Some(200), 1));
        let kept = format!("{reply:?}");
        assert!(!kept.contains("very-secret") && !kept.contains("let-me-in"), "{kept}");
    }

    const TELLTALE: &str =
        "HTTP/1.1 200 OK\r\nx-seen: HEARD-IN-ANOTHER-ANSWER\r\nContent-Length: 32\r\n\r\nyou said heard-in-another-answer";

    #[tokio::test]
    async fn an_answer_that_says_what_another_request_carried_is_hidden_as_well() {
        let (reply, ..) = exchanged(Raw::line("GET", "/").end(), TELLTALE).await;
        let response = reply.unwrap().exchange.response.unwrap();
        assert_eq!(response.body, "you said $OF_ANOTHER_REQUEST");
        let fields = format!("{:?}", response.headers);
        assert!(fields.contains("$OF_ANOTHER_REQUEST") && !fields.contains("HEARD"), "{fields}");
    }

    const TWO: &str = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n";

    #[rstest]
    #[case::answer(OK, "200, closed")]
    #[case::nothing("", "no answer, closed")]
    #[case::second(TWO, "401 then 404, closed")]
    #[case::interim(INTERIM, "204, closed")]
    #[tokio::test]
    async fn what_came_back_is_told_and_no_answer_is_an_outcome(#[case] said: &'static str, #[case] words: &str) {
        let raw = Raw::line("GET", "/").lingering(Duration::from_secs(2)).end();
        assert_eq!(exchanged(raw, said).await.0.unwrap().words(), words);
    }

    #[tokio::test]
    async fn what_is_no_http_is_trouble() {
        let (reply, ..) = exchanged(Raw::line("GET", "/").end(), "<html>no status line</html>").await;
        assert!(matches!(reply, Err(Trouble::Transport(_))), "{reply:?}");
    }
}
