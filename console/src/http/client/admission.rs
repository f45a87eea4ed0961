//! How an exchange is let out: in its turn, counted, and within the bounds of the run.

use std::time::Duration;

use super::Client;
use crate::http::gate::{Rank, Slot};
use crate::http::{Answer, Probe, Trouble};

impl Client {
    pub(in crate::http) async fn send_once(&self, probe: &Probe, fresh: bool) -> Result<Answer, Trouble> {
        let probe = &*self.with_csrf(probe);
        let request = self.build(probe)?;
        let sent = self.turn(self.exchange(probe, request, fresh)).await;
        match &sent {
            Ok(answer) => self.inner.tags.note(&self.inner.target.resource, probe, answer),
            Err(Trouble::Transport(cause)) => self.inner.strain.left_unanswered(probe, cause),
            Err(_) => {}
        }
        if self.pulse_every().is_none() {
            self.inner.strain.feel(&sent);
        }
        sent
    }

    /// Sends `probe` past the queue of all others: for one who must know how the target is *now*.
    pub(crate) async fn pulse(&self, probe: &Probe) -> Result<Answer, Trouble> {
        let request = self.build(probe)?;
        let timeout = self.inner.limits.request_timeout;
        self.bounded(async {
            // What is under way at once was declared: then this is one of them.
            let _slot = if self.inner.limits.connections.is_some() { Some(self.inner.gate.pass(Rank::Step).await) } else { None };
            self.inner.gate.open().await;
            self.count()?;
            tokio::time::timeout(timeout, self.exchange(probe, request, false)).await.map_err(|_| Trouble::Timeout(timeout))?
        })
        .await
    }

    /// One exchange of ordinary length; see [`admitted`](Self::admitted).
    pub(in crate::http) async fn turn<T>(&self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        self.admitted(self.inner.limits.request_timeout, work).await
    }

    /// One exchange within the bounds of the run: it waits for its slot and its turn, is counted, and takes `timeout` at most.
    pub(in crate::http) async fn admitted<T>(
        &self,
        timeout: Duration,
        exchange: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let whole = |slot: Slot| async move {
            let _slot = slot;
            exchange.await
        };
        self.seated(timeout, whole).await
    }

    /// The same for an exchange that may give its slot back before it ends.
    pub(in crate::http) async fn seated<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        timeout: Duration,
        exchange: impl FnOnce(Slot) -> F,
    ) -> Result<T, Trouble> {
        let link = self.scope.chain() + 1;
        let result = self.bounded(async {
            let slot = self.inner.gate.pass(self.rank).await;
            self.count()?;
            tokio::time::timeout(timeout, exchange(slot)).await.map_err(|_| Trouble::Timeout(timeout))?
        });
        let result = result.await;
        self.scope.came(link);
        result
    }

    /// Runs `work` until the deadline or until the run is stopped.
    pub(in crate::http) async fn bounded<T>(&self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => Err(Trouble::Interrupted),
            trouble = self.inner.strain.stopped() => Err(trouble),
            () = tokio::time::sleep_until(self.inner.deadline) => Err(Trouble::Deadline),
            result = work => result,
        }
    }

    /// Takes one request out of the budget.
    fn count(&self) -> Result<(), Trouble> {
        let budget = self.inner.limits.budget;
        if !self.inner.meter.admit(budget) {
            self.scope.run_out();
            return Err(Trouble::Budget(budget.unwrap_or_default()));
        }
        self.scope.count();
        Ok(())
    }

    /// Sets `requests` of the budget aside for later: whoever makes something must be able to delete it. Refused when they are not there.
    pub(crate) fn set_aside(&self, requests: u64) -> Result<(), Trouble> {
        let budget = self.inner.limits.budget;
        let fits = self.inner.meter.set_aside(requests, budget);
        if !fits {
            self.scope.run_out();
        }
        fits.then_some(()).ok_or_else(|| Trouble::Budget(budget.unwrap_or_default()))
    }

    /// Requests of the budget that were neither sent nor set aside, and that the pace lets go before the deadline.
    pub(crate) fn unspent(&self) -> u64 {
        let unspent = self.inner.meter.unspent(self.inner.limits.budget.unwrap_or(u64::MAX));
        self.inner.limits.window.map_or(unspent, |window| unspent.min(window.within(self.rest())))
    }

    /// Makes what was set aside ready to be sent.
    pub(crate) fn release(&self, requests: u64) {
        self.inner.meter.release(requests);
    }
}
