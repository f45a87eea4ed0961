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

/// The last answer to a question that is asked again and again, and when that was.
type Last = Arc<tokio::sync::Mutex<Option<(Answer, Instant)>>>;

/// The answers of one run.
#[derive(Debug, Default)]
pub struct Shared {
    kept: Mutex<HashMap<Key, Kept>>,
    last: Mutex<HashMap<[u8; 32], Last>>,
}

impl Shared {
    /// The answer to `probe`, with its age: sent now, or by whoever asked the same first. `turn` tells repetitions of one question apart.
    pub(super) async fn answer(&self, client: &Client, probe: &Probe, turn: usize) -> Result<(Answer, Duration), Trouble> {
        let kept = entry(&self.kept, (probe.fingerprint(), turn))?;
        let send = || async { Ok::<_, Trouble>((client.send(probe).await?, Instant::now(), client.scope().chain())) };
        let (answer, at, link) = kept.get_or_try_init(send).await?;
        client.waited_for(*link);
        client.note_limit(answer);
        Ok((answer.clone(), at.elapsed()))
    }

    /// An answer to `probe` that was asked for from now on, by whoever asked first: those who wait for one look at it together.
    pub(super) async fn fresh(&self, client: &Client, probe: &Probe) -> Result<Answer, Trouble> {
        let now = Instant::now();
        let last = entry(&self.last, probe.fingerprint())?;
        let mut last = last.lock().await;
        if let Some((answer, _)) = last.as_ref().filter(|(_, sent)| *sent >= now) {
            return Ok(answer.clone());
        }
        let sent = Instant::now();
        let answer = client.send(probe).await?;
        *last = Some((answer.clone(), sent));
        Ok(answer)
    }
}

fn entry<K: Eq + std::hash::Hash, V: Clone + Default>(all: &Mutex<HashMap<K, V>>, key: K) -> Result<V, Trouble> {
    let mut all = all.lock().map_err(|_| Trouble::Unexpected("another check failed while it kept an answer".into()))?;
    Ok(all.entry(key).or_default().clone())
}
