//! The application's own manner: the headers that all its answers have in common, and the form of its refusals.
//!
//! Learned from its answers in JSON while they come. A refusal that has none of those headers, in a form that no refusal with them had, was
//! written by somebody else: a firewall that answers in JSON looks like an application, but not like this one. One without a body has no form,
//! and one that varies by `Origin` knows of origins: what refuses foreign ones often stands outside of all that sets headers.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answer::Headers;
use super::edge;

/// Answers that are looked at before anything is said of their manner.
const ENOUGH: usize = 3;
/// Headers that come and go with what is asked, or that every server sends.
const CHANGING: [&str; 17] = [
    "age",
    "allow",
    "cache-control",
    "connection",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "pragma",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
    "vary",
    "www-authenticate",
];

/// What was seen of it so far.
#[derive(Debug, Default)]
pub(super) struct Manner(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    marks: BTreeSet<String>,
    refusals: BTreeSet<String>,
}

impl Manner {
    /// Whether the application was seen to answer in JSON.
    pub(super) fn speaks_json(&self) -> bool {
        self.seen().answers > 0
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from an answer, and says whether it is a refusal in nobody's manner but a stranger's.
    pub(super) fn is_strange(&self, status: u16, headers: &Headers, body: &[u8]) -> bool {
        let mut seen = self.seen();
        if edge::is_json(status, headers) {
            seen.learn(headers);
            return false;
        }
        if !(400..500).contains(&status) || seen.answers < ENOUGH || seen.marks.is_empty() {
            return false;
        }
        let (form, own) = (form(headers, body), marks(headers));
        if own.is_superset(&seen.marks) {
            seen.refusals.insert(form);
            return false;
        }
        let tells_of_itself = !body.is_empty() && !headers.list("vary").iter().any(|name| name == "origin");
        tells_of_itself && own.is_disjoint(&seen.marks) && !seen.refusals.is_empty() && !seen.refusals.contains(&form)
    }
}

impl Seen {
    fn learn(&mut self, headers: &Headers) {
        let marks = marks(headers);
        self.marks = if self.answers == 0 { marks } else { self.marks.intersection(&marks).cloned().collect() };
        self.answers += 1;
    }
}

/// The headers that may mark an application: by name, the server's own with its value, since a proxy has one as well.
fn marks(headers: &Headers) -> BTreeSet<String> {
    let changes = |name: &str| CHANGING.contains(&name) || name.starts_with("content-") && name != "content-security-policy";
    let of_cors = |name: &str| name.starts_with("access-control-");
    let named = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let own = named.filter(|(name, _)| !changes(name) && !of_cors(name) && !edge::is_of_a_front(name));
    own.map(|(name, value)| if name == "server" { format!("server: {}", String::from_utf8_lossy(value)) } else { name }).collect()
}

/// The form of a refusal: its type, and the names of its members.
fn form(headers: &Headers, body: &[u8]) -> String {
    let kind = headers.text("content-type").unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let members = json.as_ref().and_then(serde_json::Value::as_object);
    let names: BTreeSet<_> = members.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    format!("{kind} {}", names.into_iter().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::http::Answer;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const UVICORN: (&str, &str) = ("server", "uvicorn");
    const NGINX: (&str, &str) = ("server", "nginx");
    const BLOCK: &str = r#"{"message": "Forbidden"}"#;

    fn says(manner: &Manner, status: u16, fields: &[(&str, &str)], body: &str) -> bool {
        let answer = Answer::canned(status, fields, body);
        manner.is_strange(status, &answer.headers, &answer.body)
    }

    fn of_uvicorn() -> Manner {
        let manner = Manner::default();
        for _ in 0..ENOUGH {
            assert!(!says(&manner, 200, &[JSON, UVICORN, ("etag", "1")], "[]"));
        }
        assert!(!says(&manner, 401, &[JSON, UVICORN], r#"{"detail": "no token"}"#));
        manner
    }

    #[rstest]
    #[case::firewall(&[JSON], BLOCK, true)]
    #[case::proxy(&[JSON, NGINX], BLOCK, true)]
    #[case::plain_text(&[("content-type", "text/plain")], "blocked", true)]
    #[case::nothing_to_tell_by(&[], "", false)]
    #[case::of_what_knows_origins(&[("vary", "Origin"), ("content-type", "text/plain")], "Disallowed origin", false)]
    #[case::own(&[JSON, UVICORN], BLOCK, false)]
    #[case::own_form_from_outside(&[JSON], r#"{"detail": "not yours"}"#, false)]
    fn a_refusal_in_another_manner_is_a_strangers(#[case] fields: &[(&str, &str)], #[case] body: &str, #[case] strange: bool) {
        assert_eq!(says(&of_uvicorn(), 403, fields, body), strange);
    }

    #[test]
    fn nothing_is_said_of_a_manner_that_is_not_known() {
        let manner = Manner::default();
        assert!(!says(&manner, 403, &[JSON], BLOCK));
        for _ in 0..ENOUGH {
            assert!(!says(&manner, 200, &[JSON, ("date", "now")], "[]"));
        }
        assert!(!says(&manner, 401, &[JSON], r#"{"detail": "no token"}"#));
        assert!(!says(&manner, 403, &[JSON], BLOCK));
    }

    #[test]
    fn nothing_is_said_where_no_refusal_has_the_marks() {
        let manner = Manner::default();
        for _ in 0..ENOUGH {
            assert!(!says(&manner, 200, &[JSON, ("x-frame-options", "DENY")], "[]"));
        }
        assert!(!says(&manner, 401, &[JSON], r#"{"detail": "no token"}"#));
        assert!(!says(&manner, 403, &[JSON], BLOCK));
    }
}
