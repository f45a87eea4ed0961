//! Every flaw by name, with the checks that must find it: one table for each suite.
//!
//! A flaw is declared here and acts in the file of its concern, under `flaws.has("suite.words")`. A test reads the
//! sources: a name that stands in no table, or that no file acts on, stops it, so a switch cannot rot.

pub(crate) mod configuration;
pub(crate) mod cors;
pub(crate) mod docs;
pub(crate) mod files;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod isolation;
pub(crate) mod jwt;
pub(crate) mod release;
pub(crate) mod robustness;
pub(crate) mod tls;

/// One flaw of the twin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flaw {
    /// `suite.words`.
    pub(crate) name: &'static str,
    /// What is wrong, in one line.
    pub(crate) what: &'static str,
    /// Ids of the checks that must FAIL.
    pub(crate) breaks: Ids,
    /// Ids of the checks that must WARN.
    pub(crate) warns: Ids,
    /// Ids of checks that may FAIL, WARN or be left open as well, because this flaw implies theirs; `cors.origin.*` names a family.
    pub(crate) implies: Ids,
}

/// Ids of checks.
pub(crate) type Ids = &'static [&'static str];

/// A flaw that must be found.
pub(crate) const fn flaw(name: &'static str, what: &'static str, breaks: Ids, implies: Ids) -> Flaw {
    Flaw { name, what, breaks, warns: &[], implies }
}

/// A weakness that must be remarked: a WARN, since nothing is at risk by it alone.
pub(crate) const fn weakness(name: &'static str, what: &'static str, warns: Ids, implies: Ids) -> Flaw {
    Flaw { name, what, breaks: &[], warns, implies }
}

impl Flaw {
    /// Whether the row says that the check may come out as something else than PASS.
    pub(crate) fn names(&self, id: &str) -> bool {
        let family = |pattern: &&str| pattern.strip_suffix('*').is_some_and(|beginning| id.starts_with(beginning));
        let named = |ids: Ids| ids.contains(&id) || ids.iter().any(family);
        named(self.breaks) || named(self.warns) || named(self.implies)
    }

    /// Whether it can show only on a twin behind TLS.
    pub(crate) fn needs_tls(&self) -> bool {
        const BESIDE: [&str; 5] = [
            "cors.reflects-over-http1",
            "headers.transport-security-absent",
            "headers.transport-security-short",
            "headers.transport-security-ageless",
            "headers.transport-security-twice",
        ];
        self.suite() == "tls" || BESIDE.contains(&self.name)
    }

    /// Whether only the time of answers shows it, so that its row holds on a machine that does nothing else meanwhile.
    pub(crate) fn shows_by_time(&self) -> bool {
        const BY_TIME: [&str; 8] = [
            "health.connection-for-each",
            "health.slow",
            "isolation.bleeds",
            "jwt.follows-jku",
            "jwt.login-hashes-for-some",
            "jwt.works-on-envelopes",
            "robustness.slow-body",
            "robustness.slow-headers",
        ];
        BY_TIME.contains(&self.name)
    }

    /// The suite's word: what stands before the first dot.
    pub(crate) fn suite(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// Every flaw that a running twin can have.
pub(crate) fn live() -> impl Iterator<Item = &'static Flaw> {
    [
        health::FLAWS,
        release::FLAWS,
        tls::FLAWS,
        cors::FLAWS,
        jwt::FLAWS,
        isolation::FLAWS,
        headers::FLAWS,
        docs::FLAWS,
        robustness::FLAWS,
        configuration::FLAWS,
    ]
    .into_iter()
    .flatten()
}

/// Every flaw, those of files and history included.
pub(crate) fn all() -> impl Iterator<Item = &'static Flaw> {
    live().chain(files::FLAWS)
}

/// The switches that are on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flaws(Vec<String>);

impl Flaws {
    /// Switches on exactly `names`.
    ///
    /// # Panics
    /// When a name stands in no table.
    pub(crate) fn of(names: &[&str]) -> Self {
        for name in names {
            assert!(all().any(|flaw| flaw.name == *name), "no table declares the flaw `{name}`");
        }
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Whether any switch is on whose name begins with `prefix`.
    pub(crate) fn any(&self, prefix: &str) -> bool {
        self.0.iter().any(|name| name.starts_with(prefix))
    }

    /// Whether the switch is on. Asked so often that it does not look `name` up: a test of the sources sees that every name stands in a
    /// table.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|on| on == name)
    }
}
