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

/// Every measure, in the order of reports. A prefix that ends in a dot stands for a family of checks.
pub const MEASURES: &[Measure] = &[
    measure(
        "Exact allowlist of origins",
        &[
            "cors.allowed.",
            "cors.origin.",
            "cors.surface.",
            "cors.claims",
            "cors.replicas",
            "cors.protocol",
            "cors.wildcard",
            "cors.static",
            "cors.single",
        ],
        "a foreign web page that reads with a visitor's token",
    ),
    measure(
        "Grants that no cache mixes up",
        &["cors.vary.", "cors.cache-order", "cors.unasked"],
        "a cache that hands one origin's grant to another",
    ),
    measure("Narrow preflights", &["cors.preflight.", "cors.redirects"], "methods and headers that nobody declared"),
    measure("No write without preflight", &["cors.write-without-preflight"], "a form on a foreign page that writes"),
    measure(
        "No ambient authority",
        &["cors.credentials", "cors.exposed", "cors.timing"],
        "cookies, headers or timings for strangers",
    ),
    measure(
        "A token on every route",
        &["jwt.required.", "jwt.challenge", "jwt.literal", "jwt.scheme", "jwt.duplicate", "jwt.tampered", "isolation.anonymous"],
        "anybody who just asks",
    ),
    measure("Tokens in one place", &["jwt.carrier."], "tokens in URLs, cookies and bodies, which end up in logs and histories"),
    measure(
        "Pinned algorithm and key",
        &["jwt.none", "jwt.alg.", "jwt.ecdsa.", "jwt.confusion", "jwt.key.", "jwt.header.", "jwt.jwe"],
        "a token that chooses how it is verified",
    ),
    measure(
        "A signature over every byte",
        &["jwt.signature.", "jwt.payload", "jwt.structure", "jwt.json.", "jwt.size"],
        "altered, cut or oversized tokens",
    ),
    measure(
        "Strict claims",
        &["jwt.exp.", "jwt.nbf", "jwt.iat", "jwt.aud", "jwt.iss", "jwt.sub.", "jwt.kind", "jwt.jti.", "configuration.tokens"],
        "tokens of another time, place or person",
    ),
    measure(
        "Tokens that tell nothing and end",
        &["jwt.contents", "jwt.revoked", "jwt.refresh"],
        "a token that is read, or used after its owner signed out",
    ),
    measure("Answers that hold what was asked for", &["isolation.exposed"], "passwords that come along with an object"),
    measure("A guarded sign-in", &["jwt.login."], "names and passwords that can be tried out, and tokens in addresses"),
    measure("A strong signing secret", &["jwt.secret.", "secrets.strength", "secrets.reuse"], "a key that can be guessed"),
    measure(
        "Refusals that tell nothing",
        &["jwt.errors", "isolation.oracle", "isolation.errors", "docs.errors"],
        "guessing by differences between answers",
    ),
    measure(
        "Objects that only their owner reaches",
        &[
            "isolation.foreign.",
            "isolation.claim.",
            "isolation.forms.",
            "isolation.routes",
            "isolation.deleted",
            "isolation.refused",
            "isolation.recreated",
            "isolation.bulk",
            "isolation.accounts",
            "isolation.sessions",
            "isolation.concurrency",
        ],
        "one user who reads or changes what is another's",
    ),
    measure("Lists of one's own", &["isolation.list."], "pages, searches, cursors and counts that hold another's objects"),
    measure("No mass assignment", &["isolation.assign."], "fields that only the server may set"),
    measure("Personal answers stay out of caches", &["isolation.cache.", "headers.caching"], "one user's answer served to another"),
    measure("Security headers of an API", &["headers."], "answers that a browser sniffs, frames or runs"),
    measure("Closed documentation and debug surface", &["docs."], "a map of the service, or its insides, in anybody's hands"),
    measure("A certificate that clients accept", &["tls.certificate."], "somebody else who answers in the service's name"),
    measure(
        "Only strong TLS",
        &["tls.versions.", "tls.ciphers", "tls.compression", "tls.renegotiation", "tls.http2"],
        "reading or changing what travels",
    ),
    measure("One way in", &["tls.plain.", "tls.names", "tls.direct"], "tokens in the clear, and ways around the edge"),
    measure(
        "Odd requests break nothing",
        &[
            "robustness.json.",
            "robustness.media-type",
            "robustness.ids",
            "robustness.quotes",
            "robustness.syntax",
            "robustness.errors",
            "robustness.idempotency",
            "robustness.host.foreign",
        ],
        "a request that makes the service fail, and errors that no program can read",
    ),
    measure(
        "No way around the door",
        &["robustness.method.", "robustness.path.", "robustness.host.forwarded"],
        "methods, paths and hosts by which a request gets around the door",
    ),
    measure(
        "Bounded requests",
        &["robustness.body", "robustness.header-size", "robustness.compressed", "robustness.slow.", "robustness.rate-limit"],
        "one client that takes all the memory, connections or time there is",
    ),
    measure("Unambiguous framing", &["robustness.framing"], "one request that an edge and the service read as two"),
    measure("Honest deep health", &["health."], "a release that says 200 while its database is away"),
    measure("Known release", &["release."], "an audit of another build than the one that was deployed"),
    measure(
        "A complete configuration",
        &["configuration.valid", "configuration.environment", "configuration.port", "configuration.docs", "configuration.origins"],
        "a service that runs with other settings than were decided",
    ),
    measure(
        "A pooled and encrypted database",
        &["configuration.engine", "configuration.database-tls", "configuration.pool", "configuration.migrations"],
        "starved, stale or readable connections to the data",
    ),
    measure("Requests that survive a deploy", &["configuration.draining"], "answers cut off by the next release"),
    measure("Bounds for one caller", &["configuration.limits"], "one client that takes the service from all others"),
    measure("Secrets only in the environment", &["secrets."], "keys that anybody with the repository can read"),
    measure("Declared start command", &["procfile."], "a platform that starts something else than what was built"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::catalogue;

    #[test]
    fn every_check_but_the_controls_speaks_for_a_measure() {
        let speaks = |id: &str| MEASURES.iter().any(|measure| measure.prefixes.iter().any(|prefix| id.starts_with(prefix)));
        let silent: Vec<_> = catalogue().filter(|check| !check.is_control() && !speaks(check.id)).map(|check| check.id).collect();
        assert_eq!(silent, Vec::<&str>::new());
    }

    #[test]
    fn every_prefix_of_a_measure_means_a_check() {
        let means = |prefix: &str| catalogue().any(|check| check.id.starts_with(prefix));
        let empty: Vec<_> = MEASURES.iter().flat_map(|measure| measure.prefixes).filter(|prefix| !means(prefix)).collect();
        assert_eq!(empty, Vec::<&&str>::new());
    }
}
