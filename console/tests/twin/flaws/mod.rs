//! Every flaw by name, with the checks that must find it: one table for each suite.
//!
//! A flaw is declared here and acts in the file of its concern, under `flaws.has("suite.words")`. A name that stands in no table stops
//! the test, so a switch cannot rot.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

pub(crate) mod cors;
pub(crate) mod docs;
pub(crate) mod files;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod isolation;
pub(crate) mod jwt;
pub(crate) mod release;

/// One flaw of the twin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flaw {
    /// `suite.words`.
    pub(crate) name: &'static str,
    /// What is wrong, in one line.
    pub(crate) what: &'static str,
    /// Ids of the checks that must FAIL.
    pub(crate) breaks: &'static [&'static str],
    /// Ids of checks that may FAIL or WARN as well, because this flaw implies theirs.
    pub(crate) implies: &'static [&'static str],
}

/// A row of a table.
pub(crate) const fn flaw(
    name: &'static str,
    what: &'static str,
    breaks: &'static [&'static str],
    implies: &'static [&'static str],
) -> Flaw {
    Flaw { name, what, breaks, implies }
}

impl Flaw {
    /// The suite's word: what stands before the first dot.
    pub(crate) fn suite(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// Every flaw that a running twin can have.
pub(crate) fn live() -> impl Iterator<Item = &'static Flaw> {
    [health::FLAWS, release::FLAWS, cors::FLAWS, jwt::FLAWS, isolation::FLAWS, headers::FLAWS, docs::FLAWS].into_iter().flatten()
}

/// Every flaw, those of files and history included.
pub(crate) fn all() -> impl Iterator<Item = &'static Flaw> {
    live().chain(files::FLAWS)
}

static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| all().map(|flaw| flaw.name).collect());

/// The switches that are on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flaws(BTreeSet<String>);

impl Flaws {
    /// Switches on exactly `names`.
    ///
    /// # Panics
    /// When a name stands in no table.
    pub(crate) fn of(names: &[&str]) -> Self {
        for name in names {
            assert!(NAMES.contains(name), "no table declares the flaw `{name}`");
        }
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Whether any switch is on whose name begins with `prefix`.
    pub(crate) fn any(&self, prefix: &str) -> bool {
        self.0.iter().any(|name| name.starts_with(prefix))
    }

    /// Whether the switch is on.
    ///
    /// # Panics
    /// When the name stands in no table: a switch that nothing can turn.
    pub(crate) fn has(&self, name: &str) -> bool {
        assert!(NAMES.contains(name), "no table declares the flaw `{name}`");
        self.0.contains(name)
    }
}
