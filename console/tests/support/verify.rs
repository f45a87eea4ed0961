//! `console verify`, run as an operator runs it: the real binary, in a directory that holds nothing but `postflight.toml`.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A verification of the target `it` that `description` (a whole `postflight.toml`) describes, whose signing key is `secret`.
pub(crate) fn verify(description: &str, secret: &str, suites: &str, more: &[&str]) -> Result<(Output, Value)> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("postflight.toml"), description)?;
    let output = Command::new(env!("CARGO_BIN_EXE_console"))
        .args(["verify", "it", "--format", "json", "--suite", suites])
        .arg("--journal")
        .arg(directory.path().join("journal"))
        .args(more)
        .current_dir(directory.path())
        .env("JWT_SECRET", secret)
        .output()?;
    let document = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no document; standard error: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((output, document))
}

/// Id and summary of every check with this verdict.
pub(crate) fn with_verdict(document: &Value, verdict: &str) -> Vec<(String, String)> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = document["checks"].as_array().into_iter().flatten();
    let of = checks.filter(|check| check["verdict"] == verdict);
    of.map(|check| (text(check, "id"), text(check, "summary"))).collect()
}

/// Whatever the run made is gone again, and it made something.
pub(crate) fn nothing_left(document: &Value) -> Result<()> {
    let cleanup = &document["cleanup"];
    ensure!(cleanup["created"].as_u64() > Some(0), "nothing was created: {cleanup}");
    ensure!(cleanup["created"] == cleanup["deleted"] && cleanup["left"] == serde_json::json!([]), "left behind: {cleanup}");
    Ok(())
}
