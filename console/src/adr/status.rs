//! The status of a record, from the words that people write.

use super::model::Status;

/// Words and the status they mean.
const WORDS: &[(&[&str], Status)] = &[
    (&["accepted", "approved", "adopted", "agreed", "decided", "implemented", "active", "done"], Status::Accepted),
    (&["proposed", "proposal", "draft", "pending", "open", "in review", "in progress", "rfc"], Status::Proposed),
    (&["superseded", "superceded", "replaced"], Status::Superseded { by: None }),
    (&["deprecated", "obsolete", "retired", "withdrawn"], Status::Deprecated),
    (&["rejected", "declined"], Status::Rejected),
];

/// The status that these lines of a status section or field amount to. A history (`2020-01-01 proposed`, `2020-02-01 accepted`) ends
/// with its last line; a replacement outweighs what stood before it. `None` where there is no text at all.
pub(super) fn parse(text: &str) -> Option<Status> {
    let text = without_comments(text);
    let mut lines = text.lines().map(tidy).filter(|line| !line.is_empty()).peekable();
    let first = lines.peek()?.clone();
    let known = lines.filter_map(|line| of_line(&line)).reduce(|before, now| match before {
        Status::Superseded { .. } => before,
        _ => now,
    });
    Some(known.unwrap_or(Status::Unknown(first)))
}

fn of_line(line: &str) -> Option<Status> {
    let lower = line.to_lowercase();
    let begins = |word: &str| lower.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let (_, status) = WORDS.iter().find(|(words, _)| words.iter().any(|word| begins(word)))?;
    match status {
        Status::Superseded { .. } => Some(Status::Superseded { by: successor(line) }),
        _ if lower.contains("superseded by") => Some(Status::Superseded { by: successor(line) }),
        _ if lower.contains(" | ") => None,
        status => Some(status.clone()),
    }
}

/// What follows `by`, as written, without link destinations.
fn successor(line: &str) -> Option<String> {
    let at = line.to_lowercase().find(" by ")?;
    let by = line.get(at + 4..)?.trim();
    let words = by.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(by, |(label, _)| label);
    let words = words.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '.' | ':'));
    (!words.is_empty()).then(|| words.to_owned())
}

/// A line without list markers, emphasis, struck-out text, leading dates and emoji.
fn tidy(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some((before, after)) = line.split_once("~~").and_then(|(b, rest)| Some((b, rest.split_once("~~")?.1))) {
        line = format!("{before}{after}");
    }
    let mark = |c: char| matches!(c, '*' | '_' | '`' | '>' | '~' | ':' | '"') || c.is_whitespace();
    let lead = |c: char| mark(c) || matches!(c, '-' | '+' | '.' | '–' | '—' | '/') || c.is_ascii_digit();
    let emoji = |c: char| !c.is_alphanumeric() && !c.is_ascii_punctuation();
    line.trim_start_matches(|c| lead(c) || emoji(c)).trim_end_matches(mark).replace("**", "")
}

fn without_comments(text: &str) -> String {
    let mut pieces = text.split("<!--");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    out.extend(pieces.filter_map(|piece| piece.split_once("-->")).map(|(_, after)| after));
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn superseded(by: &str) -> Status {
        Status::Superseded { by: Some(by.into()) }
    }

    #[rstest]
    #[case::word("accepted", Status::Accepted)]
    #[case::capital("Accepted.", Status::Accepted)]
    #[case::bold("**Accepted**", Status::Accepted)]
    #[case::emoji("✅ Accepted", Status::Accepted)]
    #[case::dated("2020-02-01 accepted", Status::Accepted)]
    #[case::date_after("Accepted (2020-02-01)", Status::Accepted)]
    #[case::history("2020-01-01 proposed\n\n2020-02-01 accepted", Status::Accepted)]
    #[case::struck("~~Proposed~~ Accepted", Status::Accepted)]
    #[case::comment("<!-- accepted -->\nrejected", Status::Rejected)]
    #[case::draft("Draft", Status::Proposed)]
    #[case::superseded("superseded by [ADR-0005](0005-example.md)", superseded("ADR-0005"))]
    #[case::adr_tools("Superseded by [3. Use X](0003-use-x.md)", superseded("3. Use X"))]
    #[case::accepted_then_superseded("Accepted\n\nSuperseded by [3. Use X](0003-use-x.md)", superseded("3. Use X"))]
    #[case::supersedes_another("Accepted\n\nSupersedes [1. A](0001-a.md)", Status::Accepted)]
    #[case::both_on_one_line("Accepted, superseded by ADR-9", superseded("ADR-9"))]
    #[case::bare_superseded("Superseded", Status::Superseded { by: None })]
    #[case::deprecated("deprecated", Status::Deprecated)]
    #[case::invented("Vibing", Status::Unknown("Vibing".into()))]
    #[case::beginning_of_a_longer_word("acceptedness", Status::Unknown("acceptedness".into()))]
    #[case::placeholder("{proposed | rejected | accepted}", Status::Unknown("{proposed | rejected | accepted}".into()))]
    #[case::bare_placeholder("proposed | rejected | accepted", Status::Unknown("proposed | rejected | accepted".into()))]
    fn status_words_are_understood(#[case] text: &str, #[case] expected: Status) {
        assert_eq!(parse(text), Some(expected));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::only_a_comment("<!-- choose one -->\n\n")]
    #[case::only_marks("- **:**")]
    fn no_words_are_no_status(#[case] text: &str) {
        assert_eq!(parse(text), None);
    }
}
