//! Which release answers: what a health answer says of itself, whatever the service calls it.
//!
//! There is no standard for this. The names below are those of Spring Boot's `/actuator/info`, of health libraries for Express and
//! FastAPI, of the platforms' own variables, and of the server that this console was made with. Everything here is self-reported.

use serde_json::Value;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Duration, OffsetDateTime};

use crate::http::{Answer, clean};
use crate::run::ReleaseSeen;
use crate::target::{Place, ReleaseAt};

/// Objects in which services nest what they say of themselves; the answer itself comes first.
const PLACES: [&str; 12] =
    ["", "/release", "/build", "/version", "/git", "/app", "/info", "/service", "/deployment", "/meta", "/data", "/details"];

const COMMIT: [&str; 18] = [
    "commit",
    "commit_sha",
    "commitSha",
    "commit_hash",
    "commitHash",
    "commit_id",
    "git_sha",
    "gitSha",
    "git_commit",
    "gitCommit",
    "git_hash",
    "sha",
    "revision",
    "releaseId",
    "commit.id.full",
    "commit.id",
    "commit.sha",
    "commit.hash",
];
const VERSION: [&str; 7] = ["version", "app_version", "appVersion", "api_version", "release", "releaseId", "tag"];
const DEPLOYMENT: [&str; 7] = ["deployment", "deployment.id", "deployment_id", "deploymentId", "deploy_id", "build_id", "buildId"];
const STARTED: [&str; 9] =
    ["started_at", "startedAt", "start_time", "startTime", "started", "boot_time", "bootTime", "up_since", "upSince"];
const REPLICA: [&str; 8] = ["replica", "replica_id", "replicaId", "instance", "instance_id", "instanceId", "hostname", "pod"];
const ENVIRONMENT: [&str; 5] = ["environment", "env", "stage", "node_env", "profile"];
const SCHEMA: [&str; 10] = [
    "schema",
    "schema_version",
    "schemaVersion",
    "migration",
    "migration_version",
    "migrationVersion",
    "database.schema",
    "database.migration",
    "db.schema",
    "alembic_version",
];
const UPTIME: [&str; 5] = ["uptime", "uptime_seconds", "uptimeSeconds", "uptime_secs", "uptime_s"];

/// Longest value that is taken over; what is longer is no identifier.
const LONGEST: usize = 128;

/// Reads the release out of a health answer. A field that the answer does not have, or has in a form that cannot be one, stays empty.
pub fn release_of(answer: &Answer) -> ReleaseSeen {
    answer.json().map_or_else(ReleaseSeen::default, |body| release_in(&body))
}

/// The same where the target declares places: what is found there counts, and the usual names fill in for places that are not declared.
pub fn release_at(answer: &Answer, at: &ReleaseAt) -> ReleaseSeen {
    let guess = release_of(answer);
    let body = answer.json().unwrap_or_default();
    let field = |place: &Option<Place>, guess: Option<String>, read: fn(&Value) -> Option<String>| match place {
        None => guess,
        Some(Place::Pointer(pointer)) => body.pointer(pointer).and_then(read),
        Some(Place::Header(name)) => answer.headers.text(name).and_then(|value| read(&Value::String(value))),
    };
    ReleaseSeen {
        commit: field(&at.commit, guess.commit, commit),
        version: field(&at.version, guess.version, word),
        deployment: field(&at.deployment, guess.deployment, word),
        started_at: field(&at.started_at, guess.started_at, moment),
        replica: field(&at.replica, guess.replica, word),
        environment: field(&at.environment, guess.environment, word),
    }
}

/// The version of the database's schema that an answer names, at the declared place or under the usual names.
pub fn schema_at(answer: &Answer, at: &ReleaseAt) -> Option<String> {
    let body = answer.json().unwrap_or_default();
    match &at.schema {
        None => first(&body, &SCHEMA, word),
        Some(Place::Pointer(pointer)) => body.pointer(pointer).and_then(word),
        Some(Place::Header(name)) => word(&Value::String(answer.headers.text(name)?)),
    }
}

/// When the process that answered says it started, at the declared place or as [`started_of`] finds it.
pub fn started_at(answer: &Answer, at: &ReleaseAt) -> Option<OffsetDateTime> {
    match &at.started_at {
        None => started_of(answer),
        Some(_) => OffsetDateTime::parse(&release_at(answer, at).started_at?, &Rfc3339).ok(),
    }
}

/// When the process that answered says it started: a start time as it stands, or the answer's own `Date` less the reported uptime in
/// seconds. The latter moves by a second between answers.
pub fn started_of(answer: &Answer) -> Option<OffsetDateTime> {
    let body = answer.json()?;
    if let Some(said) = first(&body, &STARTED, moment) {
        return OffsetDateTime::parse(&said, &Rfc3339).ok();
    }
    let uptime = first(&body, &UPTIME, Value::as_f64).filter(|seconds| (0.0..1e10).contains(seconds))?;
    let date = answer.headers.text("date")?;
    Some(OffsetDateTime::parse(&date, &Rfc2822).ok()? - Duration::seconds_f64(uptime))
}

/// Whether `text` can be a commit of git: 7 to 64 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether two commits are the same, one of them perhaps abbreviated to no less than seven digits.
pub fn same_commit(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    is_commit(&one) && is_commit(&other) && (one.starts_with(&other) || other.starts_with(&one))
}

fn release_in(body: &Value) -> ReleaseSeen {
    let version = first(body, &VERSION, word);
    ReleaseSeen {
        commit: first(body, &COMMIT, commit).or_else(|| version.as_deref().and_then(commit_in_version)),
        version,
        deployment: first(body, &DEPLOYMENT, word),
        started_at: first(body, &STARTED, moment),
        replica: first(body, &REPLICA, word),
        environment: first(body, &ENVIRONMENT, word),
    }
}

/// The first of `names`, in any of the [`PLACES`], whose value `read` accepts. Dots in a name descend.
fn first<T>(body: &Value, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let objects = PLACES.iter().filter_map(|place| body.pointer(place)).filter(|value| value.is_object());
    objects.flat_map(|object| names.iter().filter_map(move |name| descend(object, name))).find_map(read)
}

fn descend<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.').try_fold(object, |value, key| value.get(key))
}

/// A short, non-empty text or number; placeholders that say "not known" are none.
fn word(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let unknown = matches!(text.to_ascii_lowercase().as_str(), "" | "unknown" | "none" | "null" | "n/a" | "undefined");
    (!unknown && text.len() <= LONGEST).then(|| clean(&text))
}

fn commit(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.trim().to_ascii_lowercase()).filter(|text| is_commit(text))
}

/// `1.4.0+3f2a9c1`, `v1.4.0-12-g3f2a9c1` (`git describe`), or the commit itself used as the version.
fn commit_in_version(version: &str) -> Option<String> {
    let last = version.rsplit(['+', '-', '.']).next()?;
    let described = last.strip_prefix('g').filter(|_| version.contains("-g"));
    let candidate = described.unwrap_or(last).to_ascii_lowercase();
    let named = described.is_some() || version.contains('+') || candidate.len() == version.len();
    // A bare number such as 20260102 is a date or a build number, not a commit.
    let lettered = candidate.bytes().any(|byte| byte.is_ascii_alphabetic()) || candidate.len() == 40;
    (named && lettered && is_commit(&candidate)).then_some(candidate)
}

/// A moment as RFC 3339 in UTC; seconds or milliseconds since 1970 are converted.
fn moment(value: &Value) -> Option<String> {
    let at = match value {
        Value::Number(number) => from_epoch(number.as_f64()?)?,
        Value::String(text) => OffsetDateTime::parse(text.trim(), &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&format!("{}Z", text.trim()), &Rfc3339))
            .ok()?,
        _ => return None,
    };
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).ok()
}

fn from_epoch(number: f64) -> Option<OffsetDateTime> {
    let seconds = if number > 1e11 { number / 1e3 } else { number };
    let plausible = (1e9..1e11).contains(&seconds);
    plausible.then(|| OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::flat(json!({"status": "ok", "commit": "3F2A9C1"}), Some("3f2a9c1"))]
    #[case::underscore(json!({"git_sha": "3f2a9c1d00"}), Some("3f2a9c1d00"))]
    #[case::spring(json!({"git": {"branch": "main", "commit": {"id": "3f2a9c1", "time": "2026-11-01T00:00:00Z"}}}), Some("3f2a9c1"))]
    #[case::spring_full(json!({"git": {"commit": {"id": {"abbrev": "3f2a9c1", "full": "3f2a9c1d00"}}}}), Some("3f2a9c1d00"))]
    #[case::health_json(json!({"status": "pass", "version": "1", "releaseId": "3f2a9c1"}), Some("3f2a9c1"))]
    #[case::nested_in_build(json!({"build": {"sha": "3f2a9c1"}}), Some("3f2a9c1"))]
    #[case::version_object(json!({"version": {"commit": "3f2a9c1", "version": "1.0"}}), Some("3f2a9c1"))]
    #[case::build_metadata(json!({"version": "1.4.0+3f2a9c1"}), Some("3f2a9c1"))]
    #[case::git_describe(json!({"version": "v1.4.0-12-g3f2a9c1"}), Some("3f2a9c1"))]
    #[case::plain_version(json!({"version": "1.4.0"}), None)]
    #[case::calendar_version(json!({"version": "20260102"}), None)]
    #[case::unknown(json!({"commit": "unknown"}), None)]
    #[case::an_id_is_no_commit(json!({"id": "3f2a9c1", "service": {"id": "3f2a9c1"}}), None)]
    #[case::not_an_object(json!("ok"), None)]
    fn a_commit_is_found_under_the_names_that_services_give_it(#[case] body: Value, #[case] commit: Option<&str>) {
        assert_eq!(release_in(&body).commit.as_deref(), commit);
    }

    #[rstest]
    #[case::rfc3339(json!({"started_at": "2026-11-23T10:00:00+01:00"}), Some("2026-11-23T09:00:00Z"))]
    #[case::python_without_offset(json!({"startedAt": "2026-11-23T10:00:00.5"}), Some("2026-11-23T10:00:00.5Z"))]
    #[case::seconds(json!({"start_time": 1_795_428_000}), Some("2026-11-23T10:00:00Z"))]
    #[case::milliseconds(json!({"boot_time": 1_795_428_000_000_i64}), Some("2026-11-23T10:00:00Z"))]
    #[case::words(json!({"started_at": "yesterday"}), None)]
    #[case::small_number(json!({"started": 12}), None)]
    fn a_start_time_is_read_in_the_usual_forms(#[case] body: Value, #[case] started: Option<&str>) {
        assert_eq!(release_in(&body).started_at.as_deref(), started);
    }

    #[test]
    fn hostile_and_endless_values_do_not_get_through() {
        let seen = release_in(&json!({"version": "1\u{1b}[31m", "replica": "x".repeat(500), "environment": ["production"]}));
        assert_eq!(seen, ReleaseSeen { version: Some("1\\u{1b}[31m".into()), ..ReleaseSeen::default() });
    }

    #[rstest]
    #[case("3f2a9c1", "3f2a9c1d00aa", true)]
    #[case("3F2A9C1D00AA", "3f2a9c1", true)]
    #[case("3f2a9c1", "3f2a9c2", false)]
    #[case("3f2a", "3f2a9c1", false)]
    #[case("", "3f2a9c1", false)]
    fn commits_are_the_same_by_a_prefix_of_seven_digits(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
        assert_eq!(same_commit(one, other), same);
    }
}
