//! Stock backends of other people: a FastAPI, an Express and a Flask application that were not written for Postflight. They are correct
//! unless a flaw is asked for by name. What they install goes into the cache once; what they store is thrown away.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::process::{Running, cached, on_a_free_port, run};

const START_LIMIT: Duration = Duration::from_mins(1);

/// How a stock backend is configured: the facts a target would declare.
pub(crate) struct Settings<'a> {
    /// The HS256 key, 32 bytes or more.
    pub(crate) secret: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) origins: &'a [&'a str],
    /// The one mistake that the backend is to have, by the name that its source gives it.
    pub(crate) flaw: Option<&'a str>,
}

impl Settings<'_> {
    /// The `Authorization` of `subject`, for five minutes.
    pub(crate) fn authorization(&self, subject: &str) -> Result<String> {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({ "sub": subject, "iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + 300 });
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        Ok(format!("Bearer {}", encode(&Header::default(), &claims, &key)?))
    }
}

/// A running backend; dropping it kills the process and removes its data.
pub(crate) struct StockApp {
    name: &'static str,
    process: Running,
    port: u16,
    _data: TempDir,
}

impl StockApp {
    /// FastAPI: `/api/{user_id}/tasks`, integer ids, bare arrays, PUT in full, PATCH `…/complete` toggles, a foreign user in
    /// the path is 403 and a foreign task 404.
    pub(crate) fn fastapi(settings: &Settings<'_>) -> Result<Self> {
        Self::python("fastapi", settings)
    }

    /// Flask: `/api/todos/`, integer ids, lists as `{todos: [...]}`, partial PATCH, a foreign to-do is 404; users sign up and log in for
    /// their tokens, log out, and delete their accounts.
    pub(crate) fn flask(settings: &Settings<'_>) -> Result<Self> {
        Self::python("flask", settings)
    }

    fn python(name: &'static str, settings: &Settings<'_>) -> Result<Self> {
        let source = source(name);
        let python = virtual_environment(name, &source)?.join("bin/python");
        on_a_free_port(|port| {
            let data = tempfile::tempdir()?;
            let mut command = Command::new(&python);
            command
                .arg(source.join("app.py"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("DATABASE", data.path().join("tasks.sqlite"));
            Self::start(name, command, port, data, settings)
        })
    }

    /// Express: `/tasks`, UUIDs, lists as `{data: [...]}`, partial PATCH, a foreign task is 404.
    pub(crate) fn express(settings: &Settings<'_>) -> Result<Self> {
        let source = source("express");
        let modules = node_modules(&source)?;
        on_a_free_port(|port| {
            let data = tempfile::tempdir()?;
            for file in ["app.js", "package.json"] {
                fs::copy(source.join(file), data.path().join(file))?;
            }
            // An ES module finds its packages only beside itself.
            symlink(&modules, data.path().join("node_modules"))?;
            let mut command = Command::new("node");
            command.arg(data.path().join("app.js")).env("NODE_ENV", "production");
            Self::start("express", command, port, data, settings)
        })
    }

    fn start(name: &'static str, mut command: Command, port: u16, data: TempDir, settings: &Settings<'_>) -> Result<Self> {
        command
            .envs(settings.flaw.map(|flaw| ("FLAW", flaw)))
            .current_dir(data.path())
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("JWT_SECRET", settings.secret)
            .env("JWT_ISSUER", settings.issuer)
            .env("JWT_AUDIENCE", settings.audience)
            .env("CORS_ORIGINS", settings.origins.join(","));
        let mut process = Running::start(&mut command)?;
        process.wait_until("healthy", START_LIMIT, |_| {
            ask(port, "GET", "/health", &[], "").is_ok_and(|answer| answer.status == 200)
        })?;
        Ok(Self { name, process, port, _data: data })
    }

    /// `http://127.0.0.1:port`, no slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its `postflight.toml`, with the target `it` at this process.
    pub(crate) fn description(&self) -> Result<String> {
        let file = fs::read_to_string(source(self.name).join("postflight.toml"))?;
        Ok(file.replace("http://127.0.0.1:8000", &self.url()))
    }

    /// What the backend wrote so far.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// Asks the backend directly, without any client of Postflight in between.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        ask(self.port, "GET", path, headers, "")
    }

    /// The same with any method and a body of JSON.
    /// Makes tasks of whoever `authorization` says.
    pub(crate) fn make_tasks(&self, authorization: &str, count: usize) -> Result<()> {
        for _ in 0..count {
            let answer = self.ask("POST", "/tasks", &[("Authorization", authorization)], r#"{"title":"an own one"}"#)?;
            ensure!(answer.status == 201, "{answer:?}");
        }
        Ok(())
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        ask(self.port, method, path, headers, body)
    }
}

/// An answer as the wire had it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

fn ask(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    if !body.is_empty() {
        write!(stream, "Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())?;
    }
    write!(stream, "Connection: close\r\n\r\n{body}")?;
    let mut raw = String::new();
    stream.read_to_string(&mut raw)?;
    let (head, body) = raw.split_once("\r\n\r\n").context("no end of headers")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stock").join(name)
}

/// A virtual environment with exactly the pinned requirements.
fn virtual_environment(name: &str, source: &Path) -> Result<PathBuf> {
    let requirements = source.join("requirements.txt");
    cached(&cache_name(name, &requirements)?, |directory| {
        run(Command::new("python3").args(["-m", "venv"]).arg(directory))?;
        run(Command::new(directory.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(&requirements))?;
        Ok(())
    })
}

/// The packages of the lock file; no install script of any of them runs.
fn node_modules(source: &Path) -> Result<PathBuf> {
    let lock = source.join("package-lock.json");
    let directory = cached(&cache_name("express", &lock)?, |directory| {
        fs::copy(&lock, directory.join("package-lock.json"))?;
        fs::copy(source.join("package.json"), directory.join("package.json"))?;
        run(Command::new("npm").args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit"]).current_dir(directory))?;
        Ok(())
    })?;
    Ok(directory.join("node_modules"))
}

/// Another content of the pinning file is another directory.
fn cache_name(name: &str, pins: &Path) -> Result<String> {
    let digest = Sha256::digest(fs::read(pins)?);
    let short = digest.first_chunk().copied().map_or(0, u64::from_be_bytes);
    Ok(format!("{name}-{short:016x}"))
}
