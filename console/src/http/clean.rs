//! Makes untrusted text harmless, once, where it enters: for screen, plain output, Markdown and HTML alike.

/// Replaces control characters (escape sequences among them), direction overrides and other invisible format characters by visible
/// escapes like `\u{202e}`; keeps newlines and tabs.
///
/// The set follows Unicode TR36 and "Trojan Source" (CVE-2021-42574).
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

fn is_harmless(c: char) -> bool {
    if matches!(c, '\n' | '\t') {
        return true;
    }
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_direction_overrides_become_visible_and_newlines_stay() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\n\tc\u{0}"), "a\\u{1b}[31m\\u{202e}b\n\tc\\u{0}");
    }
}
