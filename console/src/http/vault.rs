//! The secrets of a run, and the forms in which a target may say them back: nothing that is kept or shown may hold one.
//!
//! Owns the forms. What one request carried is `unsaid`'s job; here is what the whole run knows, so that a target which repeats in one
//! answer what it heard in another gives nothing away either.

use std::sync::{Arc, OnceLock, RwLock};

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Shortest value that is looked for: anything shorter would be found everywhere by chance.
pub(super) const SHORTEST: usize = 8;
/// Longest value that is looked for: of a longer one, which only a check of sizes makes, nothing that is kept of an answer holds the whole.
const LONGEST: usize = 16 << 10;
/// Bytes at the end of a form by which a text is looked over for all of them at once.
const TAIL: usize = 24;

/// One form of a secret, and what stands for it.
#[derive(Debug)]
pub(super) struct Needle {
    form: SecretString,
    name: Arc<str>,
}

/// Every needle of a run. A run has hundreds and looks over megabytes: one pass over a text tells whether any of them can be in it.
#[derive(Debug, Default)]
pub(super) struct Known {
    needles: Vec<Needle>,
    /// The ends of all forms; made when first asked for.
    tails: OnceLock<Option<AhoCorasick>>,
}

impl Known {
    /// `text` with every needle replaced by its name; `None` when it holds none.
    pub(super) fn hidden(&self, text: &str) -> Option<String> {
        self.may_be_in(text).then(|| hidden(&self.needles, text)).flatten()
    }

    /// Whether the end of any form is in `text`. Without an automaton, everything may be.
    fn may_be_in(&self, text: &str) -> bool {
        let tails = || AhoCorasick::new(self.needles.iter().map(|needle| tail(needle.form.expose_secret()))).ok();
        self.tails.get_or_init(tails).as_ref().is_none_or(|tails| tails.is_match(text))
    }
}

fn tail(form: &str) -> &[u8] {
    form.as_bytes().get(form.len().saturating_sub(TAIL)..).unwrap_or_default()
}

/// What a run must never say.
#[derive(Debug, Default)]
pub(super) struct Vault(RwLock<Arc<Known>>);

impl Vault {
    /// Keeps `secret` unsaid from now on: `name` stands for it.
    pub(super) fn keep(&self, name: &str, secret: &str) {
        let Ok(mut known) = self.0.write() else { return };
        let mut all = known.needles.clone();
        for needle in needles(name, secret) {
            if !all.iter().any(|old| old.is_like(&needle)) {
                all.push(needle);
            }
        }
        // What holds another secret is replaced before that one breaks it.
        all.sort_by_key(|needle| std::cmp::Reverse(needle.form.expose_secret().len()));
        *known = Arc::new(Known { needles: all, tails: OnceLock::new() });
    }

    /// Everything known so far.
    pub(super) fn known(&self) -> Arc<Known> {
        self.0.read().map(|known| Arc::clone(&known)).unwrap_or_default()
    }

    /// `value` with every secret in any of its texts replaced.
    pub(super) fn without<T: Serialize + DeserializeOwned>(&self, value: T) -> T {
        let known = self.known();
        let Ok(mut json) = serde_json::to_value(&value) else { return value };
        if !scrub(&known, &mut json) {
            return value;
        }
        serde_json::from_value(json).unwrap_or(value)
    }
}

impl Needle {
    fn is_like(&self, other: &Self) -> bool {
        self.form.expose_secret() == other.form.expose_secret()
    }

    fn is_in(&self, text: &str) -> bool {
        let form = self.form.expose_secret();
        text.len() >= form.len() && text.contains(form)
    }
}

impl Clone for Needle {
    fn clone(&self) -> Self {
        Self { form: self.form.clone(), name: Arc::clone(&self.name) }
    }
}

/// Every form of `secret` that is looked for; none for one that is too short.
pub(super) fn needles(name: &str, secret: &str) -> Vec<Needle> {
    let name: Arc<str> = name.into();
    let forms = if (SHORTEST..=LONGEST).contains(&secret.len()) { forms(secret) } else { Vec::new() };
    forms.into_iter().map(|form| Needle { form: form.into(), name: Arc::clone(&name) }).collect()
}

/// `text` with every needle replaced by its name; `None` when it holds none.
pub(super) fn hidden(needles: &[Needle], text: &str) -> Option<String> {
    let mut hidden: Option<String> = None;
    for needle in needles {
        let now = hidden.as_deref().unwrap_or(text);
        if needle.is_in(now) {
            hidden = Some(now.replace(needle.form.expose_secret(), &needle.name));
        }
    }
    hidden
}

/// Replaces secrets in every text of `json`; whether there was one.
fn scrub(known: &Known, json: &mut Value) -> bool {
    match json {
        Value::String(text) => known.hidden(text).is_some_and(|clean| {
            *text = clean;
            true
        }),
        Value::Array(items) => items.iter_mut().fold(false, |found, item| scrub(known, item) | found),
        Value::Object(members) => members.values_mut().fold(false, |found, member| scrub(known, member) | found),
        _ => false,
    }
}

/// The secret itself, in other letters, and in the encodings that bodies, headers and addresses use: JSON, percent (RFC 3986, 2.1), hexadecimal and
/// base64 (RFC 4648) wherever in a longer text it begins.
fn forms(secret: &str) -> Vec<String> {
    let escaped = serde_json::to_string(secret).unwrap_or_default();
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    let hex: String = secret.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    let mut forms = vec![
        secret.to_owned(),
        escaped.trim_matches('"').to_owned(),
        percent.replace('+', "%20"),
        percent.to_ascii_lowercase(),
        percent,
        secret.to_ascii_uppercase(),
        secret.to_ascii_lowercase(),
        hex.to_ascii_uppercase(),
        hex,
    ];
    forms.extend((0..3).flat_map(|before| [URL_SAFE_NO_PAD, STANDARD_NO_PAD].map(|engine| inner(&engine, secret, before))));
    forms.retain(|form| form.len() >= SHORTEST);
    let mut seen = std::collections::HashSet::new();
    forms.retain(|form| seen.insert(form.clone()));
    forms
}

/// The characters of base64 that depend on `secret` alone when `before` bytes (modulo three) stand in front of it.
fn inner(engine: &impl base64::Engine, secret: &str, before: usize) -> String {
    let text = engine.encode([[0; 2].get(..before).unwrap_or_default(), secret.as_bytes()].concat());
    let shared_end = usize::from(!(secret.len() + before).is_multiple_of(3));
    let own = [0, 2, 3].get(before).copied().unwrap_or_default()..text.len().saturating_sub(shared_end);
    text.get(own).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    const SECRET: &str = "can\"ary/+of the run?1";

    fn said_back(form: &str) -> String {
        hidden(&needles("$NAME", SECRET), form).unwrap_or_else(|| form.to_owned())
    }

    #[rstest::rstest]
    #[case::raw(format!("you sent {SECRET}!"), "you sent $NAME!")]
    #[case::json(format!("{{\"token\":{}}}", serde_json::to_string(SECRET).unwrap()), "{\"token\":\"$NAME\"}")]
    #[case::percent("?next=can%22ary%2F%2Bof%20the%20run%3F1&a=1".to_owned(), "?next=$NAME&a=1")]
    #[case::form("?next=can%22ary%2F%2Bof+the+run%3F1&a=1".to_owned(), "?next=$NAME&a=1")]
    #[case::upper(SECRET.to_uppercase(), "$NAME")]
    #[case::hex("63616e226172792f2b6f66207468652072756e3f31".to_owned(), "$NAME")]
    fn a_secret_is_recognised_in_the_forms_in_which_services_repeat_it(#[case] said: String, #[case] shown: &str) {
        assert_eq!(said_back(&said), shown);
    }

    #[test]
    fn a_secret_within_another_does_not_break_it() {
        let vault = Vault::default();
        vault.keep("$PART", "of the run");
        vault.keep("$WHOLE", "canary of the run 1");
        assert_eq!(vault.known().hidden("canary of the run 1, of the run").as_deref(), Some("$WHOLE, $PART"));
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        assert!(needles("$NAME", "seven77").is_empty());
    }

    #[test]
    fn every_text_of_a_record_is_looked_over_and_an_innocent_record_stays_as_it_is() {
        let vault = Vault::default();
        vault.keep("$NAME", SECRET);
        let record = serde_json::json!({ "a": [1.5, { "b": format!("x{SECRET}") }], "c": null });
        assert_eq!(vault.without(record), serde_json::json!({ "a": [1.5, { "b": "x$NAME" }], "c": null }));
    }

    proptest! {
        #[test]
        fn base64_of_a_longer_text_gives_nothing_away_wherever_the_secret_stands(before in ".{0,9}", after in ".{0,9}", secret in "[!-~]{12,40}") {
            let text = STANDARD.encode(format!("{before}{secret}{after}"));
            let shown = hidden(&needles("$NAME", &secret), &text).expect("the secret is found");
            prop_assert!(shown.contains("$NAME"));
        }
    }
}
