//! The release job of the documentation: its commands run as they stand there, on a release that is secure, on one that is not, and on
//! one that never lands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in a test, what cannot go on fails it")]

mod twin;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use console::checks::Forge;
use console::target::Tokens;
use time::OffsetDateTime;
use twin::Twin;

/// A step of the job that runs a command.
#[derive(Debug)]
struct Step {
    name: String,
    condition: String,
    run: String,
}

/// The steps of the only YAML block of the document that have a `run`, read as far as such a block goes.
fn steps() -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/release-job.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, block) = text.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let (_, steps) = block.split_once("    steps:\n").unwrap();
    steps.split("\n      - ").filter_map(step).collect()
}

fn step(text: &str) -> Option<Step> {
    let value =
        |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))).unwrap_or_default().to_owned();
    let run = value("run");
    let folded = || {
        text.split_once("run: |\n")
            .map(|(_, script)| script.lines().map(|line| line.get(10..).unwrap_or_default()).collect::<Vec<_>>().join("\n"))
    };
    let run = if run == "|" { folded()? } else { run };
    (!run.is_empty()).then(|| Step { name: value("name"), condition: value("if"), run })
}

/// A machine that runs the job: a folder with the configuration, programs in the place of `cargo` and `gh`, and the console.
struct Machine {
    folder: tempfile::TempDir,
    environment: BTreeMap<&'static str, String>,
}

impl Machine {
    fn new(twin: &Twin, commit: &str) -> Self {
        let folder = twin::in_memory();
        let root = folder.path();
        std::fs::create_dir_all(root.join("history/audits")).unwrap();
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::write(root.join("postflight.toml"), configuration(twin)).unwrap();
        // The console under test is built already, and there is no GitHub here: both are told what the real ones would be.
        for name in ["cargo", "gh"] {
            program(&root.join("bin").join(name), &format!("#!/bin/sh\necho \"{name} $*\" >> \"{}/called\"\n", root.display()));
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_console"), root.join("bin/console")).unwrap();
        let [a, b] = tokens(twin);
        let environment = BTreeMap::from([
            ("PATH", format!("{}:/usr/bin:/bin", root.join("bin").display())),
            ("HOME", root.display().to_string()),
            ("GITHUB_SHA", commit.to_owned()),
            ("GITHUB_REPOSITORY", "owner/tasks".to_owned()),
            ("GITHUB_STEP_SUMMARY", root.join("summary.md").display().to_string()),
            ("POSTFLIGHT_TOKEN_A", a),
            ("POSTFLIGHT_TOKEN_B", b),
        ]);
        Self { folder, environment }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    /// Runs a command as the runner does.
    fn run(&self, step: &Step) -> Output {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step.run]);
        command.env_clear().envs(&self.environment).current_dir(self.folder.path()).output().unwrap()
    }

    /// Whether a step runs, after those before it came out well or not.
    fn wants(&self, step: &Step, failed: bool) -> bool {
        let always = step.condition.starts_with("always()");
        let file = step.condition.split_once("hashFiles('").and_then(|(_, rest)| rest.split_once("') != ''"));
        (always || !failed) && file.is_none_or(|(file, _)| self.path(file).exists())
    }

    /// The whole job: exit code and standard output of each step that ran.
    fn job(&self) -> BTreeMap<String, (Option<i32>, String)> {
        let mut failed = false;
        let mut done = BTreeMap::new();
        for mut step in steps() {
            // Nobody waits five minutes for a release that is not to come.
            step.run = step.run.replace("--timeout 5m", "--timeout 2s");
            if self.wants(&step, failed) {
                let output = self.run(&step);
                failed |= !output.status.success();
                let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                done.insert(step.name, (output.status.code(), said));
            }
        }
        done
    }
}

fn program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn tokens(twin: &Twin) -> [String; 2] {
    let Tokens::Mint(mint) = twin.target().tokens else { panic!("the twin's tokens are minted") };
    let forge = Forge::new((*mint).clone());
    ["job-a", "job-b"].map(|subject| forge.good(subject, OffsetDateTime::now_utc()))
}

fn configuration(twin: &Twin) -> String {
    format!(
        "[targets.production]\nurl = \"{}\"\norigins = {:?}\napp_header = \"x-request-id\"\n\
         [targets.production.tokens]\na = \"POSTFLIGHT_TOKEN_A\"\nb = \"POSTFLIGHT_TOKEN_B\"\n\
         [targets.production.paths]\ntoggle = \"/api/tasks/{{id}}/complete\"\nhealth = \"/health\"\nlive = \"/livez\"\n\
         [targets.production.policy]\nrequest_headers = [\"authorization\", \"content-type\", \"if-match\", \"if-none-match\"]\n",
        twin.base(),
        twin::ORIGINS
    )
}

/// Runs the whole job beside the twin.
async fn job(flaws: &[&str], commit: &str) -> (Machine, BTreeMap<String, (Option<i32>, String)>) {
    let twin = Twin::start(flaws).await;
    let machine = Machine::new(&twin, commit);
    tokio::task::spawn_blocking(move || {
        let done = machine.job();
        (machine, done)
    })
    .await
    .unwrap()
}

const VERIFY: &str = "Verify this release";
const COMMENT: &str = "Comment on the commit";

#[test]
fn the_document_has_the_steps_that_this_test_knows() {
    let names: Vec<_> = steps().into_iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        ["Build the console", "Say what will be sent and made", VERIFY, "Remove what an interrupted run left", COMMENT]
    );
    let build = steps().into_iter().next().unwrap().run;
    let (_, path) = build.split_once("--path ").unwrap();
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).join("Cargo.toml").exists(), "{build}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secure_release_goes_through_and_everybody_gets_the_result() {
    let (machine, done) = job(&[], twin::COMMIT).await;
    for (name, (code, said)) in &done {
        assert_eq!(*code, Some(0), "{name}: {said}");
    }
    assert_eq!(done.len(), steps().len());
    let (_, said) = &done[VERIFY];
    assert!(
        said.contains("::group::Postflight") && !said.contains("::error") && said.contains("waiting for the release: up"),
        "{said}"
    );
    for page in ["summary.md", "out/comment.md"] {
        assert!(machine.read(page).starts_with("## ✔ PASS: production"), "{page}");
    }
    let called = machine.read("called");
    assert!(called.contains("cargo install") && called.contains("gh api repos/owner/tasks/commits/"), "{called}");
    for file in ["out/audit.html", "out/audit.json", "out/audit.junit.xml", "out/audit.sarif"] {
        assert!(!machine.read(file).is_empty(), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flawed_release_fails_the_job_and_the_result_is_handed_on_all_the_same() {
    let (machine, done) = job(&["cors.reflects-any"], twin::COMMIT).await;
    let (code, said) = &done[VERIFY];
    assert_eq!(*code, Some(1), "{said}");
    assert!(said.contains("::error title=FAIL [") && said.contains("cors.origin.null"), "{said}");
    assert_eq!(done[COMMENT].0, Some(0));
    assert!(machine.read("out/comment.md").starts_with("## ✘ FAIL: production"));
    assert!(machine.read("out/audit.sarif").contains("\"ruleId\": \"cors.origin.null\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_does_not_land_could_not_be_judged() {
    let (machine, done) = job(&[], "0000000aaaaaaabbbbbbbcccccccdddddddeeeee").await;
    let (code, said) = &done[VERIFY];
    assert_eq!(*code, Some(3), "{said}");
    assert!(said.contains("still answers instead of"), "{said}");
    assert!(!done.contains_key(COMMENT) && !machine.path("out").exists());
}
