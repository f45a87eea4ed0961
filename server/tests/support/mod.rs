//! Servers to test against: the real thing over real TCP, on either engine.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: shared by many tests, and failing is its way to say so"
)]

pub mod http;
pub mod postgres;
pub mod process;
pub mod token;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use server::{Config, EmbeddedOptions, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;

use self::http::{Reply, Request};
use self::postgres::Postgres;

/// The origin that every server under test allows.
pub const ORIGIN: &str = "https://app.example.com";

/// Both engines keep one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A server in this process, on a thread and a runtime of its own, so that tests can block.
pub struct TestServer {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Dropped after the server has stopped.
    pub postgres: Option<Postgres>,
    directory: Option<TempDir>,
}

impl TestServer {
    /// A migrated server on the given engine.
    pub fn on(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(|_| {}),
            Engine::Postgres => Self::postgres(&[]),
        }
    }

    /// An embedded server in production mode; `change` adjusts the options.
    pub fn sqlite(change: impl FnOnce(&mut EmbeddedOptions)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut options = EmbeddedOptions::new(directory.path(), token::SECRET.into(), [ORIGIN.to_owned()]);
        (options.rate_limit_per_second, options.rate_limit_burst) = (10_000, 10_000);
        change(&mut options);
        let mut server = Self::run(Config::embedded(options).expect("valid options"));
        server.directory = Some(directory);
        server
    }

    /// A server on a PostgreSQL of its own, migrated; `more` adds or replaces variables.
    pub fn postgres(more: &[(&str, &str)]) -> Self {
        let postgres = Postgres::start();
        migrate(&postgres.url());
        let mut server = Self::at(&postgres.url(), more);
        server.postgres = Some(postgres);
        server
    }

    /// A server on any database, such as one behind a pooler.
    pub fn at(database_url: &str, more: &[(&str, &str)]) -> Self {
        Self::run(Config::from_env_map(variables(database_url, more)).expect("valid variables"))
    }

    fn run(config: Config) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let server = Server::bind(config).await.expect("the server binds");
                tell.send(server.address()).expect("the test waits");
                server.run_until(async { drop(stopped.await) }).await;
            });
        });
        let address = told.recv().expect("the server says where it is");
        Self { address, stop: Some(stop), thread: Some(thread), postgres: None, directory: None }
    }

    pub fn send(&self, request: &Request) -> Reply {
        request.send(self.address)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send(&Request::new("GET", path))
    }

    /// A request with a good token of `user`.
    pub fn as_user(&self, user: &str, method: &str, path: &str) -> Reply {
        self.send(&Request::new(method, path).bearer(&token::of(user)))
    }

    /// The same with a JSON body.
    pub fn write(&self, user: &str, method: &str, path: &str, body: &str) -> Reply {
        self.send(&Request::new(method, path).bearer(&token::of(user)).json(body))
    }

    /// Makes a task and returns its path.
    pub fn task(&self, user: &str, title: &str) -> String {
        let reply = self.write(user, "POST", "/api/tasks", &serde_json::json!({ "title": title }).to_string());
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.header("location").expect("Location").to_owned()
    }

    /// Asks to stop and waits until the server has.
    pub fn stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends well");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Variables of a server on `database_url`: development, so that PORT may be 0, but strict otherwise.
pub fn variables(database_url: &str, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let base = [
        ("ENVIRONMENT", "development"),
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", token::SECRET),
        ("CORS_ORIGINS", ORIGIN),
        ("API_DOCS", "disabled"),
        ("RATE_LIMIT_PER_SECOND", "10000"),
        ("RATE_LIMIT_BURST", "10000"),
        ("DB_POOL_ACQUIRE_SECS", "2"),
    ];
    base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Runs the migrations, as the deployment step does.
pub fn migrate(database_url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = Config::from_env_map(variables(database_url, &[])).expect("valid variables");
    runtime.block_on(server::migrate(config)).expect("the migrations run");
}

/// `value` as text with the members of every object in order of their names: whether a map keeps its order is a feature that another
/// crate of the build may switch on.
pub fn canonical(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = sorted.into_iter().map(|(name, value)| format!("{name:?}:{}", canonical(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        serde_json::Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The names of an object's members, in order.
pub fn names(object: &serde_json::Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}
