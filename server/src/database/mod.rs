//! The database: opening it, asking whether it is there, migrating it, and what its errors mean.
//!
//! This room owns connections. `failure` says what a driver's error means, `url` turns a platform's connection string into explicit options, `pool` tunes
//! them for Neon. What is stored is the business of [`crate::tasks`].

mod failure;
mod pool;
mod url;

use std::sync::Arc;

use sqlx::Error;
use sqlx::migrate::{MigrateError, Migrator};

#[cfg(feature = "embedded")]
pub(crate) use self::failure::failure;
pub(crate) use self::pool::{Pool, PoolSettings};
pub(crate) use self::url::Address;
#[cfg(feature = "embedded")]
use crate::tasks::SqliteTasks;
use crate::tasks::{PostgresTasks, StoreError, TaskStore};

static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");
#[cfg(feature = "embedded")]
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");

const APPLIED: &str = "SELECT max(version) FROM _sqlx_migrations WHERE success";

/// Advice for a server that uses Neon without its pooler: replicas would run out of connections.
const DIRECT: &str = "DATABASE_URL is Neon's direct host: use the pooled one (-pooler) and keep this as DATABASE_URL_UNPOOLED";

/// Which engine, and where.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    /// PostgreSQL; `direct` is the way around the pooler, for migrations.
    Postgres { pooled: Box<Address>, direct: Option<Box<Address>> },
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

impl Engine {
    /// What an operator could do better, although it works.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Postgres { pooled, .. } => (pooled.is_neon() && !pooled.is_pooler()).then_some(DIRECT),
            #[cfg(feature = "embedded")]
            Self::Sqlite { .. } => None,
        }
    }
}

/// An open pool. Opening does not connect: the port must answer before the database does.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres(Pool),
    #[cfg(feature = "embedded")]
    Sqlite(sqlx::SqlitePool),
}

/// Why the migrations did not run.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Only the pooled URL is known; the migrator's advisory lock would strand in the pooler.
    #[error("migrations need the direct connection: set DATABASE_URL_UNPOOLED (on Neon: the host without `-pooler`)")]
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
    /// release before must keep working while a deploy overlaps). Gives the version of the last migration applied.
    pub(crate) async fn probe(&self) -> Result<i64, StoreError> {
        let (applied, needed): (Option<i64>, i64) = match self {
            Self::Postgres(pool) => {
                let applied = || sqlx::query_scalar(APPLIED).fetch_one(&**pool);
                (pool.read(applied).await?, newest(&POSTGRES))
            }
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => {
                let applied = sqlx::query_scalar(APPLIED).fetch_one(pool).await;
                (applied.map_err(failure)?, newest(&SQLITE))
            }
        };
        match applied {
            Some(version) if version >= needed => Ok(version),
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
            let address = direct.as_ref().or((!pooled.is_pooler()).then_some(pooled)).ok_or(MigrationError::NoDirectUrl)?;
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(address.options()).await;
            POSTGRES.run(&pool.map_err(MigrationError::Connect)?).await.map_err(MigrationError::Migrate)
        }
        #[cfg(feature = "embedded")]
        Engine::Sqlite { .. } => Database::open(engine, &PoolSettings::default()).migrate_file().await,
    }
}

/// The version of the last migration of the embedded database that this release was built with.
#[cfg(feature = "embedded")]
pub fn embedded_schema() -> i64 {
    newest(&SQLITE)
}

/// The version of the last migration that this release was built with.
fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}
