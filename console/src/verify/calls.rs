//! Requests to account routes: placeholders filled in, and tokens found in their answers. Keeps no state.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::checks::Login;
use crate::http::{Answer, Credential, Probe};
use crate::target::{Call, Grant, TokenAt};
use crate::token::{self, Compact};

/// What fills the placeholders of a call.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    values: Vec<(Cow<'static, str>, SecretString)>,
}

impl Filling {
    /// The placeholders of one account.
    pub(super) fn of(login: &Login) -> Self {
        let plain = |name: &'static str, text: &str| (name.into(), SecretString::from(text));
        Self {
            values: vec![
                plain("{username}", &login.username),
                plain("{email}", &login.email),
                plain("{name}", &login.username),
                ("{password}".into(), login.password.clone()),
            ],
        }
    }

    /// The same with one more placeholder.
    pub(super) fn with(mut self, name: impl Into<Cow<'static, str>>, value: SecretString) -> Self {
        self.values.push((name.into(), value));
        self
    }

    /// The same with the cookies that an answer set, each as `{cookie:NAME}`.
    pub(super) fn with_cookies(self, answer: &Answer) -> Self {
        let pairs = answer.headers.all("set-cookie").filter_map(pair);
        pairs.fold(self, |filling, (name, value)| filling.with(format!("{{cookie:{name}}}"), value.into()))
    }

    /// The same with any JSON value in the place of a string that is a placeholder and nothing else.
    pub(super) fn instead(body: &Value, placeholder: &str, value: &Value) -> Value {
        match body {
            Value::String(text) if text == placeholder => value.clone(),
            Value::Array(items) => items.iter().map(|item| Self::instead(item, placeholder, value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, inner)| (name.clone(), Self::instead(inner, placeholder, value))).collect()
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&**name, value.expose_secret()))
    }

    fn value(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.value(value))).collect()),
            other => other.clone(),
        }
    }

    /// A header of the call; one with a placeholder in it is shown as it was declared.
    fn field(&self, probe: Probe, name: &str, value: &str) -> Probe {
        let filled = self.text(value);
        if filled == value { probe.header(name, value) } else { probe.secret_header(name, "", &Credential::new(value, filled)) }
    }

    /// The request of `call`. Its body is never shown, and a 429 to it holds back nothing else.
    pub(super) fn probe(&self, call: &Call) -> Probe {
        let probe = Probe::new(&call.method, self.text(&call.path)).alone();
        let probe = call.headers.iter().fold(probe, |probe, (name, value)| self.field(probe, &name.to_ascii_lowercase(), value));
        let body = self.value(&call.body);
        match &body {
            Value::Null => probe,
            _ if call.form => {
                let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form_pairs(&body)).finish();
                probe.secret_body("application/x-www-form-urlencoded", text)
            }
            _ => probe.secret_body("application/json", body.to_string()),
        }
    }
}

/// The object of a body in which its members stand: the one with the password in it, which services wrap (`{"user": {…}}`), else the whole.
pub(crate) fn filled_object(body: &mut Value) -> Option<&mut Map<String, Value>> {
    let holds = |value: &Value| {
        value
            .as_object()
            .is_some_and(|members| members.values().any(|member| member.as_str().is_some_and(|text| text.contains("password}"))))
    };
    let wrapped = body.as_object().and_then(|members| members.iter().find(|(_, value)| holds(value)).map(|(name, _)| name.clone()));
    match wrapped {
        Some(name) => body.get_mut(&name)?.as_object_mut(),
        None => body.as_object_mut(),
    }
}

fn form_pairs(body: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    body.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The token in an answer.
pub(super) fn token_in(answer: &Answer, at: &TokenAt) -> Option<SecretString> {
    let token = match at {
        TokenAt::Body(pointer) => match answer.json() {
            Some(json) => json.pointer(pointer)?.as_str()?.to_owned(),
            // The token and nothing else, as text.
            None if pointer.is_empty() => answer.raw_text().trim().to_owned(),
            None => return None,
        },
        TokenAt::Cookie(name) => answer.headers.all("set-cookie").find_map(|value| cookie(value, name))?,
        TokenAt::Header(name) => {
            let value = String::from_utf8(answer.headers.all(name).next()?.to_vec()).ok()?;
            value.strip_prefix("Bearer ").unwrap_or(&value).trim().to_owned()
        }
    };
    (!token.is_empty()).then(|| token.into())
}

/// The value of the cookie `name` in one `Set-Cookie`.
fn cookie(field: &[u8], name: &str) -> Option<String> {
    pair(field).filter(|(key, _)| key == name).map(|(_, value)| value)
}

/// Name and value of the cookie in one `Set-Cookie` (RFC 6265, 4.1.1).
fn pair(field: &[u8]) -> Option<(String, String)> {
    let (name, value) = std::str::from_utf8(field).ok()?.split(';').next()?.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
}

/// The cookies that an answer sets beside the one that carries `token`, as a request sends them.
pub(super) fn cookies_in(answer: &Answer, token: &str) -> Option<SecretString> {
    let pairs = answer.headers.all("set-cookie").filter_map(|field| {
        let pair = std::str::from_utf8(field).ok()?.split(';').next()?.trim();
        let (_, value) = pair.split_once('=')?;
        let value = value.trim_matches('"');
        (!value.is_empty() && value != token).then(|| pair.to_owned())
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| pairs.join("; ").into())
}

/// The user's id in an answer, else what the token says of itself.
pub(super) fn subject_in(answer: &Answer, grant: &Grant, token: Option<&SecretString>) -> Option<String> {
    let told = grant.subject.as_ref().and_then(|pointer| answer.json().and_then(|body| token::as_text(body.pointer(pointer)?)));
    told.or_else(|| Compact::parse(token?.expose_secret())?.subject())
}

/// The refresh token in an answer.
pub(super) fn refresh_in(answer: &Answer, at: Option<&TokenAt>) -> Option<Credential> {
    Some(Credential::new("<a refresh token>", token_in(answer, at?)?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_placeholder_in_a_header_is_filled_in_and_shown_as_it_was_declared() {
        let login = Login { username: "u".into(), email: "u@x.example".into(), password: "p".into() };
        let headers = vec![("Authorization".into(), "Bearer {refresh_token}".into()), ("X-App".into(), "web".into())];
        let call = Call { method: "POST".into(), path: "/auth/refresh".into(), body: Value::Null, form: false, headers };
        let probe = Filling::of(&login).with("{refresh_token}", "r-1".into()).probe(&call);
        assert_eq!(probe.sent("x-app").next(), Some(b"web".as_slice()));
        assert_eq!(probe.credentials_shown(), ["Bearer {refresh_token} = Bearer r-1"]);
    }

    #[rstest]
    #[case::body(TokenAt::Body("/data/token".into()), Some("t1"))]
    #[case::no_text(TokenAt::Body(String::new()), None)]
    #[case::cookie(TokenAt::Cookie("session".into()), Some("t2"))]
    #[case::header(TokenAt::Header("x-token".into()), Some("t3"))]
    #[case::missing(TokenAt::Cookie("other".into()), None)]
    fn a_token_is_found_where_the_target_says(#[case] at: TokenAt, #[case] expected: Option<&str>) {
        let fields = [("set-cookie", "theme=dark"), ("set-cookie", "session=\"t2\"; HttpOnly; Path=/"), ("x-token", "Bearer t3")];
        let answer = Answer::canned(200, &fields, r#"{"data":{"token":"t1"}}"#);
        assert_eq!(token_in(&answer, &at).map(|token| token.expose_secret().to_owned()).as_deref(), expected);
    }

    #[test]
    fn a_header_may_hold_a_cookie_that_the_sign_in_set() {
        let answer = Answer::canned(200, &[("set-cookie", "csrf_refresh_token=c2; Path=/"), ("set-cookie", "refresh=\"r1\"")], "");
        let login = Login { username: "u".into(), email: "u@example.com".into(), password: "p".into() };
        let filling = Filling::of(&login).with_cookies(&answer);
        assert_eq!(filling.text("{cookie:csrf_refresh_token} {cookie:refresh} {cookie:other}"), "c2 r1 {cookie:other}");
    }

    #[rstest]
    #[case::plain(json!({ "email": "{email}", "password": "{password}" }), json!({ "email": "{email}", "password": "{password}", "role": 1 }))]
    #[case::wrapped(
        json!({ "user": { "email": "{email}", "password": "{new_password}" }, "terms": true }),
        json!({ "user": { "email": "{email}", "password": "{new_password}", "role": 1 }, "terms": true })
    )]
    fn further_members_stand_beside_the_password(#[case] mut body: Value, #[case] expected: Value) {
        filled_object(&mut body).unwrap().insert("role".into(), json!(1));
        assert_eq!(body, expected);
    }

    #[rstest]
    #[case::beside_the_token(&["session=t; HttpOnly", "sid=s1; Path=/", "lang=\"de\"", "old=; Max-Age=0"], Some("sid=s1; lang=\"de\""))]
    #[case::the_token_alone(&["session=t; HttpOnly"], None)]
    #[case::none(&[], None)]
    fn cookies_beside_the_token_travel_in_one_field(#[case] fields: &[&str], #[case] expected: Option<&str>) {
        let fields: Vec<_> = fields.iter().map(|field| ("set-cookie", *field)).collect();
        let cookies = cookies_in(&Answer::canned(200, &fields, ""), "t");
        assert_eq!(cookies.map(|cookies| cookies.expose_secret().to_owned()).as_deref(), expected);
    }
}
