//! One answer: status, headers as received (duplicates kept), a capped body and who wrote it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use time::OffsetDateTime;

use super::{clean, edge};
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

    /// Whether something in front of the application passed it on.
    pub fn came_through_a_front(&self) -> bool {
        edge::came_through_a_front(&self.headers)
    }

    /// The body as JSON, if it is. Half a surrogate pair, which JavaScript and Python write and UTF-8 cannot hold, is U+FFFD.
    pub fn json(&self) -> Option<Value> {
        let mended = || std::str::from_utf8(&self.body).ok().and_then(|text| serde_json::from_str(&with_whole_pairs(text)).ok());
        serde_json::from_slice(&self.body).ok().or_else(mended)
    }

    /// The body as text; invalid UTF-8 is replaced. Not cleaned: for comparing and searching, never for showing.
    pub fn raw_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the body is a web page, whatever its type says: frameworks call a mere `ok` HTML, too.
    pub fn is_page(&self) -> bool {
        let start: String = self.raw_text().trim_start().chars().take(200).collect::<String>().to_ascii_lowercase();
        start.starts_with("<!doctype html") || start.contains("<html")
    }

    /// Whether the body contains `needle`, in capitals or small letters, and not only because it repeats what was asked for: some services begin
    /// every title with a capital.
    pub fn contains(&self, needle: &str) -> bool {
        self.told().to_ascii_lowercase().contains(&needle.to_ascii_lowercase())
    }

    /// The body as text without the request's own path and query in it (links to oneself), and, where the request was not met, without the last
    /// name of that path: ids are made of titles by some services, and “no article my-title” shows nobody an article.
    pub fn told(&self) -> String {
        let (text, url) = (self.raw_text(), &self.exchange.request.url);
        let bare = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).split('#').next().unwrap_or_default();
        let (path, query) = bare.split_once('?').map_or((bare, None), |(path, query)| (path, Some(query)));
        let query = query.filter(|query| query.len() >= ECHO_LENGTH);
        let path = path.find('/').and_then(|at| path.get(at..)).filter(|path| path.len() >= ECHO_LENGTH);
        let name = path.and_then(|path| path.trim_end_matches('/').rsplit('/').next());
        let name = name.filter(|name| name.len() >= ECHO_LENGTH && !self.is_success());
        [query, path, name].into_iter().flatten().fold(text, |text, echo| text.replace(echo, ""))
    }
}

/// Shortest part of a path that is taken for an echo, in bytes: shorter ones are words.
const ECHO_LENGTH: usize = 16;

/// The same JSON with every escape of half a surrogate pair replaced.
fn with_whole_pairs(json: &str) -> String {
    let (mut whole, mut rest) = (String::with_capacity(json.len()), json);
    while let Some((before, _)) = rest.split_once('\\') {
        let (_, escape) = rest.split_at(before.len());
        let (written, length) = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (None, 12),
            (Some(0xD800..=0xDFFF), _) => (Some("\\ufffd"), 6),
            (Some(_), _) => (None, 6),
            (None, _) => (None, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)),
        };
        let (escape, after) = escape.split_at(length);
        whole.extend([before, written.unwrap_or(escape)]);
        rest = after;
    }
    whole + rest
}

/// The UTF-16 code unit that a `\u` and four digits at the beginning of `escape` write.
fn code_unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first_half(r#"["a\ud800b"]"#, "[\"a\u{fffd}b\"]")]
    #[case::second_half(r#"["\udc00"]"#, "[\"\u{fffd}\"]")]
    #[case::two_first_halves(r#"["\ud83d\ud83d\ude00"]"#, "[\"\u{fffd}\u{1f600}\"]")]
    #[case::whole_beside_half(r#"["\ud83d\ude00\ud800"]"#, "[\"\u{1f600}\u{fffd}\"]")]
    #[case::escaped_backslash(r#"["\\ud800 \ud800"]"#, r#"["\\ud800 \ufffd"]"#)]
    #[case::other_escapes(r#"["\n\u00e9\"\ud800"]"#, "[\"\\n\u{e9}\\\"\u{fffd}\"]")]
    fn half_a_surrogate_pair_does_not_hide_a_body(#[case] body: &str, #[case] same: &str) {
        assert_eq!(Answer::canned(200, &[], body).json(), serde_json::from_str(same).ok());
    }

    #[rstest]
    #[case::object(200, r#"{"title":"pf-0123456789abcdef","url":"/notes/pf-0123456789abcdef"}"#, true)]
    #[case::own_link(200, r#"{"url":"/notes/pf-0123456789abcdef"}"#, false)]
    #[case::own_query(200, r#"{"self":"/notes?ids=pf-0123456789abcdef&x=1"}"#, false)]
    #[case::redirect(308, r#"<a href="/notes/pf-0123456789abcdef">"#, false)]
    #[case::not_found(404, r#"{"detail":"no note pf-0123456789abcdef"}"#, false)]
    #[case::told_in_a_refusal(403, r#"{"detail":"pf-0123456789abcdef-7 is not yours"}"#, false)]
    fn what_only_repeats_the_request_shows_nothing(#[case] status: u16, #[case] body: &str, #[case] shown: bool) {
        let mut answer = Answer::canned(status, &[], body);
        answer.exchange.request.url = "https://api.example/notes/pf-0123456789abcdef?ids=pf-0123456789abcdef&x=1".to_owned();
        assert_eq!(answer.contains("pf-0123456789abcdef"), shown);
    }

    #[rstest]
    #[case(r#"["\"#)]
    #[case(r#"["\ud80"]"#)]
    #[case("[\"\\\u{e9}\"]")]
    #[case(r#"["\ud800""#)]
    fn what_is_no_json_stays_none(#[case] body: &str) {
        assert_eq!(Answer::canned(200, &[], body).json(), None);
    }
}
