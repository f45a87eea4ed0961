//! One answer: status, headers as received (duplicates kept), a capped body and who wrote it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use time::OffsetDateTime;

use super::clean;
use crate::run::{Exchange, Source};

/// Header fields in the order received; names lower-case, values as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub(super) Vec<(String, Vec<u8>)>);

impl Headers {
    /// Every value of `name` (lower case), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// The value of `name` when there is exactly one.
    pub fn single<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// The first value of `name` as text, cleaned; invalid UTF-8 is replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.all(name).next().map(|value| clean(&String::from_utf8_lossy(value)))
    }

    /// All values of `name` joined by `, ` and split at commas, trimmed and lower-cased: for list headers such as `Vary`.
    pub fn list(&self, name: &str) -> Vec<String> {
        let lower = |value: &[u8]| String::from_utf8_lossy(value).to_ascii_lowercase();
        let split = |value: String| value.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>();
        self.all(name).map(lower).flat_map(split).filter(|item| !item.is_empty()).collect()
    }

    /// Whether `name` is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

/// What came back for one probe.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// The body, at most the client's cap.
    pub body: Bytes,
    /// Whether the body was longer than the cap.
    pub truncated: bool,
    /// From sending to the last byte read.
    pub elapsed: Duration,
    /// When the last byte was read, by this machine's clock. Checks that share an answer look at it later.
    pub received_at: OffsetDateTime,
    /// Who wrote it.
    pub source: Source,
    /// Request and answer, redacted and cleaned, ready to be shown.
    pub exchange: Exchange,
}

impl Answer {
    /// 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// 4xx.
    pub const fn is_client_error(&self) -> bool {
        self.status >= 400 && self.status < 500
    }

    /// 5xx.
    pub const fn is_server_error(&self) -> bool {
        self.status >= 500
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text; invalid UTF-8 is replaced. Not cleaned: for comparing and searching, never for showing.
    pub fn raw_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the body contains `needle`.
    pub fn contains(&self, needle: &str) -> bool {
        self.raw_text().contains(needle)
    }
}

#[cfg(test)]
impl Answer {
    /// An answer that nobody sent, for judges: status, header fields and body.
    pub(crate) fn canned(status: u16, fields: &[(&str, &str)], body: &str) -> Self {
        use crate::run::RequestRecord;
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let request = RequestRecord { method: "GET".into(), url: "http://canned.example/".into(), headers: Vec::new(), body: None };
        Self {
            status,
            headers: Headers(fields.collect()),
            body: Bytes::copy_from_slice(body.as_bytes()),
            truncated: false,
            elapsed: Duration::ZERO,
            received_at: OffsetDateTime::now_utc(),
            source: Source::Unknown,
            exchange: Exchange { request, response: None, curl: String::new() },
        }
    }
}
