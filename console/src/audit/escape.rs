//! Keeps untrusted text text: escaping for HTML and Markdown, anchors, and code fences that nothing inside can close.
//!
//! Text is cleaned again here although it was cleaned on entry: a document that is loaded from a file may have been edited.

use std::io::{self, Write};

use crate::http::clean;

/// Escapes for HTML text and quoted attributes alike.
pub(super) fn html(text: &str, out: &mut dyn Write) -> io::Result<()> {
    tera::escape_html(&clean(text), out)
}

/// HTML of prose in which backticks enclose code, as in the sentences of the catalogue. Everything else is escaped.
pub(super) fn html_prose(text: &str) -> String {
    prose(text, |plain| escaped(html, plain), |code| format!("<code>{}</code>", escaped(html, code)))
}

/// Markdown of prose in which backticks enclose code; one line, see [`markdown`].
pub(super) fn markdown_prose(text: &str) -> String {
    prose(&one_line(text), markdown_text, span)
}

fn escaped(escape: tera::EscapeFn, text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    // Writing to a vector cannot fail.
    let _ = escape(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Splits at backticks; an unpaired one is plain text.
fn prose(text: &str, plain: impl Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (inside, after))) =
        rest.split_once('`').and_then(|(before, after)| Some((before, after.split_once('`')?)))
    {
        out.push_str(&plain(before));
        out.push_str(&code(inside));
        rest = after;
    }
    out + &plain(rest)
}

/// Escapes for one line of Markdown (`CommonMark` and GitHub's extensions): no markup, no raw HTML, no automatic link, no table cell
/// and no block begins in it. Runs of white space become one space.
pub(super) fn markdown(text: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(markdown_line(text).as_bytes())
}

fn markdown_line(text: &str) -> String {
    markdown_text(&one_line(text))
}

/// Cleaned, with every run of white space as one space.
fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn markdown_text(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut only_digits = true;
    let mut before = None;
    for (at, c) in line.char_indices() {
        let rest = line.get(at + c.len_utf8()..).unwrap_or_default();
        let opens_block = only_digits && opens_block(c, at, rest);
        let opens_address = c == ':' && rest.starts_with("//");
        if opens_block || opens_address || is_markup(c, before) {
            out.push('\\');
        }
        out.push(c);
        only_digits &= c.is_ascii_digit();
        before = Some(c);
    }
    out
}

/// Whether `c` would make a list (`- a`, `1. a`) or an underlined heading (`===`) of a line that has only digits before it.
fn opens_block(c: char, at: usize, rest: &str) -> bool {
    let ends_word = rest.is_empty() || rest.starts_with(' ');
    if at == 0 { matches!(c, '-' | '+' | '=') } else { matches!(c, '.' | ')') && ends_word }
}

/// Characters that mean something within a line. An underscore between letters or digits means nothing; `://`, `www.` and `@` are what
/// GitHub makes links and mentions of.
fn is_markup(c: char, before: Option<char>) -> bool {
    match c {
        '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '$' | '@' => true,
        '_' => !before.is_some_and(char::is_alphanumeric),
        '.' => matches!(before, Some('w' | 'W')),
        _ => false,
    }
}

/// A code block in Markdown whose fence is longer than any run of backticks inside.
pub(super) fn fence(text: &str) -> String {
    let text = clean(&text.replace("\r\n", "\n"));
    let ticks = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{ticks}text\n{}\n{ticks}", text.trim_end_matches('\n'))
}

/// A code span in Markdown whose delimiter is longer than any run of backticks inside.
pub(super) fn span(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The part of an id that may stand in an anchor: letters, digits, `.`, `-` and `_`; everything else becomes `-`.
pub(super) fn anchor(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect()
}

/// A relative path as the target of a Markdown link: what could end the link or begin another scheme is percent-encoded.
pub(super) fn path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b'~');
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The address, if it is one that a report may link: http or https.
pub(super) fn web_link(url: &str) -> Option<&str> {
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    (web && clean(url) == url && !url.contains(char::is_whitespace)).then_some(url)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_script("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>")]
    #[case::an_image("![x](javascript:alert)", "!\\[x\\](javascript:alert)")]
    #[case::a_bare_address("see https://evil.example or www.evil.example", "see https\\://evil.example or www\\.evil.example")]
    #[case::a_mention("@everyone #1", "\\@everyone \\#1")]
    #[case::a_table_cell("a|b", "a\\|b")]
    #[case::a_heading("# a\n# b", "\\# a \\# b")]
    #[case::a_list("1. one", "1\\. one")]
    #[case::a_figure("14.4 s", "14.4 s")]
    #[case::a_bullet("- one - two", "\\- one - two")]
    #[case::an_entity("&lt;b&gt;", "\\&lt;b\\&gt;")]
    #[case::snake_case_stays("a_b _c_", "a_b \\_c_")]
    #[case::direction("a\u{202e}b", "a\\\\u{202e}b")]
    #[case::a_backslash("\\<b>", "\\\\\\<b\\>")]
    fn markdown_text_stays_text(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(markdown_line(text), expected);
    }

    #[rstest]
    #[case::plain("a", "```text\na\n```")]
    #[case::closing_inside("a\n```\n<script>", "````text\na\n```\n<script>\n````")]
    #[case::five("`````", "``````text\n`````\n``````")]
    #[case::escape_codes("\u{1b}[2J", "```text\n\\u{1b}[2J\n```")]
    fn a_fence_outlasts_what_it_holds(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(fence(text), expected);
    }

    #[rstest]
    #[case("a", "`a`")]
    #[case("a`b", "``a`b``")]
    #[case("`a", "`` `a ``")]
    #[case("", "")]
    #[case("a\nb", "`a b`")]
    fn a_span_outlasts_what_it_holds(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(span(text), expected);
    }

    #[rstest]
    #[case("https://a.example/x", true)]
    #[case("HTTP://a.example", true)]
    #[case("javascript:alert(1)", false)]
    #[case("data:text/html,x", false)]
    #[case("//evil.example", false)]
    #[case("https://a.example/ x", false)]
    #[case("https://a\u{202e}.example", false)]
    fn only_web_addresses_are_links(#[case] url: &str, #[case] live: bool) {
        assert_eq!(web_link(url).is_some(), live);
    }

    #[rstest]
    #[case("send `Origin: <b>` or not", "send <code>Origin: &lt;b&gt;</code> or not")]
    #[case("one ` only <i>", "one ` only &lt;i&gt;")]
    #[case("`a``b`", "<code>a</code><code>b</code>")]
    fn backticks_in_prose_enclose_code_and_nothing_else(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(html_prose(text), expected);
    }

    #[test]
    fn html_is_escaped_after_cleaning() {
        let mut out = Vec::new();
        html("<b>\u{202e}\"'&", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "&lt;b&gt;\\u{202e}&quot;&#39;&amp;");
    }
}
