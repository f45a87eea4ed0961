//! Text that fits: cleaned on its way to the screen, cut and wrapped by columns rather than by characters.
//!
//! What came over the network was cleaned where it entered; cleaning is idempotent, and doing it here again means that no text of any
//! origin can reach the terminal with a control or direction character.

use textwrap::core::display_width;

use crate::http::clean;

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    display_width(text)
}

/// `text` as one line of at most `columns` columns; what was cut shows as `…`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let line = clean(text).replace(['\n', '\t'], " ");
    if width(&line) <= columns {
        return line;
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in line.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used >= columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// [`fit`], filled with blanks to exactly `columns` columns.
pub(crate) fn cell(text: &str, columns: usize) -> String {
    let mut text = fit(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The lines of `text`, wrapped to `columns` columns (at least one).
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let text = clean(text).replace('\t', "    ");
    let wrapped = text.lines().flat_map(|line| textwrap::wrap(line, columns.max(1)));
    wrapped.map(std::borrow::Cow::into_owned).collect()
}

/// `one thing`, `2 things`.
pub(crate) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::short("abc", 3, "abc")]
    #[case::long("abcd", 3, "ab…")]
    #[case::wide("日本語", 5, "日本…")]
    #[case::wide_at_the_edge("日本語", 4, "日…")]
    #[case::escape("\u{1b}[31mred", 40, "\\u{1b}[31mred")]
    #[case::direction("a\u{202e}b", 40, "a\\u{202e}b")]
    #[case::lines("a\nb\tc", 40, "a b c")]
    #[case::nothing("abc", 0, "")]
    fn text_is_cut_by_columns(#[case] text: &str, #[case] columns: usize, #[case] cut: &str) {
        assert_eq!(fit(text, columns), cut);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in ".*", columns in 2usize..60) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
            prop_assert_eq!(width(&cell(&text, columns)), columns);
            for line in wrap(&text, columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
        }
    }
}
