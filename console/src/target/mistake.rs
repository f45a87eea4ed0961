//! A mistake in the file that its format alone cannot see, shown as the TOML parser shows its own: line, column, excerpt; and the word
//! that was probably meant.

use std::ops::Range;

/// How alike two words must be (0 to 1, Jaro-Winkler) for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// `message` with the line of `text` that `span` (bytes) begins in.
pub(super) fn at(text: &str, span: Range<usize>, message: &str) -> String {
    let start = text.get(..span.start).map_or(0, |before| before.rfind('\n').map_or(0, |newline| newline + 1));
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let number = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    let before = text.get(start..span.start).unwrap_or_default().chars().count();
    let marked = text.get(span).and_then(|marked| marked.lines().next()).unwrap_or_default().chars().count().max(1);
    let margin = " ".repeat(number.to_string().len());
    format!(
        "TOML parse error at line {number}, column {}\n{margin} |\n{number} | {line}\n{margin} | {}{}\n{message}\n",
        before + 1,
        " ".repeat(before),
        "^".repeat(marked)
    )
}

/// `; did you mean ...?` with the known word that is most like `word`, or nothing where none is.
pub(super) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(word, known), known));
    let best = scored.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, known)| format!("; did you mean `{known}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_with_its_line_and_column() {
        let text = "[a]\nkey = \"é wrong\"\n";
        let start = text.find("wrong").unwrap_or_default();
        insta::assert_snapshot!(at(text, start..start + 5, "no such word"), @r#"
        TOML parse error at line 2, column 10
          |
        2 | key = "é wrong"
          |          ^^^^^
        no such word
        "#);
        assert!(at("", 7..9, "beyond the end").contains("beyond the end"));
    }

    #[test]
    fn only_a_word_that_is_alike_is_suggested() {
        let known = ["cors.origin.null", "jwt.none"];
        assert_eq!(suggestion("cors.origin.nul", known), "; did you mean `cors.origin.null`?");
        assert_eq!(suggestion("x", known), "");
    }
}
