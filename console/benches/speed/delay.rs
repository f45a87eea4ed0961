//! A proxy that delays: every byte arrives a fixed time after it was sent, in each direction, however many connections there are.
//!
//! On threads of its own: the timers of the runtime that the console shares with the service count in whole milliseconds and would come late.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A running proxy; dropping it stops it.
pub(crate) struct Proxy {
    address: String,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    /// Stands before `http://HOST:PORT`.
    pub(crate) fn start(base: &str, one_way: Duration) -> Self {
        let behind = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address").to_string();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        thread::spawn(move || accept(&listener, &behind, one_way, &stop));
        Self { address, stopped }
    }

    /// Where it listens.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Whoever waits for a connection looks up at the next one.
        let _ = TcpStream::connect(&self.address);
    }
}

fn accept(listener: &TcpListener, behind: &str, one_way: Duration, stopped: &AtomicBool) {
    while let Ok((caller, _)) = listener.accept() {
        let (false, Ok(service)) = (stopped.load(Ordering::Relaxed), TcpStream::connect(behind)) else { return };
        let _ = (caller.set_nodelay(true), service.set_nodelay(true));
        for (from, to) in [(&caller, &service), (&service, &caller)] {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { return };
            thread::spawn(move || read(from, to, one_way));
        }
    }
}

/// Carries bytes, each piece `one_way` after it was read.
fn read(mut from: TcpStream, to: TcpStream, one_way: Duration) {
    let (late, arriving) = mpsc::channel();
    thread::spawn(move || write(to, &arriving));
    let mut piece = vec![0; 64 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let bytes = piece.get(..length).unwrap_or_default().to_vec();
        if late.send((Instant::now() + one_way, bytes)).is_err() {
            break;
        }
    }
}

fn write(mut to: TcpStream, arriving: &mpsc::Receiver<(Instant, Vec<u8>)>) {
    while let Ok((due, bytes)) = arriving.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
