//! However much a target sends, and however much of it unpacks from how little, the console itself stays small: the real program is looked
//! at from outside while it verifies such a target.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod peer;

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use peer::{Move, Peer};
use rstest::rstest;

const CONSOLE: &str = env!("CARGO_BIN_EXE_console");
/// The most that the process may ever have in memory beside its own code: 128 MiB, less the 16 that the code takes where it is optimised. Where
/// it is not, it takes three times that, which says nothing of what a target can do.
const CEILING_KIB: u64 = (128 - 16) * 1024;
/// Deadline of a run, clean-up's own time, and what a busy machine needs.
const LONGEST: Duration = Duration::from_mins(1);

fn head(headers: &str) -> Move {
    Move::Send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n").into_bytes())
}

/// As many zeros as a length of 32 bits can announce.
fn four_gibibytes(_: &str) -> Vec<Move> {
    vec![head(&format!("Content-Length: {}\r\n", 1_u64 << 32)), Move::Forever(vec![0; 64 * 1024])]
}

/// Zeros without an announced end.
fn endless(_: &str) -> Vec<Move> {
    let chunk = [b"10000\r\n".to_vec(), vec![0; 0x10000], b"\r\n".to_vec()].concat();
    vec![head("Transfer-Encoding: chunked\r\n"), Move::Forever(chunk)]
}

/// Sixty-four members of gzip (RFC 1952), each of which unpacks to 16 MiB of zeros: a gibibyte from a megabyte.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(&vec![0; 16 << 20]).expect("memory takes everything");
    member.finish().expect("memory takes everything").repeat(64)
});

fn bomb(_: &str) -> Vec<Move> {
    vec![head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", BOMB.len())), Move::Send(BOMB.clone())]
}

/// What must reach neither a terminal nor a report: escape codes (ESC and C1), a bell, text that runs the other way, and NUL.
const POISON: &str = "\u{1b}[31m\u{9b}31m\u{7}\u{202e}\u{2066}\u{200f}\0";

/// Such text in a header, and in a body that never ends.
fn poison(_: &str) -> Vec<Move> {
    let text = POISON.repeat(1024);
    let chunk = format!("{:x}\r\n{text}\r\n", text.len()).into_bytes();
    vec![head("X-Poison: \u{202e}\u{9b}31m\r\nTransfer-Encoding: chunked\r\n"), Move::Forever(chunk)]
}

/// Such text in what health says of itself.
fn poisoned_health(_: &str) -> Vec<Move> {
    let body =
        format!("{{\"status\":\"ok {}\",\"version\":\"\u{202e}\u{9b}2J\",\"commit\":\"\u{2066}abc\"}}", "\\u001b[2J\\u202e\\u0007");
    vec![head(&format!("Content-Length: {}\r\n", body.len())), Move::Send(body.into_bytes())]
}

/// A body that is announced and comes a byte a second.
fn dribble(_: &str) -> Vec<Move> {
    vec![head("Content-Length: 4096\r\n"), Move::Dribble(vec![b' '; 4096])]
}

/// A body that is announced and never comes.
fn silence(_: &str) -> Vec<Move> {
    vec![head("Content-Length: 4096\r\n"), Move::Hang]
}

#[rstest]
#[case::four_gibibytes(four_gibibytes)]
#[case::endless(endless)]
#[case::bomb(bomb)]
#[case::poison(poison)]
#[case::poisoned_health(poisoned_health)]
#[case::dribble(dribble)]
#[case::silence(silence)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_stays_small_and_ends(#[case] script: fn(&str) -> Vec<Move>) {
    let peer = Peer::start(Box::new(script)).await;
    let directory = described(&peer.base());
    let (peak, output) = tokio::task::spawn_blocking(move || watched(directory.path())).await.expect("it was watched");
    assert!(peak > 4 * 1024, "{peak} KiB is no console: it was not measured");
    println!("{peak} KiB beside the code at the most");
    assert!(peak < CEILING_KIB, "{peak} KiB at the most");
    assert!(peer.seen().len() > 1, "only {} requests", peer.seen().len());
    let output = String::from_utf8_lossy(&output);
    let raw = |c: &char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || (!c.is_ascii() && POISON.contains(*c));
    let raw: String = output.chars().filter(raw).take(20).collect();
    assert!(raw.is_empty(), "{raw:?} in what was printed or written");
}

fn described(base: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        "[targets.it]\nurl = \"{base}\"\norigins = [\"https://tasks.example\"]\n[targets.it.tokens.mint]\nsecret = \"KEY\"\n\
         [targets.it.paths]\nhealth = \"/health\"\nlive = \"/livez\"\n"
    );
    std::fs::write(directory.path().join("postflight.toml"), text).expect("a file");
    directory
}

/// Runs the console in `directory`: the most memory it ever had, in KiB, and everything that it printed and wrote.
fn watched(directory: &Path) -> (u64, Vec<u8>) {
    let said = std::fs::File::create(directory.join("said")).expect("a file");
    let mut child = Command::new(CONSOLE)
        .args(["verify", "it", "--deadline", "3s", "--journal", "journal", "--out", "out", "--allow-intrusive"])
        .current_dir(directory)
        .env("KEY", "k8Qz-long-enough-Vb41xJr9TnWm6Yd2Lc7Hs0Pf")
        .stdin(Stdio::null())
        .stderr(said.try_clone().expect("a handle"))
        .stdout(said)
        .spawn()
        .expect("the console starts");
    let peak = peak_of(&mut child);
    let files = ["said", "out/audit.html", "out/audit.md", "out/audit.json"];
    (peak, files.iter().flat_map(|file| std::fs::read(directory.join(file)).expect(file)).collect())
}

/// The high-water mark of a process's resident memory without what is mapped from files, its code (proc(5), `VmHWM` and `RssFile`), in KiB,
/// read until it ends.
fn peak_of(child: &mut Child) -> u64 {
    let (begun, status) = (Instant::now(), format!("/proc/{}/status", child.id()));
    let (mut all, mut code) = (0, 0);
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let said = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        };
        all = said("VmHWM:").unwrap_or(all).max(all);
        code = said("RssFile:").unwrap_or(code).max(code);
        if begun.elapsed() > LONGEST {
            child.kill().expect("a child of its own");
            panic!("still running after {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    all - code
}
