//! The text of `postflight.toml`, to say where in it a mistake stands. Reads places, judges nothing.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// The file that targets were read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The text read from `path`.
    pub fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Where the file is: paths in it are relative to that.
    pub fn directory(&self) -> PathBuf {
        self.path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// `postflight.toml:12`: the line of the value at `key`, or of the nearest table above that is there; a number is the place in an array.
    /// `None` where the text is not known or not TOML.
    pub fn place(&self, key: &[&str]) -> Option<String> {
        let table = DeTable::parse(&self.text).ok()?;
        let span = span_of(table.get_ref(), key)?;
        Some(self.at(span.start))
    }

    /// `postflight.toml:12`: the line of a byte of the text.
    pub fn at(&self, byte: usize) -> String {
        format!("{}:{}", self.path.display(), line_of(&self.text, byte))
    }

    /// The line of a byte, as it stands.
    pub fn line(&self, byte: usize) -> &str {
        self.text.lines().nth(line_of(&self.text, byte).saturating_sub(1)).unwrap_or_default()
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

fn span_of(table: &DeTable<'_>, key: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = key.split_first()?;
    let (name, value) = table.iter().find(|(name, _)| name.get_ref() == first)?;
    Some(
        within(value.get_ref(), rest)
            .unwrap_or_else(|| if rest.is_empty() && is_scalar(value.get_ref()) { value.span() } else { name.span() }),
    )
}

fn within(value: &DeValue<'_>, rest: &[&str]) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => span_of(table, rest),
        DeValue::Array(items) => {
            let (index, rest) = rest.split_first()?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            Some(within(item.get_ref(), rest).unwrap_or_else(|| item.span()))
        }
        _ => None,
    }
}

const fn is_scalar(value: &DeValue<'_>) -> bool {
    !matches!(value, DeValue::Table(_) | DeValue::Array(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TEXT: &str = "[targets.a]\nurl = \"http://x\"\norigins = [\n  \"https://one\",\n  \"https://two/\",\n]\n[targets.a.paths]\nitem = \"/x\"\n[[targets.a.routes]]\npath = \"/y\"\n";

    #[rstest]
    #[case::value(&["targets", "a", "url"], Some("f.toml:2"))]
    #[case::in_an_array(&["targets", "a", "origins", "1"], Some("f.toml:5"))]
    #[case::in_a_table(&["targets", "a", "paths", "item"], Some("f.toml:8"))]
    #[case::in_an_array_of_tables(&["targets", "a", "routes", "0", "path"], Some("f.toml:10"))]
    #[case::nearest_above(&["targets", "a", "paths", "list"], Some("f.toml:7"))]
    #[case::no_such_target(&["targets", "b"], Some("f.toml:1"))]
    #[case::nothing(&["accept"], None)]
    fn a_key_is_found_at_its_line_or_at_that_of_its_table(#[case] key: &[&str], #[case] place: Option<&str>) {
        assert_eq!(Source::new(Path::new("f.toml"), TEXT).place(key).as_deref(), place);
    }
}
