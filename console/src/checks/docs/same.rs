//! Whether two answers are the same but for what differs by nature: the path they repeat, ids, dates.

use crate::http::Answer;

/// How an answer repeats the path that was asked for.
#[derive(Clone, Copy, Debug)]
enum Repeated {
    /// As it was sent.
    Whole,
    /// Without its leading slash.
    Bare,
    /// Its last segment alone.
    Last,
}

/// The body without the path that was asked for, and without numbers and ids.
fn essence(path: &str, answer: &Answer, repeated: Repeated) -> String {
    let bare = path.split('?').next().unwrap_or_default();
    let forms = match repeated {
        Repeated::Whole => [path, bare],
        Repeated::Bare => [bare, bare.trim_start_matches('/')],
        Repeated::Last => [bare, bare.rsplit('/').next().unwrap_or_default()],
    };
    let text = answer.raw_text();
    let text = forms.iter().filter(|form| form.len() > 1).fold(text, |text, form| text.replace(form, "<path>"));
    without_ids(&text)
}

/// Every run of eight or more hexadecimal digits and dashes becomes `#`, every other run of digits `0`.
pub(in crate::checks) fn without_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hex = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (mark, length) = match (hex, digits) {
            (8.., _) if rest.get(..hex).is_some_and(|run| run.contains(|c: char| c.is_ascii_digit())) => ("#", hex),
            (_, 1..) => ("0", digits),
            _ => ("", 0),
        };
        out.push_str(mark);
        let step = if length == 0 { first.len_utf8() } else { length };
        if length == 0 {
            out.push(first);
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    out
}

/// Whether `answer` to `path` is what an unknown path gets, however it repeats the path.
pub(super) fn like(path: &str, answer: &Answer, unknown_path: &str, unknown: &Answer) -> bool {
    let same = |repeated| essence(path, answer, repeated) == essence(unknown_path, unknown, repeated);
    answer.status == unknown.status && [Repeated::Whole, Repeated::Bare, Repeated::Last].into_iter().any(same)
}
