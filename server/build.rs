//! Embeds the commit that is built, so that `/health` can name it where the platform does not say at run time. Without git and
//! without the variable nothing is embedded, and `/health` says `null`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-env-changed=RAILWAY_GIT_COMMIT_SHA");
    // The reflog changes with every commit; a path that does not exist would rebuild always.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
    let platform = std::env::var("RAILWAY_GIT_COMMIT_SHA").ok().filter(|sha| !sha.is_empty());
    if let Some(commit) = platform.or_else(|| git(&["rev-parse", "HEAD"])) {
        println!("cargo:rustc-env=POSTFLIGHT_COMMIT={commit}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
