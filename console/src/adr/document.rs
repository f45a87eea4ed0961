//! The outline of one Markdown text: headings, sections, links, and which lines are prose rather than code.
//!
//! Parsing is left to pulldown-cmark (`CommonMark`), so that a `# heading` inside a fence is code and an underlined one is a heading.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A heading and where its text ends.
#[derive(Debug)]
struct Heading {
    level: u8,
    text: String,
    range: Range<usize>,
}

/// A link or image as it stands in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The words that are linked.
    pub(super) text: String,
    /// The destination as written.
    pub(super) destination: String,
}

/// The outline of a text.
#[derive(Debug)]
pub(super) struct Document<'a> {
    text: &'a str,
    headings: Vec<Heading>,
    references: Vec<Reference>,
    code: Vec<Range<usize>>,
}

impl<'a> Document<'a> {
    /// Reads the outline of `text`. Never fails: every text is Markdown.
    pub(super) fn of(text: &'a str) -> Self {
        let mut document = Self { text, headings: Vec::new(), references: Vec::new(), code: Vec::new() };
        let (mut heading, mut reference) = (None::<Heading>, None::<Reference>);
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    heading = Some(Heading { level: level as u8, text: String::new(), range });
                }
                Event::End(TagEnd::Heading(_)) => document.headings.extend(heading.take()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    reference = Some(Reference { text: String::new(), destination: dest_url.into_string() });
                }
                Event::End(TagEnd::Link | TagEnd::Image) => document.references.extend(reference.take()),
                Event::Start(Tag::CodeBlock(_)) => document.code.push(range),
                Event::Text(piece) | Event::Code(piece) | Event::InlineHtml(piece) => {
                    if let Some(heading) = &mut heading {
                        heading.text.push_str(&piece);
                    }
                    if let Some(reference) = &mut reference {
                        reference.text.push_str(&piece);
                    }
                }
                Event::SoftBreak | Event::HardBreak => {
                    if let Some(heading) = &mut heading {
                        heading.text.push(' ');
                    }
                }
                _ => {}
            }
        }
        document
    }

    /// The first heading of level 1, or the first of level 2 where it opens the text.
    pub(super) fn title(&self) -> Option<&str> {
        let first = self.headings.first();
        let opens =
            |heading: &&Heading| heading.level == 2 && self.text.get(..heading.range.start).is_some_and(|s| s.trim().is_empty());
        let found = self.headings.iter().find(|heading| heading.level == 1).or_else(|| first.filter(opens))?;
        Some(found.text.trim()).filter(|title| !title.is_empty())
    }

    /// What follows the title heading, or the whole text where there is none.
    pub(super) fn body(&self) -> &'a str {
        let end = self.title_index().and_then(|index| self.headings.get(index)).map_or(0, |heading| heading.range.end);
        self.text.get(end..).unwrap_or_default().trim_start_matches('\n')
    }

    fn title_index(&self) -> Option<usize> {
        let title = self.title()?;
        self.headings.iter().position(|heading| heading.text.trim() == title)
    }

    /// The text between the title and the next heading: where metadata lines stand.
    pub(super) fn preamble(&self) -> &'a str {
        let next = self.title_index().map_or(0, |index| index + 1);
        let from = next.checked_sub(1).and_then(|index| self.headings.get(index)).map_or(0, |heading| heading.range.end);
        let to = self.headings.get(next).map_or(self.text.len(), |heading| heading.range.start);
        self.text.get(from..to).unwrap_or_default()
    }

    /// The text of the first section whose lower-case heading `wanted` accepts, with its subsections.
    pub(super) fn section(&self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        let index = self.headings.iter().position(|heading| wanted(heading.text.trim().to_lowercase().as_str()))?;
        let heading = self.headings.get(index)?;
        let after = self.headings.get(index + 1..).unwrap_or_default();
        let end = after.iter().find(|next| next.level <= heading.level).map_or(self.text.len(), |next| next.range.start);
        self.text.get(heading.range.end..end)
    }

    /// Every link and image, in order.
    pub(super) fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Lines that are not inside a code block.
    pub(super) fn prose_lines(&self) -> impl Iterator<Item = &'a str> {
        let (mut offset, mut blocks) = (0_usize, self.code.iter().peekable());
        self.text.split_inclusive('\n').filter_map(move |line| {
            let start = offset;
            offset += line.len();
            while blocks.next_if(|block| block.end <= start).is_some() {}
            let inside = blocks.peek().is_some_and(|block| block.start < offset);
            (!inside).then(|| line.trim_end())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# 4. Title with `code`\n\nDate: 2026-01-02\n\n## Status\n\nAccepted\n\n### Note\n\nx\n\nContext\n-------\n\n```md\n# not a heading\n```\nsee [ADR-1](0001-a.md)\n";

    #[test]
    fn fenced_headings_are_code_and_underlined_ones_are_headings() {
        let document = Document::of(SAMPLE);
        assert_eq!(document.title(), Some("4. Title with code"));
        assert_eq!(document.preamble().trim(), "Date: 2026-01-02");
        assert_eq!(document.section(|name| name == "status").map(str::trim), Some("Accepted\n\n### Note\n\nx"));
        assert!(document.section(|name| name == "context").is_some_and(|text| text.contains("ADR-1")));
        assert!(document.body().starts_with("Date:"));
        assert_eq!(document.references(), [Reference { text: "ADR-1".into(), destination: "0001-a.md".into() }]);
        assert!(document.prose_lines().all(|line| line != "# not a heading"));
        assert_eq!(document.prose_lines().last(), Some("see [ADR-1](0001-a.md)"));
    }
}
