//! Time: health answers are of now and from no cache, and the service's clock is right.

use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Duration, OffsetDateTime};

use crate::checks::caches::{self, Directives};
use crate::checks::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use crate::http::{Answer, Probe, evidence};
use crate::run::Finding;

use super::sample::{declared, samples};

/// Members that hold the moment of the answer.
const TIMESTAMPS: [&str; 8] = ["timestamp", "time", "now", "server_time", "serverTime", "checked_at", "checkedAt", "date"];
/// How far a body's own time may be from the header's before it is another answer's.
const STALE: Duration = Duration::minutes(1);

/// Asked twice side by side: what a cache would serve is served then.
pub(super) async fn fresh(cx: Context) -> Checked {
    let cases = declared(&cx)
        .into_iter()
        .flat_map(|path| {
            ["first", "second"]
                .into_iter()
                .enumerate()
                .map(move |(turn, name)| Case::new(format!("GET {path}, {name} time"), Probe::get(path)).in_turn(turn))
        })
        .collect();
    shared_battery(&cx, "health answers", cases, |_, answer| freshness(answer)).await
}

fn freshness(answer: &Answer) -> Judgement {
    if let Some(hit) = caches::hit(&answer.headers) {
        return Judgement::broken(format!("served from a cache ({hit}): it tells how the service was, not how it is"));
    }
    if let Some(age) = stale(answer) {
        return Judgement::broken(format!("the body's own time is {} s off its Date header", age.whole_seconds()));
    }
    let directives = Directives::of(&answer.headers);
    let shown = answer.headers.list("cache-control").join(", ");
    match () {
        () if directives.has("no-store") => Judgement::held("fresh, no-store"),
        () if directives.keep() => Judgement::broken(format!("Cache-Control: {shown} lets caches keep a health answer")),
        // Nothing is served again without being asked for anew (RFC 9111, 5.2.2.4).
        () if directives.has("no-cache") => Judgement::held("fresh, no-cache"),
        () if directives.are_none() => Judgement::weak("fresh, but without Cache-Control: no-store"),
        () => Judgement::weak(format!("fresh, but Cache-Control: {shown} instead of no-store")),
    }
}

fn stale(answer: &Answer) -> Option<Duration> {
    let json = answer.json()?;
    let said = TIMESTAMPS.iter().find_map(|name| moment(json.get(*name)?))?;
    let off = (date(answer)? - said).abs();
    (off > STALE).then_some(off)
}

fn moment(value: &serde_json::Value) -> Option<OffsetDateTime> {
    if let Some(text) = value.as_str() {
        return OffsetDateTime::parse(text, &Rfc3339).ok();
    }
    let number = value.as_f64()?;
    let seconds = if number > 1e11 { number / 1e3 } else { number };
    (1e9..1e11).contains(&seconds).then(|| OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(seconds))
}

fn date(answer: &Answer) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&answer.headers.text("date")?, &Rfc2822).ok()
}

/// From here on tokens are refused or live too long.
const WRONG: Duration = Duration::seconds(30);
/// What a clock that is kept by NTP is never off by.
const DRIFTING: Duration = Duration::seconds(2);

/// The `Date` header against the console's own clock. It has a resolution of a second and was written some time between sending and
/// receiving, so the smallest of several differences counts.
pub(super) async fn skew(cx: Context) -> Checked {
    let Some(path) = declared(&cx).first().copied() else {
        return Ok(Outcome::skip("neither a liveness nor a health path is declared"));
    };
    let answers = samples(&cx, path, 4).await?;
    let seen = answers.into_iter().filter_map(|answer| Some((off(&answer)?, answer)));
    let Some((skew, answer)) = seen.min_by_key(|(skew, _)| *skew) else {
        return Ok(Outcome::warn("no answer has a Date header, so the clock cannot be compared (RFC 9110, 6.6.1)"));
    };
    let observed = format!("the service's clock and the console's differ by {:.0} s", skew.as_seconds_f64());
    let finding = match skew {
        skew if skew > WRONG => Finding::Broken,
        skew if skew > DRIFTING => Finding::Weak,
        _ => Finding::Held,
    };
    Ok(Outcome::of(observed.clone(), vec![evidence(&answer, "Date against the console's clock", finding, observed)]))
}

fn off(answer: &Answer) -> Option<Duration> {
    Some(difference(date(answer)?, answer.received_at - answer.elapsed, answer.received_at))
}

/// How far `date` lies outside of what was possible: from a second before sending to the moment of receiving.
fn difference(date: OffsetDateTime, sent: OffsetDateTime, received: OffsetDateTime) -> Duration {
    (sent - Duration::seconds(1) - date).max(date - received).max(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::within(0, 0)]
    #[case::truncated(-1, 0)]
    #[case::during_the_answer(2, 0)]
    #[case::behind(-31, 30)]
    #[case::ahead(303, 300)]
    fn resolution_and_latency_are_no_skew(#[case] date: i64, #[case] skew: i64) {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_000 + seconds);
        assert_eq!(difference(at(date), at(0), at(3)), Duration::seconds(skew));
    }
}
