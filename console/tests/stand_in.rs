//! What needs the signing key and cannot be asked of one target is judged on another one, as long as both serve the same commit.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod twin;

use std::sync::Arc;

use console::checks::{Forge, Suite};
use console::run::{CheckResult, Event, Events, Run, Verdict};
use console::target::{Target, Tokens};
use console::verify::{self, Options};
use rstest::rstest;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use twin::Twin;

const EXPIRED: &str = "jwt.exp.past";

/// The twin as an operator sees it who has two tokens and no key.
fn keyless(twin: &Twin) -> Target {
    let declared = twin.target();
    let Tokens::Mint(mint) = &declared.tokens else { panic!("the twin's tokens are minted") };
    let forge = Forge::new((**mint).clone());
    let token = |subject| forge.good(subject, OffsetDateTime::now_utc()).into();
    Target { tokens: Tokens::Given { a: token("ann"), b: Some(token("bob")), subjects: None }, ..declared }
}

/// A run on `production`, with `staging` standing in; and how often the check came out, as a screen would see it.
async fn verified(production: &Twin, staging: &Twin) -> (Run, Vec<Verdict>) {
    let stand_in = Target { name: "staging".into(), ..staging.target() };
    let target = Target { stand_in: Some(Box::new(stand_in)), ..keyless(production) };
    let journal = twin::in_memory();
    let options = Options { suites: vec![Suite::Release, Suite::Jwt], journal: journal.path().to_owned(), ..Options::default() };
    let (events, mut told) = Events::channel();
    let run = verify::run(Arc::new(target), options, production.inputs(), events, CancellationToken::new()).await;
    let mut seen = Vec::new();
    while let Ok(event) = told.try_recv() {
        if let Event::CheckFinished { result } = event
            && result.id == EXPIRED
        {
            seen.push(result.verdict);
        }
    }
    (run.expect("a journal and a client"), seen)
}

fn expired(run: &Run) -> &CheckResult {
    run.checks.iter().find(|check| check.id == EXPIRED).expect("the check was selected")
}

#[rstest]
#[case::sound(&[], Verdict::Pass)]
#[case::flawed(&["jwt.expiry-not-checked"], Verdict::Fail)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stand_in_is_asked_and_named(#[case] flaws: &[&str], #[case] verdict: Verdict) {
    let (production, staging) = (Twin::start(&[]).await, Twin::start(flaws).await);
    let (run, seen) = Box::pin(verified(&production, &staging)).await;
    let check = expired(&run);
    assert_eq!((check.verdict, check.judged_on.as_deref()), (verdict, Some("staging")), "{}", check.summary);
    assert!(check.summary.starts_with(&format!("judged on staging, at the same commit {}: ", twin::COMMIT)), "{}", check.summary);
    assert_eq!(seen, [Verdict::Skip, verdict]);
    assert_eq!(run.verdict == Verdict::Fail, verdict == Verdict::Fail, "{}", run.headline);
    let elsewhere = run.checks.iter().filter(|check| check.judged_on.is_some()).count();
    assert!(elsewhere > 10, "{elsewhere}");
    assert!(run.checks.iter().any(|check| check.id == "jwt.none" && check.judged_on.is_none()), "asked where it could be asked");
    assert_eq!((production.house().store.len(), staging.house().store.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_commit_says_nothing() {
    let (production, staging) = (Twin::start(&[]).await, Twin::start(&["release.other-commit"]).await);
    let (run, seen) = Box::pin(verified(&production, &staging)).await;
    let check = expired(&run);
    assert_eq!((check.verdict, &check.judged_on), (Verdict::Skip, &None));
    assert!(check.summary.contains("staging cannot stand in: it runs commit"), "{}", check.summary);
    assert!(seen.iter().all(|verdict| *verdict == Verdict::Skip));
}
