//! Every check of the catalogue is shown to fail on a service with exactly the flaw it looks for, and to pass on one without.
//!
//! The twin is started once for each flaw of its tables and verified like any other target. What the tables promise is published in
//! `docs/detection.md`; `POSTFLIGHT_UPDATE=1` writes it anew.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use console::checks::{self, Suite};
use console::run::{CheckResult, Events, Run, Verdict};
use console::target::{BaseUrl, Paths, Target};
use console::verify::{self, Options};
use futures::StreamExt as _;
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use twin::flaws::{self, Flaw};
use twin::{Twin, UNASKED as SKIPPABLE};

/// Twins verified side by side.
const AT_ONCE: usize = 4;
/// Further reasons on twins whose tokens, database or answers are of another kind.
const SKIPPABLE_BY_KIND: [&str; 11] = [
    "a user of its own, minted",
    "opaque, not JWTs",
    "carries its tokens in",
    "minting needs the signing key",
    "a private key",
    "keeps its data in a file",
    "direct connection",
    "no origin of this kind",
    "in which environment",
    "set aside for what",
    "travels as a cookie",
];
/// Checks that can only warn: what they see is a reason to look, no proof; or, by decision (ADR 0036), a form of an origin that no browser
/// sends, so that letting it in lets no page in.
const ONLY_WARN: [&str; 6] =
    ["cors.origin.dangling", "cors.origin.case", "cors.origin.unserialised", "cors.origin.url-parts", "tls.http2", "tls.names"];

/// Verifies a twin with `flaws` by the whole catalogue; where a flaw can show only there, behind TLS.
async fn verify(flaws: &[&Flaw]) -> Run {
    let names: Vec<_> = flaws.iter().map(|flaw| flaw.name).collect();
    let secure = flaws.iter().any(|flaw| flaw.needs_tls());
    examine(if secure { Twin::start_secure(&names).await } else { Twin::start(&names).await }, Suite::ALL.to_vec()).await
}

async fn examine(twin: Twin, suites: Vec<Suite>) -> Run {
    let journal = twin::in_memory();
    let options = Options { suites, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(twin.target()), options, twin.inputs(), events, CancellationToken::new()).await;
    run.expect("a journal and a client")
}

/// What the verification of a flawed twin says against the flaw's row; `None` when it is as promised.
async fn contradiction(flaw: &Flaw) -> Option<String> {
    let run = verify(&[flaw]).await;
    let result_of = |id: &str| run.checks.iter().find(|check| check.id == id);
    let mut text = String::new();
    for (ids, verdict) in [(flaw.breaks, Verdict::Fail), (flaw.warns, Verdict::Warn)] {
        for (id, result) in
            ids.iter().map(|id| (id, result_of(id))).filter(|(_, result)| result.map(|check| check.verdict) != Some(verdict))
        {
            let came_out = result.map_or("nothing".to_owned(), |check| format!("{}: {}", check.verdict, check.summary));
            let _ = write!(text, "\n    {verdict} expected, but {id} came out as {came_out}");
        }
    }
    let followed = |check: &CheckResult| check.summary.starts_with("its control failed");
    let odd = run.checks.iter().filter(|check| match check.verdict {
        Verdict::Pass => false,
        Verdict::Skip => !excused(&check.summary, &SKIPPABLE) && !excused(&check.summary, &SKIPPABLE_BY_KIND),
        Verdict::Warn | Verdict::Inconclusive | Verdict::Fail => true,
    });
    for check in odd.filter(|check| !flaw.names(&check.id) && !followed(check)) {
        let _ = write!(text, "\n    not expected: {} {}: {}", check.verdict, check.id, check.summary);
    }
    for left in &run.cleanup.left {
        let _ = write!(text, "\n    left behind: {} ({})", left.what, left.why);
    }
    (!text.is_empty()).then(|| format!("\n  {}{text}", flaw.name))
}

#[rstest]
#[case::health("health")]
#[case::release("release")]
#[case::tls("tls")]
#[case::cors("cors")]
#[case::jwt("jwt")]
#[case::isolation("isolation")]
#[case::headers("headers")]
#[case::docs("docs")]
#[case::robustness("robustness")]
#[case::configuration("configuration")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flaw_is_found_by_the_checks_that_it_breaks_and_by_no_others(#[case] suite: &str) {
    every_row_holds(flaws::live().filter(|flaw| flaw.suite() == suite && !flaw.shows_by_time()), AT_ONCE).await;
}

/// One after the other, on a machine that runs no other test (`.config/nextest.toml`): a crowd of twins looks like a slow service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flaw_that_only_time_shows_is_found_by_the_checks_that_it_breaks_and_by_no_others() {
    every_row_holds(flaws::live().filter(|flaw| flaw.shows_by_time()), 1).await;
}

/// `POSTFLIGHT_FLAW` picks rows by the beginning of their names.
async fn every_row_holds(rows: impl Iterator<Item = &'static Flaw>, at_once: usize) {
    let only = std::env::var("POSTFLIGHT_FLAW").unwrap_or_default();
    let chosen = rows.filter(|flaw| flaw.name.starts_with(&only));
    let contradictions: Vec<_> =
        futures::stream::iter(chosen.map(contradiction)).buffered(at_once).filter_map(std::future::ready).collect().await;
    assert!(contradictions.is_empty(), "{} rows do not hold:{}", contradictions.len(), contradictions.concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_a_flaw_passes_every_check() {
    assert_flawless(&verify(&[]).await, &SKIPPABLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_a_flaw_passes_every_check_over_tls_and_http_2() {
    let without_http: Vec<_> = SKIPPABLE.into_iter().filter(|reason| *reason != "https").collect();
    let run = examine(Twin::start_secure(&[]).await, Suite::ALL.to_vec()).await;
    assert_flawless(&run, &without_http);
    let spoken = run.checks.iter().find(|check| check.id == "tls.http2").expect("a check of the catalogue");
    assert_eq!(spoken.verdict, Verdict::Pass, "it was not HTTP/2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_accounts_can_be_changed_by_their_holders_passes() {
    let run = examine(Twin::start_with_profiles().await, vec![Suite::Jwt, Suite::Isolation]).await;
    let accounts = run.checks.iter().find(|check| check.id == "isolation.accounts").expect("a check of the catalogue");
    assert_eq!(accounts.verdict, Verdict::Pass, "{}", accounts.summary);
    let wrong = run.checks.iter().filter(|check| !matches!(check.verdict, Verdict::Pass | Verdict::Skip));
    let wrong: String = wrong.map(|check| format!("\n  {} {}: {}", check.verdict, check.id, check.summary)).collect();
    assert!(wrong.is_empty(), "{wrong}");
    assert!(run.cleanup.left.is_empty(), "{:?}", run.cleanup.left);
}

/// With consent, a declared origin is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_end_that_is_there_is_not_taken_for_one_that_could_be_claimed() {
    let front = wiremock::MockServer::start().await;
    let page = wiremock::ResponseTemplate::new(200).set_body_string("<!doctype html><title>Tasks</title>");
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(page).mount(&front).await;
    let run = examine(Twin::start_with_front(front.uri()).await, vec![Suite::Cors]).await;
    let dangling = run.checks.iter().find(|check| check.id == "cors.origin.dangling").expect("a check of the catalogue");
    assert_eq!(dangling.verdict, Verdict::Pass, "{}", dangling.summary);
    assert!(!front.received_requests().await.unwrap_or_default().is_empty(), "nobody looked");
}

/// Where A reads whatever is B's, that A reads an object of B's does not mean that it was planted there; a list of A's that shows it does.
#[rstest]
#[case::read_by_anybody(&["isolation.read-any"], Verdict::Pass)]
#[case::planted_as_well(&["isolation.read-any", "isolation.assign-owner"], Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_was_planted_is_told_from_one_that_everybody_reads(#[case] flaws: &[&str], #[case] verdict: Verdict) {
    let run = examine(Twin::start(flaws).await, vec![Suite::Isolation]).await;
    let created = run.checks.iter().find(|check| check.id == "isolation.assign.create").expect("a check of the catalogue");
    assert_eq!(created.verdict, verdict, "{}", created.summary);
}

/// Frameworks serve their documentation at the root of the host, whatever the API is mounted under.
#[rstest]
#[case::nothing_there(&[], Verdict::Pass)]
#[case::documentation(&["docs.swagger"], Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_at_the_root_of_the_host_is_seen_from_below_it(#[case] flaws: &[&str], #[case] verdict: Verdict) {
    let twin = Twin::start(flaws).await;
    let base = BaseUrl::parse(&format!("{}/api", twin.base())).expect("a URL");
    let paths =
        Paths { list: "/tasks".into(), item: "/tasks/{id}".into(), toggle: None, health: None, live: None, ..Paths::default() };
    let target = Target { base, paths, openapi: None, ..twin.target() };
    let journal = twin::in_memory();
    let options = Options { suites: vec![Suite::Docs], journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, twin.inputs(), events, CancellationToken::new()).await.expect("a client");
    let docs = run.checks.iter().find(|check| check.id == "docs.interactive").expect("a check of the catalogue");
    assert_eq!(docs.verdict, verdict, "{}", docs.summary);
}

fn excused(summary: &str, skippable: &[&str]) -> bool {
    skippable.iter().any(|reason| summary.contains(reason))
}

/// Everything passes, or is skipped for one of the reasons.
fn assert_flawless(run: &Run, skippable: &[&str]) {
    let told = |check: &&CheckResult| format!("\n  {} {}: {}", check.verdict, check.id, check.summary);
    let odd = run.checks.iter().filter(|check| match check.verdict {
        Verdict::Pass => false,
        Verdict::Skip => !excused(&check.summary, skippable),
        Verdict::Warn | Verdict::Inconclusive | Verdict::Fail => true,
    });
    let odd: String = odd.map(|check| told(&check)).collect();
    assert!(odd.is_empty(), "{odd}");
    assert!(run.checks.iter().any(|check| check.verdict == Verdict::Pass), "nothing was asked");
    assert_eq!((run.cleanup.deleted, &run.cleanup.left), (run.cleanup.created, &Vec::new()));
    for suite in Suite::ALL {
        let sent: u64 = run.checks.iter().filter(|check| check.suite == suite.word()).map(|check| check.probes).sum();
        println!("{suite:10} {sent:5} probes");
    }
    assert!((500..=1_450).contains(&run.stats.probes), "{} probes are too few or too many", run.stats.probes);
    assert!(run.stats.wall_ms < 30_000, "{} ms", run.stats.wall_ms);
}

#[test]
fn every_check_is_broken_by_some_flaw_and_every_flaw_names_checks_that_exist() {
    let remarked = flaws::all().flat_map(|flaw| flaw.warns).filter(|id| ONLY_WARN.contains(id));
    let found: BTreeSet<_> = flaws::all().flat_map(|flaw| flaw.breaks).chain(remarked).copied().collect();
    let named: BTreeSet<_> = flaws::all().flat_map(|flaw| [flaw.breaks, flaw.warns, flaw.implies].concat()).collect();
    let unproven: Vec<_> =
        checks::catalogue().filter(|check| !check.is_control() && !found.contains(check.id)).map(|check| check.id).collect();
    let fits = |id: &str, known: &str| id.strip_suffix('*').map_or(id == known, |family| known.starts_with(family));
    let unknown: Vec<_> = named.into_iter().filter(|id| !checks::catalogue().any(|check| fits(id, check.id))).collect();
    let idle: Vec<_> = flaws::all().filter(|flaw| flaw.breaks.is_empty() && flaw.warns.is_empty()).map(|flaw| flaw.name).collect();
    assert!(unproven.is_empty(), "no flaw shows {unproven:#?}");
    assert!(unknown.is_empty(), "no such check: {unknown:#?}");
    assert!(idle.is_empty(), "these flaws break nothing: {idle:#?}");
}

#[test]
fn no_two_flaws_share_a_name_and_each_belongs_to_a_suite() {
    let mut names = BTreeSet::new();
    for flaw in flaws::all() {
        assert!(names.insert(flaw.name), "{} is there twice", flaw.name);
        assert!(Suite::named(flaw.suite()).is_some(), "{} belongs to no suite", flaw.name);
    }
}

#[test]
fn the_published_table_of_detection_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/detection.md");
    let table = detection();
    if std::env::var_os("POSTFLIGHT_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, &table).expect("a file that can be written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == table, "docs/detection.md is stale; write it anew with POSTFLIGHT_UPDATE=1");
}

/// What is proven, as Markdown.
fn detection() -> String {
    let (flaws, checks) = (flaws::all().count(), checks::catalogue().count());
    let mut text = format!(
        "# What each check is shown to catch\n\n\
        Generated by `console/tests/matrix.rs`: do not edit. A test service is started once for each of these {flaws} flaws, with that one\n\
        flaw and no other, and verified by the whole catalogue. The checks named here must come out as FAIL (or as the warning that is\n\
        named), and no other check but what `console/tests/twin/flaws` lists as implied; flaws of a repository (`secrets`, `procfile`) are\n\
        committed to one, and verified by those two suites. Without a flaw none of the\n\
        {checks} checks may come out as anything but PASS, or as SKIP for what plain HTTP or a missing repository cannot show.\n"
    );
    for suite in Suite::ALL {
        let mut rows = flaws::all().filter(|flaw| flaw.suite() == suite.word()).peekable();
        if rows.peek().is_some() {
            let _ = write!(text, "\n## {suite}\n\n| flaw | what is wrong | found by |\n|---|---|---|\n");
        }
        for flaw in rows {
            let remarked = flaw.warns.iter().map(|id| format!("`{id}` (warning)"));
            let found: Vec<_> = flaw.breaks.iter().map(|id| format!("`{id}`")).chain(remarked).collect();
            let _ = writeln!(text, "| `{}` | {} | {} |", flaw.name, flaw.what.replace('|', "\\|"), found.join(", "));
        }
    }
    text
}
