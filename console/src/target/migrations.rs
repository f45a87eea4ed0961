//! The newest of a directory of migrations. Their file names begin with their version, as those of sqlx, Flyway, Django, Rails, Prisma and
//! Knex do: `20261123000001_create_tasks.sql`, `0007_add_owner.py`, `V12__index.sql`.

use std::path::Path;

/// The greatest version among the entries of `directory`, as it is written; or why there is none.
pub(super) fn newest(directory: &Path) -> Result<String, String> {
    let entries = std::fs::read_dir(directory).map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let versions = names.filter_map(|name| version(&name).map(str::to_owned));
    let greatest = versions.max_by_key(|version| version.parse::<u128>().unwrap_or_default());
    let none = || format!("no file in {} begins with a version; give `schema_head` instead", directory.display());
    greatest.ok_or_else(none)
}

/// The digits that a file name begins with, after the `V` of Flyway.
fn version(name: &str) -> Option<&str> {
    let name = name.strip_prefix(['V', 'v']).unwrap_or(name);
    let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    name.get(..digits).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::sqlx(&["20261123000001_create_tasks.sql", "20261201000000_owner.sql"], Some("20261201000000"))]
    #[case::django(&["__init__.py", "0002_owner.py", "0010_index.py"], Some("0010"))]
    #[case::flyway(&["V2__owner.sql", "V10__index.sql"], Some("10"))]
    #[case::alembic(&["1975ea83b712_owner.py"], Some("1975"))]
    #[case::none(&["README.md"], None)]
    fn the_greatest_version_counts(#[case] files: &[&str], #[case] expected: Option<&str>) {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(directory.path().join(file), "").unwrap();
        }
        assert_eq!(newest(directory.path()).ok().as_deref(), expected);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        assert!(newest(Path::new("/absent/migrations")).unwrap_err().contains("/absent/migrations"));
    }
}
