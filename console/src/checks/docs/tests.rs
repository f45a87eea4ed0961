//! What is recognised, what counts as the same, and what errors give away.

use rstest::rstest;

use super::{asked, errors, paths, recognise, same};
use crate::http::Answer;
use crate::run::Finding::{self, Broken, Held, Weak};

#[rstest]
#[case::swagger("/docs", "<div id=\"swagger-ui\"></div>", Some("Swagger UI"))]
#[case::redoc("/redoc", "<redoc spec-url='/openapi.json'></redoc>", Some("ReDoc"))]
#[case::openapi("/openapi.json", r#"{"openapi":"3.1.0","paths":{}}"#, Some("an OpenAPI schema"))]
#[case::yaml("/openapi.yaml", "openapi: 3.1.0\npaths:\n  /a: {}\n", Some("an OpenAPI schema"))]
#[case::metrics("/metrics", "# HELP a b\n# TYPE a counter\na 1\n", Some("metrics"))]
#[case::actuator("/actuator", r#"{"_links":{"self":{"href":"/actuator"}}}"#, Some("Spring Boot's actuator"))]
#[case::env_of_a_mount("/static/.env", "JWT_SECRET=a\n", Some("an environment file"))]
#[case::env("/.env", "DATABASE_URL=postgres://a\n", Some("an environment file"))]
#[case::git("/.git/HEAD", "ref: refs/heads/main\n", Some("a git directory"))]
#[case::commit("/.git/HEAD", "0123456789abcdef0123456789abcdef01234567", Some("a git directory"))]
#[case::front_end("/.env", "<!doctype html><div id=root data-a=b></div>", None)]
#[case::ordinary("/metrics", r#"{"status":"ok"}"#, None)]
#[case::not_found("/docs", r#"{"detail":"Not Found"}"#, None)]
fn content_is_known_by_its_marks(#[case] path: &str, #[case] body: &str, #[case] expected: Option<&str>) {
    assert_eq!(recognise::recognised(path, &Answer::canned(200, &[], body)), expected);
    assert_eq!(recognise::recognised(path, &Answer::canned(404, &[], body)), None);
}

#[rstest]
#[case::plain("Not Found", "Not Found", true)]
#[case::express("<pre>Cannot GET /docs</pre>", "<pre>Cannot GET /pfabc123</pre>", true)]
#[case::bare_name("no route docs here", "no route pfabc123 here", true)]
#[case::spring(
    r#"{"timestamp":"2026-11-23T21:00:01.123Z","path":"/docs","id":"01890a5d-ac96-774b-bcce-b302099a8057"}"#,
    r#"{"timestamp":"2026-11-23T21:00:02.456Z","path":"/pfabc123","id":"01890a5d-ac97-7aaa-8bbb-b302099a8058"}"#,
    true
)]
#[case::linked_by_chance(r#"{"more":"https://docs.example/errors"}"#, r#"{"more":"https://docs.example/errors"}"#, true)]
#[case::telling("Documentation is disabled", "Not Found", false)]
fn two_answers_are_the_same_but_for_paths_dates_and_ids(#[case] closed: &str, #[case] unknown: &str, #[case] expected: bool) {
    let (closed, unknown) = (Answer::canned(404, &[], closed), Answer::canned(404, &[], unknown));
    assert_eq!(same::like("/docs", &closed, "/pfabc123", &unknown), expected);
}

#[test]
fn a_refusal_is_not_the_same_as_a_missing_page_even_with_the_same_words() {
    let (forbidden, missing) = (Answer::canned(403, &[], "no"), Answer::canned(404, &[], "no"));
    assert!(!same::like("/docs", &forbidden, "/pfabc123", &missing));
    assert_eq!(asked::judge_difference(&forbidden, &missing).finding, Broken);
    // What is for those who are signed in is there on purpose.
    assert_eq!(asked::judge_difference(&Answer::canned(401, &[], "no"), &missing).finding, Weak);
}

#[rstest]
#[case::swagger(200, "<div id=\"swagger-ui\">", "Not Found", 404, Broken)]
#[case::catch_all(200, "<html>app</html>", "<html>app</html>", 200, Held)]
#[case::something(200, "hello", "Not Found", 404, Weak)]
#[case::closed(404, "Not Found", "Not Found", 404, Held)]
#[case::behind_login(401, "sign in", "Not Found", 404, Held)]
fn only_what_is_truly_served_is_a_flaw(
    #[case] status: u16,
    #[case] body: &str,
    #[case] unknown: &str,
    #[case] unknown_status: u16,
    #[case] expected: Finding,
) {
    let unknown = Answer::canned(unknown_status, &[], unknown);
    let judgement = asked::judge("/docs", &Answer::canned(status, &[], body), Some(("/pfabc123", &unknown)));
    assert_eq!(judgement.finding, expected, "{}", judgement.observed);
}

#[rstest]
#[case::markup(404, "text/html", "<h1>Cannot GET /<pfmark></h1>", Broken)]
#[case::escaped(404, "text/html", "<h1>Cannot GET /%3Cpfmark%3E</h1>", Held)]
#[case::json(404, "application/json", r#"{"path":"/<pfmark>"}"#, Held)]
#[case::catch_all(200, "text/html", "<html>app</html>", Weak)]
fn an_unknown_path_is_missing_and_does_not_come_back_as_markup(
    #[case] status: u16,
    #[case] kind: &str,
    #[case] body: &str,
    #[case] expected: Finding,
) {
    assert_eq!(asked::judge_unknown("pfmark", &Answer::canned(status, &[("content-type", kind)], body)).finding, expected);
}

#[rstest]
#[case::python(500, "Traceback (most recent call last):\n  File \"/app/main.py\", line 4", Broken)]
#[case::node(400, "SyntaxError: Unexpected end\n at parse (/app/node_modules/body-parser/lib/types/json.js:92:19)", Broken)]
#[case::rust(500, "thread 'main' panicked at src/main.rs:1:1", Broken)]
#[case::database(500, "error: invalid input syntax for type uuid: \"x\"", Broken)]
#[case::pydantic(422, r#"{"detail":[{"type":"json_invalid","loc":["body",15],"msg":"JSON decode error"}]}"#, Held)]
#[case::serde(400, "Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 14", Held)]
#[case::plain(500, "Internal Server Error", Weak)]
#[case::users_text(200, r#"{"items":[{"title":"Traceback (most recent call last)"}]}"#, Held)]
fn errors_are_judged_by_what_they_tell_of_the_inside(#[case] status: u16, #[case] body: &str, #[case] expected: Finding) {
    assert_eq!(errors::judge(&Answer::canned(status, &[], body)).finding, expected);
}

#[test]
fn a_closed_path_is_asked_for_under_its_other_names() {
    insta::assert_snapshot!(paths::variants("/docs").join("\n"), @r"
    /docs/
    /DOCS
    //docs
    /%64ocs
    /Docs
    /docs;a=b
    /docs?a=b
    ");
}
