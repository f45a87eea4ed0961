//! A peer whose certificate cannot be verified, or whose TLS is malice, gets no credential and cannot hang the console.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod twin;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use console::checks::Suite;
use console::http::tls::{Hello, Reply, Version, suites};
use console::http::{Client, Limits};
use console::run::{Events, Run, Verdict};
use console::target::{BaseUrl, Target};
use console::verify::{self, Inputs, Options};
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use twin::Twin;

/// The deadline of each run.
const DEADLINE: Duration = Duration::from_secs(3);
/// What may come on top: clean-up has up to 20 s of its own, and a busy machine needs some.
const SLACK: Duration = Duration::from_secs(27);

/// The suites that rest on what the peer says.
fn live() -> Vec<Suite> {
    let files = [Suite::Secrets, Suite::Procfile, Suite::Configuration];
    Suite::ALL.into_iter().filter(|suite| !files.contains(suite)).collect()
}

async fn verify(target: Target, deadline: Duration) -> Run {
    let journal = twin::in_memory();
    let limits = Limits { deadline, request_timeout: Duration::from_millis(800), ..Limits::default() };
    let options = Options { suites: live(), limits, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, Inputs::default(), events, CancellationToken::new()).await;
    run.expect("a journal and a client")
}

/// Ids of the checks with this verdict, controls apart.
fn with(run: &Run, verdict: Verdict) -> Vec<&str> {
    let others = run.checks.iter().filter(|check| check.verdict == verdict && !check.id.ends_with(".control"));
    others.map(|check| &*check.id).collect()
}

#[rstest]
#[case::expired("tls.expired", "tls.certificate.validity")]
#[case::not_yet_valid("tls.not-yet-valid", "tls.certificate.validity")]
#[case::of_another_name("tls.wrong-name", "tls.certificate.name")]
#[case::self_signed("tls.self-signed", "tls.certificate.trusted")]
#[case::of_an_unknown_authority("tls.unknown-authority", "tls.certificate.trusted")]
#[case::with_a_small_key("tls.small-key", "tls.certificate.key")]
#[case::signed_with_sha1("tls.sha1", "tls.certificate.signature")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_certificate_that_cannot_be_verified_nothing_else_is_judged_and_no_request_arrives(
    #[case] flaw: &str,
    #[case] found: &str,
) {
    let twin = Twin::start_secure(&[flaw]).await;
    let run = verify(twin.target(), Duration::from_secs(30)).await;
    assert!(with(&run, Verdict::Fail).contains(&found), "{:?}", with(&run, Verdict::Fail));
    let judged = run.checks.iter().filter(|check| check.suite != "tls" && check.verdict.judged());
    assert_eq!(judged.map(|check| (&check.id, check.verdict)).collect::<Vec<_>>(), Vec::new());
    let told = run.checks.iter().any(|check| check.suite == "cors" && check.summary.contains("certificate"));
    assert!(told, "no reason was given");
    assert_eq!(twin.house().requests(), 0, "a request was sent over a connection that nobody vouches for");
    assert_eq!(run.verdict, Verdict::Fail);
}

/// What a peer does with each connection.
type Malice = fn(TcpStream) -> futures::future::BoxFuture<'static, ()>;

fn says(bytes: &'static [u8]) -> impl Fn(TcpStream) -> futures::future::BoxFuture<'static, ()> {
    move |mut stream| {
        Box::pin(async move {
            let mut hello = [0; 2048];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        })
    }
}

fn garbage(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    says(b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03garbage that is no server hello at all\x00\x00\x00\xff")(stream)
}

fn plain_http(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")(stream)
}

fn escape_codes(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    says(b"\x1b]0;owned\x07\x1b[2J")(stream)
}

fn an_alert(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    says(&[21, 3, 3, 0, 2, 2, 40])(stream)
}

fn early_close(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    says(b"")(stream)
}

fn silence(stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
}

/// A handshake message of 16 MiB that never ends.
fn endless(mut stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut record = vec![22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff];
        record.resize(5 + 0x4000, 0);
        while stream.write_all(&record).await.is_ok() {
            record = [vec![22, 3, 3, 0x40, 0], vec![0; 0x4000]].concat();
        }
    })
}

fn one_byte_a_second(mut stream: TcpStream) -> futures::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        for byte in [22, 3, 3, 0, 80].into_iter().chain(std::iter::repeat(0)) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
}

async fn peer(malice: Malice) -> BaseUrl {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
    let port = listener.local_addr().expect("a bound listener has an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(malice(stream));
        }
    });
    BaseUrl::parse(&format!("https://localhost:{port}")).expect("a loopback URL")
}

#[rstest]
#[case::garbage(garbage)]
#[case::plain_http(plain_http)]
#[case::escape_codes(escape_codes)]
#[case::an_alert(an_alert)]
#[case::early_close(early_close)]
#[case::silence(silence)]
#[case::endless(endless)]
#[case::one_byte_a_second(one_byte_a_second)]
#[tokio::test]
async fn a_peer_without_a_handshake_brings_no_judgement_and_no_delay(#[case] malice: Malice) {
    let target = Target { base: peer(malice).await, ..Twin::start_secure(&[]).await.target() };
    let begun = Instant::now();
    let run = verify(target, DEADLINE).await;
    assert!(begun.elapsed() < DEADLINE + SLACK, "took {:?}", begun.elapsed());
    assert_eq!((with(&run, Verdict::Pass), with(&run, Verdict::Fail)), (Vec::new(), Vec::new()));
    let document = serde_json::to_string(&run).expect("a run is JSON");
    assert!(!document.contains("\\u001b"), "raw text of the peer in the document");
}

/// `openssl s_server` with a key of its own, on a free port; it is stopped when dropped.
struct OpenSsl {
    child: std::process::Child,
    port: u16,
    /// Holds the key as long as it is read.
    _directory: tempfile::TempDir,
}

impl OpenSsl {
    async fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (key, cert) = (directory.path().join("key.pem"), directory.path().join("cert.pem"));
        let key_pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(&key, key_pair.signing_key.serialize_pem()).expect("a file");
        std::fs::write(&cert, key_pair.cert.pem()).expect("a file");
        let port = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port").local_addr().expect("an address").port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-key"]).arg(&key).arg("-cert").arg(&cert);
        let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self { child: child.expect("openssl is installed"), port, _directory: directory };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    async fn greeted(&self, hello: &Hello) -> Reply {
        let base = BaseUrl::parse(&format!("https://localhost:{}", self.port)).expect("a loopback URL");
        let client = Client::new(Arc::new(Target::new(base)), Limits::default(), "test", CancellationToken::new());
        client.expect("a client").greet(hello).await.expect("a reply")
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[rstest]
#[case::tls_1_0(&["-tls1"], Version::TLS10)]
#[case::tls_1_1(&["-tls1_1"], Version::TLS11)]
#[case::tls_1_2(&["-tls1_2"], Version::TLS12)]
#[tokio::test]
async fn a_real_library_takes_the_hellos_by_hand_that_it_is_told_to_take(#[case] told: &[&str], #[case] version: Version) {
    let server = OpenSsl::start(&[told, &["-cipher", "DEFAULT:@SECLEVEL=0"]].concat()).await;
    for (offered, numbers) in [(Version::TLS10, suites::LEGACY), (Version::TLS11, suites::LEGACY), (Version::TLS12, suites::MODERN)]
    {
        match server.greeted(&Hello::new(offered, numbers)).await {
            Reply::Hello(hello) => {
                assert!(offered >= version && hello.version == version, "{offered:?} led to {:?}", hello.version);
                assert!(hello.renegotiates_safely());
                assert_eq!(hello.compression, 0);
            }
            Reply::Alert(_) => assert!(offered < version, "{offered:?} was refused"),
            other => panic!("{}", other.words()),
        }
    }
}

#[rstest]
#[case::anonymous("aNULL:@SECLEVEL=0", suites::ANONYMOUS)]
#[case::null("eNULL:@SECLEVEL=0", suites::NULL)]
#[tokio::test]
async fn a_real_library_takes_the_weak_suites_that_it_is_told_to_take(#[case] told: &str, #[case] numbers: &'static [u16]) {
    let server = OpenSsl::start(&["-tls1_2", "-cipher", told]).await;
    let Reply::Hello(hello) = server.greeted(&Hello::new(Version::TLS12, numbers)).await else { panic!("refused") };
    assert!(numbers.contains(&hello.suite), "0x{:04x}", hello.suite);
    let careful = OpenSsl::start(&["-tls1_2"]).await;
    assert!(!matches!(careful.greeted(&Hello::new(Version::TLS12, numbers)).await, Reply::Hello(_)));
}
