//! The report in a real browser: nothing in it is live, everything in it can be read.
//!
//! Needs `node`, `npm` and Chromium (`.ci/setup` installs them); what is missing fails the test and says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

mod report_support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use console::audit::{Audit, html};
use report_support as sample;
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chromium");

/// What Chromium makes of a page.
fn look(page: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("audit.html");
    fs::write(&file, page).unwrap();
    let mut node = Command::new("node");
    node.arg(installed_driver().join("look.mjs")).arg(chromium()).arg(file);
    serde_json::from_str(&run(&mut node)).unwrap()
}

fn chromium() -> PathBuf {
    let named = env::var_os("POSTFLIGHT_CHROMIUM").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let binaries = ["chromium", "chromium-browser", "google-chrome"];
    let mut found = env::split_paths(&path).flat_map(|dir| binaries.map(|binary| dir.join(binary)));
    let missing = "Chromium is missing: run .ci/setup, or name its binary in POSTFLIGHT_CHROMIUM";
    named.or_else(|| found.find(|file| file.is_file())).expect(missing)
}

/// The driver with its packages, installed once for each state of its lock file.
fn installed_driver() -> PathBuf {
    let files = ["package.json", "package-lock.json", ".npmrc", "look.mjs"];
    let mut digest = Sha256::new();
    for file in files {
        digest.update(fs::read(Path::new(DRIVER).join(file)).unwrap());
    }
    let digest = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let home = cache().join(format!("chromium-driver-{digest}"));
    if home.join("node_modules").is_dir() {
        return home;
    }
    fs::create_dir_all(cache()).unwrap();
    let fresh = tempfile::tempdir_in(cache()).unwrap();
    for file in files {
        fs::copy(Path::new(DRIVER).join(file), fresh.path().join(file)).unwrap();
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(fresh.path()));
    // Another test may have been quicker; its copy is as good.
    let _ = fs::rename(fresh.path(), &home);
    home
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").expect("HOME is not set")).join(".cache");
    env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("postflight")
}

fn run(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {} ({error}); run .ci/setup", command.get_program().display()));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn nothing() -> Value {
    Value::Array(Vec::new())
}

#[rstest]
#[case::plain(sample::audit())]
#[case::hostile(sample::hostile_audit())]
fn a_browser_finds_nothing_live_and_everything_readable(#[case] audit: Audit) {
    let seen = look(&html(&audit).unwrap());
    nothing_is_live(&seen);
    everything_is_there(&seen, &audit);
    it_looks_right(&seen);
    it_works_without_scripts_and_on_paper(&seen, &audit);
}

/// The control: a browser that finds nothing wrong proves something only if it would have.
#[test]
fn a_spoiled_report_is_seen_to_be_spoiled() {
    let page = html(&sample::audit()).unwrap();
    let (before, rest) = page.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let (_, after) = rest.split_once('>').unwrap();
    let spoils = [
        (
            "<p class=\"kicker\">",
            "<p class=\"kicker\" style=\"width: 900px\"><img src=x onerror=\"alert(1);window.pwned=1\"><a href=\"#nowhere\">x</a><a href=\"javascript:0\">y</a>",
        ),
        ("--soft: #", "--soft: #aaaaaa; --unused: #"),
        ("details::details-content { content-visibility: visible", "details::details-content { content-visibility: hidden"),
        ("id=\"attention\"", "id=\"unjudged\""),
    ];
    let spoiled = spoils.iter().fold(format!("{before}{after}"), |page, (good, bad)| {
        assert!(page.contains(good), "{good} is missing");
        page.replace(good, bad)
    });
    let seen = look(&spoiled);
    let mut lists = vec!["/noise/requests", "/noise/console", "/noise/dialogs", "/structure/live", "/structure/strangeLinks"];
    lists.extend([
        "/structure/deadLinks",
        "/structure/doubleIds",
        "/looks/light at 390/contrast/weak",
        "/looks/light at 390/overflow/wide",
    ]);
    lists.push("/print/closed");
    for list in lists {
        assert!(seen.pointer(list).is_some_and(|found| !found.as_array().unwrap().is_empty()), "{list}: {:?}", seen.pointer(list));
    }
}

fn nothing_is_live(seen: &Value) {
    for list in ["/noise/requests", "/noise/console", "/noise/dialogs", "/structure/live", "/structure/strangeLinks"] {
        assert_eq!(seen.pointer(list), Some(&nothing()), "{list}");
    }
    assert_eq!(seen["structure"]["stylesheets"], 1);
}

fn everything_is_there(seen: &Value, audit: &Audit) {
    let structure = &seen["structure"];
    assert_eq!((&structure["deadLinks"], &structure["doubleIds"]), (&nothing(), &nothing()));
    assert!(structure["inPageLinks"].as_u64().unwrap() > 50);
    assert_eq!(structure["checks"], audit.run.checks.len());
    let decisions: Vec<_> = audit.decisions.adrs.iter().map(|adr| Value::from(adr.id.anchor())).collect();
    assert!(!decisions.is_empty());
    assert_eq!(structure["decisions"], Value::from(decisions));
}

fn it_looks_right(seen: &Value) {
    for (look, found) in seen["looks"].as_object().unwrap() {
        assert_eq!(found["contrast"]["weak"], nothing(), "{look}");
        assert!(found["contrast"]["texts"].as_u64().unwrap() > 500, "{look}: {}", found["contrast"]);
        assert_eq!((&found["overflow"]["page"], &found["overflow"]["wide"]), (&Value::from(0), &nothing()), "{look}");
    }
}

fn it_works_without_scripts_and_on_paper(seen: &Value, audit: &Audit) {
    let bare = &seen["withoutScripts"];
    assert_eq!(bare["opens"], true, "a click opens a check");
    let text = bare["text"].as_str().unwrap();
    for word in ["FAIL", "INCONCLUSIVE", "WARN", "SKIP", "PASS", "SC-003", "How to read this"] {
        assert!(text.contains(word), "{word} cannot be read without scripts");
    }
    assert!(audit.decisions.adrs.iter().all(|adr| text.contains(&adr.title)));
    assert!(seen["anchors"]["height"].as_f64().unwrap() > 20.0, "a link to a closed check shows it: {}", seen["anchors"]);
    assert_eq!(seen["print"]["closed"], nothing());
    assert!(seen["print"]["pages"].as_u64().unwrap() > 3, "{}", seen["print"]);
    assert!(seen["print"]["fonts"].as_u64().unwrap() > 0, "{}", seen["print"]);
}
