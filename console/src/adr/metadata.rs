//! Metadata of a record: YAML front matter (MADR 3 and 4) and `Key: value` lines in their many spellings.
//!
//! Front matter is read as the subset of YAML that records use: scalars, quoted scalars, flow and block lists, folded text. Anything
//! else is kept as text, so that a strange file is still shown rather than refused.

/// A field of the front matter and its values; a scalar has one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    key: String,
    values: Vec<String>,
}

/// The front matter of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter(Vec<Field>);

impl FrontMatter {
    /// Splits `text` into its front matter, if it opens with a line `---` that is closed again, and the rest.
    pub(super) fn split(text: &str) -> (Self, &str) {
        let after_fence = text.strip_prefix("---").and_then(|rest| rest.trim_start_matches([' ', '\t']).strip_prefix('\n'));
        let Some(block) = after_fence else { return (Self::default(), text) };
        let mut end = 0;
        for line in block.split_inclusive('\n') {
            if matches!(line.trim_end(), "---" | "...") {
                let rest = block.get(end + line.len()..).unwrap_or_default();
                return (Self::of(block.get(..end).unwrap_or_default()), rest);
            }
            end += line.len();
        }
        (Self::default(), text)
    }

    fn of(block: &str) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        for line in block.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()) {
            let nested = line.starts_with([' ', '\t']) || line.starts_with("- ");
            match (nested, fields.last_mut(), line.split_once(':')) {
                (true, Some(field), _) => field.values.push(scalar(line.trim().trim_start_matches("- "))),
                (false, _, Some((key, value))) => fields.push(Field { key: normal_key(key), values: values(value) }),
                _ => {}
            }
        }
        Self(fields)
    }

    /// The first non-empty field with one of these normalised keys, its values joined by commas.
    pub(super) fn get(&self, keys: &[&str]) -> Option<String> {
        let field = self.0.iter().find(|field| keys.contains(&field.key.as_str()))?;
        let text = field.values.iter().filter(|value| !value.is_empty()).cloned().collect::<Vec<_>>().join(", ");
        (!text.is_empty()).then_some(text)
    }
}

/// The values of `key: value`: the items of a flow list, one scalar, or none yet where a block follows.
fn values(text: &str) -> Vec<String> {
    let text = text.trim();
    if matches!(text, "" | "|" | ">" | "|-" | ">-") {
        return Vec::new();
    }
    match text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(items) if !items.contains('|') => items.split(',').map(scalar).collect(),
        _ => vec![scalar(text)],
    }
}

/// A scalar without its quotes or trailing comment.
fn scalar(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = text.strip_prefix(quote).and_then(|rest| rest.rsplit_once(quote)) {
            return inner.to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// Lower case, with `-` for spaces and underscores, without emphasis: `**Verified by**` is `verified-by`.
fn normal_key(key: &str) -> String {
    key.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`')).to_lowercase().replace([' ', '_'], "-")
}

/// The value of a line `Key: value`, `- **Key:** value`, `> Key: value` or `| Key | value |` for one of these normalised keys.
pub(super) fn value_of_line<'a>(line: &'a str, keys: &[&str]) -> Option<&'a str> {
    let line = line.trim().trim_start_matches(['>', ' ']);
    let (key, value) = match line.strip_prefix('|') {
        Some(row) => row.trim_end_matches('|').split_once('|')?,
        None => unbulleted(line).split_once(':')?,
    };
    let known = key.len() <= 40 && keys.contains(&normal_key(key).as_str());
    known.then(|| value.trim().trim_start_matches("**").trim_start_matches("__").trim())
}

/// A line without its list marker.
pub(super) fn unbulleted(line: &str) -> &str {
    let line = line.trim_start();
    ["- ", "* ", "+ "].into_iter().find_map(|bullet| line.strip_prefix(bullet)).unwrap_or(line).trim()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("Status: Accepted", Some("Accepted"))]
    #[case::bullet("- Status: accepted", Some("accepted"))]
    #[case::star("* status: accepted", Some("accepted"))]
    #[case::bold_outside("**Status**: accepted", Some("accepted"))]
    #[case::bold_around("- **Status:** accepted", Some("accepted"))]
    #[case::quoted("> Status: accepted", Some("accepted"))]
    #[case::table("| Status | accepted |", Some("accepted"))]
    #[case::other_key("Statuses: accepted", None)]
    #[case::prose("The status of this: unclear", None)]
    #[case::empty("Status:", Some(""))]
    fn metadata_lines_are_read_in_every_spelling(#[case] line: &str, #[case] value: Option<&str>) {
        assert_eq!(value_of_line(line, &["status"]), value);
    }

    #[rstest]
    #[case::scalar("---\nstatus: accepted # yes\n---\nx", "status", Some("accepted"))]
    #[case::quoted("---\nstatus: \"superseded by ADR-0123\"\n---\nx", "status", Some("superseded by ADR-0123"))]
    #[case::flow("---\nverified-by: [a.b, 'c.d']\n---\nx", "verified-by", Some("a.b, c.d"))]
    #[case::block("---\nverified_by:\n  - a.b\n  - c.d\ndate: x\n---\nx", "verified-by", Some("a.b, c.d"))]
    #[case::folded("---\nverified-by: >\n  none, since\n---\nx", "verified-by", Some("none, since"))]
    #[case::placeholder("---\nstatus: [proposed | accepted]\n---\nx", "status", Some("[proposed | accepted]"))]
    #[case::unclosed("---\nstatus: accepted\n", "status", None)]
    #[case::rule("text\n---\nstatus: accepted\n---\n", "status", None)]
    fn front_matter_is_read_as_records_write_it(#[case] text: &str, #[case] key: &str, #[case] value: Option<&str>) {
        assert_eq!(FrontMatter::split(text).0.get(&[key]).as_deref(), value);
    }

    #[test]
    fn what_follows_the_front_matter_is_the_rest() {
        assert_eq!(FrontMatter::split("---\na: b\n---\n# T\n").1, "# T\n");
        assert_eq!(FrontMatter::split("--- \n").1, "--- \n");
    }
}
