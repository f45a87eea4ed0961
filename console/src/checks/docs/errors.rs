//! What errors give away: stack traces, file paths, debug pages (CWE-209).

use serde_json::{Value, json};

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Object, Role, User, shared_battery};
use crate::http::{Answer, Probe};
use crate::target::Update;

/// Marks of a program's inside, in lower case, and what each is.
const MARKS: &[(&str, &str)] = &[
    ("traceback (most recent call last)", "a Python traceback"),
    (", line ", "a Python traceback"),
    ("werkzeug", "Flask's debugger"),
    ("seeing this error because you have", "Django's debug page"),
    ("using the urlconf defined in", "Django's debug page"),
    ("/node_modules/", "a Node.js stack trace"),
    ("at object.<anonymous>", "a Node.js stack trace"),
    ("node:internal/", "a Node.js stack trace"),
    ("panicked at", "a Rust panic"),
    ("rust_backtrace", "a Rust panic"),
    ("called `result::unwrap()`", "a Rust panic"),
    ("goroutine ", "a Go panic"),
    ("runtime error: ", "a Go panic"),
    ("java.lang.", "a Java stack trace"),
    ("org.springframework.", "a Java stack trace"),
    ("system.nullreferenceexception", "a .NET stack trace"),
    ("   at microsoft.", "a .NET stack trace"),
    ("vendor/laravel", "a PHP stack trace"),
    ("fatal error</b>", "a PHP error"),
    ("actioncontroller::", "a Rails error"),
    ("app/controllers/", "a Rails error"),
    ("sqlalchemy.", "text of the database driver"),
    ("(sqlite3.", "text of the database driver"),
    ("sqlalche.me", "text of the database driver"),
    ("error binding parameter", "text of the database driver"),
    ("asyncpg.", "text of the database driver"),
    ("psycopg", "text of the database driver"),
    ("prismaclient", "text of the database driver"),
    ("sqlx::", "text of the database driver"),
    ("sqlstate", "text of the database"),
    ("syntax error at or near", "text of the database"),
    ("invalid input syntax for type", "text of the database"),
    ("[sql: ", "text of the database"),
    ("unique constraint failed: ", "text of the database"),
    ("not null constraint failed: ", "text of the database"),
    ("foreign key constraint failed", "text of the database"),
    ("check constraint failed: ", "text of the database"),
    ("no such column", "text of the database"),
    ("no such table", "text of the database"),
    ("unrecognized token: ", "text of the database"),
    ("\": syntax error", "text of the database"),
    ("you have an error in your sql syntax", "text of the database"),
    ("unknown column '", "text of the database"),
    ("violates unique constraint", "text of the database"),
    ("violates not-null constraint", "text of the database"),
    ("violates foreign key constraint", "text of the database"),
    ("violates check constraint", "text of the database"),
    ("invalid regular expression", "text of the regular expression library"),
    ("cast to objectid failed", "text of the database driver"),
    ("too large to convert to", "text of the database driver"),
    ("\"backtrace\"", "a stack trace"),
    ("\"stacktrace\"", "a stack trace"),
    ("\"stack\":", "a stack trace"),
];

/// Requests that make careless services show their inside. None can make an object: those with a body go only to the declared resource,
/// with a body that is no object in any format, to an object that nothing has, or to one that this run made.
async fn cases(cx: &Context) -> Vec<Case> {
    let list = specimens::list_path(cx);
    let token = |probe: Probe| match &cx.users.a {
        Some(user) => probe.bearer(&user.token),
        None => probe,
    };
    let item = |id: &str| specimens::path_of(cx, id);
    let get = |name: &str, path: String| Case::new(name, token(Probe::get(path)));
    let mut cases = vec![
        get("an id that is none", item("not-an-id")),
        get("an id with a quote", item("%27")),
        get("an id with NUL", item("%00")),
        get("an id beyond any number", item("99999999999999999999")),
        get("an overlong id", item(&"a".repeat(1_500))),
        get("an id in broken UTF-8", item("%ff%fe")),
        get("a page that is none", format!("{list}?limit=abc&cursor=%27&offset=-1&page=x")),
        get("broken escapes in the query", format!("{list}?a=%ff%zz")),
        get(
            "an order and a search that are none",
            format!("{list}?sort=%27pf&sort_by=%27pf&order_by=%27pf&order=%27pf&search=%5B(&q=%5B("),
        ),
        Case::new("a token that is none", Probe::get(list.clone()).header("authorization", "Bearer not.a.token")),
        Case::new("an unknown method", specimens::unknown_method(cx)),
    ];
    if let Some(login) = cx.target.accounts.login.as_ref().filter(|login| cx.writes && !login.call.path.contains('{')) {
        let empty = Probe::new(&login.call.method, login.call.path.clone()).json(&json!({})).alone().repeatable();
        cases.push(Case::new("a sign-in with nothing in it", empty));
    }
    if cx.users.a.is_some() && cx.writes {
        let post = |kind: Option<&str>, body: Vec<u8>| token(Probe::new("POST", list.clone())).body(kind, body).shareable();
        let json = Some("application/json");
        let missing = &specimens::missing_path(cx).await;
        cases.extend([
            Case::new("JSON that breaks off", post(json, b"{\"postflight\":".to_vec())),
            Case::new("JSON in broken UTF-8", post(json, b"{\"\xff\xfe\"".to_vec())),
            Case::new("a type that is none", post(Some("application/x-postflight"), b"postflight".to_vec())),
            Case::new("null for an object", post(json, b"null".to_vec())),
            Case::new("an array for an object", post(json, b"[]".to_vec())),
            Case::new("values of another type", token(Probe::new("PATCH", missing).json(&wrong_types(cx)))),
            Case::new("half a surrogate pair", token(Probe::new(changing(cx), missing)).body(json, half_a_pair(cx))),
        ]);
    }
    cases
}

/// Updates of an object of this run that a handler trips over once it has found the object: fields missing, null, or of another type.
fn updates(cx: &Context, user: &User, object: &Object) -> Vec<Case> {
    let title = &cx.target.resource.fields.title;
    let bodies = [
        ("an update with nothing in it", json!({})),
        ("an update that is null", Value::Null),
        ("an update that is an array", json!([])),
        ("an update of a number for a text", json!({ (title.clone()): 7 })),
        ("an update of null for a text", json!({ (title.clone()): null })),
        ("an update of an object for a text", wrong_types(cx)),
    ];
    let update = || Probe::new(changing(cx), &object.path).bearer(&user.token);
    bodies.into_iter().map(|(name, body)| Case::new(name, update().json(&body))).collect()
}

/// The method that changes an object here.
fn changing(cx: &Context) -> &'static str {
    if cx.target.resource.update == Update::Put { "PUT" } else { "PATCH" }
}

/// A text that JSON can write and UTF-8 cannot, where another type is wanted: Python reads it, and what repeats it in an error raises. Only
/// for an object that nothing has: kept by a service that does not look, it would make every list of its owner fail.
fn half_a_pair(cx: &Context) -> String {
    format!(r#"{{"{}":[{{"postflight":"\ud800"}}]}}"#, cx.target.resource.fields.title)
}

/// An update of an object that nothing has, in which every value is of the wrong type.
fn wrong_types(cx: &Context) -> Value {
    json!({ (cx.target.resource.fields.title.clone()): [{ "postflight": null }], "postflight": 1.5 })
}

/// Errors say what was wrong with the request, and nothing of the service.
pub(super) async fn plain(cx: Context) -> Checked {
    let mut cases = cases(&cx).await;
    if let Some(user) = &cx.users.a
        && let Ok(object) = cx.objects.shared(user, Role::Scratch).await
    {
        cases.extend(updates(&cx, user, &object));
    }
    let cases = cases.into_iter().map(Case::of_an_odd_form).collect();
    shared_battery(&cx, "errors that give nothing away", cases, |_, answer| judge(answer)).await
}

/// Judges the text of an error.
pub(super) fn judge(answer: &Answer) -> Judgement {
    let text = answer.raw_text().to_ascii_lowercase();
    let status = answer.status;
    let inside = inside(&text).filter(|_| !answer.is_success());
    match status {
        _ if let Some(kind) = inside => Judgement::broken(format!("{status} with {kind}")),
        502..=504 => Judgement::unclear(format!("{status}: the service did not answer")),
        // RFC 9110, 15.6.2: the answer to a method that nobody knows.
        501 => Judgement::held("501, the method is not offered"),
        500.. => Judgement::weak(format!("{status}: the request made the service fail")),
        _ => Judgement::held(format!("{status}, nothing given away")),
    }
}

/// What of a program's inside a text shows; `text` is in lower case, and may be JSON.
pub(in crate::checks) fn inside(text: &str) -> Option<&'static str> {
    let python = |mark: &str| mark != ", line " || text.replace('\\', "").contains("file \"/");
    let marked = MARKS.iter().find(|(mark, _)| text.contains(mark) && python(mark)).map(|(_, kind)| *kind);
    marked.or_else(|| has_node_frame(text).then_some("a Node.js stack trace"))
}

/// A line of a stack trace as V8 writes it: `    at handle (/app/server.js:204:60)`.
fn has_node_frame(text: &str) -> bool {
    let lines = text.split("    at ").skip(1).map(|rest| rest.split(['\n', '\\']).next().unwrap_or_default());
    let places = lines.filter_map(|line| [".js:", ".ts:", ".mjs:", ".cjs:"].iter().find_map(|kind| line.split_once(kind)));
    places.into_iter().any(|(_, place)| place.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::node(
        r#"{"reason":"error: invalid ulid\n    at handle (/srv/d.js:204:60)\n    at emit"}"#,
        Some("a Node.js stack trace")
    )]
    #[case::python(r#"{"detail":"file \"/app/main.py\", line 41, in read"}"#, Some("a Python traceback"))]
    #[case::sqlite(
        r#"{"detail":"(sqlite3.programmingerror) error binding parameter 1: type 'list' is not supported [sql: update task set title=?]"}"#,
        Some("text of the database driver")
    )]
    #[case::sqlite_syntax(r#"{"detail":"near \"order\": syntax error"}"#, Some("text of the database"))]
    #[case::parser(r#"{"detail":"invalid json: syntax error at line 1"}"#, None)]
    #[case::constraint(r#"{"detail":"unique constraint failed: task.title"}"#, Some("text of the database"))]
    #[case::words(r#"{"detail":"meet    at noon, see notes.js: 3 items, line 4"}"#, None)]
    fn a_stack_trace_is_known_within_the_text_of_an_error(#[case] text: &str, #[case] kind: Option<&str>) {
        assert_eq!(inside(text), kind);
    }
}
