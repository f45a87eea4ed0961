//! How states look: a word and a glyph always, colour only as an addition.

use ratatui::style::{Color, Modifier, Style};

use crate::run::{Severity, Verdict};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Whether colours are set at all. Without them no colour escape is written, so reverse and bold survive.
    pub colour: bool,
    /// Only ASCII glyphs and lines.
    pub ascii: bool,
}

impl Palette {
    /// Decided by the environment: `NO_COLOR` (no-color.org) and `TERM=dumb` switch colour off; a locale that is not UTF-8 means ASCII.
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
    pub fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Pass => self.coloured(Color::Green),
            Verdict::Warn => self.coloured(Color::Yellow),
            Verdict::Fail => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
            Verdict::Inconclusive => self.coloured(Color::Magenta).add_modifier(Modifier::BOLD),
            Verdict::Skip => self.dim(),
        }
    }

    /// The style of a severity.
    pub fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical | Severity::High => self.coloured(Color::Red),
            Severity::Medium => self.coloured(Color::Yellow),
            Severity::Low | Severity::Info => Style::new(),
        }
    }

    /// Secondary text.
    pub const fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Headings and the words of keys.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The accent of titles and the chosen tab.
    pub fn accent(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor.
    pub const fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What is under way.
    pub fn busy(self) -> Style {
        self.coloured(Color::Cyan)
    }
}
