//! Objects that live in something else: each user of the run gets one of those, and one user's is the other's to leave alone.

use std::sync::Arc;
use std::time::Duration;

use console::checks::Suite;
use console::http::Limits;
use console::run::{CheckResult, Events, Run, Verdict};
use console::verify::{self, Options};
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use super::boards::{Running, Wrong};
use super::{check, described, failed, verify_at};
use crate::twin;

const BY_PATH: &str = "paths.list = '/boards/{parent_id}/cards'\npaths.item = '/boards/{parent_id}/cards/{id}'\n\
    task = { items = '', done = 'done', update = 'patch' }\nparent = { list = '/boards' }\n";
const BY_BODY: &str = "paths.list = '/cards'\npaths.item = '/cards/{id}'\n\
    task = { items = '', done = 'done', update = 'patch', extra = { board_id = '{parent_id}' } }\nparent = { list = '/boards' }\n";

async fn run(running: &Running, text: &str, suites: &[Suite]) -> Run {
    verify_at(&running.base, text, suites).await
}

#[rstest]
#[case::by_path(BY_PATH)]
#[case::by_body(BY_BODY)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secure_backend_never_fails_and_keeps_nothing(#[case] text: &str, #[values(false, true)] restricts: bool) {
    let running = Running::start(Wrong::Nothing, restricts).await;
    let run = run(&running, text, &Suite::ALL).await;
    let odd = |check: &&CheckResult| {
        let unjudged = check.verdict == Verdict::Inconclusive && !matches!(&*check.suite, "secrets" | "procfile");
        check.verdict == Verdict::Fail || unjudged
    };
    let odd: String =
        run.checks.iter().filter(odd).map(|check| format!("\n{} {}: {}", check.verdict, check.id, check.summary)).collect();
    assert!(odd.is_empty(), "{odd}");
    assert_eq!((running.left(), &run.cleanup.left), ((0, 0), &Vec::new()));
    assert_eq!(check(&run, "isolation.routes").verdict, Verdict::Pass, "{}", check(&run, "isolation.routes").summary);
}

#[rstest]
#[case::card_by_its_id(Wrong::CardById, BY_PATH, "isolation.foreign.read")]
#[case::flat_card(Wrong::CardById, BY_BODY, "isolation.foreign.read")]
#[case::another_version(Wrong::CardById, BY_PATH, "isolation.forms.versions")]
#[case::card_of_any_board(Wrong::BoardOfAnybody, BY_PATH, "isolation.foreign.delete")]
#[case::list_of_any_board(Wrong::ListOfAnybody, BY_PATH, "isolation.claim.path")]
#[case::created_in_any_board(Wrong::CreatesAnywhere, BY_PATH, "isolation.claim.path")]
#[case::created_by_its_body(Wrong::CreatesAnywhere, BY_BODY, "isolation.assign.create")]
#[case::moved_to_any_board(Wrong::MovesAnywhere, BY_BODY, "isolation.assign.update")]
#[case::shown_boards(Wrong::ShowsBoards, BY_PATH, "isolation.routes")]
#[case::renamed_boards(Wrong::RenamesBoards, BY_PATH, "isolation.routes")]
#[case::deleted_boards(Wrong::DeletesBoards, BY_BODY, "isolation.routes")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_one_users_board_is_nobody_elses(#[case] wrong: Wrong, #[case] text: &str, #[case] id: &str) {
    let running = Running::start(wrong, false).await;
    let run = run(&running, text, &[Suite::Isolation]).await;
    assert!(failed(&run).contains(&id), "{id}: {}; {:?}", check(&run, id).summary, failed(&run));
    assert_eq!(running.left(), (0, 0), "{:?}", run.cleanup.left);
}

const ACCOUNTS: &str = "tokens.signup = { path = '/auth/signup', body = { username = '{username}', password = '{password}' }, token = '/access_token', subject = '/user/id' }\n\
    tokens.logout = { path = '/auth/logout' }\ntokens.delete = { path = '/auth/me' }\npolicy.revocation = true\n";

/// An account that was just made has no board yet: it shows that its token works at the list of boards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_a_board_is_judged_by_the_list_of_boards() {
    let running = Running::start(Wrong::Nothing, false).await;
    let run = run(&running, &format!("{BY_PATH}{ACCOUNTS}"), &[Suite::Jwt]).await;
    assert_eq!(check(&run, "jwt.revoked").verdict, Verdict::Pass, "{}", check(&run, "jwt.revoked").summary);
    assert_eq!(running.left(), (0, 0), "{:?}", run.cleanup.left);
}

/// Where each user has a board from the beginning, nothing needs to be declared: what A's cards name, and B's name otherwise, is found out.
#[rstest]
#[case::secure(Wrong::Nothing, None)]
#[case::created(Wrong::CreatesAnywhere, Some("isolation.assign.create"))]
#[case::moved(Wrong::MovesAnywhere, Some("isolation.assign.update"))]
#[case::taken(Wrong::ChangesByItsBody, Some("isolation.claim.body"))]
#[case::listed(Wrong::FiltersAnywhere, Some("isolation.claim.query"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_cards_name_is_tried_although_nobody_declared_it(#[case] wrong: Wrong, #[case] id: Option<&str>) {
    let running = Running::start_with_inboxes(wrong).await;
    let text = "paths.list = '/cards'\npaths.item = '/cards/{id}'\ntask = { items = '', done = 'done', update = 'patch' }\n";
    let run = run(&running, text, &[Suite::Isolation]).await;
    match id {
        Some(id) => assert!(failed(&run).contains(&id), "{id}: {}; {:?}", check(&run, id).summary, failed(&run)),
        None => assert_eq!(failed(&run), Vec::<&str>::new()),
    }
    assert_eq!(running.left(), (0, 0), "{:?}", run.cleanup.left);
}

/// A run that is not allowed to make anything looks at what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_only_reads_uses_a_board_that_is_there() {
    let running = Running::start(Wrong::Nothing, false).await;
    running.keep_board_of("postflight-user-a");
    let target = Arc::new(described(&running.base, BY_PATH));
    let journal = twin::in_memory();
    let options = Options { suites: vec![Suite::Cors], journal: journal.path().to_owned(), read_only: true, ..Options::default() };
    let (events, _) = Events::channel();
    let stop = CancellationToken::new();
    let run = verify::run(target, options, verify::Inputs::default(), events, stop).await.expect("a client");
    assert_eq!(check(&run, "cors.control").verdict, Verdict::Pass, "{}", check(&run, "cors.control").summary);
    assert_eq!(running.left(), (1, 0));
}

/// A run that ends without a word leaves boards and cards; a later look finds both by the journal, or by their markers alone.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_run_left_is_removed_with_what_it_lived_in(
    #[values(BY_PATH, BY_BODY)] text: &str,
    #[values(60, 150, 400)] after_ms: u64,
    #[values(true, false)] with_journal: bool,
) {
    let running = Running::start(Wrong::Nothing, true).await;
    let target = Arc::new(described(&running.base, text));
    let (journal, elsewhere) = (twin::in_memory(), twin::in_memory());
    let options = Options { suites: vec![Suite::Isolation], journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let run = verify::run(Arc::clone(&target), options, verify::Inputs::default(), events, CancellationToken::new());
    let run = tokio::spawn(run);
    tokio::time::sleep(Duration::from_millis(after_ms)).await;
    run.abort();
    assert!(run.await.is_err_and(|error| error.is_cancelled()), "it was over before");
    assert_ne!(running.left(), (0, 0), "nothing was made yet");
    let directory = if with_journal { journal.path() } else { elsewhere.path() };
    let swept = verify::cleanup(target, directory, Limits::default(), CancellationToken::new()).await.expect("a client");
    assert_eq!(running.left(), (0, 0), "{:?}", swept.left);
    assert!(swept.removed > 0 && swept.left.is_empty(), "{swept:?}");
}
