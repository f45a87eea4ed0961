//! What bounds a run.

use std::time::Duration;

use super::Window;

/// What bounds a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When everything must have ended.
    pub deadline: Duration,
    /// Longest wait for one answer.
    pub request_timeout: Duration,
    /// Requests at most in flight at once.
    pub connections: usize,
    /// Requests at most a second; `None` for no pace.
    pub rate: Option<u32>,
    /// Requests at most in any window of time; `None` where the service sets none.
    pub window: Option<Window>,
    /// Requests at most in the run; `None` for no budget.
    pub budget: Option<u64>,
    /// Bytes read at most of one body.
    pub body_cap: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(1),
            request_timeout: Duration::from_secs(10),
            connections: 16,
            rate: None,
            window: None,
            budget: None,
            body_cap: 768 << 10,
        }
    }
}
