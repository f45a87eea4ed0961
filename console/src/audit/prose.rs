//! Renders the Markdown of an ADR into HTML in which nothing is live: raw HTML becomes text, images become their description, and links
//! lead only to the web or to anchors of the same report.

use std::collections::HashMap;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::escape::web_link;
use crate::http::clean;

/// Where relative links may lead: the anchors of the report by file name of the ADR or by anchor itself.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    by_name: HashMap<String, String>,
}

impl Anchors {
    /// Lets links to `name` (a file name such as `0001-title.md`, or the anchor itself) lead to `anchor`.
    pub(super) fn add(&mut self, name: &str, anchor: &str) {
        self.by_name.insert(name.to_owned(), anchor.to_owned());
    }

    /// The address that a link may have in the report; `None` makes it plain text.
    fn resolve(&self, url: &str) -> Option<String> {
        if let Some(web) = web_link(url) {
            return Some(web.to_owned());
        }
        let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
        let name = if path.is_empty() { fragment } else { path.rsplit('/').next()? };
        let scheme = path.contains(':') || path.starts_with("//");
        self.by_name.get(name).filter(|_| !scheme).map(|anchor| format!("#{anchor}"))
    }
}

/// How far the headings of an ADR are pushed down, so that they stand below the heading of the ADR in the report.
const SHIFT: usize = 2;

/// The HTML of the text of one ADR.
pub(super) fn adr_html(markdown: &str, anchors: &Anchors) -> String {
    let text = markdown.replace("\r\n", "\n");
    let mut html = String::with_capacity(text.len() * 3 / 2);
    let mut defused = Defuse { anchors, live: Vec::new() };
    let events = Parser::new_ext(&text, options()).filter_map(|event| defused.event(event));
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// Makes every event harmless; remembers which open links were kept.
struct Defuse<'a> {
    anchors: &'a Anchors,
    live: Vec<bool>,
}

impl Defuse<'_> {
    fn event<'e>(&mut self, event: Event<'e>) -> Option<Event<'e>> {
        Some(match event {
            Event::Code(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                Event::Code(cleaned(text))
            }
            Event::Text(text) | Event::Html(text) => Event::Text(cleaned(text)),
            Event::FootnoteReference(name) => Event::Text(cleaned(name)),
            Event::Start(tag) => return self.start(tag),
            Event::End(tag) => return self.end(tag),
            other @ (Event::SoftBreak | Event::HardBreak | Event::Rule | Event::TaskListMarker(_)) => other,
        })
    }

    fn start<'e>(&mut self, tag: Tag<'e>) -> Option<Event<'e>> {
        let tag = match tag {
            Tag::Link { dest_url, link_type, .. } => return self.link(&dest_url, link_type),
            Tag::Image { .. } => return Some(Event::Text("[image: ".into())),
            Tag::Heading { level, .. } => Tag::Heading { level: shifted(level), id: None, classes: vec![], attrs: vec![] },
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) => Tag::CodeBlock(CodeBlockKind::Indented),
            // Alignment would become a style attribute, which the report's own content policy forbids.
            Tag::Table(columns) => Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()]),
            other => other,
        };
        Some(Event::Start(tag))
    }

    fn link<'e>(&mut self, url: &str, link_type: pulldown_cmark::LinkType) -> Option<Event<'e>> {
        let target = self.anchors.resolve(url);
        self.live.push(target.is_some());
        target.map(|target| {
            Event::Start(Tag::Link { link_type, dest_url: target.into(), title: CowStr::Borrowed(""), id: CowStr::Borrowed("") })
        })
    }

    fn end<'e>(&mut self, tag: TagEnd) -> Option<Event<'e>> {
        match tag {
            TagEnd::Link => self.live.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link)),
            TagEnd::Image => Some(Event::Text("]".into())),
            TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => Some(Event::End(TagEnd::CodeBlock)),
            TagEnd::Heading(level) => Some(Event::End(TagEnd::Heading(shifted(level)))),
            other => Some(Event::End(other)),
        }
    }
}

fn shifted(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + SHIFT).unwrap_or(HeadingLevel::H6)
}

fn cleaned(text: CowStr<'_>) -> CowStr<'_> {
    let harmless = clean(&text);
    if harmless == *text { text } else { harmless.into() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn render(markdown: &str) -> String {
        let mut anchors = Anchors::default();
        anchors.add("0002-pool.md", "ADR-0002");
        anchors.add("cors.origin.null", "cors.origin.null");
        adr_html(markdown, &anchors).trim_end().to_owned()
    }

    #[rstest]
    #[case::a_script("<script>alert(1)</script>", "<pre><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></pre>")]
    #[case::an_inline_handler("a <img src=x onerror=alert(1)> b", "<p>a <code>&lt;img src=x onerror=alert(1)&gt;</code> b</p>")]
    #[case::a_script_link("[a](javascript:alert(1))", "<p>a</p>")]
    #[case::an_encoded_script_link("[a](java&#115;cript:alert(1))", "<p>a</p>")]
    #[case::a_data_link("[a](data:text/html,x)", "<p>a</p>")]
    #[case::a_network_path("[a](//evil.example/0002-pool.md)", "<p>a</p>")]
    #[case::a_scheme_that_ends_like_an_adr("[a](javascript:0002-pool.md)", "<p>a</p>")]
    #[case::an_image("![a *b*](https://evil.example/p.png)", "<p>[image: a <em>b</em>]</p>")]
    #[case::a_web_link("[a](https://a.example/?b=\"c)", "<p><a href=\"https://a.example/?b=%22c\">a</a></p>")]
    #[case::a_title_attribute("[a](https://a.example \"onclick\")", "<p><a href=\"https://a.example\">a</a></p>")]
    #[case::another_adr("[a](./0002-pool.md#context)", "<p><a href=\"#ADR-0002\">a</a></p>")]
    #[case::another_folder("[a](../adr/0002-pool.md)", "<p><a href=\"#ADR-0002\">a</a></p>")]
    #[case::a_known_anchor("[a](#cors.origin.null)", "<p><a href=\"#cors.origin.null\">a</a></p>")]
    #[case::an_unknown_anchor("[a](#nowhere)", "<p>a</p>")]
    #[case::an_autolink("<javascript:alert(1)>", "<p>javascript:alert(1)</p>")]
    #[case::headings("# Title\n\n## Context", "<h3>Title</h3>\n<h4>Context</h4>")]
    #[case::deep_headings("###### Six", "<h6>Six</h6>")]
    #[case::direction("a\u{202e}b", "<p>a\\u{202e}b</p>")]
    #[case::a_language("```\"><script>\nx\n```", "<pre><code>x\n</code></pre>")]
    #[case::heading_attributes("## a {#x onclick=y}", "<h4>a {#x onclick=y}</h4>")]
    fn nothing_live_comes_through(#[case] markdown: &str, #[case] expected: &str) {
        assert_eq!(render(markdown), expected);
    }

    #[test]
    fn a_table_keeps_its_cells_without_style_attributes() {
        let html = render("| a | b |\n|---|--:|\n| 1 | 2 |");
        assert!(html.contains("<td>2</td>") && !html.contains("style"), "{html}");
    }
}
