//! The requirements that reports trace to, and what kind of evidence can carry each of them.
//!
//! Owns the ids and their texts. Which checks speak for a requirement is said by the checks themselves.

use crate::run::EvidenceClass;

/// What can carry a requirement at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Answers over the network.
    Live,
    /// Files of the repository or commits of its history: no answer over HTTP can show it.
    Repository,
    /// The service's own configuration report, or its files: no answer over HTTP can show it.
    Configuration,
    /// A rehearsal that stops the database or the process: not done to a live service unless its operator allows it.
    Rehearsal,
}

impl Carrier {
    /// What a report says of a requirement that live checks alone cannot carry; `None` for live.
    pub const fn caveat(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Repository => Some("Takes repository evidence: HTTP cannot see files or history."),
            Self::Configuration => Some("Takes configuration or repository evidence: HTTP cannot see a variable or a pool."),
            Self::Rehearsal => {
                Some("Takes a rehearsal that stops a database or a process, which a live run does not do; it shows only a part.")
            }
        }
    }

    /// Whether evidence of these classes can carry the whole requirement.
    pub fn carries(self, seen: &[EvidenceClass]) -> bool {
        let any = |classes: &[EvidenceClass]| classes.iter().any(|class| seen.contains(class));
        match self {
            Self::Live => any(&[EvidenceClass::Live]),
            Self::Repository => any(&[EvidenceClass::Repository]),
            Self::Configuration => any(&[EvidenceClass::Configuration, EvidenceClass::Repository]),
            Self::Rehearsal => false,
        }
    }
}

/// One requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// `FR-004`, `SC-003`, `US2`, `EC-1`.
    pub id: &'static str,
    /// What is required.
    pub text: &'static str,
    /// What can carry it at best.
    pub carrier: Carrier,
}

const fn requirement(id: &'static str, carrier: Carrier, text: &'static str) -> Requirement {
    Requirement { id, text, carrier }
}

/// Every requirement, in the order of reports.
pub const REQUIREMENTS: &[Requirement] = &[
    requirement("FR-001", Carrier::Configuration, "The service binds to the PORT that the platform gives."),
    requirement("FR-002", Carrier::Repository, "A root Procfile serves Railway's process management."),
    requirement(
        "FR-003",
        Carrier::Configuration,
        "PostgreSQL is pooled and tuned for Neon (size, overflow, idle, lifetime); postgresql+asyncpg:// URLs work unchanged.",
    ),
    requirement("FR-004", Carrier::Live, "CORS is strict: an exact allowlist of Vercel production origins."),
    requirement("FR-005", Carrier::Live, "/health does a real database round trip (deep health)."),
    requirement("FR-006", Carrier::Live, "Interactive API documentation is off in production unless expressly authorised."),
    requirement("FR-007", Carrier::Live, "The verification runs against any live external URL."),
    requirement(
        "SC-001",
        Carrier::Live,
        "A deployed release answers health within 5 minutes: measured, from deploy to the first 200 of that release.",
    ),
    requirement(
        "SC-002",
        Carrier::Repository,
        "100% of production secrets are absent from the codebase (tree and git history) and come only from the environment.",
    ),
    requirement(
        "SC-003",
        Carrier::Live,
        "100% of cross-origin requests from origins off the allowlist are rejected, on the live URL.",
    ),
    requirement("SC-004", Carrier::Live, "The whole verification ends in under 60 seconds against the live URL."),
    requirement("SC-005", Carrier::Repository, "The report links an ADR for every infrastructure decision."),
    requirement(
        "US1",
        Carrier::Configuration,
        "The service starts without errors in production; secrets come only from the environment, with no hardcoded fallback.",
    ),
    requirement("US2", Carrier::Live, "There is a pass/fail report for health, CORS, JWT and user isolation against the live URL."),
    requirement(
        "US3",
        Carrier::Repository,
        "Every decision has an ADR with rationale and trade-offs; the report lists every endpoint, environment variable and \
         security measure.",
    ),
    requirement(
        "EC-1",
        Carrier::Rehearsal,
        "The database drops: retry or graceful failure, the service never crashes, nothing acknowledged is lost.",
    ),
    requirement(
        "EC-2",
        Carrier::Configuration,
        "A critical secret is missing: immediate exit at start-up with one clear message that names every missing or invalid \
         variable.",
    ),
    requirement("EC-3", Carrier::Rehearsal, "Port and signals: standard platform behaviour; SIGTERM drains in-flight requests."),
];
