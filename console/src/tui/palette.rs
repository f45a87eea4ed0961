//! How states look: a word and a glyph always, colour only as an addition. The sixteen colours of the terminal's own theme, no others.

use ratatui::style::{Color, Modifier, Style};

use crate::run::{Severity, Verdict};
use crate::watch::Condition;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Whether colours are set at all. Without them no colour escape is written, so reverse and bold survive.
    pub colour: bool,
    /// Only ASCII glyphs and lines.
    pub ascii: bool,
}

impl Palette {
    /// Ornament that may fade: lines and what has not begun. Never for anything that has to be read.
    pub(super) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
    /// Headings and the names of keys.
    pub(super) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
    /// The row under the cursor, the chosen tab, the mark of the demonstration.
    pub(super) const REVERSE: Style = Style::new().add_modifier(Modifier::REVERSED);

    /// Decided by the environment: `NO_COLOR` (no-color.org) and `TERM=dumb` switch colour off; a locale that is not UTF-8, or
    /// `POSTFLIGHT_ASCII`, means ASCII.
    pub fn of_environment(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_else(|| "C.UTF-8".to_owned());
        let utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self { colour: set("NO_COLOR").is_none() && !dumb, ascii: !utf8 || set("POSTFLIGHT_ASCII").is_some() }
    }

    fn coloured(self, color: Color) -> Style {
        if self.colour { Style::new().fg(color) } else { Style::new() }
    }

    /// The style of a verdict's word and glyph.
    pub(super) fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Pass => self.coloured(Color::Green),
            Verdict::Warn => self.coloured(Color::Yellow),
            Verdict::Fail => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
            Verdict::Inconclusive => self.coloured(Color::Magenta).add_modifier(Modifier::BOLD),
            Verdict::Skip => Style::new(),
        }
    }

    /// The style of a severity.
    pub(super) fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical | Severity::High => self.coloured(Color::Red),
            Severity::Medium => self.coloured(Color::Yellow),
            Severity::Low | Severity::Info => Style::new(),
        }
    }

    /// The style of a condition's word and glyph.
    pub(super) fn condition(self, condition: Condition) -> Style {
        match condition {
            Condition::Up => self.verdict(Verdict::Pass),
            Condition::Degraded => self.verdict(Verdict::Warn),
            Condition::Down => self.verdict(Verdict::Fail),
            Condition::Edge => self.verdict(Verdict::Inconclusive),
        }
    }

    /// The name of the program.
    pub(super) fn accent(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What is under way.
    pub(super) fn busy(self) -> Style {
        self.coloured(Color::Cyan)
    }
}

/// The glyph that stands beside a condition's word.
pub(super) const fn glyph(condition: Condition) -> &'static str {
    match condition {
        Condition::Up => "●",
        Condition::Degraded => "▲",
        Condition::Down => "✘",
        Condition::Edge => "?",
    }
}

/// A condition's word on the screen.
pub(super) const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Up => "UP",
        Condition::Degraded => "DEGRADED",
        Condition::Edge => "EDGE ONLY",
        Condition::Down => "DOWN",
    }
}

/// What stands for a glyph where the terminal has only ASCII. The letters of verdicts are those of [`Verdict::glyph`].
pub(super) const fn in_ascii(glyph: char) -> char {
    match glyph {
        '✔' | '╭' | '╮' | '╰' | '╯' => '+',
        '✘' | '×' => 'x',
        '▲' => '!',
        '○' => 'o',
        '●' => '*',
        '▸' | '→' | '≥' => '>',
        '≤' => '<',
        '·' | '▃' => '.',
        '─' | '░' | '–' | '—' | '▄' => '-',
        '│' => '|',
        '…' => '~',
        '▁' | '▂' => '_',
        '▅' | '▆' | '▇' => '=',
        '█' => '#',
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(&[], Palette { colour: true, ascii: false })]
    #[case::no_color(&[("NO_COLOR", "1")], Palette { colour: false, ascii: false })]
    #[case::empty_no_color_means_nothing(&[("NO_COLOR", "")], Palette { colour: true, ascii: false })]
    #[case::dumb(&[("TERM", "dumb")], Palette { colour: false, ascii: false })]
    #[case::posix_locale(&[("LANG", "C")], Palette { colour: true, ascii: true })]
    #[case::utf8_locale(&[("LANG", "de_DE.utf8")], Palette { colour: true, ascii: false })]
    #[case::lc_all_wins(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")], Palette { colour: true, ascii: true })]
    #[case::asked_for(&[("POSTFLIGHT_ASCII", "1")], Palette { colour: true, ascii: true })]
    fn the_environment_decides_what_the_terminal_can_show(#[case] set: &[(&str, &str)], #[case] palette: Palette) {
        let get = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(Palette::of_environment(get), palette);
    }

    #[test]
    fn a_verdict_has_the_same_ascii_letter_on_screen_and_in_lines() {
        for verdict in Verdict::WORST_FIRST {
            let glyph: String = verdict.glyph(false).chars().map(|c| if c.is_ascii() { c } else { in_ascii(c) }).collect();
            assert_eq!(glyph, verdict.glyph(true));
        }
    }
}
