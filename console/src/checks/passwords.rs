//! Which member of an answer is a password or its hash by its name (OWASP API3:2023, excessive data exposure). Reads answers, sends nothing.

use serde_json::Value;

/// Names of members that hold a password or its hash, in small letters and without `_` and `-`.
const MEMBERS: [&str; 12] = [
    "password",
    "passwordhash",
    "hashedpassword",
    "passwd",
    "pwd",
    "pwdhash",
    "passhash",
    "passworddigest",
    "encryptedpassword",
    "pwhash",
    "passwordsalt",
    "pwsalt",
];
/// Names that hold other things as well: only what looks like a digest is one.
const SHORT_NAMES: [&str; 5] = ["pw", "pass", "hash", "digest", "hashed"];
/// Hexadecimal digits of the shortest digest (MD5).
const OF_A_DIGEST: usize = 32;
/// Shortest text that is more than a placeholder.
const SHORTEST: usize = 8;

/// The first member, at any depth, that is a password by its name or by one of the `further` names, and holds a text.
pub(super) fn member_of(json: &Value, further: &[&str]) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let secret = |name: &str| MEMBERS.iter().chain(further).any(|member| *member == plain(name));
    match json {
        Value::Array(items) => items.iter().find_map(|item| member_of(item, further)),
        Value::Object(members) => members.iter().find_map(|(name, value)| match value {
            Value::String(text) if text.len() >= SHORTEST && secret(name) => Some(name.clone()),
            Value::String(text) if SHORT_NAMES.contains(&plain(name).as_str()) && is_salted(text) => Some(name.clone()),
            Value::String(text) if plain(name) == "pw" && is_of_bytes(text) => Some(name.clone()),
            other => member_of(other, further),
        }),
        _ => None,
    }
}

/// Characters of the shortest digest of 32 bytes in base64.
const OF_BYTES: usize = 43;

/// A digest in base64, with whatever stands before it.
fn is_of_bytes(text: &str) -> bool {
    text.len() >= OF_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
}

/// A digest in hexadecimal, with its salt beside it: what names content alone (a hash of a file) has none.
fn is_salted(text: &str) -> bool {
    let parts: Vec<_> = text.split(['$', ':', '.']).filter(|part| !part.is_empty()).collect();
    let hex = |part: &&str| part.len() >= OF_A_DIGEST && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.len() > 1 && parts.last().is_some_and(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::of_the_owner(json!([{ "title": "a", "user": { "password_hash": "abcdefgh" } }]), Some("password_hash"))]
    #[case::salted(json!({ "pw": "8b1f02aa$9c2e4d6f8b0a1c3e5d7f9b1a2c4e6d8f9c2e4d6f8b0a1c3e" }), Some("pw"))]
    #[case::of_bytes(json!({ "pw": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" }), Some("pw"))]
    #[case::of_content(json!({ "hash": "9c2e4d6f8b0a1c3e5d7f9b1a2c4e6d8f", "pass": "2026.1" }), None)]
    #[case::masked(json!({ "password": "****" }), None)]
    #[case::whether_set(json!({ "password": true, "hash": "abcdefgh12345678" }), None)]
    fn a_password_is_known_by_its_name_at_any_depth(#[case] json: Value, #[case] found: Option<&str>) {
        assert_eq!(member_of(&json, &[]).as_deref(), found);
    }
}
