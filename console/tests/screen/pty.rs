//! The real program in a pseudo-terminal, and the screen that a terminal would show.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take: the machine may be busy with other tests.
const DEADLINE: Duration = Duration::from_mins(2);

/// A program, the terminal it runs in, and everything that it wrote.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

impl Pty {
    /// Starts the console with `arguments` in `directory`, in a terminal of `columns` by `rows`.
    pub(crate) fn start(arguments: &[&str], directory: &Path, (columns, rows): (u16, u16), variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
        command.args(arguments);
        command.cwd(directory);
        for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE", "POSTFLIGHT_ASCII"] {
            command.env_remove(name);
        }
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")].iter().chain(variables) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let dimension = |cells| NonZeroU16::new(cells).expect("a size");
        let parser = vt100::Parser::new(dimension(rows), dimension(columns), 0);
        let seen = Arc::new(Mutex::new(Seen { parser, raw: Vec::new() }));
        collect(reader, Arc::clone(&seen));
        let keys = pair.master.take_writer().expect("a writer");
        Self { child, master: pair.master, keys, seen }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the terminal shows now.
    pub(crate) fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// Every byte that was written to the terminal.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// Whether the terminal is as it was before: the main screen, with a cursor.
    pub(crate) fn is_restored(&self) -> bool {
        let seen = self.seen();
        !seen.parser.screen().alternate_screen() && !seen.parser.screen().hide_cursor()
    }

    /// Whether a full-screen program shows.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.seen().parser.screen().alternate_screen()
    }

    /// Types `keys`.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal takes keys");
    }

    /// Waits until the screen satisfies `ready`; panics with the screen after the deadline.
    pub(crate) fn wait(&self, what: &str, ready: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if ready(&screen) {
                return screen;
            }
            assert!(started.elapsed() < DEADLINE, "never saw {what}:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the screen contains `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Presses `keys` and waits until the screen contains `text`.
    pub(crate) fn press_for(&mut self, keys: &str, text: &str) -> String {
        self.press(keys);
        self.wait_for(text)
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let dimension = |cells| NonZeroU16::new(cells).expect("a size");
        self.seen().parser.screen_mut().set_size(dimension(rows), dimension(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a new size");
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.process_id().and_then(|id| i32::try_from(id).ok()).expect("a running program");
        kill(Pid::from_raw(id), signal).expect("the program can be signalled");
    }

    /// Waits until the program has ended and everything it wrote was read.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the program's status") {
                let _ = self.wait("the end of the screen", |_| self.is_restored());
                return status;
            }
            assert!(started.elapsed() < DEADLINE, "never ended:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn collect(mut reader: Box<dyn std::io::Read + Send>, seen: Arc<Mutex<Seen>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = buffer.get(..count).unwrap_or_default();
            seen.parser.process(bytes);
            seen.raw.extend_from_slice(bytes);
        }
    });
}
