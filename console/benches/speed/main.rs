//! How fast a whole default run is, beside what the network allows: `cargo bench -p console --bench speed`.
//!
//! The hardened twin is verified on loopback and behind a proxy that delays every byte, several times each; the best run is shown. Not a
//! test: figures depend on the machine, so they are read and not asserted. ADR 0038 says what they should come to.
#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark stops where something cannot be set up")]

mod delay;
#[path = "../../tests/twin/mod.rs"]
mod twin;

use std::sync::Arc;
use std::time::Duration;

use console::run::{Events, Stats};
use console::target::{BaseUrl, Target};
use console::verify::{self, Options};
use tokio_util::sync::CancellationToken;
use twin::Twin;

/// Runs of each kind.
const RUNS: usize = 5;
/// Half a round trip.
const ONE_WAY: Duration = Duration::from_millis(50);

/// Verifies the twin at `base`.
async fn verified(twin: &Twin, base: &str, exhaustive: bool) -> Stats {
    let journal = tempfile::tempdir().expect("a directory");
    // A default run is one without `--allow-intrusive`.
    let base = BaseUrl::parse(base).expect("a loopback address");
    let mut target = Target { base, allow_intrusive: exhaustive, ..twin.target() };
    // To wait until a declared limit of time is over takes that time, whatever the network and the engine do.
    (target.policy.declared.header_timeout, target.policy.declared.body_timeout) = (None, None);
    let options = Options { exhaustive, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, twin.inputs(), events, CancellationToken::new()).await;
    run.expect("a journal and a client").stats
}

/// The fastest of several runs.
async fn best(name: &str, delay: Option<Duration>, exhaustive: bool) {
    let mut all = Vec::new();
    for _ in 0..RUNS {
        let twin = Twin::start(&[]).await;
        let proxy = delay.map(|delay| delay::Proxy::start(twin.base(), delay));
        let base = proxy.as_ref().map_or_else(|| twin.base().to_owned(), delay::Proxy::base);
        all.push(verified(&twin, &base, exhaustive).await);
    }
    let best = all.into_iter().min_by_key(|stats| stats.wall_ms).unwrap_or_default();
    let seconds = Duration::from_millis(best.wall_ms).as_secs_f64();
    let rate = Duration::from_secs(best.probes).as_secs_f64() / seconds;
    println!(
        "{name:34} {:5} requests  {seconds:6.2} s  {rate:6.0} a second  chain {:3}  {:.2} times the bound of {:.2} s",
        best.probes,
        best.longest_chain,
        best.bound_ratio,
        best.bound_ms / 1e3
    );
}

/// What the kernel says of the most memory that this process ever held: the console and the twin together.
fn most_resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    println!("{}", std::fs::read_to_string("/proc/loadavg").map_or_else(|_| String::new(), |load| format!("load {}", load.trim())));
    best("default, loopback", None, false).await;
    best("default, 100 ms round trip", Some(ONE_WAY), false).await;
    println!("most memory resident, console and service together: {}", most_resident());
    best("exhaustive, loopback", None, true).await;
}
