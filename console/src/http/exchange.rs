//! One exchange by the HTTP client: the request as it goes out, the answer as it comes in, and what is recorded of both.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;

use super::answer::Headers;
use super::probe::Field;
use super::{Answer, Client, Probe, Trouble, record};
use crate::target::Carrier;

/// Bytes kept of a body that is longer than the cap.
const KEPT: usize = 64 << 10;
/// Media types of answers that need not end (server-sent events, HTML Living Standard 9.2; `multipart/x-mixed-replace`).
const ENDLESS: [&str; 2] = ["text/event-stream", "multipart/x-mixed-replace"];
/// How long such an answer is read.
const OF_A_STREAM: Duration = Duration::from_secs(1);

impl Client {
    /// The request that `probe` becomes.
    pub(super) fn build(&self, probe: &Probe) -> Result<reqwest::Request, Trouble> {
        let target = self.target();
        let invalid = |what: &str| Trouble::Unexpected(format!("an HTTP client cannot send this {what}"));
        let method = reqwest::Method::from_bytes(probe.method.as_bytes()).map_err(|_| invalid("method"))?;
        let url = reqwest::Url::parse(&self.url_of(&probe.wire_path())).map_err(|_| invalid("path"))?;
        let mut request = self.pools().suited(probe, false).request(method, url);
        for (name, value) in wire_fields(probe, &target.carrier, &target.headers) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("header name"))?;
            let mut header = http::HeaderValue::from_bytes(value.expose_secret()).map_err(|_| invalid("header value"))?;
            header.set_sensitive(true);
            request = request.header(name, header);
        }
        if let Some(body) = &probe.body {
            request = request.body(body.bytes.clone());
        }
        request.build().map_err(|_| invalid("request"))
    }

    /// Sends it over a connection that may have been used before, unless a `fresh` one is asked for, and reads the answer.
    pub(super) async fn exchange(&self, probe: &Probe, request: reqwest::Request, fresh: bool) -> Result<Answer, Trouble> {
        let started = Instant::now();
        let broke = |error: reqwest::Error| Trouble::Transport(root_cause(&error));
        let response = self.pools().suited(probe, fresh).execute(request).await.map_err(broke)?;
        let status = response.status().as_u16();
        let fields = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        let headers = Headers(fields.collect());
        let stream =
            headers.text("content-type").is_some_and(|kind| ENDLESS.iter().any(|name| kind.to_ascii_lowercase().starts_with(name)));
        let whole = read_capped(response, self.limits().body_cap, stream.then_some(OF_A_STREAM));
        let (body, truncated) = whole.await?;
        let elapsed = started.elapsed();
        self.answered_after(elapsed);
        let target = self.target();
        let extra: Vec<_> = target.headers.iter().map(|(name, _)| name.clone()).collect();
        let unsaid = self.unsaid_beside(probe.credentials());
        let shown = record::request(probe, &self.url_of(&probe.shown_path()), &target.carrier, &extra);
        let answer = record::response(status, &headers, &body, truncated, elapsed.as_secs_f64() * 1e3, &unsaid);
        let source = self.source_of(status, &headers, &body);
        let received_at = OffsetDateTime::now_utc();
        let exchange = record::exchange(shown, Some(answer));
        let answer = Answer { status, headers, body, truncated, elapsed, received_at, source, exchange };
        self.overhear(&answer);
        Ok(answer)
    }
}

type SecretBytes = secrecy::SecretSlice<u8>;

/// Every header of a request as it goes on the wire.
fn wire_fields(probe: &Probe, carrier: &Carrier, extra: &[(String, SecretString)]) -> Vec<(String, SecretBytes)> {
    let secret = |text: String| SecretBytes::from(text.into_bytes());
    let extra = extra.iter().filter(|(name, _)| !probe.replaces(name));
    let mut fields: Vec<_> = extra.map(|(name, value)| (name.clone(), secret(value.expose_secret().to_owned()))).collect();
    if let Some(credential) = &probe.bearer {
        let (name, prefix) = record::carried(carrier);
        fields.push((name.to_owned(), secret(format!("{prefix}{}", credential.expose()))));
    }
    fields.extend(probe.fields.iter().map(|field| match field {
        Field::Plain(name, value) => (name.clone(), SecretBytes::from(value.clone())),
        Field::Secret(name, prefix, credential) => (name.clone(), secret(format!("{prefix}{}", credential.expose()))),
    }));
    if let Some(content_type) = probe.body.as_ref().and_then(|body| body.content_type.clone()) {
        fields.push(("content-type".to_owned(), secret(content_type)));
    }
    record::one_cookie(fields, |all, value| {
        secret(format!("{}; {}", String::from_utf8_lossy(all.expose_secret()), String::from_utf8_lossy(value.expose_secret())))
    })
}

/// The beginning of a body that is too long, in memory of its own size: checks keep answers, and a hundred of the longest would be much.
fn kept(body: &[u8]) -> Bytes {
    Bytes::copy_from_slice(body.get(..KEPT).unwrap_or(body))
}

/// Reads a body, but no more than `cap` bytes of it, and no longer than `time`, where that is given.
async fn read_capped(response: reqwest::Response, cap: usize, time: Option<Duration>) -> Result<(Bytes, bool), Trouble> {
    let mut stream = Box::pin(response.bytes_stream().take_until(until(time)));
    let mut body = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Trouble::Transport(root_cause(&error)))?;
        let room = cap - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return Ok((kept(&body), true));
        }
    }
    Ok((body.freeze(), false))
}

async fn until(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The innermost cause of an error, cleaned: reqwest's own message repeats the URL.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    super::clean(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::Limits;
    use crate::target::{BaseUrl, Target};

    #[tokio::test]
    async fn an_answer_that_never_ends_is_read_for_a_moment_and_judged_by_that() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            let event = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\ndata: of A\n\n";
            stream.write_all(event.as_bytes()).await.unwrap();
            // Nothing more comes, and the connection stays open.
            std::future::pending::<()>().await;
        });
        let target = Target::new(BaseUrl::parse(&base).unwrap());
        let client = Client::new(Arc::new(target), Limits::default(), "test", CancellationToken::new()).unwrap();
        let answer = client.send(&Probe::get("/api/tasks/stream")).await.unwrap();
        assert_eq!((answer.status, answer.contains("of A")), (200, true));
        assert!(answer.elapsed < Duration::from_secs(5), "{:?}", answer.elapsed);
        peer.abort();
    }
}
