//! Flaws of the suite `health`.

use super::{Flaw, flaw};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("health.live-needs-token", "Liveness asks for a token.", &[], &[]),
    flaw("health.live-fails", "Liveness answers 503.", &[], &[]),
    flaw("health.live-is-html", "Liveness is the page of a web server.", &[], &[]),
    flaw("health.needs-token", "Deep health asks for a token.", &[], &[]),
    flaw("health.is-text", "Deep health is the text OK.", &[], &[]),
    flaw("health.slow", "Deep health takes longer than a probe waits.", &[], &[]),
    flaw("health.down", "The database is down, and deep health says so with 503.", &[], &[]),
    flaw("health.one-replica-down", "One replica of three answers 503.", &[], &[]),
    flaw("health.lies", "Deep health says that the database is disconnected, and answers 200.", &[], &[]),
    flaw("health.degraded-but-ok", "Deep health says degraded, and answers 200.", &[], &[]),
    flaw("health.shallow", "Deep health says nothing of the database.", &[], &[]),
    flaw("health.no-latency", "Deep health does not say how long the database took.", &[], &[]),
    flaw("health.driver-text", "Deep health repeats the text of the driver.", &[], &[]),
    flaw("health.database-host", "Deep health names the host of the database.", &[], &[]),
    flaw("health.database-url", "Deep health shows the connection string with its password.", &[], &[]),
    flaw("health.environment-dump", "Deep health shows environment variables.", &[], &[]),
    flaw("health.frozen-timestamp", "Deep health answers with the time of yesterday.", &[], &[]),
    flaw("health.development", "Deep health says that it runs in development.", &[], &[]),
    flaw("health.cacheable", "Health may be kept by shared caches.", &[], &[]),
    flaw("health.cached", "Health comes out of a cache.", &[], &[]),
    flaw("health.uncontrolled-cache", "Health does not say whether it may be kept.", &[], &[]),
    flaw("health.clock-ahead", "The clock is five minutes ahead.", &[], &[]),
    flaw("health.clock-behind", "The clock is five minutes behind.", &[], &[]),
];
