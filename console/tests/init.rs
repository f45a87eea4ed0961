//! `console init` as it is used: by flags, and by asking in a terminal. What it writes is what `verify --plan` then reads.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

#[allow(dead_code, reason = "made for the dashboard, which needs more of it")]
#[path = "screen/pty.rs"]
mod pty;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pty::Pty;
use rstest::rstest;

fn console(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_console"));
    command.args(arguments).current_dir(directory).envs(variables.iter().copied()).stdin(Stdio::null());
    command.output().expect("the program runs")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const FLAGS: [&str; 13] = [
    "init",
    "staging",
    "--url",
    "https://api.example.com",
    "--origin",
    "https://app.example.com",
    "--openapi",
    "openapi.json",
    "--stack",
    "fastapi",
    "--mint-variable",
    "POSTFLIGHT_INIT_KEY",
    "--force",
];

fn with_document() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("openapi.json"), include_bytes!("openapi/fastapi.json")).expect("a file");
    directory
}

#[test]
fn flags_and_a_document_make_a_target_that_can_be_planned() {
    let directory = with_document();
    let output = console(directory.path(), &FLAGS, &[]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    insta::assert_snapshot!(text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"), @r#"

    [targets.staging]
    url = "https://api.example.com"
    origins = ["https://app.example.com"]
    openapi = "openapi.json"

    [targets.staging.tokens.mint]
    secret = "POSTFLIGHT_INIT_KEY"

    [targets.staging.paths]
    list = "/api/{user_id}/tasks"
    item = "/api/{user_id}/tasks/{id}"
    toggle = "/api/{user_id}/tasks/{id}/complete"
    health = "/health"

    [targets.staging.task]
    items = ""
    update = "put"
    title = "title"
    done = "completed"
    "#);
    let key = [("POSTFLIGHT_INIT_KEY", "Zt7vN2qLx9Wk4RbY6mHc1PfJ8sDg3AeU")];
    let plan = console(directory.path(), &["verify", "staging", "--plan"], &key);
    assert!(plan.status.success(), "{}", errors(&plan));
    assert!(String::from_utf8_lossy(&plan.stdout).contains("https://api.example.com"));
}

/// A service on this machine that answers every request with the status line and body given; its base URL.
fn service(status: &'static str, body: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = BufReader::new(&mut stream).lines().map_while(Result::ok);
            let _ = request.find(String::is_empty);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(&[head.as_bytes(), body].concat()).expect("an answer");
        }
    });
    base
}

#[test]
fn a_document_that_the_service_serves_is_read_there_and_named_by_its_url() {
    let base = service("200 OK", include_bytes!("openapi/fastapi.json"));
    let url = format!("{base}/openapi.json");
    let directory = tempfile::tempdir().expect("a directory");
    let output = console(directory.path(), &["init", "--openapi", &url, "--mint-variable", "KEY"], &[]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    for line in [format!("url = \"{base}\""), format!("openapi = \"{url}\""), "list = \"/api/{user_id}/tasks\"".to_owned()] {
        assert!(text.lines().any(|written| written == line), "{line} is missing in:\n{text}");
    }
    // A service below a prefix has its document at the root.
    let below = ["init", "below", "--url", &format!("{base}/v1"), "--openapi", &url, "--mint-variable", "KEY"];
    assert!(console(directory.path(), &below, &[]).status.success());
    let by_path = ["init", "again", "--url", &base, "--openapi", "/openapi.json", "--mint-variable", "KEY"];
    assert!(console(directory.path(), &by_path, &[]).status.success());
}

#[rstest]
#[case::no_document("404 Not Found", b"{}", "it was answered 404")]
#[case::another_format("200 OK", b"<!DOCTYPE html><html>", "it is a page, not the document")]
#[case::an_older_version("200 OK", br#"{ "swagger": "1.2" }"#, "no OpenAPI document of version 3 or Swagger 2.0")]
fn a_document_that_cannot_be_read_is_an_error_and_nothing_is_written(
    #[case] status: &'static str,
    #[case] body: &'static [u8],
    #[case] why: &str,
) {
    let url = format!("{}/openapi.json", service(status, body));
    let directory = tempfile::tempdir().expect("a directory");
    let output = console(directory.path(), &["init", "--openapi", &url, "--mint-variable", "KEY"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains(why) && errors(&output).contains(&url), "{}", errors(&output));
    assert!(!directory.path().join("postflight.toml").exists());
}

#[test]
fn a_document_elsewhere_than_the_service_or_without_one_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let elsewhere = ["init", "--url", "http://127.0.0.1:9", "--openapi", "http://127.0.0.1:10/openapi.json"];
    let said = errors(&console(directory.path(), &elsewhere, &[]));
    assert!(said.contains("must be on http://127.0.0.1:9"), "{said}");
    let said = errors(&console(directory.path(), &["init", "--openapi", "/openapi.json"], &[]));
    assert!(said.contains("give its --url"), "{said}");
}

#[test]
fn accounts_that_sign_in_are_described_after_the_document() {
    let directory = tempfile::tempdir().expect("a directory");
    let form = r#"{ "type": "object", "required": ["username", "password"], "properties": { "username": {}, "password": {}, "grant_type": {} } }"#;
    let account = r#"{ "type": "object", "required": ["email", "password", "terms"], "properties": { "email": { "type": "string" }, "password": { "type": "string" }, "terms": { "type": "boolean", "default": true } } }"#;
    let issued = r#"{ "200": { "content": { "application/json": { "schema": { "properties": { "access_token": {} } } } } } }"#;
    let document = format!(
        r#"{{ "openapi": "3.1.0", "paths": {{
            "/auth/login": {{ "post": {{ "requestBody": {{ "content": {{ "application/x-www-form-urlencoded": {{ "schema": {form} }} }} }}, "responses": {issued} }} }},
            "/auth/register": {{ "post": {{ "requestBody": {{ "content": {{ "application/json": {{ "schema": {account} }} }} }} }} }}
        }} }}"#
    );
    std::fs::write(directory.path().join("openapi.json"), document).expect("a file");
    let flags =
        ["init", "--url", "http://127.0.0.1:8000", "--list", "/tasks", "--item", "/tasks/{id}", "--openapi", "openapi.json"];
    let output = console(directory.path(), &[&flags[..], &["--login", "/auth/login", "--signup", "/auth/register"]].concat(), &[]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    let of_tokens = text.lines().skip_while(|line| !line.contains("tokens")).take_while(|line| !line.contains("paths]"));
    insta::assert_snapshot!(of_tokens.filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"));
    let plan = console(directory.path(), &["verify", "production", "--plan"], &[]);
    assert!(plan.status.success(), "{}", errors(&plan));
    let existing = console(directory.path(), &[&flags[..], &["--login", "/auth/login", "--force"]].concat(), &[]);
    assert!(existing.status.success() && String::from_utf8_lossy(&existing.stdout).contains("POSTFLIGHT_PASSWORD_A"));
    let missing = errors(&console(directory.path(), &["verify", "production", "--plan"], &[]));
    assert!(missing.contains("POSTFLIGHT_PASSWORD_A (it holds the password of `verify-a@example.com`)"), "{missing}");
}

/// Flask's extensions and many Express services still describe themselves by Swagger 2.0, some of them in YAML.
#[test]
fn a_swagger_document_in_yaml_is_read_like_any_other() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("swagger.yml"), include_str!("openapi/swagger.yml")).expect("a file");
    let flags = ["init", "--url", "http://127.0.0.1:8000/api", "--openapi", "swagger.yml", "--login", "/auth/login"];
    let output = console(directory.path(), &flags, &[]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    for line in [
        "list = \"/notes\"",
        "item = \"/notes/{id}\"",
        "items = \"\"",
        "title = \"content\"",
        "update = \"put\"",
        "token = \"/access_token\"",
        "body = { username = \"{username}\", password = \"{password}\" }",
        "path = \"/auth/logout\"",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} is missing in:\n{text}");
    }
}

/// Many documents describe no answers.
#[test]
fn what_objects_have_to_live_in_is_described_and_planned() {
    let directory = tempfile::tempdir().expect("a directory");
    let document = r##"{ "openapi": "3.1.0", "paths": {
        "/boards": { "get": {}, "post": { "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Board" } } } } } },
        "/boards/{board_id}": { "delete": {} },
        "/cards": { "get": {}, "post": { "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Card" } } } } } },
        "/cards/{card_id}": { "get": {}, "patch": {}, "delete": {} } },
      "components": { "securitySchemes": { "token": { "type": "apiKey", "in": "header", "name": "X-Auth-Token" } }, "schemas": {
        "Board": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
        "Card": { "type": "object", "required": ["title", "board_id"], "properties": { "title": { "type": "string" }, "board_id": { "type": "integer" } } } } } }"##;
    std::fs::write(directory.path().join("openapi.json"), document).expect("a file");
    let flags = ["init", "local", "--url", "http://127.0.0.1:9", "--openapi", "openapi.json", "--mint-variable", "KEY"];
    let output = console(directory.path(), &flags, &[]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    let described: Vec<_> = text.lines().skip_while(|line| *line != "[targets.local.parent]").take(4).collect();
    assert!(text.contains("extra = { board_id = \"{parent_id}\" }"), "{text}");
    assert!(text.contains("[targets.local.tokens]\n# How a token travels.\ncarrier = { header = \"X-Auth-Token\" }\n"), "{text}");
    assert_eq!(described.first().zip(described.get(2)), Some((&"[targets.local.parent]", &"list = \"/boards\"")));
    let plan = console(directory.path(), &["verify", "local", "--plan"], &[("KEY", "0123456789abcdef0123456789abcdef")]);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("objects by POST /cards in one of each user's by POST /boards"), "{plan}");
}

#[test]
fn where_the_document_does_not_say_where_the_token_is_a_guess_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let account = r#"{ "type": "object", "required": ["email", "password"], "properties": { "email": {}, "password": {} } }"#;
    let body = format!(r#"{{ "requestBody": {{ "content": {{ "application/json": {{ "schema": {account} }} }} }} }}"#);
    let document =
        format!(r#"{{ "openapi": "3.0.0", "paths": {{ "/login": {{ "post": {body} }}, "/register": {{ "post": {body} }} }} }}"#);
    std::fs::write(directory.path().join("openapi.json"), document).expect("a file");
    let flags =
        ["init", "--url", "http://127.0.0.1:8000", "--list", "/tasks", "--item", "/tasks/{id}", "--openapi", "openapi.json"];
    for accounts in [&["--login", "/login", "--signup", "/register"][..], &["--login", "/login", "--force"]] {
        let output = console(directory.path(), &[&flags[..], accounts].concat(), &[]);
        assert!(output.status.success(), "{}", errors(&output));
        let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
        let guessed = |line: &&str| line.starts_with("token = \"/access_token\"");
        assert!(text.contains("# A guess") && text.lines().filter(guessed).count() == 1, "{text}");
    }
}

#[test]
fn without_a_terminal_what_is_missing_is_named_and_nothing_is_written() {
    let directory = with_document();
    let output = console(directory.path(), &["init", "--list", "/notes"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = errors(&output);
    for flag in ["--url", "--item", "--token-a-variable"] {
        assert!(said.contains(flag), "{said}");
    }
    assert!(!said.contains("--list"), "{said}");
    assert!(!directory.path().join("postflight.toml").exists());
}

#[test]
fn a_flag_that_cannot_be_is_refused_like_a_mistake_in_the_file() {
    let directory = with_document();
    let mut flags = FLAGS;
    flags[5] = "https://APP.example.com/";
    let output = console(directory.path(), &flags, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("declare it in that form"), "{}", errors(&output));
    assert!(!directory.path().join("postflight.toml").exists());
}

#[test]
fn in_a_terminal_it_asks_again_until_an_answer_can_be() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut terminal = Pty::start(&["init"], directory.path(), (120, 30), &[]);
    terminal.wait_for("Base URL");
    terminal.press_for("example.com\n", "is not a URL");
    terminal.press_for("https://api.example.com\n", "Origins");
    terminal.press_for("\n", "Path of the collection");
    terminal.press_for("/notes\n", "[/notes/{id}]");
    terminal.press_for("\n", "deep health");
    terminal.press_for("/health\n", "Path of the sign-in");
    terminal.press_for("\n", "token of user A");
    terminal.press_for("\n", "token of user B");
    terminal.press_for("\n", "wrote the target `production`");
    assert!(terminal.end().success());
    let text = std::fs::read_to_string(directory.path().join("postflight.toml")).expect("it was written");
    assert!(text.contains("item = \"/notes/{id}\"") && text.contains("a = \"POSTFLIGHT_TOKEN_A\""), "{text}");
}
