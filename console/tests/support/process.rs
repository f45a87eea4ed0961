//! A child process with a process group and an output that can be read while it runs; free ports, deadlines, the cache.
//! What the child is, and when it counts as ready, its own support file knows.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A program running in a process group of its own. Dropping it kills the whole group, so nothing outlives a failed test.
pub(crate) struct Running {
    child: Child,
    output: Arc<Mutex<String>>,
    collectors: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts `command` with no input and with both output streams collected line by line.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("{program} does not start; `.ci/setup` installs it"))?;
        let output = Arc::new(Mutex::new(String::new()));
        let collectors = [
            child.stdout.take().map(|stream| collect(stream, &output)),
            child.stderr.take().map(|stream| collect(stream, &output)),
        ];
        Ok(Self { child, output, collectors: collectors.into_iter().flatten().collect() })
    }

    /// The process id of the program itself; its group has the same number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything written so far, standard output and standard error in the order of arrival.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `ready` says yes; fails with the output when the program ends or `limit` passes first.
    pub(crate) fn wait_until(&mut self, what: &str, limit: Duration, mut ready: impl FnMut(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !ready(self) {
            if let Some(status) = self.child.try_wait()? {
                bail!("ended ({status}) before {what}:\n{}", self.output());
            }
            if Instant::now() > deadline {
                bail!("not {what} within {limit:?}:\n{}", self.output());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Sends the signal to the program alone, as a platform does to the start command of a container.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        kill(name, &self.pid().to_string())
    }

    /// Waits for the program to end by itself and its output, its children's included, to be complete.
    pub(crate) fn wait_for_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()?
                && self.collectors.iter().all(JoinHandle::is_finished)
            {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("still running after {limit:?}:\n{}", self.output());
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The group may be gone already, which is what was wanted.
        let _ = kill("KILL", &format!("-{}", self.pid()));
        let _ = self.child.wait();
    }
}

/// The standard library has no safe signal, so the shell's tool sends it.
fn kill(signal: &str, target: &str) -> Result<()> {
    let status = Command::new("kill").args(["-s", signal, "--", target]).stderr(Stdio::null()).status()?;
    if !status.success() {
        bail!("kill -s {signal} -- {target}: {status}");
    }
    Ok(())
}

fn collect(stream: impl Read + Send + 'static, output: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&String::from_utf8_lossy(&line));
            output.push('\n');
        }
    })
}

/// A loopback port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Starts something on a free port, once more on another one when the first was taken in between.
pub(crate) fn on_a_free_port<T>(mut start: impl FnMut(u16) -> Result<T>) -> Result<T> {
    start(free_port()?).or_else(|_| start(free_port()?))
}

/// The directory outside the tree that keeps what is expensive to build; `.ci/setup` fills it too.
pub(crate) fn cache_directory() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(base.join("postflight"))
}

/// The cached directory `name`, filled by `fill` at first use. Test processes that run at the same time take turns, and an
/// interrupted filling is started afresh.
pub(crate) fn cached(name: &str, fill: impl FnOnce(&PathBuf) -> Result<()>) -> Result<PathBuf> {
    let cache = cache_directory()?;
    fs::create_dir_all(&cache)?;
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock()?;
    let directory = cache.join(name);
    let complete = directory.join(".complete");
    if !complete.exists() {
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir(&directory)?,
        }
        fill(&directory)?;
        File::create(complete)?;
    }
    Ok(directory)
}

/// Runs `command` to its end; a failure carries everything it wrote.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{program} does not start; `.ci/setup` installs it"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?}: {}\n{stdout}{stderr}", output.status);
    }
    Ok(stdout)
}
