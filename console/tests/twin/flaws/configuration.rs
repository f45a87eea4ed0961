//! Flaws of the suite `configuration`: they act in the report alone, see `twin/configuration.rs`.

use super::{Flaw, flaw, weakness};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("configuration.invalid", "The service says that it would not start.", &["configuration.valid"], &[]),
    flaw("configuration.variable-missing", "A variable that is always needed is not set.", &["configuration.valid"], &[]),
    flaw("configuration.no-secret", "None of the variables for the signing secret is set.", &["configuration.valid"], &[]),
    flaw("configuration.development", "The service runs as development.", &["configuration.environment"], &[]),
    flaw("configuration.loopback", "The service listens on 127.0.0.1 under a platform.", &["configuration.port"], &[]),
    flaw("configuration.metrics-on-the-public-port", "Metrics share the public port.", &["configuration.port"], &[]),
    flaw("configuration.no-draining", "The platform kills right after SIGTERM.", &["configuration.draining"], &[]),
    flaw(
        "configuration.file-database",
        "The data is in a SQLite file that goes with the container.",
        &["configuration.engine"],
        &[],
    ),
    flaw(
        "configuration.plain-database",
        "The connection to the database may fall back to plain text.",
        &["configuration.database-tls"],
        &[],
    ),
    flaw("configuration.keeps-idle-connections", "Idle connections outlive the compute.", &["configuration.pool"], &[]),
    flaw("configuration.direct-host", "Requests go to Neon's direct host.", &["configuration.pool"], &[]),
    flaw("configuration.waits-forever", "A request waits a minute for a connection.", &["configuration.pool"], &[]),
    flaw("configuration.migrates-through-the-pooler", "Migrations go through the pooler.", &["configuration.migrations"], &[]),
    flaw("configuration.no-required-claims", "Tokens need not end.", &["configuration.tokens"], &[]),
    flaw("configuration.mixed-algorithms", "HMAC and RSA are both accepted.", &["configuration.tokens"], &[]),
    flaw("configuration.any-algorithm", "No algorithm is fixed.", &["configuration.tokens"], &[]),
    flaw("configuration.long-leeway", "Tokens live ten minutes longer.", &["configuration.tokens"], &[]),
    flaw("configuration.unbounded-life", "Tokens may live for ever.", &["configuration.tokens"], &[]),
    flaw("configuration.preview-origin", "An origin is let in that nobody declared.", &["configuration.origins"], &[]),
    flaw("configuration.forgotten-origin", "A declared origin is not let in.", &["configuration.origins"], &[]),
    flaw("configuration.local-origin", "A localhost origin is let in.", &["configuration.origins"], &[]),
    flaw("configuration.docs-on", "Interactive documentation is on.", &["configuration.docs"], &[]),
    flaw("configuration.unbounded-body", "A body may be of any size.", &["configuration.limits"], &[]),
    weakness("configuration.staging", "The service runs as staging.", &["configuration.environment"], &[]),
    weakness(
        "configuration.environments-disagree",
        "The platform calls the environment staging.",
        &["configuration.environment"],
        &[],
    ),
    weakness(
        "configuration.short-draining",
        "The platform kills before the service has drained.",
        &["configuration.draining"],
        &[],
    ),
    weakness("configuration.large-pool", "One replica may take a hundred connections.", &["configuration.pool"], &[]),
    weakness("configuration.second-secret", "A rotation never ended.", &["configuration.tokens"], &[]),
    weakness("configuration.no-rate", "One caller may ask as often as it likes.", &["configuration.limits"], &[]),
];
