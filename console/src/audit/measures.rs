//! The security measures that a report lists, each resting on the checks that saw it at work.

/// One measure of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What it is called.
    pub name: &'static str,
    /// What it keeps from happening.
    pub defends: &'static str,
    /// The checks that speak for it: ids that begin so.
    pub prefixes: &'static [&'static str],
}

const fn measure(name: &'static str, prefixes: &'static [&'static str], defends: &'static str) -> Measure {
    Measure { name, defends, prefixes }
}

/// Every measure, in the order of reports.
pub const MEASURES: &[Measure] = &[
    measure("Exact allowlist of origins", &["cors."], "a foreign web page that reads or writes with a visitor's browser"),
    measure("Verified bearer tokens on every route", &["jwt."], "forged, foreign, expired or altered tokens, and no token at all"),
    measure("Isolation of users", &["isolation."], "one user who reads, changes or detects another's data"),
    measure("Security headers of an API", &["headers."], "answers that a browser sniffs, frames, caches or runs"),
    measure("Closed documentation and debug surface", &["docs."], "a map of the service, or its internals, in anybody's hands"),
    measure("Honest deep health", &["health."], "a release that says 200 while its database is away"),
    measure("Known release", &["release."], "an audit of another build than the one that was deployed"),
    measure("Secrets only in the environment", &["secrets."], "keys that anybody with the repository can read"),
    measure("Declared start command", &["procfile."], "a platform that starts something else than what was built"),
];
