//! What an account says that it may do: asked for in bodies, read from answers and from claims (OWASP API3:2023). Sends nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Session;
use crate::token::Compact;

/// Members by which services keep what an account may do, with the value that asks for more.
pub(super) fn asked_for() -> Map<String, Value> {
    let flags = ["is_admin", "isAdmin", "admin", "is_superuser", "is_staff"].map(|name| (name.to_owned(), json!(true)));
    flags.into_iter().chain([("role".to_owned(), json!("admin")), ("roles".to_owned(), json!(["admin"]))]).collect()
}

/// What a session says that it may do: by the answer that brought it, and by the claims of its token.
pub(super) fn powers(session: &Session) -> BTreeSet<String> {
    let claims = Compact::parse(session.user.token.expose()).and_then(|token| token.claims()).map(Value::Object);
    let mut all = BTreeSet::new();
    for told in session.answer.json().iter().chain(&claims) {
        gather(told, &mut all);
    }
    all
}

/// Adds what `json` says, at any depth.
pub(super) fn gather(json: &Value, all: &mut BTreeSet<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| gather(item, all)),
        Value::Object(members) => {
            for (name, value) in members {
                if asked_for().get(name) == Some(value) || (is_power(name) && *value == Value::Bool(true)) {
                    all.insert(format!("`{name}`: {value}"));
                }
                gather(value, all);
            }
        }
        _ => {}
    }
}

/// Parts of the names of members that tell of powers.
const POWERS: [&str; 4] = ["admin", "superuser", "super_user", "moderator"];

/// Whether a member of this name tells of powers, where it is true.
pub(super) fn is_power(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    POWERS.iter().any(|power| name.contains(power))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::flag(json!({ "user": { "is_admin": true } }), &["`is_admin`: true"])]
    #[case::own_name(json!({ "superadmin": true, "supervised": true }), &["`superadmin`: true"])]
    #[case::among_others(json!([{ "role": "admin", "name": "x" }]), &["`role`: \"admin\""])]
    #[case::ordinary(json!({ "role": "user", "is_admin": false, "admin": "admin" }), &[])]
    fn powers_are_found_wherever_an_answer_names_them(#[case] told: Value, #[case] expected: &[&str]) {
        let mut found = BTreeSet::new();
        gather(&told, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}
