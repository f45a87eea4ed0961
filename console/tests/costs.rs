//! What a run costs: the table that budgets are planned with is fresh, plans are true, and a service's own limit is never exceeded.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use console::checks::{Suite, find};
use console::http::{Limits, Window};
use console::run::{CheckResult, Events, Run, Severity, Verdict};
use console::verify::{self, Options};
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use twin::Twin;

const TABLE: &str = "src/verify/costs.tsv";

async fn verify(twin: &Twin, limits: Limits) -> (Run, Options) {
    let journal = twin::in_memory();
    let options = Options { limits, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(twin.target()), options.clone(), twin.inputs(), events, CancellationToken::new()).await;
    (run.expect("a journal and a client"), options)
}

/// Requests a check; a control is asked twice. What this service is not asked of tokens, origins and users has no row, and is planned for as
/// one that nobody measured; other suites look at files and handshakes.
fn measured(run: &Run) -> Vec<(String, u64)> {
    let times = |id: &str| if id.ends_with(".control") { 2 } else { 1 };
    let unasked =
        |check: &CheckResult| check.verdict == Verdict::Skip && matches!(check.suite.as_str(), "cors" | "jwt" | "isolation");
    let asked = run.checks.iter().filter(|check| !unasked(check));
    asked.map(|check| (check.id.clone(), check.probes.div_ceil(times(&check.id)))).collect()
}

fn table() -> Vec<(String, u64)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE)).expect("the table");
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(id, count)| (id.to_owned(), count.parse().expect("a number"))).collect()
}

/// Retries and patience vary, and whoever asks first pays for what is shared: a check may send half and ten more than its row says,
/// which is what budgets must not be surprised by, and all of them together half as much. `POSTFLIGHT_UPDATE=1` writes the table anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_costs_is_what_checks_send_and_the_plan_says_so() {
    let twin = Twin::start(&[]).await;
    let (run, options) = verify(&twin, Limits { deadline: Duration::from_mins(3), ..Limits::default() }).await;
    let open: Vec<_> = run.checks.iter().filter(|check| check.verdict == Verdict::Inconclusive).collect();
    assert!(open.is_empty(), "not measured to the end: {open:?}");
    if std::env::var_os("POSTFLIGHT_UPDATE").is_some() {
        let rows = measured(&run).iter().fold(String::new(), |mut text, (id, count)| {
            let _ = writeln!(text, "{id}\t{count}");
            text
        });
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE), rows).expect("a file that can be written");
    }
    let rows = table();
    assert!(rows.len() > 150, "{} rows", rows.len());
    let unknown: Vec<_> = rows.iter().filter(|(id, _)| find(id).is_none()).collect();
    assert!(unknown.is_empty(), "no such check: {unknown:?}");
    let off: Vec<_> = measured(&run)
        .into_iter()
        .filter_map(|(id, count)| Some((rows.iter().find(|(known, _)| *known == id)?.1, count, id)))
        .filter(|(row, count, _)| *count > row * 3 / 2 + 10)
        .collect();
    assert!(off.is_empty(), "write the table anew with POSTFLIGHT_UPDATE=1: {off:?}");
    let total = |rows: &[(String, u64)]| rows.iter().map(|(_, count)| count).sum::<u64>();
    let (said, sent) = (total(&rows), total(&measured(&run)));
    assert!(sent * 2 >= said, "write the table anew with POSTFLIGHT_UPDATE=1: {said} requests, but {sent} were sent");
    let plan = verify::plan(&twin.target(), &options, &twin.inputs());
    let sent = run.stats.probes;
    assert!((plan.requests.least..=plan.requests.most).contains(&sent), "{sent} requests, planned {:?}", plan.requests);
    let creates = plan.creates_words();
    assert!(plan.objects > 0 && creates.contains("POST /api/tasks") && creates.contains("POST /auth/signup"), "{creates}");
}

/// The service counts everything that reaches it: sign-in, sweeps, checks and clean-up.
#[rstest]
#[case::a_budget(100, None)]
#[case::a_larger_budget(400, None)]
#[case::a_minute(100, Some(Duration::from_mins(1)))]
#[case::an_hour(100, Some(Duration::from_hours(1)))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_never_exceeded_and_what_it_cut_is_said(#[case] requests: u32, #[case] per: Option<Duration>) {
    let twin = Twin::start(&["jwt.none"]).await;
    let limits = match per {
        Some(per) => Limits { window: Some(Window { requests, per }), deadline: Duration::from_mins(1), ..Limits::default() },
        None => Limits { budget: Some(requests.into()), ..Limits::default() },
    };
    let (run, options) = verify(&twin, limits).await;
    let sent = twin.house().requests();
    assert!(sent <= requests.into(), "{sent} requests, {requests} allowed");
    assert!(sent > u64::from(requests) / 2, "only {sent} of {requests} were used");
    assert_eq!(twin.house().store.len(), 0, "{:?}", run.cleanup);
    let cut: Vec<_> = run.checks.iter().filter(|check| check.summary.starts_with("cut by the budget of ")).collect();
    assert!(cut.len() > 20 && cut.iter().all(|check| check.verdict == Verdict::Skip));
    let halved: Vec<_> = run.checks.iter().filter(|check| check.summary.starts_with("cut off by the budget of ")).collect();
    assert!(halved.len() <= 2 && halved.iter().all(|check| check.verdict == Verdict::Skip), "{} in the middle", halved.len());
    let told = format!("{} of them cut by the budget", cut.len() + halved.len());
    assert!(run.headline.contains(&told), "{}", run.headline);
    let spent: Vec<_> = run.checks.iter().filter(|check| check.summary.contains("is spent")).map(|check| &check.id).collect();
    assert!(spent.is_empty(), "{spent:?}");
    let judged = run.checks.iter().filter(|check| check.verdict.judged() && check.severity >= Severity::High && check.probes > 0);
    assert!(judged.count() >= 5, "the severe checks come first");
    let plan = verify::plan(&twin.target(), &options, &twin.inputs());
    let without_room = |reason: &String| reason.starts_with("cut by the budget of ");
    let planned: Vec<_> =
        plan.checks.iter().filter(|check| check.skipped.as_ref().is_some_and(without_room)).map(|check| &check.id).collect();
    assert!(cut.iter().all(|check| planned.contains(&&check.id)), "what the plan names is asked");
    assert!(cut.len() < planned.len(), "what others left paid for none of {}", planned.len());
    assert_eq!(Suite::ALL.iter().flat_map(|suite| suite.checks()).count(), run.checks.len());
}
