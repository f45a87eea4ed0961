//! JSON without duplicate keys, at any depth.
//!
//! RFC 8259 leaves duplicates open, so two parsers can read two different tokens from the same bytes (RFC 7515 section 4
//! and RFC 7519 section 4 demand rejection). `serde` refuses duplicates only for fields that a struct names; this walk
//! refuses all of them and keeps nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON value whose objects have no key twice.
struct Unique;

/// Succeeds if `json` is one JSON object without a duplicate key. Depth is bounded by `serde_json` (128).
pub(super) fn keys(json: &[u8]) -> serde_json::Result<()> {
    if !crate::json::is_object(json) {
        return Err(serde_json::Error::custom("not an object"));
    }
    serde_json::from_slice::<Unique>(json).map(drop)
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self, M::Error> {
        let mut seen: Vec<Cow<'de, str>> = Vec::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if seen.contains(&key) {
                return Err(M::Error::custom("duplicate key"));
            }
            map.next_value::<Self>()?;
            seen.push(key);
        }
        Ok(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Self, S::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"a":1,"b":{"a":[1,2.5,null,true,"x"]}}"#, true)]
    #[case(r#"{"a":1,"a":1}"#, false)]
    #[case(r#"{"a":1,"\u0061":2}"#, false)]
    #[case(r#"{"u":[{"x":1,"y":2,"x":3}]}"#, false)]
    #[case(r#"{"a":1} {"b":2}"#, false)]
    #[case("\u{feff}{}", false)]
    #[case("[1]", false)]
    fn a_key_may_be_written_once_however_it_is_spelled(#[case] json: &str, #[case] fine: bool) {
        assert_eq!(super::keys(json.as_bytes()).is_ok(), fine);
    }

    #[test]
    fn ten_thousand_levels_are_an_error_and_not_a_stack_overflow() {
        assert!(super::keys(format!("{{\"a\":{}", "[".repeat(10_000)).as_bytes()).is_err());
    }
}
