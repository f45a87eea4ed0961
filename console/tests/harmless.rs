//! What a run leaves behind: nothing, however it ends. What it tells is looked over in `unsaid.rs`.
//!
//! The real binary against the hardened twin, killed, interrupted, cut off, and looked over afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

mod operator;
mod twin;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use operator::{ACCOUNTS, console, described, described_with, finished, signalled, text_of};
use rand::{RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use twin::Twin;
use twin::store::Task;
use twin::verifier::Subject;

/// Runs that are killed on each twin.
const KILLS: usize = 25;

/// What may follow a killed run.
#[derive(Clone, Copy, Debug)]
enum Follower {
    /// Another run on the same machine.
    Run,
    /// `console cleanup` on the same machine.
    Cleanup,
    /// `console cleanup` on a machine that has neither the journal nor the home directory.
    CleanupElsewhere,
}

impl Follower {
    fn command(self, here: &Path, elsewhere: &Path) -> Command {
        match self {
            Self::Run => console(here, &["verify", "twin", "--suite", "health", "--format", "json"]),
            Self::Cleanup => console(here, &["cleanup", "twin"]),
            Self::CleanupElsewhere => {
                let mut command = console(elsewhere, &["cleanup", "twin"]);
                command.env("HOME", elsewhere).env_remove("XDG_STATE_HOME");
                command
            }
        }
    }
}

/// Objects of both users that look like a run's and are nobody's: none may be touched.
fn bystanders(twin: &Twin) -> Vec<Task> {
    let v4 = uuid::Uuid::new_v4().simple();
    let v7 = uuid::Uuid::now_v7().simple();
    let titles = [
        "buy milk".to_owned(),
        "postflight".to_owned(),
        "read the postflight-report again".to_owned(),
        format!("postflight-{v4}-60-a0001"),
        format!("postflight-{v7}"),
        format!("preflight-{v7}-60-a0001"),
        format!("postflight-{}-60-a0001", v7.to_string().to_uppercase()),
    ];
    let of = |owner: &str| titles.clone().map(|title| Task::new(Subject(owner.to_owned()), title));
    let all: Vec<_> = ["postflight-user-a", "postflight-user-b", "somebody-else"].into_iter().flat_map(of).collect();
    all.iter().cloned().for_each(|task| twin.house().store.insert(task));
    all
}

/// Kills a run at each moment, lets the follower clear up, and says which moments left something and how many hit objects at all.
async fn killed(twin: &Twin, seed: u64, suites: &str) -> (usize, Vec<String>) {
    let (here, elsewhere) = (described(twin), described(twin));
    let arguments = ["verify", "twin", "--suite", suites, "--rate", "500"];
    let begun = Instant::now();
    finished(console(here.path(), &arguments)).await;
    let length = begun.elapsed().as_secs_f64();
    let guests = twin.house().store.len();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let (mut hits, mut failures) = (0, Vec::new());
    for kill in 0..KILLS {
        let moment = Duration::from_secs_f64(random.random_range(0.0..length));
        signalled(console(here.path(), &arguments), Signal::SIGKILL, moment).await;
        hits += usize::from(twin.house().store.len() > guests);
        let follower = [Follower::Run, Follower::Cleanup, Follower::CleanupElsewhere][kill % 3];
        let output = finished(follower.command(here.path(), elsewhere.path())).await;
        let left = twin.house().store.len() - guests;
        if left > 0 {
            failures.push(format!("{left} left by a kill after {moment:?} and {follower:?}: {}", text_of(&output)));
        }
    }
    (hits, failures)
}

#[rstest::rstest]
#[case::objects(1, "isolation,cors", &[])]
#[case::odd_objects(2, "isolation,cors", &["isolation.assign-owner", "isolation.assign-id", "cors.plain-write", "cors.form-write", "cors.untyped-write"])]
#[case::other_suites(3, "jwt,robustness,headers,health,docs", &["jwt.create-unguarded", "robustness.body-unlimited"])]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_killed_at_any_moment_leaves_nothing_that_the_next_command_does_not_remove(
    #[case] seed: u64,
    #[case] suites: &str,
    #[case] flaws: &[&str],
) {
    let twin = Twin::start(flaws).await;
    let guests = bystanders(&twin);
    let (hits, failures) = killed(&twin, 20_260 + seed, suites).await;
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(hits > KILLS / 4, "only {hits} of {KILLS} kills hit a run that had made something");
    let after: Vec<_> = guests.iter().map(|task| twin.house().store.any(task.id)).collect();
    assert_eq!(after, guests.into_iter().map(Some).collect::<Vec<_>>(), "a bystander was touched");
}

/// What a journal names and nothing has any more is not deleted blindly: a database that gives numbers out again may have given this one to
/// somebody in that moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_gone_already_is_not_deleted_again() {
    let twin = Twin::start(&[]).await;
    let directory = described(&twin);
    let (run, gone) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let marker = format!("postflight-{}-60-a0001", run.simple());
    let journal = format!(
        "{{\"entry\":\"run\",\"run\":\"{run}\",\"target\":\"{}\"}}\n\
         {{\"entry\":\"announced\",\"user\":\"A\",\"subject\":\"postflight-user-a\",\"marker\":\"{marker}\"}}\n\
         {{\"entry\":\"created\",\"marker\":\"{marker}\",\"id\":\"{gone}\"}}\n",
        twin.base()
    );
    let file = written(directory.path(), run, &journal);
    let output = finished(console(directory.path(), &["cleanup", "twin"])).await;
    assert!(output.status.success(), "{}", text_of(&output));
    let asked = twin.house().methods();
    assert!(asked.contains("GET") && !asked.contains("DELETE"), "{asked:?}");
    assert!(!file.exists(), "the journal was not settled");
}

/// Accounts whose password the operator set are found again and deleted, also where the killed run had changed it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_killed_among_accounts_leaves_none_that_the_next_command_does_not_remove() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, ACCOUNTS);
    let arguments = ["verify", "twin", "--suite", "jwt", "--rate", "200"];
    let mut random = rand::rngs::StdRng::seed_from_u64(20_263);
    let mut hits = 0;
    for _ in 0..KILLS / 3 {
        let moment = Duration::from_secs_f64(random.random_range(0.2..2.5));
        signalled(console(directory.path(), &arguments), Signal::SIGKILL, moment).await;
        hits += usize::from(twin.house().people() > 0);
        let output = finished(Follower::Cleanup.command(directory.path(), directory.path())).await;
        assert_eq!(twin.house().people(), 0, "a kill after {moment:?}: {}", text_of(&output));
    }
    assert!(hits > 2, "only {hits} kills hit a run that had an account");
}

/// Leaves the journal of a run behind that was killed when it had signed these accounts up, or was about to.
fn journaled(directory: &Path, twin: &Twin, accounts: &[&str]) -> std::path::PathBuf {
    let run = uuid::Uuid::now_v7();
    let first = serde_json::json!({ "entry": "run", "run": run, "target": twin.base() });
    let accounts = accounts.iter().map(|name| serde_json::json!({ "entry": "account", "user": "C", "name": name }));
    let lines = std::iter::once(first).chain(accounts).map(|line| format!("{line}\n"));
    written(directory, run, &lines.collect::<String>())
}

fn written(directory: &Path, run: uuid::Uuid, journal: &str) -> std::path::PathBuf {
    let file = directory.join("journal").join(format!("{}.jsonl", run.simple()));
    std::fs::create_dir(directory.join("journal")).unwrap();
    std::fs::write(&file, journal).unwrap();
    file
}

/// The answer to a sign-up under this name.
async fn signed_up(twin: &Twin, name: &str) -> String {
    let body = serde_json::json!({ "username": name, "password": operator::PASSWORD }).to_string();
    let host = twin.base().trim_start_matches("http://").trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST /auth/signup HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A sign-up that a killed run had sent may be carried out when clean-up has already looked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_comes_after_clean_up_began_is_removed_as_well() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, ACCOUNTS);
    let file = journaled(directory.path(), &twin, &["postflight-c-latecomer"]);
    let late = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        signed_up(&twin, "postflight-c-latecomer").await
    };
    let (output, made) = tokio::join!(finished(console(directory.path(), &["cleanup", "twin"])), late);
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    assert_eq!(twin.house().people(), 0, "{}", text_of(&output));
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    assert!(!file.exists(), "the journal was not settled");
}

/// An account that lets nobody in is named, whatever else was found beside it: nobody knows whether it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_lets_nobody_in_is_named_beside_those_that_were_removed() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, ACCOUNTS);
    let names = ["postflight-c-here", "postflight-c-nowhere"];
    let file = journaled(directory.path(), &twin, &names);
    let earlier = std::time::SystemTime::now() - Duration::from_mins(1);
    std::fs::File::options().append(true).open(&file).unwrap().set_modified(earlier).unwrap();
    signed_up(&twin, names[0]).await;
    let output = finished(console(directory.path(), &["cleanup", "twin"])).await;
    let text = text_of(&output);
    assert!(
        text.contains("1 removed") && text.contains("left: account postflight-c-nowhere (signing in to it is refused"),
        "{text}"
    );
    assert!(!text.contains(names[0]), "{text}");
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert_eq!(twin.house().people(), 0);
}

/// An account that was made is told also where its token is not where the target says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_a_token_is_told_as_left_behind() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, &ACCOUNTS.replace("token = \"/access_token\"", "token = \"/nowhere\""));
    let text = text_of(&finished(console(directory.path(), &["verify", "twin", "--suite", "jwt"])).await);
    let told = text.matches("it was signed up, and nothing brings a token for it").count();
    assert!(twin.house().people() > 0 && told > 0, "{} accounts: {text}", twin.house().people());
    assert!(text.contains(&format!("{} left behind", twin.house().people())), "{} accounts: {text}", twin.house().people());
}

/// Where each run signs up users of its own, what a killed one left is nobody's: it is told, and not again by each later run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_remove_any_more_is_told_once() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, &ACCOUNTS.replace("password = \"TWIN_PASSWORD\"\n", ""));
    let run = uuid::Uuid::now_v7();
    let lines = [
        serde_json::json!({ "entry": "run", "run": run, "target": twin.base() }),
        serde_json::json!({ "entry": "account", "user": "A", "name": "postflight-a-locked" }),
        serde_json::json!({ "entry": "announced", "user": "A", "subject": "7", "marker": format!("postflight-{}-60-a0001", run.simple()) }),
    ];
    let file = written(directory.path(), run, &lines.map(|line| format!("{line}\n")).concat());
    let output = finished(console(directory.path(), &["cleanup", "twin"])).await;
    let text = text_of(&output);
    assert_eq!(text.matches("account postflight-a-locked (its password was known to that run alone").count(), 1, "{text}");
    assert_eq!(text.matches("made as 7 (their owner's password").count(), 1, "{text}");
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(!file.exists(), "the journal was kept");
    let again = finished(console(directory.path(), &["cleanup", "twin"])).await;
    assert_eq!(again.status.code(), Some(0), "{}", text_of(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_deletes_what_it_made_and_passes_nothing() {
    let twin = Twin::start(&[]).await;
    let directory = described(&twin);
    let run = console(directory.path(), &["verify", "twin", "--rate", "200"]);
    let output = signalled(run, Signal::SIGINT, Duration::from_millis(1_500)).await;
    assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
    assert!(text_of(&output).contains("interrupted"), "{}", text_of(&output));
    assert_eq!(twin.house().store.len(), 0);
    assert_eq!(std::fs::read_dir(directory.path().join("journal")).unwrap().count(), 0, "the journal is settled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_deadline_cut_off_is_inconclusive() {
    let twin = Twin::start(&[]).await;
    let directory = described(&twin);
    let started = Instant::now();
    let output =
        finished(console(directory.path(), &["verify", "twin", "--rate", "100", "--deadline", "2s", "--suite", "isolation"])).await;
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
    assert!(text_of(&output).contains("cut off by the deadline"), "{}", text_of(&output));
    assert_eq!(twin.house().store.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_url_gets_safe_requests_without_a_credential() {
    let server = wiremock::MockServer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let uri = server.uri();
    let text = format!("[targets.it]\nurl = \"{uri}\"\n[targets.it.tokens]\na = \"TOKEN_A\"\nb = \"TOKEN_B\"\n");
    std::fs::write(directory.path().join("postflight.toml"), text).unwrap();
    let mut run = console(directory.path(), &["verify", &uri, "--format", "json"]);
    run.env("TOKEN_A", "canary-of-a").env("TOKEN_B", "canary-of-b");
    let document: serde_json::Value = serde_json::from_slice(&finished(run).await.stdout).unwrap();
    assert!(document["counts"]["skip"].as_u64() > Some(20), "{}", document["counts"]);
    let requests = server.received_requests().await.unwrap();
    assert!(requests.len() > 20, "only {} requests", requests.len());
    for request in requests {
        // PROPFIND is registered as safe (RFC 4918, 9.1).
        assert!(
            ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"].contains(&request.method.as_str()),
            "{} {}",
            request.method,
            request.url
        );
        assert!(!format!("{:?} {}", request.headers, request.url).contains("canary-of-"), "a credential at {}", request.url);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_could_not_be_had_leave_the_run_open_instead_of_passing_it() {
    let server = wiremock::MockServer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "[targets.it]\nurl = \"{}\"\n[targets.it.tokens.login]\npath = \"/login\"\nbody = {{ name = \"{{username}}\", word = \"{{password}}\" }}\n\
         token = \"/token\"\nusers = [{{ username = \"ann\", password = \"WORD\" }}, {{ username = \"bob\", password = \"WORD\" }}]\n",
        server.uri()
    );
    std::fs::write(directory.path().join("postflight.toml"), text).unwrap();
    let mut run = console(directory.path(), &["verify", "it", "--suite", "jwt,isolation"]);
    run.env("WORD", "canary-password");
    let output = finished(run).await;
    assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
    assert!(text_of(&output).contains("signing in as `ann` at /login was answered 404"), "{}", text_of(&output));
    assert!(!text_of(&output).contains("canary-password"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_let_in_is_named_and_leaves_nothing_behind() {
    let twin = Twin::start(&[]).await;
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "[targets.it]\nurl = \"{}\"\norigins = [\"{}\"]\n[targets.it.tokens]\na = \"TOKEN_A\"\nb = \"TOKEN_B\"\n",
        twin.base(),
        twin::ORIGINS[0]
    );
    std::fs::write(directory.path().join("postflight.toml"), text).unwrap();
    let mut run = console(directory.path(), &["verify", "it", "--suite", "cors,isolation"]);
    run.env("TOKEN_A", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl").env("TOKEN_B", "not-a-token");
    let output = finished(run).await;
    let told = text_of(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for user in ["A", "B"] {
        let note = format!("the token of user {user} is not let in (GET /api/tasks was answered 401 without a list)");
        assert!(told.contains(&note), "{told}");
    }
    assert!(told.contains("0 objects made, 0 deleted, 0 left behind"), "{told}");
    assert!(told.contains("INCONCLUSIVE  isolation.control"), "{told}");
    assert!(!told.contains("INCONCLUSIVE  cors.origin."), "{told}");
}

#[test]
fn a_mistake_in_the_description_is_exit_2_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("postflight.toml"),
        "[targets.it]\nurl = \"http://127.0.0.1:1\"\n[targets.it.tokens]\na = \"ABSENT\"\n",
    )
    .unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["verify", "it"], "environment variable ABSENT is not set; it holds the token of user A"),
        (&["verify", "other"], "postflight.toml has no target `other`; it has `it`"),
        (&["verify", "it", "--suite", "jot"], "no such suite; there are health, release, tls, cors"),
        (&["verify", "it", "--file", "absent.toml"], "cannot read absent.toml"),
    ];
    for (arguments, message) in cases {
        let output = console(directory.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text_of(&output));
        assert!(text_of(&output).contains(message), "{arguments:?}: {}", text_of(&output));
        assert!(output.stdout.is_empty());
    }
}
