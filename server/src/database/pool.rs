//! The pool, tuned for Neon behind PgBouncer in transaction mode.
//!
//! * Few connections and none kept for their own sake: a compute that nobody uses may suspend.
//! * Idle connections go before Neon's five minutes do; no connection lives longer than a quarter of an hour.
//! * Statements stay cached and named (sqlx's default of 100). Turning the cache off leaks a named statement a request,
//!   and unnamed statements outside a transaction run *other clients'* statements behind a transaction-mode pooler.
//! * sqlx pings a connection when it comes back, which also flushes what a cancelled request left behind: kept. The ping
//!   before each use is replaced by one for connections that were idle for a while: fresh ones cost no extra round trip,
//!   stale ones (a suspended compute) are found before a write is sent over them.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

/// A connection that was used more recently than this is taken to be alive.
const FRESH: Duration = Duration::from_secs(1);

/// Sizes and times; `DB_POOL_*` in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolSettings {
    /// Most connections at once.
    pub(crate) max: u32,
    /// Connections kept open without need.
    pub(crate) min: u32,
    /// After how long an unused connection is closed.
    pub(crate) idle: Duration,
    /// After how long any connection is closed.
    pub(crate) lifetime: Duration,
    /// How long a request waits for a connection, connecting included.
    pub(crate) acquire: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            max: 10,
            min: 0,
            idle: seconds(90),
            lifetime: seconds(840),
            acquire: seconds(5),
        }
    }
}

impl PoolSettings {
    /// A pool that connects when it is first used.
    pub(crate) fn postgres(&self, options: PgConnectOptions) -> PgPool {
        let pool = PgPoolOptions::new()
            .max_connections(self.max)
            .min_connections(self.min)
            .idle_timeout(self.idle);
        let pool = pool
            .max_lifetime(self.lifetime)
            .acquire_timeout(self.acquire)
            .test_before_acquire(false);
        let pool = pool.before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await.map(|()| true)
                } else {
                    Ok(true)
                }
            })
        });
        pool.connect_lazy_with(options)
    }

    /// A pool over one file. WAL lets readers work beside the writer; `FULL` makes every acknowledged write survive a power cut.
    #[cfg(feature = "embedded")]
    pub(crate) fn sqlite(&self, file: &std::path::Path) -> sqlx::SqlitePool {
        use sqlx::sqlite::{
            SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
        };
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let options = options
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(self.acquire);
        SqlitePoolOptions::new()
            .max_connections(self.max)
            .acquire_timeout(self.acquire)
            .test_before_acquire(false)
            .connect_lazy_with(options)
    }
}
