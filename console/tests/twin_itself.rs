//! The hardened twin does what a secure tasks API does: what every verdict about a flaw is measured against.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod twin;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use console::checks::{Forge, Suite};
use console::target::{Target, Tokens};
use serde_json::{Value, json};
use time::OffsetDateTime;
use twin::{Twin, flaws};

struct Caller {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Caller {
    fn of(twin: &Twin, subject: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = forge(&twin.target()).good(subject, OffsetDateTime::now_utc());
        Self { http: reqwest::Client::builder().no_proxy().build().unwrap(), base: twin.base().to_owned(), token }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value, reqwest::header::HeaderMap) {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null), headers)
    }
}

fn forge(target: &Target) -> Forge {
    let Tokens::Mint(mint) = &target.tokens else { panic!("the twin's tokens are minted") };
    Forge::new((**mint).clone())
}

#[tokio::test]
async fn an_owner_creates_reads_changes_lists_and_deletes_and_nobody_else_sees_it() {
    let twin = Twin::start(&[]).await;
    let (a, b) = (Caller::of(&twin, "a"), Caller::of(&twin, "b"));
    let (status, task, headers) = a.send("POST", "/api/tasks", &[], Some(json!({ "title": "one" }))).await;
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::CREATED, &*path));

    assert_eq!(a.send("GET", &path, &[], None).await.1, task);
    assert_eq!(b.send("GET", &path, &[], None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(b.send("PATCH", &path, &[], Some(json!({ "title": "mine" }))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(b.send("DELETE", &path, &[], None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(b.send("GET", "/api/tasks", &[], None).await.1, json!({ "items": [], "next_cursor": null }));

    let stale = a.send("PUT", &path, &[("if-match", "\"v9\"")], Some(json!({ "title": "two" }))).await;
    assert_eq!(stale.0, StatusCode::PRECONDITION_FAILED);
    let (_, changed, headers) = a.send("PATCH", &path, &[("if-match", "\"v1\"")], Some(json!({ "title": "two" }))).await;
    assert_eq!((&changed["title"], &changed["version"], &headers["etag"]), (&json!("two"), &json!(2), &"\"v2\"".parse().unwrap()));
    assert_eq!(a.send("PATCH", &format!("{path}/complete"), &[], None).await.1["completed"], json!(true));
    assert_eq!(a.send("PATCH", &path, &[], Some(json!({ "owner": "b" }))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(a.send("GET", "/api/tasks?limit=1", &[], None).await.1["items"][0]["id"], task["id"]);
    assert_eq!(a.send("DELETE", &path, &[], None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(a.send("GET", &path, &[], None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(twin.house().store.len(), 0);
}

/// Every text in quotes that reads like the name of a flaw, with the file it stands in.
fn quoted_names(directory: &Path, found: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            quoted_names(&entry, found);
            continue;
        }
        let source = std::fs::read_to_string(&entry).unwrap();
        let quoted =
            source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| line.split('"').skip(1).step_by(2));
        let names = quoted.filter(|text| {
            let suite = text.split_once('.').and_then(|(suite, words)| (!words.is_empty()).then_some(suite));
            suite.is_some_and(|suite| Suite::named(suite).is_some())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
        });
        found.extend(names.map(|name| (name.to_owned(), entry.clone())));
    }
}

#[test]
fn every_switch_that_is_asked_for_is_declared_and_every_declared_one_acts_somewhere() {
    let mut found = Vec::new();
    quoted_names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twin"), &mut found);
    let acting: BTreeSet<_> =
        found.iter().filter(|(_, file)| !file.parent().unwrap().ends_with("flaws")).map(|(name, _)| &**name).collect();
    let declared: BTreeSet<_> = flaws::live().map(|flaw| flaw.name).collect();
    let in_a_table = |name: &&str| declared.iter().any(|known| known == name || (name.ends_with('-') && known.starts_with(name)));
    assert_eq!(acting.iter().filter(|name| !in_a_table(name)).collect::<Vec<_>>(), Vec::<&&str>::new(), "asked for, in no table");
    assert_eq!(declared.difference(&acting).collect::<Vec<_>>(), Vec::<&&str>::new(), "declared, but nothing acts on it");
}

#[tokio::test]
async fn only_an_allowed_origin_gets_in_and_only_a_good_token_does() {
    let twin = Twin::start(&[]).await;
    let mut a = Caller::of(&twin, "a");
    let (status, _, headers) = a.send("GET", "/api/tasks", &[("origin", twin::ORIGINS[0])], None).await;
    assert_eq!((status, &headers["access-control-allow-origin"]), (StatusCode::OK, &twin::ORIGINS[0].parse().unwrap()));
    let (status, _, headers) = a.send("GET", "/api/tasks", &[("origin", "https://evil.example")], None).await;
    assert_eq!((status, headers.get("access-control-allow-origin")), (StatusCode::FORBIDDEN, None));
    a.token.truncate(a.token.len() - 4);
    let (status, _, headers) = a.send("GET", "/api/tasks", &[], None).await;
    assert_eq!((status, &headers["www-authenticate"]), (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap()));
}
