//! Patience: waiting as long as a target asks for, asking again where a connection broke, and looking again for what must come to be true.

use std::time::Duration;

use tokio::time::Instant;

use super::asked_wait::{retry_after, told};
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

/// How often a request is sent again at most while the target asks to wait and does not say how long: each wait is twice as long as the one
/// before, from a second on, so that they are a minute together.
const ASKED_AGAIN: u32 = 6;
/// For how long a request is sent again while the target asks to wait and says how long: others may take each place that becomes free.
const WAITED_FOR: Duration = Duration::from_secs(150);
/// How often a 503 is waited out: it may as well be an outage.
const ASKED_AGAIN_503: u32 = 3;
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

/// How one request waited so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waits {
    count: u32,
    since: Option<Instant>,
}

impl Waits {
    pub(super) fn add(&mut self) {
        self.count += 1;
    }

    /// Whether it waited as long as it may for a limit that says when it ends, or does not.
    fn is_over(&mut self, told: bool) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        if told { since.elapsed() >= WAITED_FOR } else { self.count >= ASKED_AGAIN }
    }

    /// How long to wait next where nobody says.
    fn next(self) -> Duration {
        Duration::from_secs(1 << self.count.min(ASKED_AGAIN))
    }
}

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
        if answered.as_ref().is_err_and(Trouble::is_limit) {
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
        let (mut broken, mut waits) = (0, Waits::default());
        loop {
            match Box::pin(self.send_once(probe, broken > 0)).await {
                Ok(answer) if (probe.alone || probe.patient) && self.is_to_wait(probe.path(), &answer, &mut waits)? => {
                    if probe.alone {
                        self.wait_alone(&answer, waits).await?;
                    } else {
                        self.wait_as_asked(&answer, waits).await?;
                    }
                    waits.add();
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

    /// Whether an answer asks to come back later, after this request waited so already.
    pub(super) fn is_to_wait(&self, path: &str, answer: &Answer, waits: &mut Waits) -> Result<bool, Trouble> {
        match (answer.status, retry_after(answer)) {
            (429, _) => self.outwaits_limit(path, answer, waits).map(|()| true),
            (503, Some(asked)) => self.outwaits_outage(path, answer, (asked, waits.count)),
            _ => Ok(false),
        }
    }

    /// Lets a request wait for the end of a limit, unless it waited long enough, or the limit of this path says not when it ends and outlasted
    /// every wait before.
    fn outwaits_limit(&self, path: &str, answer: &Answer, waits: &mut Waits) -> Result<(), Trouble> {
        let (told, in_vain) = (told(answer).is_some(), self.in_vain());
        let over = waits.is_over(told);
        if over && !told {
            in_vain.note_limited(path);
        }
        if over || (!told && in_vain.is_limited(path)) { Err(Trouble::RateLimited) } else { Ok(()) }
    }

    /// Whether a 503 is waited out. Proxies limit by it as well as by 429 (nginx's `limit_req` and `limit_conn`), and a service that is down may
    /// say when it is back: where waiting was in vain once, no 503 is waited out any more. What health says of the service is taken as it is,
    /// unless it is back in a moment.
    fn outwaits_outage(&self, path: &str, answer: &Answer, (asked, waited): (Duration, u32)) -> Result<bool, Trouble> {
        let paths = &self.target().paths;
        let of_health = [&paths.live, &paths.health].into_iter().flatten().any(|health| path.starts_with(health.as_str()));
        if asked > if of_health { AT_ONCE } else { LONGEST_WAIT } || self.in_vain().is_outage() {
            return Ok(false);
        }
        if waited >= ASKED_AGAIN_503 {
            self.in_vain().note_outage();
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
    fn asked_for(&self, answer: &Answer, waits: Waits) -> Result<Instant, Trouble> {
        let told = told(answer);
        let asked = told.unwrap_or_else(|| waits.next());
        let too_long = || told.map_or(Trouble::RateLimited, |told| too_long(answer, told));
        let until = Instant::now().checked_add(asked).ok_or_else(too_long)?;
        if asked <= LONGEST_WAIT {
            self.gate().note(until);
        }
        if until < self.deadline() { Ok(until) } else { Err(too_long()) }
    }

    /// Waits as long as an answer asks for, while the rest of the run goes on.
    async fn wait_alone(&self, answer: &Answer, waits: Waits) -> Result<(), Trouble> {
        let until = self.asked_for(answer, waits)?;
        self.pause(until.saturating_duration_since(Instant::now())).await
    }

    /// Waits as long as an answer asks for, and every other request of the run with it: each one sent meanwhile would only be refused as well.
    pub(super) async fn wait_as_asked(&self, answer: &Answer, waits: Waits) -> Result<(), Trouble> {
        let gate = self.gate();
        gate.close(self.asked_for(answer, waits)?);
        self.bounded(async {
            gate.open().await;
            Ok(())
        })
        .await
    }
}

/// Trouble of an answer that asks to wait until after the end of the run, with the limit that it names.
fn too_long(answer: &Answer, wait: Duration) -> Trouble {
    // Where limits stand one in another, each has a line.
    let named = LIMITS.map(|name| (name, answer.headers.list(name).join(", ")));
    let said = named.iter().find(|(_, limits)| !limits.is_empty());
    let said = said.map(|(name, limits)| format!(" The service says `{name}: {}`.", clean(limits)));
    Trouble::AskedToWait { wait, said: said.unwrap_or_default() }
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

    #[test]
    fn a_limit_that_says_no_end_is_waited_out_for_a_minute_in_waits_that_double() {
        let mut waits = Waits::default();
        let mut seconds = Vec::new();
        while !waits.is_over(false) {
            seconds.push(waits.next().as_secs());
            waits.add();
        }
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32]);
        assert!(!waits.is_over(true), "one that says its end is waited for as long as it takes");
    }

    #[test]
    fn one_that_says_its_end_is_waited_for_until_too_much_time_has_passed() {
        let before = Instant::now().checked_sub(WAITED_FOR).expect("a machine that runs for longer");
        let mut waits = Waits { count: 0, since: Some(before) };
        assert!(waits.is_over(true));
        assert!(!waits.is_over(false));
    }
}
