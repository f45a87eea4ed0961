//! What a text gives away of a program's inside: stack traces, file paths, words of databases and their drivers, debug pages (CWE-209).

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

/// What of a program's inside a text shows; `text` is in lower case, and may be JSON.
pub(crate) fn inside(text: &str) -> Option<&'static str> {
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
