//! The hardened tasks API that Railway runs against Neon PostgreSQL.
//!
//! For programs that embed it (feature `embedded`), the whole interface is: make a [`Config`], give it to [`serve`].
//!
//! ```no_run
//! # #[cfg(feature = "embedded")]
//! # async fn demo(directory: std::path::PathBuf, secret: String) -> Result<(), Box<dyn std::error::Error>> {
//! use server::{Config, EmbeddedOptions};
//!
//! let options = EmbeddedOptions::new(directory, secret.into(), ["https://app.example.com".to_owned()]);
//! server::serve(Config::embedded(options)?).await?; // until SIGTERM or ctrl-c
//! # Ok(())
//! # }
//! ```
//!
//! The start-up line of the log (JSON on standard output) carries the bound address in `address`, so a parent process can ask
//! for port 0 and read where the server is:
//!
//! ```json
//! {"timestamp":"...","level":"INFO","message":"listening","address":"127.0.0.1:41873","environment":"production","target":"server"}
//! ```

mod app;
mod auth;
mod config;
mod database;
mod docs;
mod headers;
mod health;
mod json;
mod limits;
mod listen;
mod metrics;
mod origin;
mod problem;
mod run;
mod shutdown;
mod tasks;
mod telemetry;
#[cfg(test)]
#[path = "../tests/support/token.rs"]
mod token;

#[cfg(feature = "embedded")]
pub use crate::config::EmbeddedOptions;
pub use crate::config::{Config, ConfigError, Environment, Problem, Report, VARIABLES, Variable};
pub use crate::database::MigrationError;
#[cfg(feature = "embedded")]
pub use crate::database::embedded_schema;
pub use crate::run::{ServeError, Server, migrate, openapi, serve};
