//! stub
#![allow(missing_docs, clippy::pedantic, clippy::all, reason = "stub")]
use std::sync::Arc;
#[derive(Clone, Debug)]
pub struct Poll {
    pub release: crate::run::ReleaseSeen,
}
pub struct Watcher;
#[derive(Default)]
pub struct Pace {
    _x: u8,
}
impl Watcher {
    pub fn new(_t: Arc<crate::target::Target>, _p: Pace) -> Self {
        Self
    }
    pub async fn run(self, _s: tokio::sync::mpsc::Sender<Poll>, stop: tokio_util::sync::CancellationToken) {
        stop.cancelled().await
    }
}
pub struct Landed;
impl Landed {
    pub fn after(&self, _b: time::OffsetDateTime) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}
pub async fn wait_for_release(
    _t: &Arc<crate::target::Target>,
    _s: &str,
    _d: std::time::Duration,
    _at: Option<time::OffsetDateTime>,
    _stop: &tokio_util::sync::CancellationToken,
) -> Result<Landed, String> {
    Ok(Landed)
}
