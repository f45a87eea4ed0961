//! The suites `secrets` and `procfile` on repositories made for the purpose: each flaw of the table is found by its check and by no
//! other, and a checkout that cannot speak for the release leaves the question open.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use console::checks::Suite;
use console::run::{Events, Run, Verdict};
use console::verify::{self, Inputs, Options};
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use twin::Twin;
use twin::flaws::files::{FLAWS, Files};

/// Verifies `files` as the checkout of a release of this commit.
async fn verify_release(files: &Files, commit: String) -> Run {
    let twin = Twin::start(&[]).await;
    let mut target = twin.target();
    target.declared_secrets = files.secrets.iter().map(|(name, _)| name.clone()).collect();
    let journal = tempfile::tempdir().expect("a temporary directory");
    let suites = vec![Suite::Secrets, Suite::Procfile];
    let options = Options { suites, journal: journal.path().to_owned(), ..Options::default() };
    let inputs = Inputs {
        repository: Some(files.root().to_owned()),
        secrets: files.secrets.clone(),
        commit: Some(commit),
        ..Inputs::default()
    };
    verify::run(Arc::new(target), options, inputs, Events::channel().0, CancellationToken::new()).await.expect("a run")
}

async fn verify_files(files: &Files) -> Run {
    verify_release(files, files.head()).await
}

fn with_verdict(run: &Run, verdicts: &[Verdict]) -> BTreeSet<String> {
    run.checks.iter().filter(|check| verdicts.contains(&check.verdict)).map(|check| check.id.clone()).collect()
}

fn told(run: &Run) -> String {
    let lines: Vec<_> = run.checks.iter().map(|check| format!("  {} {}: {}", check.verdict, check.id, check.summary)).collect();
    format!("\n{}", lines.join("\n"))
}

fn check<'a>(run: &'a Run, id: &str) -> &'a console::run::CheckResult {
    run.checks.iter().find(|check| check.id == id).expect(id)
}

const NOT_GOOD: [Verdict; 3] = [Verdict::Fail, Verdict::Warn, Verdict::Inconclusive];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flaw_of_a_repository_is_found_by_its_check_and_by_no_other() {
    let only = std::env::var("POSTFLIGHT_FLAW").unwrap_or_default();
    for flaw in FLAWS.iter().filter(|flaw| flaw.name.starts_with(&only)) {
        let files = Files::with(Some(flaw.name));
        let run = verify_files(&files).await;
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let failed = with_verdict(&run, &[Verdict::Fail]);
        assert!(owned(flaw.breaks).is_subset(&failed), "{} is not found:{}", flaw.name, told(&run));
        let unexpected = &(&with_verdict(&run, &NOT_GOOD) - &owned(flaw.breaks)) - &owned(flaw.implies);
        assert!(unexpected.is_empty(), "{} is found by {unexpected:?} too:{}", flaw.name, told(&run));
        let document = serde_json::to_string(&run).expect("JSON");
        for secret in ["wV3+nQ8/rT1yLk6Zs0Hd", "vR7mKq2Xz9Lw", "Lm2Vx9Kd4Rt8Wz3Hn6Bp1"] {
            assert!(!document.contains(secret), "{} prints what it found", flaw.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_in_order_passes() {
    let run = verify_files(&Files::with(None)).await;
    assert_eq!(with_verdict(&run, &[Verdict::Pass]).len(), run.checks.len(), "{}", told(&run));
    let values = check(&run, "secrets.values");
    assert_eq!(values.summary, "no declared value in 1 commit and 11 blobs of 1 ref; HEAD is the live release");
}

/// What only Railway does otherwise is a remark where nothing says that the service runs there.
#[rstest]
#[case::no_procfile("procfile.missing", "procfile.web", "the start is left to its guess")]
#[case::a_dockerfile("procfile.dockerfile", "procfile.shadowed", "Railway builds with a root Dockerfile")]
#[case::a_release_process("procfile.release-phase", "procfile.processes", "never runs on Railway")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_habit_of_railways_is_a_remark_elsewhere(#[case] flaw: &str, #[case] id: &str, #[case] words: &str) {
    let files = Files::with(Some(flaw));
    files.remove(".railway/railway.ts");
    let run = verify_files(&files).await;
    assert_eq!(with_verdict(&run, &[Verdict::Fail]), BTreeSet::new(), "{}", told(&run));
    assert_eq!(check(&run, id).verdict, Verdict::Warn, "{}", told(&run));
    assert!(check(&run, id).summary.contains(words), "{}", told(&run));
}

/// A script that npm starts says how the service starts, as well as a Procfile does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_script_is_no_guess() {
    let files = Files::with(Some("procfile.missing"));
    files.write("package.json", r#"{ "scripts": { "start": "node server.js" } }"#);
    files.commit("A script");
    let run = verify_files(&files).await;
    assert_eq!(check(&run, "procfile.web").verdict, Verdict::Warn, "{}", told(&run));
    assert!(check(&run, "procfile.web").summary.contains("package.json"), "{}", told(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dirty_tree_proves_no_absence() {
    let files = Files::with(None);
    files.write("README.md", "# Changed\n\nA line that is long enough.\n");
    let run = verify_files(&files).await;
    assert_eq!(check(&run, "secrets.values").verdict, Verdict::Inconclusive, "{}", told(&run));
    assert!(check(&run, "secrets.values").summary.contains("README.md"), "{}", told(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_release_than_head_proves_no_absence() {
    let files = Files::with(None);
    let deployed = files.head();
    files.commit("Later");
    let run = verify_release(&files, deployed).await;
    assert_eq!(check(&run, "secrets.values").verdict, Verdict::Inconclusive, "{}", told(&run));
    assert!(check(&run, "secrets.values").summary.contains("is live"), "{}", told(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shallow_clone_proves_no_absence_but_what_it_shows_still_fails() {
    for (flaw, verdict) in [(None, Verdict::Inconclusive), (Some("secrets.value-in-tree"), Verdict::Fail)] {
        let files = Files::with(flaw);
        files.commit("Later");
        let clone = tempfile::tempdir().expect("a temporary directory");
        let from = format!("file://{}", files.root().display());
        let to = clone.path().join("clone");
        files.git(&["clone", "--quiet", "--depth=1", &from, to.to_str().expect("UTF-8")]);
        fs::rename(files.root().join(".git"), files.root().join("complete.git")).expect("a rename");
        fs::rename(to.join(".git"), files.root().join(".git")).expect("a rename");
        fs::remove_dir_all(files.root().join("complete.git")).expect("a removal");
        let run = verify_files(&files).await;
        assert_eq!(check(&run, "secrets.values").verdict, verdict, "{}", told(&run));
    }
}

#[rstest]
#[case::accepted("docs/** database.url printed in a tutorial, the database is gone", Verdict::Pass)]
#[case::other_rule("docs/** github.token printed in a tutorial", Verdict::Fail)]
#[case::no_reason("docs/** database.url", Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allowlist_accepts_by_path_rule_and_reason(#[case] line: &str, #[case] verdict: Verdict) {
    let files = Files::with(Some("secrets.database-url"));
    files.write(".postflight-allow", &format!("{line}\n"));
    files.commit("Accept");
    let run = verify_files(&files).await;
    assert_eq!(check(&run, "secrets.patterns").verdict, verdict, "{}", told(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_repository_only_the_values_are_judged() {
    let files = Files::with(None);
    let twin = Twin::start(&[]).await;
    let journal = tempfile::tempdir().expect("a temporary directory");
    let suites = vec![Suite::Secrets, Suite::Procfile];
    let options = Options { suites, journal: journal.path().to_owned(), ..Options::default() };
    let inputs = Inputs { secrets: files.secrets.clone(), ..Inputs::default() };
    let run =
        verify::run(Arc::new(twin.target()), options, inputs, Events::channel().0, CancellationToken::new()).await.expect("a run");
    let passed = with_verdict(&run, &[Verdict::Pass]);
    assert_eq!(
        passed.iter().map(String::as_str).collect::<Vec<_>>(),
        ["secrets.control", "secrets.form", "secrets.reuse", "secrets.strength"]
    );
    assert!(with_verdict(&run, &NOT_GOOD).is_empty(), "{}", told(&run));
}

/// Repositories as other people write them: nothing in them is a flaw.
#[rstest]
#[case::fastapi(&[
    ("Procfile", "web: uvicorn app.main:app --host 0.0.0.0 --port $PORT\n"),
    ("requirements.txt", "fastapi\nuvicorn\n"), (".python-version", "3.13\n"), (".gitignore", ".env\n"),
    ("app/__init__.py", ""), ("app/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
    ("app/settings.py", "class Settings(BaseSettings):\n    JWT_SECRET: str\n    DATABASE_URL: str = ''\n"),
    (".env.example", "JWT_SECRET=change-me\n"),
])]
#[case::express(&[
    ("Procfile", "web: node dist/server.js\n"), (".nvmrc", "24\n"), (".gitignore", ".env*\nnode_modules\n"),
    ("package.json", "{\"scripts\": {\"build\": \"tsc\", \"start\": \"node dist/server.js\"}}\n"),
    ("src/server.ts", "const port = process.env.PORT ?? 3000;\nif (!process.env.JWT_SECRET) throw new Error('JWT_SECRET');\n"),
])]
#[case::flask(&[
    ("Procfile", "web: gunicorn wsgi:app\n"), ("requirements.txt", "flask\ngunicorn\n"), ("wsgi.py", "app = None\n"), (".gitignore", ".env\n"),
])]
#[case::spring(&[
    ("Procfile", "web: java -jar build/libs/app.jar\n"), (".gitignore", ".env\n"),
    ("src/main/resources/application.properties", "server.port=${PORT:8080}\njwt.secret=${JWT_SECRET}\n"),
])]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_repository_never_fails(#[case] tree: &[(&str, &str)]) {
    let files = Files::with(None);
    files.git(&["rm", "--quiet", "-r", "."]);
    for (path, text) in tree {
        files.write(path, text);
    }
    files.commit("Another stack");
    let run = verify_files(&files).await;
    assert!(with_verdict(&run, &[Verdict::Fail, Verdict::Inconclusive]).is_empty(), "{}", told(&run));
}

/// Verifies the checkout in `POSTFLIGHT_CHECKOUT`, and prints what was found and how long it took.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: needs POSTFLIGHT_CHECKOUT"]
async fn measure_a_checkout() {
    let twin = Twin::start(&[]).await;
    let root = std::path::PathBuf::from(std::env::var("POSTFLIGHT_CHECKOUT").expect("POSTFLIGHT_CHECKOUT"));
    let mut target = twin.target();
    target.declared_secrets = vec!["JWT_SECRET".into(), "BETTER_AUTH_SECRET".into(), "DATABASE_URL".into()];
    let options = Options { suites: vec![Suite::Secrets, Suite::Procfile], ..Options::default() };
    let inputs = Inputs { repository: Some(root), secrets: Files::with(None).secrets, ..Inputs::default() };
    let run = verify::run(Arc::new(target), options, inputs, Events::channel().0, CancellationToken::new()).await.expect("a run");
    println!("{} ms{}", run.stats.wall_ms, told(&run));
    for piece in run.checks.iter().flat_map(|check| &check.evidence).filter(|piece| piece.finding != console::run::Finding::Held) {
        println!("{:?} {}: {}", piece.finding, piece.label, piece.observed);
    }
}
