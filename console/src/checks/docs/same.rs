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

impl Repeated {
    fn forms(self, path: &str) -> [&str; 2] {
        let bare = path.split('?').next().unwrap_or_default();
        match self {
            Self::Whole => [path, bare],
            Self::Bare => [bare, bare.trim_start_matches('/')],
            Self::Last => [bare, bare.rsplit('/').next().unwrap_or_default()],
        }
    }
}

/// The body without any of the paths that were asked for, and without numbers and ids. Both paths are taken out of both bodies: an error that
/// links to `https://docs.example` names `/docs` whatever was asked for.
fn essence(paths: [&str; 2], answer: &Answer, repeated: Repeated) -> String {
    let forms = paths.into_iter().flat_map(|path| repeated.forms(path)).filter(|form| form.len() > 1);
    without_ids(&forms.fold(answer.raw_text(), |text, form| text.replace(form, "<path>")))
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
    let paths = [path, unknown_path];
    let same = |repeated| essence(paths, answer, repeated) == essence(paths, unknown, repeated);
    answer.status == unknown.status && [Repeated::Whole, Repeated::Bare, Repeated::Last].into_iter().any(same)
}
