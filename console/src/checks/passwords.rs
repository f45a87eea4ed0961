//! What in an answer looks like a password or its hash (OWASP API3:2023, excessive data exposure). Reads answers, sends nothing.

use serde_json::Value;

/// How hashes of passwords begin: bcrypt, Argon2, scrypt, PBKDF2, and their spellings in Django and Werkzeug.
const HASHES: [&str; 9] =
    ["$2a$", "$2b$", "$2y$", "$argon2", "$scrypt$", "$pbkdf2", "pbkdf2_sha256$", "pbkdf2:sha", "scrypt:32768"];
/// Names of members that hold a password or its hash, in small letters and without `_` and `-`.
const MEMBERS: [&str; 9] =
    ["password", "passwordhash", "hashedpassword", "passwd", "pwd", "pwdhash", "passhash", "passworddigest", "encryptedpassword"];
/// Shortest text that is more than a placeholder.
const SHORTEST: usize = 8;

/// How a hash in `text` begins, if one looks to be there.
pub(super) fn hash_in(text: &str) -> Option<&'static str> {
    HASHES.into_iter().find(|mark| text.contains(mark))
}

/// The first member, at any depth, that is a password by its name or by one of the `further` names, and holds a text.
pub(super) fn member_of(json: &Value, further: &[&str]) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let secret = |name: &str| MEMBERS.iter().chain(further).any(|member| *member == plain(name));
    match json {
        Value::Array(items) => items.iter().find_map(|item| member_of(item, further)),
        Value::Object(members) => members.iter().find_map(|(name, value)| match value {
            Value::String(text) if text.len() >= SHORTEST && secret(name) => Some(name.clone()),
            other => member_of(other, further),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::of_the_owner(json!([{ "title": "a", "user": { "password_hash": "abcdefgh" } }]), Some("password_hash"))]
    #[case::masked(json!({ "password": "****" }), None)]
    #[case::whether_set(json!({ "password": true, "hash": "abcdefgh12345678" }), None)]
    fn a_password_is_known_by_its_name_at_any_depth(#[case] json: Value, #[case] found: Option<&str>) {
        assert_eq!(member_of(&json, &[]).as_deref(), found);
    }

    #[test]
    fn a_hash_is_known_by_its_beginning() {
        assert_eq!(hash_in(r#"{"pw":"pbkdf2:sha256:1000$salt$hash"}"#), Some("pbkdf2:sha"));
        assert_eq!(hash_in(r#"{"price":"$2"}"#), None);
    }
}
