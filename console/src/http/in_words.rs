//! Refusals that only the body tells: services that answer everything with 200 and an envelope.

use serde_json::{Map, Value};

use super::Answer;

/// Members that say whether it went well.
const WENT_WELL: [&str; 3] = ["success", "ok", "succeeded"];
/// Members that hold a code, which may be the status that HTTP would have had.
const CODES: [&str; 5] = ["code", "status", "statusCode", "status_code", "errcode"];
/// What `status` says in words (`fail` and `error` in `JSend`).
const WORDS: [&str; 6] = ["error", "fail", "failed", "failure", "unauthorized", "forbidden"];
/// Members that are there where something went wrong.
const ERRORS: [&str; 2] = ["error", "errors"];

impl Answer {
    /// Whether a success (2xx) says in its body that the request was refused: `{"success": false}`, `{"code": 401}`, `{"status": "error"}`,
    /// `{"error": "…"}`. The request was not met then, though its status says so.
    pub fn refuses_in_words(&self) -> bool {
        self.is_success() && self.json().as_ref().and_then(Value::as_object).is_some_and(refuses)
    }
}

fn refuses(members: &Map<String, Value>) -> bool {
    let is = |name: &&str, said: fn(&Value) -> bool| members.get(*name).is_some_and(said);
    WENT_WELL.iter().any(|name| is(name, |value| *value == Value::Bool(false)))
        || CODES.iter().any(|name| is(name, says_no))
        || ERRORS.iter().any(|name| is(name, is_told))
}

fn says_no(value: &Value) -> bool {
    match value {
        Value::Number(code) => code.as_u64().is_some_and(|code| (400..600).contains(&code)),
        Value::String(word) => WORDS.contains(&word.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

/// An error is told in a text, an object or a list that is not empty; `null` and `false` say that there is none.
fn is_told(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(is) => *is,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::success(r#"{"success":false,"message":"sign in first"}"#, true)]
    #[case::code(r#"{"code":401,"msg":"unauthorized","data":null}"#, true)]
    #[case::jsend(r#"{"status":"fail","data":{"token":"is missing"}}"#, true)]
    #[case::error(r#"{"error":"invalid token"}"#, true)]
    #[case::graphql(r#"{"errors":[{"message":"no"}]}"#, true)]
    #[case::fine(r#"{"success":true,"code":200,"error":null,"errors":[],"data":[]}"#, false)]
    #[case::business_code(r#"{"code":0,"data":[]}"#, false)]
    #[case::task(r#"{"id":1,"title":"t","status":"pending"}"#, false)]
    #[case::list("[]", false)]
    #[case::text("unauthorized", false)]
    fn a_success_may_refuse_in_its_body(#[case] body: &str, #[case] refuses: bool) {
        assert_eq!(Answer::canned(200, &[], body).refuses_in_words(), refuses);
        assert!(!Answer::canned(401, &[], body).refuses_in_words());
    }
}
