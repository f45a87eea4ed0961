//! Backends in other shapes than the twin's are verified by describing them, as an operator would: in the text of a `postflight.toml`.
//!
//! Each shape comes out without a FAIL when it is secure, and with one where tokens or owners are not looked at: a description that made the
//! checks blind would show here.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod backend;
mod boards;
mod nested;
#[path = "../twin/mod.rs"]
mod twin;

use std::path::Path;
use std::sync::Arc;

use backend::{Created, ISSUED, Ids, Open, Running, Shape, Wrong};
use console::checks::Suite;
use console::run::{CheckResult, Events, Run, Verdict};
use console::target::{Environment, File, select};
use console::verify::{self, Options};

use tokio_util::sync::CancellationToken;

fn described(base: &str, text: &str) -> console::target::Target {
    let head = format!(
        "[targets.shaped]\nurl = '{base}'\norigins = {:?}\napp_header = 'x-request-id'\n\
         tokens.mint = {{ secret = 'KEY', claims = {{ iss = '{}', aud = '{}' }} }}\n\
         policy.issuer = '{}'\npolicy.audience = '{}'\npaths.health = '/health'\nhealth.database = '/state/database'\nrelease.commit = '/build/rev'\n",
        twin::ORIGINS,
        twin::ISSUER,
        twin::AUDIENCE,
        twin::ISSUER,
        twin::AUDIENCE
    );
    let file = File::parse(Path::new("postflight.toml"), &format!("{head}{text}")).expect("a file that loads");
    select(Some(&file), None, &Environment::of([("KEY", twin::SECRET), ("A", &ISSUED[0]), ("B", &ISSUED[1])])).expect("a target")
}

async fn verify(running: &Running, text: &str, suites: &[Suite]) -> Run {
    verify_at(&running.base, text, suites).await
}

async fn verify_at(base: &str, text: &str, suites: &[Suite]) -> Run {
    let journal = twin::in_memory();
    let options = Options { suites: suites.to_vec(), journal: journal.path().to_owned(), ..Options::default() };
    let (events, _) = Events::channel();
    let target = Arc::new(described(base, text));
    verify::run(target, options, verify::Inputs::default(), events, CancellationToken::new()).await.expect("a client and a journal")
}

fn failed(run: &Run) -> Vec<&str> {
    run.checks.iter().filter(|check| check.verdict == Verdict::Fail).map(|check| check.id.as_str()).collect()
}

fn check<'a>(run: &'a Run, id: &str) -> &'a CheckResult {
    run.checks.iter().find(|check| check.id == id).expect("a check of the catalogue")
}

const PLAIN: Shape = Shape {
    list: "/api/tasks",
    item: "/api/tasks/{id}",
    ids: Ids::Numbers,
    items: "",
    page: None,
    numbered: false,
    object: "",
    created: Created::Alike,
    statuses: [201, 204, 404],
    methods: &["GET", "PUT", "PATCH", "DELETE"],
    listed: true,
    title: "title",
    needs: [&[], &[]],
    envelope: "",
    marks: false,
    redirects: false,
    preconditions: false,
    versions: false,
    passes_over_user: false,
    open: Open::Nobody,
};

/// Every shape, with what its description says beside the defaults.
const SHAPES: [(&str, Shape, &str); 19] = [
    ("bare list, numbers", PLAIN, "task.items = ''\ntask.done = 'done'\n"),
    (
        "the user in the path, PUT with every field",
        Shape {
            list: "/api/{user_id}/tasks",
            item: "/api/{user_id}/tasks/{id}",
            methods: &["GET", "PUT", "DELETE"],
            needs: [&[], &["/done"]],
            statuses: [201, 200, 404],
            ..PLAIN
        },
        "paths.list = '/api/{user_id}/tasks'\npaths.item = '/api/{user_id}/tasks/{id}'\ntask.items = ''\ntask.done = 'done'\n\
         task.update = 'put'\ntask.put = { done = false }\n",
    ),
    (
        "the user in the path, passed over",
        Shape { list: "/api/{user_id}/tasks", item: "/api/{user_id}/tasks/{id}", ids: Ids::Uuids, passes_over_user: true, ..PLAIN },
        "paths.list = '/api/{user_id}/tasks'\npaths.item = '/api/{user_id}/tasks/{id}'\ntask.items = ''\ntask.done = 'done'\n",
    ),
    (
        "slashes behind, redirected without",
        Shape { list: "/v1/notes/", item: "/v1/notes/{id}/", ids: Ids::Uuids, items: "results", redirects: true, ..PLAIN },
        "paths.list = '/v1/notes/'\npaths.item = '/v1/notes/{id}/'\ntask.items = '/results'\n",
    ),
    (
        "pages of ten, links to the next",
        Shape { ids: Ids::Texts, items: "data", page: Some(10), object: "data", ..PLAIN },
        "task.items = '/data'\ntask.object = '/data'\n",
    ),
    (
        "pages of five by number, with a total",
        Shape { items: "data", page: Some(5), numbered: true, ..PLAIN },
        "task.items = '/data'\ntask.done = 'done'\n",
    ),
    (
        "the created object elsewhere, 200",
        Shape { object: "task", created: Created::Under("created"), statuses: [200, 202, 404], ..PLAIN },
        "task.items = ''\ntask.object = '/task'\ntask.created_object = '/created'\n",
    ),
    (
        "the id in Location alone",
        Shape { created: Created::Location, ids: Ids::Uuids, ..PLAIN },
        "task.items = ''\ntask.id = 'location'\n",
    ),
    (
        "the created object is named by the list alone",
        Shape { created: Created::Unsaid, ..PLAIN },
        "task.items = ''\ntask.done = 'done'\n",
    ),
    (
        "wrapped bodies, other names, nested fields",
        Shape { envelope: "note", title: "text", needs: [&["/list/name"], &[]], methods: &["GET", "PATCH", "DELETE"], ..PLAIN },
        "task = { items = '', envelope = 'note', title = 'text', done = '', update = 'patch', extra = { list = { name = 'inbox' } } }\n",
    ),
    (
        "deleted objects are only marked",
        Shape { marks: true, statuses: [201, 200, 404], ..PLAIN },
        "task.items = ''\npolicy.deleted = [200, 404]\n",
    ),
    (
        "missing is 400",
        Shape { statuses: [201, 204, 400], ..PLAIN },
        "task.items = ''\npolicy.missing = [400]\npolicy.foreign = [400]\n",
    ),
    (
        "no route for one object but its deletion and change",
        Shape { methods: &["PATCH", "DELETE"], ..PLAIN },
        "task = { items = '', get = false, update = 'patch' }\n",
    ),
    ("changes need If-Match", Shape { preconditions: true, ..PLAIN }, "task.items = ''\ntask.done = 'done'\n"),
    (
        "changes name a version",
        Shape { versions: true, ids: Ids::Uuids, object: "data", ..PLAIN },
        "task.items = ''\ntask.object = '/data'\ntask.done = 'done'\ntask.version = 'version'\n",
    ),
    (
        "changes name a version and need If-Match",
        Shape { versions: true, preconditions: true, ids: Ids::Uuids, ..PLAIN },
        "task.items = ''\ntask.done = 'done'\ntask.version = 'version'\n",
    ),
    (
        "no list",
        Shape { listed: false, methods: &["GET", "DELETE"], ..PLAIN },
        "paths.read = '/api/me'\ntask = { list = false, update = 'none' }\n",
    ),
    (
        "everybody reads, the owner writes",
        Shape { open: Open::Everybody, ..PLAIN },
        "paths.read = '/api/me'\ntask.items = ''\ntask.done = 'done'\npolicy.public = ['/api/tasks', '/api/tasks/:id']\n",
    ),
    (
        "every user reads, the owner writes",
        Shape { open: Open::Users, ..PLAIN },
        "task.items = ''\ntask.done = 'done'\npolicy.shared = ['/api/tasks', '/api/tasks/:id']\n",
    ),
];

/// What a run on a secure backend must not come to.
fn odd(name: &str, running: &Running, run: &Run) -> String {
    let unjudged = |check: &CheckResult| check.verdict == Verdict::Inconclusive && !matches!(&*check.suite, "secrets" | "procfile");
    let odd = run.checks.iter().filter(|check| check.verdict == Verdict::Fail || unjudged(check));
    let mut text: String = odd.map(|check| format!("\n  {} {}: {}", check.verdict, check.id, check.summary)).collect();
    if running.left() > 0 || !run.cleanup.left.is_empty() {
        text += &format!("\n  {} objects left, {:?}", running.left(), run.cleanup.left);
    }
    if text.is_empty() { text } else { format!("\n{name}:{text}") }
}

fn chosen() -> impl Iterator<Item = &'static (&'static str, Shape, &'static str)> {
    let only = std::env::var("POSTFLIGHT_SHAPE").unwrap_or_default();
    SHAPES.iter().filter(move |(name, ..)| name.starts_with(&only))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secure_backend_of_any_shape_never_fails() {
    let mut told = String::new();
    for (name, shape, text) in chosen() {
        let running = Running::start(*shape, Wrong::Nothing, &[]).await;
        let run = verify(&running, text, &Suite::ALL).await;
        told += &odd(name, &running, &run);
        assert_eq!(check(&run, "isolation.control").verdict, Verdict::Pass, "{name}");
    }
    assert!(told.is_empty(), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_looks_up_by_id_alone_fails_in_any_shape() {
    let mut blind = String::new();
    for (name, shape, text) in chosen() {
        let running = Running::start(*shape, Wrong::ById, &[]).await;
        let run = verify(&running, text, &[Suite::Isolation]).await;
        let expected = if shape.methods.contains(&"GET") && shape.open == Open::Nobody {
            "isolation.foreign.read"
        } else {
            "isolation.foreign.delete"
        };
        if !failed(&run).contains(&expected) {
            blind += &format!("\n{name}: {expected} is {} ({})", check(&run, expected).verdict, check(&run, expected).summary);
        }
    }
    assert!(blind.is_empty(), "{blind}");
}

/// A change of the done field alone may have a handler of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_lets_anybody_mark_an_object_as_done_fails() {
    let running = Running::start(PLAIN, Wrong::MarksAny, &[]).await;
    let run = verify(&running, "task.items = ''\ntask.done = 'done'\n", &[Suite::Isolation]).await;
    assert_eq!(failed(&run), ["isolation.foreign.patch"], "{}", check(&run, "isolation.foreign.patch").summary);
}

/// A demand for a precondition is no guard: whoever sends the one that fits must still be refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_needs_if_match_is_asked_with_one() {
    let running = Running::start(Shape { preconditions: true, ..PLAIN }, Wrong::ById, &[]).await;
    let run = verify(&running, "task.items = ''\n", &[Suite::Isolation]).await;
    for id in ["isolation.foreign.patch", "isolation.foreign.delete"] {
        assert_eq!(check(&run, id).verdict, Verdict::Fail, "{id}: {}", check(&run, id).summary);
    }
}

/// Whoever attacks an object may know its version as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_names_a_version_is_asked_with_the_one_that_fits() {
    let running = Running::start(Shape { versions: true, ..PLAIN }, Wrong::ById, &[]).await;
    let run = verify(&running, "task.items = ''\ntask.version = 'version'\n", &[Suite::Isolation]).await;
    for id in ["isolation.foreign.put", "isolation.foreign.patch"] {
        assert_eq!(check(&run, id).verdict, Verdict::Fail, "{id}: {}", check(&run, id).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_takes_unsigned_tokens_fails_in_any_shape() {
    for (name, shape, text) in chosen() {
        let running = Running::start(*shape, Wrong::Nothing, &["jwt.none"]).await;
        let run = verify(&running, text, &[Suite::Jwt]).await;
        assert!(failed(&run).iter().any(|id| id.starts_with("jwt.")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_believes_the_user_in_the_path_fails() {
    let (_, shape, text) = SHAPES[1];
    let running = Running::start(shape, Wrong::ByPath, &[]).await;
    let run = verify(&running, text, &[Suite::Isolation]).await;
    for id in ["isolation.foreign.read", "isolation.foreign.delete", "isolation.claim.path"] {
        assert_eq!(check(&run, id).verdict, Verdict::Fail, "{id}: {}", check(&run, id).summary);
    }
}

/// Where paths name the user, what guards A's path is no guard of A's id at B's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_looks_at_conditions_before_the_owner_fails_at_the_own_path() {
    let (_, shape, text) = SHAPES[1];
    let running = Running::start(shape, Wrong::ConditionFirst, &[]).await;
    let run = verify(&running, text, &[Suite::Isolation]).await;
    for id in ["isolation.cache.conditional", "isolation.oracle"] {
        assert_eq!(check(&run, id).verdict, Verdict::Fail, "{id}: {}", check(&run, id).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_that_knows_one_case_alone_is_passed_in_capitals_whoever_the_path_names() {
    for (_, shape, text) in [&SHAPES[0], &SHAPES[1]] {
        let running = Running::start(*shape, Wrong::AnyCase, &[]).await;
        let run = verify(&running, text, &[Suite::Jwt]).await;
        assert_eq!(failed(&run), ["jwt.required.path"]);
    }
}

/// Whose an object is, is seen by reading it, by lists where nothing else shows it, and by who may change it where everybody reads all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_believes_the_owner_in_the_body_fails_in_any_shape() {
    let mut blind = String::new();
    for (name, shape, text) in chosen().filter(|(_, shape, _)| shape.listed && shape.envelope.is_empty()) {
        let running = Running::start(*shape, Wrong::OwnerFromBody, &[]).await;
        let run = verify(&running, text, &[Suite::Isolation]).await;
        for id in ["isolation.assign.create", "isolation.assign.update"] {
            let check = check(&run, id);
            if check.verdict != Verdict::Fail && check.verdict != Verdict::Skip {
                blind += &format!("\n{name}: {id} is {} ({})", check.verdict, check.summary);
            }
        }
    }
    assert!(blind.is_empty(), "{blind}");
}

/// Gone is what the service says of what is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_b_deleted_is_missed_in_the_words_of_the_service() {
    let (_, shape, text) = SHAPES.iter().find(|(name, ..)| *name == "missing is 400").expect("the shape");
    let running = Running::start(*shape, Wrong::DeletesAny, &[]).await;
    let run = verify(&running, text, &[Suite::Isolation]).await;
    let check = check(&run, "isolation.foreign.delete");
    assert_eq!(check.verdict, Verdict::Fail, "{}", check.summary);
}

/// Where nobody needs a token, forged ones get in like any other: that the reads are open is the finding, and the only one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_need_no_token_say_nothing_of_tokens() {
    let running = Running::start(Shape { open: Open::Everybody, ..PLAIN }, Wrong::Nothing, &[]).await;
    let run = verify(&running, "task.items = ''\n", &[Suite::Jwt]).await;
    assert_eq!(failed(&run), ["jwt.required.read"]);
    // Nobody waits for checks that are not asked.
    assert!(run.stats.wall_ms < 30_000, "{} ms", run.stats.wall_ms);
    let control = check(&run, "jwt.control");
    assert_eq!(control.verdict, Verdict::Inconclusive, "{}", control.summary);
    assert!(control.summary.contains("nobody needs a token there"), "{}", control.summary);
}

/// Users who may read each other's objects are still users: whoever has no token is refused, and so is whoever would write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_are_open_to_users_need_a_token_all_the_same() {
    let (_, shape, text) = SHAPES.iter().find(|(name, ..)| name.starts_with("every user reads")).expect("the shape");
    let running = Running::start(*shape, Wrong::Nothing, &[]).await;
    let run = verify(&running, text, &[Suite::Jwt, Suite::Isolation]).await;
    for id in ["jwt.required.read", "jwt.none", "isolation.anonymous", "isolation.foreign.delete"] {
        assert_eq!(check(&run, id).verdict, Verdict::Pass, "{id}: {}", check(&run, id).summary);
    }
    assert_eq!(check(&run, "isolation.foreign.read").verdict, Verdict::Skip);
    let undeclared = verify(&running, "task.items = ''\n", &[Suite::Isolation]).await;
    assert!(failed(&undeclared).contains(&"isolation.foreign.read"));
}

/// What fails without anything odd about it tells nothing of what is odd.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_fails_without_a_token_fails_on_no_odd_request() {
    let running = Running::start(PLAIN, Wrong::FailsWithoutToken, &[]).await;
    let run = verify(&running, "task.items = ''\n", &[Suite::Robustness]).await;
    assert_eq!(failed(&run), Vec::<&str>::new());
    let foreign = check(&run, "robustness.host.foreign");
    assert!(foreign.summary.contains("and so is a plain request without a token"), "{}", foreign.summary);
}

/// The route that names the release is as public as health.
#[tokio::test]
async fn a_release_that_is_named_beside_a_secret_fails() {
    let server = wiremock::MockServer::start().await;
    let answer = |status: u16| wiremock::ResponseTemplate::new(status).insert_header("x-request-id", "1");
    let health = serde_json::json!({ "status": "ok", "state": { "database": "connected" } });
    let version =
        serde_json::json!({ "build": { "rev": "4f1c9d2" }, "database_url": "postgres://app:not-a-real-one@db.internal/app" });
    for (path, json) in [("/health", health), ("/version", version)] {
        wiremock::Mock::given(wiremock::matchers::path(path)).respond_with(answer(200).set_body_json(json)).mount(&server).await;
    }
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer(404)).with_priority(9).mount(&server).await;
    let run = verify_at(&server.uri(), "release.path = '/version'\n", &[Suite::Health]).await;
    let leaks = check(&run, "health.leaks");
    assert_eq!(leaks.verdict, Verdict::Fail, "{}", leaks.summary);
    assert!(leaks.summary.contains("/version, which names the release"), "{}", leaks.summary);
}

/// What bounds the life of a token may be the time of its issue (`maxAge` of jsonwebtoken).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_end_by_their_age_may_say_any_end() {
    let text = "task.items = ''\npolicy.max_lifetime = 3600\n";
    let lifetime = async |wrong| {
        let running = Running::start(PLAIN, wrong, &["jwt.any-lifetime"]).await;
        let run = verify(&running, text, &[Suite::Jwt]).await;
        ["jwt.exp.lifetime", "jwt.exp.type"].map(|id| check(&run, id).verdict)
    };
    assert_eq!(lifetime(Wrong::EndsByAge).await, [Verdict::Pass, Verdict::Pass]);
    assert_eq!(lifetime(Wrong::Nothing).await[0], Verdict::Fail);
}

/// A key that signs nothing the service takes leaves open what only it could ask, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_keeps_its_tokens_is_judged_by_those_it_issued() {
    let running = Running::start(PLAIN, Wrong::KeepsTokens, &[]).await;
    let run = verify(&running, "task.items = ''\ntokens.a = 'A'\ntokens.b = 'B'\n", &[Suite::Jwt]).await;
    for id in ["jwt.control", "jwt.none", "jwt.payload"] {
        assert_eq!(check(&run, id).verdict, Verdict::Pass, "{id}: {}", check(&run, id).summary);
    }
    let minted = check(&run, "jwt.exp.past");
    assert_eq!(minted.verdict, Verdict::Inconclusive, "{}", minted.summary);
    assert!(minted.summary.contains("signs for A is answered 401"), "{}", minted.summary);
}

/// Services that answer everything with 200 refuse in the body. That is remarked, and taken for no acceptance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_in_words_alone_is_a_refusal() {
    let text = "task.items = ''\n";
    let running = Running::start(PLAIN, Wrong::RefusesInWords, &[]).await;
    let run = verify(&running, text, &[Suite::Jwt]).await;
    assert_eq!(failed(&run), Vec::<&str>::new());
    for id in ["jwt.none", "jwt.required.read", "jwt.required.verified", "jwt.exp.past"] {
        assert_eq!(check(&run, id).verdict, Verdict::Warn, "{id}: {}", check(&run, id).summary);
    }
    assert_eq!(check(&run, "jwt.control").verdict, Verdict::Pass);
    let careless = Running::start(PLAIN, Wrong::RefusesInWords, &["jwt.none"]).await;
    assert!(failed(&verify(&careless, text, &[Suite::Jwt]).await).contains(&"jwt.none"));
}
