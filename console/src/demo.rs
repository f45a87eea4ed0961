//! The embedded default: a production-mode server on SQLite, as a process of its own, verified over real TCP.
//!
//! The only room that knows the crate `server`. The console starts its own binary again (hidden command, cleared environment), so that
//! start-up, logs and signals are real; the server process ends with its parent, even a killed one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::commands::Exit;
use crate::target::{BaseUrl, Configuration, Declared, Mint, Origin, OtherKeys, Policy, ReleaseAt, Target, Tokens};
use crate::token::Key;

const ORIGINS: [&str; 2] = ["https://postflight-demo.vercel.app", "https://app.postflight.example"];
const ISSUER: &str = "https://postflight-demo.vercel.app";
const AUDIENCE: &str = "postflight-demo";
/// The demonstration asks a thousand questions in a second or two, all from one address.
const RATE_PER_SECOND: u32 = 20_000;
/// Longest life of a token that the demonstration's server takes.
const MAX_LIFETIME_SECS: u64 = 3_600;
/// Largest body that the demonstration's server reads.
const MAX_BODY: u64 = 64 * 1024;
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(10);

/// A running server process of the demonstration. Dropping it ends the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    directory: tempfile::TempDir,
    secret: SecretString,
    base: BaseUrl,
    /// When the process was started.
    pub deployed_at: OffsetDateTime,
    /// From starting the process to the first 200 on `/health`.
    pub landed_after: Duration,
}

impl Server {
    /// Starts the process and waits until it answers.
    pub async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let secret = fresh_secret();
        let (deployed_at, started) = (OffsetDateTime::now_utc(), Instant::now());
        let mut child = spawn(directory.path(), &secret)?;
        let lines = BufReader::new(child.stdout.take().context("the server process has no output")?).lines();
        let address = tokio::time::timeout(START, address(lines, directory.path().join("server.log")))
            .await
            .context("the server process did not open its port in time")??;
        let base = BaseUrl::parse(&format!("http://{address}"))?;
        let mut server = Self { child, directory, secret, base, deployed_at, landed_after: Duration::ZERO };
        server.wait_until_up().await?;
        server.landed_after = started.elapsed();
        Ok(server)
    }

    async fn wait_until_up(&self) -> anyhow::Result<()> {
        let url = self.base.join("/health");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let up = async {
            while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(START, up).await.context("the server process opened its port but never became healthy")
    }

    /// What to verify: the server's own URL, its key and its policy.
    pub fn target(&self) -> anyhow::Result<Target> {
        let mint = Mint { claims: claims(), ..Mint::new(Key::hs256(&self.secret), "JWT_SECRET") };
        Ok(Target {
            name: "demo".to_owned(),
            origins: ORIGINS.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?,
            tokens: Tokens::Mint(Box::new(mint)),
            release: ReleaseAt { schema_head: Some(server::embedded_schema().to_string()), ..ReleaseAt::default() },
            // Another stage's secret, which must sign nothing here.
            other_keys: OtherKeys { foreign: vec![("STAGING_JWT_SECRET".to_owned(), fresh_secret())], ..OtherKeys::default() },
            policy: policy(),
            app_header: Some("x-request-id".to_owned()),
            allow_intrusive: true,
            declared_secrets: vec!["JWT_SECRET".to_owned()],
            configuration: Some(self.configuration()?),
            ..Target::new(self.base.clone())
        })
    }

    /// The value of the one secret that the server was given, for the checks of the tree and its history.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        vec![("JWT_SECRET".to_owned(), self.secret.clone())]
    }

    /// A directory that is deleted with the server.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the server says of its configuration.
    fn configuration(&self) -> anyhow::Result<Configuration> {
        let report = options(self.directory.path(), &self.secret).report().to_json()?;
        Configuration::parse(&report).map_err(|message| anyhow::anyhow!("the server's report is not readable: {message}"))
    }

    /// Asks the process to end (SIGTERM) and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        use nix::sys::signal::{Signal, kill};
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            kill(nix::unistd::Pid::from_raw(id), Signal::SIGTERM).context("cannot stop the server process")?;
        }
        let status = tokio::time::timeout(STOP, self.child.wait()).await.context("the server process did not end on SIGTERM")??;
        anyhow::ensure!(status.success(), "the server process ended with {status}");
        Ok(())
    }
}

fn policy() -> Policy {
    Policy {
        issuer: Some(ISSUER.to_owned()),
        audience: Some(AUDIENCE.to_owned()),
        max_lifetime_secs: Some(MAX_LIFETIME_SECS),
        declared: Declared {
            max_body: Some(MAX_BODY),
            problem: ["/type", "/title", "/status"].map(str::to_owned).into(),
            request_id: Some("x-request-id".to_owned()),
            ..Declared::default()
        },
        ..Policy::default()
    }
}

fn claims() -> Map<String, Value> {
    Map::from_iter([("iss".to_owned(), json!(ISSUER)), ("aud".to_owned(), json!(AUDIENCE))])
}

fn fresh_secret() -> SecretString {
    let bytes: [u8; 48] = rand::random();
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes).into()
}

fn spawn(directory: &Path, secret: &SecretString) -> anyhow::Result<Child> {
    Command::new(std::env::current_exe().context("cannot find this program")?)
        .arg("embedded-server")
        .arg("--data")
        .arg(directory)
        .env_clear()
        .env("JWT_SECRET", secret.expose_secret())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        // A group of its own: ctrl-c interrupts the verification, which still needs the server to delete what it made.
        .process_group(0)
        .spawn()
        .context("cannot start the server process")
}

/// Reads the server's log until it says where it listens; the rest of the log goes to a file beside its database.
async fn address(mut lines: Lines<BufReader<ChildStdout>>, log: PathBuf) -> anyhow::Result<String> {
    while let Some(line) = lines.next_line().await? {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = entry.get("address").and_then(Value::as_str) {
            let address = address.to_owned();
            tokio::spawn(keep_log(lines, log));
            return Ok(address);
        }
    }
    anyhow::bail!("the server process ended before it opened its port")
}

async fn keep_log(mut lines: Lines<BufReader<ChildStdout>>, log: PathBuf) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    let mut file = tokio::fs::File::create(log).await?;
    while let Some(line) = lines.next_line().await? {
        file.write_all(format!("{line}\n").as_bytes()).await?;
    }
    Ok(())
}

fn options(directory: &Path, secret: &SecretString) -> server::EmbeddedOptions {
    let origins = ORIGINS.map(str::to_owned);
    let mut options = server::EmbeddedOptions::new(directory, secret.clone(), origins);
    options.jwt_issuer = Some(ISSUER.to_owned());
    options.jwt_audience = Some(AUDIENCE.to_owned());
    options.jwt_max_lifetime_secs = Some(MAX_LIFETIME_SECS);
    options.rate_limit_per_second = RATE_PER_SECOND;
    options.rate_limit_burst = RATE_PER_SECOND;
    options
}

/// The server process itself: serves until SIGTERM, or until the parent is gone.
pub async fn serve(directory: PathBuf) -> anyhow::Result<Exit> {
    let secret = std::env::var("JWT_SECRET").context("this command is started by `console demo`")?;
    let config = server::Config::embedded(options(&directory, &secret.into()))?;
    tokio::select! {
        served = server::serve(config) => served?,
        () = parent_gone() => {}
    }
    Ok(Exit::Pass)
}

/// Standard input is a pipe from the parent: it ends when the parent does, however that ended.
async fn parent_gone() {
    let mut nothing = [0; 1];
    while tokio::io::stdin().read(&mut nothing).await.is_ok_and(|count| count > 0) {}
}
