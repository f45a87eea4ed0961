//! The database: opening it, asking whether it is there, migrating it, and what its errors mean.
//!
//! This room owns pools and error classes. `url` turns a platform's connection string into explicit options, `pool` tunes
//! them for Neon. What is stored is the business of [`crate::tasks`].

mod pool;
mod url;

use std::sync::Arc;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Error, PgPool};

pub(crate) use self::pool::PoolSettings;
pub(crate) use self::url::Address;
#[cfg(feature = "embedded")]
use crate::tasks::SqliteTasks;
use crate::tasks::{PostgresTasks, StoreError, TaskStore};

static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");
#[cfg(feature = "embedded")]
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");

const APPLIED: &str = "SELECT max(version) FROM _sqlx_migrations WHERE success";

/// Which engine, and where.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    /// PostgreSQL; `direct` is the way around the pooler, for migrations.
    Postgres {
        pooled: Box<Address>,
        direct: Option<Box<Address>>,
    },
    /// A SQLite file.
    #[cfg(feature = "embedded")]
    Sqlite { file: std::path::PathBuf },
}

impl std::fmt::Display for Engine {
    /// For the log: where, never how to log in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres { pooled, .. } => write!(f, "postgresql {pooled}"),
            #[cfg(feature = "embedded")]
            Self::Sqlite { .. } => f.write_str("sqlite"),
        }
    }
}

/// An open pool. Opening does not connect: the port must answer before the database does.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres(PgPool),
    #[cfg(feature = "embedded")]
    Sqlite(sqlx::SqlitePool),
}

/// Why the migrations did not run.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Only the pooled URL is known; the migrator's advisory lock would strand in the pooler.
    #[error(
        "migrations need the direct connection: set DATABASE_URL_UNPOOLED (on Neon: the host without `-pooler`)"
    )]
    NoDirectUrl,
    /// The database cannot be reached.
    #[error("the database cannot be reached for migrations")]
    Connect(#[source] Error),
    /// A migration failed or differs from what was applied before.
    #[error("a migration failed")]
    Migrate(#[source] MigrateError),
}

impl Database {
    /// A pool that will connect when it is first asked.
    pub(crate) fn open(engine: &Engine, settings: &PoolSettings) -> Self {
        match engine {
            Engine::Postgres { pooled, .. } => Self::Postgres(settings.postgres(pooled.options())),
            #[cfg(feature = "embedded")]
            Engine::Sqlite { file } => Self::Sqlite(settings.sqlite(file)),
        }
    }

    /// The tasks in this database.
    pub(crate) fn tasks(&self) -> Arc<dyn TaskStore> {
        match self {
            Self::Postgres(pool) => Arc::new(PostgresTasks::new(pool.clone())),
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => Arc::new(SqliteTasks::new(pool.clone())),
        }
    }

    /// One real round trip: the database answers, and has the schema that this release needs (a newer one is fine: the
    /// release before must keep working while a deploy overlaps).
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let (applied, needed) = match self {
            Self::Postgres(pool) => (
                sqlx::query_scalar::<_, Option<i64>>(APPLIED)
                    .fetch_one(pool)
                    .await,
                newest(&POSTGRES),
            ),
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => (
                sqlx::query_scalar::<_, Option<i64>>(APPLIED)
                    .fetch_one(pool)
                    .await,
                newest(&SQLITE),
            ),
        };
        match applied.map_err(failure)? {
            Some(version) if version >= needed => Ok(()),
            _ => Err(StoreError::Schema(Error::RowNotFound)),
        }
    }

    /// Connections that are open, and those of them that are idle.
    pub(crate) fn size(&self) -> (u32, usize) {
        match self {
            Self::Postgres(pool) => (pool.size(), pool.num_idle()),
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => (pool.size(), pool.num_idle()),
        }
    }

    /// Lets running statements end and closes the connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => pool.close().await,
        }
    }

    /// The file's own migrations; PostgreSQL's are a deployment step of their own.
    #[cfg(feature = "embedded")]
    pub(crate) async fn migrate_file(&self) -> Result<(), MigrationError> {
        match self {
            Self::Sqlite(pool) => SQLITE.run(pool).await.map_err(MigrationError::Migrate),
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// Runs the migrations of `engine` over a connection of its own: the direct one, because the migrator holds a session
/// advisory lock while it works, so replicas that migrate at once take turns.
pub(crate) async fn migrate(engine: &Engine) -> Result<(), MigrationError> {
    match engine {
        Engine::Postgres { pooled, direct } => {
            let address = direct
                .as_ref()
                .or((!pooled.is_pooler()).then_some(pooled))
                .ok_or(MigrationError::NoDirectUrl)?;
            let pool = sqlx::postgres::PgPoolOptions::new()
                .max_connections(1)
                .connect_with(address.options())
                .await;
            POSTGRES
                .run(&pool.map_err(MigrationError::Connect)?)
                .await
                .map_err(MigrationError::Migrate)
        }
        #[cfg(feature = "embedded")]
        Engine::Sqlite { .. } => {
            Database::open(engine, &PoolSettings::default())
                .migrate_file()
                .await
        }
    }
}

fn newest(migrator: &Migrator) -> i64 {
    migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

/// What a driver error means for the caller.
pub(crate) fn failure(error: Error) -> StoreError {
    match &error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => StoreError::Unavailable(error),
        Error::Database(cause) => {
            match cause.code().as_deref().map(Meaning::of).unwrap_or_default() {
                Meaning::Unavailable => StoreError::Unavailable(error),
                Meaning::Schema => StoreError::Schema(error),
                Meaning::Bug if cause.message().contains("no such table") => {
                    StoreError::Schema(error)
                }
                Meaning::Bug => StoreError::Internal(error),
            }
        }
        _ => StoreError::Internal(error),
    }
}

/// What an SQLSTATE means (PostgreSQL manual, appendix A), or a result code of SQLite.
#[derive(Debug, Default, PartialEq, Eq)]
enum Meaning {
    Unavailable,
    Schema,
    #[default]
    Bug,
}

impl Meaning {
    /// Unavailable: 08 connection, 25006 read-only (failing over), 28 and 3D refused logins, 40 deadlocks, 53 resources, 55P03 lock not available,
    /// 57 operator intervention (57P01 when Neon suspends), 58 system, XX what Neon's proxy says while a compute starts.
    /// The numbers are SQLite's: busy, locked, input/output, full.
    /// Schema: 42P01 no such table, 42703 no such column, 3F000 no such schema.
    fn of(code: &str) -> Self {
        match code {
            "42P01" | "42703" | "3F000" => Self::Schema,
            "25006" | "55P03" | "5" | "6" | "10" | "13" | "261" | "517" => Self::Unavailable,
            _ => match code.get(..2) {
                Some("08" | "28" | "3D" | "40" | "53" | "57" | "58" | "XX") => Self::Unavailable,
                _ => Self::Bug,
            },
        }
    }
}

/// Runs a read, and once more if the connection turned out to be dead. Only for reads: a write may have happened.
pub(crate) async fn reading<T, F, R>(query: F) -> Result<T, StoreError>
where
    F: Fn() -> R + Send,
    R: Future<Output = Result<T, Error>> + Send,
{
    match query().await {
        Err(error) if dead(&error) => query().await.map_err(failure),
        answer => answer.map_err(failure),
    }
}

/// The connection is gone, which says nothing about the next one. A time-out of the pool is not that.
fn dead(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::Tls(_) => true,
        Error::Database(cause) => cause
            .code()
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("57P01", Meaning::Unavailable)]
    #[case("53300", Meaning::Unavailable)]
    #[case("08006", Meaning::Unavailable)]
    #[case("28P01", Meaning::Unavailable)]
    #[case("XX000", Meaning::Unavailable)]
    #[case("5", Meaning::Unavailable)]
    #[case("42P01", Meaning::Schema)]
    #[case("42703", Meaning::Schema)]
    #[case("42601", Meaning::Bug)]
    #[case("23514", Meaning::Bug)]
    #[case("", Meaning::Bug)]
    fn an_sqlstate_says_whose_fault_it_is(#[case] code: &str, #[case] meaning: Meaning) {
        assert_eq!(Meaning::of(code), meaning);
    }
}
