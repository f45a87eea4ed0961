//! The life of the process: open the port, then the database, serve, drain, stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::{Config, Host};
use crate::database::{self, Database, MigrationError};
use crate::limits::{Patience, SWEEP};
use crate::metrics::{Metrics, UPKEEP};
use crate::{docs, listen, shutdown, telemetry};

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken or not ours to open.
    #[error("cannot listen on port {port}")]
    Bind {
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The embedded database file could not be made ready.
    #[error("cannot prepare the embedded database")]
    Embedded(#[source] MigrationError),
}

/// A server whose port is open and whose requests wait to be served.
pub struct Server {
    app: Arc<App>,
    database: Database,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    address: SocketAddr,
    patience: Patience,
}

/// Serves until SIGTERM or ctrl-c, then drains and returns. Logs to standard output unless the process logs already.
///
/// # Errors
/// Only before the first request: see [`ServeError`]. A database that is away is not an error; `/health` says so.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let server = Server::bind(config).await?;
    server
        .run_until(async {
            let signal = shutdown::signal().await;
            tracing::info!(signal, "stopping");
        })
        .await;
    Ok(())
}

/// Runs the migrations over the direct connection and returns.
///
/// # Errors
/// See [`MigrationError`].
pub async fn migrate(config: Config) -> Result<(), MigrationError> {
    telemetry::init(&config.log);
    database::migrate(&config.engine).await
}

/// The OpenAPI document as JSON.
///
/// # Errors
/// None that is known.
pub fn openapi() -> serde_json::Result<String> {
    docs::document().to_pretty_json()
}

impl Server {
    /// Opens the ports and starts logging. The database is not waited for.
    ///
    /// # Errors
    /// See [`ServeError`].
    #[cfg_attr(
        not(feature = "embedded"),
        expect(clippy::unused_async, reason = "the same interface with and without an embedded engine")
    )]
    pub async fn bind(config: Config) -> Result<Self, ServeError> {
        telemetry::init(&config.log);
        let database = Database::open(&config.engine, &config.pool);
        // A file is ours alone, so it is migrated here; migrating PostgreSQL is a step of the deployment.
        #[cfg(feature = "embedded")]
        database.migrate_file().await.map_err(ServeError::Embedded)?;
        let (listener, address) = open(config.host, config.port)?;
        let metrics = config.metrics_port.map(|port| open(config.host, port)).transpose()?;
        let app = Arc::new(App::new(&config, &database));
        announce(&config, address, metrics.as_ref().map(|(_, address)| *address));
        let metrics = metrics.map(|(listener, _)| listener);
        Ok(Self { app, database, listener, metrics, address, patience: config.patience })
    }

    /// Where it listens; the real port if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` completes, then lets requests in flight end and closes the database.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let running = CancellationToken::new();
        let _stop_background = running.clone().drop_guard();
        spawn(&running, look_after(Arc::clone(&self.app)));
        if let Some(listener) = self.metrics {
            spawn(&running, scraped(listener, self.patience, self.database.clone()));
        }
        let app = self.app;
        let handler = move |peer, request| {
            let app = Arc::clone(&app);
            async move { app.answer(peer, request).await }
        };
        let cut_off = listen::serve(self.listener, self.patience, stop, handler).await;
        let closed = tokio::time::timeout(CLOSING, self.database.close()).await.is_ok();
        tracing::info!(cut_off, database_closed = closed, "stopped");
    }
}

/// How long closing the pool may take: nobody waits for an answer any more.
const CLOSING: Duration = Duration::from_secs(1);

/// Work beside the requests; it ends with them.
fn spawn(running: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(running.clone().run_until_cancelled_owned(work));
}

/// Looks at the database once, so that the log says early what is missing, then keeps the rate limiter small.
async fn look_after(app: Arc<App>) {
    if app.health().check().await {
        tracing::info!("the database answers and has the schema");
    }
    loop {
        tokio::time::sleep(SWEEP).await;
        app.limiter().sweep();
    }
}

/// Serves the metrics port and keeps the histograms small.
async fn scraped(listener: TcpListener, patience: Patience, database: Database) {
    let metrics = Arc::new(Metrics { recorded: telemetry::record(), database });
    let upkeep = metrics.recorded.clone();
    let handler = move |_, request| {
        let answer = metrics.answer(&request);
        async move { answer }
    };
    let fold = async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    };
    tokio::select! {
        _ = listen::serve(listener, patience, std::future::pending(), handler) => {}
        () = fold => {}
    }
}

/// Binds a port and says which one it became.
fn open(host: Host, port: u16) -> Result<(TcpListener, SocketAddr), ServeError> {
    let open = || {
        let listener = listen::bind(host, port)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    open().map_err(|source| ServeError::Bind { port, source })
}

/// The start-up line: what runs where, with which policy; nothing secret.
fn announce(config: &Config, address: SocketAddr, metrics: Option<SocketAddr>) {
    let metrics = metrics.map(tracing::field::display);
    let commit = config.release.commit.as_deref();
    tracing::info!(%address, metrics, environment = %config.environment, version = env!("CARGO_PKG_VERSION"), commit,
        database = %config.engine, pool_max = config.pool.max, origins = config.origins.len(), docs = config.docs, "listening");
    if let Some(advice) = config.engine.advice() {
        tracing::warn!(advice, "the configuration works, but could be better");
    }
}
