//! `.postflight-allow`: findings that the operator accepts, each with a path, a rule and a reason.

use gix::glob::wildmatch::Mode;

/// Name of the file, at the root of the repository.
pub(super) const FILE: &str = ".postflight-allow";

/// One accepted kind of finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    glob: String,
    rule: String,
    /// Why it is accepted.
    pub(super) reason: String,
}

/// Every entry, and the lines that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Allowlist {
    entries: Vec<Entry>,
    /// Lines without a rule or a reason, with their numbers: they allow nothing.
    pub(super) broken: Vec<String>,
}

impl Allowlist {
    /// Reads lines `path-glob rule reason...`; `#` begins a comment. `*` stays within a directory, `**` does not.
    pub(super) fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.splitn(3, char::is_whitespace).map(str::trim);
            match (words.next(), words.next(), words.next()) {
                (Some(glob), Some(rule), Some(reason)) if reason.len() >= 3 => {
                    list.entries.push(Entry { glob: glob.into(), rule: rule.into(), reason: crate::http::clean(reason) });
                }
                _ => list.broken.push(format!("line {number} of {FILE} is not `path rule reason`")),
            }
        }
        list
    }

    /// The entry that accepts a finding of `rule` in `path`.
    pub(super) fn accepts(&self, path: &str, rule: &str) -> Option<&Entry> {
        let matches = |glob: &str| gix::glob::wildmatch(glob.into(), path.into(), Mode::NO_MATCH_SLASH_LITERAL);
        self.entries.iter().find(|entry| entry.rule == rule && matches(&entry.glob))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TEXT: &str = "# fixtures\ntests/**/*.pem private-key.pem made for these tests, used nowhere\ndocs/*.md jwt\n\ndocs/*.md jwt printed in RFC 7519\n";

    #[rstest]
    #[case("tests/a/b/key.pem", "private-key.pem", true)]
    #[case("tests/key.pem", "jwt", false)]
    #[case("docs/tokens.md", "jwt", true)]
    #[case("docs/deep/tokens.md", "jwt", false)]
    #[case("src/docs/tokens.md", "jwt", false)]
    fn an_entry_accepts_one_rule_under_one_glob(#[case] path: &str, #[case] rule: &str, #[case] accepted: bool) {
        assert_eq!(Allowlist::parse(TEXT).accepts(path, rule).is_some(), accepted);
    }

    #[test]
    fn a_line_without_a_reason_allows_nothing_and_is_named() {
        assert_eq!(Allowlist::parse(TEXT).broken, ["line 3 of .postflight-allow is not `path rule reason`"]);
    }
}
