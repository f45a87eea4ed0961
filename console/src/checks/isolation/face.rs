//! What an answer looks like from outside, so that two can be told apart or not: the oracle test for foreign and missing ids.
//!
//! Services put times, request ids and the requested path into their errors. Two answers for two ids that nothing has show which parts
//! move by themselves; only what stays the same between those is compared. The ids that were asked for are taken out of all of them alike: a
//! short number stands in a status or a version by chance.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::http::Answer;

/// Headers that tell nothing of the object: they move by themselves, or follow the body, which is compared anyway.
const RESTLESS: [&str; 19] = [
    "date",
    "age",
    "x-request-id",
    "x-correlation-id",
    "x-trace-id",
    "traceparent",
    "server-timing",
    "x-response-time",
    "x-runtime",
    "x-process-time",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "report-to",
    "nel",
    "cf-ray",
    "retry-after",
    "set-cookie",
];

/// Status, headers and body with the ids taken out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Face {
    /// The status.
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    Json(Value),
    Text(String),
}

impl Face {
    /// The face of `answer`, with all `ids` that were asked for beside each other taken out.
    pub(super) fn of(answer: &Answer, ids: &[&str]) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        // A tag follows its body, which is compared anyway; Express tags errors, too, in which the id may stand. Whether there is one tells.
        let of_body = |name: &str| name == "etag" && answer.status >= 400;
        let said = |name: &str, value: &[u8]| if of_body(name) { "some".to_owned() } else { without(&text(value), ids) };
        let kept = answer.headers.iter().filter(|(name, _)| !is_restless(name));
        let mut headers: Vec<_> = kept.map(|(name, value)| (name.to_owned(), said(name, value))).collect();
        headers.sort();
        let body = text(&answer.body);
        let json = serde_json::from_str(&body).map(|json| Body::Json(without_within(json, ids)));
        Self { status: answer.status, headers, body: json.unwrap_or_else(|_| Body::Text(without(&body, ids))) }
    }

    /// How `self` can be told from both `missing` faces, in words; `None` when it cannot.
    pub(super) fn differs(&self, missing: [&Self; 2]) -> Option<String> {
        let [one, other] = missing;
        if self.status != one.status {
            return Some(format!("status {} instead of {}", self.status, one.status));
        }
        self.header_difference(one, other).or_else(|| self.body_difference(one, other))
    }

    fn header_difference(&self, one: &Self, other: &Self) -> Option<String> {
        let names = self.headers.iter().chain(&one.headers).map(|(name, _)| name);
        let still = |name: &&String| values(&one.headers, name) == values(&other.headers, name);
        let told = |name: &&String| values(&self.headers, name) != values(&one.headers, name);
        names.filter(still).find(told).map(|name| format!("the header {name}"))
    }

    fn body_difference(&self, one: &Self, other: &Self) -> Option<String> {
        match (&self.body, &one.body, &other.body) {
            (Body::Json(seen), Body::Json(one), Body::Json(other)) => value_difference(seen, one, other, "the body"),
            (seen, one, other) => (one == other && seen != one).then(|| "the body".to_owned()),
        }
    }
}

fn is_restless(name: &str) -> bool {
    RESTLESS.contains(&name) || name.contains("ratelimit") || name.contains("rate-limit") || name.starts_with("x-railway")
}

/// Moments of time (RFC 3339 and its relatives, HTTP dates, seconds and milliseconds since 1970): two answers of one moment to ids that
/// nothing has do not show that a third, a little later, differs by itself.
static MOMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = [
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?",
        r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}",
        r"\b1[5-9][0-9]{8}([0-9]{3})?([.][0-9]+)?\b",
    ];
    Regex::new(&forms.join("|")).ok()
});

/// A text without moments, and without `ids` where they stand by themselves: in `k8m` there is no 8.
fn without(text: &str, ids: &[&str]) -> String {
    // Moments first: a short number may stand in one by chance.
    let text = MOMENTS.as_ref().map_or(text.into(), |moments| moments.replace_all(text, "<time>"));
    ids.iter().filter(|id| !id.is_empty()).fold(text.into_owned(), |text, id| without_word(&text, id))
}

fn without_word(text: &str, word: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(word) {
        let previous = before.chars().next_back().or_else(|| kept.chars().next_back());
        let joined = previous.is_some_and(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if joined { word } else { "<id>" });
        rest = after;
    }
    kept + rest
}

/// The same within the leaves of a JSON value; numbers become texts.
fn without_within(json: Value, ids: &[&str]) -> Value {
    match json {
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, without_within(value, ids))).collect(),
        Value::Array(items) => items.into_iter().map(|item| without_within(item, ids)).collect(),
        Value::String(text) => Value::String(without(&text, ids)),
        Value::Number(number) => Value::String(without(&number.to_string(), ids)),
        other => other,
    }
}

/// Every value of the field `name`, in order.
fn values<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

/// The first leaf of `seen` that differs from `one`, unless `one` and `other` differ there too.
fn value_difference(seen: &Value, one: &Value, other: &Value, place: &str) -> Option<String> {
    match (seen, one, other) {
        (Value::Object(seen), Value::Object(one), Value::Object(other)) => {
            let mut keys = seen.keys().chain(one.keys().filter(|key| !seen.contains_key(*key)));
            keys.find_map(|key| {
                let at = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or_default();
                value_difference(&at(seen), &at(one), &at(other), key)
            })
        }
        (seen, one, other) => (one == other && seen != one).then(|| format!("`{place}` in the body")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Ids that are asked for beside each other.
    const IDS: [&str; 3] = ["7", "88", "404"];

    fn face(status: u16, header: &str, body: &str) -> Face {
        Face::of(&Answer::canned(status, &[("x-powered-by", header)], body), &IDS)
    }

    #[rstest]
    #[case::status(r#"{"statusCode":404,"message":"Task @ not found"}"#)]
    #[case::path(r#"{"path":"/api/v7/k88m/tasks/@","message":"not found"}"#)]
    #[case::number(r#"{"id":@,"error":404,"code":7}"#)]
    #[case::text("404: no task @ in v7")]
    fn an_id_that_stands_in_an_answer_by_chance_tells_nothing(#[case] body: &str) {
        let asked = IDS.map(|id| face(404, "7", &body.replace('@', id)));
        let [foreign, one, other] = &asked;
        assert_eq!(foreign.differs([one, other]), None);
    }

    #[rstest]
    #[case::spring(r#"{"timestamp":"2026-11-28T01:02:03.6@Z","status":404}"#)]
    #[case::python(r#"{"detail":"Not found","time":"2026-11-28 01:02:03.12@456"}"#)]
    #[case::seconds(r#"{"at":17643@0000}"#)]
    #[case::milliseconds(r#"{"at":1764300000@00,"detail":"Not found"}"#)]
    #[case::date(r#"{"at":"Sat, 28 Nov 2026 01:02:0@ GMT"}"#)]
    fn a_moment_of_time_tells_nothing(#[case] body: &str) {
        let at = |moment: &str| face(404, "a", &body.replace('@', moment));
        assert_eq!(at("7").differs([&at("5"), &at("5")]), None);
    }

    #[rstest]
    #[case::the_same(face(404, "a", r#"{"detail":"Not found","timestamp":3}"#), None)]
    #[case::status(face(403, "a", "{}"), Some("status 403 instead of 404"))]
    #[case::header(face(404, "b", r#"{"detail":"Not found","timestamp":3}"#), Some("the header x-powered-by"))]
    #[case::text(face(404, "a", r#"{"detail":"Not yours","timestamp":3}"#), Some("`detail` in the body"))]
    #[case::further_field(face(404, "a", r#"{"detail":"Not found","timestamp":3,"owner":1}"#), Some("`owner` in the body"))]
    fn a_foreign_answer_is_told_from_a_missing_one_by_what_does_not_move(#[case] foreign: Face, #[case] told: Option<&str>) {
        let missing = [1, 2].map(|time| face(404, "a", &format!(r#"{{"detail":"Not found","timestamp":{time}}}"#)));
        assert_eq!(foreign.differs(missing.each_ref()).as_deref(), told);
    }

    #[rstest]
    #[case("gone", None)]
    #[case("not yours", Some("the body"))]
    fn bodies_that_are_no_json_are_compared_as_text(#[case] body: &str, #[case] told: Option<&str>) {
        let missing = [face(404, "a", "gone"), face(404, "a", "gone")];
        assert_eq!(face(404, "a", body).differs(missing.each_ref()).as_deref(), told);
    }
}
