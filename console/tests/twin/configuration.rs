//! What the twin says of its own configuration: where the flaws of the suite `configuration` act.

use console::target::Configuration;
use serde_json::{Value, json};

use super::{COMMIT, House, MAX_LIFETIME_SECS, ORIGINS};

/// Where a flaw puts another value: its name, the place in the report as a JSON pointer, the value.
fn changes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("configuration.invalid", "/ok", json!(false)),
        ("configuration.variable-missing", "/variables/0/present", json!(false)),
        ("configuration.no-secret", "/variables/1/present", json!(false)),
        ("configuration.development", "/settings/environment", json!("development")),
        ("configuration.development", "/settings/release/platform_environment", json!("development")),
        ("configuration.staging", "/settings/environment", json!("staging")),
        ("configuration.staging", "/settings/release/platform_environment", json!("staging")),
        ("configuration.environments-disagree", "/settings/release/platform_environment", json!("staging")),
        ("configuration.loopback", "/settings/listen/host", json!("127.0.0.1")),
        ("configuration.metrics-on-the-public-port", "/settings/listen/metrics_port", json!(8080)),
        ("configuration.no-draining", "/settings/release/platform_draining_secs", Value::Null),
        ("configuration.short-draining", "/settings/release/platform_draining_secs", json!(5)),
        ("configuration.file-database", "/settings/database/engine", json!("sqlite")),
        ("configuration.plain-database", "/settings/database/tls", json!("prefer")),
        ("configuration.keeps-idle-connections", "/settings/database/pool_idle_secs", json!(600)),
        ("configuration.direct-host", "/settings/database/pooler", json!(false)),
        ("configuration.waits-forever", "/settings/database/pool_acquire_secs", json!(60)),
        ("configuration.large-pool", "/settings/database/pool_max", json!(100)),
        ("configuration.migrates-through-the-pooler", "/settings/database/direct_url", json!(false)),
        ("configuration.no-required-claims", "/settings/auth/required_claims", json!(["sub", "iss", "aud"])),
        ("configuration.mixed-algorithms", "/settings/auth/algorithms", json!(["HS256", "RS256"])),
        ("configuration.any-algorithm", "/settings/auth/algorithms", json!([])),
        ("configuration.long-leeway", "/settings/auth/leeway_secs", json!(600)),
        ("configuration.unbounded-life", "/settings/auth/max_lifetime_secs", Value::Null),
        ("configuration.second-secret", "/settings/auth/previous_secret", json!(true)),
        ("configuration.preview-origin", "/settings/cors/origins/3", json!("https://tasks-twin-git-main.vercel.app")),
        ("configuration.local-origin", "/settings/cors/origins/3", json!("http://localhost:3000")),
        ("configuration.docs-on", "/settings/api_docs", json!(true)),
        ("configuration.unbounded-body", "/settings/limits/body_bytes", Value::Null),
        ("configuration.no-rate", "/settings/rate_limit/per_second", Value::Null),
    ]
}

/// The report of a correct deployment on Railway and Neon.
fn correct() -> Value {
    let variable =
        |name: &str, required: &str| json!({ "name": name, "required": required, "present": true, "purpose": "the twin's" });
    json!({
        "schema": "postflight.check-config/1",
        "ok": true,
        "problems": [],
        "variables": [variable("DATABASE_URL", "always"), variable("JWT_SECRET", "one of these"), variable("RUST_LOG", "optional")],
        "settings": {
            "environment": "production",
            "listen": { "host": "::", "port": 8080, "metrics_port": 9090 },
            "database": {
                "engine": "postgresql", "tls": "verify-full", "pooler": true, "neon": true, "direct_url": true,
                "pool_max": 10, "pool_min": 0, "pool_idle_secs": 90, "pool_lifetime_secs": 840, "pool_acquire_secs": 5,
            },
            "auth": {
                "algorithms": ["HS256"], "previous_secret": false, "required_claims": ["exp", "sub", "iss", "aud"],
                "leeway_secs": 5, "max_lifetime_secs": MAX_LIFETIME_SECS,
            },
            "cors": { "origins": ORIGINS },
            "api_docs": false,
            "rate_limit": { "per_second": 100, "burst": 200 },
            "limits": { "body_bytes": 16384, "header_secs": 10, "answer_secs": 30, "drain_secs": 10 },
            "release": {
                "commit": COMMIT, "deployment": "twin-1", "platform_environment": "production", "platform_draining_secs": 15,
            },
        },
    })
}

/// The report of this twin.
pub(crate) fn report(house: &House) -> Configuration {
    let mut report = correct();
    let origins = report.pointer_mut("/settings/cors/origins").and_then(Value::as_array_mut).expect("a list");
    if house.has("configuration.forgotten-origin") {
        origins.pop();
    }
    if house.has("configuration.preview-origin") || house.has("configuration.local-origin") {
        origins.push(Value::Null);
    }
    for (name, place, value) in changes() {
        if house.has(name) {
            *report.pointer_mut(place).expect("a place in the report") = value;
        }
    }
    Configuration::parse(&report.to_string()).expect("a report")
}
