//! Signing in: what its answers tell strangers, and how often one may guess.

use std::time::Duration;

use crate::checks::docs::without_ids;
use crate::checks::{Checked, Context, Judgement, Login, Outcome, Session};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding, Verdict};

use super::attempts::unless_limited;

/// Why nothing can be asked about signing in.
pub(super) const NO_LOGIN: &str = "no sign-in is declared; describe it under `tokens.login` in postflight.toml";
/// Why nobody can sign in.
pub(super) const NO_ACCOUNT: &str =
    "no account can be had: declare `tokens.signup`, or `users` under `tokens.login`, in postflight.toml";

/// A name like `known` that nobody has.
fn nobody(cx: &Context, known: &Login) -> Login {
    let name = format!("postflight{}", cx.random("nobody"));
    let domain = known.email.split_once('@').map_or("example.com", |(_, domain)| domain);
    let email = format!("{name}@{domain}");
    let username = if known.username.contains('@') { email.clone() } else { name };
    Login { username, email, password: crate::verify::fresh_password() }
}

fn wrong(known: &Login) -> Login {
    Login { password: crate::verify::fresh_password(), ..known.clone() }
}

/// An unknown user and a wrong password get the same answer.
pub(super) async fn uniform(cx: Context) -> Checked {
    let Some(session) = cx.registry.shared().await? else { return Ok(Outcome::skip(NO_ACCOUNT)) };
    let (known, unknown) = (wrong(&session.login), nobody(&cx, &session.login));
    let probes = cx.registry.login_probe(&known).zip(cx.registry.login_probe(&unknown));
    let Some((known_probe, unknown_probe)) = probes else { return Ok(Outcome::skip(NO_LOGIN)) };
    let mut tried = Tried::default();
    if !session.disposable {
        tried.once(&cx, &unknown_probe, &known_probe).await?;
        return Ok(compared(&tried, &known, &unknown, None).and_says(SPARED));
    }
    let asked = tried.again(&cx, &unknown_probe, &known_probe).await;
    if asked.as_ref().is_err_and(Trouble::is_limit) && tried.has_both() {
        return Ok(compared(&tried, &known, &unknown, None).and_says(UNTIMED));
    }
    asked?;
    let suspected = apart(&tried.known, &tried.unknown).is_some_and(|by| by >= OF_A_HASH);
    if !suspected && !is_restless(&tried) {
        return Ok(compared(&tried, &known, &unknown, Some(&tried)));
    }
    // What the run's own load did to the times is over when nothing else is asked.
    cx.client.until(cx.quiet.turn_of("jwt.login.uniform")).await?;
    let Some(alone) = unless_limited(alone(&cx, &unknown_probe, &known_probe).await)? else {
        return Ok(compared(&tried, &known, &unknown, None).and_says(UNTIMED));
    };
    Ok(compared(&tried, &known, &unknown, Some(&alone)))
}

/// What is said where times were not compared.
const UNTIMED: &str = "; times were not compared, for the service asks to wait before more sign-ins";

const SPARED: &str = "; times were not compared, since each try is a wrong password of an account that is not this run's";

/// The same asked while nothing else is, and once more where the times differ.
async fn alone(cx: &Context, unknown: &Probe, known: &Probe) -> Result<Tried, Trouble> {
    let mut alone = Tried::default();
    alone.again(cx, unknown, known).await?;
    if slower(&alone.known, &alone.unknown).is_some() {
        alone = confirmed(cx, unknown).await?.unwrap_or(alone);
    }
    Ok(alone)
}

/// Four more of each, where an account of their own can be had: what else runs on the machine may make two of a kind slow by chance.
async fn confirmed(cx: &Context, unknown: &Probe) -> Result<Option<Tried>, Trouble> {
    let Some(spare) = cx.registry.spare().await? else { return Ok(None) };
    let Some(known) = cx.registry.login_probe(&wrong(&spare.login)) else { return Ok(None) };
    let mut tried = Tried::default();
    tried.again(cx, unknown, &known).await?;
    tried.again(cx, unknown, &known).await?;
    Ok(Some(tried))
}

/// Answers to wrong passwords of an existing user and of a missing one.
#[derive(Default)]
struct Tried {
    known: Vec<Answer>,
    unknown: Vec<Answer>,
}

impl Tried {
    /// One of each: services that forget no wrong password lock an account whose password several runs of a day get wrong.
    async fn once(&mut self, cx: &Context, unknown: &Probe, known: &Probe) -> Result<(), Trouble> {
        self.unknown.push(cx.send(unknown).await?);
        self.known.push(cx.send(known).await?);
        Ok(())
    }

    /// Two more of each, and no more, for some services lock an account after five. Neither kind goes first every time, so that a service that
    /// grows slower, or quicker, makes none of them look slow.
    async fn again(&mut self, cx: &Context, unknown: &Probe, known: &Probe) -> Result<(), Trouble> {
        let ask = async |probe: &Probe| cx.send(probe).await;
        self.unknown.push(ask(unknown).await?);
        self.known.push(ask(known).await?);
        self.known.push(ask(known).await?);
        self.unknown.push(ask(unknown).await?);
        Ok(())
    }

    /// Whether there is an answer of either kind.
    const fn has_both(&self) -> bool {
        !self.known.is_empty() && !self.unknown.is_empty()
    }
}

/// Judges what is said of the first answers; and the times of those that were `timed`, where there are such.
fn compared(tried: &Tried, known: &Login, unknown: &Login, timed: Option<&Tried>) -> Outcome {
    let (Some(right), Some(other)) = (tried.known.first(), tried.unknown.first()) else {
        return Outcome::inconclusive("nothing was asked");
    };
    let (finding, observed) = alike((right, known), (other, unknown));
    let mut pieces = vec![
        Judgement { finding, observed: observed.clone() }.seen(other, "a user who does not exist"),
        Judgement { finding, observed: observed.clone() }.seen(right, "an existing user with a wrong password"),
    ];
    pieces.extend(timed.map(|timed| the_times(timed, slower(&timed.known, &timed.unknown).is_some())));
    Outcome::of(observed, pieces)
}

fn the_times(tried: &Tried, differ: bool) -> Evidence {
    let times = |answers: &[Answer]| {
        answers.iter().map(|answer| format!("{} ms", answer.elapsed.as_millis())).collect::<Vec<_>>().join(", ")
    };
    let both = format!("{} for an existing user, {} for a missing one", times(&tried.known), times(&tried.unknown));
    let (finding, words) = if differ {
        (Finding::Weak, format!("{both}: names can be tried out by the time it takes"))
    } else {
        (Finding::Held, both)
    };
    Evidence::of(EvidenceClass::Live, "the time of both", finding, words)
}

/// What hashing a password costs at least: only then does its absence show through the noise of a network.
const OF_A_HASH: Duration = Duration::from_millis(40);

/// By how much each answer of the one kind was slower than all of the other, where that is the time of a hash, twice as long, and twice what
/// answers of either kind differ among themselves: a hash takes its time each time, a busy service does not.
fn slower(known: &[Answer], unknown: &[Answer]) -> Option<Duration> {
    let ((quickest, longest), (shortest, slowest)) = (range(known)?, range(unknown)?);
    let by = apart(known, unknown)?;
    let restless = longest.saturating_sub(quickest).max(slowest.saturating_sub(shortest));
    (by >= OF_A_HASH && by >= slowest && by >= restless * 2).then_some(by)
}

/// By how much each answer of the one kind was slower than all of the other.
fn apart(known: &[Answer], unknown: &[Answer]) -> Option<Duration> {
    range(known)?.0.checked_sub(range(unknown)?.1)
}

/// Whether answers of the same kind differ by more than a hash would: then their times tell nothing.
fn is_restless(tried: &Tried) -> bool {
    [&tried.known, &tried.unknown]
        .into_iter()
        .any(|answers| range(answers).is_some_and(|(quickest, longest)| longest.saturating_sub(quickest) >= OF_A_HASH))
}

/// The shortest and the longest time.
fn range(answers: &[Answer]) -> Option<(Duration, Duration)> {
    let times = || answers.iter().map(|answer| answer.elapsed);
    Some((times().min()?, times().max()?))
}

fn alike((right, known): (&Answer, &Login), (other, unknown): (&Answer, &Login)) -> (Finding, String) {
    let statuses = [right.status, other.status];
    if statuses.contains(&429) {
        return (Finding::Unclear, "the service asks to wait before another sign-in".to_owned());
    }
    if statuses.iter().any(|status| (200..300).contains(status)) {
        return (Finding::Broken, format!("a wrong password was answered {} and {}", right.status, other.status));
    }
    if right.status != other.status {
        return (
            Finding::Broken,
            format!("{} for an existing user, {} for a missing one: names can be tried out", right.status, other.status),
        );
    }
    if said(right, known) != said(other, unknown) {
        return (Finding::Broken, format!("{} for both, with another body: names can be tried out", right.status));
    }
    (Finding::Held, format!("{} with the same body for both", right.status))
}

/// A body without what was sent, and without times and request ids.
fn said(answer: &Answer, login: &Login) -> String {
    without_ids(&answer.raw_text().replace(&login.email, "").replace(&login.username, ""))
}

/// Wrong passwords before which no limit of theirs sets in.
const AT_ONCE: u32 = 3;

/// Time within which attempts count as one after another: shorter than the windows in which services count them.
const IN_A_ROW: Duration = Duration::from_secs(20);

/// After as many wrong passwords as the target declares, the service asks to wait. Runs last, on an account of its own.
pub(super) async fn limit(cx: Context) -> Checked {
    let Some(limit) = cx.target.policy.login_limit else {
        return Ok(Outcome::skip("no limit of failed sign-ins is declared; set `policy.login_limit` in postflight.toml"));
    };
    cx.client.until(cx.quiet.turn_of("jwt.login.limit")).await?;
    let known = cx.registry.spare().await?.map(|session| session.login);
    let login = known
        .as_ref()
        .map_or_else(|| nobody(&cx, &Login { username: String::new(), email: String::new(), password: "".into() }), wrong);
    let Some(probe) = cx.registry.login_probe(&login) else { return Ok(Outcome::skip(NO_LOGIN)) };
    let began = std::time::Instant::now();
    let mut answered = cx.send(&probe.clone().impatient()).await?;
    let (first, mut sent) = (answered.status, 1);
    while sent <= limit && !asks_to_wait(&answered) {
        answered = cx.send(&probe.clone().impatient()).await?;
        sent += 1;
    }
    if !asks_to_wait(&answered)
        && answered.status != first
        && let Some(right) = known.as_ref().and_then(|known| cx.registry.login_probe(known))
        && !cx.registry.brings_token(&cx.send(&right.impatient()).await?)
    {
        let summary = format!("after {sent} wrong passwords the right one is refused as well: the account is locked");
        return Ok(Outcome::pass(summary).seen(&answered, format!("wrong password number {sent}"), answered.status.to_string()));
    }
    let outcome = limited(&answered, sent, limit);
    if outcome.verdict == Verdict::Fail {
        let seconds = began.elapsed().as_secs();
        let words = || format!("the pace of this run spread {sent} wrong passwords over {seconds} s, and limits forget");
        return Ok(if began.elapsed() < IN_A_ROW { outcome } else { Outcome::inconclusive(words()) });
    }
    // One that set in at once is another limit than that of wrong passwords.
    if sent < AT_ONCE {
        return Ok(outcome);
    }
    Ok(claimed_address(&cx, &probe).await?.map(|evading| evaded(&evading)).into_iter().fold(outcome, Outcome::joined))
}

/// One more wrong password under another address, as the client claims it: refused at once, or taken twice while the true address is told to
/// wait in between. `None` where the wait was over anyway, so that the claim showed nothing.
async fn claimed_address(cx: &Context, probe: &Probe) -> Result<Option<Answer>, Trouble> {
    let claiming = |address: &str| probe.clone().header("x-forwarded-for", as_by_an_edge(cx, address)).impatient();
    let mut evading = cx.send(&claiming("203.0.113.77, 127.0.0.1")).await?;
    for address in ["203.0.113.78, ::ffff:127.0.0.1", "203.0.113.79, 127.0.0.1"] {
        if asks_to_wait(&evading) {
            return Ok(Some(evading));
        }
        if !asks_to_wait(&cx.send(&probe.clone().impatient()).await?) {
            return Ok(None);
        }
        evading = cx.send(&claiming(address)).await?;
    }
    Ok(Some(evading))
}

/// A claimed address as it reaches the service: an edge appends the one that it saw. Where the console stands in its place, it says that itself,
/// for services that trust just this one (`trust proxy`, 1), in both forms in which they may know it.
fn as_by_an_edge<'a>(cx: &Context, addresses: &'a str) -> &'a str {
    let claimed = || addresses.split(',').next().unwrap_or(addresses);
    if cx.target.is_loopback() { addresses } else { claimed() }
}

/// Whoever counts by an address that anybody can claim counts nothing.
fn evaded(answer: &Answer) -> Evidence {
    let (finding, observed) = match answer.status {
        status if asks_to_wait(answer) => (Finding::Held, format!("{status}: asks to wait all the same")),
        status @ 500.. => (Finding::Unclear, format!("{status}: the service did not answer")),
        status => (Finding::Broken, format!("{status}: whoever claims another address may guess on")),
    };
    Judgement { finding, observed }.seen(answer, "one more with another X-Forwarded-For")
}

/// Statuses by which a wrong password is refused anyhow: some limiters say when to come back on every answer (Flask-Limiter).
const OF_A_WRONG_PASSWORD: [u16; 4] = [400, 401, 404, 422];

/// A limit, a lock, or any other refusal that says when to come back.
pub(super) fn asks_to_wait(answer: &Answer) -> bool {
    let refused = answer.status >= 400 && !OF_A_WRONG_PASSWORD.contains(&answer.status);
    matches!(answer.status, 423 | 429) || (refused && answer.headers.has("retry-after"))
}

fn limited(answer: &Answer, sent: u32, limit: u32) -> Outcome {
    let label = format!("wrong password number {sent}");
    match answer.status {
        status if !asks_to_wait(answer) => {
            let summary = format!("{sent} wrong passwords in a row are all answered; {limit} are declared");
            Outcome::fail(summary).seen(answer, label, format!("{status}, no request to wait"))
        }
        429 if !answer.headers.has("retry-after") => Outcome::warn(format!(
            "asks to wait after {sent} wrong passwords, but not how long"
        ))
        .seen(answer, label, "429 without Retry-After"),
        status => Outcome::pass(format!("asks to wait after {sent} wrong passwords")).seen(answer, label, status.to_string()),
    }
}

/// A session's token on the route that every good token reads.
pub(super) async fn listed(cx: &Context, session: &Session) -> Result<Answer, Trouble> {
    cx.send(&Probe::get(cx.read_path(&session.user)).bearer(&session.user.token)).await
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::hashes_for_some(&[260, 255], &[4, 6], true)]
    #[case::hashes_for_all(&[260, 255], &[250, 262], false)]
    #[case::busy(&[70, 320], &[20, 25], false)]
    #[case::no_time_of_a_hash(&[30, 31], &[2, 3], false)]
    fn only_a_steady_difference_is_that_of_a_hash(#[case] known: &[u64], #[case] unknown: &[u64], #[case] slow: bool) {
        let taking = |times: &[u64]| {
            let answer = |time: &u64| Answer { elapsed: Duration::from_millis(*time), ..Answer::canned(401, &[], "") };
            times.iter().map(answer).collect::<Vec<_>>()
        };
        assert_eq!(slower(&taking(known), &taking(unknown)).is_some(), slow);
    }

    #[rstest]
    #[case::limit(429, &[], true)]
    #[case::lock(423, &[], true)]
    #[case::busy(503, &[("retry-after", "5")], true)]
    #[case::closed_for_a_while(403, &[("retry-after", "900")], true)]
    #[case::a_wrong_password_that_names_the_window(401, &[("retry-after", "60")], false)]
    #[case::a_wrong_password(401, &[], false)]
    fn a_lock_is_told_from_a_wrong_password(#[case] status: u16, #[case] headers: &[(&str, &str)], #[case] asks: bool) {
        assert_eq!(asks_to_wait(&Answer::canned(status, headers, "")), asks);
    }

    #[rstest]
    #[case::same((401, r#"{"detail":"no ann"}"#), (401, r#"{"detail":"no bob"}"#), Finding::Held)]
    #[case::request_ids(
        (401, r#"{"requestId":"2202d78e-6c1f-4b6f-9a51-0d5f0a1b2c3d"}"#),
        (401, r#"{"requestId":"42fe57fb-9b1c-4c0e-8d77-5e6f7a8b9c0d"}"#),
        Finding::Held
    )]
    #[case::times((401, r#"{"time":1712}"#), (401, r#"{"time":98}"#), Finding::Held)]
    #[case::status((401, "{}"), (404, "{}"), Finding::Broken)]
    #[case::words((401, "wrong password"), (401, "no such user"), Finding::Broken)]
    #[case::let_in((200, "{}"), (401, "{}"), Finding::Broken)]
    #[case::limited((429, "{}"), (401, "{}"), Finding::Unclear)]
    fn answers_to_wrong_sign_ins_are_compared(#[case] right: (u16, &str), #[case] other: (u16, &str), #[case] finding: Finding) {
        let login = |name: &str| Login { username: name.into(), email: format!("{name}@x.example"), password: "p".into() };
        let answer = |(status, body)| Answer::canned(status, &[], body);
        assert_eq!(alike((&answer(right), &login("ann")), (&answer(other), &login("bob"))).0, finding);
    }
}
