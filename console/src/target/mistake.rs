//! A mistake in a table of the file that its format alone cannot see, with its line; and the word that was probably meant.

use std::ops::Range;

/// How alike two words must be (0 to 1, Jaro-Winkler) for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// `12: message`, with the line of `text` that `span` (bytes) begins in.
pub(super) fn at(text: &str, span: &Range<usize>, message: &str) -> String {
    let number = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
    format!("{number}: {message}")
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
    fn a_mistake_is_shown_with_its_line() {
        let text = "[a]\nkey = \"é wrong\"\n";
        let start = text.find("wrong").unwrap_or_default();
        assert_eq!(at(text, &(start..start + 5), "no such word"), "2: no such word");
        assert_eq!(at("", &(7..9), "beyond the end"), "1: beyond the end");
    }

    #[test]
    fn only_a_word_that_is_alike_is_suggested() {
        let known = ["cors.origin.null", "jwt.none"];
        assert_eq!(suggestion("cors.origin.nul", known), "; did you mean `cors.origin.null`?");
        assert_eq!(suggestion("x", known), "");
    }
}
