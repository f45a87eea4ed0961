//! Conditional requests: If-Match and If-None-Match against the version.

use insta::assert_snapshot;
use rstest::rstest;

use crate::support::http::{Reply, Request};
use crate::support::{Engine, TestServer, token};

fn guarded(server: &TestServer, user: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::new(method, path).bearer(&token::of(user));
    for (name, value) in headers {
        request = request.with(name, value);
    }
    if matches!(method, "PUT" | "PATCH") {
        request = request.json(r#"{"title":"changed"}"#);
    }
    server.send(&request)
}

/// A task of ann's, at version 2.
fn second_version(server: &TestServer) -> String {
    let path = server.task("ann", "a");
    assert_eq!(server.write("ann", "PATCH", &path, r#"{"title":"b"}"#).status, 200);
    path
}

/// Headers, and whether a write to version 2 passes them.
const TABLE: &[(&[(&str, &str)], bool)] = &[
    (&[("If-Match", "\"2\"")], true),
    (&[("If-Match", "*")], true),
    (&[("If-Match", "\"1\", \"2\"")], true),
    (&[("If-Match", "\"1\""), ("If-Match", "\"2\"")], true),
    (&[("If-Match", "\"1\"")], false),
    (&[("If-Match", "W/\"2\"")], false),
    (&[("If-Match", "2")], false),
    (&[("If-Match", "\"two\"")], false),
    (&[("If-Match", "")], false),
    (&[("If-None-Match", "\"2\"")], false),
    (&[("If-None-Match", "\"1\"")], true),
    (&[("If-None-Match", "*")], false),
    (&[("If-Match", "\"2\""), ("If-None-Match", "\"1\"")], true),
    (&[("If-Match", "\"2\""), ("If-None-Match", "\"2\"")], false),
];

#[rstest]
fn a_write_happens_only_if_its_precondition_holds(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    for (headers, holds) in TABLE {
        for method in ["PUT", "PATCH", "DELETE"] {
            let path = second_version(&server);
            let status = guarded(&server, "ann", method, &path, headers).status;
            let after = server.as_user("ann", "GET", &path);
            let expected = match (holds, method) {
                (false, _) => (412, Some(2)),
                (true, "DELETE") => (204, None),
                (true, _) => (200, Some(3)),
            };
            assert_eq!((status, after.json()["version"].as_i64()), expected, "{method} {headers:?}");
        }
    }
}

#[rstest]
fn a_foreign_task_answers_404_whatever_the_precondition(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = second_version(&server);
    let missing = "/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057";
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        for (headers, _) in TABLE {
            let foreign = guarded(&server, "bob", method, &path, headers);
            assert_eq!(foreign.status, 404, "{method} {headers:?}");
            let missing = guarded(&server, "bob", method, missing, headers);
            assert_eq!(foreign.comparable(), missing.comparable(), "{method} {headers:?}");
        }
    }
    assert_eq!(server.as_user("ann", "GET", &path).json()["version"], 2, "nothing was touched");
}

#[rstest]
fn a_read_of_a_known_version_is_304(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = second_version(&server);
    let read = |tag: &str| guarded(&server, "ann", "GET", &path, &[("If-None-Match", tag)]);
    let known = read("\"2\"");
    assert_eq!((known.status, known.header("etag"), known.body.as_str()), (304, Some("\"2\""), ""));
    assert_eq!(read("*").status, 304);
    assert_eq!(read("\"1\", \"2\"").status, 304);
    assert_eq!(read("\"1\"").status, 200);
}

#[test]
fn a_failed_precondition_reads_well() {
    let server = TestServer::on(Engine::Sqlite);
    let path = second_version(&server);
    assert_snapshot!(guarded(&server, "ann", "PUT", &path, &[("If-Match", "\"1\"")]), @r#"
    412 application/problem+json
    {"type":"about:blank","title":"Precondition Failed","status":412,"detail":"The task has another version; read it again."}
    "#);
}

#[rstest]
fn of_many_writers_with_the_same_version_exactly_one_wins(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let server = TestServer::on(engine);
    let path = second_version(&server);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..12).map(|_| scope.spawn(|| guarded(&server, "ann", "PATCH", &path, &[("If-Match", "\"2\"")]).status)).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 11, "{statuses:?}");
    assert_eq!(server.as_user("ann", "GET", &path).json()["version"], 3);
}
