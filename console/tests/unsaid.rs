//! What is never told: a secret, to anybody, in whatever a command prints, writes or shows.
//!
//! The real binary against the hardened twin, with secrets of every kind in the environment, looked over afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

mod operator;
#[path = "screen/pty.rs"]
#[allow(dead_code, reason = "the tests of the screen use all of it")]
mod pty;
mod twin;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use console::checks::Suite;
use console::target::Algorithm;
use console::token;
use nix::sys::signal::Signal;
use operator::{ACCOUNTS, BYPASS, PASSWORD, bare, console, described_with, finished, signalled, text_of};
use secrecy::ExposeSecret as _;
use twin::Twin;
use twin::flaws::files::Files;

/// Whether `text` begins with a token that the twin's own key signed.
fn is_signed(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let Some((input, signature)) = text[..end].rsplit_once('.') else { return false };
    signature == token::encode(token::hmac(Algorithm::Hs256, twin::SECRET.as_bytes(), input.as_bytes()))
}

/// Everything that must not be told, in variables of the environment: the signing key, what a protection in front of the service asks for, the
/// password of new accounts, a token that has ended, and what a repository holds that should not.
struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Those of `twin`, and those that were committed to `files`.
    fn of(twin: &Twin, files: &Files) -> Self {
        let ended = twin.target().accounts.expired.expect("an old token").expose_secret().to_owned();
        let own =
            [("TWIN_KEY", twin::SECRET), ("TWIN_BYPASS", BYPASS), ("TWIN_PASSWORD", PASSWORD), ("TWIN_ENDED", ended.as_str())];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let planted = files.secrets.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        Self(own.into_iter().chain(planted).collect())
    }

    /// A directory with a description of `twin` that names them all.
    fn described(&self, twin: &Twin, files: &Files) -> tempfile::TempDir {
        let names: Vec<_> = self.0.iter().map(|(name, _)| format!("{name:?}")).collect();
        let directory = described_with(twin, &format!("{ACCOUNTS}[targets.twin.tokens]\nexpired = \"TWIN_ENDED\"\n"));
        let path = directory.path().join("postflight.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let beside = format!("secrets = [{}]\nrepository = \"{}\"", names.join(", "), files.root().display());
        assert!(text.contains("secrets = [\"TWIN_KEY\"]"), "{text}");
        std::fs::write(path, text.replace("secrets = [\"TWIN_KEY\"]", &beside)).unwrap();
        directory
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The command, with all of them in its environment.
    fn given(&self, mut command: Command) -> Command {
        command.envs(self.variables());
        command
    }

    /// Fails if one of them, the password within one, or a token that the twin would take is in `told`.
    fn assert_untold(&self, told: &str) {
        for (name, value) in &self.0 {
            let password =
                value.split_once("://").and_then(|(_, rest)| rest.split_once('@')?.0.split_once(':').map(|(_, word)| word));
            for secret in [Some(value.as_str()), password].into_iter().flatten() {
                let at = told.find(secret).map(|at| &told[told[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at)..at]);
                assert!(at.is_none(), "the value of {name} was told after {at:?}");
            }
        }
        let leaked: Vec<_> = told.match_indices("eyJ").filter(|(at, _)| is_signed(&told[*at..])).collect();
        assert!(leaked.is_empty(), "{} usable tokens were told", leaked.len());
    }
}

/// What `init` asks for beside the URL.
const ROUTES: [&str; 6] = ["--list", "/api/tasks", "--item", "/api/tasks/{id}", "--mint-variable", "TWIN_KEY"];

/// The text of every file below `directory`.
fn files_below(directory: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let more =
            if path.is_dir() { files_below(&path) } else { String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned() };
        text.push_str(&more);
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_written_or_printed_holds_a_secret() {
    let twin = Twin::start(&[]).await;
    let files = Files::with(Some("secrets.value-in-history"));
    let secrets = Secrets::of(&twin, &files);
    let directory = secrets.described(&twin, &files);
    let url = twin.base().to_string();
    let run = async |arguments: &[&str]| text_of(&finished(secrets.given(console(directory.path(), arguments))).await);
    let run_bare = async |arguments: &[&str]| text_of(&finished(secrets.given(bare(directory.path(), arguments))).await);
    std::fs::create_dir_all(directory.path().join("history/adr")).unwrap();
    std::fs::write(directory.path().join("history/adr/0001-one.md"), "# 1. One\n\nStatus: accepted\n").unwrap();
    let mut told = String::new();
    for format in ["human", "json", "ndjson", "markdown", "html", "junit", "sarif", "github"] {
        let report = format!("--report={format}=written/{format}");
        let printed = run(&["verify", "twin", "--format", format, "--out", "out", &report]).await;
        assert!(printed.len() > 500, "{printed}");
        told.push_str(&printed);
    }
    assert!(told.contains("secrets.values"), "the planted value was not looked for");
    told.push_str(&run(&["verify", "twin", "--plan"]).await);
    told.push_str(&run_bare(&["report", "out/audit.json", "--out", "again"]).await);
    told.push_str(&run_bare(&["watch", "twin", "--count", "2"]).await);
    told.push_str(&run_bare(&[&["init", "other", "--url", url.as_str(), "--file", "other.toml"], &ROUTES[..]].concat()).await);
    signalled(
        secrets.given(console(directory.path(), &["verify", "twin", "--rate", "200"])),
        Signal::SIGKILL,
        Duration::from_secs(2),
    )
    .await;
    let journal = files_below(&directory.path().join("journal"));
    assert!(journal.contains("\"announced\"") || journal.contains("Announced"), "no journal was read");
    told.push_str(&run(&["cleanup", "twin"]).await);
    for name in ["out", "again", "written"] {
        told.push_str(&files_below(&directory.path().join(name)));
    }
    told.push_str(&std::fs::read_to_string(directory.path().join("other.toml")).unwrap());
    secrets.assert_untold(&told);
    secrets.assert_untold(&journal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_reaches_the_screen_holds_a_secret() {
    let twin = Twin::start(&[]).await;
    let files = Files::with(Some("secrets.value-in-history"));
    let secrets = Secrets::of(&twin, &files);
    let directory = secrets.described(&twin, &files);
    let shown = tokio::task::spawn_blocking({
        let variables: Vec<_> = secrets.variables().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        move || {
            let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let mut screen = pty::Pty::start(&["twin"], directory.path(), (140, 40), &variables);
            screen.wait_for("r run");
            let all: usize = Suite::ALL.iter().map(|suite| suite.checks().len()).sum();
            screen.press_for("r", "requests in");
            // Checks whose evidence holds requests with a token, a password and a planted value, all of it, and the curl in the clipboard.
            for check in ["isolation.control", "jwt.login.uniform", "secrets.values"] {
                screen.press_for(&format!("/{check}\r"), &format!("/{check} "));
                screen.press_for("\r", "Why it matters");
                if check == "isolation.control" {
                    screen.press_for("y", "clipboard");
                }
                screen.press("jjjjjjjjjjjjjjjjjjjjGg");
                // The list again, all of it: a terminal cannot tell two quick escapes from a key of its own.
                let listed = format!("Checks {all} ");
                for _ in 0..5 {
                    screen.press("\u{1b}");
                    std::thread::sleep(Duration::from_millis(300));
                }
                screen.wait_for(&listed);
            }
            screen.press("q");
            screen.end();
            String::from_utf8_lossy(&screen.raw()).into_owned()
        }
    });
    let shown = shown.await.unwrap();
    let copied = copied(&shown);
    assert!(copied.iter().any(|text| text.contains("curl ")), "nothing was copied");
    for text in copied.iter().chain([&shown]) {
        secrets.assert_untold(text);
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
