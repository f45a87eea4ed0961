//! Reading a health body: what it says of the whole, and what of each dependency. There are two drafts of a standard and many habits, so
//! words and places are lists.

use serde_json::{Map, Value};

/// Words that say "does not work", in lower case.
const TROUBLE: [&str; 23] = [
    "unhealthy",
    "error",
    "fail",
    "failed",
    "failing",
    "failure",
    "down",
    "disconnected",
    "unavailable",
    "unreachable",
    "degraded",
    "timeout",
    "timed out",
    "critical",
    "out_of_service",
    "out of service",
    "not connected",
    "not ready",
    "not ok",
    "refused",
    "outage",
    "partial_outage",
    "major_outage",
];
/// Members that speak of the whole service.
const OVERALL: [&str; 7] = ["status", "state", "health", "result", "ok", "healthy", "success"];
/// Members for which `false` means trouble rather than "switched off".
const YES_OR_NO: [&str; 14] = [
    "ok",
    "healthy",
    "success",
    "up",
    "connected",
    "alive",
    "ready",
    "reachable",
    "database",
    "db",
    "postgres",
    "postgresql",
    "mysql",
    "redis",
];
/// What a dependency is called, as a member's name or a part of it.
const DEPENDENCIES: [&str; 21] = [
    "database",
    "db",
    "postgres",
    "postgresql",
    "mysql",
    "mongo",
    "mongodb",
    "sqlite",
    "redis",
    "cache",
    "queue",
    "storage",
    "checks",
    "components",
    "dependencies",
    "services",
    "details",
    "kafka",
    "rabbitmq",
    "elasticsearch",
    "info",
];

/// Members in which services wrap whatever they answer.
const WRAPPERS: [&str; 6] = ["data", "result", "payload", "response", "health", "body"];

/// The body, and the object that it may be wrapped in.
fn unwrapped(body: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let inner = WRAPPERS.iter().filter_map(|name| body.get(*name)?.as_object());
    body.as_object().into_iter().chain(inner)
}

/// The member of the whole that says trouble, as `name: value`.
pub(super) fn overall_trouble(body: &Value) -> Option<String> {
    unwrapped(body).find_map(|members| OVERALL.iter().find_map(|name| in_trouble(name, members.get(*name)?)))
}

/// Whether the service says that it runs in a mode for developers.
pub(super) fn says_debug(body: &Value) -> bool {
    let on = |name: &str| body.get(name).and_then(Value::as_bool) == Some(true);
    ["debug", "DEBUG", "debug_mode", "debugMode"].iter().any(|name| on(name))
}

/// Whether the body names a dependency.
pub(super) fn names_dependency(body: &Value) -> bool {
    unwrapped(body).any(|members| members.keys().any(|name| is_dependency(name)))
}

/// The first dependency that says trouble, as `database: disconnected`, at any depth below a dependency's member.
pub(super) fn dependency_trouble(body: &Value) -> Option<String> {
    let mut members = unwrapped(body).flatten().filter(|(name, _)| is_dependency(name));
    members.find_map(|(name, value)| deep_trouble(name, value))
}

/// Whether the body says how long a dependency took.
pub(super) fn names_latency(body: &Value) -> bool {
    let text = body.to_string().to_ascii_lowercase();
    ["latency", "duration", "_ms\"", "response_time", "responsetime", "observedvalue", "elapsed"]
        .iter()
        .any(|word| text.contains(word))
}

fn is_dependency(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(['_', '-', '.', ':']).any(|part| DEPENDENCIES.contains(&part)) || DEPENDENCIES.contains(&name.as_str())
}

fn deep_trouble(name: &str, value: &Value) -> Option<String> {
    in_trouble(name, value).or_else(|| match value {
        Value::Object(members) if is_optional(members) => None,
        Value::Object(members) => members.iter().find_map(|(inner, value)| deep_trouble(&format!("{name}.{inner}"), value)),
        Value::Array(items) => items.iter().find_map(|item| deep_trouble(name, item)),
        _ => None,
    })
}

/// Whether the service says of a dependency that it can do without it.
fn is_optional(dependency: &Map<String, Value>) -> bool {
    let says = |name: &str, word: bool| dependency.get(name).and_then(Value::as_bool) == Some(word);
    says("optional", true) || ["required", "critical", "essential"].into_iter().any(|name| says(name, false))
}

fn in_trouble(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Bool(false) if name.rsplit('.').next().is_some_and(|last| YES_OR_NO.contains(&last)) => {
            Some(format!("{name}: false"))
        }
        Value::String(text) if is_trouble(text) => Some(format!("{name}: {text}")),
        // Mongoose: 0 disconnected, 1 connected, 2 connecting, 3 disconnecting.
        Value::Number(state) if name.ends_with("readyState") && state.as_u64() != Some(1) => Some(format!("{name}: {state}")),
        _ => None,
    }
}

/// A word of trouble, alone or with what it was behind it: `error: timeout`.
fn is_trouble(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let word = text.split_once(':').map_or(text.as_str(), |(word, _)| word.trim_end());
    TROUBLE.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::flat(json!({"status": "ok", "database": "disconnected"}), Some("database: disconnected"))]
    #[case::spring(json!({"status": "UP", "components": {"db": {"status": "DOWN"}}}), Some("components.db.status: DOWN"))]
    #[case::draft(json!({"checks": {"postgres:responseTime": [{"status": "fail"}]}}), Some("checks.postgres:responseTime.status: fail"))]
    #[case::explained(json!({"status": "ok", "database": "error: timeout"}), Some("database: error: timeout"))]
    #[case::boolean(json!({"ok": true, "db": false}), Some("db: false"))]
    #[case::mongoose(json!({"status": "ok", "database": {"readyState": 0}}), Some("database.readyState: 0"))]
    #[case::fine(json!({"status": "ok", "database": "connected", "database_latency_ms": 2}), None)]
    #[case::none_named(json!({"status": "ok"}), None)]
    #[case::optional(json!({"checks": {"mailer": {"status": "degraded", "required": false}, "db": {"status": "ok"}}}), None)]
    #[case::wrapped(json!({"success": true, "data": {"status": "ok", "database": "down"}}), Some("database: down"))]
    #[case::switched_off(json!({"status": "ok", "cache": false}), None)]
    fn a_dependency_in_trouble_is_found_at_any_depth(#[case] body: Value, #[case] trouble: Option<&str>) {
        assert_eq!(dependency_trouble(&body).as_deref(), trouble);
    }

    #[rstest]
    #[case(json!({"status": "degraded"}), Some("status: degraded"))]
    #[case(json!({"healthy": false}), Some("healthy: false"))]
    #[case(json!({"data": {"status": "unhealthy"}}), Some("status: unhealthy"))]
    #[case(json!({"status": "UP"}), None)]
    #[case(json!({"errors": []}), None)]
    fn trouble_of_the_whole_is_read_from_the_usual_members(#[case] body: Value, #[case] trouble: Option<&str>) {
        assert_eq!(overall_trouble(&body).as_deref(), trouble);
    }

    #[rstest]
    #[case(json!({"database": "connected"}), true)]
    #[case(json!({"db_ok": true}), true)]
    #[case(json!({"data": {"status": "ok", "db": "ok"}}), true)]
    #[case(json!({"status": "ok", "version": "1"}), false)]
    #[case(json!("OK"), false)]
    fn a_dependency_is_known_by_its_name(#[case] body: Value, #[case] named: bool) {
        assert_eq!(names_dependency(&body), named);
    }
}
