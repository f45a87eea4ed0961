//! What health answers give away: connection strings, variables, hosts, the texts of drivers.

use serde_json::Value;

use crate::checks::{Case, Checked, Context, Judgement, shared_battery};
use crate::http::{Answer, Probe};

use super::sample::declared;

/// Texts of drivers, runtimes and operating systems, in lower case.
const DRIVER_TEXT: [&str; 27] = [
    "django.db.backends",
    "asyncpg.",
    "psycopg",
    "sqlalchemy",
    "sqlx::",
    "sqlstate",
    "pg_hba",
    "econnrefused",
    "enotfound",
    "etimedout",
    "connection refused",
    "could not connect",
    "could not translate host",
    "connection to server",
    "connection was closed",
    "password authentication failed",
    "remaining connection slots",
    "terminating connection",
    "no route to host",
    "traceback (most recent call last)",
    "stack backtrace",
    "panicked at",
    "exception in thread",
    "prismaclient",
    "sequelize",
    "mongoerror",
    ".java:",
];
/// Endings of host names that only insiders should know.
const INNER_HOSTS: [&str; 10] = [
    ".neon.tech",
    ".rds.amazonaws.com",
    ".supabase.co",
    ".railway.internal",
    ".svc.cluster.local",
    ".internal",
    ".rlwy.net",
    ".database.windows.net",
    ".cache.amazonaws.com",
    ".mongodb.net",
];
/// Parts of member names whose values are secrets.
const SECRET_NAMES: [&str; 14] = [
    "secret",
    "password",
    "passwd",
    "private_key",
    "privatekey",
    "api_key",
    "apikey",
    "signing_key",
    "signingkey",
    "encryption_key",
    "jwt_key",
    "database_url",
    "dsn",
    "connection_string",
];

/// How PEM files of private keys begin (RFC 7468, RFC 5915, OpenSSH).
const PRIVATE_KEYS: [&str; 4] =
    ["-----BEGIN PRIVATE KEY", "-----BEGIN RSA PRIVATE KEY", "-----BEGIN EC PRIVATE KEY", "-----BEGIN OPENSSH PRIVATE KEY"];

/// Health as it is, with a query, and in another representation, and what names the release: none may hold any of it.
pub(super) async fn leaks(cx: Context) -> Checked {
    let ways = [("", None), ("?verbose=true&details=1&debug=1", None), ("", Some("text/html"))];
    let release = cx.target.release.path.as_deref().filter(|path| !declared(&cx).contains(path));
    let release = release.map(|path| Case::new(format!("GET {path}, which names the release"), Probe::get(path)));
    let cases = declared(&cx).into_iter().flat_map(|path| {
        ways.map(|(query, accept)| {
            let probe = Probe::get(format!("{path}{query}"));
            let probe = if let Some(accept) = accept { probe.header("accept", accept) } else { probe };
            Case::new(format!("GET {path}{query}{}", accept.map_or_else(String::new, |accept| format!(" as {accept}"))), probe)
        })
    });
    shared_battery(&cx, "health answers", cases.chain(release).collect(), |_, answer| judged(answer)).await
}

fn judged(answer: &Answer) -> Judgement {
    let text = answer.raw_text();
    match tells(&text, answer.json().as_ref()) {
        Some(what) => Judgement::broken(format!("{}: holds {what}", answer.status)),
        None => match private_address(&text)
            .map(|address| format!("the private address {address}"))
            .or_else(|| runtime(answer.json().as_ref()))
        {
            Some(what) => Judgement::weak(format!("{}: holds {what}", answer.status)),
            None => Judgement::held(format!("{}, nothing of the inside", answer.status)),
        },
    }
}

/// What of the inside a body shows; never the secret itself.
pub(in crate::checks) fn tells(text: &str, json: Option<&Value>) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if has_credentials(&lower) {
        return Some("a connection string with a password".to_owned());
    }
    if PRIVATE_KEYS.iter().any(|begin| text.contains(begin)) {
        return Some("a private key".to_owned());
    }
    if let Some(name) = json.and_then(secret_member) {
        return Some(format!("the member `{name}`, which is a secret by its name"));
    }
    let driver =
        DRIVER_TEXT.iter().find(|needle| lower.contains(**needle)).map(|needle| format!("the text of a driver (`{needle}`)"));
    driver.or_else(|| inner_host(&lower).map(|host| format!("the host name `{host}`")))
}

/// `scheme://user:password@host`.
fn has_credentials(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = text.get(at + 3..).unwrap_or_default();
        let authority = rest.split(['/', '"', ' ', '\'', '\\']).next().unwrap_or_default();
        let user = match authority.rsplit_once('@') {
            Some((user, _)) => user,
            // A beginning of the whole, cut off inside the password.
            None if is_database(text.get(..at).unwrap_or_default()) && authority.ends_with(['.', '…']) => authority,
            None => return false,
        };
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !is_masked(password))
    })
}

/// Whether a text ends in the scheme of a database's connection string.
fn is_database(before: &str) -> bool {
    let schemes =
        ["postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis", "rediss", "amqp", "asyncpg", "psycopg", "psycopg2"];
    schemes.iter().any(|scheme| before.ends_with(scheme))
}

/// The first member with a secret name and a value that could be one. Booleans and `null` only say whether it is set.
fn secret_member(json: &Value) -> Option<String> {
    match json {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let lower = name.to_ascii_lowercase();
            let secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
            let told = value.as_str().is_some_and(|text| !is_masked(text));
            if secret && told { Some(name.clone()) } else { secret_member(value) }
        }),
        Value::Array(items) => items.iter().find_map(secret_member),
        _ => None,
    }
}

/// Members that name the machine or the runtime with its version: no secret, but a help to whoever looks for known flaws.
const OF_THE_MACHINE: [&str; 11] = [
    "python_version",
    "pythonversion",
    "node",
    "memoryusage",
    "node_version",
    "nodeversion",
    "hostname",
    "pid",
    "process_id",
    "platform",
    "kernel",
];

fn runtime(json: Option<&Value>) -> Option<String> {
    if json.is_some_and(|json| json.to_string().contains("sqlite:///")) {
        return Some("the path of the database's file".to_owned());
    }
    if let Some(items) = json.and_then(Value::as_array) {
        return items.iter().find_map(|item| runtime(Some(item)));
    }
    let members = json?.as_object()?;
    if let Some((name, value)) = members.iter().find(|(name, value)| is_versioned(name, value)) {
        return Some(format!("`{name}` {value}, the version of what it is made with"));
    }
    if let Some((name, _)) = members.iter().find(|(_, value)| value.as_str().is_some_and(is_a_file)) {
        return Some(format!("the path of a file in `{name}`"));
    }
    let named = |name: &&String| OF_THE_MACHINE.contains(&name.to_ascii_lowercase().as_str());
    let inner = || members.values().find_map(|value| runtime(Some(value)));
    members.keys().find(named).map(|name| format!("the member `{name}`, which tells of the machine")).or_else(inner)
}

/// What services are made with, as members name it.
const MADE_WITH: [&str; 14] = [
    "python",
    "nodejs",
    "fastapi",
    "starlette",
    "uvicorn",
    "gunicorn",
    "flask",
    "werkzeug",
    "django",
    "express",
    "postgres",
    "postgresql",
    "sqlalchemy",
    "mongodb",
];

/// A version (`3.11.7`) beside the name of a runtime, a framework or a database.
fn is_versioned(name: &str, value: &Value) -> bool {
    let version = |text: &str| {
        let digits = text.trim_start_matches('v');
        digits.contains('.') && digits.split('.').take(2).all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    };
    MADE_WITH.contains(&name.to_ascii_lowercase().as_str()) && value.as_str().is_some_and(version)
}

/// Where programs and their data lie.
const DIRECTORIES: [&str; 9] = ["/home/", "/root/", "/var/", "/app/", "/srv/", "/opt/", "/usr/", "/tmp/", "/data/"];

/// An absolute path of a file with an extension; a route of the service has none.
fn is_a_file(text: &str) -> bool {
    let (_, name) = text.rsplit_once('/').unwrap_or_default();
    DIRECTORIES.iter().any(|directory| text.starts_with(directory)) && name.contains('.') && !text.contains(char::is_whitespace)
}

/// What is said of a secret instead of the secret.
const MASKS: [&str; 16] = [
    "set",
    "unset",
    "configured",
    "missing",
    "ok",
    "up",
    "present",
    "valid",
    "loaded",
    "healthy",
    "available",
    "connected",
    "enabled",
    "redacted",
    "<redacted>",
    "[redacted]",
];

fn is_masked(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.chars().all(|c| matches!(c, '*' | '•' | 'x' | '.')) || MASKS.contains(&text.as_str())
}

pub(in crate::checks) fn inner_host(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
    let mut hosts = words.filter(|word| INNER_HOSTS.iter().any(|end| word.ends_with(end) && word.len() > end.len()));
    hosts.next().map(str::to_owned)
}

/// An address of RFC 1918 or RFC 6598.
fn private_address(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let addresses = words.filter_map(|word| word.parse::<std::net::Ipv4Addr>().ok());
    let shared = |address: &std::net::Ipv4Addr| {
        address.octets().first() == Some(&100) && (address.octets().get(1).copied().unwrap_or(0) & 0xc0) == 64
    };
    addresses.into_iter().find(|address| address.is_private() || shared(address)).map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::url(r#"{"database_host":"x","u":"postgresql://app:pw@db/app"}"#, Some("a connection string with a password"))]
    #[case::variable(r#"{"env":{"JWT_SECRET":"abcdef"}}"#, Some("the member `JWT_SECRET`, which is a secret by its name"))]
    #[case::driver(r#"{"detail":"asyncpg.exceptions.X: y"}"#, Some("the text of a driver (`asyncpg.`)"))]
    #[case::host(
        r#"{"host":"ep-cool-1.eu-central-1.aws.neon.tech"}"#,
        Some("the host name `ep-cool-1.eu-central-1.aws.neon.tech`")
    )]
    #[case::whether_set(r#"{"JWT_SECRET":"configured","api_key":true,"password":"****"}"#, None)]
    #[case::cut_off(r#"{"db":"postgresql://neondb_owner:np..."}"#, Some("a connection string with a password"))]
    #[case::masked(r#"{"db":"postgresql://neondb_owner:***@db/app"}"#, None)]
    #[case::plain(r#"{"status":"ok","database":"connected","docs":"https://example.com/a@b:c"}"#, None)]
    #[case::not_json("OK", None)]
    fn what_belongs_inside_is_found_and_what_does_not_is_left_alone(#[case] body: &str, #[case] what: Option<&str>) {
        let json = serde_json::from_str(body).ok();
        assert_eq!(tells(body, json.as_ref()).as_deref(), what);
    }

    #[rstest]
    #[case::runtime(r#"{"status":"ok","python":"3.11.7"}"#, true)]
    #[case::framework(r#"{"versions":{"express":"v4.21.0"}}"#, true)]
    #[case::file(r#"{"checks":[{"name":"db","path":"/app/data/tasks.db"}]}"#, true)]
    #[case::word(r#"{"postgres":"connected","version":"1.4.0","path":"/app/health"}"#, false)]
    fn what_the_service_is_made_with_is_a_remark(#[case] body: &str, #[case] told: bool) {
        assert_eq!(runtime(serde_json::from_str(body).ok().as_ref()).is_some(), told);
    }

    #[rstest]
    #[case("db at 10.0.3.7:5432", Some("10.0.3.7"))]
    #[case("100.64.1.2", Some("100.64.1.2"))]
    #[case("version 1.2.3 at 8.8.8.8", None)]
    fn private_addresses_are_known(#[case] text: &str, #[case] address: Option<&str>) {
        assert_eq!(private_address(text).as_deref(), address);
    }
}
