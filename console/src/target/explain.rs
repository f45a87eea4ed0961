//! Says what is wrong with a file that is not what it should be: the line, the mistake in plain words, and what was probably meant. Values are
//! never repeated: one of them might be a secret that should not have been there.

use super::Source;

/// Least likeness (Jaro-Winkler, from 0 to 1) of two names to suggest one for the other.
const LIKE: f64 = 0.75;

/// `postflight.toml:3: …`, for an error of the parser.
pub(super) fn explain(source: &Source, error: &toml::de::Error) -> String {
    let words = words(error.message());
    match error.span() {
        Some(span) => format!("{}: {words}", source.at(span.start)),
        None => words,
    }
}

fn words(message: &str) -> String {
    let message = message.trim();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown("no key here", rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return unknown("no value of this key", rest);
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("the table has no key {name}, which it needs");
    }
    if let Some(rest) = message.strip_prefix("invalid type: ") {
        let (found, wanted) = rest.split_once(", expected ").unwrap_or((rest, "something else"));
        return format!("{} where {} belongs", kind(found), plain(wanted));
    }
    if let Some(rest) = message.strip_prefix("invalid length ") {
        let (found, wanted) = rest.split_once(", expected an array of length ").unwrap_or((rest, "another number"));
        return format!("{found} where exactly {wanted} belong");
    }
    if message.starts_with("wanted exactly 1 element") {
        return "exactly one key belongs into this table: it says one thing, in one of several ways".to_owned();
    }
    if message.starts_with("duplicate key") {
        return "this key or table is there twice; remove one of them".to_owned();
    }
    first_line(message)
}

/// `` `origin`, expected one of `url`, `origins` `` as a sentence with the likeliest of the names.
fn unknown(what: &str, rest: &str) -> String {
    let mut names = quoted(rest).into_iter();
    let name = names.next().unwrap_or_default();
    let known: Vec<_> = names.collect();
    let likely = likely(&name, known.iter().map(String::as_str));
    match likely {
        Some(other) => format!("`{name}` is {what}; did you mean `{other}`?"),
        _ if known.is_empty() => format!("`{name}` is {what}"),
        _ => {
            format!("`{name}` is {what}; there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The known name that is most like `name`, where one is like it at all.
fn likely<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|other| (strsim::jaro_winkler(name, other), other));
    scored.filter(|(likeness, _)| *likeness >= LIKE).max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, other)| other)
}

/// `; did you mean ...?` with the known word that is most like `word`, or nothing where none is.
pub(super) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    likely(word, known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

/// The parts of a text that stand in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The kind of value found, without the value.
fn kind(found: &str) -> &'static str {
    match found.split_whitespace().next().unwrap_or_default() {
        "string" => "a text",
        "integer" => "a number",
        "floating" => "a number with a fraction",
        "boolean" => "`true` or `false`",
        "sequence" => "an array",
        "map" => "a table",
        _ => "a value of another kind",
    }
}

/// What belongs there, in the words of TOML instead of those of the parser.
fn plain(wanted: &str) -> String {
    match wanted {
        "a string" => "a text in quotes".to_owned(),
        "a sequence" => "an array, like [\"…\"],".to_owned(),
        "a map" => "a table".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        // `carrier` and places of tokens, which are tables of one key.
        "newtype variant" => "a table with a name, like { cookie = \"session\" },".to_owned(),
        "u16" | "u64" | "u32" => "a whole number".to_owned(),
        struct_name if struct_name.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

fn first_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
