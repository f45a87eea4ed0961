//! Where the service says what it is and how it is: release and health, by JSON pointer or header, where the usual names do not do.

use serde_json::Value;

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer (RFC 6901) into the body: `/git/sha`.
    Pointer(String),
    /// A response header, in lower case: `x-commit`.
    Header(String),
}

impl Place {
    /// A text that begins with a slash is a pointer, anything else the name of a header.
    pub fn of(text: &str) -> Self {
        if text.starts_with('/') { Self::Pointer(text.to_owned()) } else { Self::Header(text.to_ascii_lowercase()) }
    }
}

/// Where an answer names its release. What is `None` is looked for under the usual names; see [`crate::watch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseAt {
    /// The route that names the release; deep health, else liveness, when absent.
    pub path: Option<String>,
    /// The commit.
    pub commit: Option<Place>,
    /// The version.
    pub version: Option<Place>,
    /// The deployment of the platform.
    pub deployment: Option<Place>,
    /// When the process started.
    pub started_at: Option<Place>,
    /// The replica.
    pub replica: Option<Place>,
    /// The environment.
    pub environment: Option<Place>,
    /// The version of the database's schema: the last migration that was applied.
    pub schema: Option<Place>,
    /// What that version must be.
    pub schema_head: Option<String>,
}

/// How deep health says how its dependencies are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthAt {
    /// JSON pointers to what is said of each dependency; by the usual names when empty.
    pub dependencies: Vec<String>,
    /// Words, in lower case, that say a dependency works; when empty, any word that does not say trouble.
    pub good: Vec<String>,
}

impl HealthAt {
    /// The first declared dependency that does not say that it works, as `/checks/db: down`; absent ones are in trouble too.
    pub fn trouble(&self, body: &Value) -> Option<String> {
        self.dependencies.iter().find_map(|pointer| match body.pointer(pointer) {
            None => Some(format!("{pointer}: not there")),
            Some(value) => (!self.is_good(value)).then(|| format!("{pointer}: {}", words(value))),
        })
    }

    fn is_good(&self, value: &Value) -> bool {
        match value {
            Value::Bool(works) => *works,
            Value::Object(members) if STATES.iter().any(|name| members.contains_key(*name)) => {
                STATES.iter().filter_map(|name| members.get(*name)).all(|state| self.is_good(state))
            }
            _ if self.good.is_empty() => true,
            other => self.good.contains(&words(other).to_lowercase()),
        }
    }
}

/// Members in which an object says how it is.
const STATES: [&str; 5] = ["status", "state", "ok", "healthy", "up"];

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::good(json!({"checks": {"db": "UP"}}), None)]
    #[case::bad(json!({"checks": {"db": "slow"}}), Some("/checks/db: slow"))]
    #[case::yes(json!({"checks": {"db": true}}), None)]
    #[case::no(json!({"checks": {"db": false}}), Some("/checks/db: false"))]
    #[case::good_object(json!({"checks": {"db": {"status": "up", "latency_ms": 3}}}), None)]
    #[case::absent(json!({"checks": {}}), Some("/checks/db: not there"))]
    fn a_declared_dependency_works_when_it_says_so(#[case] body: Value, #[case] trouble: Option<&str>) {
        let health = HealthAt { dependencies: vec!["/checks/db".into()], good: vec!["ok".into(), "up".into()] };
        assert_eq!(health.trouble(&body).as_deref(), trouble);
    }
}
