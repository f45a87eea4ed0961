//! Whatever tokens are and however they travel, a service without a flaw passes: a key pair with a published key set, opaque tokens of
//! accounts signed up for the run, cookies, headers of the service's own. What cannot be asked of them is skipped with the reason.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::collections::BTreeSet;
use std::sync::Arc;

use console::checks::{Need, Suite};
use console::http::Limits;
use console::run::{Events, Run, Verdict};
use console::target::{Accounts, BaseUrl, Carrier, File, Mint, OtherKeys, Target, Tokens};
use console::verify::{self, Options};
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use twin::{COOKIE, HEADER, Kind, Twin, UNASKED as EVERYWHERE};

/// What cannot be asked of each kind, by its reason.
const WITHOUT_SECRET: [&str; 1] = ["no shared secret"];
const WITHOUT_FORM: [&str; 2] = ["are opaque, not JWTs", "minting needs the signing key"];
const WITHOUT_HEADER: [&str; 4] = [
    "in a cookie, not in the Authorization header",
    "in a header of its own, not in Authorization",
    "the token travels as a cookie",
    "under a scheme of its own, not under Bearer",
];

async fn verified(twin: &Twin, target: Target) -> Run {
    let journal = twin::in_memory();
    let options = Options { suites: Suite::ALL.to_vec(), journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, twin.inputs(), events, CancellationToken::new()).await;
    let run = run.expect("a journal and a client");
    let kept = std::fs::read_dir(journal.path()).map(Iterator::count).unwrap_or_default();
    assert_eq!(kept, 0, "a journal was left behind");
    run
}

/// Whatever did not pass, but for checks that were skipped for one of `reasons`.
fn odd(run: &Run, reasons: &[&str]) -> String {
    let excused = |summary: &str| EVERYWHERE.iter().chain(reasons).any(|reason| summary.contains(reason));
    let wrong = run.checks.iter().filter(|check| match check.verdict {
        Verdict::Pass => false,
        Verdict::Skip => !excused(&check.summary),
        Verdict::Warn | Verdict::Inconclusive | Verdict::Fail => true,
    });
    wrong.map(|check| format!("\n  {} {}: {}", check.verdict, check.id, check.summary)).collect()
}

#[rstest]
#[case::key_pair(Kind::KeyPair, Carrier::Bearer, &WITHOUT_SECRET)]
#[case::opaque(Kind::Opaque, Carrier::Bearer, &WITHOUT_FORM)]
#[case::cookie(Kind::Shared, Carrier::Cookie(COOKIE.to_owned()), &WITHOUT_HEADER)]
#[case::scheme(Kind::Shared, Carrier::Scheme("Token".into()), &WITHOUT_HEADER)]
#[case::header(Kind::Shared, Carrier::Header(HEADER.to_owned()), &WITHOUT_HEADER)]
#[case::opaque_cookie(Kind::Opaque, Carrier::Cookie(COOKIE.to_owned()), &[WITHOUT_FORM[0], WITHOUT_FORM[1], WITHOUT_HEADER[0], WITHOUT_HEADER[2]])]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_a_flaw_passes_whatever_its_tokens_are(
    #[case] kind: Kind,
    #[case] carrier: Carrier,
    #[case] reasons: &[&str],
) {
    let in_cookie = matches!(carrier, Carrier::Cookie(_));
    let twin = Twin::start_as(kind, carrier, &[]).await;
    let run = verified(&twin, twin.target()).await;
    let odd = odd(&run, reasons);
    assert!(odd.is_empty(), "{odd}");
    let fixation = run.checks.iter().find(|check| check.id == "jwt.login.fixation").expect("a check of the catalogue");
    let expected = if in_cookie { Verdict::Pass } else { Verdict::Skip };
    assert_eq!(fixation.verdict, expected, "{}", fixation.summary);
    assert_eq!((run.cleanup.deleted, &run.cleanup.left), (run.cleanup.created, &Vec::new()));
    assert_eq!((run.cleanup.accounts, twin.house().people()), (Vec::new(), 0), "accounts stayed");
}

/// The twin, with accounts signed up for the run and the signing key beside them: what a mint would declare of its claims is not.
async fn signed_up_beside_the_key(flaws: &[&str]) -> Run {
    let twin = Twin::start_as(Kind::Shared, Carrier::Bearer, flaws).await;
    let declared = twin.target();
    let Tokens::Mint(mint) = &declared.tokens else { panic!("the twin's tokens are minted") };
    let bare = Mint::new(mint.key.clone(), "TWIN_SECRET");
    let other_keys = OtherKeys { signing: Some(Box::new(bare)), ..declared.other_keys.clone() };
    verified(&twin, Target { tokens: Tokens::Signup, other_keys, ..declared }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signing_key_beside_accounts_only_forges_and_learns_from_what_was_issued() {
    let run = Box::pin(signed_up_beside_the_key(&[])).await;
    let odd = odd(&run, &["of its own"]);
    assert!(odd.is_empty(), "{odd}");
    // Its sign-ins set a cookie beside the token, which decides nothing.
    let sessions = run.checks.iter().find(|check| check.id == "isolation.sessions").expect("a check of the catalogue");
    assert_eq!(sessions.verdict, Verdict::Pass, "{}", sessions.summary);
    let flawed = Box::pin(signed_up_beside_the_key(&["jwt.expiry-not-checked"])).await;
    let past = flawed.checks.iter().find(|check| check.id == "jwt.exp.past").map(|check| check.verdict);
    assert_eq!(past, Some(Verdict::Fail));
}

/// Whenever a run is interrupted, every account that it was about to make, had made or had changed is gone when it says that nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_leaves_no_account() {
    for moment in [1, 4, 9, 20, 40, 70, 110, 160, 230, 320, 450, 640] {
        let twin = Twin::start_as(Kind::Opaque, Carrier::Bearer, &[]).await;
        let journal = twin::in_memory();
        let options = Options { suites: Suite::ALL.to_vec(), journal: journal.path().to_owned(), ..Options::default() };
        let (events, _) = Events::channel();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let interrupt = async move {
            tokio::time::sleep(std::time::Duration::from_millis(moment)).await;
            stopping.cancel();
        };
        let (run, ()) =
            tokio::join!(Box::pin(verify::run(Arc::new(twin.target()), options, twin.inputs(), events, stop)), interrupt);
        let cleanup = run.expect("a client").cleanup;
        let left = (cleanup.left, cleanup.accounts);
        assert_eq!((left, twin.house().people()), ((Vec::new(), Vec::new()), 0), "interrupted after {moment} ms");
    }
}

/// What never took a connection has no account, whatever was about to be signed up there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_there_leaves_no_account() {
    let gone = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port").local_addr().expect("an address");
    let honest = Twin::start_as(Kind::Opaque, Carrier::Bearer, &[]).await.target();
    let target = Target { base: BaseUrl::parse(&format!("http://{gone}")).expect("a URL"), ..honest };
    let journal = twin::in_memory();
    let options = Options { suites: vec![Suite::Jwt], journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, verify::Inputs::default(), events, CancellationToken::new()).await;
    let cleanup = run.expect("a client").cleanup;
    assert_eq!((cleanup.left, cleanup.accounts), (Vec::new(), Vec::new()));
    assert_eq!(std::fs::read_dir(journal.path()).map(Iterator::count).unwrap_or_default(), 0, "a journal was left behind");
}

/// Off this machine nobody's host is named to a service: that it goes where a token sends it shows by the time it takes.
#[rstest]
#[case::sound(&[], Verdict::Pass)]
#[case::goes_there(&["jwt.follows-jku"], Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_elsewhere_that_goes_where_a_token_sends_it_is_late(#[case] flaws: &[&str], #[case] verdict: Verdict) {
    let twin = Twin::start(flaws).await;
    let elsewhere = twin.base().replace("127.0.0.1", "0.0.0.0");
    let target = Target { base: BaseUrl::parse(&elsewhere).expect("a URL"), ..twin.target() };
    assert!(!target.is_loopback());
    let journal = twin::in_memory();
    let only = Some(["jwt.key.fetched"].into());
    let options = Options { suites: vec![Suite::Jwt], only, journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(target), options, twin.inputs(), events, CancellationToken::new()).await;
    let fetched = run.expect("a client").checks.into_iter().find(|check| check.id == "jwt.key.fetched").expect("a check");
    assert_eq!(fetched.verdict, verdict, "{}", fetched.summary);
}

/// Many services name their users by one thing in paths and by another in tokens: forgeries must carry what tokens carry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_name_their_user_otherwise_than_the_target_declares_are_forged_as_they_are_issued() {
    let twin = Twin::start_as(Kind::Shared, Carrier::Bearer, &[]).await;
    let declared = twin.target();
    let Tokens::Mint(mint) = &declared.tokens else { panic!("the twin's tokens are minted") };
    let bare = Mint::new(mint.key.clone(), "TWIN_SECRET");
    let other_keys = OtherKeys { signing: Some(Box::new(bare)), ..declared.other_keys.clone() };
    let mut accounts = declared.accounts.clone();
    accounts.signup.as_mut().expect("a sign-up").grant.subject = Some("/user/name".into());
    accounts.login.as_mut().expect("a sign-in").subject = None;
    let run = verified(&twin, Target { tokens: Tokens::Signup, other_keys, accounts, ..declared }).await;
    let of_tokens = |check: &&console::run::CheckResult| check.suite == "jwt";
    let wrong = run.checks.iter().filter(of_tokens).filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive));
    let wrong: Vec<_> = wrong.map(|check| format!("{} {}: {}", check.verdict, check.id, check.summary)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_nothing_can_remove_are_named_and_fail_nothing() {
    let twin = Twin::start_as(Kind::Opaque, Carrier::Bearer, &[]).await;
    let declared = twin.target();
    let accounts = Accounts { delete: None, ..declared.accounts.clone() };
    let run = verified(&twin, Target { accounts, ..declared }).await;
    assert_eq!(run.checks.iter().filter(|check| check.verdict == Verdict::Fail).count(), 0);
    assert!(run.cleanup.left.is_empty() && run.cleanup.accounts.len() >= 2, "{:?}", run.cleanup);
    assert_eq!(run.cleanup.accounts.len(), twin.house().people());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_up_where_nothing_may_be_made() {
    let twin = Twin::start_as(Kind::Opaque, Carrier::Bearer, &[]).await;
    let journal = twin::in_memory();
    let options = Options { read_only: true, suites: vec![Suite::Jwt], journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(twin.target()), options, twin.inputs(), events, CancellationToken::new()).await;
    let run = run.expect("a client");
    assert!(run.checks.iter().all(|check| check.verdict == Verdict::Skip), "{:?}", run.headline);
    assert!(run.checks.iter().any(|check| check.summary.contains("allow_writes")), "no reason says what to give");
    assert_eq!(twin.house().people(), 0);
}

/// Methods that are safe by definition (RFC 9110, 9.2.1; RFC 4918, 9.1).
const SAFE: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PROPFIND", "TRACE"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_run_sends_safe_methods_alone_and_says_what_that_leaves_unjudged() {
    let twin = Twin::start(&[]).await;
    let journal = twin::in_memory();
    let options =
        Options { read_only: true, suites: Suite::ALL.to_vec(), journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    // What is intrusive begins requests that it never ends; the operator who allows it has been asked.
    let target = Target { allow_intrusive: false, ..twin.target() };
    let run = verify::run(Arc::new(target), options, twin.inputs(), events, CancellationToken::new()).await;
    let run = run.expect("a client");
    let (methods, safe) = (twin.house().methods(), BTreeSet::from(SAFE.map(str::to_owned)));
    let harmful: Vec<_> = methods.difference(&safe).collect();
    assert!(methods.contains("GET") && methods.contains("OPTIONS"), "{methods:?}");
    assert!(harmful.is_empty(), "{harmful:?}");
    assert_eq!((twin.house().store.len(), twin.house().people(), run.cleanup.created), (0, 0, 0));
    let note = run.notes.iter().find(|note| note.starts_with("read-only: nothing was made")).expect("a note");
    let unasked = run.checks.iter().filter(|check| check.summary.contains("allow_writes")).count();
    assert!(unasked > 20 && note.contains(&format!("{unasked} of {} checks", run.checks.len())), "{note}");
    assert!(note.contains("of isolation"), "{note}");
    assert!(run.headline.contains(&format!("of {} checks could not be judged", run.checks.len())), "{}", run.headline);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_intrusive_is_sent_with_consent_alone() {
    let twin = Twin::start(&[]).await;
    let run = verified(&twin, Target { allow_intrusive: false, ..twin.target() }).await;
    let intrusive: Vec<_> = console::checks::catalogue().filter(|check| check.needs.contains(&Need::Intrusive)).collect();
    assert!(intrusive.len() >= 5, "{} intrusive checks", intrusive.len());
    for check in intrusive {
        let result = run.checks.iter().find(|result| result.id == check.id).expect("a result");
        assert_eq!((result.verdict, result.probes), (Verdict::Skip, 0), "{}", check.id);
        assert!(result.summary.contains("--allow-intrusive"), "{}: {}", check.id, result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_under_way_than_the_operator_allows() {
    let twin = Twin::start(&[]).await;
    let journal = twin::in_memory();
    let limits = Limits { connections: Some(3), ..Limits::default() };
    let options =
        Options { limits, suites: vec![Suite::Cors, Suite::Isolation], journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::new(twin.target()), options, twin.inputs(), events, CancellationToken::new()).await;
    run.expect("a client");
    let most = twin.house().most_at_once();
    assert!((2..=3).contains(&most), "{most} at once");
}

#[test]
fn the_documented_targets_are_read_as_they_stand() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/target.md")).expect("the page");
    let fences = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<_> = fences.filter(|fence| fence.contains("[targets.")).collect();
    assert!(examples.len() >= 4, "{} examples", examples.len());
    let key = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let variables: Vec<_> = examples.iter().flat_map(|example| example.split('"')).filter(|word| is_variable(word)).collect();
    let environment = console::target::Environment::of(variables.into_iter().map(|name| (name, key)));
    for example in examples {
        let file = File::parse(std::path::Path::new("postflight.toml"), example).expect(example);
        let target = console::target::select(Some(&file), None, &environment).expect(example);
        assert!(!matches!(target.tokens, Tokens::None), "{example}");
    }
}

fn is_variable(word: &str) -> bool {
    word.len() > 3 && word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}
