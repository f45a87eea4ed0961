//! What an answer looks like from outside, so that two can be told apart or not: the oracle test for foreign and missing ids.
//!
//! Services put times, request ids and the requested path into their errors. Two answers for two ids that nothing has show which parts
//! move by themselves; only what stays the same between those is compared.

use serde_json::Value;

use crate::http::Answer;

/// Headers that tell nothing of the object: they move by themselves, or follow the body, which is compared anyway.
const RESTLESS: [&str; 18] = [
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
    "set-cookie",
];

/// Status, headers and body with the id taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// The status.
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// Headers and body with the id left in: a short number may stand in an answer by chance.
    raw: (Vec<(String, String)>, String),
}

impl Face {
    /// The face of `answer`, which was asked with `id`.
    pub(super) fn of(answer: &Answer, id: &str) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let kept = answer.headers.iter().filter(|(name, _)| !is_restless(name));
        let mut headers: Vec<_> = kept.map(|(name, value)| (name.to_owned(), text(value))).collect();
        headers.sort();
        Self::named(answer.status, headers, text(&answer.body), id)
    }

    fn named(status: u16, headers: Vec<(String, String)>, body: String, id: &str) -> Self {
        let masked = headers.iter().map(|(name, value)| (name.clone(), without(value, id))).collect();
        Self { status, headers: masked, body: without(&body, id), raw: (headers, body) }
    }

    /// How `self` can be told from both `missing` faces, in words; `None` when it cannot.
    pub(super) fn differs(&self, missing: &[Self; 2]) -> Option<String> {
        let [one, other] = missing;
        if self.status != one.status {
            return Some(format!("status {} instead of {}", self.status, one.status));
        }
        self.header_difference(one, other).or_else(|| self.body_difference(one, other))
    }

    fn header_difference(&self, one: &Self, other: &Self) -> Option<String> {
        let names = self.headers.iter().chain(&one.headers).map(|(name, _)| name);
        let still = |name: &&String| values(&one.headers, name) == values(&other.headers, name);
        let told = |name: &&String| {
            values(&self.headers, name) != values(&one.headers, name) && values(&self.raw.0, name) != values(&one.raw.0, name)
        };
        names.filter(still).find(told).map(|name| format!("the header {name}"))
    }

    fn body_difference(&self, one: &Self, other: &Self) -> Option<String> {
        let json = |face: &Self| serde_json::from_str::<Value>(&face.body).ok();
        match (json(self), json(one), json(other)) {
            _ if self.raw.1 == one.raw.1 => None,
            (Some(seen), Some(one), Some(other)) => value_difference(&seen, &one, &other, "the body"),
            _ if one.body == other.body && self.body != one.body => Some("the body".to_owned()),
            _ => None,
        }
    }
}

fn is_restless(name: &str) -> bool {
    RESTLESS.contains(&name) || name.contains("ratelimit") || name.contains("rate-limit") || name.starts_with("x-railway")
}

fn without(text: &str, id: &str) -> String {
    if id.is_empty() { text.to_owned() } else { text.replace(id, "<id>") }
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

    fn face(status: u16, header: &str, body: &str) -> Face {
        Face::named(status, vec![("x-powered-by".into(), header.into())], body.into(), "7")
    }

    #[test]
    fn an_id_that_stands_in_an_answer_by_chance_tells_nothing() {
        let of = |id: &str| Face::named(404, vec![("etag".into(), "W/\"15-bm7\"".into())], r#"{"code":15}"#.into(), id);
        assert_eq!(of("15").differs(&[of("88"), of("99")]), None);
        let echoed = |id: &str| Face::named(404, Vec::new(), format!("no task {id}"), id);
        assert_eq!(echoed("15").differs(&[echoed("88"), echoed("99")]), None);
    }

    #[rstest]
    #[case::the_same(face(404, "a", r#"{"detail":"Not found","timestamp":3}"#), None)]
    #[case::status(face(403, "a", "{}"), Some("status 403 instead of 404"))]
    #[case::header(face(404, "b", r#"{"detail":"Not found","timestamp":3}"#), Some("the header x-powered-by"))]
    #[case::text(face(404, "a", r#"{"detail":"Not yours","timestamp":3}"#), Some("`detail` in the body"))]
    #[case::further_field(face(404, "a", r#"{"detail":"Not found","timestamp":3,"owner":1}"#), Some("`owner` in the body"))]
    fn a_foreign_answer_is_told_from_a_missing_one_by_what_does_not_move(#[case] foreign: Face, #[case] told: Option<&str>) {
        let missing = [1, 2].map(|time| face(404, "a", &format!(r#"{{"detail":"Not found","timestamp":{time}}}"#)));
        assert_eq!(foreign.differs(&missing).as_deref(), told);
    }

    #[rstest]
    #[case("gone", None)]
    #[case("not yours", Some("the body"))]
    fn bodies_that_are_no_json_are_compared_as_text(#[case] body: &str, #[case] told: Option<&str>) {
        let missing = [face(404, "a", "gone"), face(404, "a", "gone")];
        assert_eq!(face(404, "a", body).differs(&missing).as_deref(), told);
    }
}
