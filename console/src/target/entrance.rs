//! How a route of accounts is asked, as far as an OpenAPI document tells: what its body is made of, and where its answer holds a token. A
//! proposal for a person to look at.

use serde_json::{Map, Value};

use super::openapi::resolved;
use super::sample;

/// A sign-in or sign-up as a target would declare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Its path.
    pub path: String,
    /// Whether the body goes as a form.
    pub form: bool,
    /// The body, with placeholders.
    pub body: Map<String, Value>,
    /// JSON pointer to the token in the answer; `None` where the document describes none.
    pub token: Option<String>,
}

/// Words that end the path of a sign-in, the most telling first, and of a sign-up.
const SIGN_IN: [&str; 7] = ["login", "signin", "sign-in", "access-token", "token", "session", "sessions"];
const SIGN_UP: [&str; 4] = ["register", "signup", "sign-up", "registration"];
/// Members that name an account, and what is filled in for them.
const NAMES: [(&str, &str); 7] = [
    ("email", "{email}"),
    ("username", "{username}"),
    ("user_name", "{username}"),
    ("login", "{username}"),
    ("identifier", "{username}"),
    ("name", "{name}"),
    ("full_name", "{name}"),
];
/// Members of an answer that hold a token, and objects that they may stand in.
const TOKENS: [&str; 5] = ["access_token", "accessToken", "token", "jwt", "id_token"];
const ENVELOPES: [&str; 3] = ["", "/data", "/tokens"];

impl Entrance {
    /// Whether something in its body is this placeholder.
    pub fn takes(&self, placeholder: &str) -> bool {
        self.body.values().any(|value| value.to_string().contains(placeholder))
    }

    /// The same with another placeholder in the place of one.
    #[must_use]
    pub fn instead(self, one: &str, other: &str) -> Self {
        fn replaced(value: Value, one: &str, other: &str) -> Value {
            match value {
                Value::String(text) if text == one => other.into(),
                Value::Object(members) => members.into_iter().map(|(name, value)| (name, replaced(value, one, other))).collect(),
                value => value,
            }
        }
        let body = self.body.into_iter().map(|(name, value)| (name, replaced(value, one, other))).collect();
        Self { body, ..self }
    }

    /// What most services take, for want of a document: JSON with address and password.
    pub fn usual(path: &str) -> Self {
        let body = [("email", "{email}"), ("password", "{password}")];
        let body = body.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Self { path: path.to_owned(), form: false, body, token: Some("/access_token".to_owned()) }
    }
}

/// Words that end the path of a sign-out, and of the account of whoever asks.
const SIGN_OUT: [&str; 5] = ["logout", "log-out", "signout", "sign-out", "logoff"];
const OWN: [&str; 4] = ["me", "account", "profile", "self"];

/// The path that signs out, in a document.
pub fn sign_out(document: &Value) -> Option<String> {
    ending(document, "post", &SIGN_OUT)
}

/// The path whose DELETE removes the account of whoever asks.
pub fn removal(document: &Value) -> Option<String> {
    ending(document, "delete", &OWN)
}

/// How a token travels, where a document says that it is in a cookie or a header of the service's own: `header` or `cookie`, and its name. What a
/// document calls a key in `Authorization` may be under any scheme.
pub fn carrier(document: &Value) -> Option<(&'static str, String)> {
    let schemes = || document.pointer("/components/securitySchemes").and_then(Value::as_object).into_iter().flatten();
    let said = |scheme: &Value, name: &str| scheme.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if schemes().any(|(_, scheme)| matches!(said(scheme, "type").as_str(), "http" | "oauth2" | "openidconnect")) {
        return None;
    }
    let (_, key) = schemes().find(|(_, scheme)| said(scheme, "type") == "apikey")?;
    let name = key.get("name")?.as_str()?.to_owned();
    match said(key, "in").as_str() {
        "header" if !name.eq_ignore_ascii_case("authorization") => Some(("header", name)),
        "cookie" => Some(("cookie", name)),
        _ => None,
    }
}

fn ending(document: &Value, method: &str, words: &[&str]) -> Option<String> {
    let paths = document.get("paths")?.as_object()?;
    let ends = |path: &str, word: &str| !path.contains('{') && path.trim_end_matches('/').rsplit('/').next() == Some(word);
    let found = words.iter().find_map(|word| paths.iter().find(|(path, item)| ends(path, word) && item.get(method).is_some()));
    found.map(|(path, _)| path.clone())
}

/// The sign-in of a document, or the one at `path`.
pub fn sign_in(document: &Value, path: Option<&str>) -> Option<Entrance> {
    found(document, path, &SIGN_IN)
}

/// The sign-up of a document, or the one at `path`.
pub fn sign_up(document: &Value, path: Option<&str>) -> Option<Entrance> {
    found(document, path, &SIGN_UP)
}

fn found(document: &Value, path: Option<&str>, words: &[&str]) -> Option<Entrance> {
    let paths = document.get("paths")?.as_object()?;
    let ends = |path: &str, word: &str| path.trim_end_matches('/').rsplit('/').next() == Some(word);
    let (path, item) = match path {
        Some(given) => paths.iter().find(|(path, _)| path.ends_with(given))?,
        None => words.iter().find_map(|word| paths.iter().find(|(path, item)| ends(path, word) && item.get("post").is_some()))?,
    };
    let operation = item.get("post")?;
    let (kind, content) = content(resolved(document, operation.get("requestBody")?))?;
    let schema = resolved(document, content.get("schema")?);
    let sampled = sample::of(document, schema)?.as_object().cloned()?;
    let mut body: Map<_, _> = sampled.into_iter().map(|(name, value)| (name.clone(), filled(&name, value))).collect();
    // A schema that requires nothing still says what the credentials are called.
    if body.is_empty() {
        let known = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let named = known.map(|name| (name.clone(), filled(name, Value::Null))).filter(|(_, value)| value.is_string());
        body.extend(named);
    }
    // OAuth2PasswordRequestForm takes the grant type, and need not have it.
    if kind.contains("urlencoded") && schema.pointer("/properties/grant_type").is_some() {
        body.insert("grant_type".to_owned(), "password".into());
    }
    let token =
        ["200", "201"].into_iter().find_map(|status| token_in(document, operation.pointer(&format!("/responses/{status}"))?));
    Some(Entrance { path: path.clone(), form: kind.contains("urlencoded"), body, token })
}

/// The first body that is JSON or a form.
fn content(body: &Value) -> Option<(&str, &Value)> {
    let mut kinds = body.get("content")?.as_object()?.iter();
    kinds.find(|(kind, _)| kind.contains("json") || kind.contains("urlencoded")).map(|(kind, content)| (kind.as_str(), content))
}

fn filled(name: &str, value: Value) -> Value {
    if let Value::Object(members) = value {
        return members.into_iter().map(|(name, value)| (name.clone(), filled(&name, value))).collect();
    }
    let plain = name.to_ascii_lowercase();
    if plain.contains("password") {
        return "{password}".into();
    }
    NAMES.iter().find(|(known, _)| *known == plain).map_or(value, |(_, filling)| (*filling).into())
}

fn token_in(document: &Value, response: &Value) -> Option<String> {
    let (_, content) = content(resolved(document, response))?;
    let schema = resolved(document, content.get("schema")?);
    ENVELOPES.into_iter().find_map(|envelope| {
        let inner =
            if envelope.is_empty() { schema } else { resolved(document, schema.pointer(&format!("/properties{envelope}"))?) };
        let members = inner.get("properties")?.as_object()?;
        TOKENS.into_iter().find(|name| members.contains_key(*name)).map(|name| format!("{envelope}/{name}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let form = json!({ "type": "object", "required": ["username", "password"], "properties": {
            "grant_type": { "anyOf": [{ "type": "string" }, { "type": "null" }] }, "username": { "type": "string" }, "password": { "type": "string" }
        } });
        let account = json!({ "type": "object", "required": ["email", "password", "name", "terms"], "properties": {
            "email": { "type": "string", "format": "email" }, "password": { "type": "string" }, "name": { "type": "string" },
            "terms": { "type": "boolean", "default": true }
        } });
        let issued = json!({ "type": "object", "properties": { "access_token": { "type": "string" } } });
        json!({
            "components": { "schemas": { "Account": account, "Issued": issued } },
            "paths": {
                "/auth/login": { "post": {
                    "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": form } } },
                    "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Issued" } } } } }
                } },
                "/auth/register": { "post": {
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Account" } } } },
                    "responses": { "201": { "description": "made" } }
                } }
            }
        })
    }

    #[rstest::rstest]
    #[case::header(json!({ "k": { "type": "apiKey", "in": "header", "name": "X-Auth-Token" } }), Some(("header", "X-Auth-Token")))]
    #[case::cookie(json!({ "k": { "type": "apiKey", "in": "cookie", "name": "session" } }), Some(("cookie", "session")))]
    #[case::some_scheme(json!({ "k": { "type": "apiKey", "in": "header", "name": "Authorization" } }), None)]
    #[case::bearer_beside(json!({ "k": { "type": "apiKey", "in": "header", "name": "X-Key" }, "b": { "type": "http", "scheme": "bearer" } }), None)]
    fn a_carrier_of_the_services_own_is_read(#[case] schemes: Value, #[case] expected: Option<(&str, &str)>) {
        let found = carrier(&json!({ "components": { "securitySchemes": schemes } }));
        assert_eq!(found.as_ref().map(|(kind, name)| (*kind, name.as_str())), expected);
    }

    #[test]
    fn a_body_in_a_member_is_filled_like_any_other() {
        let credentials = json!({ "required": ["email", "password"], "properties": { "email": { "type": "string" }, "password": { "type": "string" } } });
        let schema = json!({ "required": ["user"], "properties": { "user": credentials } });
        let login = json!({ "post": { "requestBody": { "content": { "application/json": { "schema": schema } } } } });
        let found = sign_in(&json!({ "paths": { "/users/login": login } }), None).unwrap();
        assert_eq!(Value::Object(found.body), json!({ "user": { "email": "{email}", "password": "{password}" } }));
    }

    #[test]
    fn credentials_that_a_schema_does_not_require_are_named_all_the_same() {
        let schema = json!({ "type": "object", "properties": { "email": { "type": "string" }, "password": { "type": "string" }, "otp": {} } });
        let login = json!({ "post": { "requestBody": { "content": { "application/json": { "schema": schema } } } } });
        let found = sign_in(&json!({ "paths": { "/login": login } }), None).unwrap();
        assert_eq!(Value::Object(found.body), json!({ "email": "{email}", "password": "{password}" }));
    }

    #[test]
    fn a_sign_in_by_form_is_proposed_with_its_token() {
        let found = sign_in(&document(), None).unwrap();
        assert_eq!((found.path.as_str(), found.form, found.token.as_deref()), ("/auth/login", true, Some("/access_token")));
        assert_eq!(
            Value::Object(found.body),
            json!({ "username": "{username}", "password": "{password}", "grant_type": "password" })
        );
    }

    #[test]
    fn a_sign_up_is_proposed_with_what_it_requires() {
        let found = sign_up(&document(), Some("/register")).unwrap();
        assert_eq!((found.form, found.token), (false, None));
        let body = json!({ "email": "{email}", "password": "{password}", "name": "{name}", "terms": true });
        assert_eq!(Value::Object(found.body), body);
    }

    #[test]
    fn the_ends_of_a_session_and_of_an_account_are_proposed() {
        let document = json!({ "paths": {
            "/users/{id}/me": { "delete": {} }, "/auth/logout": { "post": {} }, "/users/me/": { "get": {}, "delete": {} }, "/me": { "get": {} }
        } });
        assert_eq!((sign_out(&document).as_deref(), removal(&document).as_deref()), (Some("/auth/logout"), Some("/users/me/")));
        assert_eq!((sign_out(&json!({})), removal(&json!({ "paths": {} }))), (None, None));
    }

    #[test]
    fn what_a_document_does_not_have_is_not_proposed() {
        assert_eq!(sign_in(&json!({ "paths": { "/token": { "get": {} } } }), None), None);
        assert_eq!(sign_up(&document(), Some("/elsewhere")), None);
    }
}
