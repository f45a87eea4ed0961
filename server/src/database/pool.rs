//! The pool, tuned for Neon behind PgBouncer in transaction mode.
//!
//! * Few connections and none kept for their own sake: a compute that nobody uses may suspend.
//! * Idle connections go before Neon's five minutes do; no connection lives longer than a quarter of an hour.
//! * Statements stay cached and named (sqlx's default of 100). Turning the cache off leaks a named statement a request,
//!   and unnamed statements outside a transaction run *other clients'* statements behind a transaction-mode pooler.
//! * sqlx pings a connection when it comes back, which also flushes what a cancelled request left behind: kept. The ping
//!   before each use is replaced by one for connections that were idle for a while: fresh ones cost no extra round trip,
//!   stale ones (a suspended compute) are found before a write is sent over them.

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection, Error, PgPool};

use super::failure::{dead, failure};
use crate::tasks::StoreError;

/// A connection that was used more recently than this is taken to be alive, unless another one has died since.
const FRESH: Duration = Duration::from_secs(1);
/// How long the test of an idle connection may take: behind a half-open one nobody answers.
const TEST: Duration = Duration::from_secs(2);

/// A PostgreSQL pool that remembers when a connection was last found dead.
///
/// Connections die together (a suspended compute, a failover). So after one death every connection that has been idle since
/// before it is tested before its next use, and a read that is tried again cannot meet a second dead one.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pool: PgPool,
    deaths: Arc<Deaths>,
}

/// The time of the last death, in microseconds since the pool was made; 0 is never.
#[derive(Debug)]
struct Deaths {
    since: Instant,
    last: AtomicU64,
}

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
        Self { max: 10, min: 0, idle: seconds(90), lifetime: seconds(840), acquire: seconds(5) }
    }
}

impl PoolSettings {
    /// A pool that connects when it is first used.
    pub(crate) fn postgres(&self, options: PgConnectOptions) -> Pool {
        let deaths = Arc::new(Deaths { since: Instant::now(), last: AtomicU64::new(0) });
        let witness = Arc::clone(&deaths);
        let pool = PgPoolOptions::new().max_connections(self.max).min_connections(self.min);
        let pool = pool.idle_timeout(self.idle).max_lifetime(self.lifetime);
        let pool = pool.acquire_timeout(self.acquire).test_before_acquire(false);
        let pool = pool.before_acquire(move |connection, meta| {
            let doubtful = meta.idle_for > FRESH || witness.after_idling(meta.idle_for);
            Box::pin(async move { if doubtful { tested(connection).await } else { Ok(true) } })
        });
        Pool { pool: pool.connect_lazy_with(options), deaths }
    }

    /// A pool over one file. WAL lets readers work beside the writer; `FULL` makes every acknowledged write survive a power cut.
    #[cfg(feature = "embedded")]
    pub(crate) fn sqlite(&self, file: &std::path::Path) -> sqlx::SqlitePool {
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let options = options.synchronous(SqliteSynchronous::Full).busy_timeout(self.acquire);
        SqlitePoolOptions::new()
            .max_connections(self.max)
            .acquire_timeout(self.acquire)
            .test_before_acquire(false)
            .connect_lazy_with(options)
    }
}

/// An answer in time, or the error that makes the pool drop the connection.
async fn tested(connection: &mut PgConnection) -> Result<bool, Error> {
    let late = |_| Error::Io(io::ErrorKind::TimedOut.into());
    tokio::time::timeout(TEST, connection.ping()).await.map_err(late)??;
    Ok(true)
}

impl Deaths {
    fn note(&self) {
        let now = self.since.elapsed().as_micros();
        self.last.store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether a connection died while another one was idle for so long.
    fn after_idling(&self, idle_for: Duration) -> bool {
        let idle_since = self.since.elapsed().saturating_sub(idle_for);
        u128::from(self.last.load(Ordering::Relaxed)) > idle_since.as_micros()
    }
}

impl Deref for Pool {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.pool
    }
}

impl Pool {
    /// What an error means, after remembering it if it was a death.
    pub(crate) fn failed(&self, error: Error) -> StoreError {
        if dead(&error) {
            self.deaths.note();
        }
        failure(error)
    }

    /// Runs a read, and once more if the connection turned out to be dead. Only for reads: a write may have happened.
    pub(crate) async fn read<T, F, R>(&self, query: F) -> Result<T, StoreError>
    where
        F: Fn() -> R + Send,
        R: Future<Output = Result<T, Error>> + Send,
    {
        match query().await {
            Err(error) if dead(&error) => {
                self.deaths.note();
                query().await.map_err(|error| self.failed(error))
            }
            answer => answer.map_err(failure),
        }
    }
}
