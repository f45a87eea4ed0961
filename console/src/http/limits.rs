//! What bounds a run.

use std::time::Duration;

use super::Window;

/// Requests in flight at a service that answers at once: enough to keep it busy, and few enough for the pools that services come with.
/// That of `SQLAlchemy` has 15 connections; asked by handlers that block their event loop while they wait for one, it stops the service for 30 s.
const NEARBY: usize = 8;
/// Requests in flight where most of them are on the way at any moment, and not in the service.
const FAR_AWAY: usize = 16;

/// What bounds a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When everything must have ended.
    pub deadline: Duration,
    /// Longest wait for one answer.
    pub request_timeout: Duration,
    /// Requests at most in flight at once; `None` for eight, and sixteen where every answer takes its time on the way.
    pub connections: Option<usize>,
    /// Requests at most a second; `None` for no pace.
    pub rate: Option<u32>,
    /// Requests at most in any window of time; `None` where the service sets none.
    pub window: Option<Window>,
    /// Requests at most in the run; `None` for no budget.
    pub budget: Option<u64>,
    /// Bytes read at most of one body.
    pub body_cap: usize,
}

impl Limits {
    /// Requests that may ever be in flight at once.
    pub fn most(&self) -> usize {
        self.connections.unwrap_or(FAR_AWAY).max(1)
    }

    /// Requests that may be in flight before anything is known of the service.
    pub fn at_first(&self) -> usize {
        self.connections.unwrap_or(NEARBY).max(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(3),
            request_timeout: Duration::from_secs(10),
            connections: None,
            rate: None,
            window: None,
            budget: None,
            body_cap: 768 << 10,
        }
    }
}
