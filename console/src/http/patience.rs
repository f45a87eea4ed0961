//! Patience: waiting as long as a target asks for, asking again where a connection broke, and looking again for what must come to be true.

use std::time::Duration;

use tokio::time::Instant;

use super::{Answer, Client, Probe, Trouble, clean, preconditions};

/// Pauses between asking again for what must come to be true.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(10),
    Duration::from_millis(40),
    Duration::from_millis(120),
    Duration::from_millis(300),
    Duration::from_millis(600),
];

/// How long anybody waits at most before going on where the target asked for that: a minute is what limits are usually counted by.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// How often a request is sent at most while the target asks to wait.
const ASKED_AGAIN: usize = 6;
/// How often a 503 is waited out: it may as well be an outage.
const ASKED_AGAIN_503: usize = 3;
/// How often a request is sent again that a proxy found nobody for (502, 504): where one in fifty meets that, a second and a third in a row
/// are no outage either.
pub(crate) const BAD_GATEWAYS: usize = 3;
/// How often a change is tried with the precondition that fits: another check may have changed the same object in between.
const CHANGED_MEANWHILE: usize = 4;
/// Headers in which limiters say how much they let through: drafts of the IETF, then what most send.
const LIMITS: [&str; 4] = ["ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit"];
/// Bytes of a body that go out in one piece with what stands before it.
const IN_ONE_PIECE: usize = 4 << 10;
/// A 503 that asks to come back so soon counts what is under way at once, not what came in a minute.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Whether nothing of a request went out: the other side had closed the connection before the first byte, as it may with one that lay idle.
/// Such a request may be sent again whatever it does (RFC 9110, 9.2.2).
fn was_unsent(cause: &str, probe: &Probe) -> bool {
    let body = probe.body.as_ref().map_or(0, |body| body.bytes.len());
    cause.starts_with("Broken pipe") && body <= IN_ONE_PIECE
}

impl Client {
    /// Sends `probe`, with the precondition that the service demands, where it does (428). A 429, and a 503 that says when to come back, is
    /// waited out (unless the probe is impatient), by the whole run (unless the probe waits alone); a request whose connection broke, and that
    /// changes nothing by being sent twice, is sent again, and so is a safe one that a proxy found nobody for: servers close idle connections at any time (RFC 9112, 9.3.1), some after every
    /// error, and the next may be stale too.
    pub async fn send(&self, probe: &Probe) -> Result<Answer, Trouble> {
        let answered = self.answered(probe).await;
        if matches!(answered, Err(Trouble::RateLimited | Trouble::AskedToWait { .. })) {
            self.scope().limit();
        }
        let answer = answered?;
        self.note_limit(&answer);
        let demanded = !probe.is_safe() && preconditions::demands(&self.target().resource, &answer);
        if demanded { Box::pin(self.as_demanded(probe, answer)).await } else { Ok(answer) }
    }

    /// The answer to `probe` with the precondition that the last one demanded.
    async fn as_demanded(&self, probe: &Probe, mut answer: Answer) -> Result<Answer, Trouble> {
        for _ in 0..CHANGED_MEANWHILE {
            let Some(conditional) = self.on_condition(probe, answer.status).await else { break };
            answer = self.answered(&conditional).await?;
            if !matches!(answer.status, 409 | 412 | 428) {
                break;
            }
        }
        Ok(answer)
    }

    async fn answered(&self, probe: &Probe) -> Result<Answer, Trouble> {
        let (mut broken, mut waited) = (0, 0);
        for _ in 0..ASKED_AGAIN {
            match Box::pin(self.send_once(probe, broken > 0)).await {
                Ok(answer) if (probe.alone || probe.patient) && self.is_to_wait(probe.path(), &answer, waited)? => {
                    waited += 1;
                    if probe.alone { self.wait_alone(&answer).await? } else { self.wait_as_asked(&answer).await? }
                }
                Ok(answer)
                    if matches!(answer.status, 502 | 504) && probe.is_shareable() && probe.patient && broken < BAD_GATEWAYS =>
                {
                    // What is replaced just now is back in a moment, and requests that come in step meet the same turn again.
                    self.pause(PATIENCE.get(broken).copied().unwrap_or_default()).await?;
                    broken += 1;
                }
                Err(Trouble::Transport(cause)) if (probe.is_repeatable() || was_unsent(&cause, probe)) && broken < 2 => broken += 1,
                other => return other,
            }
        }
        Err(Trouble::RateLimited)
    }

    /// Sends a safe `probe` until `holds` or [`PATIENCE`] is used up; the last answer either way.
    pub async fn send_until(&self, probe: &Probe, holds: impl Fn(&Answer) -> bool) -> Result<Answer, Trouble> {
        let mut answer = self.send(probe).await?;
        for pause in PATIENCE {
            if holds(&answer) {
                break;
            }
            self.pause(pause).await?;
            answer = self.send(probe).await?;
        }
        Ok(answer)
    }

    async fn pause(&self, pause: Duration) -> Result<(), Trouble> {
        self.until(tokio::time::sleep(pause)).await
    }

    /// Waits for something that is no request, within the bounds of the run.
    pub(crate) async fn until(&self, moment: impl Future<Output = ()>) -> Result<(), Trouble> {
        self.bounded(async {
            moment.await;
            Ok(())
        })
        .await
    }

    /// Whether an answer asks to come back later, after this request `waited` so often already. Proxies limit by 503 as well as by 429 (nginx's
    /// `limit_req` and `limit_conn`), and a service that is down may say when it is back: where waiting was in vain once, no 503 is waited out
    /// any more. What health says of the service is taken as it is, unless it is back in a moment.
    pub(super) fn is_to_wait(&self, path: &str, answer: &Answer, waited: usize) -> Result<bool, Trouble> {
        let asked = match (answer.status, asked(answer)) {
            (429, _) => return Ok(true),
            (503, Some(asked)) => asked,
            _ => return Ok(false),
        };
        let paths = &self.target().paths;
        let of_health = [&paths.live, &paths.health].into_iter().flatten().any(|health| path.starts_with(health.as_str()));
        if asked > if of_health { AT_ONCE } else { LONGEST_WAIT } || self.waits_in_vain() {
            return Ok(false);
        }
        if waited >= ASKED_AGAIN_503 {
            self.wait_no_more();
            return Ok(false);
        }
        if Instant::now() + asked >= self.deadline() {
            return Err(too_long(answer, asked));
        }
        if asked <= AT_ONCE {
            self.gate().narrow();
        }
        Ok(true)
    }

    /// When an answer asks to come back; where that is after the end of the run, there is no point in waiting.
    fn asked_for(&self, answer: &Answer) -> Result<Instant, Trouble> {
        let asked = asked(answer).unwrap_or(Duration::from_secs(1));
        let until = Instant::now().checked_add(asked).ok_or_else(|| too_long(answer, asked))?;
        if asked <= LONGEST_WAIT {
            self.gate().note(until);
        }
        if until < self.deadline() { Ok(until) } else { Err(too_long(answer, asked)) }
    }

    /// Waits as long as an answer asks for, while the rest of the run goes on.
    async fn wait_alone(&self, answer: &Answer) -> Result<(), Trouble> {
        let until = self.asked_for(answer)?;
        self.pause(until.saturating_duration_since(Instant::now())).await
    }

    /// Waits as long as an answer asks for, and every other request of the run with it: each one sent meanwhile would only be refused as well.
    pub(super) async fn wait_as_asked(&self, answer: &Answer) -> Result<(), Trouble> {
        let gate = self.gate();
        gate.close(self.asked_for(answer)?);
        self.bounded(async {
            gate.open().await;
            Ok(())
        })
        .await
    }
}

/// Trouble of an answer that asks to wait until after the end of the run, with the limit that it names.
fn too_long(answer: &Answer, wait: Duration) -> Trouble {
    let said = LIMITS.iter().find_map(|name| Some(format!(" The service says `{name}: {}`.", clean(&answer.headers.text(name)?))));
    Trouble::AskedToWait { wait, said: said.unwrap_or_default() }
}

/// How long `Retry-After` asks to wait (RFC 9110, 10.2.3); only a number of seconds is understood.
fn asked(answer: &Answer) -> Option<Duration> {
    answer.headers.text("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::closed_before("Broken pipe (os error 32)", 20, true)]
    #[case::closed_in_the_middle("Broken pipe (os error 32)", 100_000, false)]
    #[case::closed_after("Connection reset by peer (os error 104)", 20, false)]
    fn what_never_went_out_may_be_sent_again(#[case] cause: &str, #[case] length: usize, #[case] unsent: bool) {
        let probe = Probe::post("/tasks", &json!({ "title": "t".repeat(length) }));
        assert_eq!(was_unsent(cause, &probe), unsent);
    }
}
