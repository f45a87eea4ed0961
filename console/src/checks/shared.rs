//! Answers that several checks look at: each such request is sent once in a run.
//!
//! Owns the keeping. Which questions may share an answer is decided where they are asked: only safe ones whose answer does not depend on
//! when it is asked, and never a control, which must prove anew that the good case works.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use crate::http::{Answer, Client, Probe, Trouble};

/// An answer, when it came, and how far down a chain of requests.
type Kept = Arc<OnceCell<(Answer, Instant, u64)>>;
/// What was asked, and the how manieth time.
type Key = ([u8; 32], usize);

/// The answers of one run.
#[derive(Debug, Default)]
pub struct Shared(Mutex<HashMap<Key, Kept>>);

impl Shared {
    /// The answer to `probe`, with its age: sent now, or by whoever asked the same first. `turn` tells repetitions of one question apart.
    pub(super) async fn answer(&self, client: &Client, probe: &Probe, turn: usize) -> Result<(Answer, Duration), Trouble> {
        let kept = self.kept((probe.fingerprint(), turn))?;
        let send = || async { Ok::<_, Trouble>((client.send(probe).await?, Instant::now(), client.scope().chain())) };
        let (answer, at, link) = kept.get_or_try_init(send).await?;
        client.waited_for(*link);
        Ok((answer.clone(), at.elapsed()))
    }

    fn kept(&self, key: Key) -> Result<Kept, Trouble> {
        let mut all = self.0.lock().map_err(|_| Trouble::Unexpected("another check failed while it kept an answer".into()))?;
        Ok(Arc::clone(all.entry(key).or_default()))
    }
}
