//! Whether the service answers, and whether what it says of itself agrees with how it says it.

use std::time::Duration;

use futures::future::try_join_all;

use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery, shared_battery};
use crate::http::{Answer, BAD_GATEWAYS, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding, Source, Verdict};
use crate::target::HealthAt;

use super::body;
use super::sample::{declared, deep_path, live_path, percentile, samples};

/// The service answers, and not with 200 to whatever it is asked.
pub(super) async fn control(cx: Context) -> Checked {
    let paths = declared(&cx);
    if paths.is_empty() {
        return Ok(Outcome::skip("neither a liveness nor a health path is declared; set `paths.live` or `paths.health`"));
    }
    let unknown = cx.send(&Probe::get(format!("/{}", cx.random("health.control")))).await?;
    // A front end may answer any path with its page: health that is no page is not of its making.
    let alike = |answer: &Answer| unknown.is_success() && answer.is_page() == unknown.is_page();
    let cases = paths.iter().map(|path| Case::new(format!("GET {path}"), Probe::get(*path))).collect();
    let outcome = battery(&cx, "answers", cases, |_, answer| match answer.status {
        200..=299 if alike(answer) => {
            Judgement::unclear(format!("{}: a path that nothing has is answered so too, and proves nothing", answer.status))
        }
        status if answer.source == Source::Edge => Judgement::unclear(format!("{status} by the edge, not by the service")),
        status => Judgement::held(format!("{status}")),
    })
    .await?;
    let label = "GET of a path that nothing has";
    let finding = if unknown.source == Source::Edge { Finding::Unclear } else { Finding::Held };
    Ok(outcome.joined(evidence(&unknown, label, finding, unknown.status.to_string())))
}

pub(super) async fn live(cx: Context) -> Checked {
    let path = live_path(&cx)?.to_owned();
    shared_battery(&cx, "liveness answers", turns(&path, 3), |_, answer| match answer.status {
        200 if answer.is_page() => Judgement::broken("200 with a web page: something else answers at this path"),
        200 => Judgement::held("200"),
        status @ 201..=299 => Judgement::weak(format!("{status}: a platform may wait for 200 and nothing else, as Railway does")),
        status => Judgement::broken(format!("{status} instead of 200")),
    })
    .await
}

/// The same question several times.
fn turns(path: &str, count: usize) -> Vec<Case> {
    let case = |turn: usize| Case::new(format!("GET {path}, {}. time", turn + 1), Probe::get(path)).in_turn(turn);
    (0..count).map(case).collect()
}

/// Every sample of deep health is 200.
pub(super) async fn deep(cx: Context) -> Checked {
    let path = deep_path(&cx)?.to_owned();
    shared_battery(&cx, "deep health answers", turns(&path, 9), |_, answer| match answer.status {
        200 => Judgement::held("200"),
        status => Judgement::broken(format!("{status}{}", said(answer))),
    })
    .await
}

/// Requests of deep health sent at once: what a platform's probe, a load balancer and a few monitors may come to in the same moment.
const AT_ONCE: usize = 8;

/// Anybody may ask deep health, and each request asks the database: many at once must not bring it down. To be told to wait is fine.
pub(super) async fn together(cx: Context) -> Checked {
    let path = deep_path(&cx)?.to_owned();
    // Other checks may be asking just now, and that may already be too much.
    let alone = cx.eventually(&Probe::get(&path), |answer| answer.status == 200).await?;
    if alone.status != 200 {
        return Err(Trouble::Unexpected(format!("one request alone is answered {}, so many at once prove nothing", alone.status)));
    }
    let mut outcome = at_once(&cx, &path).await?;
    // A proxy that missed its connection just then says nothing of the service; what happens each time does.
    for _ in 0..BAD_GATEWAYS {
        if outcome.verdict != Verdict::Fail {
            break;
        }
        outcome = at_once(&cx, &path).await?;
    }
    Ok(outcome)
}

async fn at_once(cx: &Context, path: &str) -> Checked {
    let cases =
        (1..=AT_ONCE).map(|turn| Case::new(format!("GET {path}, {turn} of {AT_ONCE} at once"), Probe::get(path).impatient()));
    battery(cx, "deep health answers at once", cases.collect(), |_, answer| match answer.status {
        status @ (200 | 429) => Judgement::held(status.to_string()),
        status if answer.is_server_error() => {
            Judgement::broken(format!("{status}{}: a handful of requests brings it down", said(answer)))
        }
        status => Judgement::weak(status.to_string()),
    })
    .await
}

fn said(answer: &Answer) -> String {
    let json = answer.json().unwrap_or_default();
    body::dependency_trouble(&json).or_else(|| body::overall_trouble(&json)).map_or_else(String::new, |said| format!(", {said}"))
}

/// The body says the same as the status.
pub(super) async fn honest(cx: Context) -> Checked {
    let answer = cx.once(&Probe::get(deep_path(&cx)?)).await?;
    let said = answer.json().as_ref().and_then(body::overall_trouble);
    let label = "status and body of deep health";
    Ok(match (answer.status, said) {
        (200..=299, Some(said)) => {
            let summary =
                format!("{} to a body that says `{said}`: whoever looks at the status sees a healthy service", answer.status);
            Outcome::fail(summary.clone()).seen(&answer, label, summary)
        }
        (200..=299, None) => Outcome::pass("a good status, and nothing in the body against it").seen(&answer, label, "200"),
        (status, Some(said)) => {
            let summary = format!("{status}, and the body says `{said}`: they agree");
            Outcome::pass(summary.clone()).seen(&answer, label, summary)
        }
        (status, None) => {
            let summary = format!("{status}, though the body names no trouble");
            Outcome::warn(summary.clone()).seen(&answer, label, summary)
        }
    })
}

/// The body names each dependency, and none of them is in trouble behind a good status.
pub(super) async fn dependencies(cx: Context) -> Checked {
    let answer = cx.once(&Probe::get(deep_path(&cx)?)).await?;
    let judgement = dependency_judgement(&answer, &cx.target.health);
    let summary = judgement.observed.clone();
    let piece = evidence(&answer, "dependencies in deep health", judgement.finding, judgement.observed);
    Ok(Outcome::of(summary, vec![piece]))
}

fn dependency_judgement(answer: &Answer, declared: &HealthAt) -> Judgement {
    let json = answer.json().unwrap_or_default();
    let named = !declared.dependencies.is_empty() || body::names_dependency(&json);
    match declared.trouble(&json).or_else(|| body::dependency_trouble(&json)) {
        Some(said) if answer.is_success() => Judgement::broken(format!("{} although `{said}`", answer.status)),
        Some(said) => Judgement::held(format!("{} and `{said}`", answer.status)),
        None if !named => Judgement::weak("the body names no dependency, so nothing shows that a database was asked"),
        None if !body::names_latency(&json) => {
            Judgement::weak("a dependency is named, but not how long it took: the word may be a constant")
        }
        None => Judgement::held("the dependencies are named, with the time they took, and none is in trouble"),
    }
}

/// Slowest median that a deep health answer may have when warm: orchestrators' probes give up after one to a few seconds.
const SLOW: Duration = Duration::from_secs(2);
const SLUGGISH: Duration = Duration::from_secs(1);

/// The first answer may wake a sleeping database; it is shown apart and not judged. Where health is slow beside the rest of the run, it is
/// measured once more when the others have ended: some servers have few threads, and keep one for each connection.
pub(super) async fn latency(cx: Context) -> Checked {
    let path = deep_path(&cx)?.to_owned();
    let beside = timed(&samples(&cx, &path, SAMPLES).await?);
    if beside.verdict == Verdict::Pass {
        return Ok(beside);
    }
    cx.client.until(cx.quiet.turn_of("health.latency")).await?;
    let _quiet = cx.client.quiet().await;
    let mut alone = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        alone.push(cx.send(&Probe::get(&path)).await?);
    }
    Ok(timed(&alone))
}

/// Answers of deep health that are timed.
const SAMPLES: usize = 7;

fn timed(all: &[Answer]) -> Outcome {
    let Some((cold, warm)) = all.split_first() else { return Outcome::inconclusive("deep health was not sampled") };
    let (median, tail) = (percentile(warm, 50), percentile(warm, 95));
    let figures = format!(
        "median {} ms, 95th percentile {} ms of {} warm answers; the first took {} ms",
        median.as_millis(),
        tail.as_millis(),
        warm.len(),
        cold.elapsed.as_millis()
    );
    let finding = match () {
        () if median >= SLOW => Finding::Broken,
        () if tail >= SLUGGISH => Finding::Weak,
        () => Finding::Held,
    };
    let slowest = warm.iter().max_by_key(|answer| answer.elapsed).unwrap_or(cold);
    Outcome::of(figures.clone(), vec![evidence(slowest, "the slowest warm answer", finding, figures)])
}

/// Both paths answer without a token, and HEAD as monitors send it.
pub(super) async fn open(cx: Context) -> Checked {
    let cases = declared(&cx)
        .into_iter()
        .flat_map(|path| {
            ["GET", "HEAD"].map(|method| Case::new(format!("{method} {path} without a token"), Probe::new(method, path)))
        })
        .collect();
    shared_battery(&cx, "requests without a token", cases, |case, answer| match answer.status {
        401 | 403 | 407 => Judgement::broken(format!("{}: monitors and platforms have no token", answer.status)),
        200..=299 => Judgement::held(format!("{}", answer.status)),
        404 | 405 | 501 if case.probe.method() == "HEAD" => Judgement::held(format!("{}: GET only", answer.status)),
        status => Judgement::weak(format!("{status}")),
    })
    .await
}

/// Names that say "this is not production".
const NOT_PRODUCTION: [&str; 7] = ["development", "dev", "local", "debug", "test", "testing", "sandbox"];

pub(super) async fn environment(cx: Context) -> Checked {
    let answers = try_join_all(declared(&cx).into_iter().map(|path| {
        let probe = Probe::get(path);
        let cx = cx.clone();
        async move { cx.once(&probe).await }
    }))
    .await?;
    let debugging = answers.iter().find(|answer| answer.json().as_ref().is_some_and(body::says_debug));
    if let Some(answer) = debugging {
        let words = "the service says that its debug mode is on";
        return Ok(Outcome::fail(words).seen(answer, "environment", words));
    }
    let named = answers.iter().find_map(|answer| Some((answer, crate::watch::release_at(answer, &cx.target.release).environment?)));
    let Some((answer, environment)) = named else {
        return Ok(Outcome::skip("health does not say in which environment the service believes to be"));
    };
    let finding = if NOT_PRODUCTION.contains(&environment.to_ascii_lowercase().as_str()) { Finding::Broken } else { Finding::Held };
    let observed = format!("the service says that its environment is `{environment}`");
    let piece =
        Evidence { class: crate::run::EvidenceClass::SelfReported, ..evidence(answer, "environment", finding, observed.clone()) };
    Ok(Outcome::of(observed, vec![piece]))
}
