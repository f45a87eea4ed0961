//! How the service reaches its database: encrypted, through a pool that fits the pooler and the sleeping compute behind it.

use super::{concluded, must, part, report, should};
use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::target::configuration::{Database, Settings};

/// Seconds after which Neon suspends a compute that nobody uses.
const SUSPEND_SECS: u64 = 300;
/// Longest wait for a connection that a health probe and a user outlive.
const PATIENCE_SECS: u64 = 15;
/// Longest life of a connection: rotations and fail-overs are noticed within an hour.
const LIFETIME_SECS: u64 = 3_600;
/// Most connections of one replica that leave room for others on the smallest compute (97 usable).
const ROOM: u32 = 40;

/// Judges the connections to a database server; a file has none.
fn connected(cx: &Context, judge: impl FnOnce(&Database) -> Outcome) -> Checked {
    let settings = report(cx)?.settings.as_ref();
    Ok(match settings.and_then(|settings| settings.database.as_ref()) {
        None => Outcome::skip("the report of the configuration says nothing of `database`"),
        Some(database) if database.engine == "sqlite" => {
            Outcome::skip("the service keeps its data in a file: there is no connection to judge")
        }
        Some(database) => judge(database),
    })
}

/// The engine outlives the container that the service runs in.
pub(super) fn engine(cx: &Context) -> Checked {
    let both = |settings: &Settings| {
        let deployed = settings.release.as_ref().is_some_and(|release| release.deployment.is_some());
        settings.database.clone().map(|database| (database, deployed))
    };
    part(cx, "database", both, |(database, deployed)| {
        let judgement = match (database.engine.as_str(), deployed) {
            ("sqlite", true) => Judgement::broken("SQLite: the file goes with the container at the next deploy"),
            (engine, _) => Judgement::held(engine),
        };
        vec![("engine", judgement)]
    })
}

/// What goes to the database goes encrypted, to a server that proved its name.
pub(super) fn tls(cx: &Context) -> Checked {
    connected(cx, |database| concluded(vec![("sslmode", encrypted(database.tls.as_deref()))]))
}

/// Judges a `sslmode` by what libpq's documentation says each protects against ("SSL Mode Descriptions").
fn encrypted(mode: Option<&str>) -> Judgement {
    match mode {
        Some(mode @ ("verify-full" | "verify-ca")) => Judgement::held(mode),
        Some(mode @ "require") => Judgement::held(format!("{mode}: encrypted, but the server need not prove its name")),
        Some(mode) => Judgement::broken(format!("{mode}: whoever stands between can read passwords and data")),
        None => Judgement::weak("not said"),
    }
}

/// The pool fits what is behind it.
pub(super) fn pool(cx: &Context) -> Checked {
    connected(cx, |database| concluded(sizes(database).into_iter().chain(times(database)).collect()))
}

type Judged = (&'static str, Judgement);

fn sizes(database: &Database) -> Vec<Judged> {
    let (max, min) = (database.pool_max, database.pool_min);
    let size = match max {
        None => Judgement::weak("not said"),
        Some(0) => Judgement::broken("0: nobody ever gets a connection"),
        Some(max) => should(max <= ROOM, format!("{max} connections at most")),
    };
    let idle = min.map(|min| ("kept without need", should(min == 0 || !database.neon, format!("{min} connections"))));
    let pooler = (database.neon).then(|| {
        (
            "pooler",
            must(
                database.pooler,
                if database.pooler { "the pooled host" } else { "the direct host, whose few slots every replica shares" },
            ),
        )
    });
    [Some(("size", size)), idle, pooler].into_iter().flatten().collect()
}

fn times(database: &Database) -> Vec<Judged> {
    let idle = database.pool_idle_secs.map(|secs| {
        let judgement = match secs {
            0 => Judgement::broken("never: the compute cannot suspend, and connections that the pooler closed are used"),
            secs if database.neon => must(secs < SUSPEND_SECS, format!("{secs} s; the compute suspends after {SUSPEND_SECS} s")),
            secs => Judgement::held(format!("{secs} s")),
        };
        ("an idle connection closes after", judgement)
    });
    let lifetime = database
        .pool_lifetime_secs
        .map(|secs| ("any connection closes after", should((1..=LIFETIME_SECS).contains(&secs), format!("{secs} s"))));
    let acquire = database
        .pool_acquire_secs
        .map(|secs| ("a request waits for one", must((1..=PATIENCE_SECS).contains(&secs), format!("{secs} s"))));
    [idle, lifetime, acquire].into_iter().flatten().collect()
}

/// Behind a transaction-mode pooler, migrations have a direct connection: their advisory lock belongs to a session.
pub(super) fn migrations(cx: &Context) -> Checked {
    connected(cx, |database| match database {
        Database { pooler: false, .. } => Outcome::skip("requests use the direct connection, and so can migrations"),
        Database { direct_url, .. } => {
            let said = if *direct_url { "a direct one" } else { "none but the pooled one" };
            concluded(vec![("connection of migrations", must(*direct_url, said))])
        }
    })
}
