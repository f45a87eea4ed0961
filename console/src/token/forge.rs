//! Mints and forges tokens with the service's own key.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::encode;
use crate::target::Mint;

/// Mints and forges tokens with the service's own key.
#[derive(Clone, Debug)]
pub struct Forge {
    mint: Mint,
}

impl Forge {
    /// A forge for tokens described by `mint`.
    pub const fn new(mint: Mint) -> Self {
        Self { mint }
    }

    /// What the forge was made from.
    pub const fn mint(&self) -> &Mint {
        &self.mint
    }

    /// The header of a good token.
    pub fn header(&self) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".into(), json!(self.mint.key.algorithm().name()));
        for (name, value) in [("typ", &self.mint.typ), ("kid", &self.mint.kid)] {
            if let Some(value) = value {
                header.insert(name.into(), json!(value));
            }
        }
        header
    }

    /// The claims of a good token for `subject`: the target's own claims, the subject, `iat` (unless the target wants none) and `exp`.
    pub fn claims(&self, subject: &str, now: OffsetDateTime) -> Map<String, Value> {
        let now = now.unix_timestamp();
        let subject = self.subject(subject);
        let filled = |(name, value): (&String, &Value)| (name.clone(), filled(value, &subject));
        let mut claims: Map<_, _> = self.mint.claims.iter().map(filled).collect();
        set(&mut claims, &self.mint.subject_claim, subject.clone());
        if self.mint.iat {
            claims.insert("iat".into(), json!(now));
        }
        claims.insert("exp".into(), json!(now.saturating_add_unsigned(self.mint.lifetime_secs)));
        claims
    }

    /// A subject as tokens write it: a number where the target's subjects are numbers.
    pub fn subject(&self, subject: &str) -> Value {
        let number = || subject.parse::<i64>().ok().filter(|_| self.mint.numeric_subjects);
        number().map_or_else(|| json!(subject), |number| json!(number))
    }

    /// A good token for `subject`.
    pub fn good(&self, subject: &str, now: OffsetDateTime) -> String {
        self.sign(&Value::Object(self.header()), &Value::Object(self.claims(subject, now)))
    }

    /// Signs any header and claims with the service's key and algorithm, whatever the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_bytes(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// Signs any bytes as header and payload: for duplicate keys, byte order marks and numbers that JSON writers refuse.
    pub fn sign_bytes(&self, header: &[u8], payload: &[u8]) -> String {
        self.sign_encoded(&encode(header), &encode(payload))
    }

    /// Signs parts that are already encoded, however badly.
    pub fn sign_encoded(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        let signature = encode(self.mint.key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

/// Replaces the text `{subject}` in every string: by the subject itself where it stands alone, else by its text.
fn filled(value: &Value, subject: &Value) -> Value {
    match value {
        Value::String(text) if text == "{subject}" => subject.clone(),
        Value::String(text) => {
            let words = subject.as_str().map_or_else(|| subject.to_string(), str::to_owned);
            Value::String(text.replace("{subject}", &words))
        }
        Value::Array(items) => items.iter().map(|item| filled(item, subject)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value, subject))).collect(),
        other => other.clone(),
    }
}

/// Sets the claim `name`; one that begins with a slash is a JSON pointer (RFC 6901) into nested objects, made as needed.
pub(crate) fn set(claims: &mut Map<String, Value>, name: &str, value: Value) {
    match name.strip_prefix('/').and_then(|path| path.split_once('/')) {
        Some((outer, rest)) => {
            let inner = claims.entry(outer).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                set(inner, &format!("/{rest}"), value);
            }
        }
        None => {
            claims.insert(name.trim_start_matches('/').to_owned(), value);
        }
    }
}

/// The claim `name`, found as [`set`] puts it.
#[cfg(test)]
fn get<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match name.strip_prefix('/').and_then(|path| path.split_once('/')) {
        Some((outer, rest)) => get(claims.get(outer)?.as_object()?, &format!("/{rest}")),
        None => claims.get(name.trim_start_matches('/')),
    }
}

/// Takes the claim `name` out, found as [`set`] puts it.
pub(crate) fn unset(claims: &mut Map<String, Value>, name: &str) {
    match name.strip_prefix('/').and_then(|path| path.split_once('/')) {
        Some((outer, rest)) => {
            if let Some(Value::Object(inner)) = claims.get_mut(outer) {
                unset(inner, &format!("/{rest}"));
            }
        }
        None => {
            claims.shift_remove(name.trim_start_matches('/'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Compact, Key};

    fn claims(mint: Mint, subject: &str) -> Value {
        let forge = Forge::new(mint);
        let token = forge.good(subject, OffsetDateTime::from_unix_timestamp(1_000).unwrap());
        Value::Object(Compact::parse(&token).unwrap().claims().unwrap())
    }

    #[test]
    fn a_subject_may_have_another_name_be_a_number_and_stand_in_other_claims() {
        let extra = json!({ "email": "{subject}@x.example", "user": { "id": "{subject}" } }).as_object().unwrap().clone();
        let mint = Mint::new(Key::hs256(&"k".into()), "KEY");
        let plain = claims(mint.clone(), "ann");
        assert_eq!(plain, json!({ "sub": "ann", "iat": 1_000, "exp": 1_900 }));
        let numeric = Mint { subject_claim: "user_id".into(), numeric_subjects: true, claims: extra, iat: false, ..mint.clone() };
        let expected = json!({ "email": "7@x.example", "user": { "id": 7 }, "user_id": 7, "exp": 1_900 });
        assert_eq!(claims(numeric, "7"), expected);
        let nested = Mint { subject_claim: "/user/id".into(), lifetime_secs: 60, ..mint };
        assert_eq!(claims(nested, "ann"), json!({ "user": { "id": "ann" }, "iat": 1_000, "exp": 1_060 }));
    }

    #[test]
    fn a_nested_claim_is_found_and_taken_out_where_it_was_put() {
        let mut claims = Map::new();
        set(&mut claims, "/user/id", json!(1));
        assert_eq!(get(&claims, "/user/id"), Some(&json!(1)));
        unset(&mut claims, "/user/id");
        assert_eq!(get(&claims, "/user/id"), None);
    }
}
