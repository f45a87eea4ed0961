//! What a well-formed description of account routes may still have wrong: placeholders that nothing fills, and pointers that are none.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::entries::{CallEntry, CarrierEntry, CsrfEntry, GrantEntry, SignupEntry, TokenAtEntry, TokensEntry};
use super::validate::{Mistake, is_header, is_path, is_pointer};

/// What is filled in, with the names that people write for it.
const FILLED: [(&str, &[&str]); 7] = [
    ("username", &["user", "login"]),
    ("email", &["mail"]),
    ("name", &[]),
    ("password", &["pass"]),
    ("user_id", &["userid", "id", "subject", "sub"]),
    ("new_password", &["newpassword"]),
    ("refresh_token", &["refresh", "refreshtoken"]),
];

/// A route of accounts as it is written, whichever table it stands in.
struct Written<'a> {
    key: &'static str,
    path: &'a str,
    body: Option<&'a Map<String, Value>>,
    headers: &'a BTreeMap<String, String>,
    pointers: Vec<(&'static str, &'a str)>,
}

/// The first mistake in the routes of accounts.
pub(super) fn check(tokens: &TokensEntry) -> Result<(), Mistake> {
    let grants = [("login", &tokens.login), ("refresh", &tokens.refresh)];
    let calls = [("logout", &tokens.logout), ("password", &tokens.password), ("delete", &tokens.delete)];
    let grants = grants.into_iter().filter_map(|(key, entry)| Some(of_grant(key, entry.as_ref()?)));
    let calls = calls.into_iter().filter_map(|(key, entry)| Some(of_call(key, entry.as_ref()?)));
    grants.chain(calls).chain(tokens.signup.as_ref().map(of_signup)).try_for_each(|written| written.check())?;
    tokens.csrf.as_ref().map_or(Ok(()), |csrf| self::csrf(csrf, tokens))
}

/// A CSRF token is for tokens in cookies, and comes from somewhere.
fn csrf(csrf: &CsrfEntry, tokens: &TokensEntry) -> Result<(), Mistake> {
    let at = |key: &'static str, why: String| Mistake::at(["tokens", "csrf", key], why);
    is_header(&csrf.header).map_err(|why| at("header", why))?;
    if let TokenAtEntry::Body(pointer) = &csrf.token {
        is_pointer(pointer).map_err(|why| at("token", why))?;
    }
    if !matches!(tokens.carrier, Some(CarrierEntry::Cookie(_))) {
        let words =
            "only a token in a cookie needs a CSRF token beside it: declare `carrier = { cookie = \"NAME\" }`, or leave this out";
        return Err(at("header", words.to_owned()));
    }
    match &csrf.path {
        Some(path) => is_path(path).map_err(|why| at("path", why)),
        None if tokens.login.is_some() || tokens.signup.is_some() => Ok(()),
        None => Err(at("token", "nobody signs in here: name the `path` that hands the CSRF token out".to_owned())),
    }
}

fn of_grant<'a>(key: &'static str, entry: &'a GrantEntry) -> Written<'a> {
    let pointers = pointers(entry.token.as_ref(), entry.subject.as_ref(), entry.refresh_token.as_ref());
    Written { key, path: &entry.path, body: entry.body.as_ref(), headers: &entry.headers, pointers }
}

fn of_signup(entry: &SignupEntry) -> Written<'_> {
    let pointers = pointers(entry.token.as_ref(), entry.subject.as_ref(), entry.refresh_token.as_ref());
    Written { key: "signup", path: &entry.path, body: Some(&entry.body), headers: &entry.headers, pointers }
}

fn of_call<'a>(key: &'static str, entry: &'a CallEntry) -> Written<'a> {
    Written { key, path: &entry.path, body: entry.body.as_ref(), headers: &entry.headers, pointers: Vec::new() }
}

fn pointers<'a>(
    token: Option<&'a TokenAtEntry>,
    subject: Option<&'a String>,
    refresh: Option<&'a TokenAtEntry>,
) -> Vec<(&'static str, &'a str)> {
    let pointer = |at: Option<&'a TokenAtEntry>| match at {
        Some(TokenAtEntry::Body(pointer)) => Some(pointer),
        Some(TokenAtEntry::Elsewhere(_)) | None => None,
    };
    let all = [("token", pointer(token)), ("subject", subject), ("refresh_token", pointer(refresh))];
    all.into_iter().filter_map(|(key, pointer)| Some((key, pointer?.as_str()))).collect()
}

impl Written<'_> {
    fn check(&self) -> Result<(), Mistake> {
        let at = |key: &'static str, why| Mistake::at(["tokens", self.key, key], why);
        is_path(self.path).and_then(|()| is_filled(self.path)).map_err(|why| at("path", why))?;
        for value in self.headers.values() {
            is_filled(value).map_err(|why| at("headers", why))?;
        }
        self.body.iter().flat_map(|body| body.values()).try_for_each(all_filled).map_err(|why| at("body", why))?;
        self.pointers.iter().try_for_each(|(key, pointer)| is_pointer(pointer).map_err(|why| at(key, why)))
    }
}

fn all_filled(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => is_filled(text),
        Value::Array(items) => items.iter().try_for_each(all_filled),
        Value::Object(fields) => fields.values().try_for_each(all_filled),
        _ => Ok(()),
    }
}

/// Every `{word}` in a text is one that is filled in.
fn is_filled(text: &str) -> Result<(), String> {
    let words = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word);
    let words = words.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    for word in words {
        if FILLED.iter().all(|(known, _)| *known != word) {
            let plain = word.to_ascii_lowercase().replace('_', "");
            let meant = FILLED.iter().find(|(known, others)| known.replace('_', "") == plain || others.contains(&plain.as_str()));
            let all = || FILLED.map(|(known, _)| format!("{{{known}}}")).join(", ");
            let instead =
                meant.map_or_else(|| format!("what is filled in is {}", all()), |(known, _)| format!("write `{{{known}}}`"));
            return Err(format!("nothing fills `{{{word}}}`; {instead}"));
        }
    }
    Ok(())
}
