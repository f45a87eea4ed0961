//! What a run leaves behind: nothing, however it ends; and what it tells: no secret, to nobody.
//!
//! The real binary against the hardened twin, killed, interrupted, cut off, and looked over afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

#[path = "screen/pty.rs"]
#[allow(dead_code, reason = "the tests of the screen use all of it")]
mod pty;
mod twin;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use console::target::Algorithm;
use console::token;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt as _, SeedableRng as _};
use twin::Twin;
use twin::store::Task;
use twin::verifier::Subject;

/// What a protection in front of the service lets in, and the password of every account that is signed up.
const BYPASS: &str = "bypass-canary-7Kq2";
const PASSWORD: &str = "Password-canary-9Zt4";

const CONSOLE: &str = env!("CARGO_BIN_EXE_console");

/// The routes of accounts, as an operator describes them, and what a protection in front of the service asks for.
const ACCOUNTS: &str = r#"
[targets.twin.headers]
x-protection-bypass = "TWIN_BYPASS"
[targets.twin.tokens.signup]
path = "/auth/signup"
body = { username = "{username}", password = "{password}" }
token = "/access_token"
subject = "/user/id"
password = "TWIN_PASSWORD"
[targets.twin.tokens.login]
path = "/auth/login"
body = { username = "{username}", password = "{password}" }
token = "/access_token"
subject = "/user/id"
[targets.twin.tokens.password]
path = "/auth/password"
body = { old = "{password}", new = "{new_password}" }
[targets.twin.tokens.logout]
path = "/auth/logout"
[targets.twin.tokens.delete]
path = "/auth/me"
"#;

/// A directory with a postflight.toml for `twin`.
fn described(twin: &Twin) -> tempfile::TempDir {
    described_with(twin, "")
}

/// The same, with further sections.
fn described_with(twin: &Twin, further: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "[targets.twin]\nurl = \"{}\"\norigins = [\"{}\"]\nsecrets = [\"TWIN_KEY\"]\n\
         [targets.twin.tokens.mint]\nsecret = \"TWIN_KEY\"\nclaims = {{ iss = \"{}\", aud = \"{}\" }}\n\
         [targets.twin.paths]\nhealth = \"/health\"\nlive = \"/livez\"\n{further}",
        twin.base(),
        twin::ORIGINS.join("\", \""),
        twin::ISSUER,
        twin::AUDIENCE,
    );
    std::fs::write(directory.path().join("postflight.toml"), text).unwrap();
    directory
}

fn console(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(CONSOLE);
    command
        .args(arguments)
        .args(["--journal", "journal"])
        .current_dir(directory)
        .env("TWIN_KEY", twin::SECRET)
        .env("TWIN_BYPASS", BYPASS)
        .env("TWIN_PASSWORD", PASSWORD)
        .stdin(Stdio::null());
    command
}

/// Runs the command off the runtime's own threads, which the twin needs.
async fn finished(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Starts a run, sends it `signal` after `delay`, waits until it is over.
async fn signalled(mut command: Command, signal: Signal, delay: Duration) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::time::sleep(delay).await;
    // A run that was already over has no process left to signal; the output tells.
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

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
    let file = directory.path().join("journal").join(format!("{}.jsonl", run.simple()));
    std::fs::create_dir(directory.path().join("journal")).unwrap();
    std::fs::write(&file, journal).unwrap();
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

/// Whether `text` begins with a token that the twin's own key signed.
fn is_signed(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let Some((input, signature)) = text[..end].rsplit_once('.') else { return false };
    signature == token::encode(token::hmac(Algorithm::Hs256, twin::SECRET.as_bytes(), input.as_bytes()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_written_or_printed_holds_a_secret() {
    let twin = Twin::start(&[]).await;
    let directory = described_with(&twin, ACCOUNTS);
    std::fs::create_dir_all(directory.path().join("history/adr")).unwrap();
    std::fs::write(directory.path().join("history/adr/0001-one.md"), "# 1. One\n\nStatus: accepted\n").unwrap();
    let mut told = String::new();
    for format in ["human", "json", "ndjson", "markdown", "html", "junit", "sarif", "github"] {
        let output = finished(console(directory.path(), &["verify", "twin", "--format", format, "--out", "out"])).await;
        assert!(output.stdout.len() > 500, "{}", text_of(&output));
        told.push_str(&text_of(&output));
    }
    told.push_str(&text_of(&finished(console(directory.path(), &["verify", "twin", "--plan"])).await));
    signalled(console(directory.path(), &["verify", "twin", "--rate", "200"]), Signal::SIGKILL, Duration::from_secs(2)).await;
    for journal in std::fs::read_dir(directory.path().join("journal")).unwrap() {
        told.push_str(&std::fs::read_to_string(journal.unwrap().path()).unwrap());
    }
    assert!(told.contains("\"announced\"") || told.contains("Announced"), "no journal was read");
    for name in ["audit.html", "audit.md", "audit.json"] {
        told.push_str(&std::fs::read_to_string(directory.path().join("out").join(name)).unwrap());
    }
    assert!(!told.contains(twin::SECRET), "the signing key was told");
    assert!(!told.contains(BYPASS) && !told.contains(PASSWORD), "a header or a password was told");
    let leaked: Vec<_> = told.match_indices("eyJ").filter(|(at, _)| is_signed(&told[*at..])).collect();
    assert!(leaked.is_empty(), "{} usable tokens were told", leaked.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_reaches_the_screen_holds_a_secret() {
    let twin = Twin::start(&[]).await;
    let directory = described(&twin);
    let shown = tokio::task::spawn_blocking(move || {
        let mut screen = pty::Pty::start(&["twin"], directory.path(), (140, 40), &[("TWIN_KEY", twin::SECRET)]);
        screen.wait_for("r run");
        screen.press_for("r", "requests in");
        // A check whose evidence holds requests with a token, all of it, and its curl in the clipboard.
        screen.press_for("/isolation.control\r", "/isolation.control ");
        screen.press_for("\r", "Why it matters");
        screen.press_for("y", "clipboard");
        screen.press("jjjjjjjjjjjjjjjjjjjjGgq");
        screen.press("q");
        screen.end();
        String::from_utf8_lossy(&screen.raw()).into_owned()
    });
    let shown = shown.await.unwrap();
    let copied = copied(&shown);
    assert!(copied.iter().any(|text| text.contains("curl ")), "nothing was copied");
    for text in copied.iter().chain([&shown]) {
        assert!(!text.contains(twin::SECRET), "the signing key was shown");
        assert!(!text.match_indices("eyJ").any(|(at, _)| is_signed(&text[at..])), "a usable token was shown");
    }
}

/// What was put into the clipboard (OSC 52).
fn copied(shown: &str) -> Vec<String> {
    use base64::Engine as _;
    let ends = |text: &str| text.find(['\u{7}', '\u{1b}']).unwrap_or(text.len());
    let all = shown.split("\u{1b}]52;c;").skip(1).map(|rest| &rest[..ends(rest)]);
    all.filter_map(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
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
