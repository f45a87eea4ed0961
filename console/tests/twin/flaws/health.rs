//! Flaws of the suite `health`.

use super::{Flaw, flaw, weakness};

/// Checks that need an object of their own, or an answer to a write.
const UNWRITABLE: &[&str] =
    &["cors.allowed.writes", "jwt.required.*", "jwt.sub.*", "isolation.*", "headers.everywhere", "robustness.*"];

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("health.live-needs-token", "Liveness asks for a token.", &["health.live", "health.open"], &[]),
    flaw(
        "health.live-fails",
        "Liveness answers 503.",
        &["health.live"],
        &["health.open", "headers.everywhere", "jwt.required.path"],
    ),
    flaw("health.live-is-html", "Liveness is the page of a web server.", &["health.live"], &[]),
    flaw(
        "health.needs-token",
        "Deep health asks for a token.",
        &["health.open", "health.deep"],
        &["health.together", "health.agrees", "health.dependencies", "health.honest", "release.*"],
    ),
    weakness("health.is-text", "Deep health is the text OK.", &["health.dependencies"], &["release.*"]),
    flaw("health.slow", "Deep health takes longer than a probe waits.", &["health.latency"], &[]),
    flaw(
        "health.down",
        "The database is down, and deep health says so with 503.",
        &["health.deep"],
        &["health.together", "health.agrees", "health.open", "headers.everywhere"],
    ),
    flaw(
        "health.one-replica-down",
        "One replica of three answers 503.",
        &["health.deep"],
        &["health.together", "health.agrees", "health.open", "health.honest", "health.dependencies", "headers.everywhere"],
    ),
    flaw(
        "health.lies",
        "Deep health says that the database is disconnected, and answers 200.",
        &["health.dependencies"],
        &["health.agrees"],
    ),
    flaw("health.degraded-but-200", "Deep health says degraded, and answers 200.", &["health.honest"], &["health.agrees"]),
    weakness("health.shallow", "Deep health says nothing of the database.", &["health.dependencies"], &[]),
    weakness("health.no-latency", "Deep health does not say how long the database took.", &["health.dependencies"], &[]),
    flaw("health.driver-text", "Deep health repeats the text of the driver.", &["health.leaks"], &[]),
    flaw("health.database-host", "Deep health names the host of the database.", &["health.leaks"], &[]),
    flaw("health.database-url", "Deep health shows the connection string with its password.", &["health.leaks"], &[]),
    flaw("health.environment-dump", "Deep health shows environment variables.", &["health.leaks"], &[]),
    flaw("health.frozen-timestamp", "Deep health answers with the time of yesterday.", &["health.fresh"], &[]),
    flaw("health.database-url-cut", "Deep health shows the beginning of the password.", &["health.leaks"], &[]),
    flaw("health.debug-on", "Deep health says that debug mode is on.", &["health.environment"], &[]),
    weakness("health.runtime", "Deep health names the version of the runtime.", &["health.leaks"], &[]),
    flaw("health.development", "Deep health says that it runs in development.", &["health.environment"], &[]),
    flaw("health.cacheable", "Health may be kept by shared caches.", &["health.fresh"], &[]),
    flaw("health.cached", "Health comes out of a cache.", &["health.fresh"], &[]),
    weakness("health.uncontrolled-cache", "Health does not say whether it may be kept.", &["health.fresh"], &[]),
    flaw(
        "health.clock-ahead",
        "The clock is five minutes ahead.",
        &["health.clock"],
        &["health.fresh", "jwt.exp.leeway", "jwt.jti.replay"],
    ),
    weakness("health.clock-drifts", "The clock is five seconds behind.", &["health.clock"], &[]),
    flaw("health.blind", "Health is fine, but nothing can be written.", &["health.agrees"], UNWRITABLE),
    flaw("health.clock-behind", "The clock is five minutes behind.", &["health.clock"], &["health.fresh"]),
    flaw(
        "health.connection-for-each",
        "Every request of health takes a connection of its own, and there are six.",
        &["health.together"],
        &["health.*", "release.*"],
    ),
];
